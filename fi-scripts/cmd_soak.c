// SPDX-License-Identifier: GPL-2.0-or-later
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "command.h"
#include "files.h"
#include "kernel.h"
#include "options.h"
#include "plan.h"
#include "run_plan.h"
#include "rundir.h"
#include "signals.h"
#include "soak_loop.h"
#include "xmem.h"

#define FOLDER	   "soak"
#define MAX_JOBS   64
#define MAX_ROUNDS 1000
#define SECOND	   1000000ull
#define YEAR	   (365 * 24 * 3600 * SECOND)

/* Of load in one VM: to bring it up is little beside it, and what ages in it has no time to. */
#define VM_LOAD (300 * SECOND)
/* So often each plan has its turn at least. */
#define TURNS 4

#define VM_OVERHEAD (512ull << 20) /* of QEMU, and of what reads its events */

struct soak_args {
	struct names plans; /* borrowed words */
	const char *kernel, *resume;
	uint64_t for_us, jobs, rounds, duration_us, seed; /* 0: not given */
	enum accel_wish accel;
	bool boot;
};

struct job {
	const struct soak_args *args;
	char *src, *qemu;
	struct plan **plans;
	struct rundir dir; /* of the soak */
	struct accel_choice accel;
	struct soak soak;
	struct soak_log log;
	struct soak_loop loop;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct soak_args *args = state->input;

	switch (key) {
	case 'f':
		args->for_us = option_value(state, "--for", UNIT_TIME, arg, SECOND, YEAR);
		return 0;
	case 'j':
		args->jobs = option_value(state, "--jobs", UNIT_COUNT, arg, 1, MAX_JOBS);
		return 0;
	case 'b':
		args->boot = true;
		return 0;
	case 'R':
		args->rounds = option_value(state, "--rounds", UNIT_COUNT, arg, 1, MAX_ROUNDS);
		return 0;
	case 'd':
		args->duration_us = option_duration(state, "--duration", arg);
		return 0;
	case 's':
		args->seed = option_value(state, "--seed", UNIT_COUNT, arg, 1, UINT64_MAX);
		return 0;
	case 'K':
		args->kernel = arg;
		return 0;
	case 'a':
		args->accel = option_accel(state, arg);
		return 0;
	case 'r':
		args->resume = arg;
		return 0;
	case ARGP_KEY_ARG:
		args->plans.v = xgrow(args->plans.v, args->plans.n, sizeof(*args->plans.v));
		args->plans.v[args->plans.n++] = (char *)option_plan(arg);
		return 0;
	case ARGP_KEY_END:
		if (args->resume && (args->plans.n || args->jobs || args->rounds ||
				     args->duration_us || args->seed || args->kernel))
			argp_error(state, "with --resume a soak goes on as it was; only --for can "
					  "be given anew");
		else if (!args->resume && !args->plans.n)
			argp_error(state, "say which plans, such as quick");
		else if (!args->resume && !args->for_us)
			argp_error(state, "say how long it is to be, such as --for '8 h'");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
    {"for", 'f', "TIME", 0, "How long the soak is to be, such as '8 h'", 0},
    {"jobs", 'j', "N", 0, "So many VMs at a time (as many as there are cores and memory for)", 0},
    {"rounds", 'R', "N", 0,
     "So many runs in each VM (as many as make 5 min of load, or less if the time is short)", 0},
    {"duration", 'd', "TIME", 0, "Length of each run's load, instead of its plan's", 0},
    {"boot", 'b', NULL, 0, "Boot every VM, rather than restore it from one that was saved", 0},
    {"kernel", 'K', "CONFIG", 0, "Run all plans on this kernel: a name in configs/kernel", 0},
    {"seed", 's', "N", 0, "Draw the runs' seeds from this one", 0},
    {"accel", 'a', "WHAT", 0, "As for 'run'", 0},
    {"resume", 'r', "ID", 0, "Go on with this soak, or with the 'latest'", 0},
    {0},
};

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "PLAN...\n--resume ID",
    .doc = "Runs the plans in turn, each time with another seed, until the time is over, and "
	   "shows what was found, each finding once. All that is known is in build/soak/latest "
	   "after each run, so that a soak that was killed can go on.\n\n"
	   "Example: septorture soak --for '8 h' kitchen-sink "
	   "lifecycle",
};

/* ---- before anything that takes long; each returns an EXIT_ status ---- */

/* The plans of the soak, as they are now. */
static int read_plans(struct job *j, char *const *paths, size_t n)
{
	j->plans = xcalloc(n, sizeof(*j->plans));
	j->loop.plans = xcalloc(n, sizeof(*j->loop.plans));
	j->loop.platforms = xcalloc(n, sizeof(*j->loop.platforms));
	for (size_t i = 0; i < n; i++) {
		j->plans[i] = run_read_plan(paths[i]);
		if (!j->plans[i])
			return EXIT_USAGE;
		j->loop.plans[i] = realpath(paths[i], NULL);
		j->loop.platforms[i] = j->plans[i]->platform;
		if (j->args->kernel && !plan_set_kernel(j->plans[i], j->args->kernel)) {
			say("--kernel: '%s' is not a name; use one of configs/kernel, without "
			    "'.config'",
			    j->args->kernel);
			return EXIT_USAGE;
		}
	}
	return EXIT_CLEAN;
}

static int build_kernels(struct job *j, size_t n)
{
	j->loop.images = xcalloc(n, sizeof(*j->loop.images));
	for (size_t i = 0; i < n; i++) {
		int status;

		for (size_t k = 0; !j->loop.images[i] && k < i; k++)
			if (!strcmp(j->plans[k]->kernel, j->plans[i]->kernel))
				j->loop.images[i] = xstrdup(j->loop.images[k]);
		if (j->loop.images[i])
			continue;
		status = build_status(
		    kernel_build(j->src, j->plans[i]->kernel, NULL, &j->loop.images[i]));
		if (status)
			return status;
	}
	return EXIT_CLEAN;
}

static int choose_accel(struct job *j)
{
	char *agent = run_agent(j->src);
	int status = accel_choose(&j->accel, &(struct accel_subject){
						 .kernel = j->loop.images[0],
						 .agent = agent,
						 .plan = j->loop.plans[0],
						 .qemu = j->qemu,
						 .dir = j->loop.dir,
					     });

	free(agent);
	return status;
}

/* By cores and memory, with the plan that wants most of them. */
static uint64_t usual_jobs(const struct job *j, size_t n)
{
	uint64_t cpus = 1, memory = 1, cores = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t have = (uint64_t)sysconf(_SC_AVPHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t jobs;

	for (size_t i = 0; i < n; i++) {
		cpus = j->plans[i]->cpus > cpus ? j->plans[i]->cpus : cpus;
		memory = j->plans[i]->memory > memory ? j->plans[i]->memory : memory;
	}
	jobs = cores / cpus;
	if (jobs > have / (memory + VM_OVERHEAD))
		jobs = have / (memory + VM_OVERHEAD);
	if (jobs > MAX_JOBS)
		jobs = MAX_JOBS;
	return jobs ? jobs : 1;
}

/* By the plan whose load is the longest. */
static uint64_t usual_rounds(const struct job *j, size_t n, uint64_t jobs)
{
	uint64_t longest = j->args->duration_us;
	uint64_t load = j->args->for_us / TURNS / n * jobs;

	for (size_t i = 0; !j->args->duration_us && i < n; i++)
		if (j->plans[i]->duration_us > longest)
			longest = j->plans[i]->duration_us;
	load = load < VM_LOAD ? load : VM_LOAD;
	return longest && longest < load ? load / longest : 1;
}

/* ---- a new one, or one that goes on ---- */

static int begin(struct job *j)
{
	const struct soak_args *args = j->args;
	struct soak first = {
	    .kernel = (char *)args->kernel,
	    .seed = args->seed,
	    .goal_ms = args->for_us / 1000,
	    .duration_us = args->duration_us,
	};
	char **plans = xcalloc(args->plans.n + 1, sizeof(*plans)), *error;
	int status = run_draw_seed(&first.seed);

	first.id = j->dir.id;
	first.jobs = args->jobs ? args->jobs : usual_jobs(j, args->plans.n);
	first.rounds = args->rounds ? args->rounds : usual_rounds(j, args->plans.n, first.jobs);
	first.accel = (char *)accel_name(j->accel.accel);
	for (size_t i = 0; i < args->plans.n; i++)
		plans[i] = files_from_source(j->src, j->loop.plans[i]);
	if (!status && (soak_log_open(&j->log, j->dir.path, &j->soak, &error) ||
			soak_log_add(&j->log, &j->soak,
				     soak_first(&first, (const char *const *)plans), &error)))
		status = say_error(error, EXIT_INFRA);
	for (size_t i = 0; i < args->plans.n; i++)
		free(plans[i]);
	free(plans);
	return status;
}

static int begin_new(struct job *j)
{
	const struct soak_args *args = j->args;
	char *error;
	int status = read_plans(j, args->plans.v, args->plans.n);

	if (!status)
		status = build_kernels(j, args->plans.n);
	if (!status && rundir_make(&j->dir, j->src, FOLDER, j->plans[0]->name, NULL, &error))
		status = say_error(error, EXIT_INFRA);
	j->loop.dir = j->dir.path;
	if (!status)
		status = choose_accel(j);
	if (!status)
		status = begin(j);
	if (!status)
		rundir_publish(&j->dir);
	return status;
}

static int read_resumed_plans(struct job *j)
{
	char **paths = xcalloc(j->soak.nplans, sizeof(*paths));
	int status;

	for (size_t i = 0; i < j->soak.nplans; i++)
		paths[i] = *j->soak.plans[i].path == '/'
			       ? xstrdup(j->soak.plans[i].path)
			       : xasprintf("%s/%s", j->src, j->soak.plans[i].path);
	status = read_plans(j, paths, j->soak.nplans);
	for (size_t i = 0; i < j->soak.nplans; i++) {
		if (!status && j->soak.kernel)
			plan_set_kernel(j->plans[i], j->soak.kernel);
		free(paths[i]);
	}
	free(paths);
	return status;
}

static int begin_again(struct job *j)
{
	char *path = xasprintf("%s/build/" FOLDER "/%s", j->src, j->args->resume), *error;
	char *dir = realpath(path, NULL);
	uint64_t goal_ms;
	int status = EXIT_CLEAN;

	if (!dir) {
		say("there is no soak '%s' (%s)", j->args->resume, shown_path(path));
		status = EXIT_USAGE;
	} else if (soak_log_open(&j->log, dir, &j->soak, &error)) {
		status = say_error(error, EXIT_INFRA);
	} else if (!j->soak.id) {
		say("%s has no journal of a soak", shown_path(dir));
		status = EXIT_USAGE;
	} else if (rundir_again(&j->dir, dir, &error)) {
		status = say_error(error, EXIT_INFRA);
	}
	free(path);
	j->loop.dir = dir;
	j->accel.wish = j->soak.accel && !strcmp(j->soak.accel, "kvm") ? WISH_KVM : WISH_TCG;
	if (!status)
		status = read_resumed_plans(j);
	if (!status)
		status = build_kernels(j, j->soak.nplans);
	if (!status)
		status = choose_accel(j);
	goal_ms = j->args->for_us ? j->args->for_us / 1000 : j->soak.goal_ms;
	if (!status && soak_log_add(&j->log, &j->soak, soak_resume(goal_ms), &error))
		status = say_error(error, EXIT_INFRA);
	return status;
}

/* ---- the command ---- */

static int check(struct job *j)
{
	int status;

	j->src = run_source();
	if (!j->src)
		return EXIT_INFRA;
	status = run_check_known(j->src);
	if (status)
		return status;
	j->qemu = run_emulator();
	return j->qemu ? EXIT_CLEAN : EXIT_INFRA;
}

static int work(struct job *j)
{
	int status;

	j->loop.src = j->src;
	j->loop.accel = &j->accel;
	j->loop.boot = j->args->boot;
	j->loop.soak = &j->soak;
	j->loop.log = &j->log;
	say("soak of %" PRIu64 " min, %" PRIu64 " VM%s at a time, seed %" PRIu64 ", in %s",
	    j->soak.goal_ms / 60000, j->soak.jobs, j->soak.jobs == 1 ? "" : "s", j->soak.seed,
	    shown_path(j->loop.dir));
	status = soak_work(&j->loop);
	soak_text(&j->soak, stdout);
	printf("record: %s/soak.json\n", shown_path(j->loop.dir));
	if (status)
		return status;
	if (soak_new_findings(&j->soak))
		return EXIT_FINDINGS;
	return j->soak.stopped || j->soak.runs == soak_invalid(&j->soak) ? EXIT_INFRA : EXIT_CLEAN;
}

static void free_job(struct job *j)
{
	size_t n = j->args->resume ? j->soak.nplans : j->args->plans.n;

	for (size_t i = 0; i < n; i++) {
		if (j->plans)
			plan_free(j->plans[i]);
		if (j->loop.plans)
			free(j->loop.plans[i]);
		if (j->loop.images)
			free(j->loop.images[i]);
	}
	free(j->plans);
	free(j->loop.plans);
	free(j->loop.images);
	free(j->loop.platforms);
	if (j->args->resume)
		free((char *)j->loop.dir);
	accel_free(&j->accel);
	soak_log_close(&j->log);
	soak_free(&j->soak);
	free(j->src);
	free(j->qemu);
}

int cmd_soak(int argc, char **argv)
{
	struct soak_args args = {0};
	struct job j = {.args = &args, .log = {.fd = -1}};
	int status = EXIT_USAGE;

	if (!argp_parse(&argp, argc, argv, 0, NULL, &args)) {
		signals_prepare();
		signals_catch();
		j.accel.wish = args.accel;
		status = check(&j);
		if (!status)
			status = args.resume ? begin_again(&j) : begin_new(&j);
		if (!status)
			status = work(&j);
		else if (!args.resume)
			rundir_discard(&j.dir);
		if (j.dir.id)
			rundir_clear(&j.dir);
		rundir_end(&j.dir);
	}
	free_job(&j);
	free(args.plans.v);
	return status;
}
