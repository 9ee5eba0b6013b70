/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process with TDs of its own, which is killed with them. What it finds is
 * reported by its parent.
 */
#ifndef SEPTORTURE_CHILD_H
#define SEPTORTURE_CHILD_H

#include <stdint.h>
#include <sys/types.h>

#include "agent.h"

/* Shared with the child. */
struct child_note {
	struct event_note said;
	char crash[16]; /* the signal's name; "": it did not crash */
	uint64_t count[STRESS_MAX_COUNTERS]; /* for the caller */
};

struct child {
	pid_t pid;
	struct child_note *note;
};

/*
 * Runs RUN(ARG) in a child, which then waits to be killed. All that is used there has to work
 * after fork() with glibc, even beside threads. Returns 0, or -1 after event_fail().
 */
int child_start(struct child *c, void (*run)(struct child_note *note, void *arg), void *arg);

/* Sleeps for US microseconds, signals or not. */
void child_sleep(uint64_t us);

/* Whether it is dead already: the OOM killer may have ended it. */
bool child_died(const struct child *c);

/* Kills it, and reports what it found, as of TD number TD. The note is gone then. */
void child_end(struct child *c, unsigned int td);

#endif
