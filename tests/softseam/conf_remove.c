// SPDX-License-Identifier: GPL-2.0-or-later
/* PAGE.REMOVE after its prefix. */
#include "conf.h"

static u64 page;

static u64 remove_page(void)
{
	return call(MEM_PAGE_REMOVE, .rcx = CONF_GPA, .rdx = conf.td.tdr);
}

static u64 *entry(void)
{
	return conf_entry_at(CONF_GPA, 0);
}

/* A page in PENDING, before and after MR.FINALIZE. */
static void up(void)
{
	conf_up(TD_STATE_INITIALIZED);
	page = arena_aug(&conf.td, CONF_GPA);
}

static void up_runnable(void)
{
	conf_runnable();
	page = arena_aug(&conf.td, CONF_GPA);
}

static void busy(void)
{
	struct seam_lock *lock;

	up_runnable();
	conf_block(CONF_GPA);
	lock = conf_lock_of(page);
	conf_hold(lock, SEAM_SHARED);
	expect(remove_page());
	must(lock->v & SEAM_LOCK_HP);
	conf_let_go(lock, SEAM_SHARED);
	conf_latent(LATENT_PAGE, 1000000);
	expect(remove_page());
	same(conf_provoked(MEM_PAGE_REMOVE, conf.row->status), 1);
	conf_latent(LATENT_PAGE, 0);
	succeed(remove_page());
	same(lock->v, 0);
}

static void busy_order(void)
{
	up_runnable();
	conf_hold(conf_lock_of(page), SEAM_EXCLUSIVE);
	expect(remove_page());
	conf_let_go(conf_lock_of(page), SEAM_EXCLUSIVE);
}

static void state_order(void)
{
	up_runnable();
	conf_hold(conf_lock_of(page), SEAM_EXCLUSIVE);
	*entry() = SEPT_FREE_RAW;
	expect(remove_page());
	conf_let_go(conf_lock_of(page), SEAM_EXCLUSIVE);
}

static void not_blocked(void)
{
	up_runnable();
	expect(remove_page());
	outputs(conf_rcx_of(SEPT_PENDING, page), conf_rdx_of(SEPT_PENDING));
	*entry() = sept_make(SEPT_MAPPED, page);
	/* Before tracking. */
	pamt_find(page)->bepoch = conf_tdr()->epoch;
	expect(remove_page());
	outputs(conf_rcx_of(SEPT_MAPPED, page), conf_rdx_of(SEPT_MAPPED));
	same(pamt_find(page)->type, PT_REG);
}

static void not_tracked(void)
{
	up_runnable();
	succeed(call(MEM_RANGE_BLOCK, .rcx = CONF_GPA, .rdx = conf.td.tdr));
	expect(remove_page());
	outputs(0, 0);
	same(sept_state(*entry()), SEPT_PENDING_BLOCKED);
	conf_track_ok();
	succeed(remove_page());
}

static void not_tracked_refcount(void)
{
	up_runnable();
	succeed(call(MEM_RANGE_BLOCK, .rcx = CONF_GPA, .rdx = conf.td.tdr));
	/* A vCPU in the epoch in which the page was blocked. */
	conf_tdr()->refcount[1] = 1;
	conf_track_ok();
	expect(remove_page());
	outputs(0, 0);
	conf_tdr()->refcount[1] = 0;
	/* One in the epoch after it does not matter. */
	conf_tdr()->refcount[0] = 1;
	succeed(remove_page());
	conf_tdr()->refcount[0] = 0;
}

static void tracked_long_ago(void)
{
	up_runnable();
	succeed(call(MEM_RANGE_BLOCK, .rcx = CONF_GPA, .rdx = conf.td.tdr));
	conf_track_ok();
	conf_track_ok();
	/* Whoever is inside entered later. */
	conf_tdr()->refcount[0] = conf_tdr()->refcount[1] = 1;
	expect(remove_page());
	conf_tdr()->refcount[0] = conf_tdr()->refcount[1] = 0;
}

static void migration_flag(void)
{
	up_runnable();
	conf_block(CONF_GPA);
	conf_track_ok();
	pamt_find(page)->bepoch |= BIT_ULL(63);
	expect(remove_page());
	outputs(0, 0);
}

/* No check of blocking or tracking before MR.FINALIZE. */
static void early(void)
{
	static const enum sept_state from[] = {SEPT_MAPPED, SEPT_BLOCKED, SEPT_PENDING,
					       SEPT_PENDING_BLOCKED};

	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		conf_begin(conf.row, 1);
		up();
		*entry() = sept_make(from[i], page);
		pamt_find(page)->bepoch = conf_tdr()->epoch;
		conf_tdr()->refcount[0] = conf_tdr()->refcount[1] = 1;
		expect(remove_page());
		outputs(page, 0);
		same(*entry(), SEPT_FREE_RAW);
	}
}

static void effect(void)
{
	u64 children;

	up_runnable();
	*(u64 *)seam_va(page) = 42;
	conf_block(CONF_GPA);
	children = conf_tdr()->chldcnt;
	expect(remove_page());
	outputs(page, 0);
	same(*entry(), 0x80e0000000000000);
	same(pamt_find(page)->type, PT_NDA);
	same(conf_tdr()->chldcnt, children - 1);
	/* Nobody wiped it. */
	same(*(u64 *)seam_va(page), 42);
	same(remove_page(), S_EPT_ENTRY_STATE_INCORRECT | ID_RCX);
	outputs(BIT_ULL(63), 0);
	/* The host has it again. */
	succeed(call(PHYMEM_PAGE_WBINVD, .rcx = page));
	succeed(call(MEM_PAGE_AUG, .rcx = CONF_GPA, .rdx = conf.td.tdr, .r8 = page));
	same(seam_findings.unwritten, 0);
}

/* Not by the page itself, and not by all caches: whoever has it next may lose data. */
static void unwritten(void)
{
	up_runnable();
	conf.finding = true;
	for (int i = 0; i < 3; i++) {
		conf_block(CONF_GPA);
		expect(remove_page());
		if (i == 0)
			succeed(call(PHYMEM_PAGE_WBINVD, .rcx = page));
		else if (i == 1)
			seam_sys.writebacks++;
		succeed(call(MEM_PAGE_AUG, .rcx = CONF_GPA, .rdx = conf.td.tdr, .r8 = page));
		same(seam_findings.unwritten, i == 2);
	}
}

static void blocked(void)
{
	up_runnable();
	*entry() = sept_make(SEPT_MAPPED, page);
	conf_block(CONF_GPA);
	same(sept_state(*entry()), SEPT_BLOCKED);
	expect(remove_page());
	outputs(page, 0);
}

// clang-format off
static const struct conf_row rows[] = {
	ROW("TDH.MEM.PAGE.REMOVE", S_OPERAND_BUSY | ID_RCX, "1.3", "the page's PAMT entry locked, and host priority; latent", busy),
	ROW("TDH.MEM.PAGE.REMOVE", S_EPT_ENTRY_STATE_INCORRECT | ID_RCX, "1.3", "order: entry's state, before the page's lock", state_order),
	ROW("TDH.MEM.PAGE.REMOVE", S_OPERAND_BUSY | ID_RCX, "1.3", "order: page locked, before not blocked", busy_order),
	ROW("TDH.MEM.PAGE.REMOVE", S_GPA_RANGE_NOT_BLOCKED | ID_RCX, "1.3", "PENDING, MAPPED: details; before tracking", not_blocked),
	ROW("TDH.MEM.PAGE.REMOVE", S_TLB_TRACKING_NOT_DONE | ID_RCX, "1.3", "no TRACK since: no details", not_tracked),
	ROW("TDH.MEM.PAGE.REMOVE", S_TLB_TRACKING_NOT_DONE | ID_RCX, "3", "a vCPU of the old epoch is inside; of the new one: no matter", not_tracked_refcount),
	ROW("TDH.MEM.PAGE.REMOVE", S_TLB_TRACKING_NOT_DONE | ID_RCX, "3", "BEPOCH with the migration flag", migration_flag),
	ROW("TDH.MEM.PAGE.REMOVE", S_SUCCESS, "3", "two epochs later: whoever is inside", tracked_long_ago),
	ROW("TDH.MEM.PAGE.REMOVE", S_SUCCESS, "1.3", "from each leaf state before MR.FINALIZE", early),
	ROW("TDH.MEM.PAGE.REMOVE", S_SUCCESS, "1.3", "from BLOCKED", blocked),
	ROW("TDH.MEM.PAGE.REMOVE", S_SUCCESS, "1.3", "RCX, entry, PAMT, CHLDCNT, content", effect),
	ROW("TDH.MEM.PAGE.REMOVE", S_SUCCESS, "-", "a page that is given again unwritten is a finding", unwritten),
	EXCEPTION("TDH.MEM.PAGE.REMOVE", S_SUCCESS, "1.3", "a 2M page", "the model has no 2M pages: KVM 7.3 maps TDs' private memory by 4K"),
	EXCEPTION("TDH.MEM.PAGE.REMOVE", S_SUCCESS, "2.2", "to REMOVED during import; BLOCKEDW", "only migration makes such an entry, and Linux does not migrate TDs"),
};
// clang-format on

CONF_TABLE(conf_remove, rows);
