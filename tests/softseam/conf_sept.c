// SPDX-License-Identifier: GPL-2.0-or-later
/* P1 to P13, the prefix of the leaves that work on an S-EPT entry. */
#include "conf.h"

#define NO_TABLE 0x40000000ULL /* GPA whose tables below the root's entry are missing */

static u8 level_of(const struct tdx_module_args *a)
{
	return a->rcx & 7;
}

static void refused(struct tdx_module_args a, u64 rcx, u64 rdx)
{
	expect(conf_run(a));
	outputs(rcx, rdx);
}

/* --- P8 and P9 --- */

static void pinfo_with(u64 bits)
{
	struct tdx_module_args a = conf_prepared();

	a.rcx |= bits;
	refused(a, 0, 0);
}

static void p8_low_bits(void)
{
	for (int bit = 3; bit < 12; bit++) {
		conf_begin(conf.row, 1);
		pinfo_with(BIT_ULL(bit));
	}
}

static void p8_high_bits(void)
{
	for (int bit = 52; bit < 64; bit++) {
		conf_begin(conf.row, 1);
		pinfo_with(BIT_ULL(bit));
	}
}

static void p8_level(void)
{
	struct tdx_module_args a = conf_prepared();

	for (u64 level = 0; level < 8; level++) {
		if (level >= conf_leaf()->min_level && level < conf_leaf()->bad_level)
			continue;
		a.rcx = level;
		refused(a, 0, 0);
	}
}

static void p8_alignment(void)
{
	struct tdx_module_args a = conf_prepared();

	a.rcx = (CONF_GPA + SEAM_PAGE_SIZE) | 1;
	refused(a, 0, 0);
	a.rcx = (CONF_GPA + (1 << 21)) | 2;
	refused(a, 0, 0);
}

static void p9_shared(void)
{
	pinfo_with(BIT_ULL(47));
}

static void p9_gpaw(void)
{
	struct tdx_module_args a = conf_prepared();
	u64 gpa = a.rcx;

	for (int bit = 48; bit < 52; bit++) {
		a.rcx = gpa | BIT_ULL(bit);
		refused(a, 0, 0);
	}
}

static void p9_before_p10(void)
{
	struct tdx_module_args a = conf_prepared();

	a.rcx |= BIT_ULL(47);
	conf_hold(&conf_tdr()->sept_lock, SEAM_EXCLUSIVE);
	refused(a, 0, 0);
	conf_let_go(&conf_tdr()->sept_lock, SEAM_EXCLUSIVE);
}

/* --- P10 --- */

static void p10_busy(void)
{
	struct tdx_module_args a = conf_prepared();
	struct seam_lock *lock = &conf_tdr()->sept_lock;
	enum seam_mode held = conf_leaf()->tree == SEAM_SHARED ? SEAM_EXCLUSIVE : SEAM_SHARED;

	conf_hold(lock, held);
	refused(a, 0, 0);
	conf_let_go(lock, held);
	/* Of a kind without host priority. */
	same(lock->v, 0);
	succeed(conf_run(a));
}

static void p10_latent(void)
{
	struct tdx_module_args a = conf_prepared();

	conf_latent(LATENT_SEPT_TREE, 1000000);
	refused(a, 0, 0);
	same(conf_provoked(conf_leaf()->rax, conf.row->status), 1);
	same(conf_tdr()->sept_lock.v, 0);
	conf_latent(LATENT_SEPT_TREE, 0);
	succeed(conf_run(a));
}

static void p10_shared(void)
{
	struct tdx_module_args a = conf_prepared();

	conf_hold(&conf_tdr()->sept_lock, SEAM_SHARED);
	succeed(conf_run(a));
	conf_let_go(&conf_tdr()->sept_lock, SEAM_SHARED);
}

static void p10_none(void)
{
	struct tdx_module_args a = conf_prepared();

	conf_hold(&conf_tdr()->sept_lock, SEAM_EXCLUSIVE);
	succeed(conf_run(a));
	conf_let_go(&conf_tdr()->sept_lock, SEAM_EXCLUSIVE);
}

static void p10_before_p11(void)
{
	struct tdx_module_args a = conf_prepared();

	a.rcx = NO_TABLE | conf_leaf()->min_level;
	conf_hold(&conf_tdr()->sept_lock, SEAM_EXCLUSIVE);
	refused(a, 0, 0);
	conf_let_go(&conf_tdr()->sept_lock, SEAM_EXCLUSIVE);
}

/* --- P11 --- */

/* RCX and RDX tell of the entry at which the walk stops. */
static void p11_walk(void)
{
	struct tdx_module_args a = conf_prepared();

	/* At the root: nothing there for this GPA. */
	a.rcx = BIT_ULL(46) | conf_leaf()->min_level;
	refused(a, BIT_ULL(63), 3);
	a.rcx = NO_TABLE | conf_leaf()->min_level;
	refused(a, BIT_ULL(63), 2);
	if (conf_leaf()->min_level)
		return;
	a.rcx = CONF_GPA + (1 << 21);
	refused(a, BIT_ULL(63), 1);
}

static void p11_blocked_table(void)
{
	struct tdx_module_args a = conf_prepared();
	u8 above = level_of(&a) + 1;
	u64 *entry = conf_entry_at(CONF_GPA, above);

	*entry = sept_make(SEPT_NL_BLOCKED, *entry & SEPT_HPA);
	refused(a, 0, above | 0x81 << 8);
}

static void p11_five_levels(void)
{
	struct tdx_module_args a = conf_prepared();
	u64 tdr = conf.td.tdr;

	arena_td_new(&conf.td, CONF_HKID + 1, TD_STATE_COMPLETE);
	succeed(call(MNG_INIT, .rcx = conf.td.tdr, .rdx = conf_params_52()));
	a.rdx ^= tdr ^ conf.td.tdr;
	a.rcx = BIT_ULL(49) | level_of(&a);
	refused(a, BIT_ULL(63), 4);
	/* With the root's entry there it ends one below. */
	succeed(call(MEM_SEPT_ADD, .rcx = BIT_ULL(49) | 4, .rdx = conf.td.tdr, .r8 = arena_page()));
	refused(a, BIT_ULL(63), 3);
}

static void p11_before_p12(void)
{
	struct tdx_module_args a = conf_prepared();
	u8 above = level_of(&a) + 1;
	u64 *entry = conf_entry_at(CONF_GPA, above);

	*entry = SEPT_FREE_RAW | SEPT_LOCK;
	refused(a, BIT_ULL(63), above);
	*entry = SEPT_FREE_RAW;
}

/* --- P12 --- */

static void p12_busy(void)
{
	struct tdx_module_args a = conf_prepared();
	u8 level = level_of(&a);
	u64 *entry = conf_entry_at(CONF_GPA, level);
	enum sept_state state = sept_state(*entry);
	u64 hpa = *entry & SEPT_HPA;

	*entry |= SEPT_LOCK;
	refused(a, conf_rcx_of(state, hpa), level | conf_rdx_of(state));
	must(*entry & SEPT_HP);
	must(*entry & SEPT_LOCK);
	*entry &= ~SEPT_LOCK;
	succeed(conf_run(a));
	must(!(*entry & SEPT_HP));
}

static void p12_latent(void)
{
	struct tdx_module_args a = conf_prepared();
	u8 level = level_of(&a);
	u64 *entry = conf_entry_at(CONF_GPA, level);
	enum sept_state state = sept_state(*entry);
	u64 hpa = *entry & SEPT_HPA;

	conf_latent(LATENT_SEPT_ENTRY, 1000000);
	refused(a, conf_rcx_of(state, hpa), level | conf_rdx_of(state));
	same(conf_provoked(conf_leaf()->rax, conf.row->status), 1);
	must(*entry & SEPT_HP);
	conf_latent(LATENT_SEPT_ENTRY, 0);
	succeed(conf_run(a));
	must(!(*entry & SEPT_HP));
}

static enum sept_state forbidden(void)
{
	enum sept_state s = SEPT_FREE;

	while (conf_leaf()->entry_states & 1U << s)
		s++;
	return s;
}

static void p12_before_p13(void)
{
	struct tdx_module_args a = conf_prepared();
	u8 level = level_of(&a);
	u64 *entry = conf_entry_at(CONF_GPA, level), hpa = arena_page();
	enum sept_state s = forbidden();

	*entry = sept_make(s, hpa) | SEPT_LOCK;
	refused(a, conf_rcx_of(s, hpa), level | conf_rdx_of(s));
	*entry &= ~SEPT_LOCK;
}

/* --- P13 --- */

static bool possible(enum sept_state s, u8 level)
{
	return level || (s != SEPT_NL_MAPPED && s != SEPT_NL_BLOCKED);
}

static void p13_states(void)
{
	struct tdx_module_args a = conf_prepared();
	u8 level = level_of(&a);
	u64 *entry = conf_entry_at(CONF_GPA, level), hpa = arena_page();

	for (enum sept_state s = SEPT_FREE; s < SEPT_NR_STATES; s++) {
		if (conf_leaf()->entry_states & 1U << s || !possible(s, level))
			continue;
		*entry = sept_make(s, hpa);
		refused(a, conf_rcx_of(s, hpa), level | conf_rdx_of(s));
		same(*entry, sept_make(s, hpa));
	}
}

/* The same at a level where an entry is no leaf. */
static void p13_level_1(void)
{
	struct tdx_module_args a = conf_prepared();
	u64 *entry = conf_entry_at(CONF_GPA, 1), raw = *entry;

	a.rcx |= 1;
	for (enum sept_state s = SEPT_FREE; s < SEPT_NR_STATES; s++) {
		if (conf_leaf()->entry_states & 1U << s)
			continue;
		*entry = sept_make(s, raw & SEPT_HPA);
		refused(a, conf_rcx_of(s, raw & SEPT_HPA), 1 | conf_rdx_of(s));
	}
}

static void p13_before_page(void)
{
	struct tdx_module_args a = conf_prepared();
	u8 level = level_of(&a);
	u64 *entry = conf_entry_at(CONF_GPA, level), hpa = arena_page();
	enum sept_state s = forbidden();

	*entry = sept_make(s, hpa);
	a.r8 |= 0x800;
	a.r9 |= 0x800;
	refused(a, conf_rcx_of(s, hpa), level | conf_rdx_of(s));
}

// clang-format off
#define SEPT_ROWS(leaf) \
	OBJECT_ROWS(leaf, "1.2 P1-P4", "TDR", ID_RDX), \
	TYPE_ORDER_ROW(leaf, "1.2 P4-P5", ID_RDX), \
	TD_ROWS(leaf, "1.2 P5"), \
	OP_STATE_ROWS(leaf, "1.2 P7-P8"), \
	ROW(leaf, S_OPERAND_INVALID | ID_RCX, "1.2 P8", "page_info: each of bits 11:3", p8_low_bits), \
	ROW(leaf, S_OPERAND_INVALID | ID_RCX, "1.2 P8", "page_info: each of bits 63:52", p8_high_bits), \
	ROW(leaf, S_OPERAND_INVALID | ID_RCX, "1.2 P8", "page_info: each level out of range", p8_level), \
	ROW(leaf, S_OPERAND_INVALID | ID_RCX, "1.2 P9", "GPA shared", p9_shared), \
	ROW(leaf, S_OPERAND_INVALID | ID_RCX, "1.2 P9", "GPA beyond GPAW", p9_gpaw), \
	ROW(leaf, S_EPT_WALK_FAILED | ID_RCX, "1.2 P11", "tables missing: details by level", p11_walk), \
	ROW(leaf, S_EPT_WALK_FAILED | ID_RCX, "1.2 P11", "table blocked: its details", p11_blocked_table), \
	ROW(leaf, S_EPT_WALK_FAILED | ID_RCX, "1.2 P11", "tables missing: details of 5 levels", p11_five_levels), \
	ROW(leaf, S_EPT_ENTRY_STATE_INCORRECT | ID_RCX, "1.2 P13", "each other state: details", p13_states)
#define LOCKING_ROWS(leaf) \
	SHARED_ROW(leaf, "1.2 P3", "TDR"), \
	OP_ROWS(leaf, "1.2 P6"), \
	ROW(leaf, S_OPERAND_INVALID | ID_RCX, "1.2 P9", "order: GPA, before the tree's lock", p9_before_p10), \
	ROW(leaf, S_OPERAND_BUSY | ID_SEPT_TREE, "1.2 P10", "tree locked; no host priority", p10_busy), \
	ROW(leaf, S_OPERAND_BUSY | ID_SEPT_TREE, "1.2 P10", "tree locked: latent", p10_latent), \
	ROW(leaf, S_OPERAND_BUSY | ID_SEPT_TREE, "1.2 P10", "order: tree locked, before the walk", p10_before_p11), \
	ROW(leaf, S_EPT_WALK_FAILED | ID_RCX, "1.2 P11", "order: walk, before the entry's lock", p11_before_p12), \
	ROW(leaf, S_OPERAND_BUSY | ID_RCX, "1.2 P12", "entry locked: details, host priority", p12_busy), \
	ROW(leaf, S_OPERAND_BUSY | ID_RCX, "1.2 P12", "entry locked: latent", p12_latent), \
	ROW(leaf, S_OPERAND_BUSY | ID_RCX, "1.2 P12", "order: entry locked, before its state", p12_before_p13)
#define TREE_SHARED_ROW(leaf) \
	ROW(leaf, S_SUCCESS, "1.3", "tree locked shared by another: no conflict", p10_shared)
#define P13_PAGE_ROW(leaf) \
	ROW(leaf, S_EPT_ENTRY_STATE_INCORRECT | ID_RCX, "1.3", "order: entry's state, before source and page", p13_before_page)

static const struct conf_row rows[] = {
	SEPT_ROWS("TDH.MEM.SEPT.ADD"),
	LOCKING_ROWS("TDH.MEM.SEPT.ADD"),
	TREE_SHARED_ROW("TDH.MEM.SEPT.ADD"),
	ROW("TDH.MEM.SEPT.ADD", S_OPERAND_INVALID | ID_RCX, "1.2 P8", "GPA not aligned to the level", p8_alignment),
	P13_PAGE_ROW("TDH.MEM.SEPT.ADD"),
	PAGE_ROWS("TDH.MEM.SEPT.ADD", "1.3", "page", ID_R8),
	SEPT_ROWS("TDH.MEM.PAGE.ADD"),
	OP_X_ROWS("TDH.MEM.PAGE.ADD", "1.3"),
	ROW("TDH.MEM.PAGE.ADD", S_SUCCESS, "1.3", "tree locked by another: not taken", p10_none),
	P13_PAGE_ROW("TDH.MEM.PAGE.ADD"),
	PAGE_ROWS("TDH.MEM.PAGE.ADD", "1.3", "page", ID_R8),
	SEPT_ROWS("TDH.MEM.PAGE.AUG"),
	LOCKING_ROWS("TDH.MEM.PAGE.AUG"),
	TREE_SHARED_ROW("TDH.MEM.PAGE.AUG"),
	P13_PAGE_ROW("TDH.MEM.PAGE.AUG"),
	PAGE_ROWS("TDH.MEM.PAGE.AUG", "1.3", "page", ID_R8),
	SEPT_ROWS("TDH.MEM.RANGE.BLOCK"),
	LOCKING_ROWS("TDH.MEM.RANGE.BLOCK"),
	ROW("TDH.MEM.RANGE.BLOCK", S_OPERAND_INVALID | ID_RCX, "1.2 P8", "GPA not aligned to the level", p8_alignment),
	SEPT_ROWS("TDH.MEM.PAGE.REMOVE"),
	LOCKING_ROWS("TDH.MEM.PAGE.REMOVE"),
	TREE_SHARED_ROW("TDH.MEM.PAGE.REMOVE"),
	ROW("TDH.MEM.PAGE.REMOVE", S_OPERAND_INVALID | ID_RCX, "1.2 P8", "GPA not aligned to the level", p8_alignment),
	ROW("TDH.MEM.PAGE.REMOVE", S_EPT_ENTRY_STATE_INCORRECT | ID_RCX, "1.3 P13", "level 1: no leaf", p13_level_1),
};
// clang-format on

CONF_TABLE(conf_sept, rows);
