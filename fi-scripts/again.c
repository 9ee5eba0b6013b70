// SPDX-License-Identifier: GPL-2.0-or-later
#include "again.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "kernel.h"
#include "options.h"
#include "run_plan.h"
#include "signals.h"
#include "table.h"
#include "xmem.h"

#define MAX_TRIES 1000
#define SEC	  1000000ull
#define STEP	  100000ull /* loads are multiples of that */

/* ---- arguments ---- */

error_t again_option(struct again_args *args, int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 't':
		args->tries =
		    (unsigned int)option_value(state, "--tries", UNIT_COUNT, arg, 1, MAX_TRIES);
		return 0;
	case 'a':
		args->accel = option_accel(state, arg);
		args->accel_given = true;
		return 0;
	case ARGP_KEY_ARG:
		if (args->run)
			argp_error(state, "one run at a time; '%s' is one too many", arg);
		args->run = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "say which run: an id of build/runs, a path, or 'latest'");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- begin and end ---- */

static enum accel_wish past_accel(const char *name)
{
	if (!strcmp(name, "tcg"))
		return WISH_TCG;
	return strcmp(name, "kvm") ? WISH_AUTO : WISH_KVM;
}

static int find_run(struct again *a, const char *word)
{
	const char *finding;
	char *error;
	int status = past_run_read(&a->run, a->src, word, &finding, &error);

	if (status)
		return say_error(error, status);
	a->finding = past_run_finding(&a->run, finding, &error);
	if (!a->finding)
		return say_error(error, EXIT_USAGE);
	a->plan = run_read_plan(a->run.plan_path);
	if (!a->plan)
		return EXIT_USAGE;
	if (*a->run.config && !plan_set_kernel(a->plan, a->run.config))
		return say_error(xasprintf("report.json says that the kernel was '%s', which is no "
					   "name in configs/kernel",
					   a->run.config),
				 EXIT_USAGE);
	a->plan->seed = a->run.seed;
	/* Of one for both, what becomes of it is for one. */
	if (a->plan->platform != PLATFORM_BOTH)
		a->run.platform = 0;
	else if (a->run.platform)
		a->plan->platform = a->run.platform;
	free(a->plan->name);
	a->plan->name = xstrdup(a->run.plan);
	return EXIT_CLEAN;
}

static int check_emulator(void)
{
	char *version = run_emulator();

	free(version);
	return version ? EXIT_CLEAN : EXIT_INFRA;
}

int again_begin(struct again *a, const struct again_args *args)
{
	int status;

	signals_prepare();
	a->src = run_source();
	if (!a->src)
		return EXIT_INFRA;
	status = find_run(a, args->run);
	if (!status)
		status = check_emulator();
	if (status)
		return status;
	a->accel = args->accel_given ? args->accel : past_accel(a->run.accel);
	signals_catch();
	a->ready = true;
	status = build_status(kernel_build(a->src, a->plan->kernel, a->run.mutant, &a->image));
	if (!signals_stop())
		return status;
	say("nothing was run: stopped by signal %d (%s)", signals_stop(),
	    strsignal(signals_stop()));
	return EXIT_INFRA;
}

void again_end(struct again *a)
{
	free(a->src);
	past_run_free(&a->run);
	plan_free(a->plan);
	free(a->image);
}

void again_describe(const struct again *a, FILE *out)
{
	char *line = xasprintf("finding  %s", a->finding->signature);

	fprintf(out, "run      %s\n", a->run.id);
	table_line(line, "", out);
	fprintf(out, "plan     %s, seed %" PRIu64 "%s%s%s\n", a->run.plan, a->run.seed,
		a->run.mutant ? ", mutant " : "", a->run.mutant ? a->run.mutant : "",
		a->run.no_faults ? ", without its faults" : "");
	fflush(out);
	free(line);
}

/* ---- one try ---- */

uint64_t again_load(uint64_t asked, bool since_known, uint64_t since_us)
{
	uint64_t enough;

	if (!since_known || since_us > asked)
		return asked;
	enough = (3 * since_us + 3 * SEC + STEP - 1) / STEP * STEP;
	return enough < asked ? enough : asked;
}

static const struct finding *find_back(const struct again *a, const struct run_report *report)
{
	for (size_t i = 0; i < report->nfindings; i++)
		if (!strcmp(report->findings[i].signature, a->finding->signature))
			return &report->findings[i];
	return NULL;
}

static enum try_outcome judge(const struct attempt *t)
{
	if (!t->report)
		return signals_stop() ? TRY_STOPPED : TRY_IMPOSSIBLE;
	if (t->found)
		return TRY_BACK;
	if (signals_stop() && !t->report->ended)
		return TRY_STOPPED;
	return run_verdict(t->report) == RUN_INVALID ? TRY_NO_RESULT : TRY_NOT;
}

void again_try(const struct again *a, const char *path, uint64_t load_us, struct attempt *t)
{
	struct run_args args = {
	    .plan = path,
	    .name = a->run.plan,
	    .platform = a->run.platform,
	    .mutant = a->run.mutant,
	    .image = a->image,
	    .seed = a->run.seed,
	    .duration_us = load_us,
	    .no_faults = a->run.no_faults,
	    .quiet = true,
	    .accel = a->accel,
	};

	*t = (struct attempt){0};
	t->status = run_plan(&args, &t->report);
	t->found = t->report ? find_back(a, t->report) : NULL;
	t->outcome = judge(t);
}

void attempt_free(struct attempt *t)
{
	run_free(t->report);
	*t = (struct attempt){0};
}

static char *back_text(const struct attempt *t)
{
	const struct injected *in = &t->found->injected;
	uint64_t since;
	char *when = run_since_load(t->report, t->found, &since)
			 ? xasprintf("after %.2f s", since / 1e6)
			 : xstrdup("at an unknown time");
	char *text = in->known ? xasprintf("came back %s, %" PRIu64 " injections", when, in->total)
			       : xasprintf("came back %s", when);

	free(when);
	return text;
}

static char *not_text(const struct attempt *t)
{
	for (size_t i = 0; i < t->report->nfindings; i++)
		if (run_counts(&t->report->findings[i]))
			return xasprintf("did not come back, but: %s",
					 t->report->findings[i].signature);
	return xstrdup("did not come back");
}

char *attempt_text(const struct attempt *t)
{
	char *invalid, *text;

	switch (t->outcome) {
	case TRY_BACK:
		return back_text(t);
	case TRY_NOT:
		return not_text(t);
	case TRY_NO_RESULT:
		invalid = run_invalid(t->report);
		text = xasprintf("no result: %s", invalid ? invalid : "unknown");
		free(invalid);
		return text;
	case TRY_STOPPED:
		return xstrdup("stopped");
	default:
		return xstrdup("not run");
	}
}
