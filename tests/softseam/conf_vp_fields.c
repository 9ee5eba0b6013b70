// SPDX-License-Identifier: GPL-2.0-or-later
/* VP.RD and VP.WR. */
#include "conf.h"

#define NV	      0x0000000000000002ULL
#define PI_DESC	      0x0000000000002016ULL
#define PIN	      0x0000000000004000ULL
#define SECONDARY     0x000000000000401eULL
#define WINDOW	      0x0000000000004024ULL
#define SHARED_EPTP   0x000000000000203cULL
#define PEND_NMI      0x200000000000000bULL
#define DETAILS	      0x9100000000000100ULL
#define GUEST_RIP     0x000000000000681eULL
#define NO_SUCH_FIELD 0x000000000000ffffULL

static void vcpu(void)
{
	conf_up(TD_STATE_INITIALIZED);
	conf_vcpu();
}

static u64 rd(u64 field)
{
	return call(VP_RD, .rcx = conf.vp, .rdx = field, .r8 = 77);
}

static u64 wr(u64 field, u64 value, u64 mask)
{
	return call(VP_WR, .rcx = conf.vp, .rdx = field, .r8 = value, .r9 = mask);
}

static void rd_state(void)
{
	vcpu();
	conf_tdvpr()->state = VP_UNINITIALIZED;
	expect(rd(SHARED_EPTP));
	same(arena_out.r8, 0);
	/* Before association. */
	conf_tdvpr()->lp = 1;
	expect(rd(SHARED_EPTP));
}

static void wr_state(void)
{
	vcpu();
	conf_tdvpr()->state = VP_UNINITIALIZED;
	expect(wr(SHARED_EPTP, 0, ~0ULL));
	conf_tdvpr()->state = VP_DISABLED;
	expect(wr(SHARED_EPTP, 0, ~0ULL));
	conf_tdvpr()->lp = 1;
	expect(wr(SHARED_EPTP, 0, ~0ULL));
}

static void rd_disabled(void)
{
	vcpu();
	conf_tdvpr()->state = VP_DISABLED;
	expect(rd(SHARED_EPTP));
}

static void rd_elsewhere(void)
{
	vcpu();
	expect(call_on(1, VP_RD, .rcx = conf.vp, .rdx = SHARED_EPTP, .r8 = 77));
	same(arena_out.r8, 0);
	/* Before the field. */
	expect(call_on(1, VP_RD, .rcx = conf.vp, .rdx = NO_SUCH_FIELD));
	same(conf_tdvpr()->lp, 0);
}

static void wr_elsewhere(void)
{
	vcpu();
	expect(call_on(1, VP_WR, .rcx = conf.vp, .rdx = SHARED_EPTP, .r9 = ~0ULL));
	expect(call_on(1, VP_WR, .rcx = conf.vp, .rdx = NO_SUCH_FIELD));
}

static void associates(u64 leaf)
{
	vcpu();
	succeed(call(VP_FLUSH, .rcx = conf.vp));
	expect(call_on(1, leaf, .rcx = conf.vp, .rdx = SHARED_EPTP, .r9 = ~0ULL));
	same(conf_tdvpr()->lp, 1);
	same(conf_tdr()->nassoc, 1);
	same(call(leaf, .rcx = conf.vp, .rdx = SHARED_EPTP, .r9 = ~0ULL), S_VCPU_ASSOCIATED);
}

static void rd_associates(void)
{
	associates(VP_RD);
}

static void wr_associates(void)
{
	associates(VP_WR);
}

static void rd_unknown(void)
{
	vcpu();
	expect(rd(NO_SUCH_FIELD));
	same(arena_out.r8, 0);
	expect(rd(SHARED_EPTP | BIT_ULL(62)));
	expect(rd(SHARED_EPTP | BIT_ULL(40)));
}

static void wr_unknown(void)
{
	vcpu();
	expect(wr(NO_SUCH_FIELD, 0, ~0ULL));
	expect(wr(SHARED_EPTP | BIT_ULL(62), 0, ~0ULL));
	/* Before the mask. */
	expect(wr(NO_SUCH_FIELD, 0, 0));
}

static void rd_unreadable(void)
{
	vcpu();
	expect(rd(GUEST_RIP));
	same(arena_out.r8, 0);
}

static void rd_values(void)
{
	vcpu();
	expect(rd(DETAILS));
	same(arena_out.r8 & 1, 0);
	succeed(wr(SHARED_EPTP, 0x5000, ~0ULL));
	expect(rd(SHARED_EPTP));
	same(arena_out.r8, 0x5000);
}

static void wr_mask(void)
{
	vcpu();
	expect(wr(PIN, 0, 1));
	same(arena_out.r8, 0);
	expect(wr(SHARED_EPTP, 0, 0xfff));
	expect(wr(SHARED_EPTP, 0x5000, 0));
	expect(wr(DETAILS, 1, ~0ULL));
	expect(wr(GUEST_RIP, 1, ~0ULL));
	/* Before the value. */
	expect(wr(NV, 256, 0));
}

static void wr_extra_mask(void)
{
	vcpu();
	expect(wr(SHARED_EPTP, ~0ULL, ~0ULL));
	succeed(rd(SHARED_EPTP));
	same(arena_out.r8, 0x000ffffffffff000);
	expect(wr(SHARED_EPTP, 0, 0xf000));
	same(arena_out.r8, 0x000ffffffffff000);
	succeed(rd(SHARED_EPTP));
	same(arena_out.r8, 0x000fffffffff0000);
}

static void wr_old_value(void)
{
	vcpu();
	expect(wr(PEND_NMI, 1, 0xff));
	same(arena_out.r8, 0);
	expect(wr(PEND_NMI, 0, 0xff));
	same(arena_out.r8, 1);
	expect(wr(SECONDARY, 3ULL << 30, 3ULL << 30));
	expect(wr(WINDOW, 1000, 0xffffffff));
	expect(wr(WINDOW, 0, 0xffffffff));
	same(arena_out.r8, 1000);
}

static void wr_nv(void)
{
	vcpu();
	expect(wr(NV, 256, 0xffff));
	expect(wr(NV, 0xffff, 0xffff));
	succeed(wr(NV, 255, 0xffff));
	succeed(wr(NV, 0, 0xffff));
}

static void wr_desc(void)
{
	vcpu();
	expect(wr(PI_DESC, 0x5000 | BIT_ULL(46), ~0ULL));
	expect(wr(PI_DESC, 0x5000 | BIT_ULL(60), ~0ULL));
	succeed(wr(PI_DESC, 0x5040, ~0ULL));
}

static void wr_pin(void)
{
	vcpu();
	expect(wr(PIN, 0x80, 0x80));
	succeed(wr(NV, 242, 0xffff));
	expect(wr(PIN, 0x80, 0x80));
	succeed(wr(PI_DESC, 0x5000, ~0ULL));
	succeed(wr(PIN, 0x80, 0x80));
	succeed(rd(PIN));
	same(arena_out.r8 & 0x80, 0x80);
}

static void wr_pin_other(void)
{
	vcpu();
	succeed(wr(PI_DESC, 0x5000, ~0ULL));
	expect(wr(PIN, 0x80, 0x80));
}

// clang-format off
#define FIELD_LEAF(leaf) \
	OBJECT_ROWS(leaf, "1.4", "TDVPR", ID_RCX), \
	TYPE_ORDER_ROW(leaf, "1.4", ID_RCX), \
	SHARED_ROW(leaf, "1.4", "TDVPR"), \
	OWNER_ROWS(leaf, "1.4"), \
	OWNER_ORDER_ROW(leaf, "1.4", ID_RCX), \
	TD_ROWS(leaf, "1.4 P5"), \
	OP_ROWS(leaf, "1.4 P6"), \
	OP_STATE_ROWS(leaf, "1.4 P7")

static const struct conf_row rows[] = {
	FIELD_LEAF("TDH.VP.RD"),
	ROW("TDH.VP.RD", S_VCPU_STATE_INCORRECT, "1.4", "not initialized; before association", rd_state),
	ROW("TDH.VP.RD", S_SUCCESS, "1.4", "DISABLED", rd_disabled),
	ROW("TDH.VP.RD", S_VCPU_ASSOCIATED, "1.4", "another LP's; before the field; R8 is 0", rd_elsewhere),
	ROW("TDH.VP.RD", S_SUCCESS, "1.4", "associates", rd_associates),
	ROW("TDH.VP.RD", S_METADATA_FIELD_ID_INCORRECT, "1.4", "unknown or reserved bits; R8 is 0", rd_unknown),
	ROW("TDH.VP.RD", S_METADATA_FIELD_NOT_READABLE, "0.1", "the guest's state; R8 is 0", rd_unreadable),
	ROW("TDH.VP.RD", S_SUCCESS, "6.3", "values", rd_values),
	FIELD_LEAF("TDH.VP.WR"),
	ROW("TDH.VP.WR", S_VCPU_STATE_INCORRECT, "1.4", "not initialized or DISABLED; before association", wr_state),
	ROW("TDH.VP.WR", S_VCPU_ASSOCIATED, "1.4", "another LP's; before the field", wr_elsewhere),
	ROW("TDH.VP.WR", S_SUCCESS, "1.4", "associates", wr_associates),
	ROW("TDH.VP.WR", S_METADATA_FIELD_ID_INCORRECT, "1.4", "unknown or reserved bits; before the mask", wr_unknown),
	ROW("TDH.VP.WR", S_METADATA_FIELD_NOT_WRITABLE, "1.4", "no bit of the mask is writable; before the value", wr_mask),
	ROW("TDH.VP.WR", S_SUCCESS, "1.4", "other bits of the mask are dropped", wr_extra_mask),
	ROW("TDH.VP.WR", S_SUCCESS, "1.4", "R8 is the old value", wr_old_value),
	ROW("TDH.VP.WR", S_METADATA_FIELD_VALUE_INVALID, "6.3", "POSTED_INTR_NV > 255", wr_nv),
	ROW("TDH.VP.WR", S_METADATA_FIELD_VALUE_INVALID, "6.3", "POSTED_INTR_DESC_ADDR that is no shared HPA", wr_desc),
	ROW("TDH.VP.WR", S_TD_VMCS_FIELD_NOT_INITIALIZED, "6.3", "PIN_BASED bit 7 before NV, before DESC_ADDR", wr_pin),
	ROW("TDH.VP.WR", S_TD_VMCS_FIELD_NOT_INITIALIZED, "6.3", "PIN_BASED bit 7 with DESC_ADDR, before NV", wr_pin_other),
};
// clang-format on

CONF_TABLE(conf_vp_fields, rows);
