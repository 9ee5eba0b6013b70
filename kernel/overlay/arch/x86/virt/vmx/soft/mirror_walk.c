// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs/septorture/mirror: KVM's mirror page tables as they are now
 * (asm/septorture_abi.h), for comparing with the module's. The picture is
 * taken when the file is opened; it is exact if nothing faults or zaps.
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/kvm_host.h>
#include <asm/septorture_abi.h>

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
	u64 root, tables, direct_4k;
};

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

	if (!tdr)
		return;
	at = snapshot_add(w->out, &vm);
	w->tables = w->direct_4k = 0;
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
