/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Records that the test kernel's debugfs files give to the agent, binary as
 * tables have thousands of entries and are read every second. Levels are KVM's:
 * 1 is a 4K entry. Physical addresses are in bytes.
 */
#ifndef _ASM_X86_SEPTORTURE_ABI_H
#define _ASM_X86_SEPTORTURE_ABI_H

#include <linux/types.h>

/* What an SPTE looks like that KVM holds frozen, and the bit of a present one (kvm/mmu/spte.h). */
#define SEPTORTURE_FROZEN_SPTE	0x80000000000001a0ULL
#define SEPTORTURE_SPTE_PRESENT	(1ULL << 11)
#define SEPTORTURE_SPTE_PFN	0x000ffffffffff000ULL

/*
 * septorture/journal: each kvm_tdp_mmu_spte_changed event of a mirror root, in
 * the order in which they were traced; reading consumes. A gap in @seq (from
 * 1) is an overrun. @root is the address of the root table, 0: the event is
 * of no SPTE that the CPU had just written.
 */
struct septorture_change {
	__u64 seq;
	__u64 root;
	__u64 gfn;
	__u64 old_spte;
	__u64 new_spte;
	__u64 level;
};

/*
 * septorture/mirror: per VM one SEPTORTURE_VM record, then per mirror root its
 * entries that are neither zero nor the initial value.
 */
enum septorture_mirror_kind { SEPTORTURE_VM, SEPTORTURE_SPTE };

#define SEPTORTURE_NOT_PRIVATE	1	/* by the VM's memory attributes */
#define SEPTORTURE_NOT_BACKED	2	/* by that page: it is not the guest_memfd's at that offset */

struct septorture_mirror {
	__u32 kind;
	__u16 level;
	__u16 wrong;	/* SPTE of a 4K page: SEPTORTURE_NOT_... */
	__u64 root;	/* SPTE: of the root table; VM: of the TDR */
	__u64 gfn;	/* VM: tables that KVM has, in all roots */
	__u64 spte;	/* VM: how many it thinks it has (tdp_mmu_pages) */
	__u64 child;	/* non-leaf SPTE: address of the external table; VM: 4K leaves elsewhere */
};

/*
 * softseam/sept: per TD its S-EPT entries that are not FREE.
 */
struct septorture_sept {
	__u64 tdr;
	__u64 gfn;
	__u64 hpa;
	__u16 level;
	__u8 state;	/* as TDH.MEM.SEPT.RD gives it: 2 PENDING, 4 MAPPED, 0x84 a table, ... */
	__u8 pamt_bad;	/* the PAMT has another type or owner for the page */
	__u32 pad;
};

#endif
