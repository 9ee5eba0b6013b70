// SPDX-License-Identifier: GPL-2.0-or-later
/* What KVM promises when the S-EPT can't be changed. */
#include "contracts.h"
#include "status.h"

/*
 * Who maps: a fault of a vCPU or KVM_PRE_FAULT_MEMORY, both of a finalized TD,
 * or KVM_TDX_INIT_MEM_REGION, before.
 */
#define BY_FAULT    "kvm_mmu_page_fault"
#define BY_PREFAULT "kvm_arch_vcpu_pre_fault_memory"
#define BY_POPULATE "kvm_tdp_mmu_map_private_pfn"

/*
 * Who removes: PUNCH_HOLE, the end of a guest_memfd (which a TD's own end waits
 * for), the end of a memslot, or a conversion to shared memory. Others may
 * call the next one as their last act, which takes them from the stack.
 */
#define BY_HOLE	   "kvm_gmem_fallocate"
#define BY_CLOSE   "kvm_gmem_release"
#define BY_SLOT	   "kvm_set_memslot"
#define BY_CONVERT "kvm_vm_ioctl !kvm_set_memslot"

#define WARN_ADD                                                                                   \
	"tdx_sept_set_private_spte tdx_sept_map_leaf_spte tdx_sept_map_nonleaf_spte "              \
	"tdx_mem_page_add tdx_mem_page_aug"
#define WARN_REMOVE "tdx_sept_set_private_spte tdx_sept_remove_leaf_spte tdx_track"

/*
 * A page that its TD still owns is freed all the same, and what gets it next,
 * TDR, control page, table or memory of another TD, is refused by the module.
 */
#define WARN_FREED WARN_RECLAIM " " WARN_INIT_VM " " WARN_INIT_VCPU " " WARN_ADD

#define WARN_CHANGED                                                                               \
	"handle_changed_spte __handle_changed_spte tdp_mmu_set_spte tdp_mmu_iter_set_spte "        \
	"tdp_mmu_zap_leafs"

/* ---- the wrapper ---- */

#define EXTERNAL_RETRY                                                                             \
	CONTRACT_RETRY, 0, LEAK_NOTHING, "tdp_mmu_set_spte_atomic",                                \
	    "drops the errno, restores the mirror SPTE; the caller gets RET_PF_RETRY", NULL

static const struct status external_map[] = {
    {ST_EBUSY, EXTERNAL_RETRY},
    {ST_EIO, EXTERNAL_RETRY},
    {0},
};

#define EXTERNAL_FATAL                                                                             \
	CONTRACT_VM_FATAL, 0, LEAK_PAGES, "handle_changed_spte",                                   \
	    "the mirror SPTE is gone, the page is freed, but the TD still owns it, and its TDR "   \
	    "can't be reclaimed",                                                                  \
	    WARN_CHANGED " " WARN_FREED

static const struct status external_remove[] = {
    {ST_EBUSY, EXTERNAL_FATAL},
    {ST_EIO, EXTERNAL_FATAL},
    {0},
};

/* Arguments of tdp_mmu_set_external_spte(kvm, gfn, old_spte, new_spte, level). */
#define OLD_NOT_PRESENT 2, SITE_EQ, SPTE_MMU_PRESENT, 0
#define OLD_PRESENT	2, SITE_EQ, SPTE_MMU_PRESENT, SPTE_MMU_PRESENT
/* All leaves are 4K pages so far, and these don't have the page size bit. */
#define LEVEL_4K     4, SITE_EQ, 0xffffffff, 1
#define LEVEL_NOT_4K 4, SITE_NE, 0xffffffff, 1

const struct context ctx_external[] = {
    {.name = "map", .args = {{OLD_NOT_PRESENT}}, .statuses = external_map},
    {.name = "map-leaf", .args = {{OLD_NOT_PRESENT}, {LEVEL_4K}}, .statuses = external_map},
    {.name = "map-table", .args = {{OLD_NOT_PRESENT}, {LEVEL_NOT_4K}}, .statuses = external_map},
    {.name = "map-populate",
     .args = {{OLD_NOT_PRESENT}},
     .callers = BY_POPULATE,
     .statuses = external_map},
    {.name = "map-fault",
     .args = {{OLD_NOT_PRESENT}},
     .callers = BY_FAULT,
     .statuses = external_map},
    {.name = "map-prefault",
     .args = {{OLD_NOT_PRESENT}},
     .callers = BY_PREFAULT,
     .statuses = external_map},
    {.name = "remove", .args = {{OLD_PRESENT}}, .statuses = external_remove},
    {.name = "remove-hole",
     .args = {{OLD_PRESENT}},
     .callers = BY_HOLE,
     .statuses = external_remove},
    {.name = "remove-close",
     .args = {{OLD_PRESENT}},
     .callers = BY_CLOSE,
     .statuses = external_remove},
    {.name = "remove-slot",
     .args = {{OLD_PRESENT}},
     .callers = BY_SLOT,
     .statuses = external_remove},
    {.name = "remove-convert",
     .args = {{OLD_PRESENT}},
     .callers = BY_CONVERT,
     .statuses = external_remove},
    {0},
};

/* ---- pages and tables are added ---- */

#define ADD_RETRY(decider)                                                                         \
	CONTRACT_RETRY, 0, LEAK_NOTHING, decider,                                                  \
	    "any TDX_OPERAND_BUSY becomes -EBUSY: the mirror SPTE is restored, the fault retried", \
	    NULL
#define ADD_FATAL(decider)                                                                         \
	CONTRACT_VM_FATAL, 0, LEAK_NOTHING, decider,                                               \
	    "bugs the VM; the mirror SPTE is restored, the retry finds the VM dead", WARN_ADD

/* Owns the TDR alone, so it takes no lock of the tree or of an entry. */
static const struct status page_add[] = {
    {ST_BUSY, ADD_RETRY("tdx_mem_page_add")},
    {ST_BUSY_RDX, ADD_RETRY("tdx_mem_page_add")},
    {ST_BUSY_R8, ADD_RETRY("tdx_mem_page_add")},
    {ST_ENTRY_STATE_RCX, ADD_FATAL("tdx_mem_page_add")},
    {ST_WALK_FAILED_RCX, ADD_FATAL("tdx_mem_page_add")},
    {ST_METADATA_R8, ADD_FATAL("tdx_mem_page_add")},
    {0},
};

/* Only ever before the TD is finalized. */
const struct context ctx_page_add[] = {
    {.name = "map", .statuses = page_add},
    {0},
};

static const struct status page_aug[] = {
    {ST_BUSY, ADD_RETRY("tdx_mem_page_aug")},
    {ST_BUSY_RCX, ADD_RETRY("tdx_mem_page_aug")},
    {ST_BUSY_RDX, ADD_RETRY("tdx_mem_page_aug")},
    {ST_BUSY_R8, ADD_RETRY("tdx_mem_page_aug")},
    {ST_BUSY_SEPT, ADD_RETRY("tdx_mem_page_aug")},
    {ST_BUSY_OP_STATE, ADD_RETRY("tdx_mem_page_aug")},
    {ST_ENTRY_STATE_RCX, ADD_FATAL("tdx_mem_page_aug")},
    {ST_WALK_FAILED_RCX, ADD_FATAL("tdx_mem_page_aug")},
    {ST_METADATA_R8, ADD_FATAL("tdx_mem_page_aug")},
    {0},
};

/* Only ever after the TD is finalized. */
const struct context ctx_page_aug[] = {
    {.name = "map", .statuses = page_aug},
    {.name = "map-fault", .callers = BY_FAULT, .statuses = page_aug},
    {.name = "map-prefault", .callers = BY_PREFAULT, .statuses = page_aug},
    {0},
};

static const struct status sept_add[] = {
    {ST_BUSY, ADD_RETRY("tdx_sept_map_nonleaf_spte")},
    {ST_BUSY_RCX, ADD_RETRY("tdx_sept_map_nonleaf_spte")},
    {ST_BUSY_RDX, ADD_RETRY("tdx_sept_map_nonleaf_spte")},
    {ST_BUSY_R8, ADD_RETRY("tdx_sept_map_nonleaf_spte")},
    {ST_BUSY_SEPT, ADD_RETRY("tdx_sept_map_nonleaf_spte")},
    {ST_BUSY_OP_STATE, ADD_RETRY("tdx_sept_map_nonleaf_spte")},
    {ST_ENTRY_STATE_RCX, ADD_FATAL("tdx_sept_map_nonleaf_spte")},
    {ST_WALK_FAILED_RCX, ADD_FATAL("tdx_sept_map_nonleaf_spte")},
    {ST_METADATA_R8, ADD_FATAL("tdx_sept_map_nonleaf_spte")},
    {0},
};

const struct context ctx_sept_add[] = {
    {.name = "map", .statuses = sept_add},
    {.name = "map-populate", .callers = BY_POPULATE, .statuses = sept_add},
    {.name = "map-fault", .callers = BY_FAULT, .statuses = sept_add},
    {.name = "map-prefault", .callers = BY_PREFAULT, .statuses = sept_add},
    {0},
};

/* ---- pages are removed ---- */

/*
 * tdh_do_no_vcpus() is a macro; the functions named here use it. Before the TD
 * is finalized there is no TRACK; BLOCK and REMOVE don't differ.
 */
#define ONCE(decider)                                                                              \
	CONTRACT_ONCE, 0, LEAK_NOTHING, decider,                                                   \
	    "tries once more with all vCPUs kept out (tdh_do_no_vcpus()); a second bugs the VM",   \
	    NULL
#define REMOVE_FATAL(decider, why)                                                                 \
	CONTRACT_VM_FATAL, 0, LEAK_PAGES, decider, why,                                            \
	    "tdx_sept_remove_leaf_spte tdx_track " WARN_FREED

#define KEPT "bugs the VM; the page is freed, but the TD still owns it, and its TDR is lost, too"

static const struct status range_block[] = {
    {ST_BUSY, ONCE("tdx_sept_remove_leaf_spte")},
    {ST_BUSY_RCX, ONCE("tdx_sept_remove_leaf_spte")},
    {ST_BUSY_RDX, ONCE("tdx_sept_remove_leaf_spte")},
    {ST_BUSY_SEPT, ONCE("tdx_sept_remove_leaf_spte")},
    {ST_BUSY_OP_STATE, ONCE("tdx_sept_remove_leaf_spte")},
    {ST_ALREADY_BLOCKED_RCX, REMOVE_FATAL("tdx_sept_remove_leaf_spte", KEPT)},
    {ST_ENTRY_STATE_RCX, REMOVE_FATAL("tdx_sept_remove_leaf_spte", KEPT)},
    {ST_WALK_FAILED_RCX, REMOVE_FATAL("tdx_sept_remove_leaf_spte", KEPT)},
    {0},
};

const struct context ctx_range_block[] = {
    {.name = "remove", .statuses = range_block},
    {.name = "remove-hole", .callers = BY_HOLE, .statuses = range_block},
    {.name = "remove-close", .callers = BY_CLOSE, .statuses = range_block},
    {.name = "remove-slot", .callers = BY_SLOT, .statuses = range_block},
    {.name = "remove-convert", .callers = BY_CONVERT, .statuses = range_block},
    {0},
};

#define NOT_TRACKED "bugs the VM and goes on; TDH.MEM.PAGE.REMOVE then refuses, and the page stays"

static const struct status track[] = {
    {ST_BUSY, ONCE("tdx_track")},
    {ST_BUSY_RCX, ONCE("tdx_track")},
    {ST_BUSY_OP_STATE, ONCE("tdx_track")},
    {ST_BUSY_EPOCH, ONCE("tdx_track")},
    {ST_EPOCH_BUSY, REMOVE_FATAL("tdx_track", NOT_TRACKED)},
    {ST_OP_STATE, REMOVE_FATAL("tdx_track", NOT_TRACKED)},
    {0},
};

const struct context ctx_track[] = {
    {.name = "remove", .statuses = track},
    {.name = "remove-hole", .callers = BY_HOLE, .statuses = track},
    {.name = "remove-close", .callers = BY_CLOSE, .statuses = track},
    {.name = "remove-slot", .callers = BY_SLOT, .statuses = track},
    {.name = "remove-convert", .callers = BY_CONVERT, .statuses = track},
    {0},
};

static const struct status page_remove[] = {
    {ST_BUSY, ONCE("tdx_sept_remove_leaf_spte")},
    {ST_BUSY_RCX, ONCE("tdx_sept_remove_leaf_spte")},
    {ST_BUSY_RDX, ONCE("tdx_sept_remove_leaf_spte")},
    {ST_BUSY_SEPT, ONCE("tdx_sept_remove_leaf_spte")},
    {ST_BUSY_OP_STATE, ONCE("tdx_sept_remove_leaf_spte")},
    {ST_NOT_TRACKED_RCX, REMOVE_FATAL("tdx_sept_remove_leaf_spte", KEPT)},
    {ST_NOT_BLOCKED_RCX, REMOVE_FATAL("tdx_sept_remove_leaf_spte", KEPT)},
    {ST_ENTRY_STATE_RCX, REMOVE_FATAL("tdx_sept_remove_leaf_spte", KEPT)},
    {ST_WALK_FAILED_RCX, REMOVE_FATAL("tdx_sept_remove_leaf_spte", KEPT)},
    {0},
};

const struct context ctx_page_remove[] = {
    {.name = "remove", .statuses = page_remove},
    {.name = "remove-hole", .callers = BY_HOLE, .statuses = page_remove},
    {.name = "remove-close", .callers = BY_CLOSE, .statuses = page_remove},
    {.name = "remove-slot", .callers = BY_SLOT, .statuses = page_remove},
    {.name = "remove-convert", .callers = BY_CONVERT, .statuses = page_remove},
    {0},
};

#define NOT_WRITTEN_BACK                                                                           \
	CONTRACT_VM_FATAL, 0, LEAK_NOTHING, "tdx_sept_remove_leaf_spte",                           \
	    "bugs the VM; the page is free and its TD's no more, but was not written back",        \
	    WARN_REMOVE

static const struct status wbinvd_hkid[] = {
    {ST_BUSY, NOT_WRITTEN_BACK},
    {ST_BUSY_RCX, NOT_WRITTEN_BACK},
    {ST_METADATA_RCX, NOT_WRITTEN_BACK},
    {0},
};

const struct context ctx_wbinvd_hkid[] = {
    {.name = "remove", .statuses = wbinvd_hkid},
    {.name = "remove-hole", .callers = BY_HOLE, .statuses = wbinvd_hkid},
    {.name = "remove-close", .callers = BY_CLOSE, .statuses = wbinvd_hkid},
    {.name = "remove-slot", .callers = BY_SLOT, .statuses = wbinvd_hkid},
    {.name = "remove-convert", .callers = BY_CONVERT, .statuses = wbinvd_hkid},
    {0},
};
