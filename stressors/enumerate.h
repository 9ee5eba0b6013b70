/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single faults, one after the other, on a deterministic scenario (docs/enumerate.md). */
#ifndef SEPTORTURE_ENUMERATE_H
#define SEPTORTURE_ENUMERATE_H

#include <stdint.h>

#include "plan.h"

struct enumerate_args {
	uint64_t first; /* the number of the first case to run, from 1 */
	const char *sites; /* patterns as of the shell, separated by commas; NULL: all sites */
	uint64_t calls; /* so many of each site and context, at most; 0: all */
	const char *contracts; /* names, separated by commas; NULL: all but "never" */
};

/* Runs all cases that PLAN's machine and TD allow, or says with event_fail() why not. */
void enumerate(const struct plan *plan, const struct enumerate_args *args);

#endif
