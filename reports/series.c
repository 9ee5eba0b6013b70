// SPDX-License-Identifier: GPL-2.0-or-later
#include "series.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "xmem.h"

#define SCHEMA 1

/* ---- what is new ---- */

static bool is_in(const struct commit *c, const char *what)
{
	for (size_t i = 0; i < c->nnew; i++)
		if (!strcmp(c->new[i], what))
			return true;
	return false;
}

/* Takes WHAT over unless one of the commits before number I, or it itself, has it. */
static void add_new(struct series *s, size_t i, char *what)
{
	struct commit *c = &s->commits[i];
	bool known = false;

	for (size_t before = 0; before <= i; before++)
		known |= is_in(&s->commits[before], what);
	if (known) {
		free(what);
		return;
	}
	c->new = xgrow(c->new, c->nnew, sizeof(*c->new));
	c->new[c->nnew++] = what;
}

static char *case_text(const struct fault_case *f)
{
	return xasprintf("%s fails with %s (%s): %s, against the contract '%s'", f->site, f->status,
			 f->context, f->outcome, f->contract);
}

static void judge_one(struct series *s, size_t i)
{
	const struct commit *c = &s->commits[i];
	const struct enumeration *e = &c->cases;

	for (size_t k = 0; c->run && k < c->run->nfindings; k++)
		if (run_counts(&c->run->findings[k]))
			add_new(s, i, xstrdup(c->run->findings[k].signature));
	for (size_t k = 0; k < e->cases.n; k++)
		if (e->cases.list[k].done && !e->cases.list[k].ok)
			add_new(s, i, case_text(&e->cases.list[k]));
	for (size_t k = 0; k < e->nfindings; k++)
		add_new(s, i, xasprintf("while cases were run: %s", e->findings[k].signature));
}

static void forget_new(struct commit *c)
{
	for (size_t i = 0; i < c->nnew; i++)
		free(c->new[i]);
	free(c->new);
	c->new = NULL;
	c->nnew = 0;
}

void series_judge(struct series *s)
{
	for (size_t i = 0; i < s->n; i++)
		forget_new(&s->commits[i]);
	for (size_t i = 0; i < s->n; i++)
		judge_one(s, i);
}

enum commit_verdict commit_verdict(const struct series *s, size_t i)
{
	const struct commit *c = &s->commits[i];

	/* Its own fault only if what it is based on is known to compile. */
	if (c->built == COMMIT_BROKEN)
		return (i ? s->commits[i - 1].built == COMMIT_BUILT : !s->has_base) ? VERDICT_BROKEN
										    : VERDICT_NONE;
	/* What BASE has is what the others have from it. */
	if (c->nnew && !(s->has_base && !i))
		return VERDICT_NEW;
	if (!c->run || run_verdict(c->run) == RUN_INVALID || !c->enumerated)
		return VERDICT_NONE;
	return VERDICT_CLEAN;
}

char *commit_verdict_text(const struct series *s, size_t i)
{
	const struct commit *c = &s->commits[i];

	switch (commit_verdict(s, i)) {
	case VERDICT_BROKEN:
		return xstrdup("does not compile");
	case VERDICT_NEW:
		return xasprintf("%zu NEW", c->nnew);
	case VERDICT_CLEAN:
		return s->has_base && !i ? xasprintf("%zu known from here on", c->nnew)
					 : xstrdup("clean");
	default:
		if (c->built == COMMIT_UNTRIED)
			return xstrdup("not tried");
		return xstrdup(c->built == COMMIT_BROKEN ? "cannot be compiled" : "no result");
	}
}

bool series_tool_works(const struct series *s)
{
	bool found = !s->ntests;

	for (size_t i = 0; i < s->ntests; i++) {
		if (s->tests[i].missed)
			return false;
		found |= s->tests[i].found;
	}
	return found;
}

/* ---- the record ---- */

static json_t *strings(char *const *v, size_t n)
{
	json_t *list = json_array(), *o = json_object();

	for (size_t i = 0; i < n; i++) {
		set_string(o, "s", v[i]);
		json_array_append(list, json_object_get(o, "s"));
	}
	json_decref(o);
	return list;
}

static json_t *commit_json(const struct series *s, size_t i)
{
	static const char *const built[] = {"untried", "ok", "does not compile", "refused",
					    "failed"};
	static const char *const verdicts[] = {"none", "clean", "broken", "new"};
	const struct commit *c = &s->commits[i];
	json_t *o = json_object();

	set_string(o, "commit", c->id);
	set_string(o, "subject", c->subject);
	set_string(o, "build", built[c->built]);
	set_number(o, "took_ms", c->took_ms);
	set_string(o, "verdict", verdicts[commit_verdict(s, i)]);
	set_string(o, "problem", c->problem);
	set_string(o, "run", c->run ? c->run->id : NULL);
	set_string(o, "enumeration", c->cases.id);
	set_number(o, "cases", c->cases.cases.total);
	set_number(o, "cases_done", enumeration_done(&c->cases));
	set_number(o, "cases_broken", enumeration_broken(&c->cases));
	json_object_set_new(o, "new", strings(c->new, c->nnew));
	return o;
}

static json_t *test_json(const struct self_test *t)
{
	json_t *o = json_object();

	set_string(o, "mutant", t->mutant);
	json_object_set_new(o, "found", json_boolean(t->found));
	json_object_set_new(o, "missed", json_boolean(t->missed));
	set_string(o, "what", t->what);
	return o;
}

void series_json(const struct series *s, FILE *out)
{
	json_t *commits = json_array(), *tests = json_array(), *o = json_object();

	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(commits, commit_json(s, i));
	for (size_t i = 0; i < s->ntests; i++)
		json_array_append_new(tests, test_json(&s->tests[i]));
	set_number(o, "v", SCHEMA);
	set_string(o, "id", s->id);
	set_string(o, "range", s->range);
	json_object_set_new(o, "has_base", json_boolean(s->has_base));
	json_object_set_new(o, "dirty", json_boolean(s->dirty));
	json_object_set_new(o, "commits", commits);
	json_object_set_new(o, "self_tests", tests);
	set_string(o, "stopped", s->stopped);
	json_dumpf(o, out, JSON_INDENT(1));
	fputc('\n', out);
	json_decref(o);
}

void series_free(struct series *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct commit *c = &s->commits[i];

		free(c->id);
		free(c->subject);
		free(c->again);
		free(c->cases_again);
		run_free(c->run);
		enumeration_free(&c->cases);
		free(c->problem);
		forget_new(c);
	}
	free(s->commits);
	for (size_t i = 0; i < s->ntests; i++) {
		free(s->tests[i].mutant);
		free(s->tests[i].what);
	}
	free(s->tests);
	free(s->id);
	free(s->dir);
	free(s->range);
	free(s->stopped);
	*s = (struct series){0};
}
