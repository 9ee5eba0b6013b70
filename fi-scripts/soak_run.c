// SPDX-License-Identifier: GPL-2.0-or-later
#include "soak_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "fields.h"
#include "signals.h"
#include "soak.h"
#include "xmem.h"

/* In a line for our parent: whether another run of the VM follows. */
#define MORE "more"

/* ---- in the child ---- */

/* The last line that went to the log is why there is no report. */
static char *last_words(const char *log, off_t from)
{
	FILE *f = fopen(log, "re");
	char *line = NULL, *last = NULL;
	size_t size = 0;

	if (f && !fseeko(f, from, SEEK_SET))
		while (getline(&line, &size, f) > 0) {
			free(last);
			last = xstrdup(line);
			last[strcspn(last, "\n")] = '\0';
		}
	if (f)
		fclose(f);
	free(line);
	return last ? last : xstrdup("it said nothing");
}

struct teller {
	size_t plan;
	uint64_t until_ms;
	FILE *out;
	bool told; /* of the last run */
};

/* The number of the run is for our parent to say. */
static void tell(struct teller *t, const struct run_report *report, const char *why, bool more)
{
	json_t *line = soak_end(0, t->plan, report, why);

	set_number(line, MORE, more);
	json_dumpf(line, t->out, JSON_COMPACT);
	fputc('\n', t->out);
	fflush(t->out);
	json_decref(line);
	t->told = !more;
}

static bool on_run(void *arg, struct run_report *report, bool more)
{
	struct teller *t = arg;

	more = more && now_ms() < t->until_ms && !signals_stop();
	tell(t, report, NULL, more);
	return more;
}

static void run_in_child(struct teller *t, const struct run_args *args, uint64_t rounds,
			 const char *snapshot, const char *log)
{
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	off_t from = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);

	if (fd >= 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	run_rounds(args, &(struct run_rounds){
			     .n = rounds, .snapshot = snapshot, .on_run = on_run, .arg = t});
	fflush(NULL);
	if (!t->told)
		tell(t, NULL, last_words(log, from), false);
	_exit(0);
}

/* ---- in the parent ---- */

int soak_run_start(struct soak_run *run, const struct run_args *args, uint64_t rounds,
		   uint64_t until_ms, const char *snapshot, const char *log, char **error)
{
	struct teller teller = {.plan = run->plan, .until_ms = until_ms};
	pid_t parent = getpid();
	int pipes[2];

	fflush(NULL);
	if (pipe2(pipes, O_CLOEXEC) || (run->pid = fork()) < 0) {
		*error = xasprintf("cannot start a run: %s", strerror(errno));
		run->pid = 0;
		return -1;
	}
	if (!run->pid) {
		/* It ends its VM, and keeps what there is. */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(1);
		close(pipes[0]);
		teller.out = fdopen(pipes[1], "w");
		run_in_child(&teller, args, rounds, snapshot, log);
	}
	close(pipes[1]);
	run->fd = pipes[0];
	fcntl(run->fd, F_SETFL, O_NONBLOCK);
	run->text = NULL;
	run->len = 0;
	return 0;
}

bool soak_run_read(struct soak_run *run)
{
	char part[4096];
	ssize_t n;

	while ((n = read(run->fd, part, sizeof(part))) > 0) {
		char *longer = xcalloc(run->len + (size_t)n + 1, 1);

		if (run->len)
			memcpy(longer, run->text, run->len);
		memcpy(longer + run->len, part, (size_t)n);
		free(run->text);
		run->text = longer;
		run->len += (size_t)n;
	}
	return !n || (errno != EAGAIN && errno != EINTR);
}

json_t *soak_run_line(struct soak_run *run, bool *more)
{
	char *end = run->text ? strchr(run->text, '\n') : NULL;
	json_t *line;

	if (!end)
		return NULL;
	*end++ = '\0';
	line = json_loads(run->text, 0, NULL);
	run->len -= (size_t)(end - run->text);
	memmove(run->text, end, run->len + 1);
	*more = get_number(line, MORE);
	json_object_del(line, MORE);
	set_number(line, "n", run->number);
	run->number = 0;
	return line;
}

json_t *soak_run_end(struct soak_run *run)
{
	json_t *line = NULL;
	int status = 0;

	while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (run->number) {
		char *why = WIFSIGNALED(status)
				? xasprintf("its process was killed by signal %d (%s)",
					    WTERMSIG(status), strsignal(WTERMSIG(status)))
				: xasprintf("its process ended without a word");

		line = soak_end(run->number, run->plan, NULL, why);
		free(why);
	}
	close(run->fd);
	free(run->text);
	*run = (struct soak_run){0};
	return line;
}
