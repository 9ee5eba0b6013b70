// SPDX-License-Identifier: GPL-2.0-only
/* TDH.VP.ENTER: what is checked before, what the host sees afterwards. */
#include "seam.h"
#include "seam_provoke.h"

#define ENTER_RESUME_L1	BIT_ULL(53)
#define ENTER_RESERVED	(GENMASK_ULL(63, 54) | GENMASK_ULL(11, 0))

/* Violations in a row at one RIP, from which on the S-EPT is checked before an entry. */
#define EPF_THRESHOLD	6

/* The epoch is sampled and its reference taken under the lock that TRACK takes exclusively. */
static u64 enter_epoch(struct seam_call *c, struct seam_td *td, struct seam_vp *vp)
{
	u64 epoch;

	if (!seam_trylock(c, &td->epoch_lock, SEAM_SHARED, LATENT_EPOCH))
		return S_OPERAND_BUSY | ID_TD_EPOCH;
	epoch = seam_load(&td->epoch);
	seam_add(&td->refcount[epoch & 1], 1);
	seam_unlock(&td->epoch_lock, SEAM_SHARED);
	if (vp->epoch != epoch)
		tlb_flush(vp);
	seam_store(&vp->epoch, epoch);
	return S_SUCCESS;
}

static void leave_epoch(struct seam_td *td, struct seam_vp *vp)
{
	seam_sub(&td->refcount[vp->epoch & 1], 1);
}

/*
 * A guest that faults again and again at one RIP may be single-stepped by the
 * host: it is not entered before all that it missed is there. PENDING is not
 * there. @fake: the answer is an EPT violation for the page that is missing.
 */
static u64 zero_step(struct seam_call *c, struct seam_td *td, struct seam_vp *vp, u64 *fake)
{
	struct sept_pos pos;

	*fake = 0;
	if (!vp->nepf)
		return S_SUCCESS;
	if (!seam_trylock(c, &td->sept_lock, SEAM_EXCLUSIVE, LATENT_SEPT_TREE))
		return S_OPERAND_BUSY | ID_SEPT_TREE;
	seam_add(&seam_guest_counts.zero_step_enters, 1);
	seam_spend(c);
	for (u32 i = 0; i < vp->nepf; i++) {
		if (!sept_walk(td, vp->epf[i], 0, &pos) || sept_state(pos.val) != SEPT_MAPPED) {
			/* Bit 0 tells page 0 from none. */
			*fake = vp->epf[i] | 1;
			seam_add(&seam_guest_counts.zero_step_exits, 1);
			break;
		}
	}
	seam_unlock(&td->sept_lock, SEAM_EXCLUSIVE);
	return S_SUCCESS;
}

static void count_epf(struct seam_vp *vp, const struct seam_exit *x)
{
	if (vp->pc != vp->entry_pc) {
		vp->epf_count = vp->nepf = 0;
		return;
	}
	if (!x->epf || ++vp->epf_count <= EPF_THRESHOLD || vp->nepf == SEAM_EPF_MAX)
		return;
	for (u32 i = 0; i < vp->nepf; i++)
		if (vp->epf[i] == x->r8)
			return;
	vp->epf[vp->nepf++] = x->r8;
}

/* Association, TLB, epoch: from here on the vCPU is this LP's alone. */
static u64 enter_active(struct seam_call *c, struct vp_ref *r, u64 *fake)
{
	struct seam_lp *lp = &seam_sys.lp[c->lp];
	struct seam_td *td = r->td.td;
	struct seam_vp *vp = r->vp;
	u64 pa = c->a->rcx & SEPT_HPA;
	u32 invepts;
	u64 status;

	if (!vp_associate(r, c->lp))
		return S_VCPU_ASSOCIATED;
	if (c->a->rcx & ENTER_RESUME_L1)
		return S_OPERAND_INVALID | ID_RCX;
	status = enter_epoch(c, td, vp);
	if (status)
		return status;
	status = zero_step(c, td, vp, fake);
	if (status || *fake) {
		leave_epoch(td, vp);
		return status;
	}
	invepts = seam_load(&lp->invepts);
	if (seam_load(&lp->last_vp) != pa || vp->invepts != invepts)
		tlb_flush(vp);
	vp->invepts = invepts;
	seam_store(&lp->last_vp, pa);
	return S_SUCCESS;
}

static u64 enter_checks(struct seam_call *c, struct vp_ref *r, u64 *fake)
{
	u8 ready = VP_READY;
	u64 status;

	status = td_gate(&r->td, OPS(OP_RUNNABLE));
	if (status)
		return status;
	if (r->vp->ntdcx < SEAM_TDVPS_TDCX)
		return S_TDCX_NUM_INCORRECT;
	if (!seam_cmpxchg(&r->vp->state, &ready, VP_ACTIVE))
		return S_VCPU_STATE_INCORRECT;
	status = enter_active(c, r, fake);
	if (status || *fake)
		seam_store(&r->vp->state, VP_READY);
	return status;
}

/* Registers that the guest does not give to the host are 0. */
static void set_exit(struct tdx_module_args *a, const struct seam_exit *x)
{
	*a = (struct tdx_module_args){
		.rcx = x->rcx, .rdx = x->rdx, .r8 = x->r8, .r10 = x->r10, .r11 = x->r11,
		.r12 = x->r12, .r13 = x->r13, .r14 = x->r14, .r15 = x->r15,
	};
}

/* TDR and TDVPR stay locked (shared) for the whole of guest mode, OP_STATE until entry. */
u64 seam_vp_enter(struct seam_call *c)
{
	u64 pa = c->a->rcx & SEPT_HPA;
	struct seam_exit x = {};
	struct vp_ref r;
	u64 status, nr, fake = 0;

	if (c->a->rcx & ENTER_RESERVED)
		return S_OPERAND_INVALID | ID_RCX;
	status = vp_open(c, &r, pa, ID_RCX, SEAM_SHARED, SEAM_SHARED, TD_COMPLETE);
	if (status)
		return status;
	nr = __atomic_add_fetch(&r.vp->entries, 1, __ATOMIC_RELAXED);
	status = seam_provoked(&seam_provoke_enter, r.vp->index, nr);
	if (status)
		c->provoked = true;
	else
		status = enter_checks(c, &r, &fake);
	if (status) {
		vp_close(&r);
		return status;
	}
	if (fake) {
		x = (struct seam_exit){
			.rax = EXIT_EPT_VIOLATION, .rcx = QUAL_WRITE, .r8 = fake & ~1ULL,
		};
		goto out;
	}
	seam_spend(c);
	td_release_op_state(&r.td);

	r.vp->entry_pc = r.vp->pc;
	seam_guest_run(c, r.td.td, r.vp, &x);
	count_epf(r.vp, &x);

	if (S_CODE(x.rax) == S_NON_RECOVERABLE_TD)
		seam_store(&r.td.td->fatal, 1);
	leave_epoch(r.td.td, r.vp);
	seam_store(&r.vp->state, S_CODE(x.rax) == S_NON_RECOVERABLE_VCPU ? VP_DISABLED : VP_READY);
out:
	vp_close(&r);
	set_exit(c->a, &x);
	return x.rax;
}
