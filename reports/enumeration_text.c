// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "enumeration.h"
#include "site.h"
#include "table.h"
#include "xmem.h"

#define MAX_BROKEN 20 /* cases that are shown one by one */

/* A row of the table: all cases of a site, context and status. */
struct row {
	uint64_t total, done;
	size_t noutcomes;
	struct {
		const char *word;
		uint64_t n;
	} outcomes[8];
};

static void count_outcome(struct row *r, const char *word)
{
	size_t i = 0;

	while (i < r->noutcomes && strcmp(r->outcomes[i].word, word))
		i++;
	if (i == sizeof(r->outcomes) / sizeof(r->outcomes[0]))
		return;
	if (i == r->noutcomes)
		r->outcomes[r->noutcomes++].word = word;
	r->outcomes[i].n++;
}

static bool belongs(const struct fault_case *f, const struct context_calls *calls,
		    const struct status *st)
{
	return f->done && !strcmp(f->site, calls->site) && !strcmp(f->context, calls->context) &&
	       !strcmp(f->status, st->name);
}

static struct row make_row(const struct enumeration *e, const struct context_calls *calls,
			   const struct status *st)
{
	struct row r = {.total = calls->calls};

	for (size_t i = 0; i < e->cases.n; i++) {
		const struct fault_case *f = &e->cases.list[i];

		if (!belongs(f, calls, st))
			continue;
		r.done++;
		count_outcome(&r, f->outcome);
	}
	return r;
}

static char *outcomes_text(const struct row *r)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < r->noutcomes; i++) {
		char *longer = xasprintf("%s%s%s %" PRIu64, text, i ? ", " : "",
					 r->outcomes[i].word, r->outcomes[i].n);

		free(text);
		text = longer;
	}
	return text;
}

/* Whether the agent was asked for cases of this contract. */
static bool wanted(const struct enumeration *e, const struct status *st)
{
	char *copy, *rest, *word;
	bool found = false;

	if (!e->contracts)
		return st->contract != CONTRACT_NEVER;
	copy = rest = xstrdup(e->contracts);
	while ((word = strsep(&rest, ",")))
		found |= !strcmp(word, contract_name(st->contract));
	free(copy);
	return found;
}

static void add_rows(const struct enumeration *e, const struct context_calls *calls,
		     struct table *t)
{
	const struct site *site = site_find(calls->site);
	const struct context *c = site ? site_context(site, calls->context) : NULL;

	for (const struct status *st = c ? c->statuses : NULL; st && st->name; st++) {
		struct row r = make_row(e, calls, st);
		char *outcomes = outcomes_text(&r);

		if (r.total && wanted(e, st)) {
			table_add(t, calls->site);
			table_add(t, calls->context);
			table_add(t, st->name);
			table_add(t, contract_name(st->contract));
			table_addf(t, "%" PRIu64 "/%" PRIu64, r.done, r.total);
			table_add(t, outcomes);
		}
		free(outcomes);
	}
}

static void write_table(const struct enumeration *e, FILE *out)
{
	static const char *const columns[] = {"SITE",	  "CONTEXT",	"STATUS",
					      "CONTRACT", "ENUMERATED", "OUTCOMES"};
	struct table t = {.ncols = sizeof(columns) / sizeof(columns[0])};

	if (!e->cases.ncalls)
		return;
	for (size_t i = 0; i < t.ncols; i++)
		table_add(&t, columns[i]);
	for (size_t i = 0; i < e->cases.ncalls; i++)
		add_rows(e, &e->cases.calls[i], &t);
	table_print(&t, "", out);
	fputc('\n', out);
}

/* Contexts that the scenario never comes to: what no case can tell anything about. */
static void write_uncalled(const struct enumeration *e, FILE *out)
{
	char *text = xstrdup("never called in the scenario:");
	bool any = false;

	for (size_t i = 0; i < e->cases.ncalls; i++) {
		const struct context_calls *c = &e->cases.calls[i];
		char *longer;

		if (c->calls)
			continue;
		longer = xasprintf("%s%s %s (%s)", text, any ? "," : "", c->site, c->context);
		free(text);
		text = longer;
		any = true;
	}
	if (any) {
		table_line(text, "", out);
		fputc('\n', out);
	}
	free(text);
}

static void write_broken(const struct enumeration *e, FILE *out)
{
	struct table t = {.ncols = 4};
	size_t shown = 0, n = enumeration_broken(e);

	if (!n)
		return;
	table_add(&t, "NOT AS PROMISED");
	table_add(&t, "CONTRACT");
	table_add(&t, "OUTCOME");
	table_add(&t, "RUN");
	for (size_t i = 0; i < e->cases.n && shown < MAX_BROKEN; i++) {
		const struct fault_case *f = &e->cases.list[i];

		if (!f->done || f->ok)
			continue;
		shown++;
		table_addf(&t, "%s, call %" PRIu64 " (%s): %s", f->site, f->nth, f->context,
			   f->status);
		table_add(&t, f->contract);
		table_add(&t, f->outcome);
		table_add(&t, f->run ? f->run : "");
	}
	table_print(&t, "", out);
	if (n > shown)
		fprintf(out, "and %zu more, in enumeration.json\n", n - shown);
	fputc('\n', out);
}

static void write_findings(const struct enumeration *e, FILE *out)
{
	struct table t = {.ncols = 2};

	if (!e->nfindings)
		return;
	table_add(&t, "FINDING");
	table_add(&t, "RUN");
	for (size_t i = 0; i < e->nfindings; i++) {
		table_add(&t, e->findings[i].title);
		table_add(&t, e->findings[i].run);
	}
	table_print(&t, "", out);
	fputc('\n', out);
}

void enumeration_text(const struct enumeration *e, FILE *out)
{
	write_table(e, out);
	write_uncalled(e, out);
	write_broken(e, out);
	write_findings(e, out);
	fprintf(out,
		"enumerated %zu of %" PRIu64 " cases in %u boots, %.0f s; %zu not as promised, %zu "
		"findings\n",
		enumeration_done(e), e->cases.total, e->boots, (double)e->wall_ms / 1e3,
		enumeration_broken(e), e->nfindings);
	if (e->stopped)
		fprintf(out, "stopped: %s\n", e->stopped);
	fprintf(out, "record: %s/enumeration.json\n", e->dir);
}
