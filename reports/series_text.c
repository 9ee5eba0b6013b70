// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "series.h"
#include "table.h"
#include "text_finding.h"
#include "xmem.h"

static const char *built_word(const struct commit *c)
{
	static const char *const words[] = {"-", "ok", "BROKEN", "refused", "failed"};

	return words[c->built];
}

static char *run_text(const struct commit *c)
{
	return c->run ? run_verdict_text(c->run) : xstrdup("-");
}

static void add_cases(struct table *t, const struct commit *c)
{
	if (!c->cases.cases.total)
		table_add(t, "-");
	else
		table_addf(t, "%zu/%" PRIu64, enumeration_done(&c->cases), c->cases.cases.total);
}

static void put_row(struct table *t, const struct series *s, size_t i)
{
	const struct commit *c = &s->commits[i];
	char *verdict = commit_verdict_text(s, i);

	table_addf(t, "%.12s", c->id);
	table_add(t, built_word(c));
	table_addf(t, "%" PRIu64, c->run ? c->run->faults : 0);
	table_addf(t, "%" PRIu64, c->run ? c->run->injected : 0);
	add_cases(t, c);
	table_addf(t, "%.0f s", (double)c->took_ms / 1e3);
	table_add(t, verdict);
	table_add(t, c->subject);
	free(verdict);
}

static void put_what(const struct series *s, size_t i, const char *indent,
		     void (*put)(struct table *t, const char *indent, FILE *out), FILE *out)
{
	const struct commit *c = &s->commits[i];
	struct table t = {.ncols = 1};

	if (c->problem)
		table_addf(&t, "no result: %s", c->problem);
	for (size_t k = 0; k < c->nnew; k++)
		table_add(&t, c->new[k]);
	if (t.ncells)
		put(&t, indent, out);
}

/* For who reads it in the kernel's tree. */
static void put_again(const struct commit *c, const char *indent, FILE *out)
{
	fprintf(out, "%sgit checkout %.12s\n", indent, c->id);
	if (c->run)
		fprintf(out, "%s%s\n", indent, c->again);
	if (enumeration_broken(&c->cases) || c->cases.nfindings)
		fprintf(out, "%s%s\n", indent, c->cases_again);
}

static void put_tests(const struct series *s, const char *indent, FILE *out)
{
	for (size_t i = 0; i < s->ntests; i++)
		fprintf(out, "%s%s: %s\n", indent, s->tests[i].mutant, s->tests[i].what);
}

static void put_tail(const struct series *s, FILE *out)
{
	char *line;

	if (s->dirty)
		fputs("what is not committed was not tested\n", out);
	if (s->stopped) {
		line = xasprintf("stopped: %s", s->stopped);
		table_line(line, "", out);
		free(line);
	}
	if (s->dir)
		fprintf(out, "record: %s/series.json\n", s->dir);
}

void series_text(const struct series *s, FILE *out)
{
	static const char *const head[] = {"COMMIT", "BUILD", "FAULTS",	 "INJECTED",
					   "CASES",  "TIME",  "VERDICT", "SUBJECT"};
	struct table t = {.ncols = sizeof(head) / sizeof(head[0])};

	for (size_t i = 0; i < t.ncols; i++)
		table_add(&t, head[i]);
	for (size_t i = 0; i < s->n; i++)
		put_row(&t, s, i);
	table_print(&t, "", out);
	for (size_t i = 0; i < s->n; i++) {
		const struct commit *c = &s->commits[i];

		if (!c->nnew && !c->problem)
			continue;
		fprintf(out, "\n%.12s%s\n", c->id, s->has_base && !i ? " (BASE)" : "");
		put_what(s, i, "  ", table_print, out);
		if (c->nnew)
			put_again(c, "    ", out);
	}
	if (s->has_base && s->n && commit_verdict(s, 0) == VERDICT_NONE)
		fputs("\nBASE has no result: what it has, too, looks new in the commits after it\n",
		      out);
	fputc('\n', out);
	put_tail(s, out);
}

/* ---- a mail about one commit ---- */

static void put_facts(const struct commit *c, FILE *out)
{
	struct table t = {.ncols = 2};
	char *run = run_text(c);

	table_add(&t, "build");
	table_add(&t, built_word(c));
	table_add(&t, "run");
	if (c->run)
		table_addf(&t,
			   "%s (%s, seed %" PRIu64 ": %" PRIu64 " faults, %" PRIu64 " injected)",
			   run, c->run->plan, c->run->seed, c->run->faults, c->run->injected);
	else
		table_add(&t, run);
	table_add(&t, "cases");
	if (c->cases.cases.total)
		table_addf(&t, "%zu of %" PRIu64 " run, %zu not as the contract says",
			   enumeration_done(&c->cases), c->cases.cases.total,
			   enumeration_broken(&c->cases));
	else
		table_add(&t, "-");
	table_fit(&t, "  ", out);
	free(run);
}

static void put_findings(const struct commit *c, FILE *out)
{
	for (size_t i = 0; c->run && i < c->run->nfindings; i++) {
		if (!run_counts(&c->run->findings[i]))
			continue;
		text_finding(c->run, &c->run->findings[i], out);
	}
}

void series_mail(const struct series *s, FILE *out)
{
	const struct commit *c = s->commits;
	char *verdict = commit_verdict_text(s, 0), *line;

	line = xasprintf("commit %.12s (\"%s\")", c->id, c->subject);
	table_line(line, "", out);
	free(line);
	if (c->run && c->run->kernel)
		fprintf(out, "Linux %s on QEMU %s, %" PRIu64 " CPUs, platform %s\n\n",
			c->run->kernel, c->run->accel, c->run->cpus,
			c->run->platform ? c->run->platform : "unknown");
	put_facts(c, out);
	if (s->ntests)
		fputs("\nBugs put into this kernel, to see that they are found:\n", out);
	put_tests(s, "  ", out);
	fprintf(out, "\n%s%s\n", verdict,
		series_tool_works(s) ? "" : ", which means nothing: seeded bugs were not found");
	put_what(s, 0, "  ", table_fit, out);
	if (c->run)
		fputs("\nto do it again, in the kernel's tree:\n", out);
	put_again(c, "  ", out);
	put_findings(c, out);
	fputc('\n', out);
	put_tail(s, out);
	free(verdict);
}
