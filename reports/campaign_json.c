// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign_json.h"

#include "fields.h"
#include "judge.h"

#define CAMPAIGN_VERSION 1

static void set_bool(json_t *o, const char *key, bool value)
{
	json_object_set_new(o, key, json_boolean(value));
}

static json_t *words(const struct words *w)
{
	json_t *list = json_array();

	for (size_t i = 0; i < w->n; i++)
		json_array_append_new(list, json_string(w->v[i]));
	return list;
}

/* ---- what was recorded ---- */

static json_t *sightings(const struct trial_run *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->nsightings; i++) {
		const struct sighting *s = &r->sightings[i];
		json_t *o = json_object();

		set_string(o, "oracle", s->oracle);
		set_string(o, "title", s->title);
		set_string(o, "signature", s->signature);
		set_bool(o, "counts", s->counts);
		set_number(o, "count", s->count);
		set_number(o, "first_us", s->first_us);
		set_known(o, "since_load_us", s->has_since, s->since_load_us);
		set_known(o, "injected_before", s->has_injected, s->injected);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *runs(const struct trial *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->nruns; i++) {
		const struct trial_run *r = &t->runs[i];
		json_t *o = json_object();

		set_string(o, "run", r->id);
		set_number(o, "seed", r->seed);
		set_bool(o, "faults", r->faults);
		set_string(o, "verdict", r->verdict);
		set_string(o, "invalid", r->invalid);
		set_bool(o, "found", judge_first(r));
		json_object_set_new(o, "findings", sightings(r));
		json_array_append_new(list, o);
	}
	return list;
}

/* ---- what it comes to ---- */

static void set_judgement(json_t *o, const struct campaign *c, const struct trial *t)
{
	struct judgement j = judge_trial(c, t);

	set_string(o, "result", outcome_word(t, j.outcome));
	set_number(o, "runs_with_faults", j.runs);
	set_number(o, "found_in", j.found);
	set_string(o, "oracle", j.oracles.n ? j.oracles.v[0] : NULL);
	json_object_set_new(o, "oracles", words(&j.oracles));
	set_known(o, "since_load_us", j.has_since, j.since_us);
	set_known(o, "injected_before", j.has_injected, j.injected);
	set_bool(o, "before_load", j.early);
	set_bool(o, "none_expected", j.surprising);
	if (j.base_done || j.base_klog.n)
		json_object_set_new(o, "baseline", words(&j.base_klog));
	else
		set_string(o, "baseline", NULL);
	judgement_free(&j);
}

static json_t *trials(const struct campaign *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->ntrials; i++) {
		const struct trial *t = &c->trials[i];
		json_t *o = json_object();

		set_string(o, "mutant", t->name);
		set_string(o, "family", t->family);
		set_string(o, "expect", t->expect);
		set_string(o, "trigger", t->trigger);
		set_string(o, "source", t->source);
		set_string(o, "plan", t->plan);
		set_bool(o, "control", t->control);
		set_judgement(o, c, t);
		json_object_set_new(o, "runs", runs(t));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *scores(const struct summary *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->nscores; i++) {
		json_t *o = json_object();

		set_string(o, "oracle", s->scores[i].oracle);
		set_number(o, "found", s->scores[i].found);
		set_number(o, "alone", s->scores[i].alone);
		json_array_append_new(list, o);
	}
	return list;
}

/* Where there was no pass without faults, nothing is known of it. */
static void set_words(json_t *o, const char *key, bool known, const struct words *w)
{
	json_object_set_new(o, key, known ? words(w) : json_null());
}

static json_t *summary(const struct campaign *c)
{
	struct summary s = judge_campaign(c);
	json_t *o = json_object();

	set_number(o, "mutants", s.mutants);
	set_number(o, "found", s.found);
	set_number(o, "controls", s.controls);
	set_number(o, "flagged", s.flagged);
	set_number(o, "invalid_runs", s.invalid_runs);
	json_object_set_new(o, "oracles", scores(&s));
	set_words(o, "only_with_faults", c->baseline, &s.injection);
	set_words(o, "by_klog", true, &s.klog);
	set_words(o, "by_klog_without_faults", c->baseline, &s.baseline);
	summary_free(&s);
	return o;
}

void campaign_json(const struct campaign *c, FILE *out)
{
	json_t *o = json_object();

	set_number(o, "v", CAMPAIGN_VERSION);
	set_string(o, "id", c->id);
	set_string(o, "plan", c->plan);
	set_string(o, "kernel", c->kernel);
	set_string(o, "accel", c->accel);
	set_number(o, "seeds", c->seeds);
	set_number(o, "budget_us", c->budget_us);
	set_bool(o, "with_baseline", c->baseline);
	set_string(o, "stopped", c->stopped);
	json_object_set_new(o, "summary", summary(c));
	json_object_set_new(o, "mutants", trials(c));
	json_dumpf(o, out, JSON_INDENT(1));
	fputc('\n', out);
	json_decref(o);
}
