// SPDX-License-Identifier: GPL-2.0-or-later
/* The fuzzer's target on random input, where there is no libFuzzer to choose it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "arena.h"
#include "fuzz.h"

static void any_input_is_survived(void **state)
{
	unsigned int seed = 1;
	u64 entered = 0;
	uint8_t data[512];

	(void)state;
	for (int n = 0; n < 2000; n++) {
		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = (uint8_t)(rand_r(&seed) >> 7);
		/* The leaves that there are, mostly. */
		for (size_t i = 30; i < sizeof(data); i += 3)
			data[i] &= 47;
		data[0] |= 5;
		fuzz_one(data, sizeof(data));
		entered += seam_counts[VP_ENTER].used;
	}
	assert_true(entered > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(any_input_is_survived)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
