// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the guest's accesses go through: a TLB per vCPU, the S-EPT for private
 * and KVM's EPT for shared GPAs, and TDG.MEM.PAGE.ACCEPT.
 */
#include "seam.h"

#define EEQ_NONE	0
#define EEQ_ACCEPT	1
#define EEQ_PENDING	6

#define ATTR_SEPT_VE_DISABLE	BIT_ULL(28)

/* After that long a guest that waits for the host to take a lock is the host's problem. */
#define HP_TIMEOUT_NS	1000000000ULL

/*
 * The TLB fills a page: entries by GPA, valid if they carry the vCPU's current
 * generation, so that dropping all costs nothing.
 */
struct tlb_entry {
	u64 tag;	/* GPA of the page | generation */
	u64 val;	/* HPA | rights, as QUAL_* */
};

#define TLB_ENTRIES	(SEAM_PAGE_SIZE / sizeof(struct tlb_entry))
#define TLB_GENS	0xfff

void tlb_flush(struct seam_vp *vp)
{
	if (vp->ntdcx <= SEAM_TLB_TDCX)
		return;
	if (++vp->tlb_gen > TLB_GENS) {
		memset(seam_va(vp->tdcx[SEAM_TLB_TDCX]), 0, SEAM_PAGE_SIZE);
		vp->tlb_gen = 1;
	}
	seam_add(&seam_guest_counts.tlb_flushes, 1);
}

static struct tlb_entry *tlb_slot(struct seam_vp *vp, u64 page)
{
	struct tlb_entry *tlb = seam_va(vp->tdcx[SEAM_TLB_TDCX]);

	/*
	 * The two halves of memory often use the same page numbers; and vCPUs that
	 * share memory page by page would each use only a part of their TLB.
	 */
	return &tlb[((page >> 12) ^ (page >> 20) ^ (page >> 45)) % TLB_ENTRIES];
}

/* Whose the host's page was when the entry was filled; of shared memory only. */
static u64 *tlb_owner(struct seam_vp *vp, const struct tlb_entry *e)
{
	struct tlb_entry *tlb = seam_va(vp->tdcx[SEAM_TLB_TDCX]);
	u64 *owner = seam_va(vp->tdcx[SEAM_OWNER_TDCX]);

	return &owner[e - tlb];
}

static void violate(struct guest *g, u64 gpa, u64 qual, u64 eeq)
{
	g->x->rcx = qual;
	g->x->rdx = eeq;
	g->x->r8 = gpa & ~(SEAM_PAGE_SIZE - 1);
	guest_leave(g, EXIT_EPT_VIOLATION);
}

/* The host wrote to memory that it gave away: the TD is beyond help. */
static enum guest_access corrupt(struct guest *g, u64 gpa, u64 entry)
{
	seam_add(&seam_findings.corrupt_sept, 1);
	seam_log_add(LOG_CORRUPT_SEPT, g, gpa, entry & SEPT_HPA, entry, 0);
	guest_leave(g, S_NON_RECOVERABLE_TD);
	return GUEST_LEFT;
}

/* A walk to @level ended at a value that is no state, or at a table that is not the TD's. */
static bool overwritten(const struct sept_pos *pos, u8 level)
{
	enum sept_state s = sept_state(pos->val);

	return s == SEPT_NR_STATES || (s == SEPT_NL_MAPPED && (pos->level > level || !level));
}

static u64 epochs(struct guest *g)
{
	return seam_load(&g->td->epoch) << 32 | (u32)g->vp->epoch;
}

/*
 * A translation of the TLB may be older than the S-EPT: between BLOCK and the
 * end of TLB tracking it may be used. The page must be the TD's until then;
 * below a blocked table nothing can be removed.
 */
static bool private_hit(struct guest *g, u64 gpa, u64 hpa)
{
	struct pamt *p = pamt_find(hpa);
	struct sept_pos pos;
	bool there = sept_walk(g->td, gpa, 0, &pos) ?
			     sept_is_leaf(sept_state(pos.val)) && (pos.val & SEPT_HPA) == hpa :
			     sept_state(pos.val) == SEPT_NL_BLOCKED;

	if (there && seam_private_page(g->td, hpa, PT_REG)) {
		if (sept_state(pos.val) != SEPT_MAPPED)
			seam_add(&seam_guest_counts.late_private, 1);
		return true;
	}
	seam_add(&seam_findings.stale_access, 1);
	seam_log_add(LOG_STALE_ACCESS, g, gpa, hpa, p ? seam_load(&p->type) : PT_RSVD, epochs(g));
	return false;
}

/* An entry of KVM's EPT. */
#define EPT_PS		BIT_ULL(7)

/* The type of a page that the host may well use, NDA outside of TDMRs, or RSVD: no memory. */
static enum pamt_type host_type(u64 pa)
{
	struct pamt *p = pamt_find(pa);

	if (!seam_host_readable(pa))
		return PT_RSVD;
	return p ? seam_load(&p->type) : PT_NDA;
}

/*
 * Walks KVM's EPT. False if it ends at no page; @entry is where it ended. The
 * tables are host memory, which the module reads whatever it has become.
 */
static bool shared_walk(struct guest *g, u64 gpa, u64 *entry, u64 *hpa)
{
	u64 table = seam_load(&g->vp->shared_eptp) & SEPT_HPA, size;
	int level = g->td->levels - 1;

	for (*entry = SEPT_SVE;; level--, table = *entry & SEPT_HPA) {
		if (!seam_host_readable(table))
			return false;
		*entry = seam_load((u64 *)seam_va(table) +
				   ((gpa >> (12 + 9 * level)) & (SEPT_ENTRIES - 1)));
		if (!(*entry & SEPT_RWX))
			return false;
		if (!level || *entry & EPT_PS)
			break;
	}
	if (level > 2)
		return false;
	size = SEAM_PAGE_SIZE << (9 * level);
	*hpa = (*entry & SEPT_HPA & ~(size - 1)) | (gpa & (size - 1) & SEPT_HPA);
	return true;
}

/*
 * KVM may have zapped what the TLB still has, until it flushes; what the host
 * has freed by then, or given to a TD, must not be reached any more.
 */
static bool shared_hit(struct guest *g, u64 gpa, u64 hpa, u64 owner)
{
	enum pamt_type type = host_type(hpa);
	u64 entry, now, id = type == PT_NDA ? seam_host_page_id(hpa) : 0;

	if (shared_walk(g, gpa, &entry, &now) && now == hpa)
		return true;
	if (id && id == owner) {
		seam_add(&seam_guest_counts.late_shared, 1);
		return true;
	}
	seam_add(&seam_findings.stale_shared, 1);
	seam_log_add(LOG_STALE_SHARED, g, gpa, hpa, type, epochs(g));
	return false;
}

static enum guest_access shared_miss(struct guest *g, u64 gpa, u64 qual, u64 *hpa, u64 *rights)
{
	enum pamt_type type;
	u64 entry;
	bool there = shared_walk(g, gpa, &entry, hpa);

	if (!there && !(entry & SEPT_SVE))
		return GUEST_MMIO;
	if (!there || !(entry & qual)) {
		violate(g, gpa, qual | (entry & SEPT_RWX) << 3, EEQ_NONE);
		return GUEST_LEFT;
	}
	type = host_type(*hpa);
	if (type == PT_RSVD) {
		guest_leave(g, EXIT_EPT_MISCONFIG);
		return GUEST_LEFT;
	}
	if (type != PT_NDA) {
		seam_add(&seam_findings.shared_private, 1);
		guest_die(g, LOG_SHARED_PRIVATE, gpa, *hpa);
		return GUEST_LEFT;
	}
	*rights = entry & (QUAL_READ | QUAL_WRITE);
	return GUEST_OK;
}

static enum guest_access private_miss(struct guest *g, u64 gpa, u64 qual, u64 *hpa, u64 *rights)
{
	struct sept_pos pos;
	u64 status;

	for (int tries = 0; tries < 2; tries++) {
		enum sept_state s = SEPT_FREE;

		if (sept_walk(g->td, gpa, 0, &pos))
			s = sept_state(pos.val);
		if (overwritten(&pos, 0))
			return corrupt(g, gpa, pos.val);
		if (s == SEPT_MAPPED) {
			*hpa = pos.val & SEPT_HPA;
			*rights = QUAL_READ | QUAL_WRITE | QUAL_EXEC;
			if (!seam_private_page(g->td, *hpa, PT_REG))
				return corrupt(g, gpa, pos.val);
			return GUEST_OK;
		}
		if (s != SEPT_PENDING || g->td->attributes & ATTR_SEPT_VE_DISABLE) {
			g->x->epf = true;
			violate(g, gpa, qual, s == SEPT_PENDING ? EEQ_PENDING : EEQ_NONE);
			return GUEST_LEFT;
		}
		/* The #VE handler. */
		if (!guest_accept(g, gpa & ~(SEAM_PAGE_SIZE - 1), 0, &status))
			return GUEST_LEFT;
	}
	/* Somebody else is at the entry, or it was accepted and taken away: come back later. */
	guest_leave(g, EXIT_OTHER_SMI);
	return GUEST_LEFT;
}

enum guest_access guest_translate(struct guest *g, u64 gpa, u64 qual, u64 **mem)
{
	bool shared = gpa & g->td->gpaw_shared;
	u64 page = gpa & ~(SEAM_PAGE_SIZE - 1), hpa, rights;
	struct tlb_entry *e;
	enum guest_access ret;

	if (gpa & 7 || gpa >= 2 * g->td->gpaw_shared) {
		guest_die(g, LOG_BAD_ADDRESS, gpa, 0);
		return GUEST_LEFT;
	}
	e = tlb_slot(g->vp, page);
	if (e->tag == (page | g->vp->tlb_gen) && e->val & qual) {
		seam_add(&seam_guest_counts.tlb_hits, 1);
		hpa = e->val & SEPT_HPA;
		if (!(shared ? shared_hit(g, gpa, hpa, *tlb_owner(g->vp, e)) :
			       private_hit(g, gpa, hpa))) {
			/* Reported once is enough; what would be read there is nobody's business. */
			e->tag = 0;
			guest_leave(g, EXIT_OTHER_SMI);
			return GUEST_LEFT;
		}
	} else {
		seam_add(&seam_guest_counts.tlb_misses, 1);
		ret = shared ? shared_miss(g, gpa, qual, &hpa, &rights) :
			       private_miss(g, gpa, qual, &hpa, &rights);
		if (ret != GUEST_OK)
			return ret;
		*e = (struct tlb_entry){ page | g->vp->tlb_gen, hpa | rights };
		if (shared)
			*tlb_owner(g->vp, e) = seam_host_page_id(hpa);
	}
	*mem = seam_va(hpa + (gpa & (SEAM_PAGE_SIZE - 1)));
	return GUEST_OK;
}

/* The host failed to lock the entry and has priority; false if it does not come back for it. */
static bool wait_for_host(struct guest *g)
{
	u64 now = seam_now_ns();

	seam_add(&seam_guest_counts.host_priority_busy, 1);
	/* 0 is "not held up"; and a clock that stands still never runs out. */
	if (!g->vp->hp_since)
		g->vp->hp_since = now + 1;
	if (now + 1 - g->vp->hp_since < HP_TIMEOUT_NS)
		return true;
	g->vp->hp_since = 0;
	guest_leave(g, S_HOST_PRIORITY_BUSY_TIMEOUT);
	return false;
}

static void accept_violates(struct guest *g, u64 gpa, u8 level, const struct sept_pos *pos)
{
	enum sept_state s = sept_state(pos->val);
	u64 info = level | (u64)pos->level << 3 | (u64)sept_public_state(s) << 6 |
		   (u64)sept_is_leaf(s) << 14;

	violate(g, gpa, QUAL_WRITE | (pos->val & SEPT_RWX) << 3, EEQ_ACCEPT | info << 32);
}

/* Takes the entry's lock, only, and not the tree's. */
static bool accept_pending(struct guest *g, u64 gpa, const struct sept_pos *pos, u64 *status)
{
	u64 old = pos->val;
	void *page;

	*status = S_OPERAND_BUSY | ID_RCX;
	if (old & SEPT_HP)
		return wait_for_host(g);
	if (old & SEPT_LOCK || !seam_cmpxchg(pos->entry, &old, old | SEPT_LOCK)) {
		seam_add(&seam_guest_counts.accept_busy, 1);
		return true;
	}
	g->vp->hp_since = 0;
	page = seam_private_page(g->td, old & SEPT_HPA, PT_REG);
	if (page)
		memset(page, 0, SEAM_PAGE_SIZE);
	seam_spend(g->c);
	/* A host that tried meanwhile has set its bit. */
	old |= SEPT_LOCK;
	while (!seam_cmpxchg(pos->entry, &old,
			     (page ? sept_make(SEPT_MAPPED, old & SEPT_HPA) : old & ~SEPT_LOCK) |
			     (old & SEPT_HP)))
		;
	if (!page) {
		corrupt(g, gpa, old);
		return false;
	}
	*status = S_SUCCESS;
	return true;
}

bool guest_accept(struct guest *g, u64 gpa, u8 level, u64 *status)
{
	struct sept_pos pos;
	bool there;

	if (level > 1 || gpa & ((SEAM_PAGE_SIZE << (9 * level)) - 1) || gpa >= g->td->gpaw_shared) {
		*status = S_OPERAND_INVALID | ID_RCX;
		return true;
	}
	there = sept_walk(g->td, gpa, level, &pos);
	if (overwritten(&pos, level)) {
		corrupt(g, gpa, pos.val);
		return false;
	}
	if (!there) {
		accept_violates(g, gpa, level, &pos);
		return false;
	}
	switch (sept_state(pos.val)) {
	case SEPT_PENDING:
		return accept_pending(g, gpa, &pos, status);
	case SEPT_MAPPED:
		*status = S_PAGE_ALREADY_ACCEPTED | level;
		return true;
	case SEPT_NL_MAPPED:
		*status = S_PAGE_SIZE_MISMATCH | level;
		return true;
	default:
		accept_violates(g, gpa, level, &pos);
		return false;
	}
}
