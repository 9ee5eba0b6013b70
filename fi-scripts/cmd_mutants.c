// SPDX-License-Identifier: GPL-2.0-or-later
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign_json.h"
#include "campaign_text.h"
#include "command.h"
#include "files.h"
#include "judge.h"
#include "kernel.h"
#include "mutant.h"
#include "options.h"
#include "plan.h"
#include "run_plan.h"
#include "rundir.h"
#include "session.h"
#include "signals.h"
#include "xmem.h"

#define MAX_SEEDS      1000
#define DEFAULT_BUDGET 10000000 /* us */

struct mutants_args {
	struct names only, files; /* borrowed words */
	const char *plan; /* NULL: the usual one */
	unsigned int seeds;
	uint64_t budget_us;
	bool baseline;
	bool json;
	enum accel_wish accel;
};

/* ---- arguments ---- */

static void collect(struct names *names, char *word)
{
	names->v = xgrow(names->v, names->n, sizeof(*names->v));
	names->v[names->n++] = word;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct mutants_args *args = state->input;

	switch (key) {
	case 'o':
		collect(&args->only, arg);
		return 0;
	case 'f':
		collect(&args->files, arg);
		return 0;
	case 'p':
		args->plan = option_plan(arg);
		return 0;
	case 's':
		args->seeds =
		    (unsigned int)option_value(state, "--seeds", UNIT_COUNT, arg, 1, MAX_SEEDS);
		return 0;
	case 'b':
		args->budget_us = option_duration(state, "--budget", arg);
		return 0;
	case 'n':
		args->baseline = true;
		return 0;
	case 'a':
		args->accel = option_accel(state, arg);
		return 0;
	case 'j':
		args->json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state,
			   "'%s' is one too many; --only NAME or --file FILE says which "
			   "mutants",
			   arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
    {"only", 'o', "NAME", 0, "Only this mutant of kernel/mutants; may be repeated", 0},
    {"file", 'f', "FILE", 0, "Only this mutant file; may be repeated", 0},
    {"plan", 'p', "PLAN", 0,
     "Run this plan instead of configs/plans/mutants.ini and those that mutants name", 0},
    {"seeds", 's', "N", 0, "Run each mutant with the seeds 1 to N (1)", 0},
    {"budget", 'b', "TIME", 0, "Length of the load of each run (10 s)", 0},
    {"no-faults", 'n', NULL, 0,
     "Run each mutant without the plan's faults, too: what would be found without injection", 0},
    {"accel", 'a', "WHAT", 0, "As for 'run'", 0},
    {"json", 'j', NULL, 0, "Print JSON instead of a table", 0},
    {0},
};

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .doc = "Builds kernels with seeded bugs, one after the other, runs the plan on each and shows "
	   "which were found, by what, and how fast. The table is kept in "
	   "build/mutants/latest.\n\nExample: septorture mutants --only stats-before-external "
	   "--budget 20s",
};

/* ---- before anything that takes long; each returns an EXIT_ status ---- */

static int select_mutants(struct session *s, const struct mutants_args *args)
{
	char *error;
	int bad = 0;

	if (!args->only.n && !args->files.n)
		bad = mutants_add_all(&s->mutants, &error);
	for (size_t i = 0; !bad && i < args->only.n; i++)
		bad = mutants_add_name(&s->mutants, args->only.v[i], &error);
	for (size_t i = 0; !bad && i < args->files.n; i++)
		bad = mutants_add_file(&s->mutants, args->files.v[i], &error);
	if (bad)
		return say_error(error, EXIT_USAGE);
	if (s->mutants.n)
		return EXIT_CLEAN;
	say("there are no mutants in %s/kernel/mutants", shown_path(s->src));
	return EXIT_USAGE;
}

static int read_plan(struct session *s, const char *given)
{
	char *usual = xasprintf("%s/configs/plans/mutants.ini", shown_path(s->src));
	const char *path = given ? given : usual;

	s->plan = run_read_plan(path);
	s->plan_path = s->plan ? realpath(path, NULL) : NULL;
	free(usual);
	return s->plan_path ? EXIT_CLEAN : EXIT_USAGE;
}

/* The plan that mutant I names; it is built once, so its kernel is that of all. */
static int read_own_plan(struct session *s, size_t i)
{
	const struct mutant *m = &s->mutants.list[i];
	char *path = xasprintf("%s/configs/plans/%s.ini", shown_path(s->src), m->plan);
	struct plan *plan = run_read_plan(path);
	bool other = plan && strcmp(plan->kernel, s->plan->kernel) != 0;

	if (other)
		say("the mutant '%s' needs a plan with the kernel '%s', and '%s' is one with '%s'",
		    m->name, s->plan->kernel, m->plan, plan->kernel);
	if (plan && !other)
		s->own_plans[i] = realpath(path, NULL);
	plan_free(plan);
	free(path);
	return s->own_plans[i] ? EXIT_CLEAN : EXIT_USAGE;
}

static int read_plans(struct session *s, const char *given)
{
	int status = read_plan(s, given);

	s->own_plans = xcalloc(s->mutants.n, sizeof(*s->own_plans));
	for (size_t i = 0; !status && !given && i < s->mutants.n; i++)
		if (*s->mutants.list[i].plan)
			status = read_own_plan(s, i);
	return status;
}

static int check(struct session *s, const struct mutants_args *args)
{
	int status;

	s->src = run_source();
	if (!s->src)
		return EXIT_INFRA;
	status = select_mutants(s, args);
	if (!status)
		status = read_plans(s, args->plan);
	if (!status)
		status = run_check_known(s->src);
	if (status)
		return status;
	s->qemu = run_emulator();
	return s->qemu ? EXIT_CLEAN : EXIT_INFRA;
}

/* ---- the record ---- */

static void describe(struct session *s, const struct mutants_args *args)
{
	struct campaign *c = campaign_new();

	s->campaign = c;
	c->id = xstrdup(s->dir.id);
	c->dir = xstrdup(shown_path(s->dir.path));
	c->plan = files_from_source(s->src, s->plan_path);
	c->seeds = args->seeds;
	c->budget_us = args->budget_us;
	c->baseline = args->baseline;
	c->accel = xstrdup(accel_name(s->accel.accel));
	for (size_t i = 0; i < s->mutants.n; i++) {
		const struct mutant *m = &s->mutants.list[i];

		*campaign_add(c) = (struct trial){
		    .name = xstrdup(m->name),
		    .family = xstrdup(m->family),
		    .plan = s->own_plans[i] ? files_from_source(s->src, s->own_plans[i]) : NULL,
		    .expect = xstrdup(m->expect),
		    .trigger = xstrdup(m->trigger),
		    .source = xstrdup(m->source),
		    .control = mutant_is_control(m),
		};
	}
}

/* ---- the command ---- */

static int choose_accel(struct session *s, const char *image)
{
	char *agent = run_agent(s->src);
	int status = accel_choose(&s->accel, &(struct accel_subject){
						 .kernel = image,
						 .agent = agent,
						 .plan = s->plan_path,
						 .qemu = s->qemu,
						 .dir = s->dir.path,
					     });

	free(agent);
	return status;
}

/*
 * The clean kernel first: what is wrong with it is no mutant's fault, and the
 * accelerator is chosen with it, as a mutant may not boot.
 */
static int begin(struct session *s)
{
	char *image, *error;
	int status = build_status(kernel_build(s->src, s->plan->kernel, NULL, &image));

	if (!status && rundir_make(&s->dir, s->src, "mutants", s->plan->name, NULL, &error))
		status = say_error(error, EXIT_INFRA);
	if (!status)
		status = choose_accel(s, image);
	if (signals_stop()) {
		say("nothing was run: stopped by signal %d (%s)", signals_stop(),
		    strsignal(signals_stop()));
		status = EXIT_INFRA;
	}
	free(image);
	return status;
}

static int exit_status(const struct campaign *c)
{
	struct summary s = judge_campaign(c);
	int status = EXIT_CLEAN;

	if (c->stopped)
		status = EXIT_INFRA;
	else if (s.outcomes[OUTCOME_REFUSED])
		status = EXIT_USAGE;
	else if (s.outcomes[OUTCOME_BROKEN] || s.outcomes[OUTCOME_UNBUILT] || s.invalid_runs)
		status = EXIT_INFRA;
	else if (s.found < s.mutants || s.flagged)
		status = EXIT_FINDINGS;
	summary_free(&s);
	return status;
}

static int run_session(struct session *s, const struct mutants_args *args)
{
	int status;

	describe(s, args);
	status = session_run(s);
	if (args->json)
		campaign_json(s->campaign, stdout);
	else
		campaign_text(s->campaign, stdout);
	return status ? status : exit_status(s->campaign);
}

static void free_session(struct session *s)
{
	free(s->src);
	for (size_t i = 0; s->own_plans && i < s->mutants.n; i++)
		free(s->own_plans[i]);
	free(s->own_plans);
	free(s->plan_path);
	plan_free(s->plan);
	free(s->qemu);
	mutants_free(&s->mutants);
	accel_free(&s->accel);
	campaign_free(s->campaign);
}

static int run_checked(struct session *s, const struct mutants_args *args)
{
	int status;

	/* What was found until then is kept. */
	signals_catch();
	s->accel.wish = args->accel;
	status = begin(s);
	if (status) {
		rundir_discard(&s->dir);
		return status;
	}
	status = run_session(s, args);
	rundir_end(&s->dir);
	return status;
}

int cmd_mutants(int argc, char **argv)
{
	struct mutants_args args = {.seeds = 1, .budget_us = DEFAULT_BUDGET};
	struct session s = {0};
	int status = EXIT_USAGE;

	if (!argp_parse(&argp, argc, argv, 0, NULL, &args)) {
		signals_prepare();
		status = check(&s, &args);
		if (!status)
			status = run_checked(&s, &args);
	}
	free_session(&s);
	free(args.only.v);
	free(args.files.v);
	return status;
}
