// SPDX-License-Identifier: GPL-2.0-only
/* Try-locks, PAMT entries and the leaves that work on physical pages. */
#include "seam.h"

static bool has_host_priority(enum seam_latent_kind kind)
{
	return kind == LATENT_TDR || kind == LATENT_TDVPR || kind == LATENT_PAGE ||
	       kind == LATENT_OP_STATE;
}

bool seam_trylock(struct seam_call *c, struct seam_lock *lock, enum seam_mode mode,
		  enum seam_latent_kind kind)
{
	u16 old = seam_load(&lock->v), new;

	if (seam_latent_busy(c, kind))
		goto busy;
	do {
		if (mode == SEAM_EXCLUSIVE ? old & ~SEAM_LOCK_HP : old & SEAM_LOCK_EXCLUSIVE)
			goto busy;
		new = mode == SEAM_EXCLUSIVE ? SEAM_LOCK_EXCLUSIVE : (old & ~SEAM_LOCK_HP) + 1;
	} while (!seam_cmpxchg(&lock->v, &old, new));
	return true;
busy:
	if (has_host_priority(kind))
		__atomic_fetch_or(&lock->v, SEAM_LOCK_HP, __ATOMIC_ACQ_REL);
	return false;
}

void seam_unlock(struct seam_lock *lock, enum seam_mode mode)
{
	seam_sub(&lock->v, mode == SEAM_EXCLUSIVE ? SEAM_LOCK_EXCLUSIVE : 1);
}

u64 pamt_owner(const struct pamt *p)
{
	return ((u64)seam_load(&p->owner_hi) << 32 | seam_load(&p->owner_lo)) << 12;
}

static void pamt_set(struct pamt *p, enum pamt_type type, u64 tdr_pa)
{
	seam_store(&p->owner_lo, (u32)(tdr_pa >> 12));
	seam_store(&p->owner_hi, (u8)(tdr_pa >> 44));
	seam_store(&p->bepoch, 0);
	seam_store(&p->type, (u8)type);
}

void pamt_give(struct pamt *p, enum pamt_type type, struct seam_td *td)
{
	if (seam_load(&p->bepoch) == seam_load(&seam_sys.writebacks) + 1)
		seam_add(&seam_findings.unwritten, 1);
	pamt_set(p, type, td->pa);
	seam_add(&seam_sys.npages[type], 1);
	if (type == PT_TDR)
		return;
	seam_add(&td->npages[type], 1);
	seam_add(&td->chldcnt, 1);
}

void pamt_take(struct pamt *p, struct seam_td *td)
{
	enum pamt_type type = p->type;

	seam_sub(&seam_sys.npages[type], 1);
	if (type != PT_TDR) {
		seam_sub(&td->npages[type], 1);
		seam_sub(&td->chldcnt, 1);
	}
	pamt_set(p, PT_NDA, 0);
}

void pamt_unwritten(struct pamt *p)
{
	seam_store(&p->bepoch, seam_load(&seam_sys.writebacks) + 1);
}

u64 pamt_get(struct seam_call *c, u64 pa, u32 operand, enum seam_mode mode,
	     enum seam_latent_kind kind, struct pamt **p)
{
	if (pa & (SEAM_PAGE_SIZE - 1) || pa & ~seam_pa_mask())
		return S_OPERAND_INVALID | operand;
	*p = pamt_find(pa);
	if (!*p)
		return S_OPERAND_ADDR_RANGE_ERROR | operand;
	if (!seam_trylock(c, &(*p)->lock, mode, kind))
		return S_OPERAND_BUSY | operand;
	return S_SUCCESS;
}

u64 pamt_get_free(struct seam_call *c, u64 pa, u32 operand, struct pamt **p)
{
	u64 status = pamt_get(c, pa, operand, SEAM_EXCLUSIVE, LATENT_PAGE, p);

	if (status)
		return status;
	if ((*p)->type != PT_NDA) {
		seam_unlock(&(*p)->lock, SEAM_EXCLUSIVE);
		return S_PAGE_METADATA_INCORRECT | operand;
	}
	return S_SUCCESS;
}

/* Only when the TD is in teardown; the S-EPT entry that maps the page stays as it is. */
static u64 reclaim_locked(struct seam_call *c, u64 pa, struct pamt *p)
{
	struct pamt *owner = p;
	struct seam_td *td;
	u64 status = S_SUCCESS;

	if (p->type != PT_TDR) {
		owner = pamt_find(pamt_owner(p));
		if (!owner || !seam_trylock(c, &owner->lock, SEAM_SHARED, LATENT_TDR))
			return S_OPERAND_BUSY | ID_TDR;
	}

	td = seam_va(p->type == PT_TDR ? pa : pamt_owner(p));
	if (td->magic != SEAM_MAGIC_TD) {
		seam_add(&seam_findings.corrupt_control, 1);
		status = S_TD_FATAL;
	} else if (td->lifecycle != TD_TEARDOWN) {
		status = S_LIFECYCLE_STATE_INCORRECT;
	} else if (p->type == PT_TDR && seam_load(&td->chldcnt)) {
		status = S_TD_ASSOCIATED_PAGES_EXIST;
	} else {
		seam_spend(c);
		seam_page_left(pa, p->type);
		pamt_take(p, td);
		if (owner == p) {
			td->magic = 0;
			pamt_unwritten(p);
		}
	}

	if (owner != p)
		seam_unlock(&owner->lock, SEAM_SHARED);
	return status;
}

u64 seam_phymem_page_reclaim(struct seam_call *c)
{
	u64 pa = c->a->rcx;
	struct pamt *p;
	u64 status;

	c->a->rcx = c->a->rdx = c->a->r8 = 0;
	status = pamt_get(c, pa, ID_RCX, SEAM_EXCLUSIVE, LATENT_PAGE, &p);
	if (status)
		return status;

	if (p->type == PT_NDA || p->type == PT_RSVD) {
		status = S_PAGE_METADATA_INCORRECT | ID_RCX;
	} else {
		c->a->rcx = p->type;
		c->a->rdx = pamt_owner(p);
		status = reclaim_locked(c, pa, p);
	}
	seam_unlock(&p->lock, SEAM_EXCLUSIVE);
	return status;
}

u64 seam_phymem_page_wbinvd(struct seam_call *c)
{
	u64 pa = c->a->rcx & ~seam_hkid_mask();
	struct pamt *p;
	u64 status;

	status = pamt_get(c, pa, ID_RCX, SEAM_SHARED, LATENT_PAGE, &p);
	if (status)
		return status;
	if (seam_load(&p->type) != PT_NDA) {
		status = S_PAGE_METADATA_INCORRECT | ID_RCX;
	} else {
		seam_store(&p->bepoch, 0);
		seam_spend(c);
	}
	seam_unlock(&p->lock, SEAM_SHARED);
	return status;
}

u64 seam_phymem_page_rdmd(struct seam_call *c)
{
	u64 pa = c->a->rcx;
	struct pamt *p;
	u64 status;

	c->a->rcx = c->a->rdx = c->a->r8 = c->a->r9 = c->a->r10 = c->a->r11 = 0;
	status = pamt_get(c, pa, ID_RCX, SEAM_SHARED, LATENT_PAGE, &p);
	if (status)
		return status;
	c->a->rcx = p->type;
	c->a->rdx = pamt_owner(p);
	if (p->type == PT_REG || p->type == PT_EPT)
		c->a->r9 = seam_load(&p->bepoch);
	seam_spend(c);
	seam_unlock(&p->lock, SEAM_SHARED);
	return S_SUCCESS;
}
