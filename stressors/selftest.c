// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * No false calm: before the load, the agent proves that what it relies on works.
 * The host sets the provoked splats aside, and calls the run invalid if one
 * that was announced did not arrive.
 */
#include "agent.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROVOKE	      "/sys/kernel/debug/septorture/provoke"
#define FAIL_FUNCTION "/sys/kernel/debug/fail_function/"
#define CALL	      "septorture_provoked_call"
#define RACE_TRIES    400 /* on a busy host, the VM's CPUs seldom run at the same time */

/* On CPU number *ARG: nobody else may decide that the two take turns on one. */
static void *race(void *arg)
{
	cpu_set_t before, cpu;

	sched_getaffinity(0, sizeof(before), &before);
	CPU_ZERO(&cpu);
	CPU_SET(*(int *)arg, &cpu);
	sched_setaffinity(0, sizeof(cpu), &cpu);
	for (int i = 0; i < RACE_TRIES && !kmsg_saw_provoked_race(); i++)
		file_write(PROVOKE, "race");
	sched_setaffinity(0, sizeof(before), &before);
	return NULL;
}

/* The host waits for the report; here it only saves time to stop when it is there. */
static void provoke_race(void)
{
	int cpus[] = {0, 1};
	pthread_t other;

	if (pthread_create(&other, NULL, race, &cpus[1])) {
		event_fail("the second thread of a race cannot be started");
		return;
	}
	race(&cpus[0]);
	pthread_join(other, NULL);
}

/* One arming: the function must fail as told, be counted, and work again afterwards. */
static bool arm_once(void)
{
	char *stats;
	bool ok;

	ok = !file_write(FAIL_FUNCTION "inject", CALL) &&
	     !file_write(FAIL_FUNCTION CALL "/retval", "0xfffffffffffffffb") && /* -EIO */
	     !file_write(FAIL_FUNCTION CALL "/times", "-1") &&
	     !file_write(FAIL_FUNCTION CALL "/probability", "100") &&
	     !file_write(FAIL_FUNCTION CALL "/own", "Y") && file_write(PROVOKE, "call 0") == -EIO;
	stats = file_read(FAIL_FUNCTION CALL "/stats");
	ok = ok && stats && strstr(stats, "calls 1\nmatched 1\ninjected 1\n");
	free(stats);
	return !file_write(FAIL_FUNCTION "inject", "!" CALL) && ok &&
	       !file_write(PROVOKE, "call 0");
}

void selftest(bool faults)
{
	bool kcsan = !access(KCSAN, F_OK);

	if (access(PROVOKE, F_OK)) {
		event_fail("this kernel has no " PROVOKE ": is it one of kernel/build.sh?");
		return;
	}
	file_write(PROVOKE, "warn");
	if (kcsan)
		provoke_race();
	event_emit("provoked", "{s:o}", "what",
		   kcsan ? json_pack("[s, s]", "warn", "kcsan") : json_pack("[s]", "warn"));
	/* Twice: an odd function address breaks the second arming (docs/kernel-findings.md, K4). */
	for (int i = 0; faults && i < 2; i++)
		if (!arm_once())
			event_fail("fail_function does not work: " CALL
				   " did not fail when armed, or did when disarmed");
}
