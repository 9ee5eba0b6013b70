// SPDX-License-Identifier: GPL-2.0-or-later
/* TDs: metadata, measurement. */
#include "conf.h"

/* --- MNG.RD --- */

static u64 rd(u64 field)
{
	return call(MNG_RD, .rcx = conf.td.tdr, .rdx = field, .r8 = 77);
}

#define CPUID_FIELD(leaf31, leaf, sub, element)                                                    \
	(0x9410000300000000ULL | (u64)(leaf31) << 16 | (leaf) << 9 | (sub) << 1 | (element))

static void rd_fields(void)
{
	conf_up(TD_STATE_INITIALIZED);
	expect(rd(0x110000000000000a));
	expect(rd(0x110000000000000b));
	same(arena_out.r8, BIT_ULL(48));
	for (u64 element = 0; element < 2; element++) {
		expect(rd(CPUID_FIELD(0, 0, 0xff, element)));
		expect(rd(CPUID_FIELD(1, 0, 0xff, element)));
		expect(rd(CPUID_FIELD(1, 8, 0xff, element)));
		expect(rd(CPUID_FIELD(0, 4, 0, element)));
	}
}

static void rd_unknown(void)
{
	conf_up(TD_STATE_INITIALIZED);
	expect(rd(0x1100000000001000));
	same(arena_out.r8, 0);
	expect(rd(0x110000000000000a | BIT_ULL(62)));
	expect(rd(0x110000000000000a | BIT_ULL(40)));
}

static void rd_unreadable(void)
{
	conf_up(TD_STATE_INITIALIZED);
	for (u64 element = 0; element < 2; element++) {
		expect(rd(CPUID_FIELD(0, 3, 0xff, element)));
		same(arena_out.r8, 0);
		expect(rd(CPUID_FIELD(0, 4, 4, element)));
	}
}

static void rd_error_r8(void)
{
	conf_up(TD_STATE_COMPLETE);
	expect(rd(0x110000000000000b));
	same(arena_out.r8, 0);
	same(call(MNG_RD, .rcx = 1, .r8 = 77), S_OPERAND_INVALID | ID_RCX);
	same(arena_out.r8, 0);
}

/* --- MR.EXTEND, MR.FINALIZE --- */

static u64 extend(u64 gpa)
{
	return call(MR_EXTEND, .rcx = gpa, .rdx = conf.td.tdr);
}

static void extend_gpa(void)
{
	conf_up(TD_STATE_INITIALIZED);
	arena_add(&conf.td, CONF_GPA, NULL);
	expect(extend(CONF_GPA + 128));
	outputs(0, 0);
	expect(extend(CONF_GPA | BIT_ULL(47)));
	expect(extend(CONF_GPA | BIT_ULL(52)));
	/* Before the walk. */
	expect(extend(BIT_ULL(40) + 1));
}

static void extend_absent(void)
{
	u64 page;

	conf_up(TD_STATE_INITIALIZED);
	page = arena_aug(&conf.td, CONF_GPA);
	expect(extend(CONF_GPA));
	outputs(conf_rcx_of(SEPT_PENDING, page), conf_rdx_of(SEPT_PENDING));
	expect(extend(CONF_GPA + SEAM_PAGE_SIZE));
	outputs(BIT_ULL(63), 0);
	expect(extend(BIT_ULL(40)));
	outputs(BIT_ULL(63), 3);
}

static void extend_effect(void)
{
	conf_up(TD_STATE_INITIALIZED);
	arena_add(&conf.td, CONF_GPA, NULL);
	for (u64 gpa = CONF_GPA; gpa < CONF_GPA + SEAM_PAGE_SIZE; gpa += 256)
		expect(extend(gpa));
	outputs(0, 0);
	same(*conf_entry_at(CONF_GPA, 0) & SEPT_LOCK, 0);
}

static void finalize_no_vcpus(void)
{
	conf_up(TD_STATE_INITIALIZED);
	expect(call(MR_FINALIZE, .rcx = conf.td.tdr));
	same(conf_tdr()->op_state, OP_INITIALIZED);
}

static void finalize_effect(void)
{
	conf_up(TD_STATE_INITIALIZED);
	conf_vcpu();
	expect(call(MR_FINALIZE, .rcx = conf.td.tdr));
	same(conf_tdr()->op_state, OP_RUNNABLE);
	same(call(MR_FINALIZE, .rcx = conf.td.tdr), S_OP_STATE_INCORRECT);
}

// clang-format off
static const struct conf_row rows[] = {
	OBJECT_ROWS("TDH.MNG.RD", "1.4 P1-P4", "TDR", ID_RCX),
	TYPE_ORDER_ROW("TDH.MNG.RD", "1.2 P4-P5", ID_RCX),
	SHARED_ROW("TDH.MNG.RD", "1.4", "TDR"),
	TD_ROWS("TDH.MNG.RD", "1.4 P5"),
	OP_ROWS("TDH.MNG.RD", "1.4 P6"),
	OP_STATE_ROWS("TDH.MNG.RD", "1.4 P7"),
	ROW("TDH.MNG.RD", S_METADATA_FIELD_ID_INCORRECT, "1.4", "unknown or reserved bits; R8 is 0", rd_unknown),
	ROW("TDH.MNG.RD", S_METADATA_FIELD_NOT_READABLE, "1.4", "CPUID leaf that there is not; R8 is 0", rd_unreadable),
	ROW("TDH.MNG.RD", S_OP_STATE_INCORRECT, "1.4", "R8 is 0 on any error", rd_error_r8),
	ROW("TDH.MNG.RD", S_SUCCESS, "6.3", "TSC and CPUID fields", rd_fields),
	OBJECT_ROWS("TDH.MR.EXTEND", "1.4 P1-P4", "TDR", ID_RDX),
	TYPE_ORDER_ROW("TDH.MR.EXTEND", "1.2 P4-P5", ID_RDX),
	TD_ROWS("TDH.MR.EXTEND", "1.4 P5"),
	OP_X_ROWS("TDH.MR.EXTEND", "1.4 P6"),
	OP_STATE_ROWS("TDH.MR.EXTEND", "1.4 P7"),
	ROW("TDH.MR.EXTEND", S_OPERAND_INVALID | ID_RCX, "1.4", "GPA not 256-aligned, shared, beyond GPAW; before the walk", extend_gpa),
	ROW("TDH.MR.EXTEND", S_EPT_ENTRY_NOT_PRESENT | ID_RCX, "1.4", "pending, free, no table: details", extend_absent),
	EXCEPTION("TDH.MR.EXTEND", S_EPT_ENTRY_NOT_PRESENT, "1.4", "present but not MAPPED", "only an entry that is being exported is that: no migration is modelled"),
	ROW("TDH.MR.EXTEND", S_SUCCESS, "1.4", "all of a page", extend_effect),
	OBJECT_ROWS("TDH.MR.FINALIZE", "1.4 P1-P4", "TDR", ID_RCX),
	TYPE_ORDER_ROW("TDH.MR.FINALIZE", "1.2 P4-P5", ID_RCX),
	TD_ROWS("TDH.MR.FINALIZE", "1.4 P5"),
	OP_X_ROWS("TDH.MR.FINALIZE", "1.4 P6"),
	OP_STATE_ROWS("TDH.MR.FINALIZE", "1.4 P7"),
	ROW("TDH.MR.FINALIZE", S_NO_VCPUS, "1.4", "no vCPU", finalize_no_vcpus),
	ROW("TDH.MR.FINALIZE", S_SUCCESS, "1.4", "OP_STATE 2", finalize_effect),
};
// clang-format on

CONF_TABLE(conf_mr, rows);
