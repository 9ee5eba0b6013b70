// SPDX-License-Identifier: GPL-2.0-or-later
/* TD exits: registers of asynchronous ones, TDVMCALLs, fatal statuses. */
#include "conf.h"

#define TRIPLE_FAULT (S_NON_RECOVERABLE_VCPU | EXIT_TRIPLE_FAULT)

/* RAX is the row's, and these the registers: the others 0. */
static void exits(struct tdx_module_args want)
{
	expect(enter());
	must(!memcmp(&arena_out, &want, sizeof(want)));
}

/* Registers that must not reach the host. */
static u64 enter_with_garbage(void)
{
	return call(VP_ENTER, .rcx = conf.vp, .rdx = 2, .r8 = 3, .r9 = 4, .r10 = 5, .r11 = 6,
		    .r12 = 7, .r13 = 8, .r14 = 9, .r15 = 10, .rbx = 11, .rdi = 12, .rsi = 13);
}

static u64 map(u64 gpa)
{
	u64 page = arena_aug(&conf.td, gpa);

	*conf_entry_at(gpa, 0) = sept_make(SEPT_MAPPED, page);
	return page;
}

/* --- 5.2 --- */

static void violation(void)
{
	const struct tdx_module_args want = {.rcx = QUAL_READ, .r8 = CONF_GPA};

	conf_guest({.op = GP_SET, .rd = 1, .imm = CONF_GPA + 8}, {.op = GP_READ, .rd = 2, .rs = 1});
	exits(want);
	expect(enter_with_garbage());
	must(!memcmp(&arena_out, &want, sizeof(want)));
}

static void violation_write(void)
{
	conf_guest({.op = GP_SET, .rd = 1, .imm = CONF_GPA + 0xff8},
		   {.op = GP_WRITE, .rd = 1, .rs = 1});
	exits((struct tdx_module_args){.rcx = QUAL_WRITE, .r8 = CONF_GPA});
}

static void violation_fetch(void)
{
	conf_runnable();
	conf_block(CONF_PROG);
	exits((struct tdx_module_args){.rcx = QUAL_EXEC, .r8 = CONF_PROG});
}

static void smi(void)
{
	conf_guest({.op = GP_JMP, .imm = 0});
	exits((struct tdx_module_args){0});
	exits((struct tdx_module_args){0});
}

/* --- 5.3 --- */

#define R10_TO_R15 0xfc00

static void vmcall(void)
{
	conf_guest({.op = GP_SET, .rd = 4, .imm = 4}, {.op = GP_SET, .rd = 5, .imm = 5},
		   {.op = GP_SET, .rd = 6, .imm = 6}, {.op = GP_SET, .rd = 7, .imm = 7},
		   {.op = GP_VMCALL, .imm = 0x10001});
	exits((struct tdx_module_args){
	    .rcx = R10_TO_R15, .r11 = 0x10001, .r12 = 4, .r13 = 5, .r14 = 6, .r15 = 7});
	/* RIP is past it. */
	same(conf_tdvpr()->pc, 5);
}

static void hypercall(void)
{
	conf_guest({.op = GP_SET, .rd = 4, .imm = 4}, {.op = GP_SET, .rd = 7, .imm = 7},
		   {.op = GP_VMCALL, .flags = GP_HYPERCALL, .imm = 11});
	exits((struct tdx_module_args){.rcx = R10_TO_R15, .r10 = 11, .r11 = 4, .r14 = 7});
}

static void vmcall_mask(void)
{
	conf_guest({.op = GP_SET, .rd = 4, .imm = 4}, {.op = GP_SET, .rd = 7, .imm = 7},
		   {.op = GP_VMCALL, .imm = 30, .mask = 1 << 11 | 1 << 15});
	exits((struct tdx_module_args){.rcx = 1 << 11 | 1 << 15, .r11 = 30, .r15 = 7});
}

static void vmcall_xmm(void)
{
	conf_guest({.op = GP_VMCALL, .imm = 30, .mask = 0xffff0000 | R10_TO_R15});
	exits((struct tdx_module_args){.rcx = 0xffff0000 | R10_TO_R15, .r11 = 30});
}

static void vmcall_bad_mask(void)
{
	static const u32 bad[] = {1 << 0, 1 << 1, 1 << 4, 1 << 5};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		conf_begin(conf.row, 1);
		conf_guest({.op = GP_VMCALL,
			    .rd = 2,
			    .rs = 3,
			    .flags = GP_RESULT,
			    .mask = R10_TO_R15 | bad[i],
			    .imm = 77});
		/* No exit but that of the program's end, a HLT. */
		expect(enter());
		same(arena_out.r11, 12);
		same(conf_tdvpr()->reg[2], 0xc000010000000001);
	}
}

static void vmcall_reply(void)
{
	conf_guest({.op = GP_VMCALL, .imm = 10, .rd = 2, .rs = 3, .flags = GP_RESULT | GP_RESULT4});
	expect(enter());
	same(call(VP_ENTER, .rcx = conf.vp, .r10 = 10, .r11 = 11, .r12 = 12, .r13 = 13, .r14 = 14,
		  .r15 = 15),
	     EXIT_TDCALL);
	same(conf_tdvpr()->reg[2], 10);
	same(conf_tdvpr()->reg[3], 11);
	for (u64 i = 4; i < 8; i++)
		same(conf_tdvpr()->reg[i], 8 + i);
}

/* Registers that the guest kept are not the host's to change. */
static void vmcall_reply_mask(void)
{
	conf_guest(
	    {.op = GP_VMCALL, .imm = 10, .rd = 2, .rs = 3, .flags = GP_RESULT, .mask = 1 << 10});
	expect(enter());
	same(call(VP_ENTER, .rcx = conf.vp, .r10 = 10, .r11 = 11), EXIT_TDCALL);
	same(conf_tdvpr()->reg[2], 10);
	must(conf_tdvpr()->reg[3] != 11);
}

static void vmcall_no_reply(void)
{
	conf_guest({.op = GP_SET, .rd = 1, .imm = CONF_GPA}, {.op = GP_READ, .rd = 2, .rs = 1});
	expect(enter());
	/* What the host has in its registers after another exit does not reach the guest. */
	expect(enter_with_garbage());
	for (u64 i = 2; i < 8; i++)
		same(conf_tdvpr()->reg[i], 0);
}

static void hlt(void)
{
	conf_runnable();
	for (int i = 0; i < 3; i++)
		exits((struct tdx_module_args){.rcx = R10_TO_R15, .r11 = 12});
}

static void io(void)
{
	conf_guest({.op = GP_SET, .rd = 3, .imm = 42}, {.op = GP_OUT, .rs = 3, .imm = 0x80});
	exits((struct tdx_module_args){
	    .rcx = R10_TO_R15, .r11 = 30, .r12 = 4, .r13 = 1, .r14 = 0x80, .r15 = 42});
}

/* --- 5.4 --- */

static void triple_fault(void)
{
	conf_guest({.op = GP_NR_OPS});
	exits((struct tdx_module_args){0});
	same(conf_tdr()->refcount[1], 0);
}

static void disabled(void)
{
	conf_guest({.op = GP_NR_OPS});
	same(enter(), TRIPLE_FAULT);
	same(conf_tdvpr()->state, VP_DISABLED);
	same(call(VP_RD, .rcx = conf.vp, .rdx = 0x203c), 0);
	same(call(VP_WR, .rcx = conf.vp, .rdx = 0x203c, .r9 = ~0ULL), S_VCPU_STATE_INCORRECT);
	expect(enter());
	/* The TD is alive. */
	conf_track_ok();
}

static void corrupt_table(void)
{
	conf.finding = true;
	conf_guest({.op = GP_SET, .rd = 1, .imm = CONF_GPA}, {.op = GP_READ, .rd = 2, .rs = 1});
	*conf_entry_at(CONF_GPA, 0) = 0x1234567890abcdef;
}

static void non_recoverable(void)
{
	corrupt_table();
	expect(enter());
	same(conf_tdr()->fatal, 1);
	same(seam_findings.corrupt_sept, 1);
	*conf_entry_at(CONF_GPA, 0) = SEPT_FREE_RAW;
}

static void fatal_leaves(void)
{
	u64 tdr;

	corrupt_table();
	same(enter(), S_NON_RECOVERABLE_TD);
	tdr = conf.td.tdr;
	expect(enter());
	expect(call(MEM_TRACK, .rcx = tdr));
	expect(call(MEM_PAGE_AUG, .rcx = CONF_GPA, .rdx = tdr, .r8 = arena_page()));
	expect(call(MNG_RD, .rcx = tdr, .rdx = 0x110000000000000a));
	expect(call(VP_RD, .rcx = conf.vp, .rdx = 0x203c));
	*conf_entry_at(CONF_GPA, 0) = SEPT_FREE_RAW;
	/* Its end is still possible. */
	arena_td_stop(&conf.td, &conf.vp, 1, 0);
	succeed(call(PHYMEM_PAGE_RECLAIM, .rcx = conf.vp));
}

static u64 second_vp, second_status;

static void hook_other_dies(void)
{
	second_status = call_inside(1, VP_ENTER, .rcx = second_vp);
}

/* Two vCPUs, of which the second meets the corrupted table while the first is inside. */
static void non_accessible(void)
{
	const struct gp_op ops[GP_MAX_OPS] = {{.op = GP_JNZ, .rs = 0, .imm = 4},
					      {.op = GP_SET, .rd = 1, .imm = CONF_PROG + 0x1000},
					      {.op = GP_READ, .rd = 2, .rs = 1},
					      {.op = GP_JMP, .imm = 0},
					      {.op = GP_SET, .rd = 1, .imm = CONF_GPA},
					      {.op = GP_READ, .rd = 2, .rs = 1}};
	u64 page;

	conf.finding = true;
	conf_up(TD_STATE_INITIALIZED);
	conf_vcpu();
	second_vp = arena_vp_new(&conf.td, 1, 1, CONF_PROG);
	arena_add(&conf.td, CONF_PROG, ops);
	page = arena_add(&conf.td, CONF_PROG + 0x1000, NULL);
	arena_tables(&conf.td, CONF_GPA);
	arena_finalize(&conf.td);
	*conf_entry_at(CONF_GPA, 0) = 0x1234567890abcdef;
	conf_trap(page, hook_other_dies);
	expect(enter());
	must(conf_trapped());
	same(second_status, S_NON_RECOVERABLE_TD);
	*conf_entry_at(CONF_GPA, 0) = SEPT_FREE_RAW;
}

static void accepts(void)
{
	conf_guest({.op = GP_SET, .rd = 1, .imm = CONF_GPA}, {.op = GP_ACCEPT, .rs = 1});
	arena_aug(&conf.td, CONF_GPA);
	*conf_entry_at(CONF_GPA, 0) |= SEPT_HP;
	same(enter(), EXIT_OTHER_SMI);
}

static void starved(void)
{
	accepts();
	arena_tick(999999999);
	same(enter(), EXIT_OTHER_SMI);
	arena_tick(1);
	expect(enter());
	same(conf_tdvpr()->state, VP_READY);
	same(conf_tdr()->refcount[1], 0);
}

/* The host comes back for the lock in time. */
static void not_starved(void)
{
	accepts();
	arena_tick(999999999);
	conf_block(CONF_GPA);
	same(*conf_entry_at(CONF_GPA, 0) & SEPT_HP, 0);
	expect(enter());
	arena_tick(10000000000);
	*conf_entry_at(CONF_GPA, 0) =
	    sept_make(SEPT_PENDING, *conf_entry_at(CONF_GPA, 0) & SEPT_HPA);
	same(enter(), EXIT_TDCALL);
	same(conf_tdvpr()->hp_since, 0);
}

static void keeps_registers(void)
{
	conf_guest({.op = GP_SET, .rd = 1, .imm = CONF_GPA}, {.op = GP_SET, .rd = 3, .imm = 42},
		   {.op = GP_READ, .rd = 2, .rs = 1}, {.op = GP_OUT, .rs = 3});
	same(enter(), EXIT_EPT_VIOLATION);
	map(CONF_GPA);
	expect(enter());
	same(arena_out.r15, 42);
}

// clang-format off
#define A "TD exit"
#define V "TDVMCALL"
#define F "fatal"
#define NO_EVENT "no such event reaches a modelled guest; softvmx has no interrupt that leaves guest mode: it is left by SMI exits"
static const struct conf_row rows[] = {
	ROW(A, EXIT_EPT_VIOLATION, "5.2", "read: all registers, whatever the host had in its own", violation),
	ROW(A, EXIT_EPT_VIOLATION, "5.2", "write: all registers, R8 without low bits", violation_write),
	ROW(A, EXIT_EPT_VIOLATION, "5.2", "fetch: all registers", violation_fetch),
	ROW(A, EXIT_OTHER_SMI, "5.2", "nothing to say, a kick: all registers", smi),
	ROW(A, EXIT_TDCALL, "5.2", "the guest's registers survive it, the access is done again", keeps_registers),
	EXCEPTION(A, 1, "5.2", "external interrupt, NMI: R9", NO_EVENT),
	EXCEPTION(A, EXIT_EPT_VIOLATION, "5.2", "RBP is kept", "RBP is no register of struct tdx_module_args: the model can't change it"),
	EXCEPTION(A, EXIT_EPT_VIOLATION, "5.4", "the host's MSRs, XCR0 and debug registers after a real exit", "a model must not change the host's (8.4): KVM 7.3 sets them itself"),
	EXCEPTION(A, 3, "5.2", "INIT, task switch, bus lock, notify, C-state SMI", NO_EVENT),
	ROW(V, EXIT_TDCALL, "5.3", "leaf and arguments; RIP is advanced", vmcall),
	ROW(V, EXIT_TDCALL, "5.3", "hypercall: R10 to R14", hypercall),
	ROW(V, EXIT_TDCALL, "5.3", "mask: the other registers are 0", vmcall_mask),
	ROW(V, EXIT_TDCALL, "5.3", "mask: XMM registers may be given", vmcall_xmm),
	ROW(V, EXIT_TDCALL, "5.3", "mask with bit 0, 1, 4 or 5: OPERAND_INVALID(RCX) to the guest, no exit", vmcall_bad_mask),
	EXCEPTION(V, EXIT_TDCALL, "5.3", "mask with one of bits 63:32", "programs' masks have 32 bits"),
	EXCEPTION(V, EXIT_TDCALL, "5.3", "RDX, RBX, RSI, RDI, R8, R9 in the mask", "a modelled guest has nothing there: they are 0 to the host, which no TDVMCALL of Linux's reads"),
	ROW(V, EXIT_TDCALL, "5.3", "reply: R10 to R15", vmcall_reply),
	ROW(V, EXIT_TDCALL, "5.3", "reply: only of the mask's registers", vmcall_reply_mask),
	ROW(V, EXIT_EPT_VIOLATION, "5.2", "no reply after another exit", vmcall_no_reply),
	ROW(V, EXIT_TDCALL, "5.3", "HLT", hlt),
	ROW(V, EXIT_TDCALL, "5.3", "I/O", io),
	ROW(F, TRIPLE_FAULT, "5.4", "triple fault", triple_fault),
	ROW(F, S_VCPU_STATE_INCORRECT, "5.4", "after it: the vCPU is DISABLED, the TD is alive", disabled),
	ROW(F, S_NON_RECOVERABLE_TD, "5.4", "corrupted S-EPT: the TD is fatal", non_recoverable),
	ROW(F, S_TD_FATAL, "5.4", "after it: each leaf that needs a TD; it can be torn down", fatal_leaves),
	ROW(F, S_NON_ACCESSIBLE, "5.4", "a vCPU that is inside meanwhile", non_accessible),
	ROW(F, S_HOST_PRIORITY_BUSY_TIMEOUT, "0.2", "a lock that the host wanted and does not come back for: after 1 s", starved),
	ROW(F, EXIT_EPT_VIOLATION, "0.2", "it comes back: no time-out, later neither", not_starved),
	EXCEPTION(F, S_NON_ACCESSIBLE, "5.4", "#MC or MSMI in guest mode", NO_EVENT),
	EXCEPTION(F, S_NON_RECOVERABLE_TD, "3", "a dead TD's vCPU keeps its epoch reference", "nobody can tell: TRACK and REMOVE of that TD give TD_FATAL from then on"),
	EXCEPTION(F, CONF_WRONG_APIC_MODE, "5.4", "APIC disabled", "single-step mitigation is not modelled: the fact sheet calls it not needed"),
	EXCEPTION(F, CONF_CORRUPTED_MD, "5.4", "metadata fails its integrity check", "ordinary memory has no such check; the model's own, of TDR and TDVPR pages, give TD_FATAL"),
	EXCEPTION(F, CONF_CROSS_TD_FAULT, "5.4", "a service TD's target fails", "no leaf that Linux calls works on another TD"),
	EXCEPTION(F, CONF_CROSS_TD_TRAP, "5.4", "the same as a trap", "no leaf that Linux calls works on another TD"),
};
// clang-format on

CONF_TABLE(conf_exit, rows);
