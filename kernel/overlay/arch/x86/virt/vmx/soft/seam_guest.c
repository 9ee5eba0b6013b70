// SPDX-License-Identifier: GPL-2.0-only
/* The guest: executes a program of guest_prog.h for a bounded while. */
#include "guest_prog.h"
#include "seam.h"

static_assert(GP_REGS == GP_NR_REGS);
static_assert(GP_MAX_OPS * sizeof(struct gp_op) <= SEAM_PAGE_SIZE);

/* Ops per entry: short enough for the host's IPIs, as interrupts are off. */
#define SLICE	12

#define EXIT_TRIPLE_FAULT	2
#define EXIT_OTHER_SMI		6
#define EXIT_HLT		12
#define EXIT_IO			30
#define EXIT_EPT_VIOLATION	48
#define EXIT_TDCALL		77

#define QUAL_READ	1
#define QUAL_WRITE	2
#define QUAL_EXEC	4

#define EEQ_NONE	0
#define EEQ_ACCEPT	1
#define EEQ_PENDING	6

#define ATTR_SEPT_VE_DISABLE	BIT_ULL(28)

struct guest {
	struct seam_td *td;
	struct seam_vp *vp;
	struct seam_exit *x;
	bool exited;
};

static void leave(struct guest *g, u64 rax)
{
	g->x->rax = rax;
	g->exited = true;
}

/* An illegal op, loop or address ends the vCPU, never the VM. */
static void die(struct guest *g)
{
	leave(g, S_NON_RECOVERABLE_VCPU | EXIT_TRIPLE_FAULT);
}

static void violate(struct guest *g, u64 gpa, u64 qual, u64 eeq, const struct sept_pos *pos)
{
	enum sept_state s = sept_state(pos->val);

	g->x->rcx = qual;
	g->x->rdx = eeq;
	g->x->r8 = gpa & ~(SEAM_PAGE_SIZE - 1);
	if (eeq == EEQ_ACCEPT) {
		u64 info = (u64)pos->level << 3;

		if (s < SEPT_NR_STATES) {
			info |= (u64)sept_public_state(s) << 6;
			info |= (u64)sept_is_leaf(s) << 14;
		}
		g->x->rdx |= info << 32;
	}
	leave(g, EXIT_EPT_VIOLATION);
}

/* The guest's #VE handler, and its ACCEPT op. False if the vCPU left the TD. */
static bool accept(struct guest *g, u64 gpa)
{
	struct sept_pos pos;

	if (gpa >= g->td->gpaw_shared) {
		die(g);
		return false;
	}
	switch (seam_accept(g->td, gpa, &pos)) {
	case ACCEPT_VIOLATION:
		violate(g, gpa, QUAL_WRITE, EEQ_ACCEPT, &pos);
		return false;
	case ACCEPT_BUSY:
		/* The guest would try again; let the host have the entry first. */
		leave(g, EXIT_OTHER_SMI);
		return false;
	default:
		return true;
	}
}

/* The memory at @gpa, or NULL if the vCPU left the TD. */
static u64 *access_gpa(struct guest *g, u64 gpa, u64 qual)
{
	struct sept_pos pos;
	char *page;

	if (gpa & 7 || gpa >= g->td->gpaw_shared) {
		die(g);
		return NULL;
	}
	for (int tries = 0; tries < 2; tries++) {
		if (!sept_walk(g->td, gpa, 0, &pos)) {
			violate(g, gpa, qual, EEQ_NONE, &pos);
			return NULL;
		}
		switch (sept_state(pos.val)) {
		case SEPT_MAPPED:
			page = seam_private_page(g->td, pos.val & SEPT_HPA, PT_REG);
			if (page)
				return (u64 *)(page + (gpa & (SEAM_PAGE_SIZE - 1)));
			seam_add(&seam_findings.stale_access, 1);
			die(g);
			return NULL;
		case SEPT_PENDING:
			if (g->td->attributes & ATTR_SEPT_VE_DISABLE) {
				violate(g, gpa, qual, EEQ_PENDING, &pos);
				return NULL;
			}
			if (!accept(g, gpa))
				return NULL;
			break;
		default:
			violate(g, gpa, qual, EEQ_NONE, &pos);
			return NULL;
		}
	}
	/* Accepted and taken away again: come back later. */
	leave(g, EXIT_OTHER_SMI);
	return NULL;
}

static u64 next_random(struct seam_vp *vp)
{
	/* splitmix64 */
	u64 z = vp->rng += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static void jump(struct guest *g, u64 to)
{
	if (to >= GP_MAX_OPS)
		die(g);
	else
		g->vp->pc = to;
}

/* The ops that touch no memory. */
static void execute_alu(struct guest *g, const struct gp_op *op)
{
	u64 *rd = &g->vp->reg[op->rd], rs = g->vp->reg[op->rs];

	g->vp->pc++;
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
			die(g);
		break;
	case GP_RAND:
		*rd = next_random(g->vp);
		break;
	case GP_SEED:
		g->vp->rng = rs + op->imm;
		break;
	case GP_JMP:
		jump(g, op->imm);
		break;
	case GP_JNZ:
		if (rs)
			jump(g, op->imm);
		break;
	default:
		die(g);
	}
}

static void execute(struct guest *g, const struct gp_op *op)
{
	u64 *reg = g->vp->reg, *mem;

	if (op->op >= GP_NR_OPS || op->rd >= GP_REGS || op->rs >= GP_REGS) {
		die(g);
		return;
	}
	switch (op->op) {
	case GP_END:
		g->x->tdvmcall = EXIT_HLT;
		leave(g, EXIT_TDCALL);
		return;
	case GP_OUT:
		g->x->tdvmcall = EXIT_IO;
		g->x->r12 = 4;
		g->x->r13 = 1;
		g->x->r14 = op->imm;
		g->x->r15 = reg[op->rs];
		g->vp->pc++;
		leave(g, EXIT_TDCALL);
		return;
	case GP_ACCEPT:
		if (accept(g, reg[op->rs]))
			g->vp->pc++;
		return;
	case GP_READ:
		mem = access_gpa(g, reg[op->rs], QUAL_READ);
		if (mem) {
			reg[op->rd] = seam_load(mem);
			g->vp->pc++;
		}
		return;
	case GP_WRITE:
		mem = access_gpa(g, reg[op->rd], QUAL_WRITE);
		if (mem) {
			seam_store(mem, reg[op->rs]);
			g->vp->pc++;
		}
		return;
	default:
		execute_alu(g, op);
	}
}

void seam_guest_run(struct seam_td *td, struct seam_vp *vp, struct seam_exit *x)
{
	struct guest g = { .td = td, .vp = vp, .x = x };
	struct gp_op op, *prog;

	if (vp->prog & (SEAM_PAGE_SIZE - 1)) {
		die(&g);
		return;
	}
	/* One walk for all fetches of a run, as a CPU's TLB would have it. */
	prog = (struct gp_op *)access_gpa(&g, vp->prog, QUAL_EXEC);
	if (!prog)
		return;
	for (int i = 0; i < SLICE && !g.exited; i++) {
		if (vp->pc >= GP_MAX_OPS) {
			die(&g);
			return;
		}
		memcpy(&op, &prog[vp->pc], sizeof(op));
		execute(&g, &op);
		vp->ops++;
	}
	if (!g.exited)
		leave(&g, EXIT_OTHER_SMI);
}
