// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs as init of a VM instead of the agent: what does a call of an injectable
 * function cost, in each of the states that fail_function can have it in? One `cost`
 * event each (tests/bench).
 */
#include "agent.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define DIR	"/sys/kernel/debug/fail_function/"
#define PROVOKE "/sys/kernel/debug/septorture/provoke"
#define FN	"septorture_provoked_call"
#define CALLS	20000
#define ROUNDS	11

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Nanoseconds for CALLS calls. */
static uint64_t time_calls(void)
{
	char text[32], *took;
	uint64_t ns = 0;

	snprintf(text, sizeof(text), "time %d", CALLS);
	if (file_write(PROVOKE, text))
		event_fail("the calls cannot be timed");
	took = file_read(PROVOKE);
	if (!took || sscanf(took, "%" SCNu64, &ns) != 1)
		event_fail("what they took cannot be read");
	free(took);
	return ns;
}

static void measure(const char *state)
{
	uint64_t ns[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		ns[i] = time_calls();
	qsort(ns, ROUNDS, sizeof(ns[0]), compare);
	event_emit("cost", "{s:s, s:f, s:f, s:f}", "state", state, "median_ns",
		   (double)ns[ROUNDS / 2] / CALLS, "min_ns", (double)ns[0] / CALLS, "max_ns",
		   (double)ns[ROUNDS - 1] / CALLS);
}

static void set(const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), DIR FN "/%s", file);
	if (file_write(path, text))
		event_fail("writing '%s' to %s failed", text, path);
}

static void measure_armed(void)
{
	if (file_write(DIR "inject", FN))
		event_fail("the function cannot be armed");
	measure("armed, common attributes at 0 %");
	set("times", "-1");
	set("values", "ok");
	set("own", "Y");
	measure("armed, own rule at 0 %");
	set("args", "0 0xffffffffffffffff == 0xffffffffffffffff");
	measure("armed, no argument matches");
	set("args", "");
	set("callers", "!panic");
	measure("armed, own rule at 0 %, callers checked");
	set("callers", "");
	set("probability", "100");
	measure("armed, chosen at 100 %, runs");
	set("values", "0xfffffffffffffffb");
	measure("armed, fails at 100 %");
	file_write(DIR "inject", "!" FN);
}

int main(void)
{
	const char *port;

	init_mount();
	port = init_port("septorture.events");
	if (port && !event_open(port)) {
		event_emit("hello", "{s:i, s:s, s:s, s:s}", "v", 1, "agent", "callcost", "kernel",
			   "test", "platform", "soft");
		kmsg_start();
		tag_thread(TAG_MAIN);
		selftest(true);
		measure("disarmed");
		measure_armed();
		measure("disarmed again");
		kmsg_stop();
		event_end(false);
	}
	init_go_down();
}
