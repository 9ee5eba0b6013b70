/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of options that several subcommands have; a wrong one ends the program. */
#ifndef SEPTORTURE_OPTIONS_H
#define SEPTORTURE_OPTIONS_H

#include <argp.h>
#include <stdint.h>

#include "accel.h"
#include "platform.h"
#include "stressor.h"

/* What TEXT, the value of option NAME, says: MIN .. MAX in the base unit of UNIT. */
uint64_t option_value(struct argp_state *state, const char *name, enum stress_unit unit,
		      const char *text, uint64_t min, uint64_t max);

/* As option_value(), of a load's length. */
uint64_t option_duration(struct argp_state *state, const char *name, const char *text);

/*
 * The path of the plan that WORD means: that file, or, without a '/' and if there is no such file,
 * the plan of that name in configs/plans.
 */
const char *option_plan(const char *word);

/* The value of --platform. */
enum platform option_platform(struct argp_state *state, const char *word);

/* The value of --accel. */
enum accel_wish option_accel(struct argp_state *state, const char *word);

#endif
