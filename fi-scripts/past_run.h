/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run of the past, read back from its directory (docs/report.md). */
#ifndef SEPTORTURE_PAST_RUN_H
#define SEPTORTURE_PAST_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform.h"

struct past_finding {
	char *signature, *title;
	bool counts;
	bool since_known;
	uint64_t since_us; /* from the begin of the load to the first time */
};

struct past_run {
	char *dir; /* absolute, without links */
	char *id;
	char *plan; /* the plan's name */
	char *plan_path; /* the copy that it kept; it is there */
	char *config; /* the kernel's: a name in configs/kernel; "": the plan's */
	char *mutant; /* as --mutant takes it; NULL: none */
	char *accel; /* "tcg", "kvm" */
	enum platform platform; /* that it was on; 0: nobody knows */
	uint64_t seed;
	uint64_t duration_us; /* of the load that was asked for */
	uint64_t injected;
	bool no_faults;
	size_t nfindings;
	struct past_finding *findings; /* those that count first, as they were shown */
};

/*
 * Reads the run that WORD, "RUN[:FINDING]", names: an id below SRC/build/runs,
 * `latest`, or the path of a directory. *FINDING is what follows the colon, in
 * WORD, or NULL. Returns an EXIT_ status, with *error set to a sentence (free()
 * it) if it is not EXIT_CLEAN.
 */
int past_run_read(struct past_run *run, const char *src, const char *word, const char **finding,
		  char **error);

/*
 * The directory alone of the run that WORD names, with no finding behind it, or NULL with *error
 * set; both for free().
 */
char *past_run_directory(const char *src, const char *word, char **error);

/*
 * The finding that WORD means: the number of one that counts, from 1, or a part
 * of a signature; NULL: the first that counts. NULL with *error set if there is none.
 */
const struct past_finding *past_run_finding(const struct past_run *run, const char *word,
					    char **error);

void past_run_free(struct past_run *run);

#endif
