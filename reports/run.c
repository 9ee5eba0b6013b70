// SPDX-License-Identifier: GPL-2.0-or-later
#include "run.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "xmem.h"

struct run_report *run_new(void)
{
	return xcalloc(1, sizeof(struct run_report));
}

static void free_stressor(struct stressor_stat *s)
{
	for (size_t i = 0; i < s->ncounters; i++)
		free(s->counters[i].name);
	free(s->counters);
	free(s->name);
}

static void free_finding(struct finding *f)
{
	free(f->oracle);
	free(f->kind);
	free(f->title);
	free(f->signature);
	free(f->text);
	free(f->detail);
	free(f->known);
	free(f->header);
}

static void free_lists(struct run_report *run)
{
	for (size_t i = 0; i < run->nsites; i++) {
		free(run->sites[i].site);
		free(run->sites[i].status);
		free(run->sites[i].context);
	}
	for (size_t i = 0; i < run->nstressors; i++)
		free_stressor(&run->stressors[i]);
	for (size_t i = 0; i < run->nchecks; i++)
		free(run->checks[i].oracle);
	for (size_t i = 0; i < run->nfindings; i++)
		free_finding(&run->findings[i]);
	free(run->sites);
	free(run->stressors);
	free(run->checks);
	free(run->findings);
}

void run_free(struct run_report *run)
{
	if (!run)
		return;
	free_lists(run);
	free(run->dir);
	free(run->id);
	free(run->plan);
	free(run->mutant);
	free(run->accel);
	free(run->vm_end);
	free(run->kernel);
	free(run->agent);
	free(run->platform);
	free(run->invalid);
	free(run);
}

void run_invalidate(struct run_report *run, const char *fmt, ...)
{
	va_list ap;

	if (run->invalid)
		return;
	va_start(ap, fmt);
	run->invalid = xvasprintf(fmt, ap);
	va_end(ap);
}

struct finding *run_finding(struct run_report *run, const char *oracle, const char *kind,
			    const char *title, const char *signature, uint64_t us)
{
	struct finding *f;

	for (size_t i = 0; i < run->nfindings; i++) {
		f = &run->findings[i];
		if (!strcmp(f->signature, signature)) {
			f->count++;
			return f;
		}
	}
	run->findings = xgrow(run->findings, run->nfindings, sizeof(*f));
	f = &run->findings[run->nfindings++];
	f->oracle = xstrdup(oracle);
	f->kind = xstrdup(kind);
	f->title = xstrdup(title);
	f->signature = xstrdup(signature);
	f->count = 1;
	f->first_us = us;
	return f;
}

size_t run_new_findings(const struct run_report *run)
{
	size_t n = 0;

	for (size_t i = 0; i < run->nfindings; i++)
		n += !run->findings[i].known;
	return n;
}

enum run_verdict run_verdict(const struct run_report *run)
{
	if (run->invalid)
		return RUN_INVALID;
	return run_new_findings(run) ? RUN_FINDINGS : RUN_CLEAN;
}

char *run_verdict_text(const struct run_report *run)
{
	size_t n = run_new_findings(run), known = run->nfindings - n;
	char *and_known = known ? xasprintf(", %zu known", known) : xstrdup("");
	char *text;

	if (run->invalid)
		text = xasprintf("INVALID: %s", run->invalid);
	else if (!n)
		text = xasprintf("CLEAN%s", and_known);
	else
		text = xasprintf("%zu FINDING%s%s%s%s%s", n, n == 1 ? "" : "S", and_known,
				 run->vm_end ? " (" : "", run->vm_end ? run->vm_end : "",
				 run->vm_end ? ")" : "");
	free(and_known);
	return text;
}

uint64_t run_rate(const struct run_report *run)
{
	/* Faults are far fewer than 2^64 / 1000, but a corrupt event may say anything. */
	return run->running_ms ? (uint64_t)((double)run->faults * 1000 / run->running_ms) : 0;
}
