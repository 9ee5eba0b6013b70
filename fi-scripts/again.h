/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run of the past is done again: does its finding come back? */
#ifndef SEPTORTURE_AGAIN_H
#define SEPTORTURE_AGAIN_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "accel.h"
#include "past_run.h"
#include "plan.h"
#include "run.h"

/* What both commands are told. */
struct again_args {
	const char *run; /* RUN[:FINDING] */
	unsigned int tries;
	bool accel_given;
	enum accel_wish accel;
};

struct again {
	char *src; /* the source tree */
	struct past_run run;
	const struct past_finding *finding;
	struct plan *plan; /* the run's, with its seed */
	enum accel_wish accel;
	char *image; /* the kernel */
	bool ready; /* all is there; it only takes the kernel */
};

enum try_outcome {
	TRY_BACK, /* it came back */
	TRY_NOT,
	TRY_NO_RESULT, /* nothing can be said: the run was invalid */
	TRY_STOPPED, /* by a signal, before anything could be said */
	TRY_IMPOSSIBLE, /* no VM was run, which has been said */
};

struct attempt {
	enum try_outcome outcome;
	int status; /* TRY_IMPOSSIBLE: an EXIT_ status */
	struct run_report *report; /* may be NULL */
	const struct finding *found; /* in it; TRY_BACK */
};

/* Takes --tries ('t'), --accel ('a') and RUN. */
error_t again_option(struct again_args *args, int key, char *arg, struct argp_state *state);

/*
 * Finds the run and its finding, and builds the kernel. Returns an EXIT_ status;
 * what went wrong has been said. Signals no longer end us then (signals.h).
 */
int again_begin(struct again *a, const struct again_args *args);
void again_end(struct again *a);

/* What is being looked for. */
void again_describe(const struct again *a, FILE *out);

/*
 * The load that is enough for a finding that came at SINCE_US of a load: far
 * more than that, but never more than was ASKED for.
 */
uint64_t again_load(uint64_t asked, bool since_known, uint64_t since_us);

/* Runs the plan in PATH once, with a load of LOAD_US (0: the plan's). attempt_free() it. */
void again_try(const struct again *a, const char *path, uint64_t load_us, struct attempt *t);
void attempt_free(struct attempt *t);
/* "came back after 0.42 s, 17 injections", "did not come back", ...; free() it. */
char *attempt_text(const struct attempt *t);

#endif
