// SPDX-License-Identifier: GPL-2.0-or-later
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "accel.h"
#include "command.h"
#include "emulator.h"
#include "format.h"
#include "ingest.h"
#include "initramfs.h"
#include "kernel.h"
#include "known.h"
#include "plan.h"
#include "rundir.h"
#include "text.h"
#include "units.h"
#include "vm.h"
#include "xmem.h"

#define TAIL_LINES 20

struct run_args {
	const char *plan;
	const char *mutant;
	uint64_t seed; /* 0: the plan's */
	uint64_t duration_us; /* 0: the plan's */
	bool keep;
	enum accel_wish accel;
};

/* One run, from the plan to its report. */
struct run {
	const struct run_args *args;
	char *src;
	struct plan *plan;
	char *qemu; /* its version */
	char *image;
	char *initrd;
	struct rundir dir;
	struct accel_choice accel;
	struct vm_result vm;
};

/* ---- arguments ---- */

static void parse_value(struct argp_state *state, const char *name, enum stress_unit unit,
			const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	char *error = unit_parse_range(unit, text, min, max, value);

	if (error)
		argp_error(state, "%s: %s", name, error);
}

static enum accel_wish parse_accel(struct argp_state *state, const char *word)
{
	if (!strcmp(word, "kvm"))
		return WISH_KVM;
	if (!strcmp(word, "tcg"))
		return WISH_TCG;
	if (strcmp(word, "auto"))
		argp_error(state, "--accel: '%s' is not one of auto, kvm and tcg", word);
	return WISH_AUTO;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct run_args *args = state->input;

	switch (key) {
	case 'm':
		args->mutant = arg;
		return 0;
	case 's':
		parse_value(state, "--seed", UNIT_COUNT, arg, 1, UINT64_MAX, &args->seed);
		return 0;
	case 'd':
		parse_value(state, "--duration", UNIT_TIME, arg, PLAN_MIN_DURATION_US,
			    PLAN_MAX_DURATION_US, &args->duration_us);
		return 0;
	case 'a':
		args->accel = parse_accel(state, arg);
		return 0;
	case 'k':
		args->keep = true;
		return 0;
	case ARGP_KEY_ARG:
		if (args->plan)
			argp_error(state, "one plan at a time; '%s' is one too many", arg);
		args->plan = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "say which plan, such as configs/plans/quick.ini");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
    {"mutant", 'm', "NAME", 0,
     "Build the kernel with this seeded bug: a name ('septorture list mutants') or the path of a "
     "mutant file",
     0},
    {"seed", 's', "N", 0, "Use this seed instead of the plan's", 0},
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
	   "about the run is kept in build/runs/latest.",
};

/* ---- the steps; each returns an EXIT_ status and has said what went wrong ---- */

static int say_owned(char *error, int status)
{
	say("%s", error);
	free(error);
	return status;
}

static int read_plan(struct run *run)
{
	const struct run_args *args = run->args;
	char *error;

	run->plan = plan_read(args->plan, &error);
	if (!run->plan) {
		/* As it is: FILE:LINE: is what editors look for. */
		fprintf(stderr, "%s\n", error);
		free(error);
		return EXIT_USAGE;
	}
	if (args->duration_us)
		run->plan->duration_us = args->duration_us;
	if (args->seed)
		run->plan->seed = args->seed;
	while (!run->plan->seed)
		if (getrandom(&run->plan->seed, sizeof(run->plan->seed), 0) < 0) {
			say("cannot draw a seed: %s; give one with --seed", strerror(errno));
			return EXIT_INFRA;
		}
	return EXIT_CLEAN;
}

static int find_source(struct run *run)
{
	run->src = realpath(source_dir(), NULL);
	if (run->src)
		return EXIT_CLEAN;
	say("cannot find the source tree %s: %s; set SEPTORTURE_SRC to it", source_dir(),
	    strerror(errno));
	return EXIT_INFRA;
}

/* Before anything that takes long. */
static int find_emulator(struct run *run)
{
	char *error;

	run->qemu = emulator_version(&error);
	return run->qemu ? EXIT_CLEAN : say_owned(error, EXIT_INFRA);
}

static int prepare(struct run *run)
{
	const char *other = getenv("SEPTORTURE_AGENT"); /* tests boot programs of their own */
	char *agent = other ? xstrdup(other) : xasprintf("%s/build/agent", run->src);
	char *plan = NULL, *error = NULL;
	int bad = rundir_make(&run->dir, run->src, run->plan->name, run->args->mutant, &error);

	if (!bad) {
		plan = xasprintf("%s/plan.ini", run->dir.path);
		run->initrd = xasprintf("%s/initramfs.cpio", run->dir.path);
		bad = copy_file(run->args->plan, plan, &error) ||
		      initramfs_write(run->initrd, agent, plan, &error);
	}
	free(agent);
	free(plan);
	return bad ? say_owned(error, EXIT_INFRA) : EXIT_CLEAN;
}

/* A probe boots the real agent, whatever the run is to boot. */
static int choose_accel(struct run *run)
{
	char *agent = xasprintf("%s/build/agent", run->src);
	char *plan = xasprintf("%s/plan.ini", run->dir.path);
	struct accel_subject subject = {
	    .kernel = run->image,
	    .agent = agent,
	    .plan = plan,
	    .qemu = run->qemu,
	    .dir = run->dir.path,
	};
	int status;

	run->accel.wish = run->args->accel;
	status = accel_choose(&run->accel, &subject);
	free(agent);
	free(plan);
	return status;
}

static int boot(struct run *run)
{
	struct vm_config config = {
	    .dir = run->dir.path,
	    .kernel = run->image,
	    .initrd = run->initrd,
	    .cpus = run->plan->cpus,
	    .memory = run->plan->memory,
	    .seed = run->plan->seed,
	    .duration_us = run->plan->duration_us,
	    .accel = run->accel.accel,
	};
	char *load = unit_format(UNIT_TIME, run->plan->duration_us);
	char *error;

	rundir_publish(&run->dir);
	say("booting %s: %s of load, seed %" PRIu64 ", in %s", run->plan->name, load,
	    run->plan->seed, shown_path(run->dir.path));
	free(load);
	if (vm_run(&config, &run->vm, &error))
		return say_owned(error, EXIT_INFRA);
	say("the VM is gone after %" PRIu64 " s%s%s", run->vm.wall_ms / 1000,
	    run->vm.why ? ": " : "", run->vm.why ? run->vm.why : "");
	accel_learn(&run->accel, &run->vm);
	return EXIT_CLEAN;
}

/* ---- the report ---- */

/* The last lines of a file of the run, if it has any, on stderr. */
static void show_tail(const struct run *run, const char *name)
{
	char *path = xasprintf("%s/%s", run->dir.path, name);
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

static struct run_report *make_report(struct run *run)
{
	struct run_report *report = run_new();

	report->dir = xstrdup(shown_path(run->dir.path));
	report->id = xstrdup(run->dir.id);
	report->plan = xstrdup(run->plan->name);
	report->mutant = xstrdup(run->args->mutant);
	report->accel = xstrdup(accel_name(run->accel.accel));
	report->accel_why = xstrdup(run->accel.why);
	report->seed = run->plan->seed;
	report->duration_us = run->plan->duration_us;
	report->wall_ms = run->vm.wall_ms;
	report->vm_end = xstrdup(run->vm.why);
	report->scope = scope_load(run->src, run->image);
	ingest_run(report, run->dir.path);
	/* Nobody knows what is missing. */
	if (run->vm.no_room) {
		free(report->invalid);
		report->invalid = xstrdup(run->vm.why);
	}
	return report;
}

static int report(struct run *run)
{
	static const int exits[] = {
	    [RUN_CLEAN] = EXIT_CLEAN,
	    [RUN_FINDINGS] = EXIT_FINDINGS,
	    [RUN_INVALID] = EXIT_INFRA,
	};
	struct run_report *report = make_report(run);
	char *known = xasprintf("%s/configs/known-findings.txt", run->src);
	char *error;
	int bad = known_mark(report, known, &error);
	int status = exits[run_verdict(report)];

	free(known);
	if (bad)
		status = say_owned(error, EXIT_INFRA);
	if (!report->ended && !run->vm.interrupted) {
		show_tail(run, "console.log");
		if (status == EXIT_INFRA)
			show_tail(run, "qemu.log");
	}
	/* On a full disk this makes room for the report. */
	if (!run->args->keep)
		rundir_clear(&run->dir);
	if (report_write_all(report, run->dir.path, &error))
		status = say_owned(error, EXIT_INFRA);
	text_format.write(report, stdout);
	run_free(report);
	return status;
}

static int run_all(struct run *run)
{
	int status = find_source(run);

	if (!status)
		status = read_plan(run);
	if (!status)
		status = find_emulator(run);
	if (!status)
		status = kernel_build(run->src, run->plan->kernel, run->args->mutant, &run->image);
	if (!status)
		status = prepare(run);
	if (!status)
		status = choose_accel(run);
	if (!status)
		status = boot(run);
	if (status) {
		rundir_discard(&run->dir);
		return status;
	}
	status = report(run);
	rundir_end(&run->dir);
	return status;
}

/* What we may have inherited or been left with by default does not suit us. */
static void prepare_signals(void)
{
	/* Ignored, children would vanish without a status. */
	signal(SIGCHLD, SIG_DFL);
	/* A closed pipe or a file that may not grow is no reason to leave things behind. */
	failing_writes_kill(false);
}

int cmd_run(int argc, char **argv)
{
	struct run_args args = {0};
	struct run run = {.args = &args};
	int status;

	if (argp_parse(&argp, argc, argv, 0, NULL, &args))
		return EXIT_USAGE;
	prepare_signals();
	status = run_all(&run);
	free(run.src);
	plan_free(run.plan);
	free(run.qemu);
	free(run.image);
	free(run.initrd);
	free(run.vm.why);
	accel_free(&run.accel);
	return status;
}
