// SPDX-License-Identifier: GPL-2.0-only
/* vCPUs: control structures, their fields, association with an LP. */
#include "seam.h"

void vp_close(struct vp_ref *r)
{
	td_close(&r->td);
	seam_unlock(&r->pamt->lock, r->mode);
}

u64 vp_open(struct seam_call *c, struct vp_ref *r, u64 pa, u32 operand, enum seam_mode mode,
	    enum seam_mode td_mode, enum td_need need)
{
	u64 status;

	*r = (struct vp_ref){ .mode = mode };
	status = pamt_get(c, pa, operand, mode, LATENT_TDVPR, &r->pamt);
	if (status)
		return status;

	r->vp = seam_va(pa);
	if (r->pamt->type != PT_TDVPR) {
		status = S_PAGE_METADATA_INCORRECT | operand;
	} else if (r->vp->magic != SEAM_MAGIC_VP || r->vp->td_pa != pamt_owner(r->pamt)) {
		seam_add(&seam_findings.corrupt_control, 1);
		status = S_TD_FATAL;
	} else {
		status = td_open(c, &r->td, r->vp->td_pa, td_mode, ID_TDR, need);
	}
	if (status)
		seam_unlock(&r->pamt->lock, mode);
	return status;
}

u64 seam_vp_create(struct seam_call *c)
{
	struct seam_vp *vp;
	struct td_ref r;
	struct pamt *p;
	u64 status;

	status = td_open(c, &r, c->a->rdx, SEAM_SHARED, ID_RDX, TD_COMPLETE);
	if (status)
		return status;
	status = td_gate(&r, OPS(OP_INITIALIZED));
	if (status)
		goto out;
	status = pamt_get_free(c, c->a->rcx, ID_RCX, &p);
	if (status)
		goto out;
	vp = seam_va(c->a->rcx);
	memset(vp, 0, SEAM_PAGE_SIZE);
	vp->magic = SEAM_MAGIC_VP;
	vp->td_pa = r.td->pa;
	vp->lp = -1;
	pamt_give(p, PT_TDVPR, r.td);
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

	status = vp_open(c, &r, c->a->rdx, ID_RDX, SEAM_EXCLUSIVE, SEAM_SHARED, TD_COMPLETE);
	if (status)
		return status;
	status = td_gate(&r.td, OPS(OP_INITIALIZED));
	if (status)
		goto out;
	if (r.vp->state != VP_UNINITIALIZED) {
		status = S_VCPU_STATE_INCORRECT;
		goto out;
	}
	if (r.vp->ntdcx + 1 >= SEAM_MAX_TDVPS) {
		status = S_TDCX_NUM_INCORRECT;
		goto out;
	}
	status = pamt_get_free(c, c->a->rcx, ID_RCX, &p);
	if (status)
		goto out;
	memset(seam_va(c->a->rcx), 0, SEAM_PAGE_SIZE);
	pamt_give(p, PT_TDCX, r.td.td);
	r.vp->tdcx[r.vp->ntdcx++] = c->a->rcx;
	seam_unlock(&p->lock, SEAM_EXCLUSIVE);
out:
	vp_close(&r);
	return status;
}

bool vp_associate(struct vp_ref *r, u32 lp)
{
	s32 old = -1;

	if (!seam_cmpxchg(&r->vp->lp, &old, (s32)lp))
		return old == (s32)lp;
	/* What the vCPU left on another LP is of no use here. */
	tlb_flush(r->vp);
	seam_add(&r->td.td->nassoc, 1);
	return true;
}

/* The vCPU's index, or the status for its being one too many or too like another. */
static u64 take_index(struct seam_call *c, struct seam_td *td, u32 *index)
{
	u32 *x2apic = td_tdcx_array(td, SEAM_APIC_TDCX);
	u32 n = __atomic_fetch_add(&td->nvcpus, 1, __ATOMIC_ACQ_REL);

	*index = n;
	if (n >= td->max_vcpus || (c->version && c->a->r8 >> 32)) {
		seam_sub(&td->nvcpus, 1);
		return n >= td->max_vcpus ? S_MAX_VCPUS_EXCEEDED : S_OPERAND_INVALID | ID_R8;
	}
	/* From here on a failure leaves nvcpus incremented, as the module does. */
	seam_store(&x2apic[n], c->version ? (u32)c->a->r8 : n);
	for (u32 i = 0; c->version && i < n; i++)
		if (seam_load(&x2apic[i]) == (u32)c->a->r8)
			return S_X2APIC_ID_NOT_UNIQUE | (u32)c->a->r8;
	return S_SUCCESS;
}

u64 seam_vp_init(struct seam_call *c)
{
	u64 pa = c->a->rcx;
	struct vp_ref r;
	u64 status;
	u32 n;

	status = vp_open(c, &r, pa, ID_RCX, SEAM_EXCLUSIVE,
			 c->version ? SEAM_EXCLUSIVE : SEAM_SHARED, TD_COMPLETE);
	if (status)
		return status;
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
	status = take_index(c, r.td.td, &n);
	if (status)
		goto out;
	r.vp->index = n;
	r.vp->reg[0] = n;
	r.vp->rng = n + 1;
	r.vp->prog = c->a->rdx;
	seam_store(&td_tdcx_array(r.td.td, SEAM_VPS_TDCX)[n], (u32)(pa >> 12));
	vp_associate(&r, c->lp);
	seam_store(&r.vp->state, VP_READY);
out:
	vp_close(&r);
	return status;
}

/* Common to VP.RD and VP.WR: an unassociated vCPU becomes associated. */
static u64 vp_access(struct seam_call *c, struct vp_ref *r, bool write)
{
	u64 status;
	u8 state;

	status = vp_open(c, r, c->a->rcx, ID_RCX, SEAM_SHARED, SEAM_SHARED, TD_COMPLETE);
	if (status)
		return status;
	status = td_gate(&r->td, OPS(OP_INITIALIZED) | OPS(OP_RUNNABLE));
	state = seam_load(&r->vp->state);
	if (!status && (state == VP_UNINITIALIZED || (write && state == VP_DISABLED)))
		status = S_VCPU_STATE_INCORRECT;
	if (!status && !vp_associate(r, c->lp))
		status = S_VCPU_ASSOCIATED;
	if (status)
		vp_close(r);
	return status;
}

#define FIELD_STATE_DETAILS	0x9100000000000100ULL
#define PIN_POSTED_INTR		BIT_ULL(7)
/* The guest's state in its VMCS is none of the host's business. */
#define FIELD_GUEST_FIRST	0x6800
#define FIELD_GUEST_LAST	0x6828

static u64 *vp_field(struct seam_vp *vp, u64 key, u64 *writable)
{
	switch (key) {
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

/* The class and code of @id; @found is the field if the host may touch it. */
static u64 find_field(struct seam_vp *vp, u64 id, u64 *key, u64 **found, u64 *writable)
{
	*writable = 0;
	*found = NULL;
	if (!seam_field_key(id, key))
		return S_METADATA_FIELD_ID_INCORRECT;
	*found = vp_field(vp, *key, writable);
	if (*found || *key == FIELD_STATE_DETAILS ||
	    (*key >= FIELD_GUEST_FIRST && *key <= FIELD_GUEST_LAST))
		return S_SUCCESS;
	return S_METADATA_FIELD_ID_INCORRECT;
}

u64 seam_vp_rd(struct seam_call *c)
{
	u64 key, writable, *field;
	struct vp_ref r;
	u64 status;

	c->a->r8 = 0;
	status = vp_access(c, &r, false);
	if (status)
		return status;
	status = find_field(r.vp, c->a->rdx, &key, &field, &writable);
	/* No virtual interrupt is ever deliverable: the guest has none. */
	if (!status && !field && key != FIELD_STATE_DETAILS)
		status = S_METADATA_FIELD_NOT_READABLE;
	if (!status && field)
		c->a->r8 = seam_load(field);
	if (!status && c->version)
		c->a->rdx = SEAM_NO_FIELD;
	vp_close(&r);
	return status;
}

u64 seam_vp_wr(struct seam_call *c)
{
	u64 value = c->a->r8, key, writable, mask, old, *field;
	struct vp_ref r;
	u64 status;

	c->a->r8 = 0;
	status = vp_access(c, &r, true);
	if (status)
		return status;
	status = find_field(r.vp, c->a->rdx, &key, &field, &writable);
	mask = writable & c->a->r9;
	if (status)
		goto out;
	if (!mask) {
		status = S_METADATA_FIELD_NOT_WRITABLE;
	} else if ((field == &r.vp->pi_nv && value & mask & ~0xffULL) ||
		   (field == &r.vp->pi_desc && value & mask & (63 | ~seam_pa_mask()))) {
		status = S_METADATA_FIELD_VALUE_INVALID;
	} else if (field == &r.vp->pin && (!r.vp->pi_desc || !r.vp->has_nv)) {
		status = S_TD_VMCS_FIELD_NOT_INITIALIZED;
	} else {
		old = seam_load(field);
		seam_store(field, (old & ~mask) | (value & mask));
		if (field == &r.vp->pi_nv)
			seam_store(&r.vp->has_nv, 1);
		c->a->r8 = old;
	}
out:
	vp_close(&r);
	return status;
}

/* In any OP_STATE, and of a TD that is fatal, too: how else would it go. */
u64 seam_vp_flush(struct seam_call *c)
{
	struct vp_ref r;
	u64 status;

	status = vp_open(c, &r, c->a->rcx, ID_RCX, SEAM_EXCLUSIVE, SEAM_SHARED, TD_ANY);
	if (status)
		return status;
	if (r.td.td->lifecycle != TD_KEYS_CONFIGURED) {
		status = S_TD_KEYS_NOT_CONFIGURED;
	} else if (r.vp->ntdcx < SEAM_TDVPS_TDCX) {
		status = S_TDCX_NUM_INCORRECT;
	} else if (r.vp->lp != (s32)c->lp) {
		status = S_VCPU_NOT_ASSOCIATED;
	} else {
		seam_store(&r.vp->lp, -1);
		seam_sub(&r.td.td->nassoc, 1);
	}
	vp_close(&r);
	return status;
}
