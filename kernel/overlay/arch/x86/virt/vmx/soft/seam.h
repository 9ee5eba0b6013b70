/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * softseam's inside. The facts come from docs/softseam.md, which names the
 * TDX module version modelled.
 *
 * Rules of the model: no kernel lock, printk, RCU or tracing (SEAMCALLs come
 * from noinstr code with interrupts disabled); every module lock is a try-lock
 * that never waits; operands are physical addresses, and none is touched
 * before its PAMT entry says that the page is what the leaf expects.
 */
#ifndef _SEAM_H
#define _SEAM_H

#include "seam_os.h"
#include "seam_status.h"

#define SEAM_PAGE_SIZE	4096ULL

/* Sharex try-lock: bit 15 is exclusive, bits 14:0 count sharers. */
struct seam_lock {
	u16 v;
};

enum seam_mode { SEAM_SHARED, SEAM_EXCLUSIVE };

bool seam_trylock(struct seam_lock *lock, enum seam_mode mode);
void seam_unlock(struct seam_lock *lock, enum seam_mode mode);

/* PAMT page types */
enum pamt_type {
	PT_NDA = 0, PT_RSVD = 1, PT_REG = 3, PT_TDR = 4, PT_TDCX = 5, PT_TDVPR = 6, PT_EPT = 8,
};

#define PT_NR	9

/* One entry per 4K page, in memory that the kernel gave with TDH.SYS.CONFIG. */
struct pamt {
	struct seam_lock lock;
	u8 type;
	u8 owner_hi;	/* pfn of the owning TDR, bits 39:32 */
	u32 owner_lo;
	u64 bepoch;	/* REG and EPT: TD epoch at which the page was blocked */
};

struct pamt *pamt_find(u64 pa);	/* NULL outside of initialized TDMRs */
u64 pamt_owner(const struct pamt *p);	/* TDR's pa */
void pamt_set(struct pamt *p, enum pamt_type type, u64 tdr_pa);

/*
 * Checks the address of a page (alignment, HKID bits, TDMR) and locks its PAMT
 * entry. @operand is the id of the register that holds the address.
 */
u64 pamt_get(u64 pa, u32 operand, enum seam_mode mode, struct pamt **p);
/* The same for a page that a leaf wants to add: exclusively, and it must be of type NDA. */
u64 pamt_get_free(u64 pa, u32 operand, struct pamt **p);

/* S-EPT entry states; e[6:0] = PS IPAT TDP TDB TDBW TDEX D, i.e. bits 7 6 56 55 54 53 9. */
enum sept_state {
	SEPT_FREE, SEPT_BLOCKED, SEPT_PENDING, SEPT_PENDING_BLOCKED, SEPT_MAPPED,
	SEPT_NL_BLOCKED, SEPT_NL_MAPPED, SEPT_NR_STATES,
};

#define SEPT_LOCK	BIT_ULL(11)
#define SEPT_SVE	BIT_ULL(63)
#define SEPT_RWX	7ULL
#define SEPT_HPA	0x000ffffffffff000ULL
#define SEPT_FREE_RAW	0x80e0000000000000ULL

enum sept_state sept_state(u64 entry);
u64 sept_make(enum sept_state state, u64 hpa);
u8 sept_public_state(enum sept_state state);
bool sept_is_leaf(enum sept_state state);

enum lifecycle { TD_HKID_ASSIGNED, TD_KEYS_CONFIGURED, TD_BLOCKED, TD_TEARDOWN };
enum op_state { OP_UNINITIALIZED, OP_INITIALIZED, OP_RUNNABLE };

#define OPS(s)	(1U << (s))

#define SEAM_MAX_TDCX	9
#define SEAM_TDCX_PAGES	6
#define SEAM_TDVPS_TDCX	5
#define SEAM_ROOT_TDCX	3	/* the 4th page is the S-EPT root */
#define SEAM_MAX_VCPUS	576
#define SEAM_NR_CPUID	18
#define SEAM_FIRST_HKID	32
#define SEAM_NR_HKIDS	32
#define SEAM_MAGIC_TD	0x72647464616d6f73ULL
#define SEAM_MAGIC_VP	0x7076646461656d73ULL

struct seam_cpuid {
	u64 ebx_eax, edx_ecx;
};

/* Lives in the TDR page. */
struct seam_td {
	u64 magic;
	u64 pa;
	u16 hkid;
	u8 lifecycle;
	u8 fatal;
	u8 ntdcx;
	u8 levels;	/* of the S-EPT: 4 or 5 */
	u8 op_state;
	u64 tdcx[SEAM_MAX_TDCX];
	u64 chldcnt;	/* atomic: pages that the TD owns */
	struct seam_lock op_lock, sept_lock, epoch_lock;
	u64 epoch;
	u32 refcount[2];	/* vCPUs in guest mode per parity of their epoch; atomic */
	u32 nvcpus;	/* atomic */
	u32 nassoc;	/* vCPUs associated with an LP; atomic */
	u16 max_vcpus;
	u64 attributes, xfam, eptp_controls, config_flags;
	u64 gpaw_shared;	/* the SHARED bit of a GPA */
	u64 augs, removes;	/* successful leaves, for the audit; atomic */
	struct seam_cpuid cpuid[SEAM_NR_CPUID];
	u32 x2apic[SEAM_MAX_VCPUS];
};

enum vp_state { VP_UNINITIALIZED, VP_READY = 2, VP_ACTIVE, VP_DISABLED };

#define GP_REGS	8

/* Lives in the TDVPR page. */
struct seam_vp {
	u64 magic;
	u64 td_pa;
	u8 state;	/* atomic once initialized */
	u8 ntdcx;
	u64 tdcx[SEAM_TDVPS_TDCX];
	s32 lp;	/* associated LP or -1 */
	u32 index;
	u64 entries;	/* that were tried */
	u64 epoch;
	/* VMCS fields that KVM writes */
	u8 has_nv;	/* POSTED_INTR_NV was written */
	u64 pi_nv, pi_desc, pin, secondary, notify_window, shared_eptp, pend_nmi;
	/* the guest */
	u64 prog;	/* GPA of the program */
	u64 pc;		/* index of the next op */
	u64 reg[GP_REGS];
	u64 rng;
	u64 ops;	/* retired */
};

/* A SEAMCALL in progress. */
struct seam_call {
	struct tdx_module_args *a;	/* in and out */
	u32 leaf, version;
	u32 lp;
};

#define SEAM_MAX_LEAF	64
#define SEAM_STATUSES	8

struct seam_leaf {
	const char *name;
	u64 (*fn)(struct seam_call *c);
	u8 max_version;
	bool sys;	/* may be called before the module is ready */
};

extern const struct seam_leaf seam_leaves[SEAM_MAX_LEAF];

/* Counted per leaf: calls, and those that failed with BUSY or otherwise. */
struct seam_count {
	u64 calls, busy, failed;
};

extern struct seam_count seam_counts[SEAM_MAX_LEAF];

/* A TD opened by a leaf: the TDR's PAMT entry is locked, OP_STATE may be. */
struct td_ref {
	struct seam_td *td;
	struct pamt *pamt;
	enum seam_mode mode;
	bool op_locked;
};

enum td_need { TD_ANY, TD_KEYED, TD_COMPLETE };

/*
 * Checks P1 to P5 of the S-EPT leaves' common prefix: address, TDMR, lock in
 * @mode, PAMT type, and as far as @need says: not fatal, keys configured, all
 * TDCX pages there. On failure nothing stays locked.
 */
u64 td_open(struct td_ref *r, u64 tdr_pa, enum seam_mode mode, u32 operand, enum td_need need);
/* P6 and P7: OP_STATE lock, shared, unless the TDR is held exclusively; then the state. */
u64 td_gate(struct td_ref *r, u32 allowed);
void td_release_op_state(struct td_ref *r);
void td_close(struct td_ref *r);

/* Where a walk of the S-EPT ended. */
struct sept_pos {
	u64 *entry;
	u64 val;
	u8 level;
};

/*
 * Walks to the entry for @gpa at @level; false if the walk ends above it.
 * @pos then is the stopping entry.
 */
bool sept_walk(struct seam_td *td, u64 gpa, u8 level, struct sept_pos *pos);
void *seam_private_page(struct seam_td *td, u64 hpa, enum pamt_type type);

u64 seam_vp_enter(struct seam_call *c);

/* Outcome of running the guest. */
struct seam_exit {
	u64 rax, rcx, rdx, r8;
	u64 tdvmcall;	/* GHCI leaf, if rax is TDCALL's exit reason */
	u64 r12, r13, r14, r15;	/* its arguments */
};

void seam_guest_run(struct seam_td *td, struct seam_vp *vp, struct seam_exit *x);

/* Accept the page at @gpa on behalf of the guest (TDG.MEM.PAGE.ACCEPT, 4K). */
enum accept_result { ACCEPT_OK, ACCEPT_ALREADY, ACCEPT_BUSY, ACCEPT_VIOLATION };
enum accept_result seam_accept(struct seam_td *td, u64 gpa, struct sept_pos *pos);

/* Findings of the model, for the audit. */
struct seam_findings {
	u64 stale_access;	/* a guest access reached a page that isn't the TD's own */
	u64 corrupt_sept;	/* an S-EPT entry points outside of the TD's pages */
	u64 corrupt_control;	/* a TDR or TDVPR page was overwritten */
};

extern struct seam_findings seam_findings;

struct seam_sys {
	u8 ready, initialized, configured;
	u32 nlps, ntdmrs;
	u32 hkid_state[SEAM_NR_HKIDS];	/* enum hkid_state */
	u64 hkid_tdr[SEAM_NR_HKIDS];
	struct seam_lock kot;
	struct seam_lock global;
};

enum hkid_state { HKID_FREE, HKID_ASSIGNED, HKID_FLUSHED, HKID_WRITTEN_BACK };

extern struct seam_sys seam_sys;

u64 seam_call_leaf(u64 rax, struct tdx_module_args *a, u32 lp);

/* The leaves, by file. */
u64 seam_sys_init(struct seam_call *c);
u64 seam_sys_lp_init(struct seam_call *c);
u64 seam_sys_rd(struct seam_call *c);
u64 seam_sys_config(struct seam_call *c);
u64 seam_sys_key_config(struct seam_call *c);
u64 seam_sys_tdmr_init(struct seam_call *c);

u64 seam_mng_create(struct seam_call *c);
u64 seam_mng_key_config(struct seam_call *c);
u64 seam_mng_addcx(struct seam_call *c);
u64 seam_mng_init(struct seam_call *c);
u64 seam_mng_rd(struct seam_call *c);
u64 seam_mng_vpflushdone(struct seam_call *c);
u64 seam_mng_key_freeid(struct seam_call *c);
u64 seam_mr_extend(struct seam_call *c);
u64 seam_mr_finalize(struct seam_call *c);

u64 seam_vp_create(struct seam_call *c);
u64 seam_vp_addcx(struct seam_call *c);
u64 seam_vp_init(struct seam_call *c);
u64 seam_vp_rd(struct seam_call *c);
u64 seam_vp_wr(struct seam_call *c);
u64 seam_vp_flush(struct seam_call *c);

u64 seam_mem_page_add(struct seam_call *c);
u64 seam_mem_sept_add(struct seam_call *c);
u64 seam_mem_page_aug(struct seam_call *c);
u64 seam_mem_range_block(struct seam_call *c);
u64 seam_mem_track(struct seam_call *c);
u64 seam_mem_page_remove(struct seam_call *c);

u64 seam_phymem_page_reclaim(struct seam_call *c);
u64 seam_phymem_page_wbinvd(struct seam_call *c);
u64 seam_phymem_page_rdmd(struct seam_call *c);
u64 seam_phymem_cache_wb(struct seam_call *c);

#endif /* _SEAM_H */
