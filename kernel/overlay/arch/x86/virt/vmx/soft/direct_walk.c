// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs/septorture/direct: the direct TDP MMU's page tables of each VM that
 * is no TD, counted, and compared with what is behind them: the guest_memfd, or
 * what the process that opens the file has mapped there, which has to be the
 * VM's. It is exact if nothing faults or zaps; the host may move pages
 * meanwhile, as KVM has to drop them first, and can't as long as mmu_lock is
 * held here.
 *
 * "vm KEY N ..." for each VM, then "wrong KIND N gfn G level L spte S", the
 * first of each kind.
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "gmem_page.h"
#include "mmu.h"
#include "mmu/mmu_internal.h"
#include "mmu/spte.h"
#include "mmu/tdp_iter.h"
#include "septorture.h"

#define MAX_LISTED	(1 << 20)	/* A list that is longer has a loop. */

enum wrong_kind {
	FROZEN, STALE_ROOT, NO_SLOT, NOT_BACKED, MOVED, READ_ONLY, BEYOND_SLOT, MIXED, LOGGED_HUGE,
	NR_KINDS,
};

static const char *const kind_names[NR_KINDS] = {
	[FROZEN]	= "frozen",
	[STALE_ROOT]	= "stale_root",
	[NO_SLOT]	= "no_slot",
	[NOT_BACKED]	= "not_backed",
	[MOVED]		= "moved",
	[READ_ONLY]	= "read_only",
	[BEYOND_SLOT]	= "beyond_slot",
	[MIXED]		= "mixed",
	[LOGGED_HUGE]	= "logged_huge",
};

struct wrong {
	u64 count, gfn, spte;
	int level;
};

struct walk {
	struct kvm *kvm;
	u64 leaves[PG_LEVEL_1G + 1];
	u64 tables, nx_linked;
	struct wrong wrong[NR_KINDS];
};

static void wrong(struct walk *w, enum wrong_kind kind, u64 gfn, int level, u64 spte)
{
	struct wrong *r = &w->wrong[kind];

	if (!r->count++) {
		r->gfn = gfn;
		r->level = level;
		r->spte = spte;
	}
}

/* The page that the process has at @hva, if it may be written to as the SPTE is. */
static bool host_has(struct kvm *kvm, u64 hva, u64 pfn, unsigned int flags)
{
	struct page *page;
	bool same;

	if (!get_user_page_fast_only(hva, flags, &page))
		return false;
	same = page_to_pfn(page) == pfn;
	put_page(page);
	return same;
}

static void check_page(struct walk *w, struct kvm_memory_slot *slot, u64 gfn, u64 pfn, int level,
		       u64 spte)
{
	u64 hva;

	if (kvm_slot_has_gmem(slot) && kvm_mem_is_private(w->kvm, gfn)) {
		if (!gmem_page_is(slot, gfn, pfn))
			wrong(w, NOT_BACKED, gfn, level, spte);
		return;
	}
	/* Those that are empty are one page, which can't be looked up this way. */
	if (w->kvm->mm != current->mm || is_zero_pfn(pfn) || is_huge_zero_pfn(pfn))
		return;
	hva = gfn_to_hva_memslot(slot, gfn);
	if (!host_has(w->kvm, hva, pfn, 0))
		wrong(w, MOVED, gfn, level, spte);
	else if (is_writable_pte(spte) && !host_has(w->kvm, hva, pfn, FOLL_WRITE))
		wrong(w, READ_ONLY, gfn, level, spte);
}

static void check_huge(struct walk *w, struct kvm_memory_slot *slot, u64 gfn, int level, u64 spte)
{
	u64 npages = KVM_PAGES_PER_HPAGE(level);
	bool private = kvm_mem_is_private(w->kvm, gfn);

	if (gfn < slot->base_gfn || gfn + npages > slot->base_gfn + slot->npages)
		wrong(w, BEYOND_SLOT, gfn, level, spte);
	/* Those that were read-only when logging began may stay: to write is to split them. */
	if (kvm_slot_dirty_track_enabled(slot) && is_writable_pte(spte))
		wrong(w, LOGGED_HUGE, gfn, level, spte);
	for (u64 i = 1; i < npages; i++)
		if (kvm_mem_is_private(w->kvm, gfn + i) != private) {
			wrong(w, MIXED, gfn, level, spte);
			break;
		}
}

static void check_leaf(struct walk *w, struct kvm_mmu_page *root, u64 gfn, int level, u64 spte)
{
	struct kvm_memory_slot *slot = gfn_to_memslot(w->kvm, gfn);

	w->leaves[level]++;
	if (root->role.invalid)
		wrong(w, STALE_ROOT, gfn, level, spte);
	if (!slot) {
		wrong(w, NO_SLOT, gfn, level, spte);
		return;
	}
	if (level > PG_LEVEL_4K)
		check_huge(w, slot, gfn, level, spte);
	/* Of a huge one, the first page and the last: both have to be there, and in place. */
	check_page(w, slot, gfn, spte_to_pfn(spte), level, spte);
	if (level > PG_LEVEL_4K)
		check_page(w, slot, gfn + KVM_PAGES_PER_HPAGE(level) - 1,
			   spte_to_pfn(spte) + KVM_PAGES_PER_HPAGE(level) - 1, level, spte);
}

static void walk_table(struct walk *w, struct kvm_mmu_page *root, struct kvm_mmu_page *sp)
{
	for (int i = 0; i < SPTE_ENT_PER_PAGE; i++) {
		u64 gfn = sp->gfn + ((u64)i << (9 * (sp->role.level - 1)));
		u64 spte = READ_ONCE(sp->spt[i]);
		struct kvm_mmu_page *child;

		if (is_frozen_spte(spte))
			wrong(w, FROZEN, gfn, sp->role.level, spte);
		if (!is_shadow_present_pte(spte))
			continue;
		if (is_last_spte(spte, sp->role.level)) {
			check_leaf(w, root, gfn, sp->role.level, spte);
			continue;
		}
		child = spte_to_child_sp(spte);
		w->tables++;
		w->nx_linked += !list_empty(&child->possible_nx_huge_page_link);
		walk_table(w, root, child);
	}
}

/* A bug may have left nodes in it that are gone: it ends there, and is more than was linked. */
static u64 list_length(const struct list_head *list)
{
	struct list_head *at = list->next;
	u64 n = 0;

	while (at != list && n++ < MAX_LISTED)
		if (get_kernel_nofault(at, &at->next))
			break;
	return n;
}

static void show_vm(struct seq_file *m, const struct walk *w, u64 listed, u64 counted)
{
	seq_printf(m,
		   "vm pages_4k %llu pages_2m %llu pages_1g %llu tables %llu tdp_mmu_pages %lld nx_linked %llu nx_listed %llu nx_counted %llu\n",
		   w->leaves[PG_LEVEL_4K], w->leaves[PG_LEVEL_2M], w->leaves[PG_LEVEL_1G],
		   w->tables, atomic64_read(&w->kvm->arch.tdp_mmu_pages), w->nx_linked,
		   listed, counted);
	for (int k = 0; k < NR_KINDS; k++)
		if (w->wrong[k].count)
			seq_printf(m, "wrong %s %llu gfn %#llx level %d spte %#llx\n",
				   kind_names[k], w->wrong[k].count, w->wrong[k].gfn,
				   w->wrong[k].level, w->wrong[k].spte);
}

static void walk_vm(struct seq_file *m, struct kvm *kvm)
{
	struct kvm_possible_nx_huge_pages *nx = &kvm->arch.possible_nx_huge_pages[KVM_TDP_MMU];
	struct walk w = { .kvm = kvm };
	struct kvm_mmu_page *root;
	u64 listed, counted;
	int idx;

	idx = srcu_read_lock(&kvm->srcu);
	/* KVM's own threads go on recovering huge pages, with the lock held for read. */
	write_lock(&kvm->mmu_lock);
	rcu_read_lock();
	list_for_each_entry_rcu(root, &kvm->arch.tdp_mmu_roots, link)
		walk_table(&w, root, root);
	rcu_read_unlock();
	spin_lock(&kvm->arch.tdp_mmu_pages_lock);
	listed = list_length(&nx->pages);
	counted = nx->nr_pages;
	spin_unlock(&kvm->arch.tdp_mmu_pages_lock);
	show_vm(m, &w, listed, counted);
	write_unlock(&kvm->mmu_lock);
	srcu_read_unlock(&kvm->srcu, idx);
}

static int direct_show(struct seq_file *m, void *v)
{
	struct kvm *kvm;

	mutex_lock(&kvm_lock);
	list_for_each_entry(kvm, &vm_list, vm_list)
		if (kvm->arch.vm_type != KVM_X86_TDX_VM)
			walk_vm(m, kvm);
	mutex_unlock(&kvm_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(direct);

static int __init direct_walk_init(void)
{
	debugfs_create_file("direct", 0400, septorture_dir, NULL, &direct_fops);
	return 0;
}
late_initcall(direct_walk_init);
