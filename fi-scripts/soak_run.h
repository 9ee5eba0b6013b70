/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of a soak, in a process of its own: so several can be under way. */
#ifndef SEPTORTURE_SOAK_RUN_H
#define SEPTORTURE_SOAK_RUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "run_plan.h"

struct soak_run {
	pid_t pid; /* 0: there is none */
	int fd; /* from which its line of the journal comes */
	uint64_t number; /* from 1 */
	size_t plan; /* from 0 */
	int64_t start_ms; /* of the clock of the caller */
	char *text; /* what came so far */
	size_t len;
};

/*
 * Starts it. What it prints goes to the file LOG. It ends if we do. Returns 0, or -1 with *error
 * set to a sentence (free() it).
 */
int soak_run_start(struct soak_run *run, const struct run_args *args, const char *log,
		   char **error);

/* Reads what there is; true if that was all. */
bool soak_run_read(struct soak_run *run);

/* Waits for its end: its line of the journal (release it). The run is as if there was none. */
json_t *soak_run_end(struct soak_run *run);

#endif
