/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The search for the smallest plan that still shows something. It runs nothing:
 * it proposes a plan, is told whether that one shows it, and proposes the next.
 */
#ifndef SEPTORTURE_SHRINK_H
#define SEPTORTURE_SHRINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan.h"

enum shrink_stage {
	SHRINK_FAULTS, /* sections, many at a time first */
	SHRINK_STRESSORS, /* but for one */
	SHRINK_VCPUS,
	SHRINK_CPUS, /* down to as many as vCPUs */
	SHRINK_DELAYS, /* those of faults, and the TD's migration */
	SHRINK_TIMES, /* how many injections of each section */
	SHRINK_DONE,
};

struct shrink {
	struct plan *best; /* the smallest that shows it, so far */
	uint64_t injected[PLAN_MAX_FAULTS]; /* by each of its sections; 0: unknown */
	struct plan *candidate; /* proposed and not answered; its duration may be changed */
	char *what; /* what is new about it, for people */

	/* For shrink.c only. */
	enum shrink_stage stage;
	bool begun; /* the stage */
	size_t pos, chunk; /* what to leave out next of a list, and how many of it */
	bool needs_one; /* without any fault it does not show */
	size_t refused; /* one by one, since something was left out */
	size_t fault; /* whose times are looked for */
	uint64_t low, high; /* a number: does not do, does */
	uint64_t value; /* the proposed one */
};

/* Begins with PLAN (copied), which shows it, and what its sections injected then (or NULL). */
void shrink_begin(struct shrink *s, const struct plan *plan, const uint64_t *injected);
/* Proposes s->candidate and s->what; false if there is nothing left to try. */
bool shrink_next(struct shrink *s);
/* Whether the candidate shows it. Then it is the best, and INJECTED (or NULL) of its sections. */
void shrink_answer(struct shrink *s, bool shows, const uint64_t *injected);
void shrink_end(struct shrink *s);

#endif
