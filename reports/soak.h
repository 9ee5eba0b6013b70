/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A soak: many runs of several plans (docs/soak.md). All that is known of it follows from its
 * journal, a JSON object per line, of which soak_take() is given each, in order.
 */
#ifndef SEPTORTURE_SOAK_H
#define SEPTORTURE_SOAK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "run.h"

struct soak_finding {
	char *signature, *title;
	bool counts;
	uint64_t runs; /* that had it */
	char *first, *last; /* their ids */
};

struct soak_plan {
	char *path; /* as it was given */
	uint64_t runs, invalid;
	uint64_t with_findings; /* runs with some that count */
	uint64_t faults, injected, tds;
	uint64_t load_ms;
};

struct soak {
	/* From its first line. */
	char *id, *kernel; /* kernel: a name in configs/kernel; NULL: each plan's */
	char *accel; /* "tcg" or "kvm" */
	uint64_t seed, jobs;
	uint64_t goal_ms; /* how long it is to be */
	uint64_t duration_us; /* of the load of a run; 0: the plan's */
	uint64_t rounds; /* runs in each VM, at most */
	size_t nplans;
	struct soak_plan *plans;
	/* From the others. */
	uint64_t begun; /* number of the last run that began, from 1 */
	uint64_t vms; /* that were booted for them */
	uint64_t runs; /* that came to an end */
	uint64_t elapsed_ms; /* at work */
	uint64_t lost; /* runs that began, and of which nothing is known */
	size_t nfindings;
	struct soak_finding *findings;
	size_t nproved;
	char **proved; /* window pairs that were hit, and faults injected: each once */
	size_t nids;
	char **ids; /* runs that left a directory, in order */
	char *stopped; /* why it ended before its time; NULL: it did not */
};

/* The first line. PLANS has paths, ended by a NULL. Release it. */
json_t *soak_first(const struct soak *s, const char *const *plans);

/* The line of a run that begins, as the ROUNDth of its VM, from 1. */
json_t *soak_begin(uint64_t number, uint64_t round);

/*
 * The line of run NUMBER, of plan PLAN (from 0), which is over. REPORT may be NULL: it came to
 * nothing, and WHY says why not.
 */
json_t *soak_end(uint64_t number, size_t plan, const struct run_report *report, const char *why);

/* The line of a soak that goes on until it has worked GOAL_MS, and of one that ends early. */
json_t *soak_resume(uint64_t goal_ms);
json_t *soak_stop(const char *why);

/* A line of the journal; false if it is none that this septorture understands. */
bool soak_take(struct soak *s, const json_t *line);

/* Findings that count. */
size_t soak_new_findings(const struct soak *s);
uint64_t soak_invalid(const struct soak *s);

/* The seed of a VM whose first run is NUMBER: not 0, and another one for each. */
uint64_t soak_seed(const struct soak *s, uint64_t number);

/* Whether the run ID is to be kept: the first or last that had a finding that counts. */
bool soak_is_example(const struct soak *s, const char *id);

/* The name of plan PLAN (from 0), as its file's. */
const char *soak_plan_name(const struct soak *s, size_t plan);
/* Hours, minutes and seconds: "1:02:03"; free() it. */
char *soak_time(uint64_t ms);

void soak_text(const struct soak *s, FILE *out);
void soak_json(const struct soak *s, FILE *out);
void soak_free(struct soak *s);

#endif
