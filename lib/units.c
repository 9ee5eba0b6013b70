// SPDX-License-Identifier: GPL-2.0-or-later
#include "units.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "xmem.h"

struct scale {
	const char *name;
	uint64_t factor;
};

/* What each unit of stressor.h is written as; smallest scale first. */
static const struct unit {
	const char *names; /* for people; NULL: a plain number */
	const char *example;
	struct scale scales[6];
} units[] = {
    [UNIT_COUNT] = {NULL, "8", {{"", 1}}},
    [UNIT_TIME] = {"us, ms, s, min or h",
		   "20 s",
		   {{"us", 1}, {"ms", 1000}, {"s", 1000000}, {"min", 60000000}, {"h", 3600000000}}},
    [UNIT_SIZE] = {"KiB, MiB or GiB",
		   "256 MiB",
		   {{"KiB", 1ull << 10}, {"MiB", 1ull << 20}, {"GiB", 1ull << 30}}},
    [UNIT_PERCENT] = {"%", "10 %", {{"%", 1}}},
};

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* Reads the digits at *s; false if they do not fit in 64 bits. */
static bool read_digits(const char **s, uint64_t *value)
{
	*value = 0;
	for (; **s >= '0' && **s <= '9'; (*s)++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(**s - '0'), value))
			return false;
	return true;
}

static char *wrong_unit(const struct unit *unit, const char *text, const char *rest)
{
	if (!unit->names)
		return xasprintf("'%s' is not a plain whole number; write it as in '%s'", text,
				 unit->example);
	if (!*rest)
		return xasprintf("'%s' has no unit; write it as in '%s' (%s)", text, unit->example,
				 unit->names);
	return xasprintf("'%s' does not end in a known unit; write it as in '%s' (%s)", text,
			 unit->example, unit->names);
}

char *unit_parse(enum stress_unit kind, const char *text, uint64_t *value)
{
	const struct unit *unit = &units[kind];
	const char *s = skip_blanks(text);
	const char *digits = s;

	if (!read_digits(&s, value))
		return xasprintf("'%s' is too large", text);
	if (s == digits)
		return xasprintf("'%s' is not a whole number; write it as in '%s'", text,
				 unit->example);
	s = skip_blanks(s);
	for (const struct scale *scale = unit->scales; scale->name; scale++) {
		size_t len = strlen(scale->name);

		if (strncmp(s, scale->name, len) || *skip_blanks(s + len))
			continue;
		if (__builtin_mul_overflow(*value, scale->factor, value))
			return xasprintf("'%s' is too large", text);
		return NULL;
	}
	return wrong_unit(unit, text, s);
}

char *unit_parse_range(enum stress_unit unit, const char *text, uint64_t min, uint64_t max,
		       uint64_t *value)
{
	char *error = unit_parse(unit, text, value);
	char *lo, *hi;

	if (error || (*value >= min && *value <= max))
		return error;
	lo = unit_format(unit, min);
	hi = unit_format(unit, max);
	error = xasprintf("'%s' is out of range; it must be %s .. %s", text, lo, hi);
	free(lo);
	free(hi);
	return error;
}

char *unit_format(enum stress_unit kind, uint64_t value)
{
	const struct scale *best = units[kind].scales;

	for (const struct scale *scale = best; scale->name; scale++)
		if (value && value % scale->factor == 0)
			best = scale;
	if (kind == UNIT_SIZE && value % best->factor)
		return xasprintf("%" PRIu64 " bytes", value);
	return xasprintf("%" PRIu64 "%s%s", value / best->factor, *best->name ? " " : "",
			 best->name);
}
