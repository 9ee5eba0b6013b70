// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Executes a guest program as softseam does (seam_guest.c), on a real vCPU: memory is accessed
 * as it is. There is no shared half, so the SHARED bit is left out, and nothing to accept.
 */
#include <stdbool.h>

#include "guest_prog.h"
#include "payload.h"

#define SHARED_BIT   (1ull << 47)
#define PAGE_SIZE    4096ull
#define MAX_IDLE_OPS 100000 /* in a row, that nobody can see */

/* TDG.VP.VMCALL leaves (GHCI) that mean something here. */
#define VMCALL_HLT    12
#define VMCALL_IO     30
#define VMCALL_MAPGPA 0x10001

/* Hypercalls of KVM, and their bits */
#define HC_MAP_GPA_RANGE 12
#define HC_ENCRYPTED	 (1 << 4)

struct guest {
	uint64_t reg[GP_NR_REGS], rng, pc, idle;
	struct payload_report *report;
	bool over;
};

static void out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static void halt(void)
{
	__asm__ volatile("cli; hlt" : : : "memory");
}

static uint64_t next_random(struct guest *g)
{
	uint64_t z = g->rng += 0x9e3779b97f4a7c15ull; /* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static void report(struct guest *g, uint32_t kind, uint64_t gpa, uint64_t have, uint64_t want)
{
	*g->report = (struct payload_report){.gpa = gpa, .have = have, .want = want};
	out32(PAYLOAD_PORT, kind);
}

static void die(struct guest *g, const struct gp_op *op)
{
	uint64_t words[2];

	__builtin_memcpy(words, op, sizeof(words));
	report(g, PAYLOAD_DIED, g->pc, words[0], words[1]);
	g->over = true;
}

/* Nobody but KVM sees what the compiler makes of it: one access, of 8 bytes. */
static volatile uint64_t *memory(uint64_t gpa)
{
	return (volatile uint64_t *)(uintptr_t)(gpa & ~SHARED_BIT);
}

static bool bad_address(uint64_t gpa)
{
	return gpa & 7 || (gpa & ~SHARED_BIT) >= PAYLOAD_ADDRESSES;
}

/* The ops that touch no memory. */
static void do_alu(struct guest *g, const struct gp_op *op)
{
	uint64_t *rd = &g->reg[op->rd], rs = g->reg[op->rs];

	g->pc++;
	switch (op->op) {
	case GP_SET:
		*rd = op->imm;
		break;
	case GP_ADD:
		*rd += op->imm;
		break;
	case GP_ADDR:
		*rd += rs;
		break;
	case GP_MUL:
		*rd *= op->imm;
		break;
	case GP_MOD:
		if (op->imm)
			*rd %= op->imm;
		else
			die(g, op);
		break;
	case GP_RAND:
		*rd = next_random(g);
		break;
	case GP_SEED:
		g->rng = rs + op->imm;
		break;
	case GP_JMP:
		g->pc = op->imm;
		break;
	default: /* GP_JNZ */
		if (rs)
			g->pc = op->imm;
	}
}

static void verify(struct guest *g, const struct gp_op *op)
{
	uint64_t gpa = g->reg[op->rd], want = g->reg[op->rs], have = *memory(gpa);

	if (have != want && !(op->flags & GP_OR_ZERO && !have))
		report(g, PAYLOAD_MISMATCH, gpa, have, want);
}

static void fill(struct guest *g, const struct gp_op *op)
{
	while (g->reg[op->rs] && !bad_address(g->reg[op->rd])) {
		*memory(g->reg[op->rd]) = g->reg[op->rd];
		g->reg[op->rd] += op->imm;
		g->reg[op->rs]--;
	}
}

/* In a word of its own, behind the one that programs use. */
static void execute_at(uint64_t gpa)
{
	volatile uint8_t *ret = (volatile uint8_t *)memory(gpa) + 8;

	*ret = 0xc3;
	((void (*)(void))(uintptr_t)ret)();
}

static void do_memory(struct guest *g, const struct gp_op *op)
{
	bool by_rs = op->op == GP_READ || op->op == GP_SPIN || op->op == GP_EXEC;
	uint64_t gpa = g->reg[by_rs ? op->rs : op->rd];

	if (bad_address(gpa)) {
		die(g, op);
		return;
	}
	g->pc++;
	switch (op->op) {
	case GP_READ:
		g->reg[op->rd] = *memory(gpa);
		break;
	case GP_WRITE:
		*memory(gpa) = g->reg[op->rs];
		break;
	case GP_VERIFY:
		verify(g, op);
		break;
	case GP_SPIN:
		while (!*memory(gpa))
			__asm__ volatile("pause");
		break;
	case GP_EXEC:
		execute_at(gpa);
		break;
	default: /* GP_FILL */
		fill(g, op);
	}
}

/* Makes SIZE bytes from GPA private, or shared if it has the SHARED bit; KVM's answer. */
static uint64_t map_gpa(uint64_t gpa, uint64_t size)
{
	uint64_t ret = HC_MAP_GPA_RANGE;

	__asm__ volatile("vmmcall"
			 : "+a"(ret)
			 : "b"(gpa & ~SHARED_BIT), "c"(size / PAGE_SIZE),
			   "d"(gpa & SHARED_BIT ? 0ul : HC_ENCRYPTED)
			 : "memory");
	return ret;
}

static void do_vmcall(struct guest *g, const struct gp_op *op)
{
	uint64_t *r = &g->reg[4], status = 0;

	g->pc++;
	if (op->flags & GP_HYPERCALL) {
		die(g, op);
		return;
	}
	switch (op->imm) {
	case VMCALL_HLT:
		halt();
		break;
	case VMCALL_IO:
		if (r[0] == 4 && r[1])
			out32((uint16_t)r[2], (uint32_t)r[3]);
		else
			die(g, op);
		break;
	case VMCALL_MAPGPA:
		status = map_gpa(r[0], r[1]);
		break;
	default:
		die(g, op);
	}
	if (op->flags & GP_RESULT) {
		g->reg[op->rd] = status;
		g->reg[op->rs] = 0;
	}
}

static void execute(struct guest *g, const struct gp_op *op)
{
	if (op->op >= GP_NR_OPS || op->rd >= GP_NR_REGS || op->rs >= GP_NR_REGS ||
	    op->flags & ~GP_FLAGS) {
		die(g, op);
		return;
	}
	if (op->op >= GP_SET && op->op <= GP_JNZ) {
		if (++g->idle > MAX_IDLE_OPS)
			die(g, op);
		else
			do_alu(g, op);
		return;
	}
	g->idle = 0;
	switch (op->op) {
	case GP_END:
		halt();
		break;
	case GP_OUT:
		g->pc++;
		out32((uint16_t)op->imm, (uint32_t)g->reg[op->rs]);
		break;
	case GP_ACCEPT:
		g->pc++;
		if (op->flags & GP_RESULT)
			g->reg[op->rd] = 0;
		break;
	case GP_VMCALL:
		do_vmcall(g, op);
		break;
	default:
		do_memory(g, op);
	}
}

/*
 * An exception, whose frame begins with its vector; CR2 may be of an earlier one. The stack is
 * that of the vCPU, so its page is known.
 */
void payload_exception(const uint64_t *frame, uint64_t cr2);

void payload_exception(const uint64_t *frame, uint64_t cr2)
{
	/* #DF, #TS to #PF, #AC, #CP, and those of confidential guests */
	bool has_code = 1u << frame[0] & 0x60227d00;
	struct guest g = {
	    .report = (struct payload_report *)((uintptr_t)frame & ~(PAGE_SIZE - 1)),
	};

	report(&g, PAYLOAD_FAULTED, cr2, frame[1 + has_code],
	       frame[0] << 32 | (has_code ? (uint32_t)frame[1] : 0));
}

/* Returns when the program has died. */
void payload_run(uint64_t vcpu, const struct gp_op *program);

void payload_run(uint64_t vcpu, const struct gp_op *program)
{
	struct guest g = {
	    .reg = {vcpu},
	    .report = (struct payload_report *)(PAYLOAD_VCPU_GPA + vcpu * PAGE_SIZE),
	};
	const struct gp_op none = {0};

	while (!g.over) {
		if (g.pc < GP_MAX_OPS)
			execute(&g, &program[g.pc]);
		else
			die(&g, &none);
	}
}
