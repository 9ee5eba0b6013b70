// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "table.h"
#include "units.h"
#include "xmem.h"

/* ---- one run ---- */

static char *sighting_text(const struct trial_run *r, const struct sighting *s)
{
	char *injected =
	    s->has_injected ? xasprintf(", %" PRIu64 " injections", s->injected) : xstrdup("");
	char *text;

	if (s->has_since)
		text = xasprintf("%s at %.2f s%s", s->oracle, s->since_load_us / 1e6, injected);
	else if (judge_early(r, s))
		text = xasprintf("%s before the load%s: %s", s->oracle, injected, s->title);
	else
		text = xasprintf("%s%s", s->oracle, injected);
	free(injected);
	return text;
}

char *trial_run_text(const struct trial *t, const struct trial_run *r)
{
	const struct sighting *first = judge_first(r);
	char *by, *text;

	if (!first)
		return r->invalid ? xasprintf("invalid: %s", r->invalid)
				  : xstrdup(t->control ? "quiet" : "not found");
	by = sighting_text(r, first);
	text = xasprintf("%s by %s", t->control ? "FLAGGED" : "found", by);
	free(by);
	return text;
}

/* ---- the table ---- */

/* Words from number FROM on, with commas between them; free() it. */
static char *join(const struct words *w, size_t from)
{
	char *all = xstrdup("");

	for (size_t i = from; i < w->n; i++) {
		char *longer = xasprintf("%s%s%s", all, i > from ? ", " : "", w->v[i]);

		free(all);
		all = longer;
	}
	return all;
}

static void add_words(struct table *t, const struct words *w, size_t from)
{
	char *text = join(w, from);

	table_add(t, *text ? text : "-");
	free(text);
}

static void add_first(struct table *t, const struct judgement *j)
{
	if (j->runs)
		table_addf(t, "%zu of %zu", j->found, j->runs);
	else
		table_add(t, "-");
	table_add(t, j->oracles.n ? j->oracles.v[0] : "-");
	if (j->has_since)
		table_addf(t, "%.2f s", j->since_us / 1e6);
	else
		table_add(t, j->early ? "boot" : "-");
	if (j->has_injected)
		table_addf(t, "%" PRIu64, j->injected);
	else
		table_add(t, "-");
}

static void add_baseline(struct table *t, const struct judgement *j)
{
	if (j->base_klog.n)
		add_words(t, &j->base_klog, 0);
	else
		table_add(t, j->base_done ? "no" : "-");
}

static void add_row(struct table *t, const struct campaign *c, const struct trial *trial)
{
	struct judgement j = judge_trial(c, trial);

	table_add(t, trial->name);
	table_add(t, *trial->family ? trial->family : "-");
	table_add(t, outcome_word(trial, j.outcome));
	add_first(t, &j);
	if (c->baseline)
		add_baseline(t, &j);
	add_words(t, &j.oracles, 1);
	table_addf(t, "%s%s", *trial->expect ? trial->expect : "-",
		   j.surprising ? " (none fired)" : "");
	judgement_free(&j);
}

static void write_table(const struct campaign *c, FILE *out)
{
	static const char *const columns[] = {"MUTANT", "FAMILY",  "RESULT",   "FOUND IN",
					      "FIRST",	"AFTER",   "INJECTED", "BASELINE",
					      "ALSO",	"EXPECTED"};
	struct table t = {0};

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		if (!c->baseline && !strcmp(columns[i], "BASELINE"))
			continue;
		table_add(&t, columns[i]);
		t.ncols++;
	}
	for (size_t i = 0; i < c->ntrials; i++)
		add_row(&t, c, &c->trials[i]);
	fputc('\n', out);
	table_print(&t, "", out);
}

/* Consumes LINE. */
static void write_line(char *line, FILE *out)
{
	table_line(line, "", out);
	free(line);
}

static void write_invalid(const struct campaign *c, FILE *out)
{
	const char *before = "\n";

	for (size_t i = 0; i < c->ntrials; i++)
		for (size_t k = 0; k < c->trials[i].nruns; k++) {
			const struct trial_run *r = &c->trials[i].runs[k];

			if (!judge_void(r))
				continue;
			fputs(before, out);
			before = "";
			write_line(xasprintf("%s, seed %" PRIu64 "%s: invalid: %s (%s)",
					     c->trials[i].name, r->seed,
					     r->faults ? "" : " without faults", r->invalid, r->id),
				   out);
		}
}

static void write_own_plans(const struct campaign *c, FILE *out)
{
	const char *before = "\n";

	for (size_t i = 0; i < c->ntrials; i++) {
		const struct trial *t = &c->trials[i];

		if (!t->plan)
			continue;
		fprintf(out, "%s%s: with %s\n", before, t->name, t->plan);
		before = "";
	}
}

/* ---- what it adds up to ---- */

static void write_scores(const struct summary *s, FILE *out)
{
	struct table t = {.ncols = 3};

	if (!s->nscores)
		return;
	table_add(&t, "ORACLE");
	table_add(&t, "FOUND");
	table_add(&t, "ALONE");
	for (size_t i = 0; i < s->nscores; i++) {
		table_add(&t, s->scores[i].oracle);
		table_addf(&t, "%zu", s->scores[i].found);
		table_addf(&t, "%zu", s->scores[i].alone);
	}
	fputc('\n', out);
	table_print(&t, "", out);
}

static void write_names(const char *what, const struct words *w, size_t of, FILE *out)
{
	char *names = join(w, 0);

	write_line(xasprintf("%s: %zu of %zu%s%s", what, w->n, of, w->n ? ": " : "", names), out);
	free(names);
}

static void write_sums(const struct campaign *c, const struct summary *s, FILE *out)
{
	fputc('\n', out);
	if (c->baseline)
		write_names("found with faults, but not without", &s->injection, s->mutants, out);
	write_names("found by the kernel log, with faults", &s->klog, s->mutants, out);
	if (c->baseline)
		write_names("found by the kernel log, without faults", &s->baseline, s->mutants,
			    out);
	fprintf(out, "found %zu of %zu mutants, %zu of %zu controls flagged\n", s->found,
		s->mutants, s->flagged, s->controls);
}

static void write_head(const struct campaign *c, FILE *out)
{
	char *budget = unit_format(UNIT_TIME, c->budget_us);
	struct table t = {.ncols = 2};

	table_add(&t, "mutants");
	table_add(&t, c->id ? c->id : "");
	table_add(&t, "plan");
	table_addf(&t, "%s, %s of load per run, seed%s%u%s", c->plan ? c->plan : "", budget,
		   c->seeds == 1 ? " " : "s 1 to ", c->seeds,
		   c->baseline ? ", with and without faults" : "");
	table_add(&t, "kernel");
	table_addf(&t, "%s on %s", c->kernel ? c->kernel : "unknown",
		   c->accel ? c->accel : "unknown");
	if (c->stopped) {
		table_add(&t, "stopped");
		table_add(&t, c->stopped);
	}
	table_print(&t, "", out);
	free(budget);
}

void campaign_text(const struct campaign *c, FILE *out)
{
	struct summary s = judge_campaign(c);

	write_head(c, out);
	write_table(c, out);
	write_own_plans(c, out);
	write_invalid(c, out);
	write_scores(&s, out);
	write_sums(c, &s, out);
	fprintf(out, "table: %s/mutants.txt\n", c->dir ? c->dir : "");
	summary_free(&s);
}
