// SPDX-License-Identifier: GPL-2.0-only
/* TDs: opening one for a leaf, creation, metadata, measurement. */
#include "seam.h"

static_assert(sizeof(struct seam_td) <= SEAM_PAGE_SIZE);
static_assert(sizeof(struct seam_vp) <= SEAM_PAGE_SIZE);

u64 td_open(struct seam_call *c, struct td_ref *r, u64 tdr_pa, enum seam_mode mode, u32 operand,
	    enum td_need need)
{
	u64 status;

	*r = (struct td_ref){ .c = c, .mode = mode };
	seam_store(&seam_sys.lp[c->lp].tdr, tdr_pa);
	status = pamt_get(c, tdr_pa, operand, mode, LATENT_TDR, &r->pamt);
	if (status)
		return status;

	r->td = seam_va(tdr_pa);
	if (r->pamt->type != PT_TDR) {
		status = S_PAGE_METADATA_INCORRECT | operand;
	} else if (r->td->magic != SEAM_MAGIC_TD || r->td->pa != tdr_pa) {
		seam_add(&seam_findings.corrupt_control, 1);
		status = S_TD_FATAL;
	} else if (need == TD_ANY) {
		return S_SUCCESS;
	} else if (seam_load(&r->td->fatal)) {
		status = S_TD_FATAL;
	} else if (r->td->lifecycle != TD_KEYS_CONFIGURED) {
		status = S_TD_KEYS_NOT_CONFIGURED;
	} else if (need == TD_COMPLETE && r->td->ntdcx < SEAM_TDCX_PAGES) {
		status = S_TDCS_NOT_ALLOCATED;
	}

	if (status)
		seam_unlock(&r->pamt->lock, mode);
	return status;
}

u64 td_gate(struct td_ref *r, u32 allowed)
{
	if (r->mode == SEAM_SHARED) {
		if (!seam_trylock(r->c, &r->td->op_lock, SEAM_SHARED, LATENT_OP_STATE))
			return S_OPERAND_BUSY | ID_OP_STATE;
		r->op_locked = true;
	}
	return allowed & OPS(seam_load(&r->td->op_state)) ? S_SUCCESS : S_OP_STATE_INCORRECT;
}

void td_release_op_state(struct td_ref *r)
{
	if (r->op_locked)
		seam_unlock(&r->td->op_lock, SEAM_SHARED);
	r->op_locked = false;
}

void td_close(struct td_ref *r)
{
	seam_spend(r->c);
	td_release_op_state(r);
	seam_unlock(&r->pamt->lock, r->mode);
}

u32 *td_tdcx_array(struct seam_td *td, int tdcx)
{
	return seam_va(td->tdcx[tdcx]);
}

u64 seam_mng_create(struct seam_call *c)
{
	u64 pa = c->a->rcx, hkid = c->a->rdx, n = hkid - SEAM_FIRST_HKID;
	struct seam_td *td;
	struct pamt *p;
	u64 status;

	if (n >= SEAM_NR_HKIDS)
		return S_OPERAND_INVALID | ID_RDX;
	status = pamt_get_free(c, pa, ID_RCX, &p);
	if (status)
		return status;
	if (!seam_trylock(c, &seam_sys.kot, SEAM_EXCLUSIVE, LATENT_KOT)) {
		status = S_OPERAND_BUSY | ID_KOT;
		goto out_page;
	}
	if (seam_sys.hkid[n].state != HKID_FREE) {
		status = S_HKID_NOT_FREE;
		goto out_kot;
	}
	if (seam_no_entropy(c)) {
		status = S_RND_NO_ENTROPY;
		goto out_kot;
	}

	td = seam_va(pa);
	memset(td, 0, SEAM_PAGE_SIZE);
	td->magic = SEAM_MAGIC_TD;
	td->pa = pa;
	td->hkid = hkid;
	pamt_give(p, PT_TDR, td);
	seam_store(&seam_sys.hkid[n].tdr, pa);
	seam_store(&seam_sys.hkid[n].state, HKID_ASSIGNED);
	seam_spend(c);
out_kot:
	seam_unlock(&seam_sys.kot, SEAM_EXCLUSIVE);
out_page:
	seam_unlock(&p->lock, SEAM_EXCLUSIVE);
	return status;
}

u64 seam_mng_addcx(struct seam_call *c)
{
	struct td_ref r;
	struct pamt *p;
	u64 status;
	u32 n;

	status = td_open(c, &r, c->a->rdx, SEAM_EXCLUSIVE, ID_RDX, TD_KEYED);
	if (status)
		return status;
	n = r.td->ntdcx;
	if (n >= SEAM_MAX_TDCX) {
		status = S_TDCX_NUM_INCORRECT;
		goto out;
	}
	status = pamt_get_free(c, c->a->rcx, ID_RCX, &p);
	if (status)
		goto out;
	if (n == SEAM_TDCX_PAGES - 1 && seam_no_entropy(c)) {
		status = S_RND_NO_ENTROPY;
		goto out_page;
	}
	if (n >= SEAM_TDCX_PAGES && r.td->op_state != OP_UNINITIALIZED) {
		status = S_OP_STATE_INCORRECT;
		goto out_page;
	}

	memset(seam_va(c->a->rcx), 0, SEAM_PAGE_SIZE);
	if (n == SEAM_ROOT_TDCX)
		sept_clear_table(seam_va(c->a->rcx));
	pamt_give(p, PT_TDCX, r.td);
	r.td->tdcx[n] = c->a->rcx;
	r.td->ntdcx = n + 1;
out_page:
	seam_unlock(&p->lock, SEAM_EXCLUSIVE);
out:
	td_close(&r);
	return status;
}

u64 seam_mng_init(struct seam_call *c)
{
	u64 params = c->a->rdx;
	struct td_ref r;
	u64 status;

	status = td_open(c, &r, c->a->rcx, SEAM_EXCLUSIVE, ID_RCX, TD_COMPLETE);
	c->a->rcx = 0;
	if (status)
		return status;
	status = td_gate(&r, OPS(OP_UNINITIALIZED));
	if (!status)
		status = seam_take_params(c, r.td, params);
	if (!status) {
		r.td->epoch = 1;
		seam_store(&r.td->op_state, OP_INITIALIZED);
	}
	td_close(&r);
	return status;
}

/* Field ids without the bits that seam_field_key() drops. */
#define FIELD_TSC_OFFSET	0x110000000000000aULL
#define FIELD_TSC_MULTIPLIER	0x110000000000000bULL
#define FIELD_CPUID		0x1400000000000000ULL
#define FIELD_CPUID_CODE	0x1ffffULL	/* leaf 31 | leaf 6:0 | subleaf | element */

/*
 * CPUID_VALUES: what the TD configured, and the largest leaf of each range.
 * Nothing else is virtualized by the model.
 */
static u64 cpuid_field(struct seam_td *td, u64 code, u64 *value)
{
	u32 leaf = (code >> 9 & 0x7f) | (code & BIT_ULL(16)) << 15;
	u32 subleaf = code >> 1 & 0xff;
	u64 id = leaf | (subleaf == 0xff ? ~0ULL : subleaf) << 32;

	for (int i = 0; i < SEAM_NR_CPUID; i++) {
		if (seam_cpuid_leaves[i] == id) {
			*value = code & 1 ? td->cpuid[i].edx_ecx : td->cpuid[i].ebx_eax;
			return S_SUCCESS;
		}
	}
	if (subleaf != 0xff || (leaf != 0 && leaf != 0x80000000))
		return S_METADATA_FIELD_NOT_READABLE;
	*value = code & 1 ? 0 : leaf ? 0x80000008 : 0x23;
	return S_SUCCESS;
}

static u64 td_field(struct seam_td *td, u64 id, u64 *value)
{
	u64 key;

	*value = 0;
	if (!seam_field_key(id, &key))
		return S_METADATA_FIELD_ID_INCORRECT;
	if ((key & ~FIELD_CPUID_CODE) == (FIELD_CPUID | BIT_ULL(63)))
		return cpuid_field(td, key & FIELD_CPUID_CODE, value);
	switch (key) {
	case FIELD_TSC_OFFSET:
		return S_SUCCESS;
	case FIELD_TSC_MULTIPLIER:
		*value = BIT_ULL(48);
		return S_SUCCESS;
	default:
		return S_METADATA_FIELD_ID_INCORRECT;
	}
}

u64 seam_mng_rd(struct seam_call *c)
{
	struct td_ref r;
	u64 status;

	c->a->r8 = 0;
	status = td_open(c, &r, c->a->rcx, SEAM_SHARED, ID_RCX, TD_COMPLETE);
	if (status)
		return status;
	status = td_gate(&r, OPS(OP_INITIALIZED) | OPS(OP_RUNNABLE));
	if (!status)
		status = td_field(r.td, c->a->rdx, &c->a->r8);
	if (!status && c->version)
		c->a->rdx = SEAM_NO_FIELD;
	td_close(&r);
	return status;
}

/* The measurement itself isn't modelled, only what must be true to extend it. */
u64 seam_mr_extend(struct seam_call *c)
{
	u64 gpa = c->a->rcx;
	struct sept_pos pos;
	struct td_ref r;
	u64 tdr = c->a->rdx;
	u64 status;

	c->a->rcx = c->a->rdx = 0;
	status = td_open(c, &r, tdr, SEAM_EXCLUSIVE, ID_RDX, TD_COMPLETE);
	if (status)
		return status;
	status = td_gate(&r, OPS(OP_INITIALIZED));
	if (status)
		goto out;
	if (gpa & 255 || gpa >= r.td->gpaw_shared) {
		status = S_OPERAND_INVALID | ID_RCX;
	} else if (!sept_walk(r.td, gpa, 0, &pos) || !(pos.val & SEPT_RWX)) {
		sept_details(c, &pos);
		status = S_EPT_ENTRY_NOT_PRESENT | ID_RCX;
	} else if (sept_state(pos.val) != SEPT_MAPPED) {
		sept_details(c, &pos);
		status = S_EPT_ENTRY_NOT_PRESENT;
	}
out:
	td_close(&r);
	return status;
}

u64 seam_mr_finalize(struct seam_call *c)
{
	struct td_ref r;
	u64 status;

	status = td_open(c, &r, c->a->rcx, SEAM_EXCLUSIVE, ID_RCX, TD_COMPLETE);
	if (status)
		return status;
	status = td_gate(&r, OPS(OP_INITIALIZED));
	if (!status && !seam_load(&r.td->nvcpus))
		status = S_NO_VCPUS;
	if (!status)
		seam_store(&r.td->op_state, OP_RUNNABLE);
	td_close(&r);
	return status;
}
