/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each call of each site fails once, with each error, in as many boots as it takes. */
#ifndef SEPTORTURE_ENUMERATE_PLAN_H
#define SEPTORTURE_ENUMERATE_PLAN_H

#include <stdint.h>

#include "accel.h"
#include "enumeration.h"

struct enumerate_args {
	const char *plan; /* its path */
	const char *mutant; /* as kernel.h takes it; NULL: none */
	const char *sites, *contracts; /* as the agent takes them; NULL: all */
	uint64_t calls; /* so many of each site and context, at most; 0: all */
	uint64_t stop; /* after so many cases that are not as promised; 0: never */
	const char *resume; /* an id or "latest"; NULL: begin anew */
	enum accel_wish accel;
};

/*
 * Leaves build/enumerate/ID/ and what is in it in *RECORD (enumeration_free() it, whatever is
 * returned; without a dir nothing was run). signals_prepare() comes before. Returns an EXIT_
 * status; what went wrong has been said.
 */
int enumerate_plan(const struct enumerate_args *args, struct enumeration *record);

#endif
