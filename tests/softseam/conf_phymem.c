// SPDX-License-Identifier: GPL-2.0-or-later
/* PHYMEM.PAGE.RECLAIM, WBINVD and RDMD. */
#include "conf.h"

/* --- RECLAIM --- */

static u64 reclaim(u64 page)
{
	return call(PHYMEM_PAGE_RECLAIM, .rcx = page, .rdx = 77, .r8 = 77);
}

static void told(u64 type, u64 owner)
{
	outputs(type, owner);
	same(arena_out.r8, 0);
}

/* A TD in teardown with a page that its S-EPT maps. */
static u64 stopped(void)
{
	u64 page;

	conf_up(TD_STATE_INITIALIZED);
	page = arena_aug(&conf.td, CONF_GPA);
	arena_td_stop(&conf.td, NULL, 0, 0);
	return page;
}

static void reclaim_type(void)
{
	expect(reclaim(arena_page()));
	told(0, 0);
	expect(reclaim(ARENA_RESERVED));
	told(0, 0);
}

static void reclaim_busy_order(void)
{
	u64 page = arena_page();

	conf_hold(conf_lock_of(page), SEAM_SHARED);
	expect(reclaim(page));
	told(0, 0);
	conf_let_go(conf_lock_of(page), SEAM_SHARED);
}

static void reclaim_owner(void)
{
	struct seam_lock *lock;
	u64 page;

	page = stopped();
	lock = conf_lock_of(conf.td.tdr);
	conf_hold(lock, SEAM_EXCLUSIVE);
	expect(reclaim(page));
	told(PT_REG, conf.td.tdr);
	must(lock->v & SEAM_LOCK_HP);
	conf_let_go(lock, SEAM_EXCLUSIVE);
	conf_latent(LATENT_TDR, 1000000);
	expect(reclaim(page));
	told(PT_REG, conf.td.tdr);
	same(conf_provoked(PHYMEM_PAGE_RECLAIM, conf.row->status), 1);
	conf_latent(LATENT_TDR, 0);
	succeed(reclaim(page));
	same(lock->v, 0);
}

static void reclaim_owner_order(void)
{
	conf_up(TD_STATE_INITIALIZED);
	conf_hold(conf_lock_of(conf.td.tdr), SEAM_EXCLUSIVE);
	expect(reclaim(conf.td.tdcx[0]));
	conf_let_go(conf_lock_of(conf.td.tdr), SEAM_EXCLUSIVE);
}

static void reclaim_owner_shared(void)
{
	u64 page = stopped();

	conf_hold(conf_lock_of(conf.td.tdr), SEAM_SHARED);
	expect(reclaim(page));
	conf_let_go(conf_lock_of(conf.td.tdr), SEAM_SHARED);
}

static void reclaim_life_cycle(void)
{
	static const u8 wrong[] = {TD_HKID_ASSIGNED, TD_KEYS_CONFIGURED, TD_BLOCKED};

	conf_up(TD_STATE_INITIALIZED);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		conf_tdr()->lifecycle = wrong[i];
		expect(reclaim(conf.td.tdcx[0]));
		told(PT_TDCX, conf.td.tdr);
		/* Of the TDR: before the pages that there are. */
		expect(reclaim(conf.td.tdr));
		same(arena_out.rcx, PT_TDR);
	}
}

static void reclaim_pages_left(void)
{
	u64 page = stopped();

	expect(reclaim(conf.td.tdr));
	same(arena_out.rcx, PT_TDR);
	same(pamt_find(conf.td.tdr)->type, PT_TDR);
	succeed(reclaim(page));
	expect(reclaim(conf.td.tdr));
}

static void reclaim_effect(void)
{
	u64 page, children, raw, *entry;

	page = stopped();
	entry = conf_entry_at(CONF_GPA, 0);
	raw = *entry;
	children = conf_tdr()->chldcnt;
	expect(reclaim(page));
	told(PT_REG, conf.td.tdr);
	same(pamt_find(page)->type, PT_NDA);
	same(conf_tdr()->chldcnt, children - 1);
	same(*entry, raw);
	same(reclaim(page), S_PAGE_METADATA_INCORRECT | ID_RCX);
}

static void reclaim_all(void)
{
	u64 vp;

	conf_up(TD_STATE_INITIALIZED);
	conf_vcpu();
	vp = conf.vp;
	arena_aug(&conf.td, CONF_GPA);
	arena_td_stop(&conf.td, &vp, 1, 0);
	for (u64 pa = ARENA_BASE; pa < ARENA_BASE + 64 * SEAM_PAGE_SIZE; pa += SEAM_PAGE_SIZE) {
		u8 type = pamt_find(pa)->type;

		if (pa == conf.td.tdr || type == PT_NDA)
			continue;
		expect(reclaim(pa));
		told(type, conf.td.tdr);
	}
	same(conf_tdr()->chldcnt, 0);
	expect(reclaim(conf.td.tdr));
	same(arena_out.rcx, PT_TDR);
	same(pamt_find(conf.td.tdr)->type, PT_NDA);
	succeed(call(PHYMEM_PAGE_WBINVD, .rcx = conf.td.tdr | 32ULL << ARENA_PA_BITS));
}

static void reclaim_fatal(void)
{
	u64 page;

	conf_up(TD_STATE_INITIALIZED);
	page = arena_aug(&conf.td, CONF_GPA);
	conf_tdr()->fatal = 1;
	arena_td_stop(&conf.td, NULL, 0, 0);
	expect(reclaim(page));
}

/* --- WBINVD --- */

static void wbinvd_hkid(void)
{
	for (u64 hkid = 0; hkid < 64; hkid++)
		expect(call(PHYMEM_PAGE_WBINVD, .rcx = arena_page() | hkid << ARENA_PA_BITS));
}

static void wbinvd_hkid_checks(void)
{
	expect(call(PHYMEM_PAGE_WBINVD, .rcx = ARENA_NO_TDMR | 33ULL << ARENA_PA_BITS));
}

static void wbinvd_beyond(void)
{
	for (int bit = 52; bit < 64; bit++)
		expect(call(PHYMEM_PAGE_WBINVD, .rcx = arena_page() | BIT_ULL(bit)));
}

/* --- RDMD --- */

static u64 rdmd(u64 page)
{
	return call(PHYMEM_PAGE_RDMD, .rcx = page, .rdx = 77, .r8 = 77, .r9 = 77, .r10 = 77,
		    .r11 = 77);
}

static void metadata(u64 page, u64 type, u64 bepoch)
{
	expect(rdmd(page));
	same(arena_out.rcx, type);
	if (type != PT_TDR)
		same(arena_out.rdx, type > PT_RSVD ? conf.td.tdr : 0);
	same(arena_out.r8, 0);
	same(arena_out.r9, bepoch);
	same(arena_out.r10, 0);
	same(arena_out.r11, 0);
}

static void rdmd_types(void)
{
	u64 page, table;

	conf_up(TD_STATE_INITIALIZED);
	conf_vcpu();
	page = arena_aug(&conf.td, CONF_GPA);
	table = *conf_entry_at(CONF_GPA, 1) & SEPT_HPA;
	conf_tdr()->epoch = 5;
	succeed(call(MEM_RANGE_BLOCK, .rcx = CONF_GPA, .rdx = conf.td.tdr));
	succeed(call(MEM_RANGE_BLOCK, .rcx = CONF_GPA | 1, .rdx = conf.td.tdr));
	metadata(page, PT_REG, 5);
	metadata(table, PT_EPT, 5);
	metadata(conf.td.tdr, PT_TDR, 0);
	metadata(conf.td.tdcx[3], PT_TDCX, 0);
	metadata(conf.vp, PT_TDVPR, 0);
	metadata(conf_tdvpr()->tdcx[0], PT_TDCX, 0);
	metadata(arena_page(), PT_NDA, 0);
	metadata(ARENA_RESERVED, PT_RSVD, 0);
}

// clang-format off
#define ANY_PAGE_ROWS(leaf) \
	ROW(leaf, S_OPERAND_INVALID | ID_RCX, "1.4", "page not 4K aligned", obj_unaligned), \
	ROW(leaf, S_OPERAND_INVALID | ID_RCX, "1.4", "page beyond MAX_PA", obj_beyond), \
	ROW(leaf, S_OPERAND_ADDR_RANGE_ERROR | ID_RCX, "1.4", "page in no TDMR", obj_no_tdmr), \
	ROW(leaf, S_OPERAND_ADDR_RANGE_ERROR | ID_RCX, "1.4", "page in an uninitialized part of a TDMR", obj_uninitialized), \
	ROW(leaf, S_OPERAND_BUSY | ID_RCX, "1.4", "page locked, and host priority", obj_busy), \
	ROW(leaf, S_OPERAND_BUSY | ID_RCX, "1.4", "page locked: latent", obj_latent), \
	ROW(leaf, S_OPERAND_INVALID | ID_RCX, "1.4", "order: page not aligned, before in no TDMR", obj_order_12)
#define HKID_ROW(leaf) ROW(leaf, S_OPERAND_INVALID | ID_RCX, "1.4", "page with HKID bits", obj_hkid)

static const struct conf_row rows[] = {
	ANY_PAGE_ROWS("TDH.PHYMEM.PAGE.RECLAIM"),
	HKID_ROW("TDH.PHYMEM.PAGE.RECLAIM"),
	ROW("TDH.PHYMEM.PAGE.RECLAIM", S_PAGE_METADATA_INCORRECT | ID_RCX, "1.4", "NDA, RSVD: outputs 0", reclaim_type),
	ROW("TDH.PHYMEM.PAGE.RECLAIM", S_OPERAND_BUSY | ID_RCX, "1.4", "order: page locked, before its type", reclaim_busy_order),
	EXCEPTION("TDH.PHYMEM.PAGE.RECLAIM", S_OPERAND_INVALID | ID_RCX, "1.4", "not aligned for its size", "the model has no 2M pages: KVM 7.3 maps TDs' private memory by 4K"),
	ROW("TDH.PHYMEM.PAGE.RECLAIM", S_OPERAND_BUSY | ID_TDR, "1.4", "owner locked, and host priority; latent; outputs", reclaim_owner),
	ROW("TDH.PHYMEM.PAGE.RECLAIM", S_OPERAND_BUSY | ID_TDR, "1.4", "order: owner locked, before life cycle", reclaim_owner_order),
	ROW("TDH.PHYMEM.PAGE.RECLAIM", S_SUCCESS, "1.4", "owner locked shared by another: no conflict", reclaim_owner_shared),
	ROW("TDH.PHYMEM.PAGE.RECLAIM", S_LIFECYCLE_STATE_INCORRECT, "1.4", "not TEARDOWN: outputs; before TD_ASSOCIATED_PAGES_EXIST", reclaim_life_cycle),
	ROW("TDH.PHYMEM.PAGE.RECLAIM", S_TD_ASSOCIATED_PAGES_EXIST, "1.4", "TDR before its pages", reclaim_pages_left),
	ROW("TDH.PHYMEM.PAGE.RECLAIM", S_SUCCESS, "1.4", "PAMT, CHLDCNT; the S-EPT is not touched", reclaim_effect),
	ROW("TDH.PHYMEM.PAGE.RECLAIM", S_SUCCESS, "8.3", "every page of a TD, the TDR last", reclaim_all),
	ROW("TDH.PHYMEM.PAGE.RECLAIM", S_SUCCESS, "1.4", "of a fatal TD, too", reclaim_fatal),
	ANY_PAGE_ROWS("TDH.PHYMEM.PAGE.WBINVD"),
	SHARED_ROW("TDH.PHYMEM.PAGE.WBINVD", "1.4", "page"),
	ROW("TDH.PHYMEM.PAGE.WBINVD", S_PAGE_METADATA_INCORRECT | ID_RCX, "1.4", "each type but NDA", obj_type),
	ROW("TDH.PHYMEM.PAGE.WBINVD", S_OPERAND_BUSY | ID_RCX, "1.4", "order: page locked, before its type", obj_order_34),
	ROW("TDH.PHYMEM.PAGE.WBINVD", S_SUCCESS, "1.4", "each HKID", wbinvd_hkid),
	ROW("TDH.PHYMEM.PAGE.WBINVD", S_OPERAND_ADDR_RANGE_ERROR | ID_RCX, "1.4", "in no TDMR, with an HKID", wbinvd_hkid_checks),
	ROW("TDH.PHYMEM.PAGE.WBINVD", S_OPERAND_INVALID | ID_RCX, "1.4", "each bit beyond MAX_PA", wbinvd_beyond),
	ANY_PAGE_ROWS("TDH.PHYMEM.PAGE.RDMD"),
	HKID_ROW("TDH.PHYMEM.PAGE.RDMD"),
	SHARED_ROW("TDH.PHYMEM.PAGE.RDMD", "1.4", "page"),
	ROW("TDH.PHYMEM.PAGE.RDMD", S_SUCCESS, "1.4", "type, owner, size, BEPOCH of each type", rdmd_types),
};
// clang-format on

CONF_TABLE(conf_phymem, rows);
