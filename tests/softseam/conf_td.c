// SPDX-License-Identifier: GPL-2.0-or-later
/* TDs: creation, pages, parameters. */
#include "conf.h"

/* --- MNG.CREATE --- */

static u64 create(u64 page, u64 hkid)
{
	return call(MNG_CREATE, .rcx = page, .rdx = hkid);
}

static void create_hkid(void)
{
	static const u64 wrong[] = {0, 31, 64, 1ULL << 16 | CONF_HKID, 1ULL << 63 | CONF_HKID};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		expect(create(arena_page(), wrong[i]));
	/* Before the page. */
	expect(create(1, 31));
}

static void create_unaligned(void)
{
	expect(create(arena_page() | 0x800, CONF_HKID));
	expect(create(arena_page() | BIT_ULL(46), CONF_HKID));
	expect(create(arena_page() | BIT_ULL(60), CONF_HKID));
}

static void create_no_tdmr(void)
{
	expect(create(ARENA_NO_TDMR, CONF_HKID));
	expect(create(ARENA_UNINITIALIZED, CONF_HKID));
}

static void create_busy(void)
{
	u64 page = arena_page();
	struct seam_lock *lock = conf_lock_of(page);

	conf_hold(lock, SEAM_SHARED);
	expect(create(page, CONF_HKID));
	must(lock->v & SEAM_LOCK_HP);
	conf_let_go(lock, SEAM_SHARED);
	conf_latent(LATENT_PAGE, 1000000);
	expect(create(page, CONF_HKID));
	same(conf_provoked(MNG_CREATE, conf.row->status), 1);
	conf_latent(LATENT_PAGE, 0);
	succeed(create(page, CONF_HKID));
	same(lock->v, 0);
}

static void create_type(void)
{
	u64 page = arena_page();

	succeed(create(page, CONF_HKID));
	expect(create(page, CONF_HKID + 1));
	expect(create(ARENA_RESERVED, CONF_HKID + 1));
	/* Before KOT. */
	conf_hold(&seam_sys.kot, SEAM_SHARED);
	expect(create(page, CONF_HKID));
	conf_let_go(&seam_sys.kot, SEAM_SHARED);
}

static void create_kot(void)
{
	u64 page = arena_page();

	/* Before the HKID is looked up. */
	conf_hold(&seam_sys.kot, SEAM_SHARED);
	expect(create(page, 32));
	expect(create(page, CONF_HKID));
	conf_let_go(&seam_sys.kot, SEAM_SHARED);
	same(seam_sys.kot.v, 0);
	conf_latent(LATENT_KOT, 1000000);
	expect(create(page, CONF_HKID));
	same(conf_provoked(MNG_CREATE, conf.row->status), 1);
	same(seam_sys.kot.v, 0);
	conf_latent(LATENT_KOT, 0);
	succeed(create(page, CONF_HKID));
}

static void create_hkid_taken(void)
{
	conf_up(TD_STATE_CREATED);
	expect(create(arena_page(), CONF_HKID));
	/* The module's own; before entropy. */
	conf_latent(LATENT_NO_ENTROPY, 1000000);
	expect(create(arena_page(), 32));
}

static void create_entropy(void)
{
	u64 page = arena_page();

	conf_latent(LATENT_NO_ENTROPY, 1000000);
	expect(create(page, CONF_HKID));
	same(conf_provoked(MNG_CREATE, conf.row->status), 1);
	same(pamt_find(page)->type, PT_NDA);
	conf_latent(LATENT_NO_ENTROPY, 0);
	succeed(create(page, CONF_HKID));
}

static void create_effect(void)
{
	u64 page = arena_page();

	expect(create(page, CONF_HKID));
	conf.td.tdr = page;
	same(pamt_find(page)->type, PT_TDR);
	same(conf_tdr()->lifecycle, TD_HKID_ASSIGNED);
	same(conf_tdr()->chldcnt, 0);
	same(seam_sys.hkid[CONF_HKID - 32].state, HKID_ASSIGNED);
	same(call(MNG_ADDCX, .rcx = arena_page(), .rdx = page), S_TD_KEYS_NOT_CONFIGURED);
}

/* --- MNG.ADDCX --- */

static u64 addcx(void)
{
	return call(MNG_ADDCX, .rcx = arena_page(), .rdx = conf.td.tdr);
}

static void addcx_keys(void)
{
	conf_up(TD_STATE_CREATED);
	expect(addcx());
	/* After fatal, before the page. */
	expect(call(MNG_ADDCX, .rcx = 1, .rdx = conf.td.tdr));
	conf_tdr()->fatal = 1;
	same(addcx(), S_TD_FATAL);
}

static void addcx_many(void)
{
	conf_up(TD_STATE_KEYED);
	for (int i = 0; i < 9; i++)
		succeed(addcx());
	expect(addcx());
	/* Before the page. */
	expect(call(MNG_ADDCX, .rcx = 1, .rdx = conf.td.tdr));
	same(conf_tdr()->chldcnt, 9);
}

static void addcx_entropy(void)
{
	conf_up(TD_STATE_KEYED);
	conf_latent(LATENT_NO_ENTROPY, 1000000);
	for (int i = 0; i < 5; i++)
		succeed(addcx());
	expect(addcx());
	same(conf_provoked(MNG_ADDCX, conf.row->status), 1);
	same(conf_tdr()->ntdcx, 5);
	same(conf_tdr()->chldcnt, 5);
	/* After the page's checks. */
	same(call(MNG_ADDCX, .rcx = 1, .rdx = conf.td.tdr), S_OPERAND_INVALID | ID_RCX);
	conf_latent(LATENT_NO_ENTROPY, 0);
	succeed(addcx());
}

static void addcx_op_state(void)
{
	conf_up(TD_STATE_INITIALIZED);
	expect(addcx());
	conf_tdr()->op_state = OP_RUNNABLE;
	expect(addcx());
	same(conf_tdr()->chldcnt, 6);
	same(call(MNG_ADDCX, .rcx = 1, .rdx = conf.td.tdr), S_OPERAND_INVALID | ID_RCX);
}

static void addcx_effect(void)
{
	u64 page[4];

	conf_up(TD_STATE_KEYED);
	for (int i = 0; i < 4; i++) {
		page[i] = arena_page();
		memset(seam_va(page[i]), 0xff, SEAM_PAGE_SIZE);
		expect(call(MNG_ADDCX, .rcx = page[i], .rdx = conf.td.tdr));
		same(pamt_find(page[i])->type, PT_TDCX);
		same(pamt_owner(pamt_find(page[i])), conf.td.tdr);
		same(conf_tdr()->chldcnt, (u64)i + 1);
	}
	/* The fourth is the S-EPT's root. */
	for (int i = 0; i < SEPT_ENTRIES; i++)
		same(((u64 *)seam_va(page[3]))[i], 0x80e0000000000000);
}

/* --- MNG.INIT --- */

static u64 init(u64 params)
{
	return call(MNG_INIT, .rcx = conf.td.tdr, .rdx = params);
}

static u64 params_at;

/* SIZE bytes of TD_PARAMS at OFFSET replaced by those of VALUE. */
static void params_with(int offset, u64 value, int size)
{
	char old[8], *p;

	p = (char *)seam_va(params_at) + offset;
	memcpy(old, p, sizeof(old));
	memcpy(p, &value, (size_t)size);
	expect(init(params_at));
	same(conf_tdr()->op_state, OP_UNINITIALIZED);
	memcpy(p, old, sizeof(old));
}

static void complete(void)
{
	conf_up(TD_STATE_COMPLETE);
	params_at = arena_td_params();
}

static void init_rdx(void)
{
	complete();
	expect(init(params_at + 512));
	expect(init(params_at | BIT_ULL(46)));
	expect(init(params_at | BIT_ULL(60)));
	/* Another KiB of the page will do. */
	memcpy((char *)seam_va(params_at) + 1024, seam_va(params_at), 1024);
	succeed(init(params_at + 1024));
}

static void init_no_tdmr(void)
{
	complete();
	memcpy(seam_va(ARENA_NO_TDMR), seam_va(params_at), 1024);
	expect(init(ARENA_NO_TDMR));
}

static void init_attributes(void)
{
	complete();
	for (int bit = 0; bit < 64; bit++)
		if (bit && bit != 27 && bit != 28 && bit != 29 && bit != 30 && bit != 63)
			params_with(0, BIT_ULL(bit), 8);
}

static void init_xfam(void)
{
	complete();
	params_with(8, 0, 8);
	params_with(8, 1, 8);
	params_with(8, 3 | BIT_ULL(3), 8);
	params_with(8, 3 | BIT_ULL(63), 8);
}

static void init_vcpus(void)
{
	complete();
	params_with(16, 0, 2);
	params_with(16, 577, 2);
}

static void init_l2(void)
{
	complete();
	params_with(18, 4, 1);
	params_with(18, 255, 1);
}

static void init_exec(void)
{
	complete();
	params_with(32, BIT_ULL(63), 8);
	params_with(32, BIT_ULL(32), 8);
}

static void init_eptp(void)
{
	complete();
	params_with(24, 0, 8);
	params_with(24, 3 << 3, 8);
	params_with(24, 6 | 2 << 3, 8);
	params_with(24, 6 | 5 << 3, 8);
	params_with(24, 6 | 3 << 3 | BIT_ULL(12), 8);
	/* 52-bit GPAs need 5 levels. */
	((u64 *)seam_va(params_at))[4] = 1;
	expect(init(params_at));
}

static void init_tsc(void)
{
	complete();
	params_with(40, 3, 2);
	params_with(40, 401, 2);
	params_with(40, 0, 2);
}

static void init_cpuid(void)
{
	complete();
	/* 0x80000008, the last leaf: the width of GPAs is not the TD's to choose. */
	params_with(256 + 16 * 17, 0x300000, 8);
	same(arena_out.rcx, 0xffffffff80000008);
}

static void init_reserved(void)
{
	complete();
	params_with(20, 1, 4);
	params_with(42, 1, 8);
	params_with(256 + 16 * 18, 1, 8);
	params_with(1016, 1, 8);
}

/* Each is reported though the next is wrong, too. */
static void init_order(void)
{
	static const struct {
		int offset;
		u64 bad, good;
		int size;
		u32 id;
	} step[] = {
	    {0, 2, 0, 8, ID_ATTRIBUTES},
	    {8, 0, 3, 8, ID_XFAM},
	    {16, 0, 8, 2, ID_MAX_VCPUS},
	    {18, 4, 0, 1, ID_NUM_L2_VMS},
	    {32, BIT_ULL(63), 0, 8, ID_EXEC_CTLS},
	    {24, 0, 6 | 3 << 3, 8, ID_EPTP_CTLS},
	    {40, 0, 40, 2, ID_TSC_FREQ},
	    {256 + 16 * 17, 0x300000, 0, 8, ID_CPUID_CONFIG},
	    {20, 1, 0, 4, ID_RDX},
	};
	char *p;

	complete();
	p = seam_va(params_at);
	for (size_t i = 0; i < ARRAY_SIZE(step); i++)
		memcpy(p + step[i].offset, &step[i].bad, (size_t)step[i].size);
	for (size_t i = 0; i < ARRAY_SIZE(step); i++) {
		same(init(params_at), S_OPERAND_INVALID | step[i].id);
		memcpy(p + step[i].offset, &step[i].good, (size_t)step[i].size);
	}
	expect(init(params_at));
}

static void init_effect(void)
{
	complete();
	expect(init(params_at));
	same(conf_tdr()->op_state, OP_INITIALIZED);
	same(conf_tdr()->epoch, 1);
	same(conf_tdr()->refcount[0], 0);
	same(conf_tdr()->refcount[1], 0);
	same(init(params_at), S_OP_STATE_INCORRECT);
}

// clang-format off
static const struct conf_row rows[] = {
	ROW("TDH.MNG.CREATE", S_OPERAND_INVALID | ID_RDX, "1.4", "HKID not private, reserved bits; before the page", create_hkid),
	ROW("TDH.MNG.CREATE", S_OPERAND_INVALID | ID_RCX, "1.4", "page not aligned, private, beyond MAX_PA", create_unaligned),
	ROW("TDH.MNG.CREATE", S_OPERAND_ADDR_RANGE_ERROR | ID_RCX, "1.4", "page in no initialized TDMR", create_no_tdmr),
	ROW("TDH.MNG.CREATE", S_OPERAND_BUSY | ID_RCX, "1.4", "page locked, host priority; latent", create_busy),
	ROW("TDH.MNG.CREATE", S_PAGE_METADATA_INCORRECT | ID_RCX, "1.4", "page in use or reserved; before KOT", create_type),
	ROW("TDH.MNG.CREATE", S_OPERAND_BUSY | ID_KOT, "1.4", "KOT locked; latent; before HKID_NOT_FREE", create_kot),
	ROW("TDH.MNG.CREATE", S_HKID_NOT_FREE, "1.4", "HKID of a TD, of the module; before entropy", create_hkid_taken),
	ROW("TDH.MNG.CREATE", S_RND_NO_ENTROPY, "1.4", "latent", create_entropy),
	ROW("TDH.MNG.CREATE", S_SUCCESS, "1.4", "PAMT, KOT, life cycle", create_effect),
	OBJECT_ROWS("TDH.MNG.ADDCX", "1.4 P1-P4", "TDR", ID_RDX),
	TYPE_ORDER_ROW("TDH.MNG.ADDCX", "1.2 P4-P5", ID_RDX),
	ROW("TDH.MNG.ADDCX", S_TD_FATAL, "1.4", "the TD is fatal", td_fatal),
	ROW("TDH.MNG.ADDCX", S_TD_KEYS_NOT_CONFIGURED, "1.4", "no key; after fatal, before the page", addcx_keys),
	ROW("TDH.MNG.ADDCX", S_TDCX_NUM_INCORRECT, "1.4", "9 pages already; before the page", addcx_many),
	PAGE_ROWS("TDH.MNG.ADDCX", "1.4", "page", ID_RCX),
	ROW("TDH.MNG.ADDCX", S_RND_NO_ENTROPY, "1.4", "latent, at the sixth page only; after the page's checks", addcx_entropy),
	ROW("TDH.MNG.ADDCX", S_OP_STATE_INCORRECT, "1.4", "a seventh page of an initialized TD; after the page's checks", addcx_op_state),
	ROW("TDH.MNG.ADDCX", S_SUCCESS, "1.4", "PAMT, CHLDCNT, S-EPT root", addcx_effect),
	EXCEPTION("TDH.MNG.INIT", CONF_LIMIT_CPUID_MAXVAL_SET, "1.4", "IA32_MISC_ENABLE limits CPUID", "a check of the platform: no software model has that MSR"),
	OBJECT_ROWS("TDH.MNG.INIT", "1.4 P1-P4", "TDR", ID_RCX),
	TYPE_ORDER_ROW("TDH.MNG.INIT", "1.2 P4-P5", ID_RCX),
	TD_ROWS("TDH.MNG.INIT", "1.4 P5"),
	OP_X_ROWS("TDH.MNG.INIT", "1.4 P6"),
	OP_STATE_ROWS("TDH.MNG.INIT", "1.4 P7"),
	ROW("TDH.MNG.INIT", S_OPERAND_INVALID | ID_RDX, "1.4", "TD_PARAMS not 1K-aligned, private, beyond MAX_PA", init_rdx),
	ROW("TDH.MNG.INIT", S_SUCCESS, "1.4", "TD_PARAMS in memory of no TDMR", init_no_tdmr),
	ROW("TDH.MNG.INIT", S_OPERAND_INVALID | ID_ATTRIBUTES, "1.4", "each bit that must be 0", init_attributes),
	ROW("TDH.MNG.INIT", S_OPERAND_INVALID | ID_XFAM, "1.4", "bits that must be 0 or 1", init_xfam),
	ROW("TDH.MNG.INIT", S_OPERAND_INVALID | ID_MAX_VCPUS, "1.4", "0 or more than 576", init_vcpus),
	ROW("TDH.MNG.INIT", S_OPERAND_INVALID | ID_NUM_L2_VMS, "1.4", "more than 3", init_l2),
	ROW("TDH.MNG.INIT", S_OPERAND_INVALID | ID_EXEC_CTLS, "1.4", "CONFIG_FLAGS with reserved bits", init_exec),
	ROW("TDH.MNG.INIT", S_OPERAND_INVALID | ID_EPTP_CTLS, "1.4", "memory type, levels, reserved bits", init_eptp),
	ROW("TDH.MNG.INIT", S_OPERAND_INVALID | ID_TSC_FREQ, "1.4", "less than 4, more than 400", init_tsc),
	ROW("TDH.MNG.INIT", S_OPERAND_INVALID | ID_CPUID_CONFIG, "1.4", "a bit that is not configurable; RCX names the leaf", init_cpuid),
	ROW("TDH.MNG.INIT", S_OPERAND_INVALID | ID_RDX, "1.4", "reserved fields", init_reserved),
	ROW("TDH.MNG.INIT", S_SUCCESS, "1.4", "order of all fields of TD_PARAMS", init_order),
	ROW("TDH.MNG.INIT", S_SUCCESS, "1.4", "OP_STATE 1, TD_EPOCH 1", init_effect),
};
// clang-format on

CONF_TABLE(conf_td, rows);
