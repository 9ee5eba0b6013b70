// SPDX-License-Identifier: GPL-2.0-or-later
/* vCPUs: their pages, initialization, association. */
#include "conf.h"

static void created(void)
{
	conf_up(TD_STATE_INITIALIZED);
	conf.vp = arena_page();
	succeed(call(VP_CREATE, .rcx = conf.vp, .rdx = conf.td.tdr));
}

static u64 addcx(void)
{
	return call(VP_ADDCX, .rcx = arena_page(), .rdx = conf.vp);
}

static void filled(void)
{
	for (int i = 0; i < SEAM_TDVPS_TDCX; i++)
		succeed(addcx());
}

/* One more vCPU of the TD, up to VP.INIT. */
static u64 another(void)
{
	u64 first = conf.vp, vp = arena_page();

	succeed(call(VP_CREATE, .rcx = vp, .rdx = conf.td.tdr));
	conf.vp = vp;
	filled();
	conf.vp = first ? first : vp;
	return vp;
}

static u64 init(u64 vp, u64 id)
{
	return call(VP_INIT | V1, .rcx = vp, .rdx = CONF_PROG, .r8 = id);
}

/* --- VP.CREATE --- */

static void create_effect(void)
{
	conf_up(TD_STATE_INITIALIZED);
	conf.vp = arena_page();
	memset(seam_va(conf.vp), 0xff, SEAM_PAGE_SIZE);
	expect(call(VP_CREATE, .rcx = conf.vp, .rdx = conf.td.tdr));
	same(pamt_find(conf.vp)->type, PT_TDVPR);
	same(pamt_owner(pamt_find(conf.vp)), conf.td.tdr);
	same(conf_tdr()->chldcnt, 7);
	same(conf_tdr()->nassoc, 0);
	same(conf_tdr()->nvcpus, 0);
	same(conf_tdvpr()->lp, (u64)-1);
	same(call(VP_FLUSH, .rcx = conf.vp), S_TDCX_NUM_INCORRECT);
}

/* --- VP.ADDCX --- */

static void addcx_state(void)
{
	conf_up(TD_STATE_INITIALIZED);
	conf_vcpu();
	expect(addcx());
	conf_tdvpr()->state = VP_DISABLED;
	/* Before the number of pages, and the page. */
	conf_tdvpr()->ntdcx = 14;
	expect(call(VP_ADDCX, .rcx = 1, .rdx = conf.vp));
}

static void addcx_many(void)
{
	created();
	for (int i = 0; i < 14; i++)
		succeed(addcx());
	expect(addcx());
	/* Before the page. */
	expect(call(VP_ADDCX, .rcx = 1, .rdx = conf.vp));
	same(conf_tdr()->chldcnt, 6 + 15);
}

static void addcx_effect(void)
{
	u64 page = arena_page();

	created();
	expect(call(VP_ADDCX, .rcx = page, .rdx = conf.vp));
	same(pamt_find(page)->type, PT_TDCX);
	same(pamt_owner(pamt_find(page)), conf.td.tdr);
	same(conf_tdr()->chldcnt, 6 + 2);
}

/* --- VP.INIT --- */

static void init_tdcx(void)
{
	created();
	for (int i = 0; i < SEAM_TDVPS_TDCX; i++) {
		expect(init(conf.vp, 0));
		succeed(addcx());
	}
	succeed(init(conf.vp, 0));
}

static void init_tdcx_order(void)
{
	created();
	conf_tdvpr()->state = VP_READY;
	expect(init(conf.vp, BIT_ULL(32)));
}

static void init_twice(void)
{
	created();
	filled();
	succeed(init(conf.vp, 0));
	expect(init(conf.vp, 1));
	same(conf_tdr()->nvcpus, 1);
	/* Before the number of vCPUs and the id. */
	conf_tdr()->nvcpus = 8;
	expect(init(conf.vp, BIT_ULL(32)));
}

static void init_many(void)
{
	u64 vp;

	conf_up(TD_STATE_INITIALIZED);
	for (u64 i = 0; i < 8; i++)
		succeed(init(another(), i));
	vp = another();
	expect(init(vp, 8));
	same(conf_tdr()->nvcpus, 8);
	/* Before the id. */
	expect(init(vp, BIT_ULL(32)));
	expect(init(vp, 0));
}

static void init_r8(void)
{
	created();
	filled();
	expect(init(conf.vp, BIT_ULL(32)));
	expect(init(conf.vp, BIT_ULL(63)));
	same(conf_tdr()->nvcpus, 0);
	succeed(init(conf.vp, 0xfffffffe));
}

static void init_not_unique(void)
{
	u64 vp;

	conf_up(TD_STATE_INITIALIZED);
	succeed(init(another(), 5));
	vp = another();
	expect(init(vp, 5));
	/* The failed one is counted. */
	same(conf_tdr()->nvcpus, 2);
	same(((struct seam_vp *)seam_va(vp))->state, VP_UNINITIALIZED);
	succeed(init(vp, 6));
	same(conf_tdr()->nvcpus, 3);
}

/* MR.FINALIZE's check passes with no vCPU that could run. */
static void init_not_unique_finalize(void)
{
	conf_up(TD_STATE_INITIALIZED);
	succeed(init(another(), 5));
	same(init(another(), 5), S_X2APIC_ID_NOT_UNIQUE | 5);
	/* As if the first were not there. */
	conf_tdr()->nvcpus--;
	expect(call(MR_FINALIZE, .rcx = conf.td.tdr));
}

static void init_effect(void)
{
	created();
	filled();
	expect(call_on(1, VP_INIT | V1, .rcx = conf.vp, .rdx = CONF_PROG, .r8 = 3));
	same(conf_tdvpr()->state, VP_READY);
	same(conf_tdvpr()->lp, 1);
	same(conf_tdvpr()->index, 0);
	same(conf_tdvpr()->reg[0], 0);
	same(conf_tdvpr()->prog, CONF_PROG);
	same(conf_tdr()->nassoc, 1);
	same(conf_tdr()->nvcpus, 1);
	same(call_on(0, VP_FLUSH, .rcx = conf.vp), S_VCPU_NOT_ASSOCIATED);
	expect(call_on(1, VP_FLUSH, .rcx = conf.vp));
}

static void init_index(void)
{
	u64 vp;

	conf_up(TD_STATE_INITIALIZED);
	expect(init(another(), 7));
	vp = another();
	expect(init(vp, 9));
	same(((struct seam_vp *)seam_va(vp))->index, 1);
	same(((struct seam_vp *)seam_va(vp))->reg[0], 1);
}

/* Version 0 takes the TDR shared, and no id. */
static void init_v0(void)
{
	created();
	filled();
	conf_hold(conf_lock_of(conf.td.tdr), SEAM_SHARED);
	same(init(conf.vp, 0), S_OPERAND_BUSY | ID_TDR);
	expect(call(VP_INIT, .rcx = conf.vp, .rdx = CONF_PROG, .r8 = BIT_ULL(40)));
	conf_let_go(conf_lock_of(conf.td.tdr), SEAM_SHARED);
	same(conf_tdvpr()->state, VP_READY);
}

static void init_v0_op_state(void)
{
	created();
	filled();
	conf_hold(&conf_tdr()->op_lock, SEAM_EXCLUSIVE);
	expect(call(VP_INIT, .rcx = conf.vp, .rdx = CONF_PROG));
	conf_let_go(&conf_tdr()->op_lock, SEAM_EXCLUSIVE);
}

/* --- VP.FLUSH --- */

static void vcpu(void)
{
	conf_up(TD_STATE_INITIALIZED);
	conf_vcpu();
}

static u64 flush(u32 lp)
{
	return call_on(lp, VP_FLUSH, .rcx = conf.vp);
}

static void flush_keys(void)
{
	static const u8 wrong[] = {TD_HKID_ASSIGNED, TD_BLOCKED, TD_TEARDOWN};

	vcpu();
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		conf_tdr()->lifecycle = wrong[i];
		expect(flush(0));
	}
	/* Before the number of pages. */
	conf_tdvpr()->ntdcx = 0;
	expect(flush(0));
}

static void flush_tdcx(void)
{
	created();
	expect(flush(0));
	same(conf_tdr()->nassoc, 0);
	for (int i = 0; i < SEAM_TDVPS_TDCX - 1; i++)
		succeed(addcx());
	expect(flush(0));
}

static void flush_elsewhere(void)
{
	vcpu();
	expect(flush(1));
	same(conf_tdr()->nassoc, 1);
	succeed(flush(0));
	expect(flush(0));
	same(conf_tdr()->nassoc, 0);
}

static void flush_any_op_state(void)
{
	for (u8 state = OP_UNINITIALIZED; state <= OP_RUNNABLE; state++) {
		conf_begin(conf.row, 1);
		vcpu();
		conf_tdr()->op_state = state;
		conf_hold(&conf_tdr()->op_lock, SEAM_EXCLUSIVE);
		expect(flush(0));
		conf_let_go(&conf_tdr()->op_lock, SEAM_EXCLUSIVE);
	}
}

static void flush_fatal(void)
{
	vcpu();
	conf_tdr()->fatal = 1;
	expect(flush(0));
}

static void flush_effect(void)
{
	vcpu();
	expect(flush(0));
	same(conf_tdr()->nassoc, 0);
	/* Another LP may have it now. */
	expect(call_on(1, VP_RD, .rcx = conf.vp, .rdx = 0x203c));
	same(conf_tdvpr()->lp, 1);
	same(conf_tdr()->nassoc, 1);
}

// clang-format off
static const struct conf_row rows[] = {
	OBJECT_ROWS("TDH.VP.CREATE", "1.4 P1-P4", "TDR", ID_RDX),
	TYPE_ORDER_ROW("TDH.VP.CREATE", "1.2 P4-P5", ID_RDX),
	SHARED_ROW("TDH.VP.CREATE", "1.4", "TDR"),
	TD_ROWS("TDH.VP.CREATE", "1.4 P5"),
	OP_ROWS("TDH.VP.CREATE", "1.4 P6"),
	OP_STATE_ROWS("TDH.VP.CREATE", "1.4 P7"),
	PAGE_ROWS("TDH.VP.CREATE", "1.4", "page", ID_RCX),
	ROW("TDH.VP.CREATE", S_SUCCESS, "1.4", "PAMT, CHLDCNT, no LP", create_effect),
	OBJECT_ROWS("TDH.VP.ADDCX", "1.4", "TDVPR", ID_RDX),
	TYPE_ORDER_ROW("TDH.VP.ADDCX", "1.4", ID_RDX),
	OWNER_ROWS("TDH.VP.ADDCX", "1.4"),
	OWNER_ORDER_ROW("TDH.VP.ADDCX", "1.4", ID_RDX),
	TD_ROWS("TDH.VP.ADDCX", "1.4 P5"),
	OP_ROWS("TDH.VP.ADDCX", "1.4 P6"),
	OP_STATE_ROWS("TDH.VP.ADDCX", "1.4 P7"),
	ROW("TDH.VP.ADDCX", S_VCPU_STATE_INCORRECT, "1.4", "initialized; before the number of pages", addcx_state),
	ROW("TDH.VP.ADDCX", S_TDCX_NUM_INCORRECT, "1.4", "15 pages already; before the page", addcx_many),
	PAGE_ROWS("TDH.VP.ADDCX", "1.4", "page", ID_RCX),
	ROW("TDH.VP.ADDCX", S_SUCCESS, "1.4", "PAMT, CHLDCNT", addcx_effect),
	OBJECT_ROWS("TDH.VP.INIT", "1.4", "TDVPR", ID_RCX),
	TYPE_ORDER_ROW("TDH.VP.INIT", "1.4", ID_RCX),
	OWNER_ROWS("TDH.VP.INIT", "1.4"),
	OWNER_ORDER_ROW("TDH.VP.INIT", "1.4", ID_RCX),
	TD_ROWS("TDH.VP.INIT", "1.4 P5"),
	OP_X_ROWS("TDH.VP.INIT", "1.4 P6"),
	OP_STATE_ROWS("TDH.VP.INIT", "1.4 P7"),
	ROW("TDH.VP.INIT", S_TDCX_NUM_INCORRECT, "1.4", "less than 6 TDVPS pages", init_tdcx),
	ROW("TDH.VP.INIT", S_TDCX_NUM_INCORRECT, "1.4", "order: pages, before state", init_tdcx_order),
	ROW("TDH.VP.INIT", S_VCPU_STATE_INCORRECT, "1.4", "initialized; before the number of vCPUs and the id", init_twice),
	ROW("TDH.VP.INIT", S_MAX_VCPUS_EXCEEDED, "1.4", "one too many; before the id", init_many),
	ROW("TDH.VP.INIT", S_OPERAND_INVALID | ID_R8, "1.4", "x2APIC id of more than 32 bits", init_r8),
	ROW("TDH.VP.INIT", S_X2APIC_ID_NOT_UNIQUE | 5, "1.4", "id of another vCPU; the number of vCPUs grew", init_not_unique),
	ROW("TDH.VP.INIT", S_SUCCESS, "1.4", "a failed one passes MR.FINALIZE's check", init_not_unique_finalize),
	EXCEPTION("TDH.VP.INIT", CONF_INCONSISTENT_MSR | 0x3b, "1.4", "TSC_ADJUST differs", "a check of the platform: LPs have no MSRs in the model"),
	ROW("TDH.VP.INIT", S_SUCCESS, "1.4", "state, association, initial registers", init_effect),
	ROW("TDH.VP.INIT", S_SUCCESS, "1.4", "index of the second vCPU", init_index),
	ROW("TDH.VP.INIT", S_SUCCESS, "1.4", "version 0: TDR shared, no id", init_v0),
	EXCEPTION("TDH.VP.INIT", S_SUCCESS, "1.4", "version 0 clears TOPOLOGY_ENUM", "no modelled guest executes CPUID, and KVM 7.3 calls version 1"),
	ROW("TDH.VP.INIT", S_OPERAND_BUSY | ID_OP_STATE, "1.4", "version 0: OP_STATE locked", init_v0_op_state),
	OBJECT_ROWS("TDH.VP.FLUSH", "1.4", "TDVPR", ID_RCX),
	OWNER_ROWS("TDH.VP.FLUSH", "1.4"),
	OWNER_ORDER_ROW("TDH.VP.FLUSH", "1.4", ID_RCX),
	ROW("TDH.VP.FLUSH", S_TD_KEYS_NOT_CONFIGURED, "1.4", "each other life cycle; before the pages", flush_keys),
	ROW("TDH.VP.FLUSH", S_TDCX_NUM_INCORRECT, "1.4", "less than 6 TDVPS pages; before association", flush_tdcx),
	ROW("TDH.VP.FLUSH", S_VCPU_NOT_ASSOCIATED, "1.4", "another LP's, nobody's", flush_elsewhere),
	ROW("TDH.VP.FLUSH", S_SUCCESS, "1.4", "in any OP_STATE, whoever has its lock", flush_any_op_state),
	ROW("TDH.VP.FLUSH", S_SUCCESS, "1.4", "of a fatal TD, too", flush_fatal),
	ROW("TDH.VP.FLUSH", S_SUCCESS, "1.4", "association is over", flush_effect),
};
// clang-format on

CONF_TABLE(conf_vp, rows);
