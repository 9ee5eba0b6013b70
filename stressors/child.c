// SPDX-License-Identifier: GPL-2.0-or-later
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct child_note *mine; /* in the child */

static void on_crash(int sig)
{
	strncpy(mine->crash, sigabbrev_np(sig), sizeof(mine->crash) - 1);
	_exit(1);
}

int child_start(struct child *c, void (*run)(struct child_note *note, void *arg), void *arg)
{
	static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

	c->note =
	    mmap(NULL, sizeof(*c->note), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->note == MAP_FAILED) {
		event_fail("no memory to share with a child: mmap() failed with %s",
			   strerrorname_np(errno));
		return -1;
	}
	c->pid = fork();
	if (c->pid < 0) {
		event_fail("no child whose TD would be torn down by its death: fork() failed with "
			   "%s",
			   strerrorname_np(errno));
		munmap(c->note, sizeof(*c->note));
		return -1;
	}
	if (c->pid)
		return 0;
	mine = c->note;
	/* Where we are not to be killed for memory, this one is. */
	file_write("/proc/self/oom_score_adj", "0");
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		signal(crashes[i], on_crash);
	event_mute(&mine->said);
	run(mine, arg);
	for (;;)
		pause();
}

void child_sleep(uint64_t us)
{
	uint64_t until = now_us() + us, now;

	while ((now = now_us()) < until)
		sleep_us(until - now);
}

bool child_died(const struct child *c)
{
	siginfo_t info = {0};

	/* It stays a zombie for child_end(), if the agent, being init, does not reap it first. */
	return waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid;
}

void child_end(struct child *c, unsigned int td)
{
	struct child_note *note = c->note;

	kill(c->pid, SIGKILL);
	/* ECHILD: the agent, being init, has reaped it. */
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (note->said.oracle[0])
		event_finding(note->said.oracle, note->said.kind, td, note->said.title, NULL);
	if (note->crash[0])
		event_fail("a child of the agent crashed (SIG%s)", note->crash);
	munmap(note, sizeof(*note));
}
