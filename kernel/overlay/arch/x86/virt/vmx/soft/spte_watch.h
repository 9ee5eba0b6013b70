/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the SPTE watch share. */
#ifndef _SOFT_SPTE_WATCH_H
#define _SOFT_SPTE_WATCH_H

#include <linux/percpu.h>
#include <linux/types.h>

/* What a task is about, told by the system call that it is in, or a walk without mmu_lock. */
enum spte_op {
	FAULT, ACCEPT, PREFAULT, IMAGE, PUNCH, CONVERT, SLOT, NOTIFIER, DIRTY, RECOVERY, LOCKLESS,
	OTHER, NR_OPS,
};

enum { LEAF, TABLE, NR_PLACES };

extern const char *const spte_op_names[NR_OPS];
extern const char *const spte_place_names[NR_PLACES];

enum spte_op spte_current_op(void);

/* spte_races.c is told that this task has written a direct SPTE. */
void spte_race_wrote(u64 *sptep);

/* Which SPTE: @root is the address of its root table. */
struct spte_id {
	u64 root;
	u64 gfn;
	bool mirror;
};

/*
 * spte_windows.c is told of the window that this CPU's task opens and closes, with
 * mmu_lock held, and that FROZEN_SPTE was read which another task
 * wrote, with preemption disabled; @locked: under mmu_lock.
 */
void spte_window_open(u64 *sptep, u64 gfn, int level);
void spte_window_close(void);
void spte_window_read(u64 *sptep, bool locked);

/* How many SPTEs got another value, without those that were frozen in vain. */
DECLARE_PER_CPU(u64, spte_changes);

/* The SPTE at @level that this CPU wrote last. */
struct spte_id spte_watch_last(int level);

#endif
