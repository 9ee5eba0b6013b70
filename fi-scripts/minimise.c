// SPDX-License-Identifier: GPL-2.0-or-later
#include "minimise.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "draft.h"
#include "reproduce.h"
#include "run_plan.h"
#include "signals.h"
#include "table.h"
#include "xmem.h"

#define COMMENT 1000 /* a line of a plan may not be too long */

static struct plan_size size_of(const struct plan *plan, uint64_t injected)
{
	return (struct plan_size){
	    .faults = plan->nfaults,
	    .stressors = plan->nstressors,
	    .vcpus = plan->td_vcpus,
	    .cpus = plan->cpus,
	    .injected = injected,
	    .load_us = plan->duration_us,
	};
}

/* ---- files ---- */

/* Writes a comment: TEXT without what would end it. */
static void comment(FILE *f, const char *before, const char *text)
{
	fprintf(f, "# %s", before);
	for (size_t i = 0; text[i] && i < COMMENT; i++)
		fputc((unsigned char)text[i] < ' ' ? ' ' : text[i], f);
	fputc('\n', f);
}

char *minimise_command(const struct minimise *m)
{
	struct run_args args = {.plan = m->out, .mutant = m->again->run.mutant};

	return reproduce_command(&args, m->again->src, m->again->run.seed);
}

/* The path by which people call OUT is known once it is there. */
static void touch(const char *path)
{
	FILE *f = fopen(path, "ae");

	if (f)
		fclose(f);
}

static int save(const struct minimise *m)
{
	char *command, *error;
	FILE *f;

	touch(m->out);
	command = minimise_command(m);
	f = draft_open(m->out);
	if (f) {
		comment(f, "Minimised: with this, a finding still comes back, of run ",
			m->again->run.id);
		comment(f, "  ", m->again->finding->signature);
		comment(f, "Run it: ", command);
		fputc('\n', f);
		plan_write(m->search.best, f);
	}
	free(command);
	return draft_close(f, m->out, &error) ? say_error(error, EXIT_INFRA) : EXIT_CLEAN;
}

static int write_candidate(const struct minimise *m, const struct plan *plan)
{
	FILE *f = fopen(m->candidate, "we");
	int bad = !f;

	if (f) {
		bad = plan_write(plan, f);
		bad |= fclose(f);
	}
	if (!bad)
		return EXIT_CLEAN;
	say("cannot write %s: %s", shown_path(m->candidate), strerror(errno));
	return EXIT_INFRA;
}

/* ---- one candidate ---- */

static void progress(const struct minimise *m, const char *what, const char *result)
{
	char *line = xasprintf("[%u] %s: %s", m->steps, what, result);

	table_line(line, "", stderr);
	free(line);
}

/* A plan with which the run is no result (one CPU is not enough for KCSAN) helps nobody. */
static bool shows(const struct minimise *m, const struct attempt *t)
{
	return t->outcome == TRY_BACK &&
	       (m->may_be_invalid || run_verdict(t->report) != RUN_INVALID);
}

/* What came of the last try; free() it. */
static char *result_text(const struct minimise *m, const struct attempt *t)
{
	char *text = attempt_text(t), *invalid, *longer;

	if (t->outcome == TRY_BACK && !shows(m, t)) {
		invalid = run_invalid(t->report);
		longer = xasprintf("%s, but no result: %s", text, invalid);
		free(invalid);
	} else if (t->outcome == TRY_NOT && m->tries > 1) {
		longer = xasprintf("%s (%u tries)", text, m->tries);
	} else {
		return text;
	}
	free(text);
	return longer;
}

/* Up to m->tries runs of PLAN; T is the one that shows it, or the last. */
static void try_plan(struct minimise *m, const struct plan *plan, const char *what,
		     struct attempt *t)
{
	char *text;

	*t = (struct attempt){.outcome = TRY_IMPOSSIBLE};
	m->steps++;
	m->status = write_candidate(m, plan);
	for (unsigned int i = 1; !m->status && !signals_stop() && i <= m->tries; i++) {
		attempt_free(t);
		again_try(m->again, m->candidate, 0, t);
		if (t->outcome == TRY_IMPOSSIBLE)
			m->status = t->status ? t->status : EXIT_INFRA;
		m->results += t->outcome == TRY_BACK || t->outcome == TRY_NOT;
		if (shows(m, t))
			break;
	}
	if (t->outcome == TRY_IMPOSSIBLE || t->outcome == TRY_STOPPED)
		return;
	text = result_text(m, t);
	progress(m, what, text);
	free(text);
}

/* How many each section of PLAN has injected. */
static void count_injected(const struct plan *plan, const struct run_report *report,
			   uint64_t injected[])
{
	memset(injected, 0, PLAN_MAX_FAULTS * sizeof(*injected));
	for (size_t i = 0; i < plan->nfaults; i++)
		for (size_t j = 0; j < report->nsites; j++)
			if (!strcmp(report->sites[j].site, plan->faults[i].site->name))
				injected[i] += report->sites[j].injected;
}

/* What T needed is what the next ones get. */
static void set_load(const struct minimise *m, struct plan *plan, const struct attempt *t)
{
	uint64_t since = 0;
	bool known = run_since_load(t->report, t->found, &since);

	plan->duration_us = again_load(m->again->run.duration_us, known, since);
}

/* ---- the search ---- */

/* The whole plan first: what does not come back can't be made smaller. */
static bool begin(struct minimise *m)
{
	const struct again *a = m->again;
	struct plan *plan = plan_copy(a->plan);
	uint64_t injected[PLAN_MAX_FAULTS];
	struct attempt t;

	if (a->run.no_faults)
		plan->nfaults = 0;
	plan->duration_us = a->run.duration_us;
	m->before = size_of(plan, a->run.injected);
	plan->duration_us =
	    again_load(a->run.duration_us, a->finding->since_known, a->finding->since_us);
	m->may_be_invalid = true;
	try_plan(m, plan, "the whole plan", &t);
	m->shown = shows(m, &t);
	if (m->shown) {
		m->may_be_invalid = run_verdict(t.report) == RUN_INVALID;
		count_injected(plan, t.report, injected);
		set_load(m, plan, &t);
		shrink_begin(&m->search, plan, injected);
		m->after = size_of(plan, t.report->injected);
		m->status = save(m);
	}
	attempt_free(&t);
	plan_free(plan);
	return m->shown && !m->status;
}

/* False to end the search. */
static bool step(struct minimise *m)
{
	struct plan *plan = m->search.candidate;
	uint64_t injected[PLAN_MAX_FAULTS];
	struct attempt t;
	bool yes;

	try_plan(m, plan, m->search.what, &t);
	yes = shows(m, &t);
	if (yes) {
		count_injected(plan, t.report, injected);
		set_load(m, plan, &t);
		m->after = size_of(plan, t.report->injected);
	}
	if (yes || (!m->status && !signals_stop()))
		shrink_answer(&m->search, yes, yes ? injected : NULL);
	if (yes)
		m->status = save(m);
	attempt_free(&t);
	return !m->status && !signals_stop();
}

void minimise(struct minimise *m)
{
	if (begin(m))
		while (!signals_stop() && shrink_next(&m->search) && step(m))
			;
	unlink(m->candidate);
}
