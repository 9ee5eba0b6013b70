// SPDX-License-Identifier: GPL-2.0-only
/* The guest: executes a program of guest_prog.h for a bounded while. */
#include "guest_prog.h"
#include "seam.h"

static_assert(GP_REGS == GP_NR_REGS);
static_assert(GP_MAX_OPS * sizeof(struct gp_op) <= SEAM_PAGE_SIZE);

/*
 * Ops per entry: few enough for the host's IPIs, as interrupts are off, and not
 * always as many, or loops of that length would seem to make no progress.
 */
#define SLICE_MIN	9
#define SLICE_VARIES	7

/* Ops in a row that nobody can see: the program will never get anywhere. */
#define MAX_IDLE_OPS	100000

/* TDVMCALL leaves of what a guest kernel does for the instructions (GHCI) */
#define VMCALL_HLT	12
#define VMCALL_IO	30
#define VMCALL_MMIO	48

/* R10 to R15 in a TDVMCALL's mask, and what it must not have. */
#define MASK_DEFAULT	GENMASK_ULL(15, 10)
#define MASK_INVALID	(BIT_ULL(0) | BIT_ULL(1) | BIT_ULL(4) | BIT_ULL(5))

void guest_leave(struct guest *g, u64 rax)
{
	g->x->rax = rax;
	g->exited = true;
}

void guest_die(struct guest *g, enum seam_log_kind kind, u64 gpa, u64 hpa)
{
	struct pamt *p = pamt_find(hpa);

	seam_log_add(kind, g, gpa, hpa, p ? seam_load(&p->type) : 0, 0);
	guest_leave(g, S_NON_RECOVERABLE_VCPU | EXIT_TRIPLE_FAULT);
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
		guest_die(g, LOG_PAST_END, 0, 0);
	else
		g->vp->pc = to;
}

/* Leaves with a TDVMCALL whose registers are in @g->x; the answer comes on re-entry. */
static void vmcall(struct guest *g, u64 mask, u8 status_reg, u8 data_reg, bool four)
{
	struct seam_exit *x = g->x;
	u64 *reg[] = { &x->r10, &x->r11, &x->r12, &x->r13, &x->r14, &x->r15 };

	for (size_t i = 0; i < ARRAY_SIZE(reg); i++)
		if (!(mask & BIT_ULL(10 + i)))
			*reg[i] = 0;
	x->rcx = mask;
	g->vp->reply = (struct seam_reply){
		.pending = true, .status_reg = status_reg, .data_reg = data_reg, .four = four,
		.mask = mask,
	};
	guest_leave(g, EXIT_TDCALL);
}

/* What the host answered to the last TDVMCALL. */
static void take_reply(struct guest *g)
{
	const struct tdx_module_args *a = g->c->a;
	struct seam_reply *r = &g->vp->reply;
	u64 from[] = { a->r10, a->r11, a->r12, a->r13, a->r14, a->r15 };

	if (!r->pending)
		return;
	r->pending = false;
	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		if (!(r->mask & BIT_ULL(10 + i)))
			from[i] = 0;
	if (r->status_reg < GP_REGS)
		g->vp->reg[r->status_reg] = from[0];
	if (r->data_reg < GP_REGS)
		g->vp->reg[r->data_reg] = from[1];
	for (int i = 0; i < 4 && r->four; i++)
		g->vp->reg[4 + i] = from[2 + i];
}

static void do_vmcall(struct guest *g, const struct gp_op *op)
{
	struct seam_exit *x = g->x;
	u64 *reg = g->vp->reg, mask = op->mask ?: MASK_DEFAULT;
	bool result = op->flags & GP_RESULT;

	g->vp->pc++;
	if (mask & MASK_INVALID) {
		/* The module refuses it, and the host hears nothing of it. */
		if (result)
			reg[op->rd] = S_OPERAND_INVALID | ID_RCX;
		return;
	}
	if (op->flags & GP_HYPERCALL) {
		x->r10 = op->imm;
		x->r11 = reg[4];
		x->r12 = reg[5];
		x->r13 = reg[6];
		x->r14 = reg[7];
	} else {
		x->r11 = op->imm;
		x->r12 = reg[4];
		x->r13 = reg[5];
		x->r14 = reg[6];
		x->r15 = reg[7];
	}
	vmcall(g, mask, result ? op->rd : GP_REGS, result ? op->rs : GP_REGS,
	       op->flags & GP_RESULT4);
}

/* What a guest kernel makes of a #VE that an access to shared memory raised. */
static void do_mmio(struct guest *g, u64 gpa, bool write, u64 value, u8 reg)
{
	g->x->r11 = VMCALL_MMIO;
	g->x->r12 = sizeof(value);
	g->x->r13 = write;
	g->x->r14 = gpa;
	g->x->r15 = value;
	vmcall(g, MASK_DEFAULT, GP_REGS, write ? GP_REGS : reg, false);
}

/* The ops that touch no memory. */
static void do_alu(struct guest *g, const struct gp_op *op)
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
			guest_die(g, LOG_MOD_ZERO, 0, 0);
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
		guest_die(g, LOG_ILLEGAL_OP, 0, 0);
	}
}

static void do_accept(struct guest *g, const struct gp_op *op)
{
	u64 status;

	if (!guest_accept(g, g->vp->reg[op->rs], op->imm > 1 ? 2 : op->imm, &status))
		return;
	if (S_CODE(status) == S_OPERAND_BUSY) {
		/* The guest would try again; let the host have the entry first. */
		guest_leave(g, EXIT_OTHER_SMI);
		return;
	}
	if (op->flags & GP_RESULT) {
		g->vp->reg[op->rd] = status >> 32;
	} else if (S_CODE(status) == S_OPERAND_INVALID) {
		guest_die(g, LOG_BAD_ADDRESS, g->vp->reg[op->rs], 0);
		return;
	}
	g->vp->pc++;
}

static void verify(struct guest *g, const struct gp_op *op, u64 have)
{
	u64 want = g->vp->reg[op->rs];

	if (have == want || (op->flags & GP_OR_ZERO && !have))
		return;
	seam_add(&seam_findings.data_mismatch, 1);
	seam_log_add(LOG_DATA_MISMATCH, g, g->vp->reg[op->rd], 0, have, want);
}

/* One step of GP_FILL; the op is done when none is left. */
static void fill(struct guest *g, const struct gp_op *op, u64 *mem)
{
	u64 *rd = &g->vp->reg[op->rd];

	seam_store(mem, *rd);
	*rd += op->imm;
	if (!--g->vp->reg[op->rs])
		g->vp->pc++;
}

static void do_memory(struct guest *g, const struct gp_op *op)
{
	bool write = op->op == GP_WRITE || op->op == GP_FILL;
	bool by_rs = op->op == GP_READ || op->op == GP_SPIN || op->op == GP_EXEC;
	u64 access = op->op == GP_EXEC ? QUAL_EXEC : write ? QUAL_WRITE : QUAL_READ;
	u64 *reg = g->vp->reg, gpa = reg[by_rs ? op->rs : op->rd], *mem;

	if (op->op == GP_FILL && !reg[op->rs]) {
		g->vp->pc++;
		return;
	}
	switch (guest_translate(g, gpa, access, &mem)) {
	case GUEST_LEFT:
		return;
	case GUEST_MMIO:
		g->vp->pc++;
		do_mmio(g, gpa, write, reg[op->rs], op->op == GP_READ ? op->rd : GP_REGS);
		return;
	case GUEST_OK:
		break;
	}
	switch (op->op) {
	case GP_READ:
		reg[op->rd] = seam_load(mem);
		break;
	case GP_WRITE:
		seam_store(mem, reg[op->rs]);
		break;
	case GP_VERIFY:
		verify(g, op, seam_load(mem));
		break;
	case GP_EXEC:
		break;
	case GP_SPIN:
		if (!seam_load(mem))
			return;
		break;
	default:
		fill(g, op, mem);
		return;
	}
	g->vp->pc++;
}

static void execute(struct guest *g, const struct gp_op *op)
{
	if (op->op >= GP_NR_OPS || op->rd >= GP_REGS || op->rs >= GP_REGS ||
	    op->flags & ~GP_FLAGS) {
		guest_die(g, LOG_ILLEGAL_OP, 0, 0);
		return;
	}
	if (op->op >= GP_SET && op->op <= GP_JNZ) {
		if (++g->vp->idle_ops > MAX_IDLE_OPS)
			guest_die(g, LOG_ENDLESS_LOOP, 0, 0);
		else
			do_alu(g, op);
		return;
	}
	g->vp->idle_ops = 0;
	switch (op->op) {
	case GP_END:
		g->x->r11 = VMCALL_HLT;
		vmcall(g, MASK_DEFAULT, GP_REGS, GP_REGS, false);
		break;
	case GP_OUT:
		g->vp->pc++;
		g->x->r11 = VMCALL_IO;
		g->x->r12 = 4;
		g->x->r13 = 1;
		g->x->r14 = op->imm;
		g->x->r15 = g->vp->reg[op->rs];
		vmcall(g, MASK_DEFAULT, GP_REGS, GP_REGS, false);
		break;
	case GP_ACCEPT:
		do_accept(g, op);
		break;
	case GP_VMCALL:
		do_vmcall(g, op);
		break;
	default:
		do_memory(g, op);
	}
}

/* Other vCPUs may write to the program. */
static struct gp_op fetch(const u64 *prog, u64 pc)
{
	u64 word[] = { seam_load(&prog[2 * pc]), seam_load(&prog[2 * pc + 1]) };
	struct gp_op op;

	static_assert(sizeof(op) == sizeof(word));
	memcpy(&op, word, sizeof(op));
	return op;
}

void seam_guest_run(struct seam_call *c, struct seam_td *td, struct seam_vp *vp,
		    struct seam_exit *x)
{
	struct guest g = { .c = c, .td = td, .vp = vp, .x = x };
	u32 slice = SLICE_MIN + seam_load(&vp->entries) % SLICE_VARIES;
	struct gp_op op;
	u64 *prog;

	take_reply(&g);
	if (vp->prog & (SEAM_PAGE_SIZE - 1) || vp->prog >= td->gpaw_shared) {
		guest_die(&g, LOG_BAD_ADDRESS, vp->prog, 0);
		return;
	}
	/* One translation for all fetches of a run. */
	if (guest_translate(&g, vp->prog, QUAL_EXEC, &prog) != GUEST_OK)
		return;
	while (slice-- && !g.exited) {
		if (seam_load(&td->fatal)) {
			guest_leave(&g, S_NON_ACCESSIBLE);
			return;
		}
		if (vp->pc >= GP_MAX_OPS) {
			guest_die(&g, LOG_PAST_END, 0, 0);
			return;
		}
		op = fetch(prog, vp->pc);
		execute(&g, &op);
		vp->ops++;
	}
	if (!g.exited)
		guest_leave(&g, EXIT_OTHER_SMI);
}
