// SPDX-License-Identifier: GPL-2.0-only
/* The S-EPT: what entries say, and how they are found. */
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

void sept_clear_table(u64 *table)
{
	for (int i = 0; i < SEPT_ENTRIES; i++)
		table[i] = SEPT_FREE_RAW;
}

bool sept_is_leaf(enum sept_state s)
{
	return s == SEPT_BLOCKED || s == SEPT_PENDING || s == SEPT_PENDING_BLOCKED ||
	       s == SEPT_MAPPED;
}

void sept_details(struct seam_call *c, const struct sept_pos *pos)
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
		pos->entry = &table[(gpa >> (12 + 9 * pos->level)) & (SEPT_ENTRIES - 1)];
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
