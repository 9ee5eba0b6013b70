// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replays what KVM's tracepoint kvm_tdp_mmu_spte_changed said of mirror roots:
 * each event must begin where the last one of that SPTE ended, and together
 * they must give the tables that are there. So nothing is traced that did not
 * happen, and nothing happens untraced. When a table is removed, its entries
 * may be traced before it or after it: kernels differ.
 */
#include "agent.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mirror.h"

/* The SPTEs as traced so far: open addressing, grows; value 0 is not present. */
struct slot {
	uint64_t root, gfn, value;
	uint32_t level; /* 0: a free slot */
	uint32_t round; /* of the comparison that last saw it in the tables */
};

static struct slot *slots;
static size_t nslots, nused;
static uint64_t next_seq = 1;
static uint32_t rounds;

enum kind { BROKEN, UNTRACED, NOT_DONE, FROZEN, UNKNOWN, NKINDS };

static const struct {
	const char *name;
	const char *title;
} kinds[NKINDS] = {
    [BROKEN] = {"broken", "a traced change does not begin with the value that was traced last"},
    [UNTRACED] = {"untraced", "an SPTE has a value that was never traced"},
    [NOT_DONE] = {"not_done", "a change was traced that is not in the tables"},
    [FROZEN] = {"frozen", "FROZEN_SPTE was traced as the value of an SPTE"},
    [UNKNOWN] = {"unknown", "a change was traced of an SPTE that was not being written"},
};

struct replay {
	size_t count[NKINDS];
	json_t *first[NKINDS];
	size_t events, lost;
};

static const char *needs(const struct plan *plan)
{
	(void)plan;
	return access(JOURNAL, R_OK) ? "the journal of traced SPTE changes (" JOURNAL
				       ") is not there"
				     : NULL;
}

static void wrong(struct replay *r, enum kind kind, const struct slot *s, uint64_t old,
		  uint64_t new)
{
	char gfn[24], o[24], n[24];

	if (r->count[kind]++)
		return;
	snprintf(gfn, sizeof(gfn), "%#" PRIx64, s->gfn);
	snprintf(o, sizeof(o), "%#" PRIx64, old);
	snprintf(n, sizeof(n), "%#" PRIx64, new);
	r->first[kind] = json_pack("{s:s, s:i, s:s, s:s}", "gfn", gfn, "level", (int)s->level,
				   kind == BROKEN ? "last_traced" : "old", o, "new", n);
}

/* ---- the model ---- */

static size_t hash(uint64_t root, uint64_t gfn, uint32_t level)
{
	uint64_t h = (root ^ (gfn << 4 | level)) * 0x9e3779b97f4a7c15ull;

	return (size_t)(h ^ h >> 29);
}

static struct slot *probe(struct slot *table, size_t size, uint64_t root, uint64_t gfn,
			  uint32_t level)
{
	size_t i = hash(root, gfn, level) & (size - 1);

	while (table[i].level &&
	       (table[i].root != root || table[i].gfn != gfn || table[i].level != level))
		i = (i + 1) & (size - 1);
	return &table[i];
}

/* Makes room. What is not present is as if never seen, e.g. all that a TD that is gone had. */
static bool grow(void)
{
	size_t present = 0, size = 4096;
	struct slot *bigger;

	for (size_t i = 0; i < nslots; i++)
		present += slots[i].level && slots[i].value;
	while (size < present * 4)
		size *= 2;
	bigger = calloc(size, sizeof(*bigger));
	if (!bigger) {
		event_fail("no memory to replay the trace");
		return false;
	}
	nused = present;
	for (size_t i = 0; i < nslots; i++)
		if (slots[i].level && slots[i].value)
			*probe(bigger, size, slots[i].root, slots[i].gfn, slots[i].level) =
			    slots[i];
	free(slots);
	slots = bigger;
	nslots = size;
	return true;
}

/* The slot of an SPTE, made if there is none; NULL: no memory. */
static struct slot *find(uint64_t root, uint64_t gfn, uint32_t level)
{
	struct slot *s;

	if (nused * 2 >= nslots && !grow())
		return NULL;
	s = probe(slots, nslots, root, gfn, level);
	if (!s->level) {
		*s = (struct slot){.root = root, .gfn = gfn, .level = level};
		nused++;
	}
	return s;
}

static void forget(void)
{
	free(slots);
	slots = NULL;
	nslots = nused = 0;
}

/* ---- replay ---- */

static uint64_t value(uint64_t spte)
{
	return spte_present(spte) ? spte : 0;
}

static void apply(struct replay *r, const struct septorture_change *c)
{
	struct slot none = {.gfn = c->gfn, .level = (uint32_t)c->level}, *s;

	if (!c->root) {
		wrong(r, UNKNOWN, &none, c->old_spte, c->new_spte);
		return;
	}
	/* A present entry of a table that is removed is replaced by FROZEN_SPTE for good. */
	if (c->old_spte == SEPTORTURE_FROZEN_SPTE ||
	    (c->new_spte == SEPTORTURE_FROZEN_SPTE && !spte_present(c->old_spte)))
		wrong(r, FROZEN, &none, c->old_spte, c->new_spte);
	s = find(c->root, c->gfn, (uint32_t)c->level);
	if (!s)
		return;
	if (s->value != value(c->old_spte))
		wrong(r, BROKEN, s, s->value, c->new_spte);
	s->value = value(c->new_spte);
}

/* Takes what was traced since the last time into the model; false: nothing can be said. */
static bool replay(struct replay *r)
{
	struct septorture_change *c;
	size_t n;

	c = records_read(JOURNAL, sizeof(*c), &n);
	if (!c)
		return false;
	for (size_t i = 0; i < n; i++) {
		r->lost += c[i].seq - next_seq;
		next_seq = c[i].seq + 1;
		/* With a gap, the tables that are there are the only beginning. */
		if (!r->lost)
			apply(r, &c[i]);
	}
	r->events = n;
	free(c);
	return true;
}

/* ---- against the tables ---- */

static void compare_spte(struct replay *r, const struct septorture_mirror *m)
{
	struct slot *s;

	if (m->kind != SEPTORTURE_SPTE || !spte_present(m->spte))
		return;
	s = find(m->root, m->gfn, m->level);
	if (!s)
		return;
	if (s->value != m->spte && !r->lost)
		wrong(r, UNTRACED, s, s->value, m->spte);
	s->value = m->spte;
	s->round = rounds;
}

static void compare(struct replay *r)
{
	const struct septorture_mirror *m;
	size_t n;

	m = mirror_now(&n);
	if (!m)
		return;
	rounds++;
	if (r->lost)
		forget();
	for (size_t i = 0; i < n; i++)
		compare_spte(r, &m[i]);
	for (size_t i = 0; i < nslots; i++)
		if (slots[i].level && slots[i].value && slots[i].round != rounds) {
			wrong(r, NOT_DONE, &slots[i], 0, slots[i].value);
			slots[i].value = 0;
		}
}

static void report(struct replay *r, unsigned int td)
{
	bool ok = true;

	for (size_t k = 0; k < NKINDS; k++) {
		if (!r->count[k])
			continue;
		ok = false;
		json_object_set_new(r->first[k], "times", json_integer((json_int_t)r->count[k]));
		event_finding("trace-replay", kinds[k].name, td, kinds[k].title, r->first[k]);
	}
	event_check(
	    "trace-replay", td, ok,
	    json_pack("{s:I, s:I}", "events", (json_int_t)r->events, "lost", (json_int_t)r->lost));
}

static void quiesce(struct td *td)
{
	struct replay r = {0};

	if (!replay(&r))
		return;
	/* The tables of a VM that KVM has given up may be in any state. */
	if (!atomic_load(&td->dead))
		compare(&r);
	report(&r, td->number);
}

static bool gone(unsigned int td)
{
	struct replay r = {0};

	if (replay(&r))
		report(&r, td);
	/* The next TD's root may be the same page. */
	forget();
	return true;
}

ORACLE(trace_replay, "trace-replay", .only = PLATFORM_MIRROR,
       .help = "the traced SPTE changes give the mirror tables that are there", .needs = needs,
       .quiesce = quiesce, .gone = gone);
