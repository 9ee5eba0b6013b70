/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The contexts of the sites in site.c, with what KVM promises in each. */
#ifndef SEPTORTURE_CONTRACTS_H
#define SEPTORTURE_CONTRACTS_H

#include "site.h"

/*
 * Functions that may WARN, as struct status wants them. A splat names the
 * function that the compiler put the code into, so those that may be inlined
 * are here with those that they may be inlined into.
 */

/* tdx_reclaim_page(), and the TDR: one page that stays behind keeps its TD's TDR, too. */
#define WARN_RECLAIM                                                                               \
	"__tdx_reclaim_page tdx_reclaim_page tdx_reclaim_control_page tdx_sept_free_private_spt "  \
	"tdx_vcpu_free tdx_reclaim_td_control_pages tdx_vm_destroy"

/* KVM_TDX_INIT_VM and KVM_TDX_INIT_VCPU */
#define WARN_INIT_VM   "tdx_vm_ioctl tdx_td_init __tdx_td_init"
#define WARN_INIT_VCPU "tdx_vcpu_unlocked_ioctl tdx_vcpu_init tdx_td_vcpu_init"

/* The S-EPT (contracts_sept.c) */
extern const struct context ctx_external[];
extern const struct context ctx_page_add[];
extern const struct context ctx_page_aug[];
extern const struct context ctx_sept_add[];
extern const struct context ctx_range_block[];
extern const struct context ctx_track[];
extern const struct context ctx_page_remove[];
extern const struct context ctx_wbinvd_hkid[];

/* Birth and death of TDs and vCPUs, and entering (contracts_td.c) */
extern const struct context ctx_mng_create[];
extern const struct context ctx_mng_key_config[];
extern const struct context ctx_mng_addcx[];
extern const struct context ctx_mng_init[];
extern const struct context ctx_mng_rd[];
extern const struct context ctx_mng_vpflushdone[];
extern const struct context ctx_mng_key_freeid[];
extern const struct context ctx_vp_create[];
extern const struct context ctx_vp_addcx[];
extern const struct context ctx_vp_init[];
extern const struct context ctx_vp_rd[];
extern const struct context ctx_vp_wr[];
extern const struct context ctx_vp_flush[];
extern const struct context ctx_vp_enter[];
extern const struct context ctx_mr_extend[];
extern const struct context ctx_mr_finalize[];
extern const struct context ctx_reclaim[];
extern const struct context ctx_cache_wb[];
extern const struct context ctx_wbinvd_tdr[];

/* The bit that marks a present SPTE (arch/x86/kvm/mmu/spte.h, SPTE_MMU_PRESENT_MASK). */
#define SPTE_MMU_PRESENT (1ull << 11)

/* Points of the test kernel in SPTE updates (contracts_spte.c) */
extern const struct context ctx_cmpxchg_window[];
extern const struct context ctx_changed_window[];

/* Memory (contracts_alloc.c) */
extern const struct context ctx_failslab[];
extern const struct context ctx_fail_page_alloc[];

#endif
