/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mutants, run after run (`septorture mutants`): what was recorded. What it
 * comes to is computed from that alone (judge.h).
 */
#ifndef SEPTORTURE_CAMPAIGN_H
#define SEPTORTURE_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run.h"

/* A finding, in short. */
struct sighting {
	char *oracle; /* as in report.json; of the kernel log it is "klog/KIND" */
	char *title, *signature;
	bool counts;
	uint64_t count;
	uint64_t first_us; /* since boot; 0: unknown */
	bool has_since;
	uint64_t since_load_us; /* the same from the begin of the load on */
	bool has_injected;
	uint64_t injected; /* how many calls had been made to fail */
};

struct trial_run {
	char *id; /* of build/runs */
	uint64_t seed;
	bool faults; /* false: the plan's were left out */
	bool loaded; /* the load began */
	const char *verdict; /* as in report.json */
	char *invalid; /* why it is no result, or NULL */
	size_t nsightings;
	struct sighting *sightings;
};

enum trial_build {
	TRIAL_WAITS, /* not tried yet */
	TRIAL_BUILT,
	TRIAL_REFUSED, /* the mutant does not apply */
	TRIAL_BROKEN, /* the kernel with it does not compile */
	TRIAL_UNBUILT, /* nobody knows: no room, ... */
};

/* One mutant. */
struct trial {
	char *name, *family, *expect, *trigger, *source; /* "": its header does not say */
	char *plan; /* the path of its own; NULL: the campaign's */
	bool control; /* it does no harm */
	enum trial_build build;
	size_t nruns;
	struct trial_run *runs;
};

struct campaign {
	char *id, *dir;
	char *plan; /* its path */
	char *kernel; /* NULL while no VM said */
	char *accel;
	unsigned int seeds; /* 1 .. seeds */
	uint64_t budget_us; /* of load, per run */
	bool baseline; /* each run is done without faults, too */
	char *stopped; /* why it ended early, or NULL */
	size_t ntrials;
	struct trial *trials;
};

struct campaign *campaign_new(void);
void campaign_free(struct campaign *c);

/* A new mutant, all zero. */
struct trial *campaign_add(struct campaign *c);

/* Records a run of it. */
const struct trial_run *trial_record(struct trial *t, const struct run_report *report);

#endif
