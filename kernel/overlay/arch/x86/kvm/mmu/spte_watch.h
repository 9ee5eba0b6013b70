/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watches the accessors of TDP MMU SPTEs: who freezes an SPTE must be the one
 * who unfreezes it, and must not read it back meanwhile.
 *
 * Only the accessors and the cmpxchg that tdp_mmu.c uses are hooked, not the
 * functions that call them, so that the hooks also fit kernels in which those
 * look different. All hooks run with mmu_lock held, i.e. on one CPU, but for the
 * lockless aging of direct SPTEs, which freezes nothing. The boot parameter
 * "spte_watch=off" switches them off, to measure what they cost.
 */
#ifndef __KVM_X86_MMU_SPTE_WATCH_H
#define __KVM_X86_MMU_SPTE_WATCH_H

#include <linux/jump_label.h>
#include <linux/kvm_host.h>
#include <linux/percpu.h>

#include "spte.h"

#ifdef CONFIG_KVM_SPTE_WATCH

DECLARE_STATIC_KEY_TRUE(spte_watch_key);

/* The SPTE was written by this CPU; remembers which one it is for the tracepoint. */
void spte_watch_note(u64 *sptep);
/* This task has frozen the SPTE, which was @old_spte. */
void spte_watch_froze(u64 *sptep, u64 old_spte);
/* Does this task hold the SPTE frozen? */
bool spte_watch_owns(u64 *sptep);
/* It was written by a plain write, without having been frozen. */
void spte_watch_wrote(u64 *sptep, u64 new_spte);
/* It does no longer; what was found in its place is @found. */
void spte_watch_thawed(u64 *sptep, u64 found, u64 new_spte);
/* FROZEN_SPTE was read. */
void spte_watch_read_frozen(u64 *sptep);
/* A cmpxchg found FROZEN_SPTE instead of what it expected. */
void spte_window_lost(u64 *sptep);
/* It found another value, of any kind. */
void spte_race_lost(u64 *sptep);
/* An SPTE was read while spte_window_waits is not 0: the task may have waited for it. */
DECLARE_PER_CPU(unsigned int, spte_window_waits);
void spte_window_touched(u64 *sptep);
/* Called by the wrapper of the external update. */
void spte_watch_external(struct kvm *kvm, gfn_t gfn, u64 old_spte, u64 new_spte, int level);

/*
 * Points for fail_function (virt/vmx/soft/spte_points.c): an SPTE was read, and is about to be
 * written, or to be compared and exchanged, which a failure makes lose; and it was changed, and
 * nobody has been told.
 */
int spte_cmpxchg_window(u64 *sptep, u64 old_spte, u64 new_spte);
int spte_changed_window(u64 *sptep, u64 old_spte, u64 new_spte);

static inline u64 spte_watch_read(u64 *sptep, u64 spte)
{
	if (!static_branch_likely(&spte_watch_key))
		return spte;
	if (unlikely(is_frozen_spte(spte)))
		spte_watch_read_frozen(sptep);
	if (unlikely(raw_cpu_read(spte_window_waits)))
		spte_window_touched(sptep);
	return spte;
}

static inline void spte_watch_write(u64 *sptep, u64 new_spte)
{
	if (!static_branch_likely(&spte_watch_key)) {
		WRITE_ONCE(*sptep, new_spte);
		return;
	}
	spte_watch_note(sptep);
	/* Relaxed: no more ordered than the plain write that it stands for. */
	if (unlikely(spte_watch_owns(sptep))) {
		spte_watch_thawed(sptep, xchg_relaxed(sptep, new_spte), new_spte);
	} else {
		u64 old_spte = READ_ONCE(*sptep);

		spte_cmpxchg_window(sptep, old_spte, new_spte);
		WRITE_ONCE(*sptep, new_spte);
		spte_watch_wrote(sptep, new_spte);
		spte_changed_window(sptep, old_spte, new_spte);
	}
}

static inline u64 spte_watch_xchg(u64 *sptep, u64 new_spte)
{
	u64 found;

	if (!static_branch_likely(&spte_watch_key))
		return xchg(sptep, new_spte);
	spte_watch_note(sptep);
	found = xchg(sptep, new_spte);
	if (unlikely(spte_watch_owns(sptep)))
		spte_watch_thawed(sptep, found, new_spte);
	spte_changed_window(sptep, found, new_spte);
	return found;
}

static __always_inline bool spte_watch_cmpxchg(u64 *sptep, u64 *old_spte, u64 new_spte)
{
	if (static_branch_likely(&spte_watch_key) &&
	    unlikely(spte_cmpxchg_window(sptep, *old_spte, new_spte))) {
		*old_spte = READ_ONCE(*sptep);
		return false;
	}
	if (!try_cmpxchg64(sptep, old_spte, new_spte)) {
		if (static_branch_likely(&spte_watch_key))
			spte_race_lost(sptep);
		if (is_frozen_spte(*old_spte) && static_branch_likely(&spte_watch_key))
			spte_window_lost(sptep);
		return false;
	}
	if (!static_branch_likely(&spte_watch_key))
		return true;
	spte_watch_note(sptep);
	if (is_frozen_spte(new_spte))
		spte_watch_froze(sptep, *old_spte);
	else
		spte_changed_window(sptep, *old_spte, new_spte);
	return true;
}

/* All that the TDP MMU compares and exchanges is SPTEs. */
#undef try_cmpxchg64
#define try_cmpxchg64(sptep, old_spte, new_spte)	\
	spte_watch_cmpxchg(sptep, old_spte, new_spte)

#else

static inline u64 spte_watch_read(u64 *sptep, u64 spte)
{
	return spte;
}

static inline void spte_watch_write(u64 *sptep, u64 new_spte)
{
	WRITE_ONCE(*sptep, new_spte);
}

static inline u64 spte_watch_xchg(u64 *sptep, u64 new_spte)
{
	return xchg(sptep, new_spte);
}

static inline void spte_watch_external(struct kvm *kvm, gfn_t gfn, u64 old_spte, u64 new_spte,
				       int level)
{
}

#endif

#endif
