// SPDX-License-Identifier: GPL-2.0-or-later
#include "helper.h"

#include <stdlib.h>

#include "units.h"

static void good(enum stress_unit unit, const char *text, uint64_t want)
{
	uint64_t value = ~want;
	char *error = unit_parse(unit, text, &value);

	if (error)
		fail_msg("'%s': %s", text, error);
	assert_true(value == want);
}

static void bad(enum stress_unit unit, const char *text, const char *want)
{
	uint64_t value;
	char *error = unit_parse(unit, text, &value);

	if (!error)
		fail_msg("'%s' was accepted", text);
	assert_string_equal(error, want);
	free(error);
}

static void accepts(void **state)
{
	(void)state;
	good(UNIT_COUNT, "0", 0);
	good(UNIT_COUNT, " 7 ", 7);
	good(UNIT_COUNT, "18446744073709551615", UINT64_MAX);
	good(UNIT_TIME, "5us", 5);
	good(UNIT_TIME, "5 ms", 5000);
	good(UNIT_TIME, "20 s", 20000000);
	good(UNIT_TIME, "1440 min", 86400000000ull);
	good(UNIT_TIME, "24 h", 86400000000ull);
	good(UNIT_SIZE, "4KiB", 4096);
	good(UNIT_SIZE, "256 MiB", 256ull << 20);
	good(UNIT_SIZE, "64 GiB", 64ull << 30);
	good(UNIT_PERCENT, "10%", 10);
	good(UNIT_PERCENT, "100 %", 100);
}

static void refuses(void **state)
{
	(void)state;
	bad(UNIT_COUNT, "", "'' is not a whole number; write it as in '8'");
	bad(UNIT_COUNT, "-1", "'-1' is not a whole number; write it as in '8'");
	bad(UNIT_COUNT, "1 s", "'1 s' is not a plain whole number; write it as in '8'");
	bad(UNIT_COUNT, "18446744073709551616", "'18446744073709551616' is too large");
	bad(UNIT_COUNT, "99999999999999999999", "'99999999999999999999' is too large");
	bad(UNIT_TIME, "20", "'20' has no unit; write it as in '20 s' (us, ms, s, min or h)");
	bad(UNIT_TIME, "20 d",
	    "'20 d' does not end in a known unit; write it as in '20 s' (us, ms, s, min or h)");
	bad(UNIT_TIME, "1.5 s",
	    "'1.5 s' does not end in a known unit; write it as in '20 s' (us, ms, s, min or h)");
	bad(UNIT_TIME, "s", "'s' is not a whole number; write it as in '20 s'");
	bad(UNIT_TIME, "18446744073709551615 min", "'18446744073709551615 min' is too large");
	bad(UNIT_SIZE, "1 GB",
	    "'1 GB' does not end in a known unit; write it as in '256 MiB' (KiB, MiB or GiB)");
	bad(UNIT_PERCENT, "10", "'10' has no unit; write it as in '10 %' (%)");
}

static void ranges(void **state)
{
	uint64_t value;
	char *error;

	(void)state;
	assert_null(unit_parse_range(UNIT_TIME, "1 s", 1000000, 2000000, &value));
	assert_null(unit_parse_range(UNIT_TIME, "2 s", 1000000, 2000000, &value));
	error = unit_parse_range(UNIT_TIME, "2001 ms", 1000000, 2000000, &value);
	assert_string_equal(error, "'2001 ms' is out of range; it must be 1 s .. 2 s");
	free(error);
	error = unit_parse_range(UNIT_TIME, "999999 us", 1000000, 2000000, &value);
	assert_string_equal(error, "'999999 us' is out of range; it must be 1 s .. 2 s");
	free(error);
}

static void format(enum stress_unit unit, uint64_t value, const char *want)
{
	char *text = unit_format(unit, value);

	assert_string_equal(text, want);
	free(text);
}

static void formats(void **state)
{
	(void)state;
	format(UNIT_COUNT, 12, "12");
	format(UNIT_TIME, 0, "0 us");
	format(UNIT_TIME, 1500000, "1500 ms");
	format(UNIT_TIME, 120000000, "2 min");
	format(UNIT_SIZE, 1ull << 30, "1 GiB");
	format(UNIT_SIZE, 1025, "1025 bytes");
	format(UNIT_PERCENT, 5, "5 %");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(accepts),
	    cmocka_unit_test(refuses),
	    cmocka_unit_test(ranges),
	    cmocka_unit_test(formats),
	};

	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
