// SPDX-License-Identifier: GPL-2.0-or-later
/* Global metadata. */
#include "conf.h"

static const struct {
	u64 id, value;
} fields[] = {
    {0x0800000100000003, 5},
    {0x0800000100000004, 1},
    {0x0800000100000005, 5},
    {0x9100000100000008, 64},
    {0x9100000100000009, 16},
    {0x9100000100000010, 16},
    {0x9100000100000011, 16},
    {0x9100000100000012, 16},
    {0x9800000100000000, 4096},
    {0x9800000100000100, 0x6000},
    {0x9800000100000200, 0x6000},
    {0x1900000300000001, 0},
    {0x1900000300000002, 0x6dbe7},
    {0x1900000300000003, 3},
    {0x9900000100000004, 18},
    {0x9900000100000008, 576},
    {0x9900000300000400, 0xffffffff00000001},
    {0x9900000300000401, 0x4},
    {0x9900000300000411, 0xffffffff80000008},
    {0x8900000100000000, 0},
};

static void rd_values(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		expect(call(SYS_RD, .rdx = fields[i].id));
		same(arena_out.r8, fields[i].value);
	}
	/* NO_RBP_MOD and TOPOLOGY_ENUM; not the update at run time. */
	expect(call(SYS_RD, .rdx = 0x0a00000300000008));
	must(arena_out.r8 & BIT_ULL(18) && arena_out.r8 & BIT_ULL(20) && !(arena_out.r8 & 2));
	/* ATTRIBUTES: bits 0, 28, 29, 30 and 63, and 27 with LASS. */
	expect(call(SYS_RD, .rdx = 0x1900000300000000));
	same(arena_out.r8 & ~BIT_ULL(27), 0x8000000070000001);
}

static void rd_ignored_bits(void)
{
	static const u64 ignored[] = {1ULL << 32, 3ULL << 32, 1ULL << 50, 1ULL << 51,
				      1ULL << 52, 1ULL << 53, 1ULL << 54};

	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++) {
		expect(call(SYS_RD, .rdx = 0x9100000100000008 ^ ignored[i]));
		same(arena_out.r8, 64);
	}
}

/* Every field is reached by following RDX from the first. */
static void rd_next(void)
{
	u64 id = 0x0800000100000003;
	u32 n = 0;

	for (; id != ~0ULL && n < 1000; id = arena_out.rdx, n++)
		expect(call(SYS_RD, .rdx = id));
	must(n >= ARRAY_SIZE(fields) && n < 1000);
}

static void rd_reserved_bits(void)
{
	for (int bit = 24; bit < 64; bit++) {
		if (bit >= 32 && bit < 34)
			continue;
		if (bit >= 50 && bit != 55 && bit != 62)
			continue;
		expect(call(SYS_RD, .rdx = 0x9100000100000008 | BIT_ULL(bit)));
		same(arena_out.r8, 0);
	}
}

static void rd_unknown(void)
{
	expect(call(SYS_RD, .rdx = 0x910000010000ffff));
	same(arena_out.r8, 0);
	expect(call(SYS_RD, .rdx = 0x9900000300000412));
	expect(call(SYS_RD, .rdx = 0x1100000100000008));
}

static void rd_early(void)
{
	arena_reset(2, 1);
	succeed(call(SYS_INIT));
	succeed(call_on(1, SYS_LP_INIT));
	expect(call_on(0, SYS_RD, .rdx = 0x9100000100000008));
	/* Before the field. */
	expect(call_on(0, SYS_RD, .rdx = ~0ULL));
	succeed(call_on(1, SYS_RD, .rdx = 0x9100000100000008));
}

// clang-format off
static const struct conf_row rows[] = {
	ROW("TDH.SYS.RD", S_SYS_LP_INIT_NOT_DONE, "6.1", "before LP.INIT on that LP; before the field's id", rd_early),
	ROW("TDH.SYS.RD", S_METADATA_FIELD_ID_INCORRECT, "6.1", "unknown ids; R8 is 0", rd_unknown),
	ROW("TDH.SYS.RD", S_METADATA_FIELD_ID_INCORRECT, "6.2", "each reserved and sequence bit", rd_reserved_bits),
	ROW("TDH.SYS.RD", S_SUCCESS, "6.2", "size, context and mask bits do not matter", rd_ignored_bits),
	ROW("TDH.SYS.RD", S_SUCCESS, "6.2", "values", rd_values),
	ROW("TDH.SYS.RD", S_SUCCESS, "6.1", "RDX names the next field", rd_next),
};
// clang-format on

CONF_TABLE(conf_sys_rd, rows);
