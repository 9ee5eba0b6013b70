/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One commit of a kernel tree: built, run, and its failures enumerated. */
#ifndef SEPTORTURE_COMMIT_H
#define SEPTORTURE_COMMIT_H

#include <stdint.h>

#include "accel.h"
#include "series.h"

struct commit_args {
	const char *src; /* the source tree */
	const char *plan; /* its path */
	const char *plan_word; /* as it was given */
	const char *kernel; /* the plan's */
	uint64_t duration_us; /* of its load; 0: the plan's */
	uint64_t seed; /* the same for all, so that they can be compared */
	uint64_t max_broken; /* so many cases against their contract are enough; 0: all */
	const char *cases; /* the plan of the enumeration */
	uint64_t calls; /* as enumerate_plan() takes it */
	enum accel_wish accel;
};

/*
 * Tries the kernel tree in KSRC and fills in *C but for its id and subject. A signal
 * (signals.h) ends it early.
 */
void commit_check(const struct commit_args *args, struct commit *c);

/* The same kernel with the mutant T names: whether the plan finds it. */
void commit_self_test(const struct commit_args *args, struct self_test *t);

#endif
