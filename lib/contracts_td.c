// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What KVM promises when a TD or a vCPU can't be built, entered or torn down.
 *
 * KVM tolerates few of these. As a failed call did nothing, what it should have
 * undone stays: a vCPU that was not flushed or caches that were not written back
 * keep the TD's HKID from being freed, whether KVM minds the status or not.
 */
#include "contracts.h"
#include "status.h"

#define WARN_TEARDOWN "tdx_mmu_release_hkid"

/* ---- KVM_TDX_INIT_VM ---- */

#define NO_ENTROPY(why) CONTRACT_USER_ERROR, EAGAIN, LEAK_NOTHING, "__tdx_td_init", why, NULL

#define INIT_VM_FATAL                                                                              \
	CONTRACT_VM_FATAL, 0, LEAK_NOTHING, "__tdx_td_init",                                       \
	    "bugs the VM and takes back what was built so far", WARN_INIT_VM

static const struct status mng_create[] = {
    {ST_NO_ENTROPY, NO_ENTROPY("frees HKID and pages, so that user space can try again")},
    {ST_BUSY, INIT_VM_FATAL},
    {ST_BUSY_RCX, INIT_VM_FATAL},
    {ST_BUSY_KOT, INIT_VM_FATAL},
    {ST_METADATA_RCX, INIT_VM_FATAL},
    {ST_HKID_NOT_FREE, INIT_VM_FATAL},
    {ST_INVALID_RDX, INIT_VM_FATAL},
    {0},
};

const struct context ctx_mng_create[] = {
    {.name = "init-vm", .statuses = mng_create},
    {0},
};

#define KEY_CONFIG_FATAL                                                                           \
	CONTRACT_VM_FATAL, 0, LEAK_NOTHING, "tdx_do_tdh_mng_key_config",                           \
	    "every status but success bugs the VM; __tdx_td_init() tears the TD down",             \
	    "tdx_do_tdh_mng_key_config"

static const struct status mng_key_config[] = {
    {ST_KEY_GENERATION, KEY_CONFIG_FATAL},
    {ST_KEY_CONFIGURED, KEY_CONFIG_FATAL},
    {ST_BUSY, KEY_CONFIG_FATAL},
    {ST_BUSY_RCX, KEY_CONFIG_FATAL},
    {ST_BUSY_KET, KEY_CONFIG_FATAL},
    {ST_LIFECYCLE, KEY_CONFIG_FATAL},
    {0},
};

const struct context ctx_mng_key_config[] = {
    {.name = "init-vm", .statuses = mng_key_config},
    {0},
};

static const struct status mng_addcx[] = {
    {ST_NO_ENTROPY, NO_ENTROPY("tears the half-built TD down")},
    {ST_BUSY, INIT_VM_FATAL},
    {ST_BUSY_RCX, INIT_VM_FATAL},
    {ST_BUSY_RDX, INIT_VM_FATAL},
    {ST_METADATA_RCX, INIT_VM_FATAL},
    {ST_TDCX_NUM, INIT_VM_FATAL},
    {0},
};

const struct context ctx_mng_addcx[] = {
    {.name = "init-vm", .statuses = mng_addcx},
    {0},
};

#define BAD_PARAMS                                                                                 \
	CONTRACT_USER_ERROR, EINVAL, LEAK_NOTHING, "__tdx_td_init",                                \
	    "user space gave the parameters: it gets the status in hw_error, the TD is torn down", \
	    NULL

static const struct status mng_init[] = {
    {ST_INVALID, BAD_PARAMS},
    {ST_INVALID_RDX, BAD_PARAMS},
    {ST_INVALID_ATTRIBUTES, BAD_PARAMS},
    {ST_INVALID_XFAM, BAD_PARAMS},
    {ST_INVALID_CPUID, BAD_PARAMS},
    {ST_BUSY, INIT_VM_FATAL},
    {ST_BUSY_RCX, INIT_VM_FATAL},
    {ST_OP_STATE, INIT_VM_FATAL},
    {0},
};

const struct context ctx_mng_init[] = {
    {.name = "init-vm", .statuses = mng_init},
    {0},
};

/* ---- TDH.MNG.RD ---- */

/* Argument 1 of tdh_mng_rd(td, field, data): the class of the field and what it is of CPUID. */
#define FIELD_TSC   1, SITE_EQ, 0xffffffff00000000ull, 0x1100000000000000ull
#define FIELD_CPUID 1, SITE_EQ, 0xffffffff00000000ull, 0x9410000300000000ull
/* The low 7 bits of the leaf; of those that exist only 0 and 0x80000000 have none. */
#define LEAF_MAX	1, SITE_EQ, 0xfe00, 0
#define LEAF_NOT_MAX	1, SITE_NE, 0xfe00, 0
#define ELEMENT_EBX_EAX 1, SITE_EQ, 1, 0
#define ELEMENT_EDX_ECX 1, SITE_EQ, 1, 1

#define TSC_IGNORED                                                                                \
	CONTRACT_IGNORED, 0, LEAK_NOTHING, "td_tdcs_exec_read64",                                  \
	    "logs it and takes 0 for the offset or multiplier, so KVM's idea of the TSC is wrong", \
	    NULL

static const struct status rd_tsc[] = {
    {ST_BUSY, TSC_IGNORED},
    {ST_BUSY_RCX, TSC_IGNORED},
    {ST_BUSY_OP_STATE, TSC_IGNORED},
    {ST_NOT_READABLE, TSC_IGNORED},
    {0},
};

#define CPUID_IGNORED                                                                              \
	CONTRACT_IGNORED, 0, LEAK_NOTHING, "tdx_read_cpuid",                                       \
	    "no such leaf or subleaf, whatever the status: it is missing from what user space "    \
	    "gets",                                                                                \
	    NULL

static const struct status rd_cpuid[] = {
    {ST_NOT_READABLE, CPUID_IGNORED},
    {ST_BUSY, CPUID_IGNORED},
    {ST_BUSY_RCX, CPUID_IGNORED},
    {ST_BUSY_OP_STATE, CPUID_IGNORED},
    {0},
};

#define CPUID_WARNED                                                                               \
	CONTRACT_IGNORED, 0, LEAK_NOTHING, "tdx_read_cpuid",                                       \
	    "as the first half could be read, it warns; else as if that had failed",               \
	    "tdx_read_cpuid"

static const struct status rd_cpuid_second[] = {
    {ST_NOT_READABLE, CPUID_WARNED},
    {ST_BUSY, CPUID_WARNED},
    {ST_BUSY_RCX, CPUID_WARNED},
    {ST_BUSY_OP_STATE, CPUID_WARNED},
    {0},
};

#define CPUID_NO_MAX                                                                               \
	CONTRACT_USER_ERROR, EIO, LEAK_NOTHING, "tdx_vcpu_get_cpuid",                              \
	    "without the largest leaf there is nothing to enumerate; its subleaves don't exist",   \
	    NULL

static const struct status rd_cpuid_max[] = {
    {ST_NOT_READABLE, CPUID_NO_MAX},
    {ST_BUSY, CPUID_NO_MAX},
    {ST_BUSY_RCX, CPUID_NO_MAX},
    {ST_BUSY_OP_STATE, CPUID_NO_MAX},
    {0},
};

/* The first in KVM_TDX_INIT_VM, the others in KVM_TDX_GET_CPUID. */
const struct context ctx_mng_rd[] = {
    {.name = "tsc", .args = {{FIELD_TSC}}, .statuses = rd_tsc},
    {.name = "cpuid",
     .args = {{FIELD_CPUID}, {LEAF_NOT_MAX}, {ELEMENT_EBX_EAX}},
     .statuses = rd_cpuid},
    {.name = "cpuid-second",
     .args = {{FIELD_CPUID}, {LEAF_NOT_MAX}, {ELEMENT_EDX_ECX}},
     .statuses = rd_cpuid_second},
    {.name = "cpuid-max",
     .args = {{FIELD_CPUID}, {LEAF_MAX}, {ELEMENT_EBX_EAX}},
     .statuses = rd_cpuid_max},
    {0},
};

/* ---- KVM_TDX_INIT_VCPU ---- */

#define INIT_VCPU_FATAL(why)                                                                       \
	CONTRACT_VM_FATAL, 0, LEAK_NOTHING, "tdx_td_vcpu_init", why, WARN_INIT_VCPU

#define CREATE_FATAL INIT_VCPU_FATAL("bugs the VM and frees the vCPU's pages")
#define ADDCX_FATAL                                                                                \
	INIT_VCPU_FATAL("bugs the VM; the pages added so far are reclaimed with the vCPU")
#define INIT_FATAL INIT_VCPU_FATAL("bugs the VM; the pages are reclaimed with the vCPU")

static const struct status vp_create[] = {
    {ST_BUSY, CREATE_FATAL},	      {ST_BUSY_RCX, CREATE_FATAL},     {ST_BUSY_RDX, CREATE_FATAL},
    {ST_BUSY_OP_STATE, CREATE_FATAL}, {ST_METADATA_RCX, CREATE_FATAL}, {0},
};

const struct context ctx_vp_create[] = {
    {.name = "init-vcpu", .statuses = vp_create},
    {0},
};

static const struct status vp_addcx[] = {
    {ST_BUSY, ADDCX_FATAL},	     {ST_BUSY_RCX, ADDCX_FATAL},
    {ST_BUSY_RDX, ADDCX_FATAL},	     {ST_BUSY_TDR, ADDCX_FATAL},
    {ST_BUSY_OP_STATE, ADDCX_FATAL}, {ST_METADATA_RCX, ADDCX_FATAL},
    {ST_TDCX_NUM, ADDCX_FATAL},	     {0},
};

const struct context ctx_vp_addcx[] = {
    {.name = "init-vcpu", .statuses = vp_addcx},
    {0},
};

static const struct status vp_init[] = {
    {ST_BUSY, INIT_FATAL},
    {ST_BUSY_RCX, INIT_FATAL},
    {ST_BUSY_TDR, INIT_FATAL},
    {ST_INVALID_R8, INIT_FATAL},
    {ST_X2APIC_ID, INIT_FATAL},
    {ST_MAX_VCPUS, INIT_FATAL},
    {0},
};

const struct context ctx_vp_init[] = {
    {.name = "init-vcpu", .statuses = vp_init},
    {0},
};

/* ---- fields of a vCPU ---- */

#define WR_FATAL(why, caller)                                                                      \
	CONTRACT_VM_FATAL, 0, LEAK_NOTHING, "tdh_vp_wr_failed", why, "tdh_vp_wr_failed " caller

#define WR_INIT_FATAL                                                                              \
	WR_FATAL("bugs the VM; KVM_TDX_INIT_VCPU still returns 0, what follows fails",             \
		 WARN_INIT_VCPU)
#define WR_LOAD_PGD_FATAL                                                                          \
	WR_FATAL("bugs the VM; tdx_load_mmu_pgd() returns nothing, the ioctl fails later on",      \
		 "tdx_load_mmu_pgd")
#define WR_NMI_FATAL WR_FATAL("bugs the VM; the NMI is lost", "tdx_inject_nmi")

static const struct status wr_init[] = {
    {ST_BUSY, WR_INIT_FATAL},
    {ST_BUSY_RCX, WR_INIT_FATAL},
    {ST_BUSY_TDR, WR_INIT_FATAL},
    {ST_BUSY_OP_STATE, WR_INIT_FATAL},
    {ST_ASSOCIATED, WR_INIT_FATAL},
    {ST_NOT_WRITABLE, WR_INIT_FATAL},
    {0},
};

static const struct status wr_load_pgd[] = {
    {ST_BUSY, WR_LOAD_PGD_FATAL},
    {ST_BUSY_RCX, WR_LOAD_PGD_FATAL},
    {ST_BUSY_TDR, WR_LOAD_PGD_FATAL},
    {ST_BUSY_OP_STATE, WR_LOAD_PGD_FATAL},
    {ST_ASSOCIATED, WR_LOAD_PGD_FATAL},
    {ST_NOT_WRITABLE, WR_LOAD_PGD_FATAL},
    {0},
};

static const struct status wr_nmi[] = {
    {ST_BUSY, WR_NMI_FATAL},	      {ST_BUSY_RCX, WR_NMI_FATAL},   {ST_BUSY_TDR, WR_NMI_FATAL},
    {ST_BUSY_OP_STATE, WR_NMI_FATAL}, {ST_ASSOCIATED, WR_NMI_FATAL}, {0},
};

/* Argument 1 of tdh_vp_wr(vp, field, data, mask). */
#define FIELD_IS(id)	 1, SITE_EQ, ~0ull, id
#define FIELD_IS_NOT(id) 1, SITE_NE, ~0ull, id
#define SHARED_EPTP	 0x203cull
#define PEND_NMI	 0x200000000000000bull

const struct context ctx_vp_wr[] = {
    {.name = "init-vcpu",
     .args = {{FIELD_IS_NOT(SHARED_EPTP)}, {FIELD_IS_NOT(PEND_NMI)}},
     .statuses = wr_init},
    {.name = "load-pgd", .args = {{FIELD_IS(SHARED_EPTP)}}, .statuses = wr_load_pgd},
    {.name = "nmi", .args = {{FIELD_IS(PEND_NMI)}}, .statuses = wr_nmi},
    {0},
};

#define RD_FATAL                                                                                   \
	CONTRACT_VM_FATAL, 0, LEAK_NOTHING, "tdh_vp_rd_failed",                                    \
	    "bugs the VM and takes 0 for the value",                                               \
	    "tdh_vp_rd_failed tdx_protected_apic_has_interrupt"

static const struct status vp_rd[] = {
    {ST_BUSY, RD_FATAL},
    {ST_BUSY_RCX, RD_FATAL},
    {ST_BUSY_TDR, RD_FATAL},
    {ST_BUSY_OP_STATE, RD_FATAL},
    {ST_ASSOCIATED, RD_FATAL},
    {ST_NOT_READABLE, RD_FATAL},
    {0},
};

/* KVM asks only whether a halted vCPU has an interrupt. */
const struct context ctx_vp_rd[] = {
    {.name = "halt", .statuses = vp_rd},
    {0},
};

/* ---- measurement ---- */

#define EXTEND_FATAL                                                                               \
	CONTRACT_VM_FATAL, 0, LEAK_NOTHING, "tdx_gmem_post_populate",                              \
	    "nothing may contend here, so BUSY is no exception", "tdx_gmem_post_populate"

static const struct status mr_extend[] = {
    {ST_BUSY, EXTEND_FATAL},
    {ST_BUSY_RDX, EXTEND_FATAL},
    {ST_NOT_PRESENT_RCX, EXTEND_FATAL},
    {ST_OP_STATE, EXTEND_FATAL},
    {0},
};

const struct context ctx_mr_extend[] = {
    {.name = "populate", .statuses = mr_extend},
    {0},
};

#define FINALIZE_BUSY                                                                              \
	CONTRACT_USER_ERROR, EBUSY, LEAK_NOTHING, "tdx_td_finalize",                               \
	    "user space gets the status in hw_error and can try again", NULL
#define FINALIZE_FATAL                                                                             \
	CONTRACT_VM_FATAL, 0, LEAK_NOTHING, "tdx_td_finalize", "bugs the VM",                      \
	    "tdx_vm_ioctl tdx_td_finalize"

static const struct status mr_finalize[] = {
    {ST_BUSY, FINALIZE_BUSY},
    {ST_BUSY_RCX, FINALIZE_BUSY},
    {ST_NO_VCPUS, FINALIZE_FATAL},
    {ST_OP_STATE, FINALIZE_FATAL},
    {0},
};

const struct context ctx_mr_finalize[] = {
    {.name = "finalize", .statuses = mr_finalize},
    {0},
};

/* ---- entering ---- */

#define ENTER_RETRY                                                                                \
	CONTRACT_RETRY, 0, LEAK_NOTHING, "tdx_exit_handlers_fastpath",                             \
	    "leaves the run loop's fast path, lets interrupts in and enters again", NULL

/*
 * After most other statuses KVM_RUN returns 0 with KVM_EXIT_INTERNAL_ERROR and
 * the VM lives, for which there is no class.
 */
static const struct status vp_enter[] = {
    {ST_BUSY, ENTER_RETRY},
    {ST_BUSY_RCX, ENTER_RETRY},
    {ST_BUSY_TDR, ENTER_RETRY},
    {ST_BUSY_SEPT, ENTER_RETRY},
    {ST_BUSY_EPOCH, ENTER_RETRY},
    {ST_BUSY_OP_STATE, ENTER_RETRY},
    {ST_VMFAILINVALID, CONTRACT_VM_FATAL, 0, LEAK_NOTHING, "__tdx_handle_exit",
     "no module answers: bugs the VM; KVM_RUN reports an internal error, what follows fails",
     "tdx_handle_exit __tdx_handle_exit"},
    {0},
};

const struct context ctx_vp_enter[] = {
    {.name = "run", .statuses = vp_enter},
    {0},
};

/* ---- the end ---- */

#define FLUSH_LEAK                                                                                 \
	CONTRACT_LEAK, 0, LEAK_HKID, "tdx_flush_vp_on_cpu",                                        \
	    "warns; the vCPU stays associated, so TDH.MNG.VPFLUSHDONE fails",                      \
	    "tdx_flush_vp_on_cpu"

static const struct status flush_teardown[] = {
    {ST_BUSY, FLUSH_LEAK},
    {ST_BUSY_RCX, FLUSH_LEAK},
    {ST_BUSY_TDR, FLUSH_LEAK},
    {ST_TDCX_NUM, FLUSH_LEAK},
    {ST_NOT_ASSOCIATED, CONTRACT_LEAK, 0, LEAK_HKID, "tdx_flush_vp",
     "tolerates it, but the vCPU stays associated, so TDH.MNG.VPFLUSHDONE fails; the first table "
     "to be freed then warns",
     "tdx_sept_free_private_spt"},
    {0},
};

#define FLUSH_FATAL                                                                                \
	CONTRACT_VM_FATAL, 0, LEAK_HKID, "tdx_flush_vp_on_cpu",                                    \
	    "bugs the VM; the vCPU stays associated with its old CPU, so the TD's HKID leaks",     \
	    "tdx_flush_vp_on_cpu"

/* After VCPU_NOT_ASSOCIATED the vCPU can't be entered elsewhere: see vp_enter. */
static const struct status flush_any[] = {
    {ST_BUSY, FLUSH_FATAL},
    {ST_BUSY_RCX, FLUSH_FATAL},
    {ST_BUSY_TDR, FLUSH_FATAL},
    {ST_TDCX_NUM, FLUSH_FATAL},
    {0},
};

/*
 * The flush runs on the vCPU's CPU, in an interrupt unless that is the caller's:
 * then there is no telling who asked. "teardown" are those of the caller's CPU;
 * "any" are also of vCPUs that change CPU.
 */
const struct context ctx_vp_flush[] = {
    {.name = "teardown", .callers = "tdx_mmu_release_hkid", .statuses = flush_teardown},
    {.name = "any", .statuses = flush_any},
    {0},
};

#define HKID_LEAK(decider, why, warns) CONTRACT_LEAK, 0, LEAK_HKID, decider, why, warns

#define FLUSHDONE_LEAK                                                                             \
	HKID_LEAK("tdx_mmu_release_hkid", "warns and leaves the TD as it is", WARN_TEARDOWN)

static const struct status mng_vpflushdone[] = {
    {ST_FLUSHVP_NOT_DONE,
     HKID_LEAK("tdx_mmu_release_hkid",
	       "says nothing and leaves the TD as it is; the first table to be freed then warns",
	       "tdx_sept_free_private_spt")},
    {ST_BUSY, FLUSHDONE_LEAK},
    {ST_BUSY_RCX, FLUSHDONE_LEAK},
    {ST_BUSY_KOT, FLUSHDONE_LEAK},
    {ST_LIFECYCLE, FLUSHDONE_LEAK},
    {0},
};

const struct context ctx_mng_vpflushdone[] = {
    {.name = "teardown", .statuses = mng_vpflushdone},
    {0},
};

#define WARN_CACHE_WB "smp_func_do_phymem_cache_wb " WARN_TEARDOWN
#define CACHE_WB_LEAK                                                                              \
	HKID_LEAK("smp_func_do_phymem_cache_wb",                                                   \
		  "warns; as nothing was written back, TDH.MNG.KEY.FREEID fails, too",             \
		  WARN_CACHE_WB)

static const struct status cache_wb_start[] = {
    {ST_NO_HKID,
     HKID_LEAK("smp_func_do_phymem_cache_wb",
	       "takes it for success, but nothing was written back: TDH.MNG.KEY.FREEID fails",
	       WARN_TEARDOWN)},
    {ST_INTERRUPTED,
     HKID_LEAK("smp_func_do_phymem_cache_wb",
	       "resumes, but nothing was begun, so that fails, and TDH.MNG.KEY.FREEID, too",
	       WARN_CACHE_WB)},
    {ST_BUSY, CACHE_WB_LEAK},
    {ST_BUSY_KOT, CACHE_WB_LEAK},
    {ST_BUSY_WBCACHE, CACHE_WB_LEAK},
    {0},
};

static const struct status cache_wb_resume[] = {
    {ST_INTERRUPTED, CONTRACT_ABSORBED, 0, LEAK_NOTHING, "smp_func_do_phymem_cache_wb",
     "resumes, up to 10000 times", NULL},
    {ST_RESUME_ERROR, CACHE_WB_LEAK},
    {ST_BUSY, CACHE_WB_LEAK},
    {ST_BUSY_KOT, CACHE_WB_LEAK},
    {ST_BUSY_WBCACHE, CACHE_WB_LEAK},
    {0},
};

/* Argument 0 of tdh_phymem_cache_wb(resume); only a module that was interrupted is resumed. */
const struct context ctx_cache_wb[] = {
    {.name = "start", .args = {{0, SITE_EQ, 1, 0}}, .statuses = cache_wb_start},
    {.name = "resume", .args = {{0, SITE_EQ, 1, 1}}, .statuses = cache_wb_resume},
    {0},
};

#define FREEID_LEAK                                                                                \
	HKID_LEAK("tdx_mmu_release_hkid", "warns; the TD's pages can't be reclaimed", WARN_TEARDOWN)

static const struct status mng_key_freeid[] = {
    {ST_WBCACHE, FREEID_LEAK},	{ST_BUSY, FREEID_LEAK},	     {ST_BUSY_RCX, FREEID_LEAK},
    {ST_BUSY_KOT, FREEID_LEAK}, {ST_LIFECYCLE, FREEID_LEAK}, {0},
};

const struct context ctx_mng_key_freeid[] = {
    {.name = "teardown", .statuses = mng_key_freeid},
    {0},
};

#define RECLAIM_LEAK                                                                               \
	CONTRACT_LEAK, 0, LEAK_PAGES, "__tdx_reclaim_page",                                        \
	    "warns; the page is never freed, and as the TD has pages left, nor is its TDR",        \
	    WARN_RECLAIM
#define RECLAIM_TDR_LEAK                                                                           \
	CONTRACT_LEAK, 0, LEAK_PAGES, "tdx_reclaim_td_control_pages",                              \
	    "warns; the TDR is never freed", WARN_RECLAIM

static const struct status reclaim[] = {
    {ST_BUSY, RECLAIM_LEAK},	     {ST_BUSY_RCX, RECLAIM_LEAK},  {ST_BUSY_TDR, RECLAIM_LEAK},
    {ST_METADATA_RCX, RECLAIM_LEAK}, {ST_LIFECYCLE, RECLAIM_LEAK}, {0},
};

static const struct status reclaim_tdr[] = {
    {ST_BUSY, RECLAIM_TDR_LEAK},	{ST_BUSY_RCX, RECLAIM_TDR_LEAK},
    {ST_PAGES_EXIST, RECLAIM_TDR_LEAK}, {ST_METADATA_RCX, RECLAIM_TDR_LEAK},
    {ST_LIFECYCLE, RECLAIM_TDR_LEAK},	{0},
};

const struct context ctx_reclaim[] = {
    {.name = "any", .statuses = reclaim},
    {.name = "table", .callers = "tdx_sept_free_private_spt", .statuses = reclaim},
    {.name = "vcpu", .callers = "tdx_vcpu_free", .statuses = reclaim},
    {.name = "td",
     .callers = "tdx_reclaim_td_control_pages tdx_reclaim_control_page",
     .statuses = reclaim},
    {.name = "tdr",
     .callers = "tdx_reclaim_td_control_pages !tdx_reclaim_control_page",
     .statuses = reclaim_tdr},
    {0},
};

#define WBINVD_TDR_LEAK                                                                            \
	CONTRACT_LEAK, 0, LEAK_PAGES, "tdx_reclaim_td_control_pages",                              \
	    "warns; the TDR is reclaimed, but never freed",                                        \
	    "tdx_reclaim_td_control_pages "                                                        \
	    "tdx_vm_destroy"

static const struct status wbinvd_tdr[] = {
    {ST_BUSY, WBINVD_TDR_LEAK},
    {ST_BUSY_RCX, WBINVD_TDR_LEAK},
    {ST_METADATA_RCX, WBINVD_TDR_LEAK},
    {0},
};

const struct context ctx_wbinvd_tdr[] = {
    {.name = "teardown", .statuses = wbinvd_tdr},
    {0},
};
