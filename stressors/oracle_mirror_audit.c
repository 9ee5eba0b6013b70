// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whenever nobody maps or zaps, KVM's mirror tables and the module's S-EPT
 * must say the same of every GFN, the PAMT must know each page as the TD's,
 * which must be the guest_memfd's and private by the VM's attributes, and no
 * SPTE may be frozen.
 */
#include "agent.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "mirror.h"

/* States as TDH.MEM.SEPT.RD gives them (asm/septorture_abi.h). */
enum { PENDING = 2, MAPPED = 4, NL_MAPPED = 0x84 };

enum kind {
	FROZEN,
	NOT_IN_SEPT,
	NOT_IN_MIRROR,
	OTHER_STATE,
	OTHER_PAGE,
	PAMT,
	NOT_PRIVATE,
	NOT_BACKED,
	NKINDS
};

static const struct {
	const char *name;
	const char *title;
} kinds[NKINDS] = {
    [FROZEN] = {"frozen", "an SPTE is frozen although nobody works on it"},
    [NOT_IN_SEPT] = {"not_in_sept", "the mirror has an entry that the S-EPT does not have"},
    [NOT_IN_MIRROR] = {"not_in_mirror", "the S-EPT has an entry that the mirror does not have"},
    [OTHER_STATE] = {"other_state", "an S-EPT entry is in a state that does not fit the mirror's"},
    [OTHER_PAGE] = {"other_page", "mirror and S-EPT have different pages for an entry"},
    [PAMT] = {"pamt", "the PAMT does not know the page of an S-EPT entry as the TD's"},
    [NOT_PRIVATE] = {"not_private", "a page is mapped as private that was converted to shared"},
    [NOT_BACKED] = {"not_backed", "a page is mapped that is not the guest_memfd's at that offset"},
};

/* What is wrong at one quiesce point: how often, and the first of each kind. */
struct audit {
	size_t count[NKINDS];
	json_t *first[NKINDS];
};

static const char *needs(const struct plan *plan)
{
	(void)plan;
	if (access(MIRROR, R_OK))
		return "KVM's mirror tables (" MIRROR ") are not there";
	return access(SEPT, R_OK) ? "softseam's S-EPT (" SEPT ") is not there" : NULL;
}

static json_t *hex(uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%#" PRIx64, n);
	return json_string(text);
}

static void wrong(struct audit *a, enum kind kind, const struct septorture_mirror *m,
		  const struct septorture_sept *s)
{
	json_t *o;

	if (a->count[kind]++)
		return;
	o = json_object();
	json_object_set_new(o, "gfn", hex(m ? m->gfn : s->gfn));
	json_object_set_new(o, "level", json_integer(m ? m->level : s->level));
	if (m)
		json_object_set_new(o, "spte", hex(m->spte));
	if (s) {
		json_object_set_new(o, "sept_state", hex(s->state));
		json_object_set_new(o, "sept_page", hex(s->hpa));
	}
	a->first[kind] = o;
}

static void compare_entry(struct audit *a, const struct septorture_mirror *m,
			  const struct septorture_sept *s)
{
	uint64_t page = m->child ? m->child : m->spte & SEPTORTURE_SPTE_PFN;

	if (m->child ? s->state != NL_MAPPED : s->state != PENDING && s->state != MAPPED)
		wrong(a, OTHER_STATE, m, s);
	if (page != s->hpa)
		wrong(a, OTHER_PAGE, m, s);
	if (s->pamt_bad)
		wrong(a, PAMT, m, s);
	if (m->wrong & SEPTORTURE_NOT_PRIVATE)
		wrong(a, NOT_PRIVATE, m, s);
	if (m->wrong & SEPTORTURE_NOT_BACKED)
		wrong(a, NOT_BACKED, m, s);
}

/* Tables before what is in them, as both files have it. */
static int order(uint64_t gfn1, unsigned int level1, uint64_t gfn2, unsigned int level2)
{
	if (gfn1 != gfn2)
		return gfn1 < gfn2 ? -1 : 1;
	return (int)level2 - (int)level1;
}

static int by_gfn(const void *a, const void *b)
{
	const struct septorture_mirror *m = a, *n = b;

	return order(m->gfn, m->level, n->gfn, n->level);
}

/* The SPTEs of ALL that stand for something, in order: there may be two roots. */
static struct septorture_mirror *present_sptes(struct audit *a, const struct septorture_mirror *all,
					       size_t n, size_t *kept)
{
	struct septorture_mirror *m = calloc(n + 1, sizeof(*m));

	*kept = 0;
	for (size_t i = 0; m && i < n; i++) {
		if (all[i].kind != SEPTORTURE_SPTE)
			continue;
		if (all[i].spte == SEPTORTURE_FROZEN_SPTE)
			wrong(a, FROZEN, &all[i], NULL);
		else if (spte_present(all[i].spte))
			m[(*kept)++] = all[i];
	}
	if (m)
		qsort(m, *kept, sizeof(*m), by_gfn);
	return m;
}

static void compare(struct audit *a, const struct septorture_mirror *m, size_t nm,
		    const struct septorture_sept *s, size_t ns)
{
	size_t i = 0, j = 0;

	while (i < nm || j < ns) {
		int c = i >= nm	  ? 1
			: j >= ns ? -1
				  : order(m[i].gfn, m[i].level, s[j].gfn, s[j].level);

		if (c < 0)
			wrong(a, NOT_IN_SEPT, &m[i++], NULL);
		else if (c > 0)
			wrong(a, NOT_IN_MIRROR, NULL, &s[j++]);
		else
			compare_entry(a, &m[i++], &s[j++]);
	}
}

static void report(struct audit *a, struct td *td, size_t entries)
{
	bool ok = true;

	for (size_t k = 0; k < NKINDS; k++) {
		if (!a->count[k])
			continue;
		ok = false;
		json_object_set_new(a->first[k], "entries", json_integer((json_int_t)a->count[k]));
		event_finding("mirror-audit", kinds[k].name, td->number, kinds[k].title,
			      a->first[k]);
	}
	event_check("mirror-audit", td->number, ok,
		    json_pack("{s:I}", "entries", (json_int_t)entries));
}

static void quiesce(struct td *td)
{
	const struct septorture_mirror *all;
	struct septorture_mirror *m = NULL;
	struct septorture_sept *s;
	struct audit a = {0};
	size_t nm, ns;

	/* A VM that KVM has given up may be in any state. */
	if (atomic_load(&td->dead))
		return;
	all = mirror_now(&nm);
	s = records_read(SEPT, sizeof(*s), &ns);
	if (all && s)
		m = present_sptes(&a, all, nm, &nm);
	if (m) {
		compare(&a, m, nm, s, ns);
		report(&a, td, nm);
	}
	free(m);
	free(s);
}

ORACLE(mirror_audit, "mirror-audit", .only = PLATFORM_MIRROR,
       .help = "mirror tables, S-EPT, PAMT and guest_memfd agree, and no SPTE is frozen",
       .needs = needs, .quiesce = quiesce);
