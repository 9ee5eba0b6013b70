// SPDX-License-Identifier: GPL-2.0-or-later
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "summary.h"
#include "text_finding.h"
#include "windows_text.h"
#include "xmem.h"

#define MAX_FINDINGS 10 /* the rest is in report.json */

/* Beside its counts. What it complains of is no finding. */
static void write_stress_ng(const struct stress_ng *ng, FILE *out)
{
	char *line;

	if (ng->npressure) {
		char *text = summary_counters(ng->pressure, ng->npressure);

		fprintf(out, "memory: ");
		table_line(text, "", out);
		free(text);
	}
	if (!ng->status && !ng->nfailures)
		return;
	line = xasprintf("stress-ng ended with status %" PRIu64 "%s%s", ng->status,
			 ng->nfailures ? ": " : "", ng->nfailures ? ng->failures[0] : "");
	table_line(line, "", out);
	free(line);
}

static void write_section(struct table *t, FILE *out)
{
	if (!t->ncells)
		return;
	fputc('\n', out);
	table_fit(t, "", out);
}

static void write_findings(const struct run_report *run, const struct finding *const *sorted,
			   FILE *out)
{
	struct table t = {.ncols = 4};

	if (!run->nfindings)
		return;
	table_add(&t, "FINDING");
	table_add(&t, "TIMES");
	table_add(&t, "FIRST AT");
	table_add(&t, "TITLE");
	for (size_t i = 0; i < run->nfindings && i < MAX_FINDINGS; i++) {
		const struct finding *f = sorted[i];

		table_addf(&t, "%s/%s%s", f->oracle, f->kind, summary_mark(f));
		table_addf(&t, "%" PRIu64, f->count);
		table_addf(&t, "%.1f s", f->first_us / 1e6);
		if (f->detail && *f->detail)
			table_addf(&t, "%s (%s)", f->title, f->detail);
		else
			table_add(&t, f->title);
	}
	fputc('\n', out);
	table_fit(&t, "", out);
	if (run->nfindings > MAX_FINDINGS)
		fprintf(out, "and %zu more, in report.json\n", run->nfindings - MAX_FINDINGS);
}

static void write_summary(const struct run_report *run, const struct finding *const *sorted,
			  FILE *out)
{
	struct table t = {.ncols = 2};
	char *verdict = run_verdict_text(run);

	summary_head(run, &t);
	table_print(&t, "", out);
	summary_sites(run, &t);
	write_section(&t, out);
	summary_stressors(run, &t);
	write_section(&t, out);
	if (run->nstressors)
		write_stress_ng(&run->stress_ng, out);
	windows_write(run, out);
	summary_races(run, &t);
	write_section(&t, out);
	summary_checks(run, &t);
	write_section(&t, out);
	write_findings(run, sorted, out);
	fputc('\n', out);
	table_line(verdict, "", out);
	fprintf(out, "report: %s/report.json\n", summary_word(run->dir));
	free(verdict);
}

void text_summary(const struct run_report *run, FILE *out)
{
	const struct finding **sorted = summary_findings(run);

	write_summary(run, sorted, out);
	if (run->nfindings)
		fprintf(out, "findings to mail: %s/%s\n", summary_word(run->dir), text_format.file);
	free(sorted);
}

static void write_text(const struct run_report *run, FILE *out)
{
	const struct finding **sorted = summary_findings(run);

	write_summary(run, sorted, out);
	if (run->no_lines)
		fprintf(out, "no source lines: %s\n", run->no_lines);
	for (size_t i = 0; i < run->nfindings && i < MAX_FINDINGS; i++)
		text_finding(run, sorted[i], out);
	free(sorted);
}

const struct report_format text_format = {
    "mail", "The summary and the findings, to be pasted into a mail", "report.txt", write_text};
