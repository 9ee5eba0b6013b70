// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Deletes memory slots and makes them again, or moves them away and back. Linux 7.3 does not move
 * a slot of a guest_memfd.
 */
#include "agent.h"

enum { OPT_GAP, OPT_HOLD, OPT_MOVE };
enum { COUNT_DELETED, COUNT_MOVED };

static const struct stress_option options[] = {
    {"gap", "pause before a slot is deleted", UNIT_TIME, NULL, 20000, 0, 60000000},
    {"hold", "how long it is gone", UNIT_TIME, NULL, 500, 0, 60000000},
    {"move", "of the slots are moved instead; needs ordinary memory", UNIT_PERCENT, NULL, 0, 0,
     100},
    {0},
};

static const char *const counters[] = {"deleted", "moved"};

static const char *check(const struct plan *plan, const uint64_t *opts)
{
	return opts[OPT_MOVE] && !plan->td_anonymous
		   ? "KVM moves no slot of a guest_memfd; set backing = anonymous in [td]"
		   : NULL;
}

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
		bool move;
		uint64_t n;

		sleep_us(w->opts[OPT_GAP]);
		slot = td_slot_of(w->td, worker_range(w, 1, &n));
		move = worker_random(w, 100) < w->opts[OPT_MOVE];
		if (move ? td_move_slot(w->td, slot, true) : td_set_slot(w->td, slot, false))
			return;
		worker_count(w, move ? COUNT_MOVED : COUNT_DELETED, 1);
		sleep_us(w->opts[OPT_HOLD]);
		if (move ? td_move_slot(w->td, slot, false) : td_set_slot(w->td, slot, true))
			return;
	}
}

STRESSOR(memslot,
	 .help = "memory slots are deleted, or moved, and made again ([td] slots says how many)",
	 .paths = "kvm_set_memslot, kvm_arch_flush_shadow_memslot, kvm_gmem_unbind, kvm_gmem_bind",
	 .options = options, .check = check, .init = init, .run = run, .ncounters = 2,
	 .counters = counters);
