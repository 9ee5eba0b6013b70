/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conformance table: what softseam must answer, by section of the
 * specification that docs/softseam.md sums up. One row per leaf and status;
 * each with a test or with the reason why there is none.
 *
 * No assertion of a library's here: what is linked into every program of the
 * folder must not need one (test_conformance.c says where failures go).
 */
#ifndef SEPTORTURE_CONF_H
#define SEPTORTURE_CONF_H

#include "arena.h"
#include "guest_prog.h"

struct conf_row {
	const char *leaf; /* or, for what is no leaf's, a topic */
	u64 status; /* what RAX must be: with the operand's id */
	const char *section;
	const char *name;
	void (*fn)(void);
	const char *exception; /* why there is no fn */
};

struct conf_table {
	const struct conf_row *rows;
	size_t n;
};

/* Statuses that this model never has, for the rows that say so. */
#define CONF_SYS_SHUTDOWN	    0xc000050600000000ULL
#define CONF_LIMIT_CPUID_MAXVAL_SET 0xc000090100000000ULL
#define CONF_INCONSISTENT_MSR	    0xc000092000000000ULL
#define CONF_INCORRECT_MSR_VALUE    0xc000092100000000ULL
#define CONF_TSC_ROLLBACK	    0xc000070600000000ULL
#define CONF_WRONG_APIC_MODE	    0xe000000700000000ULL
#define CONF_CORRUPTED_MD	    0x6000000a00000000ULL
#define CONF_CROSS_TD_FAULT	    0x8000000800000000ULL
#define CONF_CROSS_TD_TRAP	    0x9000000900000000ULL

/* The table, by topic: one of each file. */
extern const struct conf_table conf_call, conf_format, conf_sys, conf_sys_rd, conf_td, conf_mr,
    conf_key, conf_vp, conf_vp_fields, conf_sept, conf_mem, conf_remove, conf_phymem, conf_enter,
    conf_exit, conf_zero_step, conf_guest, conf_accept, conf_track;
#define CONF_TABLE(topic, array)                                                                   \
	const struct conf_table topic = {(array), sizeof(array) / sizeof((array)[0])}

/* The test at work; all of it is as new for each one. */
struct conf {
	const struct conf_row *row;
	struct arena_td td;
	u64 vp; /* TDVPR of its vCPU */
	bool finding; /* the test makes the model find something, and looks at that itself */
};

extern struct conf conf;

#define CONF_HKID 33
#define CONF_PROG 0x200000ULL /* GPA of the vCPU's program */
#define CONF_GPA  0x400000ULL /* of a page that is free to use */
#define CONF_SVE  BIT_ULL(63) /* in the host's EPT: no #VE */

/* Brings up the module with 2 LPs in PACKAGES and forgets the test before. */
void conf_begin(const struct conf_row *row, u32 packages);
/* Asserts what must be so after every test: no lock held, nothing found. */
void conf_end(void);

/* --- Assertions --- */

/* Where failures go; must not return. */
extern void (*conf_failed)(const char *file, int line, const char *what);

void conf_same(u64 have, u64 want, const char *what, const char *file, int line);
#define same(have, want) conf_same((have), (want), #have, __FILE__, __LINE__)
#define must(condition)	 conf_same(!!(condition), 1, #condition, __FILE__, __LINE__)
/* RAX must be the row's. */
#define expect(rax)  conf_same((rax), conf.row->status, #rax, __FILE__, __LINE__)
#define succeed(rax) conf_same((rax), 0, #rax, __FILE__, __LINE__)
/* Outputs of the last call(). */
#define outputs(want_rcx, want_rdx)                                                                \
	do {                                                                                       \
		same(arena_out.rcx, want_rcx);                                                     \
		same(arena_out.rdx, want_rdx);                                                     \
	} while (0)

/* --- Situations --- */

/* The test's TD, that far. */
void conf_up(enum arena_td_state state);
/* The same with TD_PARAMS of the test's own, see arena_td_params(). */
void conf_up_with(u64 params);
/* TD_PARAMS for 5 levels and 52-bit GPAs. */
u64 conf_params_52(void);
/* A vCPU for it, of LP 0, with its program at CONF_PROG. */
void conf_vcpu(void);
/* A runnable TD with a vCPU that executes these ops, with that in ATTRIBUTES. */
void conf_guest_attr(u64 attributes, const struct gp_op *ops, size_t n);
#define conf_guest(...)                                                                            \
	conf_guest_attr(0, (const struct gp_op[]){__VA_ARGS__},                                    \
			sizeof((const struct gp_op[]){__VA_ARGS__}) / sizeof(struct gp_op))
/* A finalized TD with a vCPU that does nothing. */
void conf_runnable(void);
/* BLOCK and TRACK of a page. */
void conf_block(u64 gpa);
void conf_track_ok(void);
/* An entry of the host's EPT, for the shared alias of a GPA; its tables at need. */
u64 *conf_shared_entry(u64 gpa);
/* VP.ENTER on LP 0; RAX. */
#define enter() call(VP_ENTER, .rcx = conf.vp)

/* --- The model's inside --- */

struct seam_td *conf_tdr(void);
struct seam_vp *conf_tdvpr(void);
struct seam_lock *conf_lock_of(u64 page);
u64 *conf_entry_at(u64 gpa, u8 level);
/* Takes a lock as another LP's leaf would, and gives it back. */
void conf_hold(struct seam_lock *lock, enum seam_mode mode);
void conf_let_go(struct seam_lock *lock, enum seam_mode mode);
/* The knob makes each try fail; 0: none. */
void conf_latent(enum seam_latent_kind kind, u32 per_million);
/* Calls of LEAF that ended with STATUS because a knob wanted it. */
u64 conf_provoked(u32 leaf, u64 status);
/* What the host is told of an entry: RCX, and RDX without the level. */
u64 conf_rcx_of(enum sept_state state, u64 hpa);
u64 conf_rdx_of(enum sept_state state);

/*
 * Stops the model where it next touches the page at PA, and calls HOOK there:
 * another LP's view of a leaf at work. Once.
 */
void conf_trap(u64 pa, void (*hook)(void));
bool conf_trapped(void);
/* SEAMCALLs from a hook, whose registers are not those of the call that was stopped. */
#define call_inside(lp, rax, ...) arena_call_on((lp), (rax), &(struct tdx_module_args){__VA_ARGS__})

/* --- What is the same for many leaves --- */

/* A leaf, and how to make it succeed. */
struct conf_subject {
	const char *leaf;
	u64 rax;
	void (*prepare)(struct tdx_module_args *a);
	/* After prepare(): makes the first check fail that follows those of the object. */
	void (*spoil)(struct tdx_module_args *a);
	u64 success; /* status */
	u32 object; /* operand id of the register that holds the TDR or TDVPR */
	bool vp; /* it is a TDVPR */
	bool plain; /* it is any page */
	enum seam_mode mode; /* of its lock */
	enum seam_mode td_mode; /* of the TDR's, if it is a TDVPR */
	u32 page; /* operand id of the page that is added */
	u32 states; /* OP_STATEs, as bits; 0: any */
	u8 min_level, bad_level; /* S-EPT leaves */
	bool zeroes; /* RCX and RDX are 0 on failure */
	bool no_entry_lock; /* takes neither tree nor entry lock */
	enum seam_mode tree;
	u32 entry_states; /* that P13 lets through, as bits */
};

extern const struct conf_subject conf_subjects[];
/* That of the row at work. */
const struct conf_subject *conf_leaf(void);
/* Its registers, in a situation where it succeeds. */
struct tdx_module_args conf_prepared(void);
u64 *conf_reg(struct tdx_module_args *a, u32 id);
u64 conf_run(struct tdx_module_args a);

#define FN(name) void name(void);
/* conf_prefix.c: TDR or TDVPR, then OP_STATE and the like, then a page to add. */
FN(obj_unaligned)
FN(obj_hkid)
FN(obj_beyond)
FN(obj_no_tdmr)
FN(obj_uninitialized)
FN(obj_busy)
FN(obj_latent)
FN(obj_type)
FN(obj_shared)
FN(obj_order_12)
FN(obj_order_34)
FN(obj_order_45)
FN(td_busy)
FN(td_latent)
FN(td_order_busy)
FN(td_order_type)
FN(kot_order_type)
FN(td_fatal)
FN(td_keys)
FN(td_tdcx)
FN(td_order_5)
FN(td_order_56)
FN(td_order_57)
FN(op_busy)
FN(op_latent)
FN(op_skipped)
FN(op_state)
FN(op_allowed)
FN(op_order_67)
FN(op_order_78)
FN(page_unaligned)
FN(page_hkid)
FN(page_beyond)
FN(page_no_tdmr)
FN(page_uninitialized)
FN(page_busy)
FN(page_latent)
FN(page_type)
FN(page_reserved)
FN(page_order_12)
FN(page_order_34)

/* Their rows. */
#define ROW(leaf, status, section, name, fn)                                                       \
	{                                                                                          \
		leaf, status, section, name, fn, NULL                                              \
	}
#define EXCEPTION(leaf, status, section, name, why)                                                \
	{                                                                                          \
		leaf, status, section, name, NULL, why                                             \
	}

// clang-format off
#define OBJECT_ROWS(leaf, s, what, id) \
	ROW(leaf, S_OPERAND_INVALID | (id), s, what " not 4K aligned", obj_unaligned), \
	ROW(leaf, S_OPERAND_INVALID | (id), s, what " with HKID bits", obj_hkid), \
	ROW(leaf, S_OPERAND_INVALID | (id), s, what " beyond MAX_PA", obj_beyond), \
	ROW(leaf, S_OPERAND_ADDR_RANGE_ERROR | (id), s, what " in no TDMR", obj_no_tdmr), \
	ROW(leaf, S_OPERAND_ADDR_RANGE_ERROR | (id), s, what " in an uninitialized part of a TDMR", obj_uninitialized), \
	ROW(leaf, S_OPERAND_BUSY | (id), s, what " locked, and host priority", obj_busy), \
	ROW(leaf, S_OPERAND_BUSY | (id), s, what " locked: latent", obj_latent), \
	ROW(leaf, S_PAGE_METADATA_INCORRECT | (id), s, what " is another type of page", obj_type), \
	ROW(leaf, S_OPERAND_INVALID | (id), s, "order: " what " not aligned, before in no TDMR", obj_order_12), \
	ROW(leaf, S_OPERAND_BUSY | (id), s, "order: " what " locked, before its type", obj_order_34)
#define SHARED_ROW(leaf, s, what) \
	ROW(leaf, S_SUCCESS, s, what " locked shared by another: no conflict", obj_shared)
#define OWNER_ROWS(leaf, s) \
	ROW(leaf, S_OPERAND_BUSY | ID_TDR, s, "the vCPU's TDR locked, and host priority", td_busy), \
	ROW(leaf, S_OPERAND_BUSY | ID_TDR, s, "the vCPU's TDR locked: latent", td_latent), \
	ROW(leaf, S_OPERAND_BUSY | ID_TDR, s, "order: TDR locked, before what the TD is like", td_order_busy)
#define OWNER_ORDER_ROW(leaf, s, id) \
	ROW(leaf, S_PAGE_METADATA_INCORRECT | (id), s, "order: TDVPR's type, before the TDR's lock", td_order_type)
#define TD_ROWS(leaf, s) \
	ROW(leaf, S_TD_FATAL, s, "the TD is fatal", td_fatal), \
	ROW(leaf, S_TD_KEYS_NOT_CONFIGURED, s, "life cycle: HKID_ASSIGNED, BLOCKED, TEARDOWN", td_keys), \
	ROW(leaf, S_TDCS_NOT_ALLOCATED, s, "less than 6 TDCX pages", td_tdcx), \
	ROW(leaf, S_TD_FATAL, s, "order: fatal, before life cycle, before TDCX pages", td_order_5)
#define TYPE_ORDER_ROW(leaf, s, id) \
	ROW(leaf, S_PAGE_METADATA_INCORRECT | (id), s, "order: type, before fatal", obj_order_45)
#define OP_ROWS(leaf, s) \
	ROW(leaf, S_OPERAND_BUSY | ID_OP_STATE, s, "OP_STATE locked, and host priority", op_busy), \
	ROW(leaf, S_OPERAND_BUSY | ID_OP_STATE, s, "OP_STATE locked: latent", op_latent), \
	ROW(leaf, S_TDCS_NOT_ALLOCATED, s, "order: TDCX pages, before OP_STATE's lock", td_order_56), \
	ROW(leaf, S_OPERAND_BUSY | ID_OP_STATE, s, "order: OP_STATE locked, before its value", op_order_67)
#define OP_X_ROWS(leaf, s) \
	ROW(leaf, S_SUCCESS, s, "OP_STATE's lock is not taken, as the TDR's is exclusive", op_skipped), \
	ROW(leaf, S_TDCS_NOT_ALLOCATED, s, "order: TDCX pages, before OP_STATE", td_order_57)
#define OP_STATE_ROWS(leaf, s) \
	ROW(leaf, S_OP_STATE_INCORRECT, s, "each other OP_STATE of 0 to 2", op_state), \
	ROW(leaf, S_OP_STATE_INCORRECT, s, "order: OP_STATE, before the leaf's own checks", op_order_78), \
	ROW(leaf, S_SUCCESS, "1.6", "each allowed OP_STATE of 0 to 2", op_allowed)
#define PAGE_ROWS(leaf, s, what, id) \
	ROW(leaf, S_OPERAND_INVALID | (id), s, what " not 4K aligned", page_unaligned), \
	ROW(leaf, S_OPERAND_INVALID | (id), s, what " with HKID bits", page_hkid), \
	ROW(leaf, S_OPERAND_INVALID | (id), s, what " beyond MAX_PA", page_beyond), \
	ROW(leaf, S_OPERAND_ADDR_RANGE_ERROR | (id), s, what " in no TDMR", page_no_tdmr), \
	ROW(leaf, S_OPERAND_ADDR_RANGE_ERROR | (id), s, what " in an uninitialized part of a TDMR", page_uninitialized), \
	ROW(leaf, S_OPERAND_BUSY | (id), s, what " locked, and host priority", page_busy), \
	ROW(leaf, S_OPERAND_BUSY | (id), s, what " locked: latent", page_latent), \
	ROW(leaf, S_PAGE_METADATA_INCORRECT | (id), s, what " in use", page_type), \
	ROW(leaf, S_PAGE_METADATA_INCORRECT | (id), s, what " in a reserved area", page_reserved), \
	ROW(leaf, S_OPERAND_INVALID | (id), s, "order: " what " not aligned, before in no TDMR", page_order_12), \
	ROW(leaf, S_OPERAND_BUSY | (id), s, "order: " what " locked, before its type", page_order_34)
// clang-format on

#endif
