// SPDX-License-Identifier: GPL-2.0-or-later
/* [fault SITE]: what its keys mean together, and what KVM promises then. */
#include <stdlib.h>
#include <string.h>

#include "plan_parse.h"
#include "xmem.h"

#define MAX_WEIGHT 1000
#define MAX_TAG	   255
#define MAX_CALL   1000000000

/* ---- what KVM promises ---- */

/* The class of its statuses. */
static enum contract fault_class(const struct plan_fault *f)
{
	for (size_t i = 0; i < f->nvalues; i++)
		if (f->values[i].status)
			return f->values[i].status->contract;
	return CONTRACT_IGNORED;
}

size_t fault_length(const struct plan_fault *f)
{
	return f->sequence ? f->nvalues : f->burst;
}

unsigned int fault_default_every(const struct plan_fault *f)
{
	return fault_class(f) == CONTRACT_ONCE && !f->ncalls ? 2 : 1;
}

/* Whether the chosen call I of a row may fail. */
static bool may_fail(const struct plan_fault *f, size_t i)
{
	if (f->sequence)
		return f->values[i].status;
	for (size_t v = 0; v < f->nvalues; v++)
		if (f->values[v].status)
			return true;
	return false;
}

/* Whether a call of the row that begins at A comes right before one of the row at B, and both fail.
 */
static bool rows_touch(const struct plan_fault *f, uint64_t a, uint64_t b)
{
	size_t len = fault_length(f);

	for (size_t i = 0; i < len; i++)
		for (size_t j = 0; j < len; j++)
			if (a + i + 1 == b + j && may_fail(f, i) && may_fail(f, j))
				return true;
	return false;
}

static bool same_tag(const struct plan_call *a, const struct plan_call *b)
{
	return a->tag == b->tag || a->tag == PLAN_ANY_TAG || b->tag == PLAN_ANY_TAG;
}

static bool calls_touch(const struct plan_fault *f)
{
	for (size_t i = 0; i < f->ncalls; i++)
		for (size_t j = 0; j < f->ncalls; j++)
			if (same_tag(&f->calls[i], &f->calls[j]) &&
			    rows_touch(f, f->calls[i].call, f->calls[j].call))
				return true;
	return false;
}

/* Whether two calls of one task may fail in a row. */
static bool fails_in_a_row(const struct plan_fault *f)
{
	size_t len = fault_length(f);

	if (f->times == 1)
		return false;
	for (size_t i = 1; i < len; i++)
		if (may_fail(f, i - 1) && may_fail(f, i))
			return true;
	if (f->ncalls)
		return calls_touch(f);
	/* The next row follows at once. */
	return f->every <= len && may_fail(f, len - 1) && may_fail(f, 0);
}

enum contract plan_fault_contract(const struct plan_fault *fault)
{
	enum contract c = fault_class(fault);

	return c == CONTRACT_ONCE && fails_in_a_row(fault) ? CONTRACT_VM_FATAL : c;
}

/* ---- names; all return 0 after fail_at() ---- */

static int resolve_context(struct parser *p, struct plan_fault *f)
{
	const char *word = p->words[KEY_CONTEXT];
	struct suggest s = {.word = word};

	f->context = word ? site_context(f->site, word) : &f->site->contexts[0];
	if (f->context)
		return 1;
	for (const struct context *c = f->site->contexts; c->name; c++)
		suggest_try(&s, c->name);
	return fail_unknown(p, p->key_line[KEY_CONTEXT], "context", "context", &s,
			    "'septorture list statuses' shows the contexts of each site");
}

/* What KVM declares impossible has to be asked for. */
static int default_status(struct parser *p, struct plan_fault *f)
{
	for (const struct status *st = f->context->statuses; st->name; st++) {
		if (st->contract == CONTRACT_NEVER)
			continue;
		f->values[0] = (struct plan_value){st, 1};
		f->nvalues = 1;
		return 1;
	}
	return fail_at(
	    p, p->section_line, "status",
	    "missing in [fault %s]: KVM declares that it can't fail in the context %s, so "
	    "say with what; 'septorture list statuses' shows what it can return",
	    f->site->name, f->context->name);
}

/* Which of the two lists of names is meant. */
struct list {
	enum key_id id;
	const char *key;
};

static int find_status(struct parser *p, const struct plan_fault *f, const struct list *l,
		       const char *word, const struct status **status)
{
	struct suggest s = {.word = word};

	*status = context_status(f->context, word);
	if (*status || !strcmp(word, PLAN_OK))
		return 1;
	for (const struct status *st = f->context->statuses; st->name; st++)
		suggest_try(&s, st->name);
	return fail_unknown(p, p->key_line[l->id], l->key, "status", &s,
			    "'septorture list statuses' shows those of each site");
}

/* ITEM is "NAME" or, unless in a sequence, "NAME WEIGHT"; cuts it there. */
static int read_weight(struct parser *p, const struct list *l, char *item, uint64_t *weight)
{
	char *number = item + strcspn(item, " \t");

	*weight = 1;
	if (!*number)
		return 1;
	*number++ = '\0';
	number = trim(number);
	if (l->id == KEY_SEQUENCE)
		return fail_at(
		    p, p->key_line[l->id], l->key,
		    "'%s %s' has a weight, which a sequence does not know; write '%s' as "
		    "often as it is to come",
		    item, number, item);
	return read_number(p, p->key_line[l->id], l->key, UNIT_COUNT, 1, MAX_WEIGHT, number,
			   weight);
}

static int add_value(struct parser *p, struct plan_fault *f, const struct list *l, char *item)
{
	unsigned int line = p->key_line[l->id];
	const struct status *status;
	uint64_t weight;

	if (!*item)
		return fail_at(p, line, l->key, "a name is missing; write it as in '%s = %s, %s'",
			       l->key, f->context->statuses[0].name, PLAN_OK);
	if (f->nvalues == PLAN_MAX_VALUES)
		return fail_at(p, line, l->key, "more than %d names; remove some", PLAN_MAX_VALUES);
	if (!read_weight(p, l, item, &weight) || !find_status(p, f, l, item, &status))
		return 0;
	for (size_t i = 0; i < f->nvalues && !f->sequence; i++)
		if (f->values[i].status == status)
			return fail_at(p, line, l->key,
				       "'%s' is given twice; give it a weight, as in '%s 2'", item,
				       item);
	f->values[f->nvalues++] = (struct plan_value){status, (unsigned int)weight};
	return 1;
}

static int resolve_values(struct parser *p, struct plan_fault *f)
{
	struct list l = {KEY_STATUS, "status"};
	char *rest, *item;

	f->sequence = p->words[KEY_SEQUENCE];
	if (f->sequence)
		l = (struct list){KEY_SEQUENCE, "sequence"};
	rest = p->words[l.id];
	if (!rest)
		return default_status(p, f);
	while ((item = next_item(&rest)))
		if (!add_value(p, f, &l, item))
			return 0;
	return 1;
}

/* What is judged as one must promise one thing. */
static int check_classes(struct parser *p, const struct plan_fault *f)
{
	const struct status *first = NULL, *other = NULL;

	for (size_t i = 0; i < f->nvalues && !other; i++) {
		const struct status *st = f->values[i].status;

		if (!first)
			first = st;
		else if (st && st->contract != first->contract)
			other = st;
	}
	if (!other)
		return 1;
	return fail_at(p, p->key_line[f->sequence ? KEY_SEQUENCE : KEY_STATUS],
		       f->sequence ? "sequence" : "status",
		       "'%s' (%s) and '%s' (%s) have different contracts in the context %s; leave "
		       "out one of them",
		       first->name, contract_name(first->contract), other->name,
		       contract_name(other->contract), f->context->name);
}

/* ---- calls ---- */

/* ITEM is "CALL" or "TAG:CALL". */
static int add_call(struct parser *p, struct plan_fault *f, char *item)
{
	unsigned int line = p->key_line[KEY_NTH];
	uint64_t tag, call;
	char *colon = strchr(item, ':');
	struct plan_call c = {.tag = PLAN_ANY_TAG};

	if (!*item || (colon && (colon == item || !colon[1])))
		return fail_at(p, line, "nth",
			       "a number is missing; write it as in 'nth = 3, 2:15' (CALL or "
			       "TAG:CALL)");
	if (f->ncalls == PLAN_MAX_CALLS)
		return fail_at(p, line, "nth", "more than %d calls; remove some", PLAN_MAX_CALLS);
	if (colon) {
		*colon = '\0';
		if (!read_number(p, line, "nth", UNIT_COUNT, 0, MAX_TAG, item, &tag))
			return 0;
		c.tag = (int)tag;
	}
	if (!read_number(p, line, "nth", UNIT_COUNT, 1, MAX_CALL, colon ? colon + 1 : item, &call))
		return 0;
	c.call = call;
	for (size_t i = 0; i < f->ncalls; i++)
		if (f->calls[i].tag == c.tag && f->calls[i].call == c.call)
			return fail_at(p, line, "nth", "a call is given twice; remove one");
	f->calls[f->ncalls++] = c;
	return 1;
}

static int resolve_calls(struct parser *p, struct plan_fault *f)
{
	char *rest = p->words[KEY_NTH], *item;

	while ((item = next_item(&rest)))
		if (!add_call(p, f, item))
			return 0;
	return 1;
}

/* ---- keys together ---- */

static int exclude(struct parser *p, enum key_id a, const char *a_name, enum key_id b,
		   const char *b_name)
{
	if (!p->key_line[a] || !p->key_line[b])
		return 1;
	return fail_at(p, p->key_line[a], a_name,
		       "excludes '%s', which is given in line %u; remove one", b_name,
		       p->key_line[b]);
}

static int check_excludes(struct parser *p)
{
	return exclude(p, KEY_SEQUENCE, "sequence", KEY_STATUS, "status") &&
	       exclude(p, KEY_SEQUENCE, "sequence", KEY_BURST, "burst") &&
	       exclude(p, KEY_NTH, "nth", KEY_EVERY, "every");
}

static int check_probability(struct parser *p, struct plan_fault *f)
{
	if (p->key_line[KEY_PROBABILITY])
		return 1;
	f->probability = 100;
	if (p->key_line[KEY_NTH] || p->key_line[KEY_SEQUENCE])
		return 1;
	return fail_at(p, p->section_line, "probability",
		       "missing in [fault %s]; add a line such as 'probability = 10 %%'",
		       f->site->name);
}

static int check_window(struct parser *p, const struct plan_fault *f)
{
	if (!f->stop_us || f->stop_us > f->start_us)
		return 1;
	return fail_at(p, p->key_line[KEY_STOP], "stop",
		       "is not after start; raise it, or remove it to go on to the load's end");
}

static int check_effect(struct parser *p, const struct plan_fault *f)
{
	for (size_t i = 0; i < f->nvalues; i++)
		if (f->values[i].status)
			return 1;
	if (f->delay_before_us || f->delay_after_us)
		return 1;
	return fail_at(p, p->key_line[f->sequence ? KEY_SEQUENCE : KEY_STATUS],
		       f->sequence ? "sequence" : "status",
		       "nothing fails and nothing is delayed; add a status, or delay_before or "
		       "delay_after");
}

static void forget_keys(struct parser *p)
{
	for (enum key_id id = KEY_STATUS; id < NR_KEYS; id++) {
		p->key_line[id] = 0;
		free(p->words[id]);
		p->words[id] = NULL;
	}
}

void end_fault(struct parser *p)
{
	struct plan_fault *f = &p->plan->faults[p->plan->nfaults - 1];

	if (check_excludes(p) && check_probability(p, f) && resolve_context(p, f) &&
	    resolve_values(p, f) && check_classes(p, f) && resolve_calls(p, f) &&
	    check_window(p, f) && check_effect(p, f) && !p->key_line[KEY_EVERY])
		f->every = fault_default_every(f);
	forget_keys(p);
}
