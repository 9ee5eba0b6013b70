// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TDG.MEM.PAGE.ACCEPT, by programs and, for its status as a whole, directly:
 * the row's status is the guest's there.
 */
#include "conf.h"

static struct tdx_module_args regs;
static struct seam_call as_guest = {.a = &regs};
static struct seam_exit left;
static u64 result;

/* ACCEPT as the vCPU would do it now; false: it left the TD, see LEFT. */
static bool accept(u64 gpa, u8 level)
{
	struct guest g = {.c = &as_guest, .td = conf_tdr(), .vp = conf_tdvpr(), .x = &left};

	left = (struct seam_exit){0};
	result = 0;
	return guest_accept(&g, gpa, level, &result);
}

static void answers(u64 gpa, u8 level)
{
	must(accept(gpa, level));
	expect(result);
}

/* EEQ type 1; information from bit 32 on. */
static void violates(u64 gpa, u8 level, u64 reached, u64 state, bool leaf, u64 rwx)
{
	must(!accept(gpa, level));
	expect(left.rax);
	same(left.rcx, QUAL_WRITE | rwx << 3);
	same(left.rdx, 1 | (level | reached << 3 | state << 6 | (u64)leaf << 14) << 32);
	same(left.r8, gpa);
	must(!left.epf);
}

static u64 up(void)
{
	conf_runnable();
	return arena_aug(&conf.td, CONF_GPA);
}

static u64 *entry(void)
{
	return conf_entry_at(CONF_GPA, 0);
}

static void operand(void)
{
	up();
	answers(CONF_GPA + 8, 0);
	answers(CONF_GPA + SEAM_PAGE_SIZE, 1);
	answers(CONF_GPA, 2);
	answers(CONF_GPA | BIT_ULL(47), 0);
	answers(BIT_ULL(50), 0);
}

static void pending(void)
{
	u64 page = up();

	memset(seam_va(page), 0xff, SEAM_PAGE_SIZE);
	answers(CONF_GPA, 0);
	same(*entry(), BIT_ULL(63) | page | 0xf7);
	for (int i = 0; i < 512; i++)
		same(((u64 *)seam_va(page))[i], 0);
}

static void already(void)
{
	u64 page = up();

	*entry() = sept_make(SEPT_MAPPED, page);
	*(u64 *)seam_va(page) = 42;
	answers(CONF_GPA, 0);
	same(*(u64 *)seam_va(page), 42);
}

static void size_mismatch(void)
{
	up();
	answers(CONF_GPA, 1);
}

static void no_table(void)
{
	up();
	violates(BIT_ULL(40), 0, 3, 0, false, 0);
	violates(BIT_ULL(30), 0, 2, 0, false, 0);
	violates(BIT_ULL(30), 1, 2, 0, false, 0);
	violates(CONF_GPA + (1 << 21), 0, 1, 0, false, 0);
}

static void blocked_table(void)
{
	up();
	succeed(call(MEM_RANGE_BLOCK, .rcx = CONF_GPA | 1, .rdx = conf.td.tdr));
	violates(CONF_GPA, 0, 1, 0x81, false, 0);
	violates(CONF_GPA, 1, 1, 0x81, false, 0);
}

static void not_pending(void)
{
	u64 page = up();

	*entry() = SEPT_FREE_RAW;
	violates(CONF_GPA, 0, 0, 0, false, 0);
	*entry() = sept_make(SEPT_BLOCKED, page);
	violates(CONF_GPA, 0, 0, 1, true, 0);
	*entry() = sept_make(SEPT_PENDING_BLOCKED, page);
	violates(CONF_GPA, 0, 0, 3, true, 0);
}

static void free_2m(void)
{
	up();
	violates(CONF_GPA + (1 << 21), 1, 1, 0, false, 0);
}

static void busy(void)
{
	u64 page = up();

	*entry() |= SEPT_LOCK;
	answers(CONF_GPA, 0);
	*entry() &= ~SEPT_LOCK;
	/* A guest that fails has no priority. */
	same(*entry() & SEPT_HP, 0);
	must(accept(CONF_GPA, 0));
	succeed(result);
	same(*entry() & SEPT_HPA, page);
}

static void host_priority(void)
{
	up();
	/* A host's try fails. */
	*entry() |= SEPT_LOCK;
	same(call(MEM_RANGE_BLOCK, .rcx = CONF_GPA, .rdx = conf.td.tdr), S_OPERAND_BUSY | ID_RCX);
	*entry() &= ~SEPT_LOCK;
	arena_tick(1);
	answers(CONF_GPA, 0);
	answers(CONF_GPA, 0);
	same(seam_guest_counts.host_priority_busy, 2);
	same(sept_state(*entry()), SEPT_PENDING);
	/* One that succeeds ends it. */
	succeed(call(MEM_RANGE_BLOCK, .rcx = CONF_GPA, .rdx = conf.td.tdr));
	same(*entry() & SEPT_HP, 0);
}

static void tree_not_taken(void)
{
	up();
	conf_hold(&conf_tdr()->sept_lock, SEAM_EXCLUSIVE);
	answers(CONF_GPA, 0);
	conf_let_go(&conf_tdr()->sept_lock, SEAM_EXCLUSIVE);
}

/* --- Meanwhile --- */

static u64 status[4];
static u64 raw;

static void hook_host(void)
{
	u64 tdr = conf.td.tdr;

	status[0] = call_inside(1, MEM_RANGE_BLOCK, .rcx = CONF_GPA, .rdx = tdr);
	status[1] = call_inside(1, MEM_PAGE_REMOVE, .rcx = CONF_GPA, .rdx = tdr);
	status[2] = call_inside(1, MEM_PAGE_AUG, .rcx = CONF_GPA, .rdx = tdr, .r8 = arena_page());
	raw = *entry();
}

/* Programs. */
static u64 accepting(u64 level)
{
	conf_guest({.op = GP_SET, .rd = 1, .imm = CONF_GPA},
		   {.op = GP_ACCEPT, .rd = 2, .rs = 1, .flags = GP_RESULT, .imm = level},
		   {.op = GP_OUT, .rs = 2});
	return arena_aug(&conf.td, CONF_GPA);
}

static void host_meanwhile(void)
{
	conf_trap(accepting(0), hook_host);
	same(enter(), EXIT_TDCALL);
	must(conf_trapped());
	for (int i = 0; i < 3; i++)
		expect(status[i]);
	must(raw & SEPT_LOCK && raw & SEPT_HP);
	/* Priority stays until the host has had the lock. */
	same(sept_state(*entry()), SEPT_MAPPED);
	must(*entry() & SEPT_HP);
	succeed(call(MEM_RANGE_BLOCK, .rcx = CONF_GPA, .rdx = conf.td.tdr));
	same(*entry() & SEPT_HP, 0);
}

static void program_result(void)
{
	accepting(0);
	expect(enter());
	same(arena_out.r15, 0);
}

static void program_already(void)
{
	u64 page = accepting(0);

	*entry() = sept_make(SEPT_MAPPED, page);
	expect(enter());
	same((u32)arena_out.r15, S_PAGE_ALREADY_ACCEPTED >> 32);
}

static void program_2m(void)
{
	accepting(1);
	expect(enter());
	same((u32)arena_out.r15, S_PAGE_SIZE_MISMATCH >> 32);
}

static void program_again(void)
{
	accepting(0);
	*entry() = SEPT_FREE_RAW;
	expect(enter());
	same(arena_out.r8, CONF_GPA);
	/* RIP has not advanced. */
	same(conf_tdvpr()->pc, 1);
	arena_aug(&conf.td, CONF_GPA);
	same(enter(), EXIT_TDCALL);
	same(sept_state(*entry()), SEPT_MAPPED);
}

// clang-format off
#define A "TDG.MEM.PAGE.ACCEPT"
#define NO_2M "the model has no 2M pages: KVM 7.3 maps TDs' private memory by 4K"
static const struct conf_row rows[] = {
	ROW(A, S_OPERAND_INVALID | ID_RCX, "2.3", "not aligned, level > 1, shared, beyond GPAW", operand),
	ROW(A, S_SUCCESS, "2.3", "PENDING: MAPPED, zeros", pending),
	ROW(A, S_PAGE_ALREADY_ACCEPTED, "2.3", "MAPPED: not touched", already),
	ROW(A, S_PAGE_SIZE_MISMATCH | 1, "2.3", "a table at level 1", size_mismatch),
	ROW(A, EXIT_EPT_VIOLATION, "2.3", "table missing: type 1, level reached", no_table),
	ROW(A, EXIT_EPT_VIOLATION, "2.3", "table blocked: type 1, state", blocked_table),
	ROW(A, EXIT_EPT_VIOLATION, "2.3", "FREE, BLOCKED, PENDING_BLOCKED: type 1, state; not counted", not_pending),
	ROW(A, EXIT_EPT_VIOLATION, "2.3", "FREE at level 1", free_2m),
	EXCEPTION(A, S_SUCCESS, "2.3", "a 2M page, interrupted", NO_2M),
	EXCEPTION(A, S_PAGE_ALREADY_ACCEPTED, "2.3", "a leaf above the level", NO_2M),
	EXCEPTION(A, S_PAGE_SIZE_MISMATCH, "2.3", "REMOVED", "only migration makes such an entry, and Linux does not migrate TDs"),
	ROW(A, S_OPERAND_BUSY | ID_RCX, "2.3", "entry locked; no priority of the guest's", busy),
	ROW(A, S_OPERAND_BUSY | ID_RCX, "2.3", "host priority; ended by the host's success", host_priority),
	ROW(A, S_SUCCESS, "2.3", "tree locked: not taken", tree_not_taken),
	ROW(A, S_OPERAND_BUSY | ID_RCX, "2.3", "BLOCK, REMOVE, AUG meanwhile; host priority stays", host_meanwhile),
	ROW(A, EXIT_TDCALL, "2.3", "a program's: success", program_result),
	ROW(A, EXIT_TDCALL, "2.3", "a program's: already accepted", program_already),
	ROW(A, EXIT_TDCALL, "2.3", "a program's: size mismatch", program_2m),
	ROW(A, EXIT_EPT_VIOLATION, "5.2", "a program's: done again after the exit", program_again),
};
// clang-format on

CONF_TABLE(conf_accept, rows);
