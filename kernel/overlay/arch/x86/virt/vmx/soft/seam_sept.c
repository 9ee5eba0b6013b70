// SPDX-License-Identifier: GPL-2.0-only
/* The S-EPT: entries, walks, and the TDH.MEM leaves that change it. */
#include "seam.h"

/* Bits of an entry that hold its state, lock and host priority bits aside. */
#define E_PS	BIT_ULL(7)
#define E_IPAT	BIT_ULL(6)
#define E_TDP	BIT_ULL(56)
#define E_TDB	BIT_ULL(55)
#define E_TDBW	BIT_ULL(54)
#define E_TDEX	BIT_ULL(53)
#define E_D	BIT_ULL(9)
#define E_STATE	(E_PS | E_IPAT | E_TDP | E_TDB | E_TDBW | E_TDEX | E_D)
#define E_MT_WB	(6ULL << 3)

static const struct {
	u64 bits;
	u64 rwx;
	u8 public_state;
} states[SEPT_NR_STATES] = {
	[SEPT_FREE]		= { E_TDB | E_TDBW | E_TDEX, 0, 0 },
	[SEPT_BLOCKED]		= { E_PS | E_IPAT | E_TDB, 0, 1 },
	[SEPT_PENDING]		= { E_PS | E_IPAT | E_TDP, 0, 2 },
	[SEPT_PENDING_BLOCKED]	= { E_PS | E_IPAT | E_TDP | E_TDB, 0, 3 },
	[SEPT_MAPPED]		= { E_PS | E_IPAT, SEPT_RWX, 4 },
	[SEPT_NL_BLOCKED]	= { E_TDB, 0, 0x81 },
	[SEPT_NL_MAPPED]	= { 0, SEPT_RWX, 0x84 },
};

/* SEPT_NR_STATES for a value that is none of them: the table was overwritten. */
enum sept_state sept_state(u64 entry)
{
	int s;

	for (s = 0; s < SEPT_NR_STATES; s++)
		if ((entry & E_STATE) == states[s].bits)
			break;
	return s;
}

u8 sept_public_state(enum sept_state state)
{
	return states[state].public_state;
}

u64 sept_make(enum sept_state state, u64 hpa)
{
	if (state == SEPT_FREE)
		return SEPT_FREE_RAW;
	return SEPT_SVE | states[state].bits | states[state].rwx | hpa |
	       (state == SEPT_NL_MAPPED || state == SEPT_NL_BLOCKED ? 0 : E_MT_WB);
}

bool sept_is_leaf(enum sept_state s)
{
	return s == SEPT_BLOCKED || s == SEPT_PENDING || s == SEPT_PENDING_BLOCKED ||
	       s == SEPT_MAPPED;
}

/* What RCX and RDX tell the host of an entry: no address of a table, no lock bits. */
static void details(struct seam_call *c, const struct sept_pos *pos)
{
	enum sept_state s = sept_state(pos->val);

	if (s == SEPT_NR_STATES)
		return;
	if (s == SEPT_FREE)
		c->a->rcx = SEPT_SVE;
	else if (!sept_is_leaf(s))
		c->a->rcx = pos->val & (SEPT_RWX | E_PS);
	else
		c->a->rcx = pos->val & (SEPT_RWX | (7ULL << 3) | E_IPAT | E_PS | SEPT_HPA |
					SEPT_SVE);
	c->a->rdx = pos->level | (u64)sept_public_state(s) << 8;
}

void *seam_private_page(struct seam_td *td, u64 hpa, enum pamt_type type)
{
	struct pamt *p = pamt_find(hpa);

	if (!p || seam_load(&p->type) != type || pamt_owner(p) != td->pa)
		return NULL;
	return seam_va(hpa);
}

bool sept_walk(struct seam_td *td, u64 gpa, u8 level, struct sept_pos *pos)
{
	u64 *table = seam_va(td->tdcx[SEAM_ROOT_TDCX]);

	for (pos->level = td->levels - 1;; pos->level--) {
		pos->entry = &table[(gpa >> (12 + 9 * pos->level)) & 511];
		pos->val = seam_load(pos->entry);
		if (pos->level == level)
			return true;
		if (sept_state(pos->val) != SEPT_NL_MAPPED)
			return false;
		table = seam_private_page(td, pos->val & SEPT_HPA, PT_EPT);
		if (!table) {
			seam_add(&seam_findings.corrupt_sept, 1);
			return false;
		}
	}
}

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
	if (op->entry_locked)
		__atomic_fetch_and(op->pos.entry, ~SEPT_LOCK, __ATOMIC_ACQ_REL);
	if (op->tree_locked)
		seam_unlock(&op->td.td->sept_lock, op->tree_mode);
	td_close(&op->td);
}

/* Replaces the entry and drops its lock with it. */
static void sept_set(struct sept_op *op, u64 val)
{
	seam_store(op->pos.entry, val);
	op->entry_locked = false;
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
	u64 old;

	op->tree_mode = rules->tree_mode;
	if (rules->tree) {
		if (!seam_trylock(&op->td.td->sept_lock, op->tree_mode))
			return S_OPERAND_BUSY | ID_SEPT_TREE;
		op->tree_locked = true;
	}
	if (!sept_walk(op->td.td, op->gpa, op->pos.level, &op->pos)) {
		details(c, &op->pos);
		return S_EPT_WALK_FAILED | ID_RCX;
	}
	if (rules->tree) {
		old = op->pos.val & ~SEPT_LOCK;
		if (!seam_cmpxchg(op->pos.entry, &old, old | SEPT_LOCK)) {
			details(c, &op->pos);
			return S_OPERAND_BUSY | ID_RCX;
		}
		op->entry_locked = true;
		op->pos.val = old;
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
	status = td_open(&op->td, tdr, rules->tdr_mode, ID_RDX, TD_COMPLETE);
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
	details(c, &op->pos);
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
	u64 *table;

	if (c->a->rdx & 0xfff0000000000ffeULL) {
		c->a->rcx = c->a->rdx = 0;
		return S_OPERAND_INVALID | ID_RDX;
	}
	c->a->rdx &= ~1ULL;
	status = sept_begin(c, &op, &rules);
	if (status)
		return status;

	s = sept_state(op.pos.val);
	if (page == ~0ULL) {
		status = S_OPERAND_INVALID | ID_R8;
	} else if (s == SEPT_FREE) {
		status = pamt_get_free(page, ID_R8, &p);
		if (!status) {
			table = seam_va(page);
			for (int i = 0; i < 512; i++)
				table[i] = SEPT_FREE_RAW;
			pamt_set(p, PT_EPT, op.td.td->pa);
			seam_add(&op.td.td->chldcnt, 1);
			sept_set(&op, sept_make(SEPT_NL_MAPPED, page));
			seam_unlock(&p->lock, SEAM_EXCLUSIVE);
		}
	} else if (s != SEPT_NL_MAPPED || !allow_existing) {
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
	if (source & (SEAM_PAGE_SIZE - 1) || !pamt_find(source)) {
		status = S_OPERAND_INVALID | ID_R9;
		goto out;
	}
	status = pamt_get_free(page, ID_R8, &p);
	if (status)
		goto out;
	memcpy(seam_va(page), seam_va(source), SEAM_PAGE_SIZE);
	pamt_set(p, PT_REG, op.td.td->pa);
	seam_add(&op.td.td->chldcnt, 1);
	seam_store(op.pos.entry, sept_make(SEPT_MAPPED, page));
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
	status = pamt_get_free(page, ID_R8, &p);
	if (status)
		goto out;
	pamt_set(p, PT_REG, op.td.td->pa);
	seam_add(&op.td.td->chldcnt, 1);
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

	status = td_open(&r, c->a->rcx, SEAM_SHARED, ID_RCX, TD_COMPLETE);
	if (status)
		return status;
	status = td_gate(&r, OPS(OP_INITIALIZED) | OPS(OP_RUNNABLE));
	if (status)
		goto out;
	if (!seam_trylock(&r.td->epoch_lock, SEAM_EXCLUSIVE)) {
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
	if (!seam_trylock(&p->lock, SEAM_EXCLUSIVE)) {
		status = S_OPERAND_BUSY | ID_RCX;
		goto out;
	}
	status = tlb_check(c, &op, p);
	if (!status) {
		sept_set(&op, SEPT_FREE_RAW);
		pamt_set(p, PT_NDA, 0);
		seam_sub(&op.td.td->chldcnt, 1);
		seam_add(&op.td.td->removes, 1);
		c->a->rcx = hpa;
	}
	seam_unlock(&p->lock, SEAM_EXCLUSIVE);
out:
	sept_end(&op);
	return status;
}

/*
 * The guest's side takes the entry lock only, never the tree lock. A page that
 * isn't there leaves the TD; one that is PENDING is zeroed and becomes MAPPED.
 */
enum accept_result seam_accept(struct seam_td *td, u64 gpa, struct sept_pos *pos)
{
	u64 old;
	void *page;

	if (!sept_walk(td, gpa, 0, pos))
		return ACCEPT_VIOLATION;
	switch (sept_state(pos->val)) {
	case SEPT_MAPPED:
		return ACCEPT_ALREADY;
	case SEPT_PENDING:
		break;
	default:
		return ACCEPT_VIOLATION;
	}

	old = pos->val & ~SEPT_LOCK;
	if (!seam_cmpxchg(pos->entry, &old, old | SEPT_LOCK))
		return ACCEPT_BUSY;
	page = seam_private_page(td, old & SEPT_HPA, PT_REG);
	if (page)
		memset(page, 0, SEAM_PAGE_SIZE);
	else
		seam_add(&seam_findings.stale_access, 1);
	seam_store(pos->entry, sept_make(SEPT_MAPPED, old & SEPT_HPA));
	return ACCEPT_OK;
}
