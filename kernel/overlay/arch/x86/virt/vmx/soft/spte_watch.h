/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the SPTE watch share. */
#ifndef _SOFT_SPTE_WATCH_H
#define _SOFT_SPTE_WATCH_H

#include <linux/percpu.h>
#include <linux/types.h>

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
