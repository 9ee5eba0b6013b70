// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs/septorture/mirror: KVM's mirror page tables as they are now
 * (asm/septorture_abi.h), for comparing with the module's. The picture is
 * taken when the file is opened; it is exact if nothing faults or zaps.
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/kvm_host.h>
#include <linux/pagemap.h>
#include <asm/septorture_abi.h>

#include "gmem_page.h"
#include "mmu/mmu_internal.h"
#include "mmu/spte.h"
#include "mmu/tdp_iter.h"
#include "septorture.h"
#include "snapshot.h"
#include "vmx/tdx.h"

/* The copies in the ABI must be right. */
static_assert(SEPTORTURE_FROZEN_SPTE == FROZEN_SPTE);
static_assert(SEPTORTURE_SPTE_PRESENT == SPTE_MMU_PRESENT_MASK);

struct walk {
	struct snapshot *out;
	struct kvm *kvm;
	u64 root, tables, direct_4k;
};

bool gmem_page_is(struct kvm_memory_slot *slot, u64 gfn, u64 pfn)
{
	pgoff_t index;
	struct file *file;
	struct folio *folio;
	bool same;

	file = get_file_active(&slot->gmem.file);
	if (!file)
		return true;
	index = gfn - slot->base_gfn + slot->gmem.pgoff;
	folio = filemap_get_folio(file->f_mapping, index);
	same = !IS_ERR(folio) && page_to_pfn(folio_file_page(folio, index)) == pfn;
	if (!IS_ERR(folio))
		folio_put(folio);
	/* Not the last reference: it is a slot's file, and that of whoever has it open. */
	fput(file);
	return same;
}

static bool backed(struct kvm *kvm, u64 gfn, u64 pfn)
{
	struct kvm_memory_slot *slot = gfn_to_memslot(kvm, gfn);

	return slot && kvm_slot_has_gmem(slot) && gmem_page_is(slot, gfn, pfn);
}

static u16 wrong(struct kvm *kvm, u64 gfn, u64 spte)
{
	return (kvm_mem_is_private(kvm, gfn) ? 0 : SEPTORTURE_NOT_PRIVATE) |
	       (backed(kvm, gfn, spte_to_pfn(spte)) ? 0 : SEPTORTURE_NOT_BACKED);
}

static void walk_table(struct walk *w, struct kvm_mmu_page *sp)
{
	for (int i = 0; i < SPTE_ENT_PER_PAGE; i++) {
		u64 spte = READ_ONCE(sp->spt[i]);
		struct kvm_mmu_page *child = NULL;
		struct septorture_mirror r = {
			.kind = SEPTORTURE_SPTE,
			.level = sp->role.level,
			.root = w->root,
			.gfn = sp->gfn + ((u64)i << (9 * (sp->role.level - 1))),
			.spte = spte,
		};

		if (!spte || spte == SHADOW_NONPRESENT_VALUE)
			continue;
		if (is_shadow_present_pte(spte) && !is_last_spte(spte, sp->role.level)) {
			child = spte_to_child_sp(spte);
			w->tables++;
			r.child = child->external_spt ? __pa(child->external_spt) : 0;
		} else if (is_shadow_present_pte(spte) && sp->role.is_mirror) {
			r.wrong = wrong(w->kvm, r.gfn, spte);
		}
		if (sp->role.is_mirror)
			snapshot_add(w->out, &r);
		else if (is_shadow_present_pte(spte) && sp->role.level == PG_LEVEL_4K)
			w->direct_4k++;
		if (child)
			walk_table(w, child);
	}
}

static void walk_vm(struct walk *w, struct kvm *kvm)
{
	struct page *tdr = container_of(kvm, struct kvm_tdx, kvm)->td.tdr_page;
	struct septorture_mirror vm = { .kind = SEPTORTURE_VM };
	struct kvm_mmu_page *root;
	size_t at;
	int idx;

	if (!tdr)
		return;
	at = snapshot_add(w->out, &vm);
	w->kvm = kvm;
	w->tables = w->direct_4k = 0;
	idx = srcu_read_lock(&kvm->srcu);
	read_lock(&kvm->mmu_lock);
	rcu_read_lock();
	list_for_each_entry_rcu(root, &kvm->arch.tdp_mmu_roots, link) {
		w->root = __pa(root->spt);
		walk_table(w, root);
	}
	rcu_read_unlock();
	vm.root = page_to_phys(tdr);
	vm.gfn = w->tables;
	vm.child = w->direct_4k;
	vm.spte = atomic64_read(&kvm->arch.tdp_mmu_pages);
	read_unlock(&kvm->mmu_lock);
	srcu_read_unlock(&kvm->srcu, idx);
	snapshot_set(w->out, at, &vm);
}

static void walk_all(struct snapshot *out)
{
	struct walk w = { .out = out };
	struct kvm *kvm;

	mutex_lock(&kvm_lock);
	list_for_each_entry(kvm, &vm_list, vm_list)
		if (kvm->arch.vm_type == KVM_X86_TDX_VM)
			walk_vm(&w, kvm);
	mutex_unlock(&kvm_lock);
}

static int mirror_open(struct inode *inode, struct file *file)
{
	return snapshot_open(file, sizeof(struct septorture_mirror), walk_all);
}

static const struct file_operations mirror_fops = {
	.open		= mirror_open,
	.read		= snapshot_read,
	.release	= snapshot_release,
	.llseek		= noop_llseek,
};

static int __init mirror_walk_init(void)
{
	debugfs_create_file("mirror", 0400, septorture_dir, NULL, &mirror_fops);
	return 0;
}
late_initcall(mirror_walk_init);
