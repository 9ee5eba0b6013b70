/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VM of a soak and its runs, in a process of its own: so several can be under way. */
#ifndef SEPTORTURE_SOAK_RUN_H
#define SEPTORTURE_SOAK_RUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "run_plan.h"

struct soak_run {
	pid_t pid; /* 0: there is none */
	int fd; /* from which its lines of the journal come */
	uint64_t number; /* of the run under way, from 1; 0: there is none */
	uint64_t round; /* of the VM, from 1 */
	size_t plan; /* from 0 */
	int64_t start_ms; /* of the clock of the caller */
	char *text; /* what came so far */
	size_t len;
};

/*
 * Starts it, with up to ROUNDS runs, of which none begins after UNTIL_MS of now_ms(), and if
 * SNAPSHOT (run_plan.h) is not NULL in a restored VM. What it prints goes to the file LOG. It ends
 * if we do. Returns 0, or -1 with *error set to a sentence (free() it).
 */
int soak_run_start(struct soak_run *run, const struct run_args *args, uint64_t rounds,
		   uint64_t until_ms, const char *snapshot, const char *log, char **error);

/* Reads what there is; true if that was all. */
bool soak_run_read(struct soak_run *run);

/*
 * The journal's line of the run under way (release it), if it is over: NULL if not. *MORE:
 * another run of the VM follows, and is to be given a number.
 */
json_t *soak_run_line(struct soak_run *run, bool *more);

/*
 * Waits for the end of the process: the line of the run under way (release it), which is no
 * result then, or NULL. The run is as if there was none.
 */
json_t *soak_run_end(struct soak_run *run);

#endif
