// SPDX-License-Identifier: GPL-2.0-only
/* vCPUs: control structures, association with an LP, entering the guest. */
#include "seam.h"
#include "seam_provoke.h"

#define EXIT_TDCALL	77

/* A leaf at work on a vCPU: TDVPR and its TD's TDR are locked. */
struct vp_ref {
	struct seam_vp *vp;
	struct pamt *pamt;
	enum seam_mode mode;
	struct td_ref td;
	bool td_open;
};

static void vp_close(struct vp_ref *r)
{
	if (r->td_open)
		td_close(&r->td);
	seam_unlock(&r->pamt->lock, r->mode);
}

static u64 vp_open(struct vp_ref *r, u64 pa, u32 operand, enum seam_mode mode,
		   enum seam_mode td_mode)
{
	u64 status;

	*r = (struct vp_ref){ .mode = mode };
	status = pamt_get(pa, operand, mode, &r->pamt);
	if (status)
		return status;

	r->vp = seam_va(pa);
	if (r->pamt->type != PT_TDVPR) {
		status = S_PAGE_METADATA_INCORRECT | operand;
	} else if (r->vp->magic != SEAM_MAGIC_VP || r->vp->td_pa != pamt_owner(r->pamt)) {
		seam_add(&seam_findings.corrupt_control, 1);
		status = S_TD_FATAL;
	} else {
		status = td_open(&r->td, r->vp->td_pa, td_mode, ID_TDR, TD_COMPLETE);
	}
	if (status)
		seam_unlock(&r->pamt->lock, mode);
	else
		r->td_open = true;
	return status;
}

u64 seam_vp_create(struct seam_call *c)
{
	struct seam_vp *vp;
	struct td_ref r;
	struct pamt *p;
	u64 status;

	status = td_open(&r, c->a->rdx, SEAM_SHARED, ID_RDX, TD_COMPLETE);
	if (status)
		return status;
	status = td_gate(&r, OPS(OP_INITIALIZED));
	if (status)
		goto out;
	status = pamt_get_free(c->a->rcx, ID_RCX, &p);
	if (status)
		goto out;
	vp = seam_va(c->a->rcx);
	memset(vp, 0, SEAM_PAGE_SIZE);
	vp->magic = SEAM_MAGIC_VP;
	vp->td_pa = r.td->pa;
	vp->lp = -1;
	pamt_set(p, PT_TDVPR, r.td->pa);
	seam_add(&r.td->chldcnt, 1);
	seam_unlock(&p->lock, SEAM_EXCLUSIVE);
out:
	td_close(&r);
	return status;
}

u64 seam_vp_addcx(struct seam_call *c)
{
	struct vp_ref r;
	struct pamt *p;
	u64 status;

	status = vp_open(&r, c->a->rdx, ID_RDX, SEAM_EXCLUSIVE, SEAM_SHARED);
	if (status)
		return status;
	status = td_gate(&r.td, OPS(OP_INITIALIZED));
	if (status)
		goto out;
	if (r.vp->state != VP_UNINITIALIZED) {
		status = S_VCPU_STATE_INCORRECT;
		goto out;
	}
	if (r.vp->ntdcx >= SEAM_TDVPS_TDCX) {
		status = S_TDCX_NUM_INCORRECT;
		goto out;
	}
	status = pamt_get_free(c->a->rcx, ID_RCX, &p);
	if (status)
		goto out;
	memset(seam_va(c->a->rcx), 0, SEAM_PAGE_SIZE);
	pamt_set(p, PT_TDCX, r.td.td->pa);
	r.vp->tdcx[r.vp->ntdcx++] = c->a->rcx;
	seam_add(&r.td.td->chldcnt, 1);
	seam_unlock(&p->lock, SEAM_EXCLUSIVE);
out:
	vp_close(&r);
	return status;
}

static void associate(struct vp_ref *r, u32 lp)
{
	r->vp->lp = lp;
	seam_add(&r->td.td->nassoc, 1);
}

u64 seam_vp_init(struct seam_call *c)
{
	struct seam_td *td;
	struct vp_ref r;
	u64 status;
	u32 n;

	status = vp_open(&r, c->a->rcx, ID_RCX, SEAM_EXCLUSIVE,
			 c->version ? SEAM_EXCLUSIVE : SEAM_SHARED);
	if (status)
		return status;
	td = r.td.td;
	status = td_gate(&r.td, OPS(OP_INITIALIZED));
	if (status)
		goto out;
	if (r.vp->ntdcx < SEAM_TDVPS_TDCX) {
		status = S_TDCX_NUM_INCORRECT;
		goto out;
	}
	if (r.vp->state != VP_UNINITIALIZED) {
		status = S_VCPU_STATE_INCORRECT;
		goto out;
	}
	n = __atomic_fetch_add(&td->nvcpus, 1, __ATOMIC_ACQ_REL);
	if (n >= td->max_vcpus) {
		seam_sub(&td->nvcpus, 1);
		status = S_MAX_VCPUS_EXCEEDED;
		goto out;
	}
	/* From here on a failure leaves nvcpus incremented, as the module does. */
	td->x2apic[n] = c->version ? (u32)c->a->r8 : n;
	for (u32 i = 0; c->version && i < n; i++) {
		if (td->x2apic[i] == (u32)c->a->r8) {
			status = S_X2APIC_ID_NOT_UNIQUE | (u32)c->a->r8;
			goto out;
		}
	}
	r.vp->index = n;
	r.vp->reg[0] = n;
	r.vp->rng = n + 1;
	r.vp->prog = c->a->rdx;
	associate(&r, c->lp);
	seam_store(&r.vp->state, VP_READY);
out:
	vp_close(&r);
	return status;
}

/* Common to VP.RD and VP.WR: an unassociated vCPU becomes associated. */
static u64 vp_access(struct seam_call *c, struct vp_ref *r, bool write)
{
	u64 status;

	status = vp_open(r, c->a->rcx, ID_RCX, SEAM_SHARED, SEAM_SHARED);
	if (status)
		return status;
	status = td_gate(&r->td, OPS(OP_INITIALIZED) | OPS(OP_RUNNABLE));
	if (!status && (r->vp->state == VP_UNINITIALIZED ||
			(write && r->vp->state == VP_DISABLED)))
		status = S_VCPU_STATE_INCORRECT;
	if (!status && r->vp->lp >= 0 && r->vp->lp != (s32)c->lp)
		status = S_VCPU_ASSOCIATED;
	if (status)
		vp_close(r);
	else if (r->vp->lp < 0)
		associate(r, c->lp);
	return status;
}

#define FIELD_STATE_DETAILS	0x9100000000000100ULL

u64 seam_vp_rd(struct seam_call *c)
{
	struct vp_ref r;
	u64 status;

	c->a->r8 = 0;
	status = vp_access(c, &r, false);
	if (status)
		return status;
	/* No virtual interrupt is ever deliverable: the guest has none. */
	if (c->a->rdx != FIELD_STATE_DETAILS)
		status = S_METADATA_FIELD_NOT_READABLE;
	vp_close(&r);
	return status;
}

#define PIN_POSTED_INTR		BIT_ULL(7)

static u64 *vp_field(struct seam_vp *vp, u64 id, u64 *writable)
{
	switch (id) {
	case 0x0000000000000002:
		*writable = 0xffff;
		return &vp->pi_nv;
	case 0x0000000000002016:
		*writable = ~0ULL;
		return &vp->pi_desc;
	case 0x0000000000004000:
		*writable = PIN_POSTED_INTR;
		return &vp->pin;
	case 0x000000000000401e:
		*writable = BIT_ULL(31) | BIT_ULL(30);
		return &vp->secondary;
	case 0x0000000000004024:
		*writable = 0xffffffff;
		return &vp->notify_window;
	case 0x000000000000203c:
		*writable = SEPT_HPA;
		return &vp->shared_eptp;
	case 0x200000000000000b:
		*writable = 0xff;
		return &vp->pend_nmi;
	default:
		return NULL;
	}
}

u64 seam_vp_wr(struct seam_call *c)
{
	u64 writable, mask, *field;
	struct vp_ref r;
	u64 status;

	status = vp_access(c, &r, true);
	if (status)
		return status;
	field = vp_field(r.vp, c->a->rdx, &writable);
	if (!field) {
		status = S_METADATA_FIELD_ID_INCORRECT;
		goto out;
	}
	mask = writable & c->a->r9;
	if (!mask) {
		status = S_METADATA_FIELD_NOT_WRITABLE;
	} else if (field == &r.vp->pi_nv && c->a->r8 & mask & ~0xffULL) {
		status = S_METADATA_FIELD_VALUE_INVALID;
	} else if (field == &r.vp->pi_desc && c->a->r8 & 63) {
		status = S_METADATA_FIELD_VALUE_INVALID;
	} else if (field == &r.vp->pin && (!r.vp->pi_desc || !r.vp->has_nv)) {
		status = S_TD_VMCS_FIELD_NOT_INITIALIZED;
	} else {
		u64 old = *field;

		*field = (old & ~mask) | (c->a->r8 & mask);
		r.vp->has_nv |= field == &r.vp->pi_nv;
		c->a->r8 = old;
	}
out:
	vp_close(&r);
	return status;
}

/* In any OP_STATE. */
u64 seam_vp_flush(struct seam_call *c)
{
	struct vp_ref r;
	u64 status;

	status = vp_open(&r, c->a->rcx, ID_RCX, SEAM_EXCLUSIVE, SEAM_SHARED);
	if (status)
		return status;
	if (r.vp->ntdcx < SEAM_TDVPS_TDCX) {
		status = S_TDCX_NUM_INCORRECT;
	} else if (r.vp->lp != (s32)c->lp) {
		status = S_VCPU_NOT_ASSOCIATED;
	} else {
		r.vp->lp = -1;
		seam_sub(&r.td.td->nassoc, 1);
	}
	vp_close(&r);
	return status;
}

/* The epoch is sampled and its reference taken under the lock that TRACK takes exclusively. */
static u64 enter_epoch(struct seam_td *td, struct seam_vp *vp)
{
	if (!seam_trylock(&td->epoch_lock, SEAM_SHARED))
		return S_OPERAND_BUSY | ID_TD_EPOCH;
	vp->epoch = seam_load(&td->epoch);
	seam_add(&td->refcount[vp->epoch & 1], 1);
	seam_unlock(&td->epoch_lock, SEAM_SHARED);
	return S_SUCCESS;
}

static u64 enter_checks(struct seam_call *c, struct vp_ref *r, u64 flags)
{
	u64 status;
	u8 ready = VP_READY;

	status = td_gate(&r->td, OPS(OP_RUNNABLE));
	if (status)
		return status;
	if (r->vp->ntdcx < SEAM_TDVPS_TDCX)
		return S_TDCX_NUM_INCORRECT;
	if (!seam_cmpxchg(&r->vp->state, &ready, VP_ACTIVE))
		return S_VCPU_STATE_INCORRECT;
	if (r->vp->lp >= 0 && r->vp->lp != (s32)c->lp)
		status = S_VCPU_ASSOCIATED;
	else if (flags)
		status = S_OPERAND_INVALID | ID_RCX;
	else
		status = enter_epoch(r->td.td, r->vp);
	if (status)
		seam_store(&r->vp->state, VP_READY);
	else if (r->vp->lp < 0)
		associate(r, c->lp);
	return status;
}

static void set_exit(struct tdx_module_args *a, const struct seam_exit *x)
{
	u64 rcx = x->rcx, rdx = x->rdx;

	memset(a, 0, sizeof(*a));
	a->rcx = rcx;
	a->rdx = rdx;
	a->r8 = x->r8;
	if ((u32)x->rax == EXIT_TDCALL) {
		a->rcx = GENMASK_ULL(15, 10);
		a->r11 = x->tdvmcall;
		a->r12 = x->r12;
		a->r13 = x->r13;
		a->r14 = x->r14;
		a->r15 = x->r15;
	}
}

/* TDR and TDVPR stay locked (shared) for the whole of guest mode, OP_STATE until entry. */
u64 seam_vp_enter(struct seam_call *c)
{
	u64 flags = c->a->rcx & ((0xfffULL << 52 & ~(3ULL << 52)) | 0xfff);
	u64 pa = c->a->rcx & SEPT_HPA;
	struct seam_exit x = {};
	struct vp_ref r;
	u64 status;

	status = vp_open(&r, pa, ID_RCX, SEAM_SHARED, SEAM_SHARED);
	if (status)
		return status;
	status = seam_provoked(&seam_provoke_enter, r.vp->index, ++r.vp->entries);
	if (!status)
		status = enter_checks(c, &r, flags);
	if (status) {
		vp_close(&r);
		return status;
	}
	td_release_op_state(&r.td);

	seam_guest_run(r.td.td, r.vp, &x);

	seam_sub(&r.td.td->refcount[r.vp->epoch & 1], 1);
	seam_store(&r.vp->state, S_CODE(x.rax) == S_NON_RECOVERABLE_VCPU ? VP_DISABLED : VP_READY);
	vp_close(&r);
	set_exit(c->a, &x);
	return x.rax;
}
