// SPDX-License-Identifier: GPL-2.0-or-later
/* What recorded runs of mutants come to. */
#include "helper.h"

#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "xmem.h"

static struct campaign *campaign(unsigned int seeds, bool baseline)
{
	struct campaign *c = campaign_new();

	c->seeds = seeds;
	c->baseline = baseline;
	return c;
}

static struct trial *trial(struct campaign *c, const char *name, const char *expect, bool control)
{
	struct trial *t = campaign_add(c);

	t->name = xstrdup(name);
	t->family = xstrdup("");
	t->expect = xstrdup(expect);
	t->control = control;
	t->build = TRIAL_BUILT;
	return t;
}

#define LOAD 1000000

static struct run_report *report(bool faults)
{
	struct run_report *r = run_new();

	r->ended = true;
	r->has_load = true;
	r->load_us = LOAD;
	r->no_faults = !faults;
	return r;
}

/* A finding so long after the begin of the load; 0: at an unknown time. */
static struct finding *found(struct run_report *r, const char *oracle, const char *kind,
			     uint64_t since, uint64_t injected)
{
	char *signature = xasprintf("%s: %s", oracle, kind);
	struct finding *f =
	    run_finding(r, oracle, kind, "title", signature, since ? LOAD + since : 0);

	f->injected.known = true;
	f->injected.total = injected;
	free(signature);
	return f;
}

static void done(struct trial *t, struct run_report *r)
{
	trial_record(t, r);
	run_free(r);
}

/* A run with one finding. */
static void one(struct trial *t, bool faults, const char *oracle, const char *kind, uint64_t since,
		uint64_t injected)
{
	struct run_report *r = report(faults);

	found(r, oracle, kind, since, injected);
	done(t, r);
}

static void assert_words(const struct words *w, const char *want)
{
	char *all = xstrdup("");

	for (size_t i = 0; i < w->n; i++) {
		char *longer = xasprintf("%s%s%s", all, i ? " " : "", w->v[i]);

		free(all);
		all = longer;
	}
	assert_string_equal(all, want);
	free(all);
}

static void assert_outcome(const struct campaign *c, const struct trial *t, const char *word)
{
	struct judgement j = judge_trial(c, t);

	assert_string_equal(outcome_word(t, j.outcome), word);
	judgement_free(&j);
}

/* ---- one mutant ---- */

static void the_earliest_is_first(void **state)
{
	struct campaign *c = campaign(1, false);
	struct trial *t = trial(c, "m", "", false);
	struct run_report *r = report(true);
	struct judgement j;

	(void)state;
	found(r, "unknown", "when", 0, 1);
	found(r, "stats", "drift", 900, 9);
	found(r, "klog", "kcsan", 400, 4);
	found(r, "klog", "warn", 500, 5);
	/* Earlier, but of no account. */
	found(r, "known", "x", 100, 1)->known = xstrdup("why");
	found(r, "klog", "bug", 50, 1)->scope = SCOPE_ELSEWHERE;
	done(t, r);
	j = judge_trial(c, t);
	assert_int_equal(j.outcome, OUTCOME_FOUND);
	assert_words(&j.oracles, "klog/kcsan unknown stats klog/warn");
	assert_true(j.has_since && j.has_injected && !j.early);
	assert_int_equal(j.since_us, 400);
	assert_int_equal(j.injected, 4);
	judgement_free(&j);
	assert_int_equal(t->runs[0].nsightings, 6);
	campaign_free(c);
}

static void medians(void **state)
{
	struct campaign *c = campaign(5, false);
	struct trial *t = trial(c, "m", "", false);
	struct judgement j;

	(void)state;
	one(t, true, "a", "x", 900, 1);
	one(t, true, "b", "x", 100, 50);
	j = judge_trial(c, t);
	assert_int_equal(j.since_us, 500);
	assert_int_equal(j.injected, 25);
	judgement_free(&j);
	one(t, true, "b", "x", 200, 3);
	done(t, report(true));
	one(t, true, "a", "x", 0, 2);
	/* Not of the runs without faults. */
	one(t, false, "b", "x", 1, 0);
	one(t, false, "b", "x", 1, 0);
	one(t, false, "z", "x", 1, 0);
	j = judge_trial(c, t);
	assert_int_equal(j.since_us, 200);
	assert_int_equal(j.injected, 2);
	assert_int_equal(j.runs, 5);
	assert_int_equal(j.found, 4);
	/* As often the first as b, and in an earlier run. */
	assert_words(&j.oracles, "a b");
	judgement_free(&j);
	one(t, true, "b", "x", 200, 3);
	j = judge_trial(c, t);
	assert_words(&j.oracles, "b a");
	judgement_free(&j);
	campaign_free(c);
}

static void before_the_load(void **state)
{
	struct campaign *c = campaign(1, false);
	struct trial *t = trial(c, "m", "", false);
	struct run_report *r = report(true);
	struct judgement j;

	(void)state;
	r->has_load = false;
	run_finding(r, "klog", "panic", "no luck", "panic: no luck", 0);
	done(t, r);
	j = judge_trial(c, t);
	assert_int_equal(j.outcome, OUTCOME_FOUND);
	assert_true(j.early && !j.has_since && !j.has_injected);
	judgement_free(&j);
	campaign_free(c);
}

static void assert_surprising(const char *expect, bool surprising)
{
	struct campaign *c = campaign(1, false);
	struct trial *t = trial(c, "m", expect, false);
	struct judgement j = judge_trial(c, t);

	/* Without a run there is no surprise. */
	assert_false(j.surprising);
	judgement_free(&j);
	one(t, true, "stats", "drift", 1, 1);
	one(t, true, "klog", "kcsan", 1, 1);
	j = judge_trial(c, t);
	if (j.surprising != surprising)
		fail_msg("'%s'", expect);
	judgement_free(&j);
	campaign_free(c);
}

static void expectations(void **state)
{
	(void)state;
	assert_surprising("", false);
	assert_surprising("none", false);
	assert_surprising("stats", false);
	assert_surprising("  seam   stats ", false);
	assert_surprising("seam, klog", false);
	assert_surprising("klog/kcsan", false);
	assert_surprising("klog/warn", true);
	assert_surprising("seam", true);
	assert_surprising("stat", true);
	assert_surprising("statss kcsan klo klog/", true);
}

static void invalid_runs(void **state)
{
	struct campaign *c = campaign(2, false);
	struct trial *t = trial(c, "m", "", false);
	struct run_report *r = report(true);
	struct summary s;

	(void)state;
	assert_outcome(c, t, "not run");
	done(t, report(true));
	assert_outcome(c, t, "not run");
	r->invalid = xstrdup("why");
	found(r, "known", "x", 1, 1)->known = xstrdup("why");
	done(t, r);
	assert_true(judge_void(&t->runs[1]));
	assert_outcome(c, t, "invalid");
	s = judge_campaign(c);
	assert_int_equal(s.invalid_runs, 1);
	assert_int_equal(s.found, 0);
	summary_free(&s);
	/* One that found something is a finding all the same. */
	r = report(true);
	r->invalid = xstrdup("why");
	found(r, "stats", "x", 1, 1);
	done(t, r);
	assert_false(judge_void(&t->runs[2]));
	assert_outcome(c, t, "found");
	t->build = TRIAL_REFUSED;
	assert_outcome(c, t, "does not apply");
	t->build = TRIAL_BROKEN;
	assert_outcome(c, t, "does not compile");
	t->build = TRIAL_UNBUILT;
	assert_outcome(c, t, "not built");
	t->build = TRIAL_WAITS;
	assert_outcome(c, t, "not run");
	campaign_free(c);
}

static void controls(void **state)
{
	struct campaign *c = campaign(1, true);
	struct trial *t = trial(c, "c", "none", true), *u;
	struct summary s;

	(void)state;
	done(t, report(true));
	assert_outcome(c, t, "quiet");
	u = trial(c, "d", "none", true);
	one(u, true, "stats", "x", 1, 1);
	assert_outcome(c, u, "FLAGGED");
	/* Wrong without faults is wrong. */
	u = trial(c, "e", "none", true);
	done(u, report(true));
	one(u, false, "stats", "x", 1, 1);
	assert_outcome(c, u, "FLAGGED");
	s = judge_campaign(c);
	assert_int_equal(s.mutants, 0);
	assert_int_equal(s.controls, 3);
	assert_int_equal(s.flagged, 2);
	/* They say nothing about how good the oracles are. */
	assert_int_equal(s.nscores, 0);
	summary_free(&s);
	campaign_free(c);
}

/* ---- all of them ---- */

static void scores(void **state)
{
	struct campaign *c = campaign(1, false);
	struct run_report *r = report(true);
	struct summary s;

	(void)state;
	found(r, "stats", "x", 1, 1);
	found(r, "klog", "warn", 2, 2);
	found(r, "klog", "kcsan", 3, 2);
	done(trial(c, "a", "", false), r);
	one(trial(c, "b", "", false), true, "seam", "x", 1, 1);
	one(trial(c, "c", "", false), true, "stats", "x", 1, 1);
	done(trial(c, "d", "", false), report(true));
	s = judge_campaign(c);
	assert_int_equal(s.mutants, 4);
	assert_int_equal(s.found, 3);
	assert_int_equal(s.outcomes[OUTCOME_MISSED], 1);
	assert_int_equal(s.nscores, 4);
	assert_string_equal(s.scores[0].oracle, "stats");
	assert_int_equal(s.scores[0].found, 2);
	assert_int_equal(s.scores[0].alone, 1);
	assert_string_equal(s.scores[1].oracle, "seam");
	assert_int_equal(s.scores[1].alone, 1);
	assert_string_equal(s.scores[2].oracle, "klog/kcsan");
	assert_int_equal(s.scores[2].alone, 0);
	assert_words(&s.klog, "a");
	assert_words(&s.baseline, "");
	summary_free(&s);
	campaign_free(c);
}

/* Found with faults, and without them as OTHER says; "" is not at all. */
static void with_and_without(struct campaign *c, const char *name, const char *oracle,
			     const char *kind)
{
	struct trial *t = trial(c, name, "", false);

	one(t, true, "stats", "x", 1, 1);
	if (*oracle)
		one(t, false, oracle, kind, 1, 0);
	else
		done(t, report(false));
}

static void what_injection_adds(void **state)
{
	struct campaign *c = campaign(1, true);
	struct run_report *r = report(false);
	struct judgement j;
	struct summary s;
	struct trial *t;

	(void)state;
	with_and_without(c, "only-with", "", "");
	with_and_without(c, "klog-does", "klog", "warn");
	with_and_without(c, "stats-does", "stats", "x");
	/* Nobody knows whether it is found without. */
	t = trial(c, "void", "", false);
	one(t, true, "stats", "x", 1, 1);
	r->invalid = xstrdup("why");
	done(t, r);
	one(trial(c, "stopped", "", false), true, "stats", "x", 1, 1);
	/* Found without, but not with: then injection adds nothing. */
	t = trial(c, "other-way", "", false);
	done(t, report(true));
	one(t, false, "klog", "bug", 1, 0);
	assert_outcome(c, t, "missed");
	s = judge_campaign(c);
	assert_words(&s.injection, "only-with");
	assert_words(&s.baseline, "klog-does other-way");
	assert_words(&s.klog, "");
	assert_int_equal(s.invalid_runs, 1);
	summary_free(&s);

	j = judge_trial(c, &c->trials[1]);
	assert_true(j.base_done);
	assert_words(&j.base_klog, "klog/warn");
	assert_words(&j.oracles, "stats");
	judgement_free(&j);
	j = judge_trial(c, &c->trials[2]);
	assert_words(&j.base_klog, "");
	assert_true(j.base_found);
	judgement_free(&j);
	j = judge_trial(c, &c->trials[3]);
	assert_false(j.base_done);
	judgement_free(&j);
	campaign_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_earliest_is_first),
	    cmocka_unit_test(medians),
	    cmocka_unit_test(before_the_load),
	    cmocka_unit_test(expectations),
	    cmocka_unit_test(invalid_runs),
	    cmocka_unit_test(controls),
	    cmocka_unit_test(scores),
	    cmocka_unit_test(what_injection_adds),
	};

	return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
