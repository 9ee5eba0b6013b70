// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What KVM promises when memory is short. These filter by one function that
 * must be on the stack and one that must not.
 */
#include "contracts.h"
#include "status.h"

#define NO_MEMORY(decider, why) CONTRACT_USER_ERROR, ENOMEM, LEAK_NOTHING, decider, why, NULL

static const struct status cache[] = {
    {ST_ENOMEM, NO_MEMORY("__kvm_mmu_topup_memory_cache",
			  "the fault fails if the cache has less than its minimum; else nothing")},
    {0},
};

static const struct status split[] = {
    {ST_ENOMEM, CONTRACT_IGNORED, 0, LEAK_NOTHING, "tdp_mmu_split_huge_pages_root",
     "the pages stay large, write-protected, and the next write to each splits it", NULL},
    {0},
};

static const struct status folio[] = {
    {ST_ENOMEM,
     NO_MEMORY("kvm_gmem_get_folio",
	       "the fault, the populating ioctl or fallocate() fails; nothing is mapped")},
    {0},
};

static const struct status populate[] = {
    {ST_ENOMEM,
     NO_MEMORY("kvm_tdp_mmu_map_private_pfn",
	       "KVM_TDX_INIT_MEM_REGION fails if a cache has less than its minimum; else nothing")},
    {0},
};

static const struct status init_vm[] = {
    {ST_ENOMEM,
     NO_MEMORY("__tdx_td_init", "frees HKID and pages, so that user space can try again")},
    {0},
};

static const struct status init_vcpu[] = {
    {ST_ENOMEM, NO_MEMORY("tdx_td_vcpu_init", "frees the pages, so that user space can try again")},
    {0},
};

/* Functions up the stack may have called the next one as their last act: these haven't. */
#define BY_CACHE     "__kvm_mmu_topup_memory_cache !kvm_tdp_mmu_map_private_pfn"
#define BY_FOLIO     "kvm_gmem_get_folio"
#define BY_POPULATE  "kvm_tdp_mmu_map_private_pfn"
#define BY_SPLIT     "kvm_tdp_mmu_try_split_huge_pages"
#define BY_INIT_VM   "tdx_vm_ioctl"
#define BY_INIT_VCPU "tdx_vcpu_unlocked_ioctl !kvm_gmem_populate"

/* No "init-vcpu": setting the APIC base allocates, too, and does without. */
const struct context ctx_failslab[] = {
    {.name = "cache", .callers = BY_CACHE, .statuses = cache, .platform = PLATFORM_BOTH},
    {.name = "folio", .callers = BY_FOLIO, .statuses = folio, .platform = PLATFORM_BOTH},
    {.name = "split", .callers = BY_SPLIT, .statuses = split, .platform = PLATFORM_DIRECT},
    {.name = "populate", .callers = BY_POPULATE, .statuses = populate},
    {.name = "init-vm", .callers = BY_INIT_VM, .statuses = init_vm},
    {0},
};

const struct context ctx_fail_page_alloc[] = {
    {.name = "cache", .callers = BY_CACHE, .statuses = cache, .platform = PLATFORM_BOTH},
    {.name = "folio", .callers = BY_FOLIO, .statuses = folio, .platform = PLATFORM_BOTH},
    {.name = "split", .callers = BY_SPLIT, .statuses = split, .platform = PLATFORM_DIRECT},
    {.name = "populate", .callers = BY_POPULATE, .statuses = populate},
    {.name = "init-vm", .callers = BY_INIT_VM, .statuses = init_vm},
    {.name = "init-vcpu", .callers = BY_INIT_VCPU, .statuses = init_vcpu},
    {0},
};
