// SPDX-License-Identifier: GPL-2.0-or-later
#include "shrink.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "xmem.h"

/* A number of injections is found to an eighth: a race comes when it comes. */
#define PRECISION 8
#define MAX_TIMES 1000000000 /* as in a plan */

/* Makes a copy of the best the candidate; WHAT is consumed. */
static struct plan *propose(struct shrink *s, char *what)
{
	s->candidate = plan_copy(s->best);
	s->what = what;
	return s->candidate;
}

/* ---- lists: sections and stressors ---- */

static size_t list_length(const struct shrink *s)
{
	return s->stage == SHRINK_FAULTS ? s->best->nfaults : s->best->nstressors;
}

/* How many have to stay. */
static size_t list_rest(const struct shrink *s)
{
	return s->stage == SHRINK_FAULTS && !s->needs_one ? 0 : 1;
}

static void drop_faults(struct plan *plan, size_t pos, size_t n)
{
	memmove(&plan->faults[pos], &plan->faults[pos + n],
		(plan->nfaults - pos - n) * sizeof(plan->faults[0]));
	plan->nfaults -= n;
}

static void drop_stressors(struct plan *plan, size_t pos, size_t n)
{
	for (size_t i = pos; i < pos + n; i++)
		free(plan->stressors[i].opts);
	memmove(&plan->stressors[pos], &plan->stressors[pos + n],
		(plan->nstressors - pos - n) * sizeof(plan->stressors[0]));
	plan->nstressors -= n;
}

static char *what_is_dropped(const struct shrink *s, size_t n)
{
	const char *kind = s->stage == SHRINK_FAULTS ? "fault" : "stressor";
	const char *first = s->stage == SHRINK_FAULTS ? s->best->faults[s->pos].site->name
						      : s->best->stressors[s->pos].stressor->name;

	if (n > 1)
		return xasprintf("without %zu of %zu %s sections, from [%s %s] on", n,
				 list_length(s), kind, kind, first);
	return xasprintf("without [%s %s]", kind, first);
}

/* The next part to leave out: halves become quarters, and so on; in the end one by one. */
static bool find_part(struct shrink *s, size_t length)
{
	if (!s->begun) {
		s->chunk = length - list_rest(s);
		s->pos = s->refused = 0;
	}
	if (s->pos >= length) {
		s->pos = 0;
		s->chunk = s->chunk > 1 ? s->chunk / 2 : 1;
	}
	/* Something may have been left out since then. */
	if (s->chunk > length - list_rest(s))
		s->chunk = length - list_rest(s);
	/* Each of those that are left was tried with all the others there. */
	return s->refused < length;
}

static bool next_part(struct shrink *s)
{
	size_t length = list_length(s), n;
	struct plan *plan;

	if (length <= list_rest(s) || !find_part(s, length))
		return false;
	n = s->chunk < length - s->pos ? s->chunk : length - s->pos;
	plan = propose(s, what_is_dropped(s, n));
	if (s->stage == SHRINK_FAULTS)
		drop_faults(plan, s->pos, n);
	else
		drop_stressors(plan, s->pos, n);
	s->value = n;
	return true;
}

static void answer_part(struct shrink *s, bool shows)
{
	if (shows) {
		s->refused = 0;
		return;
	}
	if (s->value == list_length(s))
		s->needs_one = true;
	s->pos += s->value;
	/* The last one of a row of parts may be a single one, too. */
	s->refused += s->value == 1;
}

/* ---- numbers ---- */

/* The smallest first: often it does. Then halfway between what does and what does not. */
static bool find_number(struct shrink *s, uint64_t min, uint64_t now, uint64_t precision)
{
	if (!s->begun) {
		s->low = min - 1;
		s->high = now;
	}
	if (s->high - s->low <= 1 || s->high - s->low <= s->high / precision)
		return false;
	s->value = s->low < min ? min : s->low + (s->high - s->low) / 2;
	return true;
}

static void answer_number(struct shrink *s, bool shows)
{
	if (shows)
		s->high = s->value;
	else
		s->low = s->value;
}

static bool next_vcpus(struct shrink *s)
{
	if (!find_number(s, plan_least_vcpus(s->best), s->best->td_vcpus, UINT64_MAX))
		return false;
	propose(s, xasprintf("vcpus = %" PRIu64, s->value))->td_vcpus = (unsigned int)s->value;
	return true;
}

static bool next_cpus(struct shrink *s)
{
	if (!find_number(s, s->best->td_vcpus, s->best->cpus, UINT64_MAX))
		return false;
	propose(s, xasprintf("cpus = %" PRIu64, s->value))->cpus = (unsigned int)s->value;
	return true;
}

/* One more than what was injected at all, if no limit is lower. */
static uint64_t enough_times(const struct shrink *s)
{
	uint64_t times = s->best->faults[s->fault].times, injected = s->injected[s->fault];

	if (!injected)
		return times ? times : 2;
	if (injected >= MAX_TIMES)
		injected = MAX_TIMES - 1;
	return times && times <= injected ? times : injected + 1;
}

static bool next_times(struct shrink *s)
{
	for (; s->fault < s->best->nfaults; s->fault++, s->begun = false) {
		const char *name = s->best->faults[s->fault].site->name;

		if (!find_number(s, 1, enough_times(s), PRECISION))
			continue;
		propose(s, xasprintf("[fault %s] times = %" PRIu64, name, s->value))
		    ->faults[s->fault]
		    .times = (unsigned int)s->value;
		return true;
	}
	return false;
}

/* ---- delays ---- */

static bool fails(const struct plan_fault *f)
{
	for (size_t i = 0; i < f->nvalues; i++)
		if (f->values[i].status)
			return true;
	return false;
}

/* A section that neither fails nor delays anything is none. */
static bool may_drop_delay(const struct plan_fault *f, bool before)
{
	unsigned int this = before ? f->delay_before_us : f->delay_after_us;
	unsigned int other = before ? f->delay_after_us : f->delay_before_us;

	return this && (fails(f) || other);
}

/* Positions: two for each section, and one for the TD. */
static bool next_delay(struct shrink *s)
{
	const struct plan *best = s->best;

	if (!s->begun)
		s->pos = 0;
	for (; s->pos < 2 * best->nfaults; s->pos++) {
		const struct plan_fault *f = &best->faults[s->pos / 2];
		bool before = s->pos % 2 == 0;
		struct plan_fault *changed;

		if (!may_drop_delay(f, before))
			continue;
		changed = &propose(s, xasprintf("[fault %s] without delay_%s", f->site->name,
						before ? "before" : "after"))
			       ->faults[s->pos / 2];
		*(before ? &changed->delay_before_us : &changed->delay_after_us) = 0;
		return true;
	}
	if (s->pos > 2 * best->nfaults || !best->td_migrate_us)
		return false;
	propose(s, xstrdup("without migration"))->td_migrate_us = 0;
	return true;
}

/* ---- the whole ---- */

static bool next_of_stage(struct shrink *s)
{
	switch (s->stage) {
	case SHRINK_FAULTS:
	case SHRINK_STRESSORS:
		return next_part(s);
	case SHRINK_VCPUS:
		return next_vcpus(s);
	case SHRINK_CPUS:
		return next_cpus(s);
	case SHRINK_DELAYS:
		return next_delay(s);
	case SHRINK_TIMES:
		return next_times(s);
	default:
		return false;
	}
}

void shrink_begin(struct shrink *s, const struct plan *plan, const uint64_t *injected)
{
	*s = (struct shrink){.best = plan_copy(plan)};
	if (injected)
		memcpy(s->injected, injected, plan->nfaults * sizeof(*injected));
}

bool shrink_next(struct shrink *s)
{
	while (s->stage != SHRINK_DONE) {
		if (next_of_stage(s)) {
			s->begun = true;
			return true;
		}
		s->stage++;
		s->begun = false;
	}
	return false;
}

static void forget_candidate(struct shrink *s)
{
	plan_free(s->candidate);
	free(s->what);
	s->candidate = NULL;
	s->what = NULL;
}

/* The candidate becomes the best. */
static void take(struct shrink *s, const uint64_t *injected)
{
	memset(s->injected, 0, sizeof(s->injected));
	if (injected)
		memcpy(s->injected, injected, s->candidate->nfaults * sizeof(*injected));
	plan_free(s->best);
	s->best = s->candidate;
	s->candidate = NULL;
}

void shrink_answer(struct shrink *s, bool shows, const uint64_t *injected)
{
	if (shows)
		take(s, injected);
	forget_candidate(s);
	switch (s->stage) {
	case SHRINK_FAULTS:
	case SHRINK_STRESSORS:
		answer_part(s, shows);
		break;
	case SHRINK_DELAYS:
		s->pos++;
		break;
	default:
		answer_number(s, shows);
	}
}

void shrink_end(struct shrink *s)
{
	forget_candidate(s);
	plan_free(s->best);
	s->best = NULL;
}
