// SPDX-License-Identifier: GPL-2.0-or-later
/* Many loads in one boot: most of a short run would be booting. */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "seed.h"

struct round {
	uint64_t number, seed;
	unsigned int splats; /* before it */
	bool last;
};

/* In its process, which ends with it: whether another one may follow. */
static bool run_round(const struct round *r, void (*run)(void *arg, uint64_t seed), void *arg)
{
	char seed[24], drawn[24];
	uint64_t number = 0;
	bool more;

	/* What a stressor's programs leave behind is reaped here, as it would be by init. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	snprintf(seed, sizeof(seed), "%" PRIu64, r->seed);
	if (getrandom(&number, sizeof(number), 0) < 0)
		event_fail("the kernel gives no random numbers: %s", strerrorname_np(errno));
	snprintf(drawn, sizeof(drawn), "%#" PRIx64, number);
	event_emit("round", "{s:I, s:s, s:s}", "n", (json_int_t)r->number, "seed", seed, "drawn",
		   drawn);
	if (kmsg_start())
		return false;
	run(arg, r->seed);
	more = !r->last && kmsg_splats() == r->splats && !event_findings() && !event_failed();
	kmsg_stop();
	/* Something may have come between. */
	more = more && !event_failed();
	event_end(more);
	return more;
}

/* False if the round's process died, which is said. */
static bool await(pid_t pid, bool *more)
{
	int status = 0;
	pid_t gone;

	do
		gone = waitpid(-1, &status, 0);
	while (gone != pid && (gone > 0 || errno == EINTR));
	*more = gone == pid && WIFEXITED(status) && !WEXITSTATUS(status);
	if (gone == pid && WIFEXITED(status))
		return true;
	event_fail("the agent died in this round, %s %d; what was found until then is kept",
		   WIFSIGNALED(status) ? "of signal" : "with status", WTERMSIG(status));
	return false;
}

/* The VM may be one of many that were restored from the same: each draws numbers of its own. */
static void stir_kernel(uint64_t seed)
{
	int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, &seed, sizeof(seed)) < 0 || ioctl(fd, RNDRESEEDCRNG))
		event_fail("the kernel's random numbers cannot be reseeded: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* Waits for the host's word, a seed in a line of its own; 0 after event_fail(). */
static uint64_t await_seed(void)
{
	char *port = init_port("septorture.go"), line[32];
	FILE *f = port ? fopen(port, "re") : NULL;
	uint64_t seed = 0;

	event_emit("ready", "{}");
	if (f && fgets(line, sizeof(line), f))
		seed = strtoull(line, NULL, 10);
	if (!seed)
		event_fail("the host gave no seed through the port septorture.go");
	if (f)
		fclose(f);
	free(port);
	return seed;
}

void rounds_run(uint64_t n, void (*run)(void *arg, uint64_t seed), void *arg)
{
	struct round r = {.splats = kmsg_splats()};
	bool more = true;
	uint64_t seed;

	/* No thread may hold a lock when we fork. */
	kmsg_stop();
	seed = await_seed();
	stir_kernel(seed);
	while (more) {
		pid_t pid;

		r.number++;
		r.seed = seed_of_round(seed, r.number);
		r.last = r.number >= n || event_failed();
		pid = fork();
		if (!pid)
			_exit(run_round(&r, run, arg) ? 0 : 1);
		if (pid < 0) {
			event_fail("no process for a round: fork() failed with %s",
				   strerrorname_np(errno));
			more = false;
		}
		if (pid < 0 || !await(pid, &more))
			event_end(false);
	}
}
