// SPDX-License-Identifier: GPL-2.0-or-later
/* VP.ENTER before guest mode, and what other leaves see of a vCPU in it. */
#include "conf.h"

#define HINT	  BIT_ULL(52)
#define RESUME_L1 BIT_ULL(53)

static u64 status[16];
static u16 lock_tdr, lock_tdvpr, lock_op, lock_sept, lock_epoch;

static void reserved_bits(void)
{
	conf_runnable();
	for (int bit = 0; bit < 64; bit++) {
		if (bit >= 12 && bit < 54)
			continue;
		expect(call(VP_ENTER, .rcx = conf.vp | BIT_ULL(bit)));
		/* Before the TDVPR is looked for. */
		expect(call(VP_ENTER, .rcx = ARENA_NO_TDMR | BIT_ULL(bit)));
	}
}

static void hint(void)
{
	conf_runnable();
	expect(call(VP_ENTER, .rcx = conf.vp | HINT));
}

static void tdcx(void)
{
	conf_runnable();
	conf_tdvpr()->ntdcx = SEAM_TDVPS_TDCX - 1;
	expect(enter());
	/* Before the state. */
	conf_tdvpr()->state = VP_DISABLED;
	expect(enter());
	conf_tdvpr()->ntdcx = SEAM_TDVPS_TDCX;
}

static void state(void)
{
	static const u8 wrong[] = {VP_UNINITIALIZED, VP_ACTIVE, VP_DISABLED};

	conf_runnable();
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		conf_tdvpr()->state = wrong[i];
		expect(enter());
		/* Before association. */
		expect(call_on(1, VP_ENTER, .rcx = conf.vp));
		same(conf_tdvpr()->state, wrong[i]);
	}
}

static void elsewhere(void)
{
	conf_runnable();
	expect(call_on(1, VP_ENTER, .rcx = conf.vp));
	/* Before the flags. */
	expect(call_on(1, VP_ENTER, .rcx = conf.vp | RESUME_L1));
	same(conf_tdvpr()->state, VP_READY);
	same(conf_tdvpr()->lp, 0);
}

static void associates(void)
{
	conf_runnable();
	succeed(call(VP_FLUSH, .rcx = conf.vp));
	expect(call_on(1, VP_ENTER, .rcx = conf.vp));
	same(conf_tdvpr()->lp, 1);
	same(conf_tdr()->nassoc, 1);
}

static void flags(void)
{
	conf_runnable();
	/* Before the epoch. */
	conf_hold(&conf_tdr()->epoch_lock, SEAM_EXCLUSIVE);
	expect(call(VP_ENTER, .rcx = conf.vp | RESUME_L1));
	conf_let_go(&conf_tdr()->epoch_lock, SEAM_EXCLUSIVE);
	same(conf_tdvpr()->state, VP_READY);
}

static void unentered(void)
{
	same(conf_tdvpr()->state, VP_READY);
	same(conf_tdr()->refcount[0], 0);
	same(conf_tdr()->refcount[1], 0);
}

static void epoch_busy(void)
{
	struct seam_lock *lock;

	conf_runnable();
	lock = &conf_tdr()->epoch_lock;
	conf_hold(lock, SEAM_EXCLUSIVE);
	expect(enter());
	conf_let_go(lock, SEAM_EXCLUSIVE);
	unentered();
	same(lock->v, 0);
	conf_latent(LATENT_EPOCH, 1000000);
	expect(enter());
	same(conf_provoked(VP_ENTER, conf.row->status), 1);
	unentered();
	conf_latent(LATENT_EPOCH, 0);
	same(enter(), 77);
}

static void epoch_shared(void)
{
	conf_runnable();
	conf_hold(&conf_tdr()->epoch_lock, SEAM_SHARED);
	expect(enter());
	conf_let_go(&conf_tdr()->epoch_lock, SEAM_SHARED);
}

static void epoch_order(void)
{
	conf_runnable();
	conf_tdvpr()->nepf = 1;
	conf_hold(&conf_tdr()->epoch_lock, SEAM_EXCLUSIVE);
	conf_hold(&conf_tdr()->sept_lock, SEAM_EXCLUSIVE);
	expect(enter());
	conf_let_go(&conf_tdr()->epoch_lock, SEAM_EXCLUSIVE);
	conf_let_go(&conf_tdr()->sept_lock, SEAM_EXCLUSIVE);
}

/* Another user of the tree does not disturb a vCPU that has no violations to show. */
static void tree_not_taken(void)
{
	conf_runnable();
	conf_hold(&conf_tdr()->sept_lock, SEAM_EXCLUSIVE);
	expect(enter());
	conf_let_go(&conf_tdr()->sept_lock, SEAM_EXCLUSIVE);
}

/* --- In guest mode --- */

static void inside(void (*hook)(void))
{
	conf_trap(*conf_entry_at(CONF_PROG, 0) & SEPT_HPA, hook);
	same(enter(), 77);
	must(conf_trapped());
}

static void hook_locks(void)
{
	lock_tdr = conf_lock_of(conf.td.tdr)->v;
	lock_tdvpr = conf_lock_of(conf.vp)->v;
	lock_op = conf_tdr()->op_lock.v;
	lock_sept = conf_tdr()->sept_lock.v;
	lock_epoch = conf_tdr()->epoch_lock.v;
	status[0] = conf_tdvpr()->state;
}

static void locks(void)
{
	conf_runnable();
	inside(hook_locks);
	same(lock_tdr, 1);
	same(lock_tdvpr, 1);
	same(lock_op, 0);
	same(lock_sept, 0);
	same(lock_epoch, 0);
	same(status[0], VP_ACTIVE);
	same(conf_tdvpr()->state, VP_READY);
}

/* Refused for the TDR's lock although OP_STATE, too, is none of theirs. */
static void hook_exclusive_rdx(void)
{
	u64 tdr = conf.td.tdr;

	status[0] = call_inside(1, MEM_PAGE_ADD, .rcx = CONF_GPA, .rdx = tdr, .r8 = arena_page(),
				.r9 = arena_page());
	status[1] = call_inside(1, MR_EXTEND, .rcx = CONF_PROG, .rdx = tdr);
	status[2] = call_inside(1, MNG_ADDCX, .rcx = arena_page(), .rdx = tdr);
}

static void exclusive_rdx(void)
{
	conf_runnable();
	inside(hook_exclusive_rdx);
	for (int i = 0; i < 3; i++)
		expect(status[i]);
	/* Host priority, until somebody has it. */
	must(conf_lock_of(conf.td.tdr)->v & SEAM_LOCK_HP);
	conf_track_ok();
	same(conf_lock_of(conf.td.tdr)->v, 0);
}

static void hook_exclusive_rcx(void)
{
	u64 tdr = conf.td.tdr;

	status[0] = call_inside(1, MR_FINALIZE, .rcx = tdr);
	status[1] = call_inside(1, MNG_VPFLUSHDONE, .rcx = tdr);
	status[2] = call_inside(1, MNG_KEY_FREEID, .rcx = tdr);
	status[3] = call_inside(1, MNG_INIT, .rcx = tdr, .rdx = arena_page());
	status[4] = call_inside(1, MNG_KEY_CONFIG, .rcx = tdr);
	status[5] = call_inside(1, PHYMEM_PAGE_RECLAIM, .rcx = tdr);
	status[6] = call_inside(1, VP_FLUSH, .rcx = conf.vp);
	status[7] = call_inside(1, VP_INIT, .rcx = conf.vp);
	status[8] = call_inside(1, PHYMEM_PAGE_RECLAIM, .rcx = conf.vp);
}

static void exclusive_rcx(void)
{
	conf_runnable();
	inside(hook_exclusive_rcx);
	for (int i = 0; i < 9; i++)
		expect(status[i]);
}

static u64 second_vp;

static void hook_vp_init(void)
{
	status[0] = call_inside(1, VP_INIT | V1, .rcx = second_vp, .r8 = 1);
}

static void vp_init(void)
{
	conf_runnable();
	/* One that was created in time. */
	second_vp = arena_page();
	conf_tdr()->op_state = OP_INITIALIZED;
	succeed(call(VP_CREATE, .rcx = second_vp, .rdx = conf.td.tdr));
	conf_tdr()->op_state = OP_RUNNABLE;
	inside(hook_vp_init);
	expect(status[0]);
}

static void hook_shared(void)
{
	u64 tdr = conf.td.tdr;

	status[0] =
	    call_inside(1, MEM_SEPT_ADD, .rcx = 0x600000 | 1, .rdx = tdr, .r8 = arena_page());
	status[1] = call_inside(1, MEM_PAGE_AUG, .rcx = CONF_GPA, .rdx = tdr, .r8 = arena_page());
	status[2] = call_inside(1, MEM_RANGE_BLOCK, .rcx = CONF_GPA, .rdx = tdr);
	status[3] = call_inside(1, MEM_TRACK, .rcx = tdr);
	status[4] = call_inside(1, MNG_RD, .rcx = tdr, .rdx = 0x110000000000000a);
	status[5] = call_inside(1, PHYMEM_PAGE_RDMD, .rcx = tdr);
	/* What is the vCPU's LP's, from there. */
	status[6] = call_inside(0, VP_RD, .rcx = conf.vp, .rdx = 0x203c);
	status[7] = call_inside(0, VP_WR, .rcx = conf.vp, .rdx = 0x203c, .r9 = ~0ULL);
}

static void shared(void)
{
	conf_runnable();
	inside(hook_shared);
	for (int i = 0; i < 8; i++)
		expect(status[i]);
}

static void hook_enter(void)
{
	status[0] = call_inside(1, VP_ENTER, .rcx = conf.vp);
	status[1] = call_inside(0, VP_ENTER, .rcx = conf.vp);
}

static void second_entry(void)
{
	conf_runnable();
	inside(hook_enter);
	expect(status[0]);
	expect(status[1]);
}

// clang-format off
#define E "TDH.VP.ENTER"
#define PLATFORM "a check of the platform: LPs have no MSRs in the model"
static const struct conf_row rows[] = {
	EXCEPTION(E, CONF_LIMIT_CPUID_MAXVAL_SET, "5.1", "IA32_MISC_ENABLE limits CPUID", PLATFORM),
	OBJECT_ROWS(E, "5.1", "TDVPR", ID_RCX),
	ROW(E, S_OPERAND_INVALID | ID_RCX, "5.1", "each of bits 11:0 and 63:54; before the TDVPR", reserved_bits),
	TYPE_ORDER_ROW(E, "5.1", ID_RCX),
	SHARED_ROW(E, "5.1", "TDVPR"),
	OWNER_ROWS(E, "5.1"),
	OWNER_ORDER_ROW(E, "5.1", ID_RCX),
	TD_ROWS(E, "5.1 P5"),
	OP_ROWS(E, "5.1"),
	OP_STATE_ROWS(E, "5.1"),
	ROW(E, S_TDCX_NUM_INCORRECT, "5.1", "less than 6 TDVPS pages; before the state", tdcx),
	ROW(E, S_VCPU_STATE_INCORRECT, "5.1", "not READY; before association", state),
	ROW(E, S_VCPU_STATE_INCORRECT, "5.1", "in guest mode, there and on another LP", second_entry),
	ROW(E, S_VCPU_ASSOCIATED, "5.1", "another LP's; before the flags", elsewhere),
	ROW(E, EXIT_TDCALL, "5.1", "associates", associates),
	ROW(E, S_OPERAND_INVALID | ID_RCX, "5.1", "bit 53, as there is no L2; before the epoch", flags),
	ROW(E, EXIT_TDCALL, "5", "bit 52", hint),
	EXCEPTION(E, CONF_INCONSISTENT_MSR | 0x3b, "5.1", "TSC_ADJUST differs", PLATFORM),
	EXCEPTION(E, CONF_TSC_ROLLBACK, "5.1", "TSC below the last one", PLATFORM),
	EXCEPTION(E, CONF_INCORRECT_MSR_VALUE | 0x1a0, "5.1", "IA32_MISC_ENABLE", PLATFORM),
	ROW(E, S_OPERAND_BUSY | ID_TD_EPOCH, "5.1", "TD epoch locked; latent; no reference is left", epoch_busy),
	ROW(E, EXIT_TDCALL, "3", "TD epoch locked shared by another: no conflict", epoch_shared),
	ROW(E, S_OPERAND_BUSY | ID_TD_EPOCH, "5.1", "order: TD epoch locked, before the tree", epoch_order),
	ROW(E, EXIT_TDCALL, "4", "tree locked, no violations: not taken", tree_not_taken),
	ROW("guest mode", EXIT_TDCALL, "4", "TDR and TDVPR are locked shared; OP_STATE, tree and epoch are not", locks),
	ROW("guest mode", S_OPERAND_BUSY | ID_RDX, "4", "PAGE.ADD, MR.EXTEND, MNG.ADDCX: before OP_STATE; host priority", exclusive_rdx),
	ROW("guest mode", S_OPERAND_BUSY | ID_RCX, "4", "MR.FINALIZE, VPFLUSHDONE, FREEID, INIT, KEY.CONFIG, RECLAIM, VP.FLUSH", exclusive_rcx),
	ROW("guest mode", S_OPERAND_BUSY | ID_TDR, "4", "VP.INIT of another vCPU", vp_init),
	ROW("guest mode", S_SUCCESS, "0.2", "SEPT.ADD, AUG, BLOCK, TRACK, MNG.RD, RDMD, VP.RD, VP.WR", shared),
};
// clang-format on

CONF_TABLE(conf_enter, rows);
