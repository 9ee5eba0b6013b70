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
#include "seam_latent.h"
#include "seam_status.h"

#define SEAM_PAGE_SIZE	4096ULL

/* A SEAMCALL in progress. */
struct seam_call {
	struct tdx_module_args *a;	/* in and out */
	u32 leaf, version;
	u32 lp;
	bool provoked;	/* a latent knob had its way */
	bool spent;	/* the leaf's latent time is over */
};

/* Takes the time that the leaf is said to take; to be called with its locks held. */
void seam_spend(struct seam_call *c);

/*
 * Sharex try-lock: bit 15 is exclusive, bit 14 host priority, bits 13:0 count
 * sharers. A host's try that fails sets host priority, one that succeeds clears
 * it: between the two no guest gets the lock. (Those of the guest's TDCALLs that
 * are modelled take S-EPT entry locks only.)
 */
struct seam_lock {
	u16 v;
};

#define SEAM_LOCK_EXCLUSIVE	0x8000
#define SEAM_LOCK_HP		0x4000
#define SEAM_LOCK_SHARERS	0x3fff

enum seam_mode { SEAM_SHARED, SEAM_EXCLUSIVE };

/* @kind says which of the module's locks it is. */
bool seam_trylock(struct seam_call *c, struct seam_lock *lock, enum seam_mode mode,
		  enum seam_latent_kind kind);
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
	/*
	 * REG and EPT: TD epoch at which the page was blocked. NDA: that its cache lines
	 * are not written back yet, as seam_sys.writebacks + 1 of the time it was given back.
	 */
	u64 bepoch;
};

struct seam_td;

struct pamt *pamt_find(u64 pa);	/* NULL outside of initialized TDMRs */
u64 pamt_owner(const struct pamt *p);	/* TDR's pa */
/* A free page becomes one of @td's, or its TDR. Called with @p held exclusively. */
void pamt_give(struct pamt *p, enum pamt_type type, struct seam_td *td);
/* The opposite. */
void pamt_take(struct pamt *p, struct seam_td *td);
/*
 * The page that was taken has to be written back before anybody else has it, or the lines
 * with the TD's key may reach memory later: of the S-EPT's leaves and the TDR, as the
 * others are reclaimed after TDH.PHYMEM.CACHE.WB.
 */
void pamt_unwritten(struct pamt *p);

/*
 * Whether the module can read host memory at @pa: what an operand points to that is
 * not given to the module. In seam_kernel.c, or the user-space build's arena.
 */
bool seam_host_readable(u64 pa);

/*
 * The host has the page at @pa back, which was one of @type: it is to be freed, or used again.
 * In seam_kernel.c, which remembers that until then; nothing in the user-space build.
 */
void seam_page_left(u64 pa, enum pamt_type type);
/* Adds the pages that still wait for that to @n, by type. Kernel only; may sleep. */
void seam_pages_kept(u64 *n);

/*
 * Checks the address of a page (alignment, HKID bits, TDMR) and locks its PAMT
 * entry. @operand is the id of the register that holds the address.
 */
u64 pamt_get(struct seam_call *c, u64 pa, u32 operand, enum seam_mode mode,
	     enum seam_latent_kind kind, struct pamt **p);
/* The same for a page that a leaf wants to add: exclusively, and it must be of type NDA. */
u64 pamt_get_free(struct seam_call *c, u64 pa, u32 operand, struct pamt **p);

/* S-EPT entry states; e[6:0] = PS IPAT TDP TDB TDBW TDEX D, i.e. bits 7 6 56 55 54 53 9. */
enum sept_state {
	SEPT_FREE, SEPT_BLOCKED, SEPT_PENDING, SEPT_PENDING_BLOCKED, SEPT_MAPPED,
	SEPT_NL_BLOCKED, SEPT_NL_MAPPED, SEPT_NR_STATES,
};

#define SEPT_LOCK	BIT_ULL(11)
#define SEPT_HP		BIT_ULL(52)
#define SEPT_SVE	BIT_ULL(63)
#define SEPT_RWX	7ULL
#define SEPT_HPA	0x000ffffffffff000ULL
#define SEPT_FREE_RAW	0x80e0000000000000ULL
#define SEPT_ENTRIES	512

enum sept_state sept_state(u64 entry);
u64 sept_make(enum sept_state state, u64 hpa);
u8 sept_public_state(enum sept_state state);
bool sept_is_leaf(enum sept_state state);
void sept_clear_table(u64 *table);

enum lifecycle { TD_HKID_ASSIGNED, TD_KEYS_CONFIGURED, TD_BLOCKED, TD_TEARDOWN };
enum op_state { OP_UNINITIALIZED, OP_INITIALIZED, OP_RUNNABLE };

#define OPS(s)	(1U << (s))

#define SEAM_MAX_TDCX	9
#define SEAM_TDCX_PAGES	6
#define SEAM_TDVPS_TDCX	5	/* that a vCPU needs, besides its TDVPR */
#define SEAM_MAX_TDVPS	15	/* pages, TDVPR included */
/* What the TDCX pages hold, as far as it is modelled. */
#define SEAM_ROOT_TDCX	3	/* the S-EPT root */
#define SEAM_APIC_TDCX	4	/* u32: x2APIC id by vCPU index */
#define SEAM_VPS_TDCX	5	/* u32: pfn of the TDVPR by vCPU index */
#define SEAM_TLB_TDCX	0	/* of a vCPU: its TLB */
#define SEAM_OWNER_TDCX	1	/* of a vCPU: u64 by TLB entry: whose shared page it was */
#define SEAM_MAX_VCPUS	576
#define SEAM_NR_CPUID	18
#define SEAM_FIRST_HKID	32
#define SEAM_NR_HKIDS	32
#define SEAM_MAX_LPS	1024
#define SEAM_MAX_TDMRS	64
#define SEAM_MAX_RESERVED	16
#define SEAM_MAGIC_TD	0x72647464616d6f73ULL
#define SEAM_MAGIC_VP	0x7076646461656d73ULL

struct seam_cpuid {
	u64 ebx_eax, edx_ecx;
};

extern const u64 seam_cpuid_leaves[SEAM_NR_CPUID];	/* leaf | subleaf << 32, -1: none */
/* The bits of them that a TD may choose. */
extern const struct seam_cpuid seam_cpuid_mask[SEAM_NR_CPUID];

/*
 * The bits of a metadata field id that tell fields apart: the module ignores
 * size, context and mask bits. False if those that must be 0 are not.
 */
bool seam_field_key(u64 id, u64 *key);
/* What the leaves that name the next field say after the last; v1's do so always. */
#define SEAM_NO_FIELD	(~0ULL)

/* Lives in the TDR page. */
struct seam_td {
	u64 magic;
	u64 pa;
	u16 hkid;
	u8 lifecycle;
	u8 fatal;	/* atomic */
	u8 ntdcx;
	u8 levels;	/* of the S-EPT: 4 or 5 */
	u8 op_state;
	u8 keys;	/* packages whose key is configured */
	u64 tdcx[SEAM_MAX_TDCX];
	u64 chldcnt;	/* atomic: pages that the TD owns */
	u64 npages[PT_NR];	/* atomic: the same by type */
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
};

enum vp_state { VP_UNINITIALIZED, VP_READY = 2, VP_ACTIVE, VP_DISABLED };

#define GP_REGS		8
#define SEAM_EPF_MAX	32

/* What a TDVMCALL's answer is for. */
struct seam_reply {
	u8 pending;
	u8 status_reg, data_reg;	/* R10 and R11 go there; GP_REGS: nowhere */
	u8 four;	/* R12 to R15 go to r4 to r7 */
	u64 mask;	/* registers that the guest gave to the host */
};

/* Lives in the TDVPR page. */
struct seam_vp {
	u64 magic;
	u64 td_pa;
	u8 state;	/* atomic once initialized */
	u8 ntdcx;
	u64 tdcx[SEAM_MAX_TDVPS - 1];
	s32 lp;	/* associated LP or -1; atomic */
	u32 index;
	u64 entries;	/* that were tried; atomic */
	u64 epoch;
	/* VMCS fields that KVM writes */
	u8 has_nv;	/* POSTED_INTR_NV was written */
	u64 pi_nv, pi_desc, pin, secondary, notify_window, shared_eptp, pend_nmi;
	/* zero-step mitigation */
	u64 entry_pc;	/* RIP at the last entry */
	u32 epf_count;	/* violations at it */
	u32 nepf;
	u64 epf[SEAM_EPF_MAX];	/* GPAs of those beyond the threshold */
	/* the TLB */
	u32 tlb_gen;	/* of its valid entries; 0: never used */
	u32 invepts;	/* of the LP, when it was flushed last */
	/* the guest */
	u64 prog;	/* GPA of the program */
	u64 pc;		/* index of the next op */
	u64 reg[GP_REGS];
	u64 rng;
	u64 ops;	/* retired */
	u64 idle_ops;	/* since it did something that can be seen from outside */
	u64 hp_since;	/* when host priority began to hold it up, ns; 0: it does not */
	struct seam_reply reply;
};

#define SEAM_MAX_LEAF	64

struct seam_leaf {
	const char *name;
	u64 (*fn)(struct seam_call *c);
	u8 max_version;
	bool sys;	/* may be called before the module is ready */
};

extern const struct seam_leaf seam_leaves[SEAM_MAX_LEAF];

/* Why a call ended as it did. */
enum seam_cause {
	SEAM_NATURAL,	/* that is how things were */
	SEAM_PROVOKED,	/* a knob of the model's wanted it */
	SEAM_INJECTED,	/* fail_function answered in the module's place */
	SEAM_NR_CAUSES,
};

#define SEAM_STATUSES	24

/* Calls per leaf, by how they ended: RAX without the operand if that is a number. */
struct seam_count {
	struct {
		u64 status;	/* written once */
		u64 n[SEAM_NR_CAUSES];
	} s[SEAM_STATUSES];
	u64 used;	/* statuses; atomic */
	u64 other;	/* that found no room */
};

extern struct seam_count seam_counts[SEAM_MAX_LEAF];

void seam_count_status(u32 leaf, u64 status, enum seam_cause cause);

/* A TD opened by a leaf: the TDR's PAMT entry is locked, OP_STATE may be. */
struct td_ref {
	struct seam_call *c;
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
u64 td_open(struct seam_call *c, struct td_ref *r, u64 tdr_pa, enum seam_mode mode, u32 operand,
	    enum td_need need);
/* P6 and P7: OP_STATE lock, shared, unless the TDR is held exclusively; then the state. */
u64 td_gate(struct td_ref *r, u32 allowed);
void td_release_op_state(struct td_ref *r);
void td_close(struct td_ref *r);
/* One of the TD's TDCX pages. */
u32 *td_tdcx_array(struct seam_td *td, int tdcx);

/* A leaf at work on a vCPU: TDVPR and its TD's TDR are locked. */
struct vp_ref {
	struct seam_vp *vp;
	struct pamt *pamt;
	enum seam_mode mode;
	struct td_ref td;
};

u64 vp_open(struct seam_call *c, struct vp_ref *r, u64 pa, u32 operand, enum seam_mode mode,
	    enum seam_mode td_mode, enum td_need need);
void vp_close(struct vp_ref *r);
/* Makes the vCPU the calling LP's if it is nobody's. False: it is another one's. */
bool vp_associate(struct vp_ref *r, u32 lp);

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
/* Address of the page if the PAMT says that it is of that type and the TD's; else NULL. */
void *seam_private_page(struct seam_td *td, u64 hpa, enum pamt_type type);
/* What RCX and RDX tell the host of an entry: no address of a table, no lock bits. */
void sept_details(struct seam_call *c, const struct sept_pos *pos);

/* Outcome of running the guest. */
struct seam_exit {
	u64 rax, rcx, rdx, r8;
	u64 r10, r11, r12, r13, r14, r15;	/* if rax is TDCALL's exit reason */
	bool epf;	/* a private EPT violation that ACCEPT did not raise */
};

#define EXIT_TRIPLE_FAULT	2
#define EXIT_OTHER_SMI		6
#define EXIT_EPT_VIOLATION	48
#define EXIT_EPT_MISCONFIG	49
#define EXIT_TDCALL		77

/* A vCPU in guest mode. */
struct guest {
	struct seam_call *c;
	struct seam_td *td;
	struct seam_vp *vp;
	struct seam_exit *x;
	bool exited;
};

/* Runs for a bounded while; @c's registers are the answer to a TDVMCALL. */
void seam_guest_run(struct seam_call *c, struct seam_td *td, struct seam_vp *vp,
		    struct seam_exit *x);
void guest_leave(struct guest *g, u64 rax);

#define QUAL_READ	1
#define QUAL_WRITE	2
#define QUAL_EXEC	4

enum guest_access {
	GUEST_OK,
	GUEST_MMIO,	/* a #VE for a shared page, whose handler is to take it for MMIO */
	GUEST_LEFT,	/* the vCPU left the TD */
};

/* Translates @gpa by way of the TLB; *@mem is the memory there. */
enum guest_access guest_translate(struct guest *g, u64 gpa, u64 qual, u64 **mem);
/*
 * TDG.MEM.PAGE.ACCEPT of the page at @gpa, level 0 or 1. False if the vCPU left
 * the TD, else the status.
 */
bool guest_accept(struct guest *g, u64 gpa, u8 level, u64 *status);
void tlb_flush(struct seam_vp *vp);

u64 seam_vp_enter(struct seam_call *c);

/* Findings of the model: counters here, the last of them in the log. */
struct seam_findings {
	u64 stale_access;	/* an access by a translation to a page no longer its own */
	u64 stale_shared;	/* the same in the shared half: the host uses the page for something else */
	u64 shared_private;	/* KVM's EPT maps a page that the module owns */
	u64 data_mismatch;	/* GP_VERIFY read something else */
	u64 corrupt_sept;	/* an S-EPT entry points outside of the TD's pages */
	u64 corrupt_control;	/* a TDR or TDVPR page was overwritten */
	u64 unwritten;		/* a page was given again that the host got without a write-back */
};

extern struct seam_findings seam_findings;

/* Not findings, but good to know. */
struct seam_guest_counts {
	u64 tlb_hits, tlb_misses, tlb_flushes;
	u64 late_private, late_shared;	/* hits on entries blocked or zapped: still allowed */
	u64 zero_step_enters, zero_step_exits;	/* with the tree lock; of these fake exits */
	u64 accept_busy, host_priority_busy;
};

extern struct seam_guest_counts seam_guest_counts;

enum seam_log_kind {
	LOG_ILLEGAL_OP, LOG_BAD_ADDRESS, LOG_PAST_END, LOG_ENDLESS_LOOP, LOG_MOD_ZERO,
	LOG_STALE_ACCESS, LOG_STALE_SHARED, LOG_SHARED_PRIVATE, LOG_DATA_MISMATCH,
	LOG_CORRUPT_SEPT, LOG_NR_KINDS,
};

#define SEAM_LOG_SIZE	64

struct seam_log_entry {
	u64 seq;	/* from 1; 0 while it changes; atomic */
	u32 kind, vcpu;
	u64 tdr, pc;
	u64 gpa, hpa;
	u64 a, b;	/* by kind: PAMT type, and TD epoch << 32 | vCPU's; or read and expected */
};

struct seam_log {
	u64 seq;	/* of the last one; atomic */
	struct seam_log_entry entry[SEAM_LOG_SIZE];
};

extern struct seam_log seam_log;

/* What the vCPU can't do ends it, never the VM; the log says why. */
void guest_die(struct guest *g, enum seam_log_kind kind, u64 gpa, u64 hpa);
void seam_log_add(enum seam_log_kind kind, struct guest *g, u64 gpa, u64 hpa, u64 a, u64 b);

struct seam_area {
	u64 offset, size;
};

struct seam_tdmr {
	struct seam_lock lock;
	u64 base, size, pamt_pa;
	u64 done;	/* bytes initialized, from base */
	struct seam_area reserved[SEAM_MAX_RESERVED];
};

enum hkid_state { HKID_FREE, HKID_ASSIGNED, HKID_FLUSHED };

struct seam_hkid {
	u32 state;	/* enum hkid_state */
	u32 unwritten;	/* FLUSHED: packages whose caches are still to be written back */
	u64 tdr;
};

struct seam_lp {
	u8 init;
	u32 leaf;	/* that it is in, + 1; atomic */
	u64 tdr;	/* that the leaf works on; 0: none; atomic */
	u64 last_vp;	/* that ran there */
	u32 invepts;	/* by the host; atomic */
	u32 injected;	/* leaf, + 1, whose last call was made to fail in the module's place; atomic */
};

struct seam_package {
	struct seam_lock ket, wbt;
	u32 resume;	/* TDH.PHYMEM.CACHE.WB was interrupted; these HKIDs are left */
};

struct seam_sys {
	u8 ready, initialized, configured;
	u32 keys;	/* packages with a global key */
	u32 nlps, ntdmrs;
	struct seam_lock kot, global;
	struct seam_hkid hkid[SEAM_NR_HKIDS];
	struct seam_package package[SEAM_MAX_PACKAGES];
	struct seam_tdmr tdmr[SEAM_MAX_TDMRS];
	struct seam_lp lp[SEAM_MAX_LPS];
	u64 npages[PT_NR];	/* by type, NDA and RSVD aside; atomic */
	u64 writebacks;		/* of all caches, for a TD that ended; atomic */
};

extern struct seam_sys seam_sys;

u64 seam_call_leaf(u64 rax, struct tdx_module_args *a, u32 lp);
/* The host executed INVEPT on @lp, of whatever context. */
void seam_invept(u32 lp);

/* The leaves, by file. */
u64 seam_sys_init(struct seam_call *c);
u64 seam_sys_lp_init(struct seam_call *c);
u64 seam_sys_rd(struct seam_call *c);
u64 seam_sys_config(struct seam_call *c);
u64 seam_sys_key_config(struct seam_call *c);
u64 seam_sys_tdmr_init(struct seam_call *c);

u64 seam_mng_create(struct seam_call *c);
u64 seam_mng_addcx(struct seam_call *c);
u64 seam_mng_init(struct seam_call *c);
u64 seam_mng_rd(struct seam_call *c);
u64 seam_mr_extend(struct seam_call *c);
u64 seam_mr_finalize(struct seam_call *c);

u64 seam_mng_key_config(struct seam_call *c);
u64 seam_mng_vpflushdone(struct seam_call *c);
u64 seam_phymem_cache_wb(struct seam_call *c);
u64 seam_mng_key_freeid(struct seam_call *c);

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

/* TD_PARAMS at @pa against what the module allows; on success they are @td's. */
u64 seam_take_params(struct seam_call *c, struct seam_td *td, u64 pa);

#endif /* _SEAM_H */
