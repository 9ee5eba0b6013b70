// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The checks that leaves share, in their order: of the TDR or TDVPR, of the TD,
 * of OP_STATE, of a page to add. Each function tests its row's leaf.
 */
#include "conf.h"

static void refused(struct tdx_module_args a)
{
	expect(conf_run(a));
	if (conf_leaf()->zeroes)
		outputs(0, 0);
}

static void succeeds(struct tdx_module_args a)
{
	same(conf_run(a), conf_leaf()->success);
}

static enum seam_mode conflicting(enum seam_mode mode)
{
	return mode == SEAM_SHARED ? SEAM_EXCLUSIVE : SEAM_SHARED;
}

/* BUSY while somebody has the lock; host priority until the lock was taken again. */
static void busy(struct tdx_module_args a, struct seam_lock *lock, enum seam_mode held)
{
	conf_hold(lock, held);
	refused(a);
	must(lock->v & SEAM_LOCK_HP);
	conf_let_go(lock, held);
	must(lock->v & SEAM_LOCK_HP);
	succeeds(a);
	same(lock->v, 0);
}

static void latent(struct tdx_module_args a, struct seam_lock *lock, enum seam_latent_kind kind)
{
	conf_latent(kind, 1000000);
	refused(a);
	same(conf_provoked(conf_leaf()->rax & 0xffff, conf.row->status), 1);
	must(lock->v & SEAM_LOCK_HP);
	conf_latent(kind, 0);
	succeeds(a);
	same(lock->v, 0);
}

/* --- TDR or TDVPR --- */

static u64 *object(struct tdx_module_args *a)
{
	return conf_reg(a, conf_leaf()->object);
}

static void object_is(u64 pa)
{
	struct tdx_module_args a = conf_prepared();

	*object(&a) = pa;
	refused(a);
}

static void object_with(u64 bits)
{
	struct tdx_module_args a = conf_prepared();

	*object(&a) |= bits;
	refused(a);
}

static enum seam_latent_kind object_kind(void)
{
	if (conf_leaf()->plain)
		return LATENT_PAGE;
	return conf_leaf()->vp ? LATENT_TDVPR : LATENT_TDR;
}

void obj_unaligned(void)
{
	object_with(0x800);
}

void obj_hkid(void)
{
	object_with(BIT_ULL(ARENA_PA_BITS));
}

void obj_beyond(void)
{
	object_with(BIT_ULL(62));
}

void obj_no_tdmr(void)
{
	object_is(ARENA_NO_TDMR);
}

void obj_uninitialized(void)
{
	object_is(ARENA_UNINITIALIZED);
}

void obj_busy(void)
{
	struct tdx_module_args a = conf_prepared();

	busy(a, conf_lock_of(*object(&a)), conflicting(conf_leaf()->mode));
}

void obj_latent(void)
{
	struct tdx_module_args a = conf_prepared();

	latent(a, conf_lock_of(*object(&a)), object_kind());
}

void obj_type(void)
{
	struct tdx_module_args a = conf_prepared();
	u64 pa = *object(&a);
	struct pamt *p = pamt_find(pa);
	static const u8 types[] = {PT_NDA, PT_RSVD, PT_REG, PT_TDR, PT_TDCX, PT_TDVPR, PT_EPT};
	u8 type = p->type;

	for (size_t i = 0; i < sizeof(types); i++) {
		if (types[i] == type)
			continue;
		p->type = types[i];
		refused(a);
	}
	p->type = type;
}

void obj_shared(void)
{
	struct tdx_module_args a = conf_prepared();
	struct seam_lock *lock = conf_lock_of(*object(&a));

	conf_hold(lock, SEAM_SHARED);
	succeeds(a);
	conf_let_go(lock, SEAM_SHARED);
}

void obj_order_12(void)
{
	object_is(ARENA_NO_TDMR | 0x800);
}

void obj_order_34(void)
{
	struct tdx_module_args a = conf_prepared();
	struct pamt *p = pamt_find(*object(&a));

	p->type = PT_REG;
	conf_hold(&p->lock, SEAM_EXCLUSIVE);
	refused(a);
	conf_let_go(&p->lock, SEAM_EXCLUSIVE);
}

void obj_order_45(void)
{
	struct tdx_module_args a = conf_prepared();

	pamt_find(*object(&a))->type = PT_REG;
	conf_tdr()->fatal = 1;
	refused(a);
}

/* --- The vCPU's TDR --- */

void td_busy(void)
{
	struct tdx_module_args a = conf_prepared();

	busy(a, conf_lock_of(conf.td.tdr), conflicting(conf_leaf()->td_mode));
}

void td_latent(void)
{
	struct tdx_module_args a = conf_prepared();

	latent(a, conf_lock_of(conf.td.tdr), LATENT_TDR);
}

void td_order_busy(void)
{
	struct tdx_module_args a = conf_prepared();
	struct seam_lock *lock = conf_lock_of(conf.td.tdr);

	conf_tdr()->fatal = 1;
	conf_tdr()->lifecycle = TD_BLOCKED;
	conf_hold(lock, SEAM_EXCLUSIVE);
	refused(a);
	conf_let_go(lock, SEAM_EXCLUSIVE);
}

void td_order_type(void)
{
	struct tdx_module_args a = conf_prepared();
	struct seam_lock *lock = conf_lock_of(conf.td.tdr);

	pamt_find(*object(&a))->type = PT_REG;
	conf_hold(lock, SEAM_EXCLUSIVE);
	refused(a);
	conf_let_go(lock, SEAM_EXCLUSIVE);
}

void kot_order_type(void)
{
	struct tdx_module_args a = conf_prepared();

	pamt_find(*object(&a))->type = PT_REG;
	conf_hold(&seam_sys.kot, SEAM_EXCLUSIVE);
	refused(a);
	conf_let_go(&seam_sys.kot, SEAM_EXCLUSIVE);
}

/* --- The TD --- */

void td_fatal(void)
{
	struct tdx_module_args a = conf_prepared();

	conf_tdr()->fatal = 1;
	refused(a);
}

void td_keys(void)
{
	static const u8 wrong[] = {TD_HKID_ASSIGNED, TD_BLOCKED, TD_TEARDOWN};
	struct tdx_module_args a = conf_prepared();

	for (size_t i = 0; i < sizeof(wrong); i++) {
		conf_tdr()->lifecycle = wrong[i];
		refused(a);
		same(conf_tdr()->lifecycle, wrong[i]);
	}
}

void td_tdcx(void)
{
	struct tdx_module_args a = conf_prepared();

	conf_tdr()->ntdcx = SEAM_TDCX_PAGES - 1;
	refused(a);
}

void td_order_5(void)
{
	struct tdx_module_args a = conf_prepared();

	conf_tdr()->ntdcx = SEAM_TDCX_PAGES - 1;
	conf_tdr()->lifecycle = TD_BLOCKED;
	same(conf_run(a), S_TD_KEYS_NOT_CONFIGURED);
	conf_tdr()->fatal = 1;
	refused(a);
}

void td_order_56(void)
{
	struct tdx_module_args a = conf_prepared();

	conf_tdr()->ntdcx = SEAM_TDCX_PAGES - 1;
	conf_hold(&conf_tdr()->op_lock, SEAM_EXCLUSIVE);
	refused(a);
	conf_let_go(&conf_tdr()->op_lock, SEAM_EXCLUSIVE);
}

/* --- OP_STATE --- */

static u8 wrong_op_state(void)
{
	u8 state = 0;

	while (conf_leaf()->states & OPS(state))
		state++;
	return state;
}

void td_order_57(void)
{
	struct tdx_module_args a = conf_prepared();

	conf_tdr()->ntdcx = SEAM_TDCX_PAGES - 1;
	conf_tdr()->op_state = wrong_op_state();
	refused(a);
}

void op_busy(void)
{
	struct tdx_module_args a = conf_prepared();

	busy(a, &conf_tdr()->op_lock, SEAM_EXCLUSIVE);
}

void op_latent(void)
{
	struct tdx_module_args a = conf_prepared();

	latent(a, &conf_tdr()->op_lock, LATENT_OP_STATE);
}

void op_skipped(void)
{
	struct tdx_module_args a = conf_prepared();

	conf_hold(&conf_tdr()->op_lock, SEAM_EXCLUSIVE);
	succeeds(a);
	conf_let_go(&conf_tdr()->op_lock, SEAM_EXCLUSIVE);
}

void op_state(void)
{
	struct tdx_module_args a = conf_prepared();

	for (u8 state = OP_UNINITIALIZED; state <= OP_RUNNABLE; state++) {
		if (conf_leaf()->states & OPS(state))
			continue;
		conf_tdr()->op_state = state;
		refused(a);
	}
}

void op_allowed(void)
{
	for (u8 state = OP_UNINITIALIZED; state <= OP_RUNNABLE; state++) {
		struct tdx_module_args a;

		if (!(conf_leaf()->states & OPS(state)))
			continue;
		conf_begin(conf.row, 1);
		a = conf_prepared();
		conf_tdr()->op_state = state;
		succeeds(a);
	}
}

void op_order_67(void)
{
	struct tdx_module_args a = conf_prepared();

	conf_tdr()->op_state = wrong_op_state();
	conf_hold(&conf_tdr()->op_lock, SEAM_EXCLUSIVE);
	refused(a);
	conf_let_go(&conf_tdr()->op_lock, SEAM_EXCLUSIVE);
}

void op_order_78(void)
{
	struct tdx_module_args a = conf_prepared();
	u8 right = conf_tdr()->op_state;

	conf_leaf()->spoil(&a);
	conf_tdr()->op_state = wrong_op_state();
	refused(a);
	/* It is spoilt indeed. */
	conf_tdr()->op_state = right;
	must(conf_run(a) != conf_leaf()->success);
	must(conf_run(a) != conf.row->status);
}

/* --- A page to add --- */

static u64 *page(struct tdx_module_args *a)
{
	return conf_reg(a, conf_leaf()->page);
}

static void page_is(u64 pa)
{
	struct tdx_module_args a = conf_prepared();

	*page(&a) = pa;
	refused(a);
}

static void page_with(u64 bits)
{
	struct tdx_module_args a = conf_prepared();

	*page(&a) |= bits;
	refused(a);
}

void page_unaligned(void)
{
	page_with(0x800);
}

void page_hkid(void)
{
	page_with(BIT_ULL(ARENA_PA_BITS));
}

void page_beyond(void)
{
	page_with(BIT_ULL(62));
}

void page_no_tdmr(void)
{
	page_is(ARENA_NO_TDMR);
}

void page_uninitialized(void)
{
	page_is(ARENA_UNINITIALIZED);
}

void page_busy(void)
{
	struct tdx_module_args a = conf_prepared();

	busy(a, conf_lock_of(*page(&a)), SEAM_SHARED);
}

void page_latent(void)
{
	struct tdx_module_args a = conf_prepared();

	latent(a, conf_lock_of(*page(&a)), LATENT_PAGE);
}

void page_type(void)
{
	static const u8 types[] = {PT_RSVD, PT_REG, PT_TDR, PT_TDCX, PT_TDVPR, PT_EPT};
	struct tdx_module_args a = conf_prepared();
	struct pamt *p = pamt_find(*page(&a));

	for (size_t i = 0; i < sizeof(types); i++) {
		p->type = types[i];
		refused(a);
	}
	p->type = PT_NDA;
	succeeds(a);
}

void page_reserved(void)
{
	page_is(ARENA_RESERVED);
}

void page_order_12(void)
{
	page_is(ARENA_NO_TDMR | 0x800);
}

void page_order_34(void)
{
	struct tdx_module_args a = conf_prepared();
	struct pamt *p = pamt_find(*page(&a));

	p->type = PT_REG;
	conf_hold(&p->lock, SEAM_EXCLUSIVE);
	refused(a);
	conf_let_go(&p->lock, SEAM_EXCLUSIVE);
}
