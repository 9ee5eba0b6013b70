/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One fault of a plan, armed in the running kernel. Which file it is written to
 * depends on the site's engine (lib/site.h); main thread only.
 */
#ifndef SEPTORTURE_FAULT_H
#define SEPTORTURE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"

struct fault_counts {
	uint64_t calls; /* of the function */
	uint64_t matched; /* of those, what the context lets through */
	uint64_t injected; /* of those, how many were made to fail */
};

struct fault_engine {
	/* Each returns 0, or -1 after event_fail(). on is armed from then on. */
	int (*arm)(const struct plan_fault *f, uint64_t seed, bool on);
	/* Lets it fail, or not; counters go on. */
	int (*set_on)(const struct plan_fault *f, bool on);
	/* Gives the function back, counters and all. */
	void (*remove)(const struct plan_fault *f);
	bool (*counts)(const struct plan_fault *f, struct fault_counts *c);
};

extern const struct fault_engine fault_function; /* fault_function.c */
extern const struct fault_engine fault_alloc; /* fault_alloc.c */
extern const struct fault_engine fault_softseam; /* fault_softseam.c */

const struct fault_engine *fault_engine(const struct plan_fault *f);

/* The statuses of a fault as a plan says them; free() it. */
char *fault_statuses(const struct plan_fault *f);

/* Writes the text of FORMAT to PATH; 0, or -1 after event_fail(). */
__attribute__((format(printf, 2, 3))) int fault_write(const char *path, const char *format, ...);

#endif
