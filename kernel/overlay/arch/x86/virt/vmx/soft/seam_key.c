// SPDX-License-Identifier: GPL-2.0-only
/* Keys: their configuration, and the way out of a TD's life that frees its HKID. */
#include "seam.h"

u64 seam_mng_key_config(struct seam_call *c)
{
	u32 package = seam_package(c->lp);
	struct seam_lock *ket = &seam_sys.package[package].ket;
	struct td_ref r;
	u64 status;

	status = td_open(c, &r, c->a->rcx, SEAM_EXCLUSIVE, ID_RCX, TD_ANY);
	if (status)
		return status;
	if (seam_load(&r.td->fatal)) {
		status = S_TD_FATAL;
	} else if (r.td->lifecycle != TD_HKID_ASSIGNED) {
		status = S_LIFECYCLE_STATE_INCORRECT;
	} else if (r.td->keys & 1U << package) {
		status = S_KEY_CONFIGURED;
	} else if (!seam_trylock(c, ket, SEAM_EXCLUSIVE, LATENT_KET)) {
		status = S_OPERAND_BUSY | ID_KET;
	} else {
		if (seam_no_entropy(c))
			status = S_KEY_GENERATION_FAILED;
		else
			r.td->keys |= 1U << package;
		if (r.td->keys == (1U << seam_nr_packages()) - 1)
			r.td->lifecycle = TD_KEYS_CONFIGURED;
		seam_unlock(ket, SEAM_EXCLUSIVE);
	}
	td_close(&r);
	return status;
}

u64 seam_mng_vpflushdone(struct seam_call *c)
{
	struct seam_hkid *hkid;
	struct td_ref r;
	u64 status;

	status = td_open(c, &r, c->a->rcx, SEAM_EXCLUSIVE, ID_RCX, TD_ANY);
	if (status)
		return status;
	if (!seam_trylock(c, &seam_sys.kot, SEAM_EXCLUSIVE, LATENT_KOT)) {
		status = S_OPERAND_BUSY | ID_KOT;
		goto out;
	}
	if (r.td->lifecycle > TD_KEYS_CONFIGURED) {
		status = S_LIFECYCLE_STATE_INCORRECT;
	} else if (seam_load(&r.td->nassoc)) {
		status = S_FLUSHVP_NOT_DONE;
	} else {
		r.td->lifecycle = TD_BLOCKED;
		hkid = &seam_sys.hkid[r.td->hkid - SEAM_FIRST_HKID];
		seam_store(&hkid->unwritten, (1U << seam_nr_packages()) - 1);
		seam_store(&hkid->state, HKID_FLUSHED);
	}
	seam_unlock(&seam_sys.kot, SEAM_EXCLUSIVE);
out:
	td_close(&r);
	return status;
}

/* Writes back the HKIDs of @left, one after the other, unless an interrupt comes. */
static u64 write_back(struct seam_call *c, struct seam_package *p, u32 package, u32 left)
{
	for (u32 i = 0; i < SEAM_NR_HKIDS; i++) {
		if (!(left & 1U << i))
			continue;
		if (seam_latent_hit(LATENT_INTERRUPTED)) {
			c->provoked = true;
			p->resume = left;
			return S_INTERRUPTED_RESUMABLE;
		}
		__atomic_fetch_and(&seam_sys.hkid[i].unwritten, ~(1U << package), __ATOMIC_ACQ_REL);
		left &= ~(1U << i);
	}
	p->resume = 0;
	seam_spend(c);
	return S_SUCCESS;
}

u64 seam_phymem_cache_wb(struct seam_call *c)
{
	u32 package = seam_package(c->lp), flushed = 0;
	struct seam_package *p = &seam_sys.package[package];
	u64 status;

	if (c->a->rcx > 1)
		return S_OPERAND_INVALID | ID_RCX;
	if (!seam_trylock(c, &p->wbt, SEAM_EXCLUSIVE, LATENT_WBT))
		return S_OPERAND_BUSY | ID_WBCACHE;
	if (!seam_trylock(c, &seam_sys.kot, SEAM_SHARED, LATENT_KOT)) {
		status = S_OPERAND_BUSY | ID_KOT;
		goto out;
	}
	for (int i = 0; i < SEAM_NR_HKIDS; i++)
		if (seam_load(&seam_sys.hkid[i].state) == HKID_FLUSHED)
			flushed |= 1U << i;
	if (c->a->rcx)
		status = p->resume ? write_back(c, p, package, p->resume) : S_WBCACHE_RESUME_ERROR;
	else if (!flushed)
		status = S_NO_HKID_READY_TO_WBCACHE;
	else
		status = write_back(c, p, package, flushed);
	seam_unlock(&seam_sys.kot, SEAM_SHARED);
out:
	seam_unlock(&p->wbt, SEAM_EXCLUSIVE);
	return status;
}

u64 seam_mng_key_freeid(struct seam_call *c)
{
	struct td_ref r;
	u64 status;
	struct seam_hkid *hkid;

	status = td_open(c, &r, c->a->rcx, SEAM_EXCLUSIVE, ID_RCX, TD_ANY);
	if (status)
		return status;
	if (r.td->lifecycle != TD_BLOCKED) {
		status = S_LIFECYCLE_STATE_INCORRECT;
		goto out;
	}
	if (!seam_trylock(c, &seam_sys.kot, SEAM_EXCLUSIVE, LATENT_KOT)) {
		status = S_OPERAND_BUSY | ID_KOT;
		goto out;
	}
	hkid = &seam_sys.hkid[r.td->hkid - SEAM_FIRST_HKID];
	if (seam_load(&hkid->unwritten)) {
		status = S_WBCACHE_NOT_COMPLETE;
	} else {
		seam_store(&hkid->state, HKID_FREE);
		seam_store(&hkid->tdr, 0);
		r.td->lifecycle = TD_TEARDOWN;
		seam_add(&seam_sys.writebacks, 1);
	}
	seam_unlock(&seam_sys.kot, SEAM_EXCLUSIVE);
out:
	td_close(&r);
	return status;
}
