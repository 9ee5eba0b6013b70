// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Instead of the agent: stressors that crash and hang beside one that works. "bad_stressor=" on
 * the kernel's command line says which. A good one must be at work until the end.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "outcome.h"
#include "plan.h"

enum { COUNT_STEPS };

/* Those of the good one, for who waits for more of them. */
static atomic_ulong steps;

static void crash(struct worker *w)
{
	while (worker_go(w))
		raise(SIGSEGV);
}

static void hang(struct worker *w)
{
	volatile bool hanging = worker_go(w);

	while (hanging)
		;
}

static void work(struct worker *w)
{
	while (worker_go(w)) {
		worker_count(w, COUNT_STEPS, 1);
		atomic_fetch_add(&steps, 1);
		sleep_us(1000);
	}
}

static const char *const counters[] = {"steps"};

static const struct stressor good = {
    .name = "good", .run = work, .ncounters = 1, .counters = counters};
/* It can't be at work anywhere: none of its hooks is called. */
static const char *lacks(void)
{
	return "there is no sea";
}

static int set_sail(struct td *td, const uint64_t *opts, void **state)
{
	(void)td;
	(void)opts;
	(void)state;
	event_finding("good", "skipped", 1, "a stressor that is skipped is at work", NULL);
	return -1;
}

static void sail(struct worker *w)
{
	set_sail(w->td, w->opts, NULL);
}

static const struct stressor skipped = {
    .name = "skipped", .lacks = lacks, .init = set_sail, .run = sail};
static const struct stressor bad[] = {
    {.name = "crash", .run = crash},
    {.name = "hang", .run = hang},
    {.name = "die"}, /* the agent itself does */
};

/* Whether the good one takes 20 more steps; on a busy machine that may take long. */
static bool at_work(void)
{
	unsigned long before = atomic_load(&steps);

	for (int i = 0; i < 3000 && atomic_load(&steps) < before + 20; i++)
		sleep_us(10000);
	return atomic_load(&steps) >= before + 20;
}

static void run(struct td *td, const struct stressor *which)
{
	uint64_t totals[PLAN_MAX_STRESSORS][STRESS_MAX_COUNTERS] = {0};
	struct workers *ws = workers_start(td);
	bool good;

	if (!ws)
		return;
	sleep_us(100000);
	/* A bad one is out of the way by then. */
	if (!workers_pause(ws))
		event_finding("liveness", "stuck", 1, "a bad stressor can't be parked", NULL);
	workers_resume(ws);
	good = at_work();
	if (!workers_stop(ws, totals))
		event_finding("liveness", "stuck", 1, "a bad stressor can't be ended", NULL);
	if (!which->run)
		*(volatile int *)NULL = 0; /* init would not die of raise() */
	event_check("good", 1, good && totals[0][COUNT_STEPS] == atomic_load(&steps),
		    json_pack("{s:I}", "steps", (json_int_t)totals[0][COUNT_STEPS]));
}

static const struct stressor *choose(void)
{
	const char *which = getenv("bad_stressor");
	const struct stressor *s = bad;

	while (which && strcmp(s->name, which))
		s++;
	return s;
}

int main(void)
{
	static struct plan plan = {
	    .td_vcpus = 1, .td_memory = 2 * TD_TABLE, .td_slots = 1, .nstressors = 3};
	const char *port;
	struct td *td;

	init_mount();
	plan.stressors[0].stressor = &good;
	plan.stressors[1].stressor = choose();
	plan.stressors[2].stressor = &skipped;
	port = init_port("septorture.events");
	if (port && !event_open(port)) {
		event_emit("hello", "{s:i, s:s, s:s, s:s}", "v", 1, "agent", "badstress", "kernel",
			   "test", "platform", "soft");
		kmsg_start();
		outcome_begin(&plan);
		file_write(KCSAN, "on");
		selftest(true);
		td = td_create(&plan, 1, 1);
		if (td) {
			run(td, plan.stressors[1].stressor);
			td_destroy(td);
		}
		kmsg_stop();
		event_end(false);
	}
	init_go_down();
}
