// SPDX-License-Identifier: GPL-2.0-or-later
#include "session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign_json.h"
#include "campaign_text.h"
#include "command.h"
#include "draft.h"
#include "judge.h"
#include "kernel.h"
#include "run_plan.h"
#include "signals.h"
#include "table.h"
#include "xmem.h"

/* ---- the record ---- */

static int save_as(const struct session *s, const char *name,
		   void (*write)(const struct campaign *, FILE *))
{
	char *path = xasprintf("%s/%s", s->dir.path, name), *error;
	FILE *f = draft_open(path);
	int bad;

	if (f)
		write(s->campaign, f);
	bad = draft_close(f, path, &error);
	free(path);
	return bad ? say_error(error, EXIT_INFRA) : EXIT_CLEAN;
}

/* All that is known so far: whatever happens next, this is kept. */
static int save(const struct session *s)
{
	int status = save_as(s, "mutants.json", campaign_json);

	return status ? status : save_as(s, "mutants.txt", campaign_text);
}

/* ---- runs; each returns an EXIT_ status, other than 0 if nothing more can be run ---- */

/* WHAT, which is freed, about mutant I. */
static void progress(const struct session *s, size_t i, char *what)
{
	char *line =
	    xasprintf("[%zu/%zu] %s%s", i + 1, s->mutants.n, s->mutants.list[i].name, what);

	table_line(line, "", stderr);
	free(line);
	free(what);
}

static int build(struct session *s, size_t i, char **image)
{
	static const enum trial_build builds[] = {
	    [BUILD_DONE] = TRIAL_BUILT,
	    [BUILD_REFUSED] = TRIAL_REFUSED,
	    [BUILD_BROKEN] = TRIAL_BROKEN,
	    [BUILD_FAILED] = TRIAL_UNBUILT,
	};
	struct trial *t = &s->campaign->trials[i];
	enum build result = kernel_build(s->src, s->plan->kernel, s->mutants.list[i].file, image);
	struct judgement j;

	if (signals_stop())
		return EXIT_INFRA;
	t->build = builds[result];
	if (result == BUILD_DONE)
		return EXIT_CLEAN;
	j = judge_trial(s->campaign, t);
	progress(s, i, xasprintf(": %s", outcome_word(t, j.outcome)));
	judgement_free(&j);
	return save(s);
}

/* A run that was cut short says something only if it found something. */
static bool is_result(const struct run_report *report)
{
	return !signals_stop() || report->ended || run_new_findings(report);
}

static void record(struct session *s, size_t i, const struct run_report *report)
{
	struct trial *t = &s->campaign->trials[i];
	const struct trial_run *r = trial_record(t, report);
	char *text = trial_run_text(t, r);

	if (!s->campaign->kernel)
		s->campaign->kernel = xstrdup(report->kernel);
	progress(s, i,
		 xasprintf(" seed %" PRIu64 "%s: %s", r->seed, r->faults ? "" : " without faults",
			   text));
	free(text);
}

static int run_once(struct session *s, size_t i, const char *image, uint64_t seed, bool faults)
{
	struct run_args args = {
	    .plan = s->own_plans[i] ? s->own_plans[i] : s->plan_path,
	    .mutant = s->mutants.list[i].file,
	    .image = image,
	    .seed = seed,
	    .duration_us = s->campaign->budget_us,
	    .no_faults = !faults,
	    .quiet = true,
	    .chosen = &s->accel,
	};
	struct run_report *report;
	int status = run_plan(&args, &report);

	/* Then the machine is to blame, and the next run would come to the same. */
	if (!report)
		return status;
	status = EXIT_CLEAN;
	if (is_result(report)) {
		record(s, i, report);
		status = save(s);
	}
	run_free(report);
	return signals_stop() ? EXIT_INFRA : status;
}

static int run_seeds(struct session *s, size_t i, const char *image, bool faults)
{
	int status = EXIT_CLEAN;

	for (unsigned int seed = 1; !status && seed <= s->campaign->seeds; seed++)
		status = run_once(s, i, image, seed, faults);
	return status;
}

static int run_mutant(struct session *s, size_t i)
{
	char *image = NULL;
	int status = build(s, i, &image);

	if (!status && image)
		status = run_seeds(s, i, image, true);
	if (!status && image && s->campaign->baseline)
		status = run_seeds(s, i, image, false);
	free(image);
	return status;
}

static int run_all(struct session *s)
{
	int status = EXIT_CLEAN;

	for (size_t i = 0; !status && i < s->mutants.n; i++)
		status = signals_stop() ? EXIT_INFRA : run_mutant(s, i);
	return status;
}

int session_run(struct session *s)
{
	int status = save(s);

	if (status)
		return status;
	rundir_publish(&s->dir);
	status = run_all(s);
	if (signals_stop())
		s->campaign->stopped =
		    xasprintf("by signal %d (%s)", signals_stop(), strsignal(signals_stop()));
	else if (status)
		s->campaign->stopped = xstrdup("no more runs were possible, see above");
	return save(s);
}
