// SPDX-License-Identifier: GPL-2.0-or-later
#include "invariants.h"

#include <stdarg.h>
#include <stdio.h>

#include "arena.h"

#define PAGE 4096ULL

static char sentence[256];

__attribute__((format(printf, 1, 2))) static const char *broken(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	return sentence;
}

static bool held(const struct seam_lock *lock)
{
	return lock->v & ~SEAM_LOCK_HP;
}

/* What the PAMT says, to be compared with what others say. */
struct census {
	u64 by_type[PT_NR];
	u64 mapped; /* pages that S-EPT entries of live TDs point to */
	u64 expected; /* pages that such entries should point to */
};

static struct seam_td *owner_of(const struct pamt *p)
{
	struct pamt *o = pamt_find(pamt_owner(p));

	return o && o->type == PT_TDR ? seam_va(pamt_owner(p)) : NULL;
}

static const char *check_page(u64 pa, struct census *c)
{
	struct pamt *p = pamt_find(pa);
	struct seam_td *td;

	if (!p)
		return NULL;
	if (held(&p->lock))
		return broken("the PAMT entry of %#llx is still locked (%#x)", pa, p->lock.v);
	if (p->type >= PT_NR)
		return broken("page %#llx is of type %u, which there is not", pa, p->type);
	c->by_type[p->type]++;
	if (p->type == PT_NDA || p->type == PT_RSVD)
		return NULL;
	td = owner_of(p);
	if (!td)
		return broken("page %#llx belongs to %#llx, which is no TDR", pa, pamt_owner(p));
	if (p->bepoch > td->epoch)
		return broken("page %#llx was blocked in epoch %llu, but it is %llu", pa, p->bepoch,
			      td->epoch);
	if ((p->type == PT_REG || p->type == PT_EPT) && td->lifecycle != TD_TEARDOWN)
		c->expected++;
	return NULL;
}

static const char *check_table(struct seam_td *td, u64 pa, int level, struct census *c)
{
	u64 *table = seam_va(pa);

	for (int i = 0; i < SEPT_ENTRIES; i++) {
		enum sept_state s = sept_state(table[i]);
		u64 hpa = table[i] & SEPT_HPA;
		const char *why;

		if (table[i] & SEPT_LOCK)
			return broken("entry %d of table %#llx is still locked", i, pa);
		if (s == SEPT_NR_STATES || (!level && s >= SEPT_NL_BLOCKED && s != SEPT_MAPPED))
			return broken("entry %d of table %#llx, level %d, is %#llx", i, pa, level,
				      table[i]);
		if (s == SEPT_FREE)
			continue;
		c->mapped++;
		if (!seam_private_page(td, hpa, sept_is_leaf(s) ? PT_REG : PT_EPT))
			return broken(
			    "entry %d of table %#llx points to %#llx, which is not the TD's", i, pa,
			    hpa);
		why = sept_is_leaf(s) ? NULL : check_table(td, hpa, level - 1, c);
		if (why)
			return why;
	}
	return NULL;
}

static const char *check_td(struct seam_td *td, struct census *c)
{
	u64 n[PT_NR] = {0}, sum = 0;
	u32 associated = 0;

	if (held(&td->op_lock) || held(&td->sept_lock) || held(&td->epoch_lock))
		return broken("a lock of TD %#llx is still held (%#x %#x %#x)", td->pa,
			      td->op_lock.v, td->sept_lock.v, td->epoch_lock.v);
	if (td->refcount[0] || td->refcount[1])
		return broken("TD %#llx has vCPUs in epochs (%u, %u), but none is in guest mode",
			      td->pa, td->refcount[0], td->refcount[1]);
	for (u64 pa = ARENA_BASE; pa < ARENA_BASE + ARENA_PAGES * PAGE; pa += PAGE) {
		struct pamt *p = pamt_find(pa);

		if (!p || p->type < PT_REG || p->type == PT_TDR || pamt_owner(p) != td->pa)
			continue;
		n[p->type]++;
		sum++;
		associated += p->type == PT_TDVPR && ((struct seam_vp *)seam_va(pa))->lp >= 0;
	}
	if (sum != td->chldcnt || memcmp(n, td->npages, sizeof(n)))
		return broken("TD %#llx has %llu pages, CHLDCNT says %llu", td->pa, sum,
			      td->chldcnt);
	if (td->lifecycle <= TD_KEYS_CONFIGURED && associated != td->nassoc)
		return broken("TD %#llx has %u associated vCPUs, and counts %u", td->pa, associated,
			      td->nassoc);
	if (td->nvcpus > SEAM_MAX_VCPUS || (td->max_vcpus && td->nvcpus > td->max_vcpus))
		return broken("TD %#llx has %u vCPUs of %u", td->pa, td->nvcpus, td->max_vcpus);
	if (td->lifecycle == TD_TEARDOWN || td->ntdcx <= SEAM_ROOT_TDCX || !td->levels)
		return NULL;
	return check_table(td, td->tdcx[SEAM_ROOT_TDCX], td->levels - 1, c);
}

static const char *check_system(const struct census *c)
{
	if (held(&seam_sys.kot) || held(&seam_sys.global))
		return broken("KOT or SYS is still locked");
	for (int i = 0; i < SEAM_MAX_PACKAGES; i++)
		if (held(&seam_sys.package[i].ket) || held(&seam_sys.package[i].wbt))
			return broken("KET or WBT of package %d is still locked", i);
	for (u32 i = 0; i < seam_sys.ntdmrs; i++)
		if (held(&seam_sys.tdmr[i].lock))
			return broken("TDMR %u is still locked", i);
	for (int i = PT_REG; i < PT_NR; i++)
		if (seam_sys.npages[i] != c->by_type[i])
			return broken("there are %llu pages of type %d, counted as %llu",
				      c->by_type[i], i, seam_sys.npages[i]);
	if (c->mapped != c->expected)
		return broken("S-EPTs point to %llu pages, but TDs have %llu", c->mapped,
			      c->expected);
	for (int i = 0; i < SEAM_NR_HKIDS; i++) {
		struct seam_hkid *h = &seam_sys.hkid[i];
		struct pamt *p = h->tdr ? pamt_find(h->tdr) : NULL;

		if (h->tdr && (!p || p->type != PT_TDR || h->state == HKID_FREE))
			return broken("HKID %d is that of %#llx, which is no TDR", i, h->tdr);
		if (h->unwritten && h->state != HKID_FLUSHED)
			return broken("HKID %d is to be written back, but not flushed", i);
	}
	return NULL;
}

static const char *check_findings(void)
{
	const struct seam_findings *f = &seam_findings;

	if (f->stale_access || f->stale_shared || f->shared_private || f->data_mismatch ||
	    f->corrupt_sept || f->corrupt_control)
		return broken(
		    "findings: stale %llu, %llu; shared %llu; data %llu; corrupt %llu, %llu",
		    f->stale_access, f->stale_shared, f->shared_private, f->data_mismatch,
		    f->corrupt_sept, f->corrupt_control);
	return NULL;
}

const char *invariants_broken(void)
{
	struct census c = {0};
	const char *why = NULL;

	for (u64 pa = ARENA_BASE; !why && pa < ARENA_BASE + ARENA_PAGES * PAGE; pa += PAGE)
		why = check_page(pa, &c);
	for (u64 pa = ARENA_BASE; !why && pa < ARENA_BASE + ARENA_PAGES * PAGE; pa += PAGE)
		if (pamt_find(pa) && pamt_find(pa)->type == PT_TDR)
			why = check_td(seam_va(pa), &c);
	if (!why)
		why = check_system(&c);
	return why ? why : check_findings();
}
