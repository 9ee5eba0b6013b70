// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Deletes memory slots and makes them again. Linux 7.3 allows no more with private memory:
 * such a slot can't be moved, and its dirty pages are not logged.
 */
#include "agent.h"

enum { OPT_GAP, OPT_HOLD };

static const struct stress_option options[] = {
    {"gap", "pause before a slot is deleted", UNIT_TIME, NULL, 20000, 0, 60000000},
    {"hold", "how long it is gone", UNIT_TIME, NULL, 500, 0, 60000000},
    {0},
};

static const char *const counters[] = {"deleted"};

static int init(struct td *td, const uint64_t *opts, void **state)
{
	(void)opts;
	(void)state;
	atomic_fetch_or(&td->may, TD_MAY_LOSE_SLOTS);
	return 0;
}

static void run(struct worker *w)
{
	while (worker_go(w)) {
		unsigned int slot;
		uint64_t n;

		sleep_us(w->opts[OPT_GAP]);
		slot = td_slot_of(w->td, worker_range(w, 1, &n));
		if (td_set_slot(w->td, slot, false))
			return;
		worker_count(w, 0, 1);
		sleep_us(w->opts[OPT_HOLD]);
		if (td_set_slot(w->td, slot, true))
			return;
	}
}

STRESSOR(memslot, .help = "memory slots are deleted and made again ([td] slots says how many)",
	 .paths = "kvm_set_memslot, kvm_arch_flush_shadow_memslot, kvm_gmem_unbind, kvm_gmem_bind",
	 .options = options, .init = init, .run = run, .ncounters = 1, .counters = counters);
