// SPDX-License-Identifier: GPL-2.0-or-later
/* What SEPT.ADD, PAGE.ADD, PAGE.AUG and RANGE.BLOCK do after their prefix. */
#include "conf.h"

#define ALLOW_EXISTING 1
#define NO_PAGE	       (~0ULL)

/* --- SEPT.ADD --- */

static u64 sept_add(u64 version, u64 pinfo, u64 flags, u64 page)
{
	return call(MEM_SEPT_ADD | version, .rcx = pinfo, .rdx = conf.td.tdr | flags, .r8 = page);
}

/* The level-1 entry at CONF_GPA is FREE. */
static void up(void)
{
	conf_up(TD_STATE_INITIALIZED);
	arena_tables(&conf.td, CONF_PROG);
}

static void sept_add_rdx(void)
{
	up();
	for (int bit = 1; bit < 64; bit++) {
		if (bit >= 12 && bit < 52)
			continue;
		expect(sept_add(0, CONF_GPA | 1, BIT_ULL(bit), arena_page()));
		outputs(0, 0);
		/* Before the TDR is looked for. */
		expect(
		    call(MEM_SEPT_ADD, .rcx = CONF_GPA | 1, .rdx = ARENA_NO_TDMR | BIT_ULL(bit)));
	}
}

static void sept_add_no_page(void)
{
	up();
	expect(sept_add(0, CONF_GPA | 1, 0, NO_PAGE));
	expect(sept_add(0, CONF_GPA | 1, ALLOW_EXISTING, NO_PAGE));
	/* Of a table that is there, too. */
	expect(sept_add(0, CONF_PROG | 1, ALLOW_EXISTING, NO_PAGE));
	expect(sept_add(0, CONF_PROG | 1, 0, NO_PAGE));
}

static void sept_add_no_page_order(void)
{
	u64 *entry;

	up();
	entry = conf_entry_at(CONF_PROG, 1);
	*entry = sept_make(SEPT_NL_BLOCKED, *entry & SEPT_HPA);
	expect(sept_add(0, CONF_PROG | 1, 0, NO_PAGE));
	outputs(0, 1 | 0x81 << 8);
}

static void sept_add_exists(void)
{
	u64 page;

	up();
	page = arena_page();
	expect(sept_add(0, CONF_PROG | 1, 0, page));
	outputs(7, 1 | 0x84 << 8);
	expect(sept_add(0, 0 | 2, 0, page));
	outputs(7, 2 | 0x84 << 8);
	same(pamt_find(page)->type, PT_NDA);
	/* Before the page. */
	expect(sept_add(0, CONF_PROG | 1, 0, 1));
}

static void sept_add_allow(void)
{
	u64 page, raw, children;

	up();
	page = arena_page();
	raw = *conf_entry_at(CONF_PROG, 1);
	children = conf_tdr()->chldcnt;
	expect(sept_add(0, CONF_PROG | 1, ALLOW_EXISTING, page));
	outputs(0, 0);
	same(*conf_entry_at(CONF_PROG, 1), raw);
	same(pamt_find(page)->type, PT_NDA);
	same(conf_tdr()->chldcnt, children);
}

static void sept_add_allow_leaf(void)
{
	u64 *entry;

	up();
	entry = conf_entry_at(CONF_PROG, 1);
	*entry = sept_make(SEPT_NL_BLOCKED, *entry & SEPT_HPA);
	expect(sept_add(0, CONF_PROG | 1, ALLOW_EXISTING, arena_page()));
	outputs(0, 1 | 0x81 << 8);
}

static void sept_add_v1(void)
{
	up();
	expect(sept_add(V1, CONF_PROG | 1, 0, NO_PAGE));
	outputs(0, 0);
	same(sept_state(*conf_entry_at(CONF_PROG, 1)), SEPT_NL_MAPPED);
}

static void sept_add_effect(void)
{
	u64 page, children, *table;

	up();
	page = arena_page();
	table = seam_va(page);
	memset(table, 0xff, SEAM_PAGE_SIZE);
	children = conf_tdr()->chldcnt;
	expect(sept_add(0, CONF_GPA | 1, 0, page));
	outputs(0, 0);
	for (int i = 0; i < SEPT_ENTRIES; i++)
		same(table[i], 0x80e0000000000000);
	same(*conf_entry_at(CONF_GPA, 1), BIT_ULL(63) | page | 7);
	same(pamt_find(page)->type, PT_EPT);
	same(pamt_find(page)->bepoch, 0);
	same(pamt_owner(pamt_find(page)), conf.td.tdr);
	same(conf_tdr()->chldcnt, children + 1);
}

static void sept_add_root(void)
{
	conf_up(TD_STATE_INITIALIZED);
	expect(sept_add(0, 3, 0, arena_page()));
	same(sept_add(0, 4, 0, arena_page()), S_OPERAND_INVALID | ID_RCX);
}

static void sept_add_root_5(void)
{
	conf_up_with(conf_params_52());
	expect(sept_add(0, 4, 0, arena_page()));
	expect(sept_add(0, BIT_ULL(50) | 4, 0, arena_page()));
	same(sept_add(0, 5, 0, arena_page()), S_OPERAND_INVALID | ID_RCX);
	same(sept_add(0, BIT_ULL(51) | 4, 0, arena_page()), S_OPERAND_INVALID | ID_RCX);
}

/* --- PAGE.ADD --- */

static void up_tables(void)
{
	conf_up(TD_STATE_INITIALIZED);
	arena_tables(&conf.td, CONF_GPA);
}

static u64 page_add(u64 page, u64 source)
{
	return call(MEM_PAGE_ADD, .rcx = CONF_GPA, .rdx = conf.td.tdr, .r8 = page, .r9 = source);
}

static void page_add_source(void)
{
	static const u64 bits[] = {1, 0x800, BIT_ULL(46), BIT_ULL(51), BIT_ULL(52), BIT_ULL(63)};

	up_tables();
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
		expect(page_add(arena_page(), arena_page() | bits[i]));
		outputs(0, 0);
	}
	/* Before the page. */
	expect(page_add(1, arena_page() | 0x800));
}

static void page_add_source_anywhere(void)
{
	up_tables();
	*(u64 *)seam_va(ARENA_NO_TDMR) = 42;
	expect(page_add(arena_page(), ARENA_NO_TDMR));
}

static void page_add_effect(void)
{
	u64 page, source, children;

	up_tables();
	page = arena_page();
	source = arena_page();
	memset(seam_va(source), 0x5a, SEAM_PAGE_SIZE);
	pamt_find(page)->bepoch = 77;
	children = conf_tdr()->chldcnt;
	expect(page_add(page, source));
	outputs(0, 0);
	must(!memcmp(seam_va(page), seam_va(source), SEAM_PAGE_SIZE));
	same(*conf_entry_at(CONF_GPA, 0), BIT_ULL(63) | page | 0xf7);
	same(pamt_find(page)->type, PT_REG);
	same(pamt_find(page)->bepoch, 0);
	same(pamt_owner(pamt_find(page)), conf.td.tdr);
	same(pamt_find(source)->type, PT_NDA);
	same(conf_tdr()->chldcnt, children + 1);
}

/* --- PAGE.AUG --- */

static void page_aug_effect(void)
{
	u64 page, children;

	up_tables();
	page = arena_page();
	*(u64 *)seam_va(page) = 42;
	pamt_find(page)->bepoch = 77;
	children = conf_tdr()->chldcnt;
	expect(call(MEM_PAGE_AUG, .rcx = CONF_GPA, .rdx = conf.td.tdr, .r8 = page));
	outputs(0, 0);
	same(*(u64 *)seam_va(page), 42);
	same(*conf_entry_at(CONF_GPA, 0) & (0xfff | BIT_ULL(63) | SEPT_HPA),
	     BIT_ULL(63) | page | 0xf0);
	same(sept_state(*conf_entry_at(CONF_GPA, 0)), SEPT_PENDING);
	same(pamt_find(page)->type, PT_REG);
	same(pamt_find(page)->bepoch, 0);
	same(pamt_owner(pamt_find(page)), conf.td.tdr);
	same(conf_tdr()->chldcnt, children + 1);
}

/* Two pages of one table: both are shared users of the tree. */
static u64 other_aug;

static void aug_another(void)
{
	other_aug = call_inside(1, MEM_PAGE_AUG, .rcx = CONF_GPA + SEAM_PAGE_SIZE,
				.rdx = conf.td.tdr, .r8 = arena_page());
}

static void page_aug_parallel(void)
{
	u64 table;

	up_tables();
	table = *conf_entry_at(CONF_GPA, 1) & SEPT_HPA;
	/* At the walk: the tree's lock is taken. */
	conf_trap(table, aug_another);
	expect(call(MEM_PAGE_AUG, .rcx = CONF_GPA, .rdx = conf.td.tdr, .r8 = arena_page()));
	must(conf_trapped());
	succeed(other_aug);
}

static void block_another(void)
{
	other_aug =
	    call_inside(1, MEM_RANGE_BLOCK, .rcx = CONF_GPA + SEAM_PAGE_SIZE, .rdx = conf.td.tdr);
}

static void block_parallel(void)
{
	up_tables();
	conf_trap(*conf_entry_at(CONF_GPA, 1) & SEPT_HPA, block_another);
	succeed(call(MEM_PAGE_AUG, .rcx = CONF_GPA, .rdx = conf.td.tdr, .r8 = arena_page()));
	must(conf_trapped());
	expect(other_aug);
}

/* --- RANGE.BLOCK --- */

static u64 block(u64 pinfo)
{
	return call(MEM_RANGE_BLOCK, .rcx = pinfo, .rdx = conf.td.tdr);
}

static void block_leaves(void)
{
	static const struct {
		enum sept_state from, to;
	} steps[] = {{SEPT_MAPPED, SEPT_BLOCKED}, {SEPT_PENDING, SEPT_PENDING_BLOCKED}};
	u64 page, *entry;

	up_tables();
	page = arena_aug(&conf.td, CONF_GPA);
	entry = conf_entry_at(CONF_GPA, 0);
	conf_tdr()->epoch = 5;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		*entry = sept_make(steps[i].from, page);
		pamt_find(page)->bepoch = 0;
		expect(block(CONF_GPA));
		outputs(0, 0);
		same(sept_state(*entry), steps[i].to);
		same(*entry & SEPT_RWX, 0);
		same(*entry & SEPT_HPA, page);
		same(pamt_find(page)->bepoch, 5);
	}
}

static void block_tables(void)
{
	u64 table;

	up_tables();
	conf_tdr()->epoch = 5;
	for (u8 level = 1; level <= 3; level++) {
		u64 *entry = conf_entry_at(CONF_GPA, level);

		table = *entry & SEPT_HPA;
		expect(block((CONF_GPA & ~((4096ULL << 9 * level) - 1)) | level));
		outputs(0, 0);
		same(sept_state(*entry), SEPT_NL_BLOCKED);
		same(*entry & SEPT_RWX, 0);
		same(pamt_find(table)->bepoch, 5);
		*entry = sept_make(SEPT_NL_MAPPED, table);
	}
}

static void block_pamt(void)
{
	struct seam_lock *lock;

	up_tables();
	lock = conf_lock_of(arena_aug(&conf.td, CONF_GPA));
	conf_hold(lock, SEAM_EXCLUSIVE);
	expect(block(CONF_GPA));
	conf_let_go(lock, SEAM_EXCLUSIVE);
	same(lock->v, 0);
}

static void block_again(void)
{
	static const enum sept_state blocked[] = {SEPT_BLOCKED, SEPT_PENDING_BLOCKED};
	u64 page, *entry;

	up_tables();
	page = arena_aug(&conf.td, CONF_GPA);
	entry = conf_entry_at(CONF_GPA, 0);
	conf_tdr()->epoch = 5;
	for (size_t i = 0; i < ARRAY_SIZE(blocked); i++) {
		*entry = sept_make(blocked[i], page);
		expect(block(CONF_GPA));
		outputs(conf_rcx_of(blocked[i], page), conf_rdx_of(blocked[i]));
		same(*entry, sept_make(blocked[i], page));
		same(pamt_find(page)->bepoch, 0);
	}
	succeed(block(CONF_GPA | 1));
	expect(block(CONF_GPA | 1));
	outputs(0, 1 | 0x81 << 8);
}

static void block_free_table(void)
{
	up();
	expect(block(CONF_GPA | 1));
	outputs(BIT_ULL(63), 1);
}

// clang-format off
#define NO_2M "the model has no 2M pages: KVM 7.3 maps TDs' private memory by 4K"
#define NO_MIGRATION "only migration makes such an entry, and Linux does not migrate TDs"
static const struct conf_row rows[] = {
	ROW("TDH.MEM.SEPT.ADD", S_OPERAND_INVALID | ID_RDX, "1.3", "each of bits 11:1 and 63:52; before the TDR", sept_add_rdx),
	ROW("TDH.MEM.SEPT.ADD", S_OPERAND_INVALID | ID_R8, "1.3", "no page, in version 0", sept_add_no_page),
	ROW("TDH.MEM.SEPT.ADD", S_EPT_ENTRY_STATE_INCORRECT | ID_RCX, "1.3", "order: entry's state (NL_BLOCKED), before no page", sept_add_no_page_order),
	ROW("TDH.MEM.SEPT.ADD", S_EPT_ENTRY_STATE_INCORRECT | ID_RCX, "1.3", "NL_MAPPED; before the page", sept_add_exists),
	ROW("TDH.MEM.SEPT.ADD", S_EPT_ENTRY_STATE_INCORRECT | ID_RCX, "2.2", "NL_BLOCKED though allow_existing", sept_add_allow_leaf),
	ROW("TDH.MEM.SEPT.ADD", S_SUCCESS, "1.3", "NL_MAPPED and allow_existing: nothing changes", sept_add_allow),
	ROW("TDH.MEM.SEPT.ADD", S_SUCCESS, "2.2", "version 1: NL_MAPPED and no page", sept_add_v1),
	ROW("TDH.MEM.SEPT.ADD", S_SUCCESS, "1.3", "table, entry, PAMT, CHLDCNT", sept_add_effect),
	ROW("TDH.MEM.SEPT.ADD", S_SUCCESS, "1.3", "root's level of 4", sept_add_root),
	ROW("TDH.MEM.SEPT.ADD", S_SUCCESS, "1.3", "root's level of 5, GPAW 52", sept_add_root_5),
	ROW("TDH.MEM.PAGE.ADD", S_OPERAND_INVALID | ID_R9, "1.3", "source not aligned, private, beyond MAX_PA; before the page", page_add_source),
	ROW("TDH.MEM.PAGE.ADD", S_SUCCESS, "1.3", "source in no TDMR", page_add_source_anywhere),
	ROW("TDH.MEM.PAGE.ADD", S_SUCCESS, "1.3", "content, entry, PAMT, CHLDCNT", page_add_effect),
	EXCEPTION("TDH.MEM.PAGE.ADD", S_SUCCESS, "1.3", "MRTD", "measurements are not modelled: no leaf that Linux calls reads them"),
	ROW("TDH.MEM.PAGE.AUG", S_SUCCESS, "1.3", "entry, PAMT, CHLDCNT, content untouched", page_aug_effect),
	ROW("TDH.MEM.PAGE.AUG", S_SUCCESS, "4", "another AUG at the same time", page_aug_parallel),
	EXCEPTION("TDH.MEM.PAGE.AUG", S_SUCCESS, "1.3", "a 2M page", NO_2M),
	EXCEPTION("TDH.MEM.PAGE.AUG", S_PAGE_METADATA_INCORRECT | ID_R8, "1.3", "part of a 2M page in use", NO_2M),
	EXCEPTION("TDH.MEM.PAGE.AUG", S_SUCCESS, "2.2", "REMOVED", NO_MIGRATION),
	ROW("TDH.MEM.RANGE.BLOCK", S_SUCCESS, "1.3", "MAPPED and PENDING: entry, BEPOCH", block_leaves),
	ROW("TDH.MEM.RANGE.BLOCK", S_SUCCESS, "1.3", "NL_MAPPED at levels 1 to 3: entry, BEPOCH of the table", block_tables),
	ROW("TDH.MEM.RANGE.BLOCK", S_SUCCESS, "1.3", "without the page's PAMT lock", block_pamt),
	ROW("TDH.MEM.RANGE.BLOCK", S_GPA_RANGE_ALREADY_BLOCKED | ID_RCX, "1.3", "each blocked state: details, BEPOCH stays", block_again),
	ROW("TDH.MEM.RANGE.BLOCK", S_EPT_ENTRY_STATE_INCORRECT | ID_RCX, "1.3", "FREE at level 1", block_free_table),
	ROW("TDH.MEM.RANGE.BLOCK", S_OPERAND_BUSY | ID_SEPT_TREE, "1.3", "during an AUG", block_parallel),
	EXCEPTION("TDH.MEM.RANGE.BLOCK", S_SUCCESS, "2.2", "BLOCKEDW, PENDING_BLOCKEDW", NO_MIGRATION),
	EXCEPTION("TDH.MEM.RANGE.BLOCK", S_SUCCESS, "1.3", "2M PENDING: accept counter", NO_2M),
};
// clang-format on

CONF_TABLE(conf_mem, rows);
