// SPDX-License-Identifier: GPL-2.0-or-later
/* Stressors that need a run of their own to show that they do what they are for. */
#include "vm_test.h"

#include <string.h>

#define MAX_RUNS 3 /* of a plan, on a machine that is too slow for what is asked of one */

static const json_t *counters_of(const json_t *r, const char *stressor)
{
	json_t *s;
	size_t i;

	json_array_foreach(json_object_get(r, "stressors"), i, s)
	{
		if (!strcmp(string(s, "name"), stressor))
			return json_object_get(s, "counters");
	}
	fail_msg("the report has no stressor '%s'", stressor);
	return NULL;
}

/* Runs PLAN, which must be clean, and wants more than 0 of each of the COUNTERS of STRESSOR. */
static void counts_all(const char *plan, const char *stressor, const char *const *counters)
{
	for (int runs = 1; *counters; runs++) {
		const char *none = *counters;
		json_t *r;

		want(run("", plan), 0);
		r = report();
		while (*counters && number(counters_of(r, stressor), *counters) > 0)
			counters++;
		json_decref(r);
		if (*counters && runs == MAX_RUNS)
			fail_msg("%s: no %s", stressor, none);
	}
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
	static const char *const counters[] = {"exits",	   "protections", "moves",    "collapses",
					       "splits",   "compactions", "pageouts", "dirty_logs",
					       "unmerges", "idles",	  NULL};

	(void)state;
	counts_all("--accel tcg tests/plans/shared.ini", "shared", counters);
}

/* `killed` is a matter of chance. */
static void memory_is_refused(void **state)
{
	static const char *const counters[] = {"processes", "tds", "refused", "limits", NULL};

	(void)state;
	counts_all("--accel tcg tests/plans/cgroup.ini", "cgroup", counters);
}

/* On a kernel that frees no vCPU. */
static void kept_charges_are_found(void **state)
{
	json_t *r;

	(void)state;
	want(run("SEPTORTURE_APPEND=septorture_test=vcpus",
		 "--accel tcg --mutant tests/mutants/blind.mutant tests/plans/cgroup.ini"),
	     1);
	r = report();
	assert_non_null(finding(r, "leak", "memory-cgroup", "still charged"));
	json_decref(r);
}

static void endless_fault_is_found(void **state)
{
	json_t *r;

	(void)state;
	want(run("", "--accel tcg tests/plans/livelock.ini"), 1);
	r = report();
	assert_non_null(finding(r, "liveness", "livelock", "for ever"));
	json_decref(r);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tds_come_and_go),	      cmocka_unit_test(shared_memory_changes),
	    cmocka_unit_test(memory_is_refused),      cmocka_unit_test(kept_charges_are_found),
	    cmocka_unit_test(endless_fault_is_found),
	};

	return vm_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
