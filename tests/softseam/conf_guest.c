// SPDX-License-Identifier: GPL-2.0-or-later
/* Accesses of the guest's: private and shared memory, #VE. */
#include "conf.h"

#define SHARED_GPA (CONF_GPA | BIT_ULL(47))
#define R10_TO_R15 0xfc00

/* Reads *GPA, and tells the host what was there. */
static void reader(u64 attributes, u64 gpa)
{
	const struct gp_op ops[] = {{.op = GP_SET, .rd = 1, .imm = gpa},
				    {.op = GP_READ, .rd = 2, .rs = 1},
				    {.op = GP_OUT, .rs = 2}};

	conf_guest_attr(attributes, ops, ARRAY_SIZE(ops));
}

static void writer(u64 gpa)
{
	conf_guest({.op = GP_SET, .rd = 1, .imm = gpa}, {.op = GP_SET, .rd = 2, .imm = 42},
		   {.op = GP_WRITE, .rd = 1, .rs = 2}, {.op = GP_OUT, .rs = 2});
}

static void violates(u64 qual, u64 eeq, u64 gpa)
{
	expect(enter());
	outputs(qual, eeq);
	same(arena_out.r8, gpa);
}

/* --- Private memory --- */

static void no_table(void)
{
	reader(0, BIT_ULL(40));
	violates(QUAL_READ, 0, BIT_ULL(40));
}

static void blocked_table(void)
{
	reader(0, CONF_GPA);
	succeed(call(MEM_RANGE_BLOCK, .rcx = CONF_GPA | 1, .rdx = conf.td.tdr));
	violates(QUAL_READ, 0, CONF_GPA);
}

static void not_there(void)
{
	static const enum sept_state states[] = {SEPT_FREE, SEPT_BLOCKED, SEPT_PENDING_BLOCKED};
	u64 page;

	reader(0, CONF_GPA);
	page = arena_aug(&conf.td, CONF_GPA);
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		*conf_entry_at(CONF_GPA, 0) = sept_make(states[i], page);
		violates(QUAL_READ, 0, CONF_GPA);
	}
	/* Counted, but the first, which began elsewhere. */
	same(conf_tdvpr()->epf_count, 2);
}

static void pending_ve(void)
{
	u64 page;

	reader(0, CONF_GPA);
	page = arena_aug(&conf.td, CONF_GPA);
	*(u64 *)seam_va(page) = 42;
	/* The #VE handler accepts the page: zeros. */
	expect(enter());
	same(arena_out.r15, 0);
	same(sept_state(*conf_entry_at(CONF_GPA, 0)), SEPT_MAPPED);
	same(*(u64 *)seam_va(page), 0);
}

static void pending_exit(void)
{
	reader(BIT_ULL(28), CONF_GPA);
	arena_aug(&conf.td, CONF_GPA);
	violates(QUAL_READ, 6, CONF_GPA);
	same(sept_state(*conf_entry_at(CONF_GPA, 0)), SEPT_PENDING);
}

static void mapped(void)
{
	u64 page;

	reader(BIT_ULL(28), CONF_GPA);
	page = arena_aug(&conf.td, CONF_GPA);
	*(u64 *)seam_va(page) = 42;
	*conf_entry_at(CONF_GPA, 0) = sept_make(SEPT_MAPPED, page);
	expect(enter());
	same(arena_out.r15, 42);
}

static void mapped_write(void)
{
	u64 page;

	writer(CONF_GPA + 8);
	page = arena_aug(&conf.td, CONF_GPA);
	*conf_entry_at(CONF_GPA, 0) = sept_make(SEPT_MAPPED, page);
	expect(enter());
	same(((u64 *)seam_va(page))[1], 42);
}

static void added(void)
{
	reader(0, CONF_PROG);
	expect(enter());
	/* The program's own first op. */
	same(arena_out.r15, GP_SET | 1 << 8);
}

static void beyond_gpaw(void)
{
	reader(0, BIT_ULL(48));
	expect(enter());
}

static void gpaw_52(void)
{
	const struct gp_op ops[GP_MAX_OPS] = {{.op = GP_SET, .rd = 1, .imm = BIT_ULL(50)},
					      {.op = GP_READ, .rd = 2, .rs = 1},
					      {.op = GP_OUT, .rs = 2}};
	u64 page;

	conf_up_with(conf_params_52());
	conf_vcpu();
	arena_add(&conf.td, CONF_PROG, ops);
	arena_finalize(&conf.td);
	same(enter(), EXIT_EPT_VIOLATION);
	same(arena_out.r8, BIT_ULL(50));
	page = arena_aug(&conf.td, BIT_ULL(50));
	*(u64 *)seam_va(page) = 42;
	*conf_entry_at(BIT_ULL(50), 0) = sept_make(SEPT_MAPPED, page);
	expect(enter());
	same(arena_out.r15, 42);
}

/* --- Shared memory --- */

static u64 share(u64 gpa, u64 rights)
{
	u64 page = arena_page();

	*conf_shared_entry(gpa) = page | rights;
	return page;
}

static void shared_read(void)
{
	reader(0, SHARED_GPA);
	*(u64 *)seam_va(share(SHARED_GPA, 7)) = 42;
	expect(enter());
	same(arena_out.r15, 42);
}

static void shared_write(void)
{
	u64 page;

	writer(SHARED_GPA);
	page = share(SHARED_GPA, 7);
	expect(enter());
	same(*(u64 *)seam_va(page), 42);
}

static void shared_absent(void)
{
	reader(0, SHARED_GPA + 8);
	*conf_shared_entry(SHARED_GPA) = CONF_SVE;
	/* With the SHARED bit. */
	violates(QUAL_READ, 0, SHARED_GPA);
}

static void shared_read_only(void)
{
	writer(SHARED_GPA);
	share(SHARED_GPA, QUAL_READ);
	violates(QUAL_WRITE | QUAL_READ << 3, 0, SHARED_GPA);
}

static void shared_misconfigured(void)
{
	reader(0, SHARED_GPA);
	*conf_shared_entry(SHARED_GPA) = BIT_ULL(45) | 7;
	expect(enter());
}

static void shared_private(void)
{
	conf.finding = true;
	reader(0, SHARED_GPA);
	*conf_shared_entry(SHARED_GPA) = conf.td.tdcx[0] | 7;
	expect(enter());
	same(seam_findings.shared_private, 1);
}

static void shared_stale(void)
{
	u64 page;

	conf.finding = true;
	/* Not in the program's set of the TLB. */
	conf_guest({.op = GP_SET, .rd = 1, .imm = SHARED_GPA + SEAM_PAGE_SIZE},
		   {.op = GP_READ, .rd = 2, .rs = 1}, {.op = GP_OUT, .rs = 2},
		   {.op = GP_READ, .rd = 2, .rs = 1});
	page = share(SHARED_GPA + SEAM_PAGE_SIZE, 7);
	same(enter(), EXIT_TDCALL);
	*conf_shared_entry(SHARED_GPA + SEAM_PAGE_SIZE) = CONF_SVE;
	arena_host_free(page, true);
	expect(enter());
	same(seam_findings.stale_shared, 1);
}

static void shared_late(void)
{
	conf_guest({.op = GP_SET, .rd = 1, .imm = SHARED_GPA + SEAM_PAGE_SIZE},
		   {.op = GP_READ, .rd = 2, .rs = 1}, {.op = GP_OUT, .rs = 2},
		   {.op = GP_READ, .rd = 2, .rs = 1});
	share(SHARED_GPA + SEAM_PAGE_SIZE, 7);
	same(enter(), EXIT_TDCALL);
	*conf_shared_entry(SHARED_GPA + SEAM_PAGE_SIZE) = CONF_SVE;
	/* The page is not yet free: the flush may still come. */
	expect(enter());
	same(seam_guest_counts.late_shared, 1);
}

static void mmio_read(void)
{
	reader(0, SHARED_GPA + 16);
	*conf_shared_entry(SHARED_GPA) = 0;
	expect(enter());
	outputs(R10_TO_R15, 0);
	same(arena_out.r10, 0);
	same(arena_out.r11, 48);
	same(arena_out.r12, 8);
	same(arena_out.r13, 0);
	same(arena_out.r14, SHARED_GPA + 16);
	/* The answer is what was read. */
	expect(call(VP_ENTER, .rcx = conf.vp, .r11 = 42));
	same(arena_out.r11, 30);
	same(arena_out.r15, 42);
}

static void mmio_write(void)
{
	const struct tdx_module_args want = {
	    .rcx = R10_TO_R15, .r11 = 48, .r12 = 8, .r13 = 1, .r14 = SHARED_GPA, .r15 = 42};

	writer(SHARED_GPA);
	*conf_shared_entry(SHARED_GPA) = 0;
	expect(enter());
	must(!memcmp(&arena_out, &want, sizeof(want)));
	expect(enter());
	same(arena_out.r11, 30);
}

// clang-format off
#define P "guest access, private"
#define S "guest access, shared"
#define NO_MIGRATION "only migration makes such an entry, and Linux does not migrate TDs"
static const struct conf_row rows[] = {
	ROW(P, EXIT_EPT_VIOLATION, "2.3", "table missing", no_table),
	ROW(P, EXIT_EPT_VIOLATION, "2.3", "table blocked", blocked_table),
	ROW(P, EXIT_EPT_VIOLATION, "2.3", "FREE, BLOCKED, PENDING_BLOCKED; counted", not_there),
	ROW(P, EXIT_TDCALL, "2.3", "PENDING: #VE, which accepts the page", pending_ve),
	ROW(P, EXIT_EPT_VIOLATION, "2.3", "PENDING with SEPT_VE_DISABLE: extended qualification 6", pending_exit),
	ROW(P, EXIT_TDCALL, "2.3", "MAPPED: read", mapped),
	ROW(P, EXIT_TDCALL, "2.3", "MAPPED: write", mapped_write),
	ROW(P, EXIT_TDCALL, "1.3", "what PAGE.ADD copied", added),
	ROW(P, S_NON_RECOVERABLE_VCPU | EXIT_TRIPLE_FAULT, "-", "GPA beyond GPAW (a fault of the program's)", beyond_gpaw),
	ROW(P, EXIT_TDCALL, "1.4", "GPA of 51 bits, 5 levels", gpaw_52),
	EXCEPTION(P, EXIT_EPT_VIOLATION, "2.3", "PENDING_BLOCKEDW and the like; a write to BLOCKEDW; REMOVED", NO_MIGRATION),
	EXCEPTION(P, EXIT_TDCALL, "2.3", "a leaf above the level", "the model has no 2M pages: KVM 7.3 maps TDs' private memory by 4K"),
	ROW(S, EXIT_TDCALL, "8.2", "read by way of the host's EPT", shared_read),
	ROW(S, EXIT_TDCALL, "8.2", "write by way of the host's EPT", shared_write),
	ROW(S, EXIT_EPT_VIOLATION, "5.2", "absent, no #VE wanted: R8 has the SHARED bit", shared_absent),
	ROW(S, EXIT_EPT_VIOLATION, "5.2", "write to read-only memory: rights in bits 5:3", shared_read_only),
	ROW(S, EXIT_EPT_MISCONFIG, "5.2", "EPT entry that maps no memory", shared_misconfigured),
	ROW(S, EXIT_TDCALL, "5.3", "#VE: MMIO read, its answer", mmio_read),
	ROW(S, EXIT_TDCALL, "5.3", "#VE: MMIO write", mmio_write),
	ROW(S, EXIT_TDCALL, "3", "a translation that is zapped, of a page not yet free", shared_late),
	ROW(S, EXIT_OTHER_SMI, "-", "a translation to a page that is free is a finding", shared_stale),
	ROW(S, S_NON_RECOVERABLE_VCPU | EXIT_TRIPLE_FAULT, "-", "an EPT entry that maps a page of the module's is a finding", shared_private),
};
// clang-format on

CONF_TABLE(conf_guest, rows);
