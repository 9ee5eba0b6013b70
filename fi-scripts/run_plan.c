// SPDX-License-Identifier: GPL-2.0-or-later
#include "run_steps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "command.h"
#include "emulator.h"
#include "format.h"
#include "gcov.h"
#include "ingest.h"
#include "kernel.h"
#include "known.h"
#include "mutant.h"
#include "plan.h"
#include "programs.h"
#include "reproduce.h"
#include "results.h"
#include "units.h"
#include "xmem.h"

/* ---- what every run needs ---- */

/* What is relative is so from here; kernels are built elsewhere. */
static void fix_ksrc(void)
{
	const char *given = getenv("KSRC");
	char *path = given && *given ? realpath(given, NULL) : NULL;

	/* kernel/fetch.sh says what is wrong with one that is not there. */
	if (path)
		setenv("KSRC", path, 1);
	free(path);
}

char *run_source(void)
{
	char *src = realpath(source_dir(), NULL);

	if (!src)
		say("cannot find the source tree %s: %s; set SEPTORTURE_SRC to it", source_dir(),
		    strerror(errno));
	else
		fix_ksrc();
	return src;
}

int run_draw_seed(uint64_t *seed)
{
	while (!*seed)
		if (getrandom(seed, sizeof(*seed), 0) < 0) {
			say("cannot draw a seed: %s; give one with --seed", strerror(errno));
			return EXIT_INFRA;
		}
	return EXIT_CLEAN;
}

struct plan *run_read_plan(const char *path)
{
	char *error;
	struct plan *plan = plan_read(path, &error);

	if (plan)
		return plan;
	/* As it is: FILE:LINE: is what editors look for. */
	fprintf(stderr, "%s\n", error);
	free(error);
	return NULL;
}

char *run_emulator(void)
{
	char *error, *version = emulator_version(&error);

	if (!version)
		say_error(error, EXIT_INFRA);
	return version;
}

char *run_agent(const char *src)
{
	return xasprintf("%s/build/agent", src);
}

char *run_known_file(const char *src)
{
	return xasprintf("%s/configs/known-findings.txt", src);
}

int run_check_known(const char *src)
{
	struct run_report *nothing = run_new();
	char *path = run_known_file(src), *error;
	int bad = known_mark(nothing, path, &error);

	run_free(nothing);
	free(path);
	return bad ? say_error(error, EXIT_INFRA) : EXIT_CLEAN;
}

/* ---- the steps; each returns an EXIT_ status and has said what went wrong ---- */

static int find_source(struct run *run)
{
	run->src = run_source();
	return run->src ? EXIT_CLEAN : EXIT_INFRA;
}

/* Of a plan for both, one. */
static int choose_platform(struct plan *plan, enum platform wish)
{
	if (wish && !(wish & plan->platform)) {
		say("the plan %s is for platform %s, not %s", plan->name,
		    platform_name(plan->platform), platform_name(wish));
		return EXIT_USAGE;
	}
	if (wish)
		plan->platform = wish;
	if (plan->platform != PLATFORM_BOTH)
		return EXIT_CLEAN;
	say("the plan %s is for both platforms: this is on mirror alone", plan->name);
	plan->platform = PLATFORM_MIRROR;
	return EXIT_CLEAN;
}

static int read_plan(struct run *run)
{
	const struct run_args *args = run->args;

	run->plan = run_read_plan(args->plan);
	if (!run->plan)
		return EXIT_USAGE;
	if (args->name) {
		free(run->plan->name);
		run->plan->name = xstrdup(args->name);
	}
	if (args->kernel && !plan_set_kernel(run->plan, args->kernel)) {
		say("--kernel: '%s' is not a name; use one of configs/kernel, without '.config'",
		    args->kernel);
		return EXIT_USAGE;
	}
	if (choose_platform(run->plan, args->platform))
		return EXIT_USAGE;
	if (args->duration_us)
		run->plan->duration_us = args->duration_us;
	if (args->seed)
		run->plan->seed = args->seed;
	return run_draw_seed(&run->plan->seed);
}

/* Both before anything that takes long. */
static int find_emulator(struct run *run)
{
	run->qemu = run_emulator();
	return run->qemu ? EXIT_CLEAN : EXIT_INFRA;
}

static int find_programs(struct run *run)
{
	char *error;

	return programs_add(&run->files, run->plan, &error) ? say_error(error, EXIT_INFRA)
							    : EXIT_CLEAN;
}

static int build_kernel(struct run *run)
{
	const struct run_args *args = run->args;

	run->mutant = args->mutant ? mutant_name(args->mutant) : NULL;
	if (args->image) {
		run->image = xstrdup(args->image);
		return EXIT_CLEAN;
	}
	return build_status(kernel_build(run->src, run->plan->kernel, args->mutant, &run->image));
}

static int prepare(struct run *run)
{
	const char *other = getenv("SEPTORTURE_AGENT"); /* tests boot programs of their own */
	char *agent = other ? xstrdup(other) : run_agent(run->src);
	char *plan = NULL, *error = NULL;
	int bad =
	    rundir_make(&run->dir, run->src, run->folder, run->plan->name, run->mutant, &error);

	if (!bad) {
		plan = xasprintf("%s/plan.ini", run->dir.path);
		run->initrd = xasprintf("%s/initramfs.cpio", run->dir.path);
		bad = copy_file(run->args->plan, plan, &error) ||
		      initramfs_write(run->initrd, agent, plan, &run->files, &error);
	}
	free(agent);
	free(plan);
	return bad ? say_error(error, EXIT_INFRA) : EXIT_CLEAN;
}

/* Nested SVM is what TCG has. What KVM makes of it nobody has tried. */
static int choose_tcg(struct run *run)
{
	if (run->args->accel == WISH_KVM) {
		say("--accel kvm is not possible: the platform direct has been tried under TCG "
		    "alone");
		return EXIT_USAGE;
	}
	run->accel.accel = ACCEL_TCG;
	run->accel.why = xstrdup("TCG emulates SVM with nested paging");
	return EXIT_CLEAN;
}

static int choose_accel(struct run *run)
{
	const struct accel_choice *chosen = run->args->chosen;
	/* A probe boots the real agent, whatever the run is to boot. */
	char *agent = run_agent(run->src), *plan;
	int status = EXIT_CLEAN;

	run->accel.wish = run->args->accel;
	if (run->plan->platform == PLATFORM_DIRECT) {
		status = choose_tcg(run);
	} else if (chosen) {
		run->accel.accel = chosen->accel;
		run->accel.why = xstrdup(chosen->why);
	} else {
		plan = xasprintf("%s/plan.ini", run->dir.path);
		status = accel_choose(&run->accel, &(struct accel_subject){
						       .kernel = run->image,
						       .agent = agent,
						       .plan = plan,
						       .qemu = run->qemu,
						       .dir = run->dir.path,
						   });
		free(plan);
	}
	free(agent);
	return status;
}

static void say_booting(const struct run *run)
{
	char *load = unit_format(UNIT_TIME, run->plan->duration_us);

	say("booting %s: %s of load, seed %" PRIu64 "%s, in %s", run->plan->name, load,
	    run->plan->seed, run->args->no_faults ? ", without its faults" : "",
	    shown_path(run->dir.path));
	free(load);
}

struct vm_config run_config(const struct run *run)
{
	return (struct vm_config){
	    .dir = run->dir.path,
	    .kernel = run->image,
	    .initrd = run->initrd,
	    .cpus = run->plan->cpus,
	    .memory = run->plan->memory,
	    .seed = run->plan->seed,
	    .duration_us = run->plan->duration_us,
	    .no_faults = run->args->no_faults,
	    .parameters = run->args->parameters,
	    .accel = run->accel.accel,
	    .platform = run->plan->platform,
	};
}

static int boot(struct run *run)
{
	struct vm_config config = run_config(run);
	char *error;

	rundir_publish(&run->dir);
	if (!run->args->quiet)
		say_booting(run);
	if (vm_run(&config, &run->vm, &error))
		return say_error(error, EXIT_INFRA);
	if (!run->args->quiet)
		say("the VM is gone after %" PRIu64 " s%s%s", run->vm.wall_ms / 1000,
		    run->vm.why ? ": " : "", run->vm.why ? run->vm.why : "");
	/* That a kernel with a bug does not boot says nothing about KVM. */
	if (!run->args->chosen)
		accel_learn(&run->accel, &run->vm);
	return EXIT_CLEAN;
}

/* ---- the report ---- */

/* A name says it all; NULL. */
static char *mutant_file(const char *given)
{
	return given && strchr(given, '/') ? realpath(given, NULL) : NULL;
}

struct run_report *run_report(const struct run *run)
{
	struct run_report *report = run_new();

	report->dir = xstrdup(shown_path(run->dir.path));
	report->id = xstrdup(run->dir.id);
	report->plan = xstrdup(run->plan->name);
	report->config = xstrdup(run->plan->kernel);
	report->mmu = xstrdup(platform_name(run->plan->platform));
	report->kernel_id = kernel_id(run->image);
	report->mutant = xstrdup(run->mutant);
	report->mutant_file = mutant_file(run->args->mutant);
	report->accel = xstrdup(accel_name(run->accel.accel));
	report->accel_why = xstrdup(run->accel.why);
	report->seed = run->plan->seed;
	report->no_faults = run->args->no_faults;
	report->reproduce = reproduce_command(run->args, run->src, run->plan->seed);
	report->duration_us = run->plan->duration_us;
	report->wall_ms = run->vm.wall_ms;
	report->qemu_kib = run->vm.rss_kib;
	report->vm_end = xstrdup(run->vm.why);
	report->scope = scope_load(run->src, run->image);
	ingest_run(report, run->dir.path);
	symbols_mark(report, run->image);
	gcov_read(report, run->image, run->dir.path);
	/* Nobody knows what is missing. */
	if (run->vm.no_room) {
		free(report->invalid);
		report->invalid = xstrdup(run->vm.why);
	}
	return report;
}

int run_write(struct run *run, struct run_report *report)
{
	static const int exits[] = {
	    [RUN_CLEAN] = EXIT_CLEAN,
	    [RUN_FINDINGS] = EXIT_FINDINGS,
	    [RUN_INVALID] = EXIT_INFRA,
	};
	char *known = run_known_file(run->src), *error;
	int bad = known_mark(report, known, &error);
	int status = exits[run_verdict(report)];

	free(known);
	if (status == EXIT_INFRA && report->bad_plan)
		status = EXIT_USAGE;
	if (bad)
		status = say_error(error, EXIT_INFRA);
	/* On a full disk this makes room for the report. */
	if (!run->args->keep)
		rundir_clear(&run->dir);
	if (report_write_all(report, run->dir.path, &error))
		status = say_error(error, EXIT_INFRA);
	else
		results_add(run->dir.path);
	return status;
}

/* ---- a run from its begin to its end ---- */

int run_prepare(struct run *run)
{
	int status = find_source(run);

	if (!status)
		status = read_plan(run);
	if (!status)
		status = find_emulator(run);
	if (!status)
		status = find_programs(run);
	if (!status)
		status = build_kernel(run);
	if (!status)
		status = prepare(run);
	if (!status)
		status = choose_accel(run);
	return status;
}

void run_release(struct run *run)
{
	free(run->src);
	plan_free(run->plan);
	free(run->qemu);
	initramfs_files_free(&run->files);
	free(run->mutant);
	free(run->image);
	free(run->initrd);
	free(run->vm.why);
	accel_free(&run->accel);
}

int run_plan(const struct run_args *args, struct run_report **report)
{
	struct run run = {.args = args, .folder = "runs"};
	int status = run_prepare(&run);

	if (!status)
		status = boot(&run);

	*report = NULL;
	if (status) {
		rundir_discard(&run.dir);
	} else {
		*report = run_report(&run);
		status = run_write(&run, *report);
		rundir_end(&run.dir);
	}
	run_release(&run);
	return status;
}
