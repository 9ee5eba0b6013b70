// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "options.h"
#include "plan.h"
#include "run_plan.h"
#include "signals.h"
#include "text.h"
#include "xmem.h"

#define TAIL_LINES 20

/* ---- arguments ---- */

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct run_args *args = state->input;

	switch (key) {
	case 'K':
		args->kernel = arg;
		return 0;
	case 'P':
		args->platform = option_platform(state, arg);
		return 0;
	case 'm':
		args->mutant = arg;
		return 0;
	case 's':
		args->seed = option_value(state, "--seed", UNIT_COUNT, arg, 1, UINT64_MAX);
		return 0;
	case 'd':
		args->duration_us = option_duration(state, "--duration", arg);
		return 0;
	case 'n':
		args->no_faults = true;
		return 0;
	case 'a':
		args->accel = option_accel(state, arg);
		return 0;
	case 'k':
		args->keep = true;
		return 0;
	case ARGP_KEY_ARG:
		if (args->plan)
			argp_error(state, "one plan at a time; '%s' is one too many", arg);
		args->plan = option_plan(arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "say which plan, such as quick");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
    {"kernel", 'K', "CONFIG", 0, "Run it on this kernel: a name in configs/kernel (race, mem)", 0},
    {"platform", 'P', "WHICH", 0,
     "Of a plan that is for both, run it on this platform alone: mirror or direct", 0},
    {"mutant", 'm', "NAME", 0,
     "Build the kernel with this seeded bug: a name ('septorture list mutants') or the path of a "
     "mutant file",
     0},
    {"seed", 's', "N", 0, "Use this seed instead of the plan's", 0},
    {"no-faults", 'n', NULL, 0, "Leave the plan's faults out: the load alone", 0},
    {"duration", 'd', "TIME", 0, "Length of the load, such as '60 s', instead of the plan's", 0},
    {"accel", 'a', "WHAT", 0,
     "Run the VM with kvm, or with tcg, or (auto, the default) with KVM if our kernel boots with "
     "it",
     0},
    {"keep", 'k', NULL, 0, "Keep the initramfs, to boot the VM again by hand (see qemu.log)", 0},
    {0},
};

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "PLAN",
    .doc = "Boots a test kernel in a VM, runs the plan in it and reports what broke. Everything "
	   "about the run is kept in build/runs/latest.\n\nExample: septorture run --duration 60s "
	   "zap-storm",
};

/* ---- what is shown ---- */

/* The last lines of a file of the run, if it has any, on stderr. */
static void show_tail(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "re");
	char *lines[TAIL_LINES] = {0};
	size_t sizes[TAIL_LINES] = {0}, n = 0;

	while (f && getline(&lines[n % TAIL_LINES], &sizes[n % TAIL_LINES], f) > 0)
		n++;
	if (n)
		fprintf(stderr, "---- the last lines of %s ----\n", path);
	for (size_t i = n > TAIL_LINES ? n - TAIL_LINES : 0; i < n; i++) {
		for (char *s = lines[i % TAIL_LINES]; *s; s++)
			if ((*s >= 0 && *s < ' ' && *s != '\t') || *s == 0x7f)
				*s = *s == '\n' || *s == '\r' ? ' ' : '?';
		fprintf(stderr, "%s\n", lines[i % TAIL_LINES]);
	}
	for (size_t i = 0; i < TAIL_LINES; i++)
		free(lines[i]);
	if (f)
		fclose(f);
	free(path);
}

static int run_once(const struct run_args *args)
{
	struct run_report *report;
	int status = run_plan(args, &report);

	if (!report)
		return status;
	if (!report->ended && !signals_stop()) {
		show_tail(report->dir, "console.log");
		if (status == EXIT_INFRA)
			show_tail(report->dir, "qemu.log");
	}
	text_summary(report, stdout);
	run_free(report);
	return status;
}

/* On one platform after the other; what was found on any of them counts. */
static int run_both(struct run_args *args)
{
	int mirror, direct;

	if (args->accel == WISH_KVM) {
		say("--accel kvm is not possible on the platform direct; with --platform mirror it "
		    "is");
		return EXIT_USAGE;
	}
	args->platform = PLATFORM_MIRROR;
	mirror = run_once(args);
	if (mirror > EXIT_FINDINGS || signals_stop())
		return mirror;
	args->platform = PLATFORM_DIRECT;
	direct = run_once(args);
	return direct > EXIT_FINDINGS ? direct : mirror | direct;
}

int cmd_run(int argc, char **argv)
{
	struct run_args args = {0};
	struct plan *plan;
	bool both;

	if (argp_parse(&argp, argc, argv, 0, NULL, &args))
		return EXIT_USAGE;
	signals_prepare();
	plan = args.platform ? NULL : run_read_plan(args.plan);
	if (!args.platform && !plan)
		return EXIT_USAGE;
	both = plan && plan->platform == PLATFORM_BOTH;
	plan_free(plan);
	return both ? run_both(&args) : run_once(&args);
}
