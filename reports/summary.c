// SPDX-License-Identifier: GPL-2.0-or-later
#include "summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "xmem.h"

const char *summary_word(const char *s)
{
	return s && *s ? s : "unknown";
}

static const char *accel_title(const char *accel)
{
	return accel && !strcmp(accel, "kvm") ? "QEMU KVM" : "QEMU TCG";
}

void summary_subject(const struct run_report *run, struct table *t)
{
	table_add(t, "plan");
	table_addf(t, "%s, seed %" PRIu64 "%s%s%s", summary_word(run->plan), run->seed,
		   run->mutant ? ", mutant " : "", run->mutant ? run->mutant : "",
		   run->no_faults ? ", without its faults" : "");
	table_add(t, "kernel");
	table_addf(t, "%s on %s, %" PRIu64 " CPUs, %" PRIu64 " MiB, platform %s",
		   summary_word(run->kernel), accel_title(run->accel), run->cpus,
		   run->mem_kib >> 10, summary_word(run->platform));
}

void summary_head(const struct run_report *run, struct table *t)
{
	char *load = unit_format(UNIT_TIME, run->duration_us);

	table_add(t, "run");
	if (run->round > 1)
		table_addf(t, "%s, number %" PRIu64 " in the VM of %s", summary_word(run->id),
			   run->round, summary_word(run->first_round));
	else
		table_add(t, summary_word(run->id));
	summary_subject(run, t);
	table_add(t, "load");
	table_addf(t, "%s asked for, %.1f s done; %.1f s %s", load, run->load_ms / 1e3,
		   run->wall_ms / 1e3, run->round ? "in all" : "with boot");
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
	if (run->coverage.problem) {
		table_add(t, "coverage");
		table_addf(t, "unknown: %s", run->coverage.problem);
	} else if (run->coverage.ndata) {
		table_add(t, "coverage");
		table_addf(t, "%zu of %zu arcs taken; `septorture coverage` tells of all runs",
			   coverage_taken(&run->coverage), run->coverage.narcs);
	}
	if (scope_problem(run->scope)) {
		table_add(t, "scope");
		table_addf(t, "unknown, every finding counts: %s", scope_problem(run->scope));
	}
	free(load);
}

void summary_sites(const struct run_report *run, struct table *t)
{
	static const char *const columns[] = {"SITE",  "STATUS",  "CONTEXT",
					      "CALLS", "MATCHED", "INJECTED"};

	t->ncols = 6;
	if (!run->nsites)
		return;
	for (size_t i = 0; i < t->ncols; i++)
		table_add(t, columns[i]);
	for (size_t i = 0; i < run->nsites; i++) {
		const struct site_stat *s = &run->sites[i];

		table_add(t, s->site);
		table_add(t, s->status);
		table_add(t, s->context);
		table_addf(t, "%" PRIu64, s->calls);
		table_addf(t, "%" PRIu64, s->matched);
		table_addf(t, "%" PRIu64, s->injected);
	}
}

char *summary_counters(const struct counter_stat *list, size_t n)
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

void summary_stressors(const struct run_report *run, struct table *t)
{
	const struct stress_ng *ng = &run->stress_ng;

	t->ncols = 2;
	if (!run->nstressors)
		return;
	table_add(t, "STRESSOR");
	table_add(t, "COUNTERS");
	for (size_t i = 0; i < run->nstressors; i++) {
		const struct stressor_stat *s = &run->stressors[i];
		char *counters;

		if (s->skipped)
			counters = xasprintf("skipped: %s", s->skipped);
		else if (ng->ran && !strcmp(s->name, "stress-ng"))
			counters = stress_ng_text(ng);
		else
			counters = summary_counters(s->counters, s->ncounters);

		table_add(t, s->name);
		table_add(t, counters);
		free(counters);
	}
}

void summary_races(const struct run_report *run, struct table *t)
{
	t->ncols = 4;
	if (!run->nraces)
		return;
	table_add(t, "WINNER");
	table_add(t, "LEVEL");
	table_add(t, "LOSER");
	table_add(t, "TIMES");
	for (size_t i = 0; i < run->nraces; i++) {
		table_add(t, run->races[i].winner);
		table_add(t, run->races[i].level);
		table_add(t, run->races[i].loser);
		table_addf(t, "%" PRIu64, run->races[i].times);
	}
}

void summary_checks(const struct run_report *run, struct table *t)
{
	t->ncols = 3;
	if (!run->nchecks)
		return;
	table_add(t, "ORACLE");
	table_add(t, "CHECKS");
	table_add(t, "FAILED");
	for (size_t i = 0; i < run->nchecks; i++) {
		table_add(t, run->checks[i].oracle);
		table_addf(t, "%" PRIu64, run->checks[i].count);
		table_addf(t, "%" PRIu64, run->checks[i].failures);
	}
}

const char *summary_mark(const struct finding *f)
{
	if (f->known)
		return " (known)";
	if (f->scope == SCOPE_OWN)
		return " (own)";
	return f->scope == SCOPE_ELSEWHERE ? " (elsewhere)" : "";
}

/* Those that count come first. */
const struct finding **summary_findings(const struct run_report *run)
{
	const struct finding **sorted = xcalloc(run->nfindings, sizeof(const struct finding *));
	size_t n = 0;

	for (int counts = 1; counts >= 0; counts--)
		for (size_t i = 0; i < run->nfindings; i++)
			if (run_counts(&run->findings[i]) == counts)
				sorted[n++] = &run->findings[i];
	return sorted;
}
