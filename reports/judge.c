// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge.h"

#include <stdlib.h>
#include <string.h>

#include "xmem.h"

/* ---- words ---- */

static void words_add(struct words *w, const char *word)
{
	for (size_t i = 0; i < w->n; i++)
		if (!strcmp(w->v[i], word))
			return;
	w->v = xgrow(w->v, w->n, sizeof(*w->v));
	w->v[w->n++] = word;
}

static void words_free(struct words *w)
{
	free(w->v);
	*w = (struct words){0};
}

static bool is_klog(const char *oracle)
{
	return !strncmp(oracle, "klog/", 5);
}

/* ---- one run ---- */

const struct sighting *judge_first(const struct trial_run *r)
{
	const struct sighting *first = NULL;

	for (size_t i = 0; i < r->nsightings; i++) {
		const struct sighting *s = &r->sightings[i];

		if (!s->counts)
			continue;
		/* At an unknown time is after any known one. */
		if (!first || s->first_us - 1 < first->first_us - 1)
			first = s;
	}
	return first;
}

bool judge_early(const struct trial_run *r, const struct sighting *s)
{
	return !s->has_since && (!r->loaded || s->first_us);
}

bool judge_void(const struct trial_run *r)
{
	return r->invalid && !judge_first(r);
}

/* ---- one mutant ---- */

static int compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Of N > 0 values, which are sorted. */
static uint64_t median(uint64_t *values, size_t n)
{
	uint64_t low, high;

	qsort(values, n, sizeof(*values), compare_numbers);
	low = values[(n - 1) / 2];
	high = values[n / 2];
	return low + (high - low) / 2;
}

static void judge_times(struct judgement *j, const struct trial *t)
{
	uint64_t *since = xcalloc(t->nruns, sizeof(*since));
	uint64_t *injected = xcalloc(t->nruns, sizeof(*injected));
	size_t nsince = 0, ninjected = 0;

	for (size_t i = 0; i < t->nruns; i++) {
		const struct sighting *first = judge_first(&t->runs[i]);

		if (!first || !t->runs[i].faults)
			continue;
		j->early |= judge_early(&t->runs[i], first);
		if (first->has_since)
			since[nsince++] = first->since_load_us;
		if (first->has_injected)
			injected[ninjected++] = first->injected;
	}
	j->has_since = nsince;
	j->has_injected = ninjected;
	j->since_us = nsince ? median(since, nsince) : 0;
	j->injected = ninjected ? median(injected, ninjected) : 0;
	free(since);
	free(injected);
}

/* The oracle that came first in most runs; of several, the one of the earlier run. */
static const char *leader(const struct trial *t)
{
	const char *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < t->nruns; i++) {
		const struct sighting *first = judge_first(&t->runs[i]);
		size_t n = 0;

		for (size_t k = 0; first && t->runs[i].faults && k < t->nruns; k++) {
			const struct sighting *other = judge_first(&t->runs[k]);

			n += t->runs[k].faults && other && !strcmp(other->oracle, first->oracle);
		}
		if (n > most) {
			most = n;
			best = first->oracle;
		}
	}
	return best;
}

static void judge_oracles(struct judgement *j, const struct trial *t)
{
	const char *first = leader(t);

	if (first)
		words_add(&j->oracles, first);
	for (size_t i = 0; i < t->nruns; i++)
		for (size_t k = 0; t->runs[i].faults && k < t->runs[i].nsightings; k++)
			if (t->runs[i].sightings[k].counts)
				words_add(&j->oracles, t->runs[i].sightings[k].oracle);
}

/* Whether ORACLE is what WORD, of LEN characters, of an `expect` line means. */
static bool is_meant(const char *oracle, const char *word, size_t len)
{
	if (len == strlen("klog") && !strncmp(word, "klog", len))
		return is_klog(oracle);
	return strlen(oracle) == len && !strncmp(oracle, word, len);
}

static bool is_surprising(const struct trial *t, const struct words *oracles)
{
	static const char blanks[] = " \t,";
	bool expects = false;
	size_t len;

	for (const char *s = t->expect + strspn(t->expect, blanks); *s;
	     s += len + strspn(s + len, blanks)) {
		len = strcspn(s, blanks);
		if (is_meant("none", s, len))
			continue;
		expects = true;
		for (size_t i = 0; i < oracles->n; i++)
			if (is_meant(oracles->v[i], s, len))
				return false;
	}
	return expects;
}

static void judge_baseline(struct judgement *j, const struct campaign *c, const struct trial *t)
{
	size_t results = 0;

	for (size_t i = 0; i < t->nruns; i++) {
		const struct trial_run *r = &t->runs[i];

		if (r->faults)
			continue;
		results += !judge_void(r);
		j->base_found |= judge_first(r) != NULL;
		for (size_t k = 0; k < r->nsightings; k++)
			if (r->sightings[k].counts && is_klog(r->sightings[k].oracle))
				words_add(&j->base_klog, r->sightings[k].oracle);
	}
	j->base_done = c->baseline && results == c->seeds;
}

static enum outcome judge_outcome(const struct judgement *j, const struct campaign *c,
				  const struct trial *t)
{
	static const enum outcome unbuilt[] = {
	    [TRIAL_WAITS] = OUTCOME_OPEN,
	    [TRIAL_REFUSED] = OUTCOME_REFUSED,
	    [TRIAL_BROKEN] = OUTCOME_BROKEN,
	    [TRIAL_UNBUILT] = OUTCOME_UNBUILT,
	};

	if (t->build != TRIAL_BUILT)
		return unbuilt[t->build];
	/* Who flags a control without faults is as wrong. */
	if (j->found || (t->control && j->base_found))
		return OUTCOME_FOUND;
	for (size_t i = 0; i < t->nruns; i++)
		if (t->runs[i].faults && judge_void(&t->runs[i]))
			return OUTCOME_INVALID;
	return j->runs < c->seeds ? OUTCOME_OPEN : OUTCOME_MISSED;
}

struct judgement judge_trial(const struct campaign *c, const struct trial *t)
{
	struct judgement j = {0};

	for (size_t i = 0; i < t->nruns; i++) {
		j.runs += t->runs[i].faults;
		j.found += t->runs[i].faults && judge_first(&t->runs[i]);
	}
	judge_times(&j, t);
	judge_oracles(&j, t);
	judge_baseline(&j, c, t);
	j.surprising = j.runs && is_surprising(t, &j.oracles);
	j.outcome = judge_outcome(&j, c, t);
	return j;
}

void judgement_free(struct judgement *j)
{
	words_free(&j->oracles);
	words_free(&j->base_klog);
}

/* ---- all ---- */

static struct score *score_of(struct summary *s, const char *oracle)
{
	for (size_t i = 0; i < s->nscores; i++)
		if (!strcmp(s->scores[i].oracle, oracle))
			return &s->scores[i];
	s->scores = xgrow(s->scores, s->nscores, sizeof(*s->scores));
	s->scores[s->nscores].oracle = oracle;
	return &s->scores[s->nscores++];
}

static int compare_scores(const void *a, const void *b)
{
	const struct score *x = a, *y = b;

	if (x->found != y->found)
		return x->found < y->found ? 1 : -1;
	if (x->alone != y->alone)
		return x->alone < y->alone ? 1 : -1;
	return strcmp(x->oracle, y->oracle);
}

static void add_mutant(struct summary *s, const struct trial *t, const struct judgement *j)
{
	s->mutants++;
	s->found += j->outcome == OUTCOME_FOUND;
	for (size_t i = 0; i < j->oracles.n; i++) {
		struct score *score = score_of(s, j->oracles.v[i]);

		score->found++;
		score->alone += j->oracles.n == 1;
		if (is_klog(j->oracles.v[i]))
			words_add(&s->klog, t->name);
	}
	if (j->outcome == OUTCOME_FOUND && j->base_done && !j->base_found)
		words_add(&s->injection, t->name);
	if (j->base_klog.n)
		words_add(&s->baseline, t->name);
}

static void add_trial(struct summary *s, const struct campaign *c, const struct trial *t)
{
	struct judgement j = judge_trial(c, t);

	s->outcomes[j.outcome]++;
	for (size_t i = 0; i < t->nruns; i++)
		s->invalid_runs += judge_void(&t->runs[i]);
	if (t->control) {
		s->controls++;
		s->flagged += j.outcome == OUTCOME_FOUND;
	} else {
		add_mutant(s, t, &j);
	}
	judgement_free(&j);
}

struct summary judge_campaign(const struct campaign *c)
{
	struct summary s = {0};

	for (size_t i = 0; i < c->ntrials; i++)
		add_trial(&s, c, &c->trials[i]);
	if (s.nscores)
		qsort(s.scores, s.nscores, sizeof(*s.scores), compare_scores);
	return s;
}

void summary_free(struct summary *s)
{
	free(s->scores);
	words_free(&s->injection);
	words_free(&s->klog);
	words_free(&s->baseline);
}

const char *outcome_word(const struct trial *t, enum outcome outcome)
{
	static const char *const words[] = {
	    [OUTCOME_OPEN] = "not run",		  [OUTCOME_FOUND] = "found",
	    [OUTCOME_MISSED] = "missed",	  [OUTCOME_INVALID] = "invalid",
	    [OUTCOME_REFUSED] = "does not apply", [OUTCOME_BROKEN] = "does not compile",
	    [OUTCOME_UNBUILT] = "not built",
	};

	if (t->control && outcome == OUTCOME_FOUND)
		return "FLAGGED";
	return t->control && outcome == OUTCOME_MISSED ? "quiet" : words[outcome];
}
