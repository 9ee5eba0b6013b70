// SPDX-License-Identifier: GPL-2.0-only
/*
 * The frozen window of a mirror SPTE: what may not happen from the cmpxchg that
 * freezes it to the write that unfreezes it. Counts in debugfs/septorture/
 * spte_watch, with where it happened first. See kvm/mmu/spte_watch.h.
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/stacktrace.h>

#include "mmu/mmu_internal.h"
#include "mmu/spte_watch.h"
#include "septorture.h"
#include "spte_watch.h"

DEFINE_STATIC_KEY_TRUE(spte_watch_key);

#define NR_FRAMES	8

enum watch_kind {
	READ_BACK, CLOBBERED, TAKEN_OVER, LEFT_FROZEN, NOT_FROZEN, SHARED_REMOVAL,
	FROZEN_ARGUMENT, UNFROZEN_WRITE, NR_KINDS,
};

static const char *const kind_names[NR_KINDS] = {
	[READ_BACK]		= "read_back",
	[CLOBBERED]		= "clobbered",
	[TAKEN_OVER]		= "taken_over",
	[LEFT_FROZEN]		= "left_frozen",
	[NOT_FROZEN]		= "not_frozen",
	[SHARED_REMOVAL]	= "shared_removal",
	[FROZEN_ARGUMENT]	= "frozen_argument",
	[UNFROZEN_WRITE]	= "unfrozen_write",
};

/* The first of its kind; frames are there once nr_frames is. */
static struct watch_report {
	atomic_t count;
	u64 gfn;
	int level;
	u64 spte;
	unsigned long frames[NR_FRAMES];
	unsigned int nr_frames;
} reports[NR_KINDS];

static atomic64_t freezes;

/* As mmu_lock is held, only one task uses it at a time, and interrupts don't. */
struct watch_cpu {
	u64 *frozen;	/* the SPTE that this CPU's task holds frozen */
	struct task_struct *task;
	u64 gfn;
	int level;
	u64 old_spte;	/* what it was before */
	struct spte_id last[PT64_ROOT_MAX_LEVEL + 1];
};

static DEFINE_PER_CPU(struct watch_cpu, watch_cpu);

static noinline void report(enum watch_kind kind, u64 gfn, int level, u64 spte)
{
	struct watch_report *r = &reports[kind];

	if (atomic_inc_return(&r->count) != 1)
		return;
	r->gfn = gfn;
	r->level = level;
	r->spte = spte;
	/* The reader finds a complete report behind it. */
	smp_store_release(&r->nr_frames, stack_trace_save(r->frames, NR_FRAMES, 2));
}

static u64 spte_gfn(struct kvm_mmu_page *sp, u64 *sptep)
{
	return sp->gfn + ((u64)(sptep - sp->spt) << (9 * (sp->role.level - 1)));
}

static u64 root_of(struct kvm_mmu_page *sp)
{
	while (sp->ptep)
		sp = sptep_to_sp((u64 *)sp->ptep);
	return __pa(sp->spt);
}

void spte_watch_note(u64 *sptep)
{
	struct kvm_mmu_page *sp = sptep_to_sp(sptep);

	if (!sp->role.is_mirror)
		spte_race_wrote(sptep);
	this_cpu_inc(spte_changes);
	this_cpu_ptr(&watch_cpu)->last[sp->role.level] = (struct spte_id){
		.root = root_of(sp),
		.gfn = spte_gfn(sp, sptep),
		.mirror = sp->role.is_mirror,
	};
}

struct spte_id spte_watch_last(int level)
{
	if (level < 1 || level > PT64_ROOT_MAX_LEVEL)
		return (struct spte_id){};
	return this_cpu_ptr(&watch_cpu)->last[level];
}

void spte_watch_froze(u64 *sptep, u64 old_spte)
{
	struct watch_cpu *w = this_cpu_ptr(&watch_cpu);
	struct kvm_mmu_page *sp = sptep_to_sp(sptep);

	if (is_frozen_spte(old_spte))
		report(TAKEN_OVER, spte_gfn(sp, sptep), sp->role.level, old_spte);
	if (w->frozen)
		report(LEFT_FROZEN, w->gfn, w->level, old_spte);
	w->frozen = sptep;
	w->task = current;
	w->gfn = spte_gfn(sp, sptep);
	w->level = sp->role.level;
	w->old_spte = old_spte;
	/* It is none yet. */
	this_cpu_dec(spte_changes);
	atomic64_inc(&freezes);
	spte_window_open(sptep, w->gfn, sp->role.level);
}

bool spte_watch_owns(u64 *sptep)
{
	struct watch_cpu *w = this_cpu_ptr(&watch_cpu);

	return w->frozen == sptep && w->task == current;
}

void spte_watch_thawed(u64 *sptep, u64 found, u64 new_spte)
{
	struct watch_cpu *w = this_cpu_ptr(&watch_cpu);

	if (!is_frozen_spte(found))
		report(CLOBBERED, w->gfn, w->level, found);
	/* As before: it never was a change. */
	if (new_spte == w->old_spte)
		this_cpu_dec(spte_changes);
	/* Frozen once more: it stays so. */
	if (!is_frozen_spte(new_spte)) {
		w->frozen = NULL;
		spte_window_close();
	}
}

void spte_watch_read_frozen(u64 *sptep)
{
	/* Walkers that only look hold RCU, and may move to another CPU. */
	bool locked = preempt_count();
	struct watch_cpu *w;

	preempt_disable();
	w = this_cpu_ptr(&watch_cpu);
	if (spte_watch_owns(sptep))
		report(READ_BACK, w->gfn, w->level, FROZEN_SPTE);
	else
		spte_window_read(sptep, locked);
	preempt_enable();
}

/* We hold the lock, so nobody else can hold it for write; the next writer may wait, though. */
static bool held_for_write(struct kvm *kvm)
{
	return (atomic_read(&kvm->mmu_lock.raw_lock.cnts) & _QW_LOCKED) == _QW_LOCKED;
}

/* What maps for a vCPU has mmu_lock for read, and others may write the SPTE, too. */
void spte_watch_wrote(u64 *sptep, u64 new_spte)
{
	struct kvm_vcpu *vcpu = kvm_get_running_vcpu();
	struct kvm_mmu_page *sp = sptep_to_sp(sptep);

	if (vcpu && sp->role.is_mirror && !held_for_write(vcpu->kvm))
		report(UNFROZEN_WRITE, spte_gfn(sp, sptep), sp->role.level, new_spte);
}

void spte_watch_external(struct kvm *kvm, gfn_t gfn, u64 old_spte, u64 new_spte, int level)
{
	struct watch_cpu *w = this_cpu_ptr(&watch_cpu);
	bool removal = is_shadow_present_pte(old_spte) && !is_shadow_present_pte(new_spte);

	if (!static_branch_likely(&spte_watch_key))
		return;
	/* The entries of a table that is removed are replaced by FROZEN_SPTE, which is fine. */
	if (is_frozen_spte(old_spte) || (is_frozen_spte(new_spte) && !removal))
		report(FROZEN_ARGUMENT, gfn, level, new_spte);
	if (held_for_write(kvm))
		return;
	if (removal)
		report(SHARED_REMOVAL, gfn, level, old_spte);
	else if (!w->frozen || w->task != current || w->gfn != gfn || w->level != level)
		report(NOT_FROZEN, gfn, level, new_spte);
}

static int spte_watch_show(struct seq_file *m, void *v)
{
	seq_printf(m, "freezes %lld\n", atomic64_read(&freezes));
	for (int k = 0; k < NR_KINDS; k++) {
		struct watch_report *r = &reports[k];
		/* Pairs with the release in report(). */
		unsigned int n = smp_load_acquire(&r->nr_frames);

		if (!n)
			continue;
		seq_printf(m, "%s %d gfn %#llx level %d spte %#llx in", kind_names[k],
			   atomic_read(&r->count), r->gfn, r->level, r->spte);
		for (unsigned int i = 0; i < n; i++)
			seq_printf(m, " %ps", (void *)r->frames[i]);
		seq_putc(m, '\n');
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(spte_watch);

static bool watching __initdata = true;

static int __init spte_watch_param(char *value)
{
	watching = strcmp(value, "off");
	return 0;
}
early_param("spte_watch", spte_watch_param);

static int __init spte_watch_init(void)
{
	if (!watching) {
		static_branch_disable(&spte_watch_key);
		return 0;
	}
	debugfs_create_file("spte_watch", 0400, septorture_dir, NULL, &spte_watch_fops);
	return 0;
}
late_initcall(spte_watch_init);
