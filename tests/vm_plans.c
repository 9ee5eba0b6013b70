// SPDX-License-Identifier: GPL-2.0-or-later
/* Each plan on the stock kernel, for seconds: it is clean, and each of its stressors works. */
#include "vm_test.h"

#include <stdlib.h>
#include <string.h>

#include "xmem.h"

static int run_for(const char *time, const char *plan)
{
	char *args = xasprintf("--accel tcg --duration %s configs/plans/%s.ini", time, plan);
	int status = run("", args);

	free(args);
	return status;
}

static void is_clean(const char *plan)
{
	int status = run_for("5s", plan);
	json_t *r, *s;
	size_t i;

	/* If the machine is busy elsewhere, nothing may come to be injected: no result. */
	if (status == 3)
		status = run_for("30s", plan);
	want(status, 0);
	r = report();
	json_array_foreach(json_object_get(r, "stressors"), i, s) assert_works(r, s);
	json_decref(r);
}

/* The example of docs/adding.md, as it stands there, on our kernel. */
static void a_stressor_is_one_file(void **state)
{
	json_t *r, *s;

	(void)state;
	if (system("tests/add-stressor build/adding >build/vm-test.out 2>&1"))
		want(-1, 0);
	if (system("SEPTORTURE_SRC=$PWD SEPTORTURE_AGENT=$PWD/build/adding/build/agent "
		   "build/adding/build/septorture run --accel tcg build/adding/peek.ini "
		   ">build/vm-test.out 2>&1"))
		want(-1, 0);
	r = report();
	s = json_array_get(json_object_get(r, "stressors"), 1);
	assert_string_equal(string(s, "name"), "peek");
	assert_works(r, s);
	json_decref(r);
}

/* How often OP came to what OPENER froze, or with OPENER NULL, to anything. */
static json_int_t met(const json_t *r, const char *opener, const char *op)
{
	json_int_t times = 0;
	json_t *window, *m;
	size_t i, k;

	json_array_foreach(json_object_get(r, "windows"), i, window)
	{
		if (opener && strcmp(string(window, "op"), opener))
			continue;
		json_array_foreach(json_object_get(window, "met"), k, m)
		{
			if (!strcmp(string(m, "op"), op))
				times += number(m, "times");
		}
	}
	return times;
}

/* Who meets is counted, in its own cell, and nobody who was not there. */
static void pairs_are_counted(void **state)
{
	static const char *const others[] = {"prefault", "image", "convert", "slot"};
	json_t *r, *window;
	size_t i;

	(void)state;
	want(run("", "--accel tcg tests/plans/windows.ini"), 0);
	r = report();
	assert_true(met(r, "fault", "punch") + met(r, "accept", "punch") > 0);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(met(r, NULL, others[i]), 0);
	json_array_foreach(json_object_get(r, "windows"), i, window)
	{
		if (number(window, "opened") && strcmp(string(window, "op"), "fault") &&
		    strcmp(string(window, "op"), "image"))
			assert_string_equal(string(window, "op"), "accept");
	}
	json_decref(r);
}

#define PLAN(id, name)                                                                             \
	static void id(void **state)                                                               \
	{                                                                                          \
		(void)state;                                                                       \
		is_clean(name);                                                                    \
	}

PLAN(convert_storm, "convert-storm")
PLAN(frozen_window, "frozen-window")
PLAN(memory_limit, "memory-limit")
PLAN(kitchen_sink, "kitchen-sink")
PLAN(lifecycle, "lifecycle")
PLAN(memory_pressure, "memory-pressure")
PLAN(prefault_race, "prefault-race")
PLAN(zap_storm, "zap-storm")
PLAN(zerostep, "zerostep")

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_stressor_is_one_file),
	    cmocka_unit_test(convert_storm),
	    cmocka_unit_test(frozen_window),
	    cmocka_unit_test(memory_limit),
	    cmocka_unit_test(kitchen_sink),
	    cmocka_unit_test(lifecycle),
	    cmocka_unit_test(memory_pressure),
	    cmocka_unit_test(pairs_are_counted),
	    cmocka_unit_test(prefault_race),
	    cmocka_unit_test(zap_storm),
	    cmocka_unit_test(zerostep),
	};

	return vm_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
