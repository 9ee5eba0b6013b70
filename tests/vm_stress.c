// SPDX-License-Identifier: GPL-2.0-or-later
/* Stressors that need a run of their own to show that they do what they are for. */
#include "vm_test.h"

#include <string.h>

/* Runs PLAN, which must be clean, and wants more than 0 of each of the COUNTERS of STRESSOR. */
static void counts_all(const char *plan, const char *stressor, const char *const *counters)
{
	const json_t *counted = NULL;
	json_t *r, *s;
	size_t i;

	want(run("", plan), 0);
	r = report();
	json_array_foreach(json_object_get(r, "stressors"), i, s)
	{
		if (!strcmp(string(s, "name"), stressor))
			counted = json_object_get(s, "counters");
	}
	assert_non_null(counted);
	for (; *counters; counters++)
		if (number(counted, *counters) <= 0)
			fail_msg("%s: no %s", stressor, *counters);
	json_decref(r);
}

/* `full` is a matter of chance, and of minutes. */
static void tds_come_and_go(void **state)
{
	static const char *const counters[] = {"lifecycles", "finalized", "killed", NULL};

	(void)state;
	counts_all("--accel tcg tests/plans/lifecycle.ini", "lifecycle", counters);
}

static void shared_memory_changes(void **state)
{
	static const char *const counters[] = {"exits",	    "protections", "moves",
					       "collapses", "splits",	   "compactions",
					       "pageouts",  "dirty_logs",  NULL};

	(void)state;
	counts_all("--accel tcg tests/plans/shared.ini", "shared", counters);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tds_come_and_go),
	    cmocka_unit_test(shared_memory_changes),
	};

	return vm_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
