/* SPDX-License-Identifier: GPL-2.0-only */
/* What is behind private memory. */
#ifndef _SOFT_GMEM_PAGE_H
#define _SOFT_GMEM_PAGE_H

#include <linux/kvm_host.h>

/*
 * Whether @pfn is the page that the guest_memfd behind @slot has for @gfn. One that is being
 * closed can't be asked any more: true. Called with kvm->srcu and mmu_lock held.
 */
bool gmem_page_is(struct kvm_memory_slot *slot, u64 gfn, u64 pfn);

#endif
