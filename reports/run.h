/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that is known about a run; what the report formats write down. */
#ifndef SEPTORTURE_RUN_H
#define SEPTORTURE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cases.h"
#include "coverage.h"
#include "injected.h"
#include "scope.h"
#include "symbols.h"

struct site_stat {
	char *site, *status, *context;
	char *contract; /* "": the agent did not say */
	uint64_t calls, matched, injected;
};

struct counter_stat {
	char *name;
	uint64_t value;
};

struct stressor_stat {
	char *name;
	char *skipped; /* why it was not at work, or NULL */
	size_t ncounters;
	struct counter_stat *counters;
};

/* What stress-ng did beside the load. */
struct stress_ng {
	bool ran;
	uint64_t status; /* 0, or it complained of something */
	size_t n;
	struct stress_ng_stat {
		char *name;
		uint64_t instances, bogo_ops;
	} * stats;
	size_t nfailures;
	char **failures; /* what it said went wrong, the first lines */
	size_t npressure;
	struct counter_stat *pressure; /* what came of it in the kernel */
};

/* The frozen windows of one operation and level, and who met them (docs/windows.md). */
struct window_stat {
	char *op, *level;
	uint64_t opened;
	size_t nmet;
	struct window_met {
		char *op, *how;
		uint64_t times;
	} * met;
};

/* How often one operation lost an SPTE that it was about to change to another (docs/windows.md). */
struct race_stat {
	char *winner, *level, *loser;
	uint64_t times;
};

struct check_stat {
	char *oracle;
	uint64_t count, failures;
};

struct finding {
	char *oracle; /* "klog", or the oracle that found it */
	char *kind;
	char *title;
	char *signature;
	char *text; /* the splat, or the oracle's facts as JSON; may be NULL */
	char *detail; /* the facts in one line; may be NULL */
	char *known; /* why it does not count (known.h), or NULL */
	enum scope_class scope; /* klog: whose fault it is; only SCOPE_TEST counts */
	uint64_t count;
	uint64_t first_us; /* since boot; 0: unknown */
	struct injected injected; /* before it was found first */
	char *header; /* klog: see klog.h; else NULL */
	char *function; /* klog: the one it is the splat of; NULL: unknown, or more than one */
	bool cut; /* klog: the log ended inside the splat */
	size_t nframes;
	struct frame *frames; /* klog: what source lines the addresses in its text are */
};

/* A fault that was injected and of which KVM may WARN. */
struct expected_warn {
	const struct site *site;
	const struct context *context;
	const struct status *status;
};

/* Totals at some time. */
struct moment {
	uint64_t us; /* since boot */
	uint64_t faults, injected;
};

enum run_verdict {
	RUN_CLEAN,
	RUN_FINDINGS,
	RUN_INVALID, /* not a result, whatever was found */
};

struct run_report {
	/* From the runner; owned like all the rest. */
	char *dir;
	char *id;
	char *plan;
	char *config; /* the kernel's: a name in configs/kernel */
	char *mmu; /* the platform of the plan that it was run for: "mirror", "direct" */
	char *kernel_id; /* changes with its source, mutant and compiler; NULL: unknown */
	char *mutant; /* its name; NULL: none */
	char *mutant_file; /* its path, if it is none of kernel/mutants; NULL */
	char *accel; /* "tcg" or "kvm" */
	char *accel_why; /* why this one */
	uint64_t seed;
	bool no_faults; /* the plan's faults were left out */
	char *reproduce; /* the command line that does the same again; NULL: unknown */
	uint64_t duration_us; /* the load that was asked for */
	uint64_t wall_ms; /* from the start of the VM to its end */
	uint64_t qemu_kib; /* the most that QEMU had resident */
	uint64_t round; /* of its VM, from 1; 0: it had a VM for itself */
	char *first_round; /* the id of the first run in that VM; NULL */
	char *vm_end; /* why the VM went or was ended before its `end` event, or NULL */
	struct scope *scope; /* of the kernel; NULL: unknown, everything counts */
	char *no_lines; /* why findings have no source lines; NULL: they have, or there are none */

	/* From the events. */
	char *kernel, *agent, *platform; /* NULL without a `hello` */
	uint64_t version; /* of the event schema */
	uint64_t cpus, mem_kib;
	bool has_load;
	uint64_t load_us; /* when the load began, since boot */
	bool has_boot_us;
	uint64_t boot_us; /* from the kernel's start to the first fault */
	uint64_t faults, injected, tds, load_ms;
	uint64_t agent_kib,
	    vm_used_kib; /* the most that the agent had resident, and the VM in use */
	uint64_t running_ms; /* of the load, with the stressors at work */
	uint64_t kcsan_watchpoints;
	size_t nmoments;
	struct moment *moments; /* in order, some thousands at most */
	size_t nsites;
	struct site_stat *sites;
	size_t nstressors;
	struct stressor_stat *stressors;
	size_t nwindows;
	struct window_stat *windows;
	size_t nraces;
	struct race_stat *races;
	struct stress_ng stress_ng;
	size_t nchecks;
	struct check_stat *checks;
	size_t nfindings;
	struct finding *findings;
	size_t nexpected;
	struct expected_warn *expected;
	struct cases cases; /* of an enumeration */
	struct coverage coverage; /* of a kernel with gcov */

	/* How it ended. */
	bool ended; /* there was an `end` event */
	uint64_t lines; /* of events.jsonl */
	uint64_t bad_lines; /* of those, how many are no events */
	uint64_t lost_records; /* of the kernel log */
	bool bad_plan; /* it asks for what the kernel cannot do: the run is no result */
	char *invalid; /* why it is no result: the first reason, or NULL; see run_invalid() */
};

struct run_report *run_new(void);
void run_free(struct run_report *run);

/* Keeps the first reason. */
__attribute__((format(printf, 2, 3))) void run_invalidate(struct run_report *run, const char *fmt,
							  ...);

/* Counts one more finding: a new one, or one more of the same signature. */
struct finding *run_finding(struct run_report *run, const char *oracle, const char *kind,
			    const char *title, const char *signature, uint64_t us);

/* Whether it counts: it is not known, and of what is under test. */
bool run_counts(const struct finding *f);
/* How many do. */
size_t run_new_findings(const struct run_report *run);

/* When it was found first, from the begin of the load on; false: unknown, or before. */
bool run_since_load(const struct run_report *run, const struct finding *f, uint64_t *us);

/* Why it is no result, all told (free() it), or NULL. */
char *run_invalid(const struct run_report *run);

enum run_verdict run_verdict(const struct run_report *run);
/* "clean", "findings", "invalid" */
const char *run_verdict_word(const struct run_report *run);
/* "CLEAN", "2 FINDINGS", "INVALID: why"; free() it. */
char *run_verdict_text(const struct run_report *run);

/* Faults per second with the stressors at work; 0 if unknown. */
uint64_t run_rate(const struct run_report *run);

#endif
