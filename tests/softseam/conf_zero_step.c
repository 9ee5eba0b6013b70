// SPDX-License-Identifier: GPL-2.0-or-later
/* Zero-step mitigation: a vCPU that faults again and again at one RIP. */
#include "conf.h"

#define THRESHOLD 6
#define LIST_SIZE 32

static u64 status[4];

/* Reads CONF_GPA, writes to it, and halts. */
static void reader(void)
{
	conf_guest({.op = GP_SET, .rd = 1, .imm = CONF_GPA}, {.op = GP_READ, .rd = 2, .rs = 1},
		   {.op = GP_OUT, .rs = 2}, {.op = GP_WRITE, .rd = 1, .rs = 2});
}

/* A real violation, of a read. */
static void faults(u64 gpa, u64 qual)
{
	same(enter(), EXIT_EPT_VIOLATION);
	outputs(qual, 0);
	same(arena_out.r8, gpa);
}

/* The first entry comes to the RIP; N more begin there. */
static void faults_at_one_rip(u32 n)
{
	for (u32 i = 0; i <= n; i++)
		faults(CONF_GPA, QUAL_READ);
}

/* Up to the entry that is affected. */
static void stepped(void)
{
	reader();
	faults_at_one_rip(THRESHOLD + 1);
	same(conf_tdvpr()->nepf, 1);
}

static void unentered(void)
{
	same(conf_tdvpr()->state, VP_READY);
	same(conf_tdr()->refcount[0], 0);
	same(conf_tdr()->refcount[1], 0);
	same(conf_tdr()->sept_lock.v, 0);
}

static void is_fake(u64 gpa)
{
	const struct tdx_module_args fake = {.rcx = QUAL_WRITE, .r8 = gpa};

	expect(enter());
	must(!memcmp(&arena_out, &fake, sizeof(fake)));
	unentered();
}

static u64 add_mapped(u64 gpa)
{
	u64 page = arena_aug(&conf.td, gpa);

	*conf_entry_at(gpa, 0) = sept_make(SEPT_MAPPED, page);
	return page;
}

static void threshold(void)
{
	reader();
	faults_at_one_rip(THRESHOLD);
	same(conf_tdvpr()->nepf, 0);
	/* The seventh at the RIP is a real one; it makes the eighth entry fake. */
	conf_hold(&conf_tdr()->sept_lock, SEAM_EXCLUSIVE);
	expect(enter());
	same(arena_out.rcx, QUAL_READ);
	conf_let_go(&conf_tdr()->sept_lock, SEAM_EXCLUSIVE);
	same(conf_tdvpr()->nepf, 1);
	same(seam_guest_counts.zero_step_enters, 0);
}

static void fake_exit(void)
{
	stepped();
	for (int i = 0; i < 3; i++)
		is_fake(CONF_GPA);
	/* Neither counted nor added. */
	same(conf_tdvpr()->nepf, 1);
	same(seam_guest_counts.zero_step_exits, 3);
}

static void pending(void)
{
	stepped();
	arena_aug(&conf.td, CONF_GPA);
	is_fake(CONF_GPA);
}

static void blocked(void)
{
	stepped();
	add_mapped(CONF_GPA);
	succeed(call(MEM_RANGE_BLOCK, .rcx = CONF_GPA, .rdx = conf.td.tdr));
	is_fake(CONF_GPA);
}

static void mapped(void)
{
	stepped();
	*(u64 *)seam_va(add_mapped(CONF_GPA)) = 42;
	expect(enter());
	same(arena_out.r15, 42);
	/* It has got on. */
	same(conf_tdvpr()->nepf, 0);
	same(conf_tdvpr()->epf_count, 0);
}

static void tree_busy(void)
{
	struct seam_lock *lock;

	stepped();
	lock = &conf_tdr()->sept_lock;
	conf_hold(lock, SEAM_SHARED);
	expect(enter());
	conf_let_go(lock, SEAM_SHARED);
	unentered();
	conf_latent(LATENT_SEPT_TREE, 1000000);
	expect(enter());
	same(conf_provoked(VP_ENTER, conf.row->status), 1);
	unentered();
	conf_latent(LATENT_SEPT_TREE, 0);
	same(enter(), EXIT_EPT_VIOLATION);
}

/* Fills pages at one RIP: many GPAs, one of them after the other. */
static void filler(u64 pages)
{
	conf_guest({.op = GP_SET, .rd = 1, .imm = CONF_GPA}, {.op = GP_SET, .rd = 2, .imm = pages},
		   {.op = GP_FILL, .rd = 1, .rs = 2, .imm = SEAM_PAGE_SIZE}, {.op = GP_OUT});
	for (u32 i = 0; i <= THRESHOLD + 1; i++)
		faults(CONF_GPA, QUAL_WRITE);
}

static void first_of_list(void)
{
	filler(3);
	add_mapped(CONF_GPA);
	/* The next page at the same RIP. */
	faults(CONF_GPA + SEAM_PAGE_SIZE, QUAL_WRITE);
	same(conf_tdvpr()->nepf, 2);
	is_fake(CONF_GPA + SEAM_PAGE_SIZE);
	/* Not where it faulted last, but the first that is missing. */
	*conf_entry_at(CONF_GPA, 0) = SEPT_FREE_RAW;
	is_fake(CONF_GPA);
}

static void list_size(void)
{
	filler(LIST_SIZE + 3);
	for (u64 i = 0; i < LIST_SIZE + 1; i++) {
		add_mapped(CONF_GPA + i * SEAM_PAGE_SIZE);
		faults(CONF_GPA + (i + 1) * SEAM_PAGE_SIZE, QUAL_WRITE);
	}
	same(conf_tdvpr()->nepf, LIST_SIZE);
	/* That one found no room: a real one, again. */
	expect(enter());
	outputs(QUAL_WRITE, 0);
	same(arena_out.r8, CONF_GPA + (LIST_SIZE + 1) * SEAM_PAGE_SIZE);
	must(seam_guest_counts.zero_step_enters > 0);
	same(seam_guest_counts.zero_step_exits, 0);
}

static void reset(void)
{
	u64 page;

	reader();
	faults_at_one_rip(THRESHOLD);
	page = add_mapped(CONF_GPA);
	same(enter(), EXIT_TDCALL);
	same(conf_tdvpr()->epf_count, 0);
	/* The count at the next RIP is its own. */
	*conf_entry_at(CONF_GPA, 0) = sept_make(SEPT_BLOCKED, page);
	seam_invept(0);
	for (u32 i = 0; i < THRESHOLD; i++)
		faults(CONF_GPA, QUAL_WRITE);
	same(conf_tdvpr()->nepf, 0);
	expect(enter());
	same(conf_tdvpr()->nepf, 1);
}

static void shared_not_counted(void)
{
	conf_guest({.op = GP_SET, .rd = 1, .imm = CONF_GPA | BIT_ULL(47)},
		   {.op = GP_READ, .rd = 2, .rs = 1});
	*conf_shared_entry(CONF_GPA | BIT_ULL(47)) = CONF_SVE;
	for (u32 i = 0; i < 2 * THRESHOLD; i++)
		expect(enter());
	same(arena_out.r8, CONF_GPA | BIT_ULL(47));
	same(conf_tdvpr()->epf_count, 0);
	same(conf_tdvpr()->nepf, 0);
}

static void accept_not_counted(void)
{
	conf_guest({.op = GP_SET, .rd = 1, .imm = CONF_GPA}, {.op = GP_ACCEPT, .rs = 1});
	for (u32 i = 0; i < 2 * THRESHOLD; i++)
		expect(enter());
	same(conf_tdvpr()->epf_count, 0);
	same(conf_tdvpr()->nepf, 0);
}

static void ve_not_counted(void)
{
	reader();
	arena_aug(&conf.td, CONF_GPA);
	expect(enter());
	same(conf_tdvpr()->epf_count, 0);
}

static void pending_counted(void)
{
	const struct gp_op ops[] = {{.op = GP_SET, .rd = 1, .imm = CONF_GPA},
				    {.op = GP_READ, .rd = 2, .rs = 1}};

	conf_guest_attr(BIT_ULL(28), ops, ARRAY_SIZE(ops));
	arena_aug(&conf.td, CONF_GPA);
	for (u32 i = 0; i <= THRESHOLD + 1; i++) {
		expect(enter());
		outputs(QUAL_READ, 6);
	}
	same(conf_tdvpr()->nepf, 1);
}

/* --- Who else wants the tree --- */

static void hook_tree(void)
{
	u64 tdr = conf.td.tdr;

	status[0] =
	    call_inside(1, MEM_SEPT_ADD, .rcx = 0x600000 | 1, .rdx = tdr, .r8 = arena_page());
	status[1] = call_inside(1, MEM_PAGE_AUG, .rcx = CONF_GPA, .rdx = tdr, .r8 = arena_page());
	status[2] = call_inside(1, MEM_PAGE_REMOVE, .rcx = CONF_PROG, .rdx = tdr);
	status[3] = call_inside(1, MEM_RANGE_BLOCK, .rcx = CONF_PROG, .rdx = tdr);
}

static void others_busy(void)
{
	stepped();
	/* Where the violations are looked up. */
	conf_trap(*conf_entry_at(CONF_GPA, 1) & SEPT_HPA, hook_tree);
	same(enter(), EXIT_EPT_VIOLATION);
	must(conf_trapped());
	for (int i = 0; i < 4; i++)
		expect(status[i]);
}

static void hook_enter(void)
{
	status[0] = call_inside(0, VP_ENTER, .rcx = conf.vp);
}

static void busy_during_aug(void)
{
	stepped();
	conf_trap(*conf_entry_at(CONF_GPA, 1) & SEPT_HPA, hook_enter);
	succeed(call_on(1, MEM_PAGE_AUG, .rcx = CONF_GPA, .rdx = conf.td.tdr, .r8 = arena_page()));
	must(conf_trapped());
	expect(status[0]);
	unentered();
}

static void hook_tree_lock(void)
{
	status[0] = conf_tdr()->sept_lock.v;
	status[1] = call_inside(1, MEM_RANGE_BLOCK, .rcx = CONF_GPA, .rdx = conf.td.tdr);
}

static void not_inside(void)
{
	u64 page;

	stepped();
	page = add_mapped(CONF_GPA);
	conf_trap(page, hook_tree_lock);
	expect(enter());
	must(conf_trapped());
	same(status[0], 0);
	succeed(status[1]);
	must(seam_guest_counts.zero_step_enters > 0);
}

// clang-format off
#define Z "zero-step"
static const struct conf_row rows[] = {
	ROW(Z, EXIT_EPT_VIOLATION, "4", "seven violations at one RIP are real; the tree is not locked", threshold),
	ROW(Z, EXIT_EPT_VIOLATION, "4", "the eighth entry: fake, all registers; no reference is left", fake_exit),
	ROW(Z, EXIT_EPT_VIOLATION, "4", "PENDING is not translatable", pending),
	ROW(Z, EXIT_EPT_VIOLATION, "4", "BLOCKED is not translatable", blocked),
	ROW(Z, EXIT_TDCALL, "4", "all translatable: entered; list cleared", mapped),
	ROW(Z, S_OPERAND_BUSY | ID_SEPT_TREE, "4", "tree locked; latent; no reference is left", tree_busy),
	ROW(Z, S_OPERAND_BUSY | ID_SEPT_TREE, "4", "tree locked by an AUG", busy_during_aug),
	ROW(Z, S_OPERAND_BUSY | ID_SEPT_TREE, "4", "SEPT.ADD, AUG, REMOVE, BLOCK meanwhile", others_busy),
	ROW(Z, EXIT_TDCALL, "4", "tree is not locked in guest mode", not_inside),
	ROW(Z, EXIT_EPT_VIOLATION, "4", "R8 is the first of the list, not the last violation's", first_of_list),
	ROW(Z, EXIT_EPT_VIOLATION, "4", "32 GPAs are listed, no more", list_size),
	ROW(Z, EXIT_EPT_VIOLATION, "4", "an exit at another RIP clears count and list", reset),
	ROW(Z, EXIT_EPT_VIOLATION, "4", "shared GPAs are not counted", shared_not_counted),
	ROW(Z, EXIT_EPT_VIOLATION, "4", "those of ACCEPT are not counted", accept_not_counted),
	ROW(Z, EXIT_TDCALL, "4", "a #VE is not counted", ve_not_counted),
	ROW(Z, EXIT_EPT_VIOLATION, "2.3", "PENDING with SEPT_VE_DISABLE is counted", pending_counted),
	EXCEPTION(Z, EXIT_TDCALL, "4", "NOTIFY_ENABLES: #VE to the guest", "no modelled guest sets NOTIFY_ENABLES; the field is not one that Linux, the host, touches"),
	EXCEPTION(Z, CONF_WRONG_APIC_MODE, "4", "single-step side: APIC disabled", "interrupts that leave guest mode are not modelled, so none can come too early"),
};
// clang-format on

CONF_TABLE(conf_zero_step, rows);
