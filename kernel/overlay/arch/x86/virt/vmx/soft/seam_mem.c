// SPDX-License-Identifier: GPL-2.0-only
/* The TDH.MEM leaves: what changes the S-EPT, and TLB tracking. */
#include "seam.h"

/* A leaf at work on one entry: which of the objects it has locked. */
struct sept_op {
	struct td_ref td;
	struct sept_pos pos;
	u64 gpa;
	enum seam_mode tree_mode;
	bool tree_locked, entry_locked;
};

/* What distinguishes the leaves in their common prefix. */
struct sept_rules {
	u32 ops;	/* OP_STATEs in which the leaf may run */
	u8 min_level;
	u8 max_level;	/* 0xff: up to the root */
	enum seam_mode tdr_mode;
	bool tree;	/* takes the tree and the entry lock */
	enum seam_mode tree_mode;
};

static void sept_end(struct sept_op *op)
{
	seam_spend(op->td.c);
	if (op->entry_locked)
		__atomic_fetch_and(op->pos.entry, ~SEPT_LOCK, __ATOMIC_ACQ_REL);
	if (op->tree_locked)
		seam_unlock(&op->td.td->sept_lock, op->tree_mode);
	td_close(&op->td);
}

/* Replaces the entry; its lock, and whose priority it has, stay as they are. */
static void sept_set(struct sept_op *op, u64 val)
{
	u64 old = seam_load(op->pos.entry);

	while (!seam_cmpxchg(op->pos.entry, &old, val | (old & (SEPT_HP | SEPT_LOCK))))
		;
}

/* The host's flavour: one that fails has priority from then on, one that succeeds ends it. */
static bool sept_trylock(struct seam_call *c, struct sept_op *op)
{
	u64 old = seam_load(op->pos.entry);

	if (seam_latent_busy(c, LATENT_SEPT_ENTRY))
		goto busy;
	do {
		if (old & SEPT_LOCK)
			goto busy;
	} while (!seam_cmpxchg(op->pos.entry, &old, (old & ~SEPT_HP) | SEPT_LOCK));
	op->pos.val = old;
	return true;
busy:
	__atomic_fetch_or(op->pos.entry, SEPT_HP, __ATOMIC_ACQ_REL);
	return false;
}

static u64 sept_check_gpa(struct sept_op *op, u64 pinfo, const struct sept_rules *rules)
{
	u8 level = pinfo & 7, max = rules->max_level;

	if (max == 0xff)
		max = op->td.td->levels - 1;
	op->gpa = pinfo & ~0xfffULL;
	op->pos.level = level;
	if (pinfo & 0xff8 || level < rules->min_level || level > max ||
	    op->gpa & ((SEAM_PAGE_SIZE << (9 * level)) - 1) || op->gpa >= op->td.td->gpaw_shared)
		return S_OPERAND_INVALID | ID_RCX;
	return S_SUCCESS;
}

/* P10 to P12: tree lock, walk, entry lock. */
static u64 sept_lock_entry(struct seam_call *c, struct sept_op *op, const struct sept_rules *rules)
{
	op->tree_mode = rules->tree_mode;
	if (rules->tree) {
		if (!seam_trylock(c, &op->td.td->sept_lock, op->tree_mode, LATENT_SEPT_TREE))
			return S_OPERAND_BUSY | ID_SEPT_TREE;
		op->tree_locked = true;
	}
	if (!sept_walk(op->td.td, op->gpa, op->pos.level, &op->pos)) {
		sept_details(c, &op->pos);
		return S_EPT_WALK_FAILED | ID_RCX;
	}
	if (rules->tree) {
		if (!sept_trylock(c, op)) {
			sept_details(c, &op->pos);
			return S_OPERAND_BUSY | ID_RCX;
		}
		op->entry_locked = true;
	}
	return S_SUCCESS;
}

/* The common prefix, P0 to P12. On failure nothing stays locked. */
static u64 sept_begin(struct seam_call *c, struct sept_op *op, const struct sept_rules *rules)
{
	u64 pinfo = c->a->rcx, tdr = c->a->rdx;
	u64 status;

	*op = (struct sept_op){};
	c->a->rcx = c->a->rdx = 0;
	status = td_open(c, &op->td, tdr, rules->tdr_mode, ID_RDX, TD_COMPLETE);
	if (status)
		return status;
	status = td_gate(&op->td, rules->ops);
	if (!status)
		status = sept_check_gpa(op, pinfo, rules);
	if (!status)
		status = sept_lock_entry(c, op, rules);
	if (status)
		sept_end(op);
	return status;
}

static u64 sept_fail(struct seam_call *c, struct sept_op *op, u64 status)
{
	sept_details(c, &op->pos);
	return status;
}

u64 seam_mem_sept_add(struct seam_call *c)
{
	static const struct sept_rules rules = {
		OPS(OP_INITIALIZED) | OPS(OP_RUNNABLE), 1, 0xff, SEAM_SHARED, true, SEAM_SHARED,
	};
	bool allow_existing = c->a->rdx & 1;
	u64 page = c->a->r8;
	enum sept_state s;
	struct sept_op op;
	struct pamt *p;
	u64 status;

	if (c->a->rdx & 0xfff0000000000ffeULL) {
		c->a->rcx = c->a->rdx = 0;
		return S_OPERAND_INVALID | ID_RDX;
	}
	c->a->rdx &= ~1ULL;
	status = sept_begin(c, &op, &rules);
	if (status)
		return status;

	s = sept_state(op.pos.val);
	if (s != SEPT_FREE && s != SEPT_NL_MAPPED) {
		status = sept_fail(c, &op, S_EPT_ENTRY_STATE_INCORRECT | ID_RCX);
	} else if (page == ~0ULL && !c->version) {
		status = S_OPERAND_INVALID | ID_R8;
	} else if (s == SEPT_FREE && page != ~0ULL) {
		status = pamt_get_free(c, page, ID_R8, &p);
		if (!status) {
			sept_clear_table(seam_va(page));
			pamt_give(p, PT_EPT, op.td.td);
			sept_set(&op, sept_make(SEPT_NL_MAPPED, page));
			seam_unlock(&p->lock, SEAM_EXCLUSIVE);
		}
	} else if (s == SEPT_FREE || (!allow_existing && page != ~0ULL)) {
		status = sept_fail(c, &op, S_EPT_ENTRY_STATE_INCORRECT | ID_RCX);
	}
	sept_end(&op);
	return status;
}

u64 seam_mem_page_add(struct seam_call *c)
{
	static const struct sept_rules rules = {
		OPS(OP_INITIALIZED), 0, 0, SEAM_EXCLUSIVE, false, SEAM_SHARED,
	};
	u64 page = c->a->r8, source = c->a->r9;
	struct sept_op op;
	struct pamt *p;
	u64 status;

	status = sept_begin(c, &op, &rules);
	if (status)
		return status;
	if (sept_state(op.pos.val) != SEPT_FREE) {
		status = sept_fail(c, &op, S_EPT_ENTRY_STATE_INCORRECT | ID_RCX);
		goto out;
	}
	if (source & (SEAM_PAGE_SIZE - 1) || source & ~seam_pa_mask() || !seam_host_readable(source)) {
		status = S_OPERAND_INVALID | ID_R9;
		goto out;
	}
	status = pamt_get_free(c, page, ID_R8, &p);
	if (status)
		goto out;
	memcpy(seam_va(page), seam_va(source), SEAM_PAGE_SIZE);
	pamt_give(p, PT_REG, op.td.td);
	sept_set(&op, sept_make(SEPT_MAPPED, page));
	seam_unlock(&p->lock, SEAM_EXCLUSIVE);
out:
	sept_end(&op);
	return status;
}

u64 seam_mem_page_aug(struct seam_call *c)
{
	static const struct sept_rules rules = {
		OPS(OP_INITIALIZED) | OPS(OP_RUNNABLE), 0, 0, SEAM_SHARED, true, SEAM_SHARED,
	};
	u64 page = c->a->r8;
	struct sept_op op;
	struct pamt *p;
	u64 status;

	status = sept_begin(c, &op, &rules);
	if (status)
		return status;
	if (sept_state(op.pos.val) != SEPT_FREE) {
		status = sept_fail(c, &op, S_EPT_ENTRY_STATE_INCORRECT | ID_RCX);
		goto out;
	}
	status = pamt_get_free(c, page, ID_R8, &p);
	if (status)
		goto out;
	pamt_give(p, PT_REG, op.td.td);
	seam_add(&op.td.td->augs, 1);
	sept_set(&op, sept_make(SEPT_PENDING, page));
	seam_unlock(&p->lock, SEAM_EXCLUSIVE);
out:
	sept_end(&op);
	return status;
}

u64 seam_mem_range_block(struct seam_call *c)
{
	static const struct sept_rules rules = {
		OPS(OP_INITIALIZED) | OPS(OP_RUNNABLE), 0, 0xff, SEAM_SHARED, true, SEAM_EXCLUSIVE,
	};
	enum sept_state to;
	struct sept_op op;
	struct pamt *p;
	u64 status, hpa;

	status = sept_begin(c, &op, &rules);
	if (status)
		return status;
	switch (sept_state(op.pos.val)) {
	case SEPT_MAPPED:
		to = SEPT_BLOCKED;
		break;
	case SEPT_PENDING:
		to = SEPT_PENDING_BLOCKED;
		break;
	case SEPT_NL_MAPPED:
		to = SEPT_NL_BLOCKED;
		break;
	case SEPT_BLOCKED:
	case SEPT_PENDING_BLOCKED:
	case SEPT_NL_BLOCKED:
		status = sept_fail(c, &op, S_GPA_RANGE_ALREADY_BLOCKED | ID_RCX);
		goto out;
	default:
		status = sept_fail(c, &op, S_EPT_ENTRY_STATE_INCORRECT | ID_RCX);
		goto out;
	}
	hpa = op.pos.val & SEPT_HPA;
	sept_set(&op, sept_make(to, hpa));
	/* After the block, and without the page's PAMT lock. */
	p = pamt_find(hpa);
	if (p)
		seam_store(&p->bepoch, seam_load(&op.td.td->epoch));
out:
	sept_end(&op);
	return status;
}

u64 seam_mem_track(struct seam_call *c)
{
	struct td_ref r;
	u64 status, epoch;

	status = td_open(c, &r, c->a->rcx, SEAM_SHARED, ID_RCX, TD_COMPLETE);
	if (status)
		return status;
	status = td_gate(&r, OPS(OP_INITIALIZED) | OPS(OP_RUNNABLE));
	if (status)
		goto out;
	if (!seam_trylock(c, &r.td->epoch_lock, SEAM_EXCLUSIVE, LATENT_EPOCH)) {
		status = S_OPERAND_BUSY | ID_TD_EPOCH;
		goto out;
	}
	epoch = r.td->epoch;
	if (seam_load(&r.td->refcount[(epoch - 1) & 1]))
		status = S_PREVIOUS_TLB_EPOCH_BUSY;
	else
		seam_store(&r.td->epoch, epoch + 1);
	seam_unlock(&r.td->epoch_lock, SEAM_EXCLUSIVE);
out:
	td_close(&r);
	return status;
}

/* No vCPU can still use a translation from before the page was blocked. */
static bool tracked(struct seam_td *td, u64 bepoch)
{
	u64 epoch = seam_load(&td->epoch);

	return bepoch < epoch - 1 ||
	       (bepoch == epoch - 1 && !seam_load(&td->refcount[bepoch & 1]));
}

static u64 tlb_check(struct seam_call *c, struct sept_op *op, struct pamt *p)
{
	enum sept_state s = sept_state(op->pos.val);

	if (seam_load(&op->td.td->op_state) != OP_RUNNABLE)
		return S_SUCCESS;
	if (s != SEPT_BLOCKED && s != SEPT_PENDING_BLOCKED)
		return sept_fail(c, op, S_GPA_RANGE_NOT_BLOCKED | ID_RCX);
	if (!tracked(op->td.td, seam_load(&p->bepoch)))
		return S_TLB_TRACKING_NOT_DONE | ID_RCX;
	return S_SUCCESS;
}

u64 seam_mem_page_remove(struct seam_call *c)
{
	static const struct sept_rules rules = {
		OPS(OP_INITIALIZED) | OPS(OP_RUNNABLE), 0, 2, SEAM_SHARED, true, SEAM_SHARED,
	};
	struct sept_op op;
	enum sept_state s;
	struct pamt *p;
	u64 status, hpa;

	status = sept_begin(c, &op, &rules);
	if (status)
		return status;
	s = sept_state(op.pos.val);
	hpa = op.pos.val & SEPT_HPA;
	p = pamt_find(hpa);
	if (!sept_is_leaf(s) || !p) {
		if (sept_is_leaf(s) || s == SEPT_NR_STATES)
			seam_add(&seam_findings.corrupt_sept, 1);
		status = sept_fail(c, &op, S_EPT_ENTRY_STATE_INCORRECT | ID_RCX);
		goto out;
	}
	if (!seam_trylock(c, &p->lock, SEAM_EXCLUSIVE, LATENT_PAGE)) {
		status = S_OPERAND_BUSY | ID_RCX;
		goto out;
	}
	status = tlb_check(c, &op, p);
	if (!status) {
		sept_set(&op, SEPT_FREE_RAW);
		pamt_take(p, op.td.td);
		pamt_unwritten(p);
		seam_page_left(hpa, PT_REG);
		seam_add(&op.td.td->removes, 1);
		c->a->rcx = hpa;
	}
	seam_unlock(&p->lock, SEAM_EXCLUSIVE);
out:
	sept_end(&op);
	return status;
}
