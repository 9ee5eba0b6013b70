// SPDX-License-Identifier: GPL-2.0-or-later
/* Bringing up the module. */
#include "conf.h"

#define INFO	   ARENA_NO_TDMR
#define INFO_1	   (INFO + 512)
#define INFO_ARRAY (INFO + SEAM_PAGE_SIZE)

/* TDMR_INFO, as u64s: base, size, base and size of 3 PAMTs, base and size of areas. */
enum { BASE, SIZE, PAMT_1G, PAMT_1G_SIZE, PAMT_2M, PAMT_2M_SIZE, PAMT_4K, PAMT_4K_SIZE, AREA };

static u64 *info(void)
{
	return seam_va(INFO);
}

static u64 *array(void)
{
	return seam_va(INFO_ARRAY);
}

/* From power-on, with the TDMR_INFO that the arena had made. */
static void power_on(u32 packages)
{
	u64 copy[64];

	memcpy(copy, info(), sizeof(copy));
	arena_reset(2, packages);
	memcpy(info(), copy, sizeof(copy));
	array()[0] = INFO;
}

static void inited(u32 packages)
{
	power_on(packages);
	succeed(call(SYS_INIT));
	succeed(call_on(0, SYS_LP_INIT));
	succeed(call_on(1, SYS_LP_INIT));
}

static u64 config(void)
{
	return call(SYS_CONFIG, .rcx = INFO_ARRAY, .rdx = 1, .r8 = 32);
}

static void configured(u32 packages)
{
	inited(packages);
	succeed(config());
}

/* Both kinds of contention; the lock is one without host priority. */
static void busy(struct seam_lock *lock, enum seam_latent_kind kind, u64 rax,
		 struct tdx_module_args a)
{
	struct tdx_module_args b = a, c = a;

	conf_hold(lock, SEAM_EXCLUSIVE);
	expect(arena_call_on(0, rax, &a));
	conf_let_go(lock, SEAM_EXCLUSIVE);
	same(lock->v, 0);
	conf_latent(kind, 1000000);
	expect(arena_call_on(0, rax, &b));
	same(conf_provoked(rax, conf.row->status), 1);
	conf_latent(kind, 0);
	same(lock->v, 0);
	succeed(arena_call_on(0, rax, &c));
}

/* --- SYS.INIT, SYS.LP.INIT --- */

static void init_busy(void)
{
	power_on(1);
	busy(&seam_sys.global, LATENT_SYS, SYS_INIT, (struct tdx_module_args){0});
}

static void init_rcx(void)
{
	power_on(1);
	expect(call(SYS_INIT, .rcx = 1));
	succeed(call(SYS_INIT));
	/* Before the state. */
	expect(call(SYS_INIT, .rcx = 1));
}

static void init_twice(void)
{
	expect(call(SYS_INIT));
	power_on(1);
	succeed(call(SYS_INIT));
	expect(call(SYS_INIT));
}

static void lp_init_busy(void)
{
	power_on(1);
	succeed(call(SYS_INIT));
	busy(&seam_sys.global, LATENT_SYS, SYS_LP_INIT, (struct tdx_module_args){0});
}

static void lp_init_early(void)
{
	power_on(1);
	expect(call(SYS_LP_INIT));
}

static void lp_init_twice(void)
{
	inited(1);
	expect(call_on(0, SYS_LP_INIT));
	expect(call_on(1, SYS_LP_INIT));
}

static void lp_init_entropy(void)
{
	power_on(1);
	succeed(call(SYS_INIT));
	conf_latent(LATENT_NO_ENTROPY, 1000000);
	expect(call(SYS_LP_INIT));
	same(conf_provoked(SYS_LP_INIT, S_RND_NO_ENTROPY), 1);
	conf_latent(LATENT_NO_ENTROPY, 0);
	succeed(call(SYS_LP_INIT));
}

static void lp_init_order(void)
{
	power_on(1);
	conf_latent(LATENT_NO_ENTROPY, 1000000);
	same(call(SYS_LP_INIT), S_SYS_LP_INIT_NOT_PENDING);
	conf_latent(LATENT_NO_ENTROPY, 0);
	succeed(call(SYS_INIT));
	succeed(call(SYS_LP_INIT));
	conf_latent(LATENT_NO_ENTROPY, 1000000);
	expect(call(SYS_LP_INIT));
}

/* --- SYS.CONFIG --- */

static void config_busy(void)
{
	inited(1);
	busy(&seam_sys.global, LATENT_SYS, SYS_CONFIG,
	     (struct tdx_module_args){.rcx = INFO_ARRAY, .rdx = 1, .r8 = 32});
}

static void config_early(void)
{
	power_on(1);
	expect(config());
	succeed(call(SYS_INIT));
	succeed(call_on(0, SYS_LP_INIT));
	/* LP 1 is not initialized; before the operands. */
	expect(config());
	expect(call(SYS_CONFIG, .rcx = 1));
	succeed(call_on(1, SYS_LP_INIT));
	succeed(config());
	expect(config());
}

static void config_rcx(void)
{
	inited(1);
	expect(call(SYS_CONFIG, .rcx = INFO_ARRAY + 256, .rdx = 1, .r8 = 32));
	expect(call(SYS_CONFIG, .rcx = INFO_ARRAY | BIT_ULL(46), .rdx = 1, .r8 = 32));
	expect(call(SYS_CONFIG, .rcx = INFO_ARRAY | BIT_ULL(60), .rdx = 1, .r8 = 32));
	/* Before RDX and R8. */
	expect(call(SYS_CONFIG, .rcx = INFO_ARRAY + 256));
}

static void config_rdx(void)
{
	inited(1);
	expect(call(SYS_CONFIG, .rcx = INFO_ARRAY, .rdx = 0, .r8 = 32));
	expect(call(SYS_CONFIG, .rcx = INFO_ARRAY, .rdx = 65, .r8 = 32));
	expect(call(SYS_CONFIG, .rcx = INFO_ARRAY, .rdx = BIT_ULL(32) | 1, .r8 = 32));
	/* Before R8. */
	expect(call(SYS_CONFIG, .rcx = INFO_ARRAY, .rdx = 0, .r8 = 31));
}

static void config_r8(void)
{
	static const u64 wrong[] = {0, 31, 64, 1ULL << 16 | 32, ~0ULL};

	inited(1);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		expect(call(SYS_CONFIG, .rcx = INFO_ARRAY, .rdx = 1, .r8 = wrong[i]));
}

/* The TDMR_INFO with one word replaced. */
static void config_with(int word, u64 value)
{
	u64 old;

	inited(1);
	old = info()[word];
	info()[word] = value;
	expect(config());
	info()[word] = old;
	succeed(config());
}

static void config_tdmr(void)
{
	config_with(BASE, ARENA_BASE + (1 << 21));
	config_with(SIZE, 0);
	config_with(SIZE, 1 << 21);
}

static void config_order(void)
{
	inited(1);
	memcpy(seam_va(INFO_1), info(), 512);
	((u64 *)seam_va(INFO_1))[BASE] = 0;
	array()[1] = INFO_1;
	expect(call(SYS_CONFIG, .rcx = INFO_ARRAY, .rdx = 2, .r8 = 32));
}

static void config_outside(void)
{
	config_with(BASE, ARENA_END);
}

static void config_reserved(void)
{
	config_with(AREA, 0x800);
	config_with(AREA + 1, 0x800);
	config_with(AREA + 1, ARENA_END);
}

static void config_reserved_order(void)
{
	inited(1);
	/* Two areas, the second before the first; one after an empty one. */
	info()[AREA + 2] = 0;
	info()[AREA + 3] = SEAM_PAGE_SIZE;
	expect(config());
	info()[AREA + 2] = 0;
	info()[AREA + 3] = 0;
	info()[AREA + 4] = 64 << 20;
	info()[AREA + 5] = SEAM_PAGE_SIZE;
	expect(config());
}

static void config_pamt(void)
{
	config_with(PAMT_4K, info()[PAMT_4K] + 8);
	config_with(PAMT_4K_SIZE, info()[PAMT_4K_SIZE] - SEAM_PAGE_SIZE);
	config_with(PAMT_2M_SIZE, 0);
}

static void config_pamt_outside(void)
{
	config_with(PAMT_2M, ARENA_END);
}

static void config_pamt_overlap(void)
{
	config_with(PAMT_2M, info()[PAMT_4K]);
	config_with(PAMT_1G, ARENA_BASE + (256 << 20));
}

static void config_effect(void)
{
	inited(1);
	expect(config());
	/* The global key's HKID is nobody else's. */
	for (u32 lp = 0; lp < 1; lp++)
		succeed(call_on(lp, SYS_KEY_CONFIG));
	succeed(call(SYS_TDMR_INIT, .rcx = ARENA_BASE));
	same(call(MNG_CREATE, .rcx = arena_page(), .rdx = 32), S_HKID_NOT_FREE);
}

/* --- SYS.KEY.CONFIG --- */

static void key_busy(void)
{
	configured(1);
	busy(&seam_sys.global, LATENT_SYS, SYS_KEY_CONFIG, (struct tdx_module_args){0});
}

static void key_ket(void)
{
	configured(1);
	busy(&seam_sys.package[0].ket, LATENT_KET, SYS_KEY_CONFIG, (struct tdx_module_args){0});
}

static void key_early(void)
{
	expect(call(SYS_KEY_CONFIG));
	inited(1);
	expect(call(SYS_KEY_CONFIG));
}

static void key_twice(void)
{
	configured(2);
	succeed(call_on(0, SYS_KEY_CONFIG));
	/* Before KET. */
	conf_hold(&seam_sys.package[0].ket, SEAM_EXCLUSIVE);
	expect(call_on(0, SYS_KEY_CONFIG));
	conf_let_go(&seam_sys.package[0].ket, SEAM_EXCLUSIVE);
}

static void key_ready(void)
{
	configured(2);
	expect(call_on(0, SYS_KEY_CONFIG));
	same(call(SYS_TDMR_INIT, .rcx = ARENA_BASE), S_SYS_NOT_READY);
	expect(call_on(1, SYS_KEY_CONFIG));
	succeed(call(SYS_TDMR_INIT, .rcx = ARENA_BASE));
}

static void key_entropy(void)
{
	configured(1);
	conf_latent(LATENT_NO_ENTROPY, 1000000);
	expect(call(SYS_KEY_CONFIG));
	same(conf_provoked(SYS_KEY_CONFIG, S_KEY_GENERATION_FAILED), 1);
	same(call(SYS_TDMR_INIT, .rcx = ARENA_BASE), S_SYS_NOT_READY);
	conf_latent(LATENT_NO_ENTROPY, 0);
	succeed(call(SYS_KEY_CONFIG));
}

/* --- SYS.TDMR.INIT --- */

static void tdmr_rcx(void)
{
	expect(call(SYS_TDMR_INIT, .rcx = ARENA_BASE + (4 << 20)));
	expect(call(SYS_TDMR_INIT, .rcx = 0));
	expect(call(SYS_TDMR_INIT, .rcx = ARENA_BASE | BIT_ULL(46)));
}

static void tdmr_busy(void)
{
	busy(&seam_sys.tdmr[0].lock, LATENT_TDMR, SYS_TDMR_INIT,
	     (struct tdx_module_args){.rcx = ARENA_BASE});
}

static void tdmr_all(u64 until)
{
	while (seam_sys.tdmr[0].done < until)
		succeed(call(SYS_TDMR_INIT, .rcx = ARENA_BASE));
}

static void tdmr_done(void)
{
	tdmr_all(ARENA_END - ARENA_BASE);
	expect(call(SYS_TDMR_INIT, .rcx = ARENA_BASE));
}

/* 4M a call; RDX in units of 1G. */
static void tdmr_steps(void)
{
	u64 next = ARENA_BASE + seam_sys.tdmr[0].done;

	same(call(PHYMEM_PAGE_RDMD, .rcx = next), S_OPERAND_ADDR_RANGE_ERROR | ID_RCX);
	expect(call(SYS_TDMR_INIT, .rcx = ARENA_BASE));
	same(arena_out.rdx, ARENA_BASE);
	expect(call(PHYMEM_PAGE_RDMD, .rcx = next + (4 << 20) - SEAM_PAGE_SIZE));
	same(arena_out.rcx, PT_NDA);
	same(call(PHYMEM_PAGE_RDMD, .rcx = next + (4 << 20)), S_OPERAND_ADDR_RANGE_ERROR | ID_RCX);
	tdmr_all(ARENA_END - ARENA_BASE - (4 << 20));
	same(arena_out.rdx, ARENA_BASE);
	expect(call(SYS_TDMR_INIT, .rcx = ARENA_BASE));
	same(arena_out.rdx, ARENA_END);
}

static void tdmr_reserved(void)
{
	expect(call(PHYMEM_PAGE_RDMD, .rcx = ARENA_RESERVED));
	same(arena_out.rcx, PT_RSVD);
	expect(call(PHYMEM_PAGE_RDMD, .rcx = ARENA_RESERVED + SEAM_PAGE_SIZE));
	same(arena_out.rcx, PT_NDA);
}

// clang-format off
#define PLATFORM "a check of the platform that the host has passed or failed before it can load softseam"
static const struct conf_row rows[] = {
	ROW("TDH.SYS.INIT", S_SYS_BUSY, "6.1", "module locked; latent", init_busy),
	ROW("TDH.SYS.INIT", S_OPERAND_INVALID | ID_RCX, "6.1", "RCX is not 0; also if it was called before", init_rcx),
	ROW("TDH.SYS.INIT", S_SYS_INIT_NOT_PENDING, "6.1", "called before", init_twice),
	EXCEPTION("TDH.SYS.INIT", CONF_INCONSISTENT_MSR, "6.1", "platform checks", PLATFORM),
	ROW("TDH.SYS.LP.INIT", S_SYS_BUSY, "6.1", "module locked; latent", lp_init_busy),
	ROW("TDH.SYS.LP.INIT", S_SYS_LP_INIT_NOT_PENDING, "6.1", "before SYS.INIT", lp_init_early),
	ROW("TDH.SYS.LP.INIT", S_SYS_LP_INIT_DONE, "6.1", "called before, on that LP", lp_init_twice),
	ROW("TDH.SYS.LP.INIT", S_RND_NO_ENTROPY, "6.1", "latent", lp_init_entropy),
	ROW("TDH.SYS.LP.INIT", S_SYS_LP_INIT_DONE, "6.1", "order: not pending, done, entropy", lp_init_order),
	EXCEPTION("TDH.SYS.LP.INIT", CONF_INCONSISTENT_MSR, "6.1", "an MSR is not as on the first LP", PLATFORM),
	ROW("TDH.SYS.CONFIG", S_SYS_BUSY, "6.1", "module locked; latent", config_busy),
	ROW("TDH.SYS.CONFIG", S_SYS_CONFIG_NOT_PENDING, "6.1", "before SYS.INIT, all LP.INITs; called before; before the operands", config_early),
	ROW("TDH.SYS.CONFIG", S_OPERAND_INVALID | ID_RCX, "6.1", "array not aligned, private, beyond MAX_PA", config_rcx),
	ROW("TDH.SYS.CONFIG", S_OPERAND_INVALID | ID_RDX, "6.1", "no TDMR or more than 64", config_rdx),
	ROW("TDH.SYS.CONFIG", S_OPERAND_INVALID | ID_R8, "6.1", "HKID that is not private", config_r8),
	ROW("TDH.SYS.CONFIG", S_INVALID_TDMR, "6.1", "base or size not aligned, empty", config_tdmr),
	ROW("TDH.SYS.CONFIG", S_NON_ORDERED_TDMR | 1, "6.1", "second TDMR below the first", config_order),
	ROW("TDH.SYS.CONFIG", S_TDMR_OUTSIDE_CMRS, "6.1", "no memory", config_outside),
	ROW("TDH.SYS.CONFIG", S_INVALID_RESERVED_IN_TDMR, "6.1", "area not aligned, or not in the TDMR", config_reserved),
	ROW("TDH.SYS.CONFIG", S_NON_ORDERED_RESERVED_IN_TDMR, "6.1", "areas in disorder", config_reserved_order),
	ROW("TDH.SYS.CONFIG", S_INVALID_PAMT, "6.1", "PAMT not aligned, too small", config_pamt),
	ROW("TDH.SYS.CONFIG", S_PAMT_OUTSIDE_CMRS, "6.1", "PAMT is no memory", config_pamt_outside),
	ROW("TDH.SYS.CONFIG", S_PAMT_OVERLAP, "6.1", "PAMT in another one, in a TDMR", config_pamt_overlap),
	ROW("TDH.SYS.CONFIG", S_SUCCESS, "6.1", "the global key's HKID is taken", config_effect),
	ROW("TDH.SYS.KEY.CONFIG", S_SYS_BUSY, "6.1", "module locked; latent", key_busy),
	ROW("TDH.SYS.KEY.CONFIG", S_SYS_KEY_CONFIG_NOT_PENDING, "6.1", "before SYS.CONFIG, after the last package", key_early),
	ROW("TDH.SYS.KEY.CONFIG", S_KEY_CONFIGURED, "6.1", "this package has its key; before KET", key_twice),
	ROW("TDH.SYS.KEY.CONFIG", S_OPERAND_BUSY | ID_KET, "6.1", "KET locked; latent", key_ket),
	ROW("TDH.SYS.KEY.CONFIG", S_KEY_GENERATION_FAILED, "0.1", "latent", key_entropy),
	ROW("TDH.SYS.KEY.CONFIG", S_SUCCESS, "6.1", "ready after the last package, not before", key_ready),
	ROW("TDH.SYS.TDMR.INIT", S_OPERAND_INVALID | ID_RCX, "6.1", "no TDMR's base", tdmr_rcx),
	ROW("TDH.SYS.TDMR.INIT", S_OPERAND_BUSY | ID_RCX, "6.1", "TDMR locked; latent", tdmr_busy),
	ROW("TDH.SYS.TDMR.INIT", S_TDMR_ALREADY_INITIALIZED, "6.1", "all is done", tdmr_done),
	ROW("TDH.SYS.TDMR.INIT", S_SUCCESS, "6.1", "4M a call, RDX in units of 1G", tdmr_steps),
	ROW("TDH.SYS.TDMR.INIT", S_SUCCESS, "1.4", "reserved areas are of type RSVD", tdmr_reserved),
};
// clang-format on

CONF_TABLE(conf_sys, rows);
