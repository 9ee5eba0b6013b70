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

/* Whether nothing was found since the kernel's log had begun so many SPLATS. */
static bool is_clean(unsigned int splats)
{
	return kmsg_splats_read() == splats && !event_findings() && !event_failed();
}

static void say_round(uint64_t n, uint64_t seed)
{
	char text[24], drawn[24];
	uint64_t number = 0;

	if (getrandom(&number, sizeof(number), 0) < 0)
		event_fail("the kernel gives no random numbers: %s", strerrorname_np(errno));
	snprintf(text, sizeof(text), "%" PRIu64, seed);
	snprintf(drawn, sizeof(drawn), "%#" PRIx64, number);
	event_emit("round", "{s:I, s:s, s:s}", "n", (json_int_t)n, "seed", text, "drawn", drawn);
}

/* In a process of its own, which ends with it: whether another one may follow. */
static bool run_round(uint64_t n, const struct round_args *round,
		      void (*run)(void *arg, const struct round_args *round), void *arg)
{
	unsigned int splats = kmsg_splats_read();

	/* As init, it would neither be killed for memory, nor lose what its children leave behind.
	 */
	file_write("/proc/self/oom_score_adj", "-1000");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	say_round(n, round->seed);
	if (kmsg_start())
		return false;
	run(arg, round);
	kmsg_splats();
	kmsg_stop();
	return is_clean(splats);
}

/* Waits for the round's process; whether another one may follow. */
static bool await(pid_t pid)
{
	int status = 0;
	pid_t gone;

	do
		gone = waitpid(-1, &status, 0);
	while (gone != pid && (gone > 0 || errno == EINTR));
	if (WIFSIGNALED(status))
		event_fail("the agent died of signal %d (%s) in this round. What was found until "
			   "then is kept",
			   WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) > 1)
		event_fail("the agent ended with status %d in this round", WEXITSTATUS(status));
	return !status;
}

/* One round, from its process to what the kernel said when that was gone. */
static bool do_round(uint64_t n, const struct round_args *round,
		     void (*run)(void *arg, const struct round_args *round), void *arg)
{
	unsigned int splats = kmsg_splats_read();
	pid_t pid = fork();
	bool more;

	if (!pid)
		_exit(run_round(n, round, run, arg) ? 0 : 1);
	if (pid < 0) {
		event_fail("no process for a round: fork() failed with %s", strerrorname_np(errno));
		return false;
	}
	more = await(pid);
	if (kmsg_start())
		return false;
	kmsg_splats();
	kmsg_stop();
	return more && is_clean(splats);
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

/* Waits for the host's word, a line "seed [first case]"; after event_fail() the seed is 0. */
static struct round_args await_word(void)
{
	char *port = init_port("septorture.go"), line[64];
	FILE *f = port ? fopen(port, "re") : NULL;
	struct round_args round = {0};

	event_emit("ready", "{}");
	if (f && fgets(line, sizeof(line), f))
		sscanf(line, "%" SCNu64 " %" SCNu64, &round.seed, &round.first);
	if (!round.seed)
		event_fail("the host gave no seed through the port septorture.go");
	if (f)
		fclose(f);
	free(port);
	return round;
}

void rounds_run(uint64_t n, void (*run)(void *arg, const struct round_args *round), void *arg)
{
	struct round_args first, round;
	bool more = true;
	uint64_t before;
	int err;

	/* No thread may hold a lock when we fork, or say something when we begin to share. */
	kmsg_splats();
	kmsg_stop();
	err = event_share();
	if (err)
		event_fail("no memory to share with rounds: %s", strerror(-err));
	first = await_word();
	stir_kernel(first.seed);
	before = event_written();
	for (uint64_t i = 1; more; i++) {
		round = first;
		round.seed = seed_of_round(first.seed, i);
		event_begin_at(before);
		more = do_round(i, &round, run, arg) && i < n;
		event_end(more);
	}
}
