// SPDX-License-Identifier: GPL-2.0-or-later
/* TRACK, epochs, and the TLB that they are about. */
#include "conf.h"

static u64 track(void)
{
	return call(MEM_TRACK, .rcx = conf.td.tdr);
}

/* --- The leaf --- */

static void epoch_busy(void)
{
	struct seam_lock *lock;

	conf_up(TD_STATE_INITIALIZED);
	lock = &conf_tdr()->epoch_lock;
	conf_hold(lock, SEAM_SHARED);
	expect(track());
	conf_let_go(lock, SEAM_SHARED);
	/* Of a kind without host priority. */
	same(lock->v, 0);
	conf_latent(LATENT_EPOCH, 1000000);
	expect(track());
	same(conf_provoked(MEM_TRACK, conf.row->status), 1);
	same(lock->v, 0);
	conf_latent(LATENT_EPOCH, 0);
	same(conf_tdr()->epoch, 1);
	succeed(track());
}

static void epoch_order(void)
{
	conf_up(TD_STATE_INITIALIZED);
	conf_tdr()->refcount[0] = 1;
	conf_hold(&conf_tdr()->epoch_lock, SEAM_EXCLUSIVE);
	expect(track());
	conf_let_go(&conf_tdr()->epoch_lock, SEAM_EXCLUSIVE);
}

static void previous_busy(void)
{
	conf_up(TD_STATE_INITIALIZED);
	conf_tdr()->refcount[0] = 1;
	expect(track());
	same(conf_tdr()->epoch, 1);
	conf_tdr()->refcount[0] = 0;
	/* Those of the current epoch do not matter, once. */
	conf_tdr()->refcount[1] = 1;
	succeed(track());
	expect(track());
	conf_tdr()->refcount[1] = 0;
	succeed(track());
}

static void effect(void)
{
	conf_up(TD_STATE_INITIALIZED);
	expect(call(MEM_TRACK, .rcx = conf.td.tdr, .rdx = 2, .r8 = 3));
	same(conf_tdr()->epoch, 2);
	outputs(conf.td.tdr, 2);
	same(arena_out.r8, 3);
}

/* --- With a vCPU in guest mode --- */

static u64 status[4], seen[4];

/* Calls HOOK while the vCPU is in guest mode. */
static void inside(void (*hook)(void))
{
	conf_trap(*conf_entry_at(CONF_PROG, 0) & SEPT_HPA, hook);
	same(enter(), 77);
	must(conf_trapped());
}

static u64 track_inside(void)
{
	return call_inside(1, MEM_TRACK, .rcx = conf.td.tdr);
}

static void hook_two_tracks(void)
{
	seen[0] = conf_tdr()->refcount[1];
	status[0] = track_inside();
	status[1] = track_inside();
}

static void two_tracks(void)
{
	conf_runnable();
	inside(hook_two_tracks);
	same(seen[0], 1);
	succeed(status[0]);
	expect(status[1]);
	/* It has been out: the next entry is of the new epoch. */
	same(conf_tdr()->refcount[1], 0);
	succeed(track());
}

static void hook_remove(void)
{
	status[0] = call_inside(1, MEM_RANGE_BLOCK, .rcx = CONF_GPA, .rdx = conf.td.tdr);
	status[1] = track_inside();
	status[2] = call_inside(1, MEM_PAGE_REMOVE, .rcx = CONF_GPA, .rdx = conf.td.tdr);
}

static void remove_inside(void)
{
	conf_runnable();
	arena_aug(&conf.td, CONF_GPA);
	inside(hook_remove);
	succeed(status[0]);
	succeed(status[1]);
	expect(status[2]);
	succeed(call(MEM_PAGE_REMOVE, .rcx = CONF_GPA, .rdx = conf.td.tdr));
}

static void hook_remove_only(void)
{
	seen[0] = conf_tdr()->refcount[0];
	seen[1] = conf_tdvpr()->epoch;
	status[0] = call_inside(1, MEM_PAGE_REMOVE, .rcx = CONF_GPA, .rdx = conf.td.tdr);
}

static void entered_later(void)
{
	conf_runnable();
	arena_aug(&conf.td, CONF_GPA);
	conf_block(CONF_GPA);
	inside(hook_remove_only);
	expect(status[0]);
	same(seen[0], 1);
	same(seen[1], 2);
}

static void refcount_undone(void)
{
	conf_runnable();
	expect(enter());
	same(conf_tdr()->refcount[0], 0);
	same(conf_tdr()->refcount[1], 0);
}

/* --- The TLB --- */

/* Not in the program's set, which has one entry only. */
#define TLB_GPA (CONF_GPA + SEAM_PAGE_SIZE)

/* Reads the page at TLB_GPA, twice with an exit between. */
static u64 tlb_guest(void)
{
	u64 page;

	conf_guest({.op = GP_SET, .rd = 1, .imm = TLB_GPA}, {.op = GP_READ, .rd = 2, .rs = 1},
		   {.op = GP_OUT, .rs = 2}, {.op = GP_READ, .rd = 3, .rs = 1},
		   {.op = GP_OUT, .rs = 3});
	page = arena_aug(&conf.td, TLB_GPA);
	*conf_entry_at(TLB_GPA, 0) = sept_make(SEPT_MAPPED, page);
	*(u64 *)seam_va(page) = 42;
	same(enter(), 77);
	return page;
}

static void block(void)
{
	succeed(call(MEM_RANGE_BLOCK, .rcx = TLB_GPA, .rdx = conf.td.tdr));
}

static void tlb_until_track(void)
{
	tlb_guest();
	block();
	/* No TRACK yet: the translation may be used. */
	expect(enter());
	same(arena_out.r15, 42);
	same(seam_guest_counts.late_private, 1);
}

static void tlb_after_track(void)
{
	tlb_guest();
	block();
	conf_track_ok();
	expect(enter());
	same(arena_out.r8, TLB_GPA);
}

static void tlb_other_vcpu(void)
{
	tlb_guest();
	block();
	/* Another vCPU ran here since. */
	seam_sys.lp[0].last_vp = ARENA_BASE;
	expect(enter());
}

static void tlb_other_lp(void)
{
	tlb_guest();
	block();
	succeed(call(VP_FLUSH, .rcx = conf.vp));
	expect(call_on(1, VP_ENTER, .rcx = conf.vp));
}

static void tlb_invept(void)
{
	tlb_guest();
	block();
	seam_invept(1);
	seam_invept(0);
	expect(enter());
}

/* The page went away and the vCPU was not kicked: the model says so. */
static void tlb_stale(void)
{
	conf.finding = true;
	tlb_guest();
	*conf_entry_at(TLB_GPA, 0) = SEPT_FREE_RAW;
	expect(enter());
	same(seam_findings.stale_access, 1);
}

// clang-format off
#define T "TLB tracking"
static const struct conf_row rows[] = {
	OBJECT_ROWS("TDH.MEM.TRACK", "1.3 P1-P4", "TDR", ID_RCX),
	TYPE_ORDER_ROW("TDH.MEM.TRACK", "1.2 P4-P5", ID_RCX),
	SHARED_ROW("TDH.MEM.TRACK", "1.3", "TDR"),
	TD_ROWS("TDH.MEM.TRACK", "1.2 P5"),
	OP_ROWS("TDH.MEM.TRACK", "1.2 P6"),
	OP_STATE_ROWS("TDH.MEM.TRACK", "1.2 P7"),
	ROW("TDH.MEM.TRACK", S_OPERAND_BUSY | ID_TD_EPOCH, "1.3", "TD epoch locked; latent; no host priority", epoch_busy),
	ROW("TDH.MEM.TRACK", S_OPERAND_BUSY | ID_TD_EPOCH, "1.3", "order: TD epoch locked, before PREVIOUS_TLB_EPOCH_BUSY", epoch_order),
	ROW("TDH.MEM.TRACK", S_PREVIOUS_TLB_EPOCH_BUSY, "1.3", "a vCPU of the epoch before is inside", previous_busy),
	ROW("TDH.MEM.TRACK", S_SUCCESS, "1.3", "TD_EPOCH; no other output", effect),
	ROW(T, S_PREVIOUS_TLB_EPOCH_BUSY, "3", "two TRACKs during one stay in guest mode", two_tracks),
	ROW(T, S_TLB_TRACKING_NOT_DONE | ID_RCX, "3", "BLOCK, TRACK, REMOVE during one stay in guest mode", remove_inside),
	ROW(T, S_SUCCESS, "3", "REMOVE with a vCPU inside that entered after TRACK", entered_later),
	ROW(T, EXIT_TDCALL, "3", "an exit gives the reference back", refcount_undone),
	ROW(T, EXIT_TDCALL, "3", "a translation after BLOCK, before TRACK", tlb_until_track),
	ROW(T, EXIT_EPT_VIOLATION, "3", "no translation after TRACK and an entry", tlb_after_track),
	ROW(T, EXIT_EPT_VIOLATION, "5.1", "no translation if another vCPU ran on the LP", tlb_other_vcpu),
	ROW(T, EXIT_EPT_VIOLATION, "3", "no translation on another LP", tlb_other_lp),
	ROW(T, EXIT_EPT_VIOLATION, "3", "no translation after the host's INVEPT", tlb_invept),
	ROW(T, EXIT_OTHER_SMI, "-", "a translation to a page that is gone is a finding", tlb_stale),
};
// clang-format on

CONF_TABLE(conf_track, rows);
