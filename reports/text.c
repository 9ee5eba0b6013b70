// SPDX-License-Identifier: GPL-2.0-or-later
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "windows_text.h"
#include "text_finding.h"
#include "units.h"
#include "xmem.h"

#define MAX_FINDINGS 10 /* the rest is in report.json */

const char *text_or_unknown(const char *s)
{
	return s && *s ? s : "unknown";
}

static const char *accel_title(const char *accel)
{
	return accel && !strcmp(accel, "kvm") ? "QEMU KVM" : "QEMU TCG";
}

void text_subject(const struct run_report *run, struct table *t)
{
	table_add(t, "plan");
	table_addf(t, "%s, seed %" PRIu64 "%s%s%s", text_or_unknown(run->plan), run->seed,
		   run->mutant ? ", mutant " : "", run->mutant ? run->mutant : "",
		   run->no_faults ? ", without its faults" : "");
	table_add(t, "kernel");
	table_addf(t, "%s on %s, %" PRIu64 " CPUs, %" PRIu64 " MiB, platform %s",
		   text_or_unknown(run->kernel), accel_title(run->accel), run->cpus,
		   run->mem_kib >> 10, text_or_unknown(run->platform));
}

static void write_head(const struct run_report *run, struct table *t)
{
	char *load = unit_format(UNIT_TIME, run->duration_us);

	table_add(t, "run");
	table_add(t, text_or_unknown(run->id));
	text_subject(run, t);
	table_add(t, "load");
	table_addf(t, "%s asked for, %.1f s done; %.1f s with boot", load, run->load_ms / 1e3,
		   run->wall_ms / 1e3);
	table_add(t, "faults");
	table_addf(t,
		   "%" PRIu64 " served (%" PRIu64 " per second at work), %" PRIu64
		   " injected, %" PRIu64 " TDs",
		   run->faults, run_rate(run), run->injected, run->tds);
	table_add(t, "first fault");
	if (run->has_boot_us)
		table_addf(t, "%.1f s after the kernel's start", run->boot_us / 1e6);
	else
		table_add(t, "none was served");
	table_add(t, "memory");
	table_addf(t,
		   "agent %" PRIu64 " MiB, VM %" PRIu64 " of %" PRIu64 " MiB, QEMU %" PRIu64
		   " MiB at most",
		   run->agent_kib >> 10, run->vm_used_kib >> 10, run->mem_kib >> 10,
		   run->qemu_kib >> 10);
	if (scope_problem(run->scope)) {
		table_add(t, "scope");
		table_addf(t, "unknown, every finding counts: %s", scope_problem(run->scope));
	}
	free(load);
}

static void write_sites(const struct run_report *run, FILE *out)
{
	static const char *const columns[] = {"SITE",  "STATUS",  "CONTEXT",
					      "CALLS", "MATCHED", "INJECTED"};
	struct table t = {.ncols = 6};

	if (!run->nsites)
		return;
	for (size_t i = 0; i < t.ncols; i++)
		table_add(&t, columns[i]);
	for (size_t i = 0; i < run->nsites; i++) {
		const struct site_stat *s = &run->sites[i];

		table_add(&t, s->site);
		table_add(&t, s->status);
		table_add(&t, s->context);
		table_addf(&t, "%" PRIu64, s->calls);
		table_addf(&t, "%" PRIu64, s->matched);
		table_addf(&t, "%" PRIu64, s->injected);
	}
	fputc('\n', out);
	table_print(&t, "", out);
}

static char *counters_text(const struct counter_stat *list, size_t n)
{
	char *all = xstrdup("");

	for (size_t i = 0; i < n; i++) {
		char *longer =
		    xasprintf("%s%s%s %" PRIu64, all, i ? ", " : "", list[i].name, list[i].value);

		free(all);
		all = longer;
	}
	return all;
}

/* "vm 1: 12 bogo-ops, fork 2: 7 bogo-ops" */
static char *stress_ng_text(const struct stress_ng *ng)
{
	char *all = xstrdup("");

	for (size_t i = 0; i < ng->n; i++) {
		char *longer =
		    xasprintf("%s%s%s %" PRIu64 ": %" PRIu64 " bogo-ops", all, i ? ", " : "",
			      ng->stats[i].name, ng->stats[i].instances, ng->stats[i].bogo_ops);

		free(all);
		all = longer;
	}
	return all;
}

/* Beside its counts. What it complains of is no finding. */
static void write_stress_ng(const struct stress_ng *ng, FILE *out)
{
	char *line;

	if (ng->npressure) {
		char *text = counters_text(ng->pressure, ng->npressure);

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

static void write_stressors(const struct run_report *run, FILE *out)
{
	const struct stress_ng *ng = &run->stress_ng;
	struct table t = {.ncols = 2};

	if (!run->nstressors)
		return;
	table_add(&t, "STRESSOR");
	table_add(&t, "COUNTERS");
	for (size_t i = 0; i < run->nstressors; i++) {
		const struct stressor_stat *s = &run->stressors[i];
		char *counters;

		if (s->skipped)
			counters = xasprintf("skipped: %s", s->skipped);
		else if (ng->ran && !strcmp(s->name, "stress-ng"))
			counters = stress_ng_text(ng);
		else
			counters = counters_text(s->counters, s->ncounters);

		table_add(&t, s->name);
		table_add(&t, counters);
		free(counters);
	}
	fputc('\n', out);
	table_print(&t, "", out);
	write_stress_ng(ng, out);
}

static void write_checks(const struct run_report *run, FILE *out)
{
	struct table t = {.ncols = 3};

	if (!run->nchecks)
		return;
	table_add(&t, "ORACLE");
	table_add(&t, "CHECKS");
	table_add(&t, "FAILED");
	for (size_t i = 0; i < run->nchecks; i++) {
		table_add(&t, run->checks[i].oracle);
		table_addf(&t, "%" PRIu64, run->checks[i].count);
		table_addf(&t, "%" PRIu64, run->checks[i].failures);
	}
	fputc('\n', out);
	table_print(&t, "", out);
}

const char *text_mark(const struct finding *f)
{
	if (f->known)
		return " (known)";
	if (f->scope == SCOPE_OWN)
		return " (own)";
	return f->scope == SCOPE_ELSEWHERE ? " (elsewhere)" : "";
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

		table_addf(&t, "%s/%s%s", f->oracle, f->kind, text_mark(f));
		table_addf(&t, "%" PRIu64, f->count);
		table_addf(&t, "%.1f s", f->first_us / 1e6);
		if (f->detail && *f->detail)
			table_addf(&t, "%s (%s)", f->title, f->detail);
		else
			table_add(&t, f->title);
	}
	fputc('\n', out);
	table_print(&t, "", out);
	if (run->nfindings > MAX_FINDINGS)
		fprintf(out, "and %zu more, in report.json\n", run->nfindings - MAX_FINDINGS);
}

/* Those that count come first. */
static const struct finding **sort_findings(const struct run_report *run)
{
	const struct finding **sorted = xcalloc(run->nfindings, sizeof(const struct finding *));
	size_t n = 0;

	for (int counts = 1; counts >= 0; counts--)
		for (size_t i = 0; i < run->nfindings; i++)
			if (run_counts(&run->findings[i]) == counts)
				sorted[n++] = &run->findings[i];
	return sorted;
}

static void write_summary(const struct run_report *run, const struct finding *const *sorted,
			  FILE *out)
{
	struct table t = {.ncols = 2};
	char *verdict = run_verdict_text(run);

	write_head(run, &t);
	table_print(&t, "", out);
	write_sites(run, out);
	write_stressors(run, out);
	windows_write(run, out);
	write_checks(run, out);
	write_findings(run, sorted, out);
	fputc('\n', out);
	table_line(verdict, "", out);
	fprintf(out, "report: %s/report.json\n", text_or_unknown(run->dir));
	free(verdict);
}

void text_summary(const struct run_report *run, FILE *out)
{
	const struct finding **sorted = sort_findings(run);

	write_summary(run, sorted, out);
	if (run->nfindings)
		fprintf(out, "findings to mail: %s/%s\n", text_or_unknown(run->dir),
			text_format.file);
	free(sorted);
}

static void write_text(const struct run_report *run, FILE *out)
{
	const struct finding **sorted = sort_findings(run);

	write_summary(run, sorted, out);
	if (run->no_lines)
		fprintf(out, "no source lines: %s\n", run->no_lines);
	for (size_t i = 0; i < run->nfindings && i < MAX_FINDINGS; i++)
		text_finding(run, sorted[i], out);
	free(sorted);
}

const struct report_format text_format = {"report.txt", write_text};
