/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of one plan, from the kernel's build to the report. */
#ifndef SEPTORTURE_RUN_PLAN_H
#define SEPTORTURE_RUN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "accel.h"
#include "platform.h"
#include "run.h"

struct run_args {
	const char *plan; /* its path */
	const char *name; /* what to call it; NULL: as the file */
	const char *kernel; /* a name in configs/kernel; NULL: the plan's */
	enum platform platform; /* one of those that the plan is for; 0: the first of them */
	const char *mutant; /* as kernel.h takes it; NULL: none */
	const char *image; /* the kernel with it, if that is built already; else NULL */
	uint64_t seed; /* 0: the plan's */
	uint64_t duration_us; /* 0: the plan's */
	const char *parameters; /* more of them for the agent; NULL: none */
	bool no_faults; /* leave the plan's out */
	bool keep; /* what is only there to run the VM */
	bool quiet; /* say nothing but what goes wrong */
	enum accel_wish accel;
	const struct accel_choice *chosen; /* instead of that; NULL: not yet */
};

/*
 * Runs the plan and leaves build/runs/ID/. Returns an EXIT_ status; what went
 * wrong has been said. *REPORT (run_free() it) is set if a VM was run, else NULL.
 */
int run_plan(const struct run_args *args, struct run_report **report);

/* Many runs of a plan in one VM, each with a seed of its own. */
struct run_rounds {
	uint64_t n; /* at most so many */
	uint64_t first; /* the case that an enumeration begins with; 0: the plan's load */
	/*
	 * A folder for one (snapshot.h), or NULL: the VM is booted. So it always is under KVM,
	 * where nobody has tried to restore it.
	 */
	const char *snapshot;
	/* One is over; MORE: another one follows. Returns whether it may. REPORT, written already,
	 * is borrowed.
	 */
	bool (*on_run)(void *arg, struct run_report *report, bool more);
	void *arg;
};

/*
 * Boots one VM for all of them, and leaves build/runs/ID/ of each. The VM ends with the first
 * run that found something. Returns an EXIT_ status, of the last run; what went wrong has been
 * said.
 */
int run_rounds(const struct run_args *args, const struct run_rounds *rounds);

/* The source tree: an absolute path, or NULL after say(). free() it. */
char *run_source(void);

/* The plan in PATH (plan_free() it), or NULL after a word of what is wrong with it. */
struct plan *run_read_plan(const char *path);

/* Draws *SEED if it is 0. An EXIT_ status after say(). */
int run_draw_seed(uint64_t *seed);

/* The version of QEMU (free() it), or NULL after say(). */
char *run_emulator(void);

/*
 * Whether the known findings can be read, an EXIT_ status after say(): a wrong line would make
 * them count, hours later.
 */
int run_check_known(const char *src);

/* Files of the source tree SRC; free() them. */
char *run_agent(const char *src);
char *run_known_file(const char *src);

#endif
