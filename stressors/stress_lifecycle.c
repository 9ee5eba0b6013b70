// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Small TDs come and go beside the TD at work, and end at any point of their life. While a
 * worker is parked it has none, so what oracles see then is the TD at work alone.
 */
#include "agent.h"
#include "child.h"
#include "small_td.h"

#include <stdlib.h>

enum { OPT_THREADS, OPT_UNTIL_FULL, OPT_KILL };
enum { COUNT_LIFECYCLES, COUNT_FINALIZED, COUNT_FULL, COUNT_KILLED };

static const struct stress_option options[] = {
    {"threads", "that create and destroy TDs", UNIT_COUNT, NULL, 2, 1, 16},
    {"until_full", "now and then until no HKID is left: 1 yes, 0 no", UNIT_COUNT, NULL, 0, 0, 1},
    {"kill", "of the lifecycles are those of a process that is killed", UNIT_PERCENT, NULL, 0, 0,
     100},
    {0},
};

static const char *const counters[] = {"lifecycles", "finalized", "full", "killed"};

#define MAX_TDS	 64 /* more than there are HKIDs */
#define FILL_ONE 32 /* of so many lifecycles goes on until no HKID is left */

#define MAX_FILL_US  8000000 /* workers have to come to their next step within 20 s */
#define MAX_CHILD_US 300000 /* some lifecycles, as often as not */

static const char *check(const struct plan *plan, const uint64_t *opts)
{
	if (opts[OPT_UNTIL_FULL] && plan->platform != PLATFORM_MIRROR)
		return "only TDs have HKIDs that run out; leave until_full out, or set platform = "
		       "mirror";
	return small_td_check(plan, opts);
}

static unsigned int threads(const struct td *td, const uint64_t *opts)
{
	(void)td;
	return (unsigned int)opts[OPT_THREADS];
}

static struct td *create(struct worker *w, bool *full)
{
	/* A child keeps what it inherited of other threads' TDs until it is killed. */
	bool may_lack = w->opts[OPT_UNTIL_FULL] || w->opts[OPT_KILL];

	*full = false;
	return small_td_create(w, may_lack ? full : NULL);
}

/* False: the TD at work is of no use any more, or could not be made. */
static bool lifecycle(struct worker *w)
{
	struct td *td;
	bool full;

	td = create(w, &full);
	if (!td) {
		worker_count(w, COUNT_FULL, full);
		return full;
	}
	worker_count(w, COUNT_FINALIZED, small_td_live(w, td));
	td_destroy(td);
	worker_count(w, COUNT_LIFECYCLES, 1);
	return true;
}

/* As many as there can be, gone in another order than they came. */
static bool fill(struct worker *w)
{
	struct td *tds[MAX_TDS];
	uint64_t end = now_us() + MAX_FILL_US;
	unsigned int n = 0;
	bool full = false, failed = false;

	while (n < MAX_TDS && !full && !failed && now_us() < end) {
		tds[n] = create(w, &full);
		failed = !tds[n] && !full;
		n += tds[n] != NULL;
	}
	worker_count(w, COUNT_FULL, full);
	worker_count(w, COUNT_LIFECYCLES, n);
	while (n) {
		unsigned int i = (unsigned int)worker_random(w, n);

		td_destroy(tds[i]);
		tds[i] = tds[--n];
	}
	return !failed;
}

static void lifecycles(struct child_note *note, void *w)
{
	(void)note;
	while (lifecycle(w))
		;
}

/* A child's TD, and what it inherited of others, is torn down as it exits. */
static bool be_killed(struct worker *w)
{
	uint64_t patience = worker_random(w, MAX_CHILD_US);
	struct child c;

	if (child_start(&c, lifecycles, w))
		return false;
	child_sleep(patience);
	child_end(&c, w->td->number);
	worker_count(w, COUNT_KILLED, 1);
	return true;
}

static void run(struct worker *w)
{
	bool go_on = true;

	while (worker_go(w) && go_on) {
		if (worker_random(w, 100) < w->opts[OPT_KILL])
			go_on = be_killed(w);
		else if (w->opts[OPT_UNTIL_FULL] && !worker_random(w, FILL_ONE))
			go_on = fill(w);
		else
			go_on = lifecycle(w);
	}
}

STRESSOR(lifecycle, .help = "other TDs are created and destroyed at any point of their life",
	 .paths = "__tdx_td_init, tdx_mmu_release_hkid, tdx_vcpu_free, tdx_vm_destroy, "
		  "kvm_gmem_release, kvm_mmu_uninit_tdp_mmu",
	 .options = options, .check = check, .init = small_td_init, .threads = threads, .run = run,
	 .fini = small_td_fini, .ncounters = 4, .counters = counters);
