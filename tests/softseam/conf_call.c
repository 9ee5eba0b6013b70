// SPDX-License-Identifier: GPL-2.0-or-later
/* The dispatcher, and which versions of a leaf there are. */
#include "conf.h"

static const u16 known[] = {VP_ENTER,
			    MNG_ADDCX,
			    MEM_PAGE_ADD,
			    MEM_SEPT_ADD,
			    VP_ADDCX,
			    MEM_PAGE_AUG,
			    MEM_RANGE_BLOCK,
			    MNG_KEY_CONFIG,
			    MNG_CREATE,
			    VP_CREATE,
			    MNG_RD,
			    MR_EXTEND,
			    MR_FINALIZE,
			    VP_FLUSH,
			    MNG_VPFLUSHDONE,
			    MNG_KEY_FREEID,
			    MNG_INIT,
			    VP_INIT,
			    PHYMEM_PAGE_RDMD,
			    VP_RD,
			    PHYMEM_PAGE_RECLAIM,
			    MEM_PAGE_REMOVE,
			    SYS_TDMR_INIT,
			    MEM_TRACK,
			    PHYMEM_CACHE_WB,
			    PHYMEM_PAGE_WBINVD,
			    VP_WR,
			    SYS_KEY_CONFIG,
			    SYS_INIT,
			    SYS_RD,
			    SYS_LP_INIT,
			    SYS_CONFIG};
static const u16 unknown[] = {5, 12, 13, 14, 15, 23, 25, 27, 30, 39, 42, 54, 63, 69, 1000, 0xffff};

#define FILLED                                                                                     \
	.rcx = 1, .rdx = 2, .r8 = 3, .r9 = 4, .r10 = 5, .r11 = 6, .r12 = 7, .r13 = 8, .r14 = 9,    \
	.r15 = 10, .rbx = 11, .rdi = 12, .rsi = 13

/* Refused before the leaf could preset its outputs. */
static void untouched(u64 rax)
{
	const struct tdx_module_args filled = {FILLED};

	expect(call(rax, FILLED));
	must(!memcmp(&arena_out, &filled, sizeof(filled)));
}

static bool has_v1(u16 leaf)
{
	return leaf == MEM_SEPT_ADD || leaf == MNG_RD || leaf == VP_RD || leaf == VP_INIT;
}

/* May be called while the module is not ready. */
static bool early(u16 leaf)
{
	return leaf == SYS_INIT || leaf == SYS_LP_INIT || leaf == SYS_RD || leaf == SYS_CONFIG ||
	       leaf == SYS_KEY_CONFIG;
}

static void bits_above_version(void)
{
	for (int bit = 24; bit < 63; bit++) {
		untouched(MNG_RD | BIT_ULL(bit));
		untouched(SYS_RD | BIT_ULL(bit));
	}
}

static void version_1(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!has_v1(known[i]))
			untouched(known[i] | V1);
}

static void version_2(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		untouched(known[i] | 2 << 16);
		untouched(known[i] | 255 << 16);
	}
}

static void not_ready(void)
{
	arena_reset(2, 1);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!early(known[i]))
			untouched(known[i]);
	succeed(call(SYS_INIT));
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!early(known[i]))
			untouched(known[i]);
}

static void ready_leaves(void)
{
	arena_reset(2, 1);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (early(known[i]) && known[i] != SYS_INIT)
			must(call(known[i]) != S_SYS_NOT_READY);
	expect(call(SYS_INIT));
}

static void version_before_ready(void)
{
	arena_reset(2, 1);
	untouched(VP_ENTER | V1);
	untouched(VP_ENTER | 1 << 24);
}

static void unknown_leaf(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		untouched(unknown[i]);
}

static void unknown_not_ready(void)
{
	arena_reset(2, 1);
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		untouched(unknown[i]);
}

static void counted(void)
{
	u64 before = seam_counts[MEM_TRACK].used;

	call(MEM_TRACK, .rcx = 1);
	same(seam_counts[MEM_TRACK].used, before + 1);
	expect(seam_counts[MEM_TRACK].s[before].status);
	same(seam_counts[MEM_TRACK].s[before].n[SEAM_NATURAL], 1);
}

static void v1_rd(void)
{
	conf_up(TD_STATE_INITIALIZED);
	conf_vcpu();
	expect(call(MNG_RD | V1, .rcx = conf.td.tdr, .rdx = 0x110000000000000b));
	same(arena_out.r8, BIT_ULL(48));
	expect(call(VP_RD | V1, .rcx = conf.vp, .rdx = 0x203c));
	same(arena_out.r8, 0);
}

static void v1_sept_add(void)
{
	conf_up(TD_STATE_INITIALIZED);
	arena_tables(&conf.td, CONF_PROG);
	expect(
	    call(MEM_SEPT_ADD | V1, .rcx = CONF_GPA | 1, .rdx = conf.td.tdr, .r8 = arena_page()));
	same(sept_state(*conf_entry_at(CONF_GPA, 1)), SEPT_NL_MAPPED);
}

// clang-format off
#define D "dispatcher"
static const struct conf_row rows[] = {
	ROW(D, S_OPERAND_INVALID, "1.1 (1)", "RAX: each of bits 62:24", bits_above_version),
	ROW(D, S_OPERAND_INVALID, "1.1 (1)", "version 1 of each leaf that has only 0", version_1),
	ROW(D, S_OPERAND_INVALID, "1.1 (1)", "versions 2 and 255 of each leaf", version_2),
	ROW(D, S_SUCCESS, "1.1", "MNG.RD and VP.RD: version 1", v1_rd),
	ROW(D, S_SUCCESS, "1.1", "MEM.SEPT.ADD: version 1", v1_sept_add),
	ROW(D, S_OPERAND_INVALID, "1.1 (1)", "order: version, before not ready", version_before_ready),
	EXCEPTION(D, CONF_SYS_SHUTDOWN, "1.1 (2)", "module in shutdown", "SYS.SHUTDOWN is not modelled: Linux calls it only to update the module, which features0 bit 1 (clear) hides"),
	ROW(D, S_SYS_NOT_READY, "1.1 (3)", "each leaf that needs a module that is ready", not_ready),
	ROW(D, S_SUCCESS, "1.1 (3)", "leaves that bring the module up are not refused", ready_leaves),
	ROW(D, S_SYS_NOT_READY, "1.1 (3)", "order: not ready, before unknown leaf", unknown_not_ready),
	ROW(D, S_OPERAND_INVALID, "1.1 (4)", "unknown leaves, SYS.DISABLE among them", unknown_leaf),
	ROW(D, S_OPERAND_INVALID | ID_RCX, "-", "calls are counted by status", counted),
};
// clang-format on

CONF_TABLE(conf_call, rows);
