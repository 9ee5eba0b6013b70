// SPDX-License-Identifier: GPL-2.0-or-later
/* Keys, and the way out of a TD's life. */
#include "conf.h"

/* --- MNG.KEY.CONFIG --- */

static u64 key(u32 lp)
{
	return call_on(lp, MNG_KEY_CONFIG, .rcx = conf.td.tdr);
}

static void key_life_cycle(void)
{
	static const u8 wrong[] = {TD_KEYS_CONFIGURED, TD_BLOCKED, TD_TEARDOWN};

	conf_up(TD_STATE_INITIALIZED);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		conf_tdr()->lifecycle = wrong[i];
		expect(key(0));
		same(conf_tdr()->lifecycle, wrong[i]);
	}
}

static void key_order(void)
{
	conf_up(TD_STATE_INITIALIZED);
	conf_tdr()->fatal = 1;
	expect(key(0));
}

static void key_done(void)
{
	conf_begin(conf.row, 2);
	conf_up(TD_STATE_CREATED);
	succeed(key(0));
	expect(key(0));
	/* Before KET. */
	conf_hold(&seam_sys.package[0].ket, SEAM_EXCLUSIVE);
	expect(key(0));
	conf_let_go(&seam_sys.package[0].ket, SEAM_EXCLUSIVE);
}

static void key_ket(void)
{
	struct seam_lock *ket = &seam_sys.package[0].ket;

	conf_up(TD_STATE_CREATED);
	conf_hold(ket, SEAM_EXCLUSIVE);
	expect(key(0));
	conf_let_go(ket, SEAM_EXCLUSIVE);
	same(ket->v, 0);
	conf_latent(LATENT_KET, 1000000);
	/* Before entropy. */
	conf_latent(LATENT_NO_ENTROPY, 1000000);
	expect(key(0));
	same(conf_provoked(MNG_KEY_CONFIG, conf.row->status), 1);
	conf_latent(LATENT_KET, 0);
	conf_latent(LATENT_NO_ENTROPY, 0);
	succeed(key(0));
}

static void key_ket_by_package(void)
{
	conf_begin(conf.row, 2);
	conf_up(TD_STATE_CREATED);
	conf_hold(&seam_sys.package[1].ket, SEAM_EXCLUSIVE);
	expect(key(0));
	conf_let_go(&seam_sys.package[1].ket, SEAM_EXCLUSIVE);
}

static void key_entropy(void)
{
	conf_up(TD_STATE_CREATED);
	conf_latent(LATENT_NO_ENTROPY, 1000000);
	expect(key(0));
	same(conf_provoked(MNG_KEY_CONFIG, conf.row->status), 1);
	same(conf_tdr()->lifecycle, TD_HKID_ASSIGNED);
	conf_latent(LATENT_NO_ENTROPY, 0);
	succeed(key(0));
}

static void key_effect(void)
{
	conf_begin(conf.row, 2);
	conf_up(TD_STATE_CREATED);
	expect(key(0));
	same(conf_tdr()->lifecycle, TD_HKID_ASSIGNED);
	expect(key(1));
	same(conf_tdr()->lifecycle, TD_KEYS_CONFIGURED);
}

/* --- MNG.VPFLUSHDONE --- */

static u64 flush_done(void)
{
	return call(MNG_VPFLUSHDONE, .rcx = conf.td.tdr);
}

/* KOT locked: natural and latent; then the leaf succeeds. */
static void kot_busy(u64 (*leaf)(void), u32 nr)
{
	conf_hold(&seam_sys.kot, SEAM_SHARED);
	expect(leaf());
	conf_let_go(&seam_sys.kot, SEAM_SHARED);
	same(seam_sys.kot.v, 0);
	conf_latent(LATENT_KOT, 1000000);
	expect(leaf());
	same(conf_provoked(nr, conf.row->status), 1);
	same(seam_sys.kot.v, 0);
	conf_latent(LATENT_KOT, 0);
	succeed(leaf());
}

static void done_kot(void)
{
	conf_up(TD_STATE_INITIALIZED);
	kot_busy(flush_done, MNG_VPFLUSHDONE);
}

static void done_kot_order(void)
{
	conf_up(TD_STATE_INITIALIZED);
	conf_vcpu();
	conf_tdr()->lifecycle = TD_TEARDOWN;
	conf_hold(&seam_sys.kot, SEAM_SHARED);
	expect(flush_done());
	conf_let_go(&seam_sys.kot, SEAM_SHARED);
}

static void done_life_cycle(void)
{
	conf_up(TD_STATE_INITIALIZED);
	conf_vcpu();
	conf_tdr()->lifecycle = TD_TEARDOWN;
	expect(flush_done());
	conf_tdr()->lifecycle = TD_KEYS_CONFIGURED;
	succeed(call(VP_FLUSH, .rcx = conf.vp));
	succeed(flush_done());
	expect(flush_done());
}

static void done_associated(void)
{
	conf_up(TD_STATE_INITIALIZED);
	conf_vcpu();
	expect(flush_done());
	same(conf_tdr()->lifecycle, TD_KEYS_CONFIGURED);
	succeed(call(VP_FLUSH, .rcx = conf.vp));
	succeed(flush_done());
}

static void done_fatal(void)
{
	conf_up(TD_STATE_INITIALIZED);
	conf_tdr()->fatal = 1;
	expect(flush_done());
}

static void done_effect(void)
{
	conf_begin(conf.row, 2);
	conf_up(TD_STATE_INITIALIZED);
	expect(flush_done());
	same(conf_tdr()->lifecycle, TD_BLOCKED);
	same(seam_sys.hkid[1].state, HKID_FLUSHED);
	same(seam_sys.hkid[1].unwritten, 3);
}

static void done_keyless(void)
{
	conf_up(TD_STATE_CREATED);
	expect(flush_done());
	same(conf_tdr()->lifecycle, TD_BLOCKED);
}

/* --- PHYMEM.CACHE.WB --- */

static u64 write_back(void)
{
	return call(PHYMEM_CACHE_WB);
}

static void flushed(u32 packages)
{
	conf_begin(conf.row, packages);
	conf_up(TD_STATE_INITIALIZED);
	succeed(flush_done());
}

static void wb_rcx(void)
{
	struct seam_lock *wbt = &seam_sys.package[0].wbt;

	conf_hold(wbt, SEAM_EXCLUSIVE);
	expect(call(PHYMEM_CACHE_WB, .rcx = 2));
	expect(call(PHYMEM_CACHE_WB, .rcx = BIT_ULL(63)));
	conf_let_go(wbt, SEAM_EXCLUSIVE);
}

static void wb_wbt(void)
{
	struct seam_lock *wbt = &seam_sys.package[0].wbt;

	flushed(1);
	conf_hold(wbt, SEAM_EXCLUSIVE);
	/* Before KOT. */
	conf_hold(&seam_sys.kot, SEAM_EXCLUSIVE);
	expect(write_back());
	conf_let_go(&seam_sys.kot, SEAM_EXCLUSIVE);
	conf_let_go(wbt, SEAM_EXCLUSIVE);
	same(wbt->v, 0);
	conf_latent(LATENT_WBT, 1000000);
	expect(write_back());
	same(conf_provoked(PHYMEM_CACHE_WB, conf.row->status), 1);
	conf_latent(LATENT_WBT, 0);
	succeed(write_back());
}

static void wb_kot(void)
{
	conf_hold(&seam_sys.kot, SEAM_EXCLUSIVE);
	/* Before there is nothing to do. */
	expect(write_back());
	expect(call(PHYMEM_CACHE_WB, .rcx = 1));
	conf_let_go(&seam_sys.kot, SEAM_EXCLUSIVE);
	same(seam_sys.kot.v, 0);
	conf_latent(LATENT_KOT, 1000000);
	expect(write_back());
	same(conf_provoked(PHYMEM_CACHE_WB, conf.row->status), 1);
}

static void wb_shared(void)
{
	flushed(1);
	conf_hold(&seam_sys.kot, SEAM_SHARED);
	expect(write_back());
	conf_let_go(&seam_sys.kot, SEAM_SHARED);
}

static void wb_none(void)
{
	expect(write_back());
	conf_up(TD_STATE_INITIALIZED);
	expect(write_back());
}

static void wb_resume_error(void)
{
	expect(call(PHYMEM_CACHE_WB, .rcx = 1));
	flushed(1);
	expect(call(PHYMEM_CACHE_WB, .rcx = 1));
	succeed(write_back());
	expect(call(PHYMEM_CACHE_WB, .rcx = 1));
}

static void wb_interrupted(void)
{
	flushed(1);
	conf_latent(LATENT_INTERRUPTED, 1000000);
	expect(write_back());
	same(conf_provoked(PHYMEM_CACHE_WB, conf.row->status), 1);
	same(call(MNG_KEY_FREEID, .rcx = conf.td.tdr), S_WBCACHE_NOT_COMPLETE);
	expect(call(PHYMEM_CACHE_WB, .rcx = 1));
	conf_latent(LATENT_INTERRUPTED, 0);
	succeed(call(PHYMEM_CACHE_WB, .rcx = 1));
	succeed(call(MNG_KEY_FREEID, .rcx = conf.td.tdr));
}

static void wb_effect(void)
{
	flushed(2);
	expect(write_back());
	same(seam_sys.hkid[1].unwritten, 2);
	expect(call_on(1, PHYMEM_CACHE_WB));
	same(seam_sys.hkid[1].unwritten, 0);
}

/* What is flushed after the start is not written back by its end. */
static void wb_start(void)
{
	struct arena_td other;

	flushed(1);
	conf_latent(LATENT_INTERRUPTED, 1000000);
	same(write_back(), S_INTERRUPTED_RESUMABLE);
	conf_latent(LATENT_INTERRUPTED, 0);
	arena_td_new(&other, CONF_HKID + 1, TD_STATE_CREATED);
	succeed(call(MNG_VPFLUSHDONE, .rcx = other.tdr));
	expect(call(PHYMEM_CACHE_WB, .rcx = 1));
	same(seam_sys.hkid[1].unwritten, 0);
	same(seam_sys.hkid[2].unwritten, 1);
}

/* --- MNG.KEY.FREEID --- */

static u64 free_id(void)
{
	return call(MNG_KEY_FREEID, .rcx = conf.td.tdr);
}

static void free_kot(void)
{
	flushed(1);
	succeed(write_back());
	kot_busy(free_id, MNG_KEY_FREEID);
}

static void free_kot_order(void)
{
	flushed(1);
	conf_hold(&seam_sys.kot, SEAM_SHARED);
	expect(free_id());
	conf_let_go(&seam_sys.kot, SEAM_SHARED);
}

static void free_life_cycle(void)
{
	conf_up(TD_STATE_INITIALIZED);
	expect(free_id());
	/* Before KOT. */
	conf_hold(&seam_sys.kot, SEAM_SHARED);
	expect(free_id());
	conf_let_go(&seam_sys.kot, SEAM_SHARED);
	arena_td_stop(&conf.td, NULL, 0, 0);
	expect(free_id());
}

static void free_unwritten(void)
{
	flushed(2);
	expect(free_id());
	succeed(write_back());
	expect(free_id());
	succeed(call_on(1, PHYMEM_CACHE_WB));
	succeed(free_id());
}

static void free_effect(void)
{
	struct arena_td other;

	flushed(1);
	succeed(write_back());
	expect(free_id());
	same(conf_tdr()->lifecycle, TD_TEARDOWN);
	same(seam_sys.hkid[1].state, HKID_FREE);
	arena_td_new(&other, CONF_HKID, TD_STATE_INITIALIZED);
}

// clang-format off
static const struct conf_row rows[] = {
	OBJECT_ROWS("TDH.MNG.KEY.CONFIG", "1.4 P1-P4", "TDR", ID_RCX),
	TYPE_ORDER_ROW("TDH.MNG.KEY.CONFIG", "1.2 P4-P5", ID_RCX),
	ROW("TDH.MNG.KEY.CONFIG", S_TD_FATAL, "1.4", "the TD is fatal", td_fatal),
	ROW("TDH.MNG.KEY.CONFIG", S_TD_FATAL, "1.4", "order: fatal, before life cycle", key_order),
	ROW("TDH.MNG.KEY.CONFIG", S_LIFECYCLE_STATE_INCORRECT, "1.4", "not HKID_ASSIGNED; it stays as it is", key_life_cycle),
	ROW("TDH.MNG.KEY.CONFIG", S_KEY_CONFIGURED, "1.4", "done on this package; before KET", key_done),
	ROW("TDH.MNG.KEY.CONFIG", S_OPERAND_BUSY | ID_KET, "1.4", "KET locked; latent; before entropy", key_ket),
	ROW("TDH.MNG.KEY.CONFIG", S_SUCCESS, "1.4", "KET of another package locked", key_ket_by_package),
	ROW("TDH.MNG.KEY.CONFIG", S_KEY_GENERATION_FAILED, "1.4", "latent", key_entropy),
	ROW("TDH.MNG.KEY.CONFIG", S_SUCCESS, "1.4", "life cycle after the last package, not before", key_effect),
	OBJECT_ROWS("TDH.MNG.VPFLUSHDONE", "1.4 P1-P4", "TDR", ID_RCX),
	ROW("TDH.MNG.VPFLUSHDONE", S_PAGE_METADATA_INCORRECT | ID_RCX, "1.4", "order: type, before KOT", kot_order_type),
	ROW("TDH.MNG.VPFLUSHDONE", S_OPERAND_BUSY | ID_KOT, "1.4", "KOT locked; latent", done_kot),
	ROW("TDH.MNG.VPFLUSHDONE", S_OPERAND_BUSY | ID_KOT, "1.4", "order: KOT locked, before life cycle", done_kot_order),
	ROW("TDH.MNG.VPFLUSHDONE", S_LIFECYCLE_STATE_INCORRECT, "1.4", "not 0 or 1; before FLUSHVP_NOT_DONE", done_life_cycle),
	ROW("TDH.MNG.VPFLUSHDONE", S_FLUSHVP_NOT_DONE, "1.4", "a vCPU is associated", done_associated),
	ROW("TDH.MNG.VPFLUSHDONE", S_SUCCESS, "1.4", "of a fatal TD, too", done_fatal),
	ROW("TDH.MNG.VPFLUSHDONE", S_SUCCESS, "1.4", "life cycle 2, KOT, bits of packages", done_effect),
	ROW("TDH.MNG.VPFLUSHDONE", S_SUCCESS, "1.4", "of a TD without a key", done_keyless),
	ROW("TDH.PHYMEM.CACHE.WB", S_OPERAND_INVALID | ID_RCX, "1.4", "RCX > 1; before WBT", wb_rcx),
	ROW("TDH.PHYMEM.CACHE.WB", S_OPERAND_BUSY | ID_WBCACHE, "1.4", "WBT locked; latent; before KOT", wb_wbt),
	ROW("TDH.PHYMEM.CACHE.WB", S_OPERAND_BUSY | ID_KOT, "1.4", "KOT locked; latent; before the rest", wb_kot),
	ROW("TDH.PHYMEM.CACHE.WB", S_SUCCESS, "1.4", "KOT locked shared by another: no conflict", wb_shared),
	ROW("TDH.PHYMEM.CACHE.WB", S_NO_HKID_READY_TO_WBCACHE, "1.4", "no HKID is FLUSHED", wb_none),
	ROW("TDH.PHYMEM.CACHE.WB", S_WBCACHE_RESUME_ERROR, "1.4", "nothing to resume", wb_resume_error),
	ROW("TDH.PHYMEM.CACHE.WB", S_INTERRUPTED_RESUMABLE, "1.4", "latent; then resumed", wb_interrupted),
	ROW("TDH.PHYMEM.CACHE.WB", S_SUCCESS, "1.4", "clears this package's bit", wb_effect),
	ROW("TDH.PHYMEM.CACHE.WB", S_SUCCESS, "1.4", "only HKIDs that were FLUSHED at the start", wb_start),
	OBJECT_ROWS("TDH.MNG.KEY.FREEID", "1.4 P1-P4", "TDR", ID_RCX),
	ROW("TDH.MNG.KEY.FREEID", S_PAGE_METADATA_INCORRECT | ID_RCX, "1.4", "order: type, before KOT", kot_order_type),
	ROW("TDH.MNG.KEY.FREEID", S_LIFECYCLE_STATE_INCORRECT, "1.4", "not BLOCKED; before KOT", free_life_cycle),
	ROW("TDH.MNG.KEY.FREEID", S_OPERAND_BUSY | ID_KOT, "1.4", "KOT locked; latent", free_kot),
	ROW("TDH.MNG.KEY.FREEID", S_OPERAND_BUSY | ID_KOT, "1.4", "order: KOT locked, before WBCACHE_NOT_COMPLETE", free_kot_order),
	ROW("TDH.MNG.KEY.FREEID", S_WBCACHE_NOT_COMPLETE, "1.4", "a package is left", free_unwritten),
	ROW("TDH.MNG.KEY.FREEID", S_SUCCESS, "1.4", "life cycle 3, the HKID is free", free_effect),
};
// clang-format on

CONF_TABLE(conf_key, rows);
