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
	free(s->skipped);
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
	free(f->function);
	injected_free(&f->injected);
	frames_free(f->frames, f->nframes);
}

static void free_window(struct window_stat *w)
{
	for (size_t i = 0; i < w->nmet; i++) {
		free(w->met[i].op);
		free(w->met[i].how);
	}
	free(w->met);
	free(w->op);
	free(w->level);
}

static void free_stress_ng(struct stress_ng *ng)
{
	for (size_t i = 0; i < ng->n; i++)
		free(ng->stats[i].name);
	for (size_t i = 0; i < ng->nfailures; i++)
		free(ng->failures[i]);
	for (size_t i = 0; i < ng->npressure; i++)
		free(ng->pressure[i].name);
	free(ng->stats);
	free(ng->failures);
	free(ng->pressure);
}

static void free_lists(struct run_report *run)
{
	for (size_t i = 0; i < run->nsites; i++) {
		free(run->sites[i].site);
		free(run->sites[i].status);
		free(run->sites[i].context);
		free(run->sites[i].contract);
	}
	for (size_t i = 0; i < run->nstressors; i++)
		free_stressor(&run->stressors[i]);
	for (size_t i = 0; i < run->nchecks; i++)
		free(run->checks[i].oracle);
	for (size_t i = 0; i < run->nfindings; i++)
		free_finding(&run->findings[i]);
	free(run->sites);
	free(run->stressors);
	for (size_t i = 0; i < run->nwindows; i++)
		free_window(&run->windows[i]);
	free(run->windows);
	for (size_t i = 0; i < run->nraces; i++) {
		free(run->races[i].winner);
		free(run->races[i].level);
		free(run->races[i].loser);
	}
	free(run->races);
	free_stress_ng(&run->stress_ng);
	free(run->checks);
	free(run->findings);
	free(run->expected);
	cases_free(&run->cases);
	coverage_free(&run->coverage);
	free(run->moments);
}

void run_free(struct run_report *run)
{
	if (!run)
		return;
	free_lists(run);
	free(run->dir);
	free(run->id);
	free(run->plan);
	free(run->config);
	free(run->mmu);
	free(run->kernel_id);
	free(run->mutant);
	free(run->mutant_file);
	free(run->reproduce);
	free(run->accel);
	free(run->accel_why);
	free(run->first_round);
	free(run->vm_end);
	free(run->no_lines);
	free(run->kernel);
	free(run->agent);
	free(run->platform);
	free(run->invalid);
	scope_free(run->scope);
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

/* Those that are not known, by whose fault they are. */
static size_t count_scope(const struct run_report *run, enum scope_class scope)
{
	size_t n = 0;

	for (size_t i = 0; i < run->nfindings; i++)
		n += !run->findings[i].known && run->findings[i].scope == scope;
	return n;
}

bool run_counts(const struct finding *f)
{
	return !f->known && f->scope == SCOPE_TEST;
}

size_t run_new_findings(const struct run_report *run)
{
	return count_scope(run, SCOPE_TEST);
}

bool run_since_load(const struct run_report *run, const struct finding *f, uint64_t *us)
{
	if (!run->has_load || !f->first_us || f->first_us < run->load_us)
		return false;
	*us = f->first_us - run->load_us;
	return true;
}

static char *own_fault(const struct run_report *run, size_t n)
{
	const struct finding *f = run->findings;

	while (f->known || f->scope != SCOPE_OWN)
		f++;
	if (n == 1)
		return xasprintf("septorture's own fault: %s", f->title);
	return xasprintf("septorture's own fault: %s, and %zu more", f->title, n - 1);
}

char *run_invalid(const struct run_report *run)
{
	size_t own = count_scope(run, SCOPE_OWN);

	if (run->invalid)
		return xstrdup(run->invalid);
	if (run_new_findings(run))
		return NULL;
	if (own)
		return own_fault(run, own);
	/* Cut short, and nothing that counts was found until then. */
	return run->ended ? NULL : xstrdup(run->vm_end ? run->vm_end : "there is no 'end' event");
}

enum run_verdict run_verdict(const struct run_report *run)
{
	char *invalid = run_invalid(run);
	enum run_verdict verdict = run_new_findings(run) ? RUN_FINDINGS : RUN_CLEAN;

	if (invalid)
		verdict = RUN_INVALID;
	free(invalid);
	return verdict;
}

const char *run_verdict_word(const struct run_report *run)
{
	static const char *const words[] = {
	    [RUN_CLEAN] = "clean",
	    [RUN_FINDINGS] = "findings",
	    [RUN_INVALID] = "invalid",
	};

	return words[run_verdict(run)];
}

/* ", 2 known, 1 elsewhere": what is listed but does not count. */
static char *uncounted_text(const struct run_report *run)
{
	size_t elsewhere = count_scope(run, SCOPE_ELSEWHERE), own = count_scope(run, SCOPE_OWN);
	size_t known = run->nfindings - elsewhere - own - run_new_findings(run);
	const struct {
		size_t n;
		const char *what;
	} counts[] = {{known, "known"}, {elsewhere, "elsewhere"}, {own, "own"}};
	char *text = xstrdup("");

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		char *longer;

		if (!counts[i].n)
			continue;
		longer = xasprintf("%s, %zu %s", text, counts[i].n, counts[i].what);
		free(text);
		text = longer;
	}
	return text;
}

char *run_verdict_text(const struct run_report *run)
{
	size_t n = run_new_findings(run);
	char *uncounted = uncounted_text(run), *invalid = run_invalid(run);
	char *text;

	if (invalid)
		text = xasprintf("INVALID: %s", invalid);
	else if (!n)
		text = xasprintf("CLEAN%s", uncounted);
	else
		text = xasprintf("%zu FINDING%s%s%s%s%s", n, n == 1 ? "" : "S", uncounted,
				 run->vm_end ? " (" : "", run->vm_end ? run->vm_end : "",
				 run->vm_end ? ")" : "");
	free(uncounted);
	free(invalid);
	return text;
}

uint64_t run_rate(const struct run_report *run)
{
	/* Faults are far fewer than 2^64 / 1000, but a corrupt event may say anything. */
	return run->running_ms ? (uint64_t)((double)run->faults * 1000 / run->running_ms) : 0;
}
