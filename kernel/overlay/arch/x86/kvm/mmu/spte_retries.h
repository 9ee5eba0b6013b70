/* SPDX-License-Identifier: GPL-2.0-only */
/* Counts how often a fault is tried again, for those that never succeed. */
#ifndef __KVM_X86_MMU_SPTE_RETRIES_H
#define __KVM_X86_MMU_SPTE_RETRIES_H

#include <linux/kvm_host.h>

#ifdef CONFIG_KVM_SPTE_WATCH

/*
 * This task tried to map @gpa; @again: it has to do so once more (RET_PF_RETRY). Called
 * with vcpu->mutex held, with mmu_lock or without.
 */
void spte_tried(struct kvm_vcpu *vcpu, gpa_t gpa, bool again);

#else

static inline void spte_tried(struct kvm_vcpu *vcpu, gpa_t gpa, bool again)
{
}

#endif

#endif
