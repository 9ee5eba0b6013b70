/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of a run, for those who put them together: one run in a VM, or many. */
#ifndef SEPTORTURE_RUN_STEPS_H
#define SEPTORTURE_RUN_STEPS_H

#include "initramfs.h"
#include "run_plan.h"
#include "rundir.h"
#include "vm.h"

/* One run, from the plan to its report. */
struct run {
	const struct run_args *args;
	const char *folder; /* of build, for its directory */
	char *src;
	struct plan *plan;
	char *qemu; /* its version */
	struct initramfs_files files; /* that the VM needs beside the agent and the plan */
	char *mutant; /* its name */
	char *image;
	char *initrd;
	struct rundir dir;
	struct accel_choice accel;
	struct vm_result vm;
};

/* All that comes before the VM. An EXIT_ status; what went wrong has been said. */
int run_prepare(struct run *run);

/* The VM that it needs; what it points to is the run's. */
struct vm_config run_config(const struct run *run);

/* What became of it, when the VM is gone and run->vm is set; run_free() it. */
struct run_report *run_report(const struct run *run);

/* Marks what is known in the report, and writes it to the run's directory. An EXIT_ status. */
int run_write(struct run *run, struct run_report *report);

/* Frees all but the directory, which is rundir_end()'s or rundir_discard()'s. */
void run_release(struct run *run);

#endif
