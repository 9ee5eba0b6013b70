// SPDX-License-Identifier: GPL-2.0-or-later
/* Many runs in one VM, which has a directory for itself until all of them are over. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "kernel.h"
#include "plan.h"
#include "run_steps.h"
#include "seed.h"
#include "signals.h"
#include "snapshot.h"
#include "xmem.h"

struct rounds {
	const struct run_rounds *wanted;
	struct run vm; /* what all runs share */
	uint64_t seed; /* of the first one */
	char *first; /* the id of the first one */
	off_t before; /* so much of events.jsonl is of the VM that was saved */
	bool stillborn; /* the one that was to be restored said nothing */
	off_t console; /* so much of console.log is of runs that are over */
	int status; /* of the last run */
};

/* The directory of a run, of what its VM's has. */
static int take_files(struct run *run, const struct run *vm, const struct vm_round *round,
		      char **error)
{
	static const char *const whole[] = {"plan.ini", "qemu.log"};
	char *from, *to;
	int bad = rundir_make(&run->dir, run->src, "runs", run->plan->name, run->mutant, error);

	for (size_t i = 0; !bad && i < sizeof(whole) / sizeof(whole[0]); i++) {
		from = xasprintf("%s/%s", vm->dir.path, whole[i]);
		to = xasprintf("%s/%s", run->dir.path, whole[i]);
		bad = copy_file(from, to, error);
		free(from);
		free(to);
	}
	if (bad)
		return bad;
	from = xasprintf("%s/events.jsonl", vm->dir.path);
	to = xasprintf("%s/events.jsonl", run->dir.path);
	bad = copy_part(from, 0, round->head, to, error) ||
	      copy_part(from, round->from, round->end, to, error);
	free(from);
	free(to);
	return bad;
}

/* What the console has got since the run before this one was over. */
static int take_console(struct rounds *r, const struct run *run, char **error)
{
	char *from = xasprintf("%s/console.log", r->vm.dir.path);
	char *to = xasprintf("%s/console.log", run->dir.path);
	struct stat st;
	int bad = 0;

	/* A VM that did not come up may have none. */
	if (!stat(from, &st)) {
		bad = copy_part(from, r->console, st.st_size, to, error);
		r->console = st.st_size;
	}
	free(from);
	free(to);
	return bad;
}

/* That a VM does many runs is no reason to have the events of all of them on the disk. */
static void forget_round(const struct rounds *r, const struct vm_round *round)
{
	char *path = xasprintf("%s/events.jsonl", r->vm.dir.path);
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	/* Where the file system can't do that, they stay a little longer. */
	if (fd >= 0) {
		fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, round->from,
			  round->end - round->from);
		close(fd);
	}
	free(path);
}

static bool round_over(void *arg, const struct vm_round *round, const struct vm_result *result)
{
	struct rounds *r = arg;
	struct run run = r->vm;
	struct run_report *report;
	/* It may not have come to any. */
	uint64_t number = round->number ? round->number : 1;
	bool go_on;
	char *error;

	r->stillborn = r->before && round->end <= r->before;
	if (r->stillborn)
		return false;
	run.dir = (struct rundir){0};
	run.vm = *result;
	run.plan->seed = seed_of_round(r->seed, number);
	if (take_files(&run, &r->vm, round, &error) || take_console(r, &run, &error)) {
		r->status = say_error(error, EXIT_INFRA);
		rundir_discard(&run.dir);
		return false;
	}
	rundir_publish(&run.dir);
	if (!r->first)
		r->first = xstrdup(run.dir.id);
	report = run_report(&run);
	report->round = number;
	report->first_round = xstrdup(r->first);
	r->status = run_write(&run, report);
	/* The agent does not know all that is found. */
	go_on = round->more && !report->nfindings && run_verdict(report) == RUN_CLEAN;
	go_on = r->wanted->on_run(r->wanted->arg, report, go_on);
	forget_round(r, round);
	run_free(report);
	rundir_end(&run.dir);
	return go_on;
}

/* Its events begin with what the VM had said that was saved: so much of them there is. */
static off_t events_size(const struct run *run)
{
	char *path = xasprintf("%s/events.jsonl", run->dir.path);
	struct stat st;
	off_t size = stat(path, &st) ? 0 : st.st_size;

	free(path);
	return size;
}

/* From the snapshot; whether that is done. If not, the VM can still be booted. */
static bool restore(struct rounds *r, struct vm_config *config, struct vm_rounds *vm)
{
	char *id = kernel_id(r->vm.image), *why;
	struct snapshot saved;
	bool there = snapshot_get(&saved, r->wanted->snapshot, config, id, r->vm.qemu, &why);
	bool done = false;

	free(id);
	if (there) {
		vm->restore = saved.path;
		r->before = events_size(&r->vm);
		done = !vm_run(config, &r->vm.vm, &why) && !r->stillborn;
		if (r->stillborn)
			why = xasprintf("a VM could not be restored from %s: %s",
					shown_path(saved.path), r->vm.vm.why);
		vm->restore = NULL;
		r->before = 0;
	}
	if (why && !signals_stop()) {
		say("%s; the VM is booted instead", why);
		snapshot_drop(&saved);
	}
	snapshot_put(&saved);
	free(why);
	return done;
}

/* The VM, whichever way. */
static int bring_up(struct rounds *r)
{
	struct vm_rounds rounds = {
	    .n = r->wanted->n,
	    .first = r->wanted->first,
	    .over = round_over,
	    .arg = r,
	};
	struct vm_config config = run_config(&r->vm);
	char *error;

	config.rounds = &rounds;
	if (r->wanted->snapshot && config.accel == ACCEL_TCG && restore(r, &config, &rounds))
		return EXIT_CLEAN;
	if (signals_stop())
		return EXIT_INFRA;
	free(r->vm.vm.why);
	return vm_run(&config, &r->vm.vm, &error) ? say_error(error, EXIT_INFRA) : EXIT_CLEAN;
}

int run_rounds(const struct run_args *args, const struct run_rounds *wanted)
{
	struct rounds r = {.wanted = wanted, .vm = {.args = args, .folder = "vms"}};
	int status = run_prepare(&r.vm);

	if (!status) {
		r.seed = r.vm.plan->seed;
		status = bring_up(&r);
	}
	/* All that there was is in the runs' directories. */
	rundir_discard(&r.vm.dir);
	free(r.first);
	run_release(&r.vm);
	return status ? status : r.status;
}
