// SPDX-License-Identifier: GPL-2.0-or-later
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

/* To end by itself, which takes stress-ng 10 s on a VM that swaps; and once it is killed. */
#ifndef PROGRAM_PATIENCE_US
#define PROGRAM_PATIENCE_US 30000000
#define PROGRAM_KILL_US	    10000000
#endif

#define OOM_SCORE "/proc/self/oom_score_adj"

struct program {
	char name[64];
	pid_t pid;
	int out; /* what it writes */
	bool (*line)(const char *line);
	pthread_t thread;
	atomic_bool stopping;
	atomic_bool gone; /* what follows is the thread's until then */
	int status;
	char text[512]; /* the line that is being written */
	size_t len;
	char last[256]; /* the last one that says something */
};

/* ---- what it writes ---- */

static void end_line(struct program *p)
{
	p->text[p->len] = '\0';
	p->len = 0;
	if (!*p->text)
		return;
	if (p->line(p->text))
		snprintf(p->last, sizeof(p->last), "%.*s", (int)sizeof(p->last) - 1, p->text);
}

/* Takes what is there; false once nothing more can come. */
static bool read_output(struct program *p)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(p->out, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] == '\n')
				end_line(p);
			else if (p->len < sizeof(p->text) - 1)
				p->text[p->len++] = buf[i];
		}
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* ---- its end ---- */

/* Also of orphans, which become ours; whether it is the program that is gone. */
static bool reap(struct program *p)
{
	bool gone = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == p->pid) {
			p->status = status;
			gone = true;
		}
	return gone;
}

static int exit_of(const struct program *p)
{
	return WIFEXITED(p->status) ? WEXITSTATUS(p->status) : 128 + WTERMSIG(p->status);
}

static void *watch(void *arg)
{
	struct program *p = arg;
	struct pollfd fd = {.fd = p->out, .events = POLLIN};

	while (!reap(p)) {
		if (poll(&fd, 1, 100) > 0 && !read_output(p))
			fd.fd = -1;
	}
	read_output(p);
	if (p->len)
		end_line(p);
	if (!atomic_load(&p->stopping))
		event_fail("%s ended before the load did, with status %d; its last words: %s",
			   p->name, exit_of(p), *p->last ? p->last : "(none)");
	atomic_store(&p->gone, true);
	return NULL;
}

static bool await(const struct program *p, uint64_t us)
{
	uint64_t start = now_us();

	while (!atomic_load(&p->gone) && now_us() - start < us)
		sleep_us(10000);
	return atomic_load(&p->gone);
}

/* All of it: in our VM, all that is neither init nor we. */
static void kill_group(const struct program *p)
{
	kill(init_is_here() ? -1 : -p->pid, SIGKILL);
}

/* What it left behind. */
static void end_strays(const struct program *p)
{
	uint64_t start = now_us();
	pid_t pid;

	kill_group(p);
	while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0) {
		if (now_us() - start > PROGRAM_KILL_US) {
			event_fail("processes of %s cannot be killed", p->name);
			return;
		}
		if (!pid)
			sleep_us(1000);
	}
}

int program_stop(struct program *p)
{
	bool killed = false;
	int status;

	atomic_store(&p->stopping, true);
	if (!atomic_load(&p->gone))
		kill(p->pid, SIGINT);
	if (!await(p, PROGRAM_PATIENCE_US)) {
		killed = true;
		kill_group(p);
		if (!await(p, PROGRAM_KILL_US)) {
			event_fail("%s cannot be killed", p->name);
			return -1;
		}
	}
	pthread_join(p->thread, NULL);
	if (killed)
		event_fail("%s did not end within %d s of SIGINT and was killed; its last words: "
			   "%s",
			   p->name, PROGRAM_PATIENCE_US / 1000000, *p->last ? p->last : "(none)");
	end_strays(p);
	status = exit_of(p);
	close(p->out);
	free(p);
	return status;
}

/* ---- its start ---- */

/* In the child. What it says ends up as the program's last words. */
static void become(char *const argv[], int nice_by, int out)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setpgid(0, 0);
	/* Neither ours: a task tag would put its calls among those of the agent's thread. */
	file_write(OOM_SCORE, "0");
	file_write("/proc/thread-self/fail-tag", "0");
	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 || chdir("/tmp"))
		_exit(126);
	setpriority(PRIO_PROCESS, 0, nice_by);
	/* What it leaves in memory is no concern of oracles. */
	file_write("/sys/fs/cgroup/cgroup.procs", "0");
	execv(argv[0], argv);
	dprintf(2, "%s cannot be run: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static pid_t spawn(char *const argv[], int nice_by, int out)
{
	pid_t pid;

	/* Before the first fork, lest the OOM killer take us for what the program does. */
	file_write(OOM_SCORE, "-1000");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (!pid)
		become(argv, nice_by, out);
	if (pid > 0)
		setpgid(pid, pid);
	return pid;
}

struct program *program_start(char *const argv[], int nice_by, bool (*line)(const char *line))
{
	struct program *p = calloc(1, sizeof(*p));
	const char *slash = strrchr(argv[0], '/');
	int out[2];

	if (!p || pipe2(out, O_CLOEXEC)) {
		event_fail("%s cannot be started: %s", argv[0], strerror(errno));
		free(p);
		return NULL;
	}
	snprintf(p->name, sizeof(p->name), "%s", slash ? slash + 1 : argv[0]);
	p->line = line;
	p->out = out[0];
	fcntl(p->out, F_SETFL, O_NONBLOCK);
	p->pid = spawn(argv, nice_by, out[1]);
	close(out[1]);
	if (p->pid > 0 && !pthread_create(&p->thread, NULL, watch, p))
		return p;
	event_fail("%s cannot be started: %s", argv[0], strerror(errno));
	if (p->pid > 0)
		end_strays(p);
	close(p->out);
	free(p);
	return NULL;
}
