/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers with units, as in plans (docs/plans.md) and on the command line. */
#ifndef SEPTORTURE_UNITS_H
#define SEPTORTURE_UNITS_H

#include <stdint.h>

#include "stressor.h"

/*
 * Reads TEXT ("20 s", "1GiB", "5 %", "7") into *value, in the base unit of
 * UNIT (not UNIT_CHOICE). Returns NULL, or what is wrong and what would be
 * right as the end of a sentence (free() it).
 */
char *unit_parse(enum stress_unit unit, const char *text, uint64_t *value);

/* As unit_parse(), and the value has to lie in MIN .. MAX. */
char *unit_parse_range(enum stress_unit unit, const char *text, uint64_t min, uint64_t max,
		       uint64_t *value);

/* In the largest unit that gives a whole number: "20 s", "1 GiB"; free() it. */
char *unit_format(enum stress_unit unit, uint64_t value);

#endif
