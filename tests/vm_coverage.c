// SPDX-License-Identifier: GPL-2.0-or-later
/* Failure branches of the real kernel with gcov: the first run builds it. */
#include "vm_test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xmem.h"

#define DB "build/test-coverage.sqlite"

/* The line of what septorture printed that holds WORD; free() it. */
static char *line_with(const char *word)
{
	char *text = read_text("build/vm-test.out"), *at = strstr(text, word), *line;

	assert_non_null(at);
	while (at > text && at[-1] != '\n')
		at--;
	line = strndup(at, strcspn(at, "\n"));
	free(text);
	return line;
}

/* Whether a branch of that function was: its line begins with how often. */
static bool is_taken(const char *function)
{
	char *text = read_text("build/vm-test.out"), *at = text;
	bool found = false;

	while (!found && (at = strstr(at, function))) {
		char *begin = at++;

		while (begin > text && begin[-1] != '\n')
			begin--;
		found = *begin >= '1' && *begin <= '9';
	}
	free(text);
	return found;
}

static void assert_sane(const json_t *r)
{
	const json_t *c = json_object_get(r, "coverage");

	assert_true(json_is_object(c));
	assert_string_equal(string(c, "problem"), "");
	assert_true(number(c, "arcs") > 5000);
	assert_true(number(c, "taken") > 1000);
}

/*
 * The branch that this project is about, and functions of which KVM's compiler makes nothing: that
 * they were on the stack takes the debug information.
 */
static void failures_are_seen(void **state)
{
	static const char *const taken[] = {"tdp_mmu_set_spte_atomic ", "__handle_changed_spte ",
					    "tdx_mem_page_aug "};
	unsigned int found = 0;
	json_t *r;

	(void)state;
	unlink(DB);
	for (int faults = 1; faults >= 0; faults--) {
		int status = run("", faults ? "--accel tcg --duration 5s --seed 1 --kernel cover "
					      "configs/plans/mutants.ini"
					    : "--accel tcg --duration 5s --seed 1 --kernel cover "
					      "--no-faults configs/plans/mutants.ini");

		/* Findings are other tests' business. */
		if (status != 1)
			want(status, 0);
		r = report();
		assert_sane(r);
		json_decref(r);
	}
	/* Waivers are for all of `make coverage`: some are stale here. */
	want(septorture("", "coverage --db " DB " --list plan=mutants,config=cover") > 1, 0);
	/* What softseam makes KVM meet by itself is no failure branch: not each of them always is
	 * one. */
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		found += is_taken(taken[i]);
	assert_true(found > 0);
	free(line_with("failure branches: "));
}

/* An enumeration says who it was; the baseline is that of the test before. */
static void causes_are_known(void **state)
{
	(void)state;
	want(septorture("", "enumerate --accel tcg --calls 1 --sites tdh_mem_page_aug "
			    "--contracts retry configs/plans/coverage-calls.ini"),
	     0);
	want(septorture("", "coverage --db " DB " --list config=cover") > 1, 0);
	free(line_with("tdh_mem_page_aug=TDX_OPERAND_BUSY (map): survived"));
	free(line_with("cases of enumerations as their contract says"));
}

/* The plans that are there for it find nothing, and inject most of their faults, by chance. */
static void plan_works(const char *plan)
{
	char *args = xasprintf("--accel tcg --duration 15s configs/plans/%s.ini", plan);
	json_t *r, *site;
	size_t i, injected = 0;

	want(run("", args), 0);
	r = report();
	json_array_foreach(json_object_get(r, "sites"), i, site) injected +=
	    number(site, "injected") > 0;
	if (injected < json_array_size(json_object_get(r, "sites")) / 2)
		fail_msg("%zu of %zu faults of %s were injected", injected,
			 json_array_size(json_object_get(r, "sites")), plan);
	json_decref(r);
	free(args);
}

static void plans_inject(void **state)
{
	(void)state;
	plan_works("coverage-setup");
	plan_works("coverage-alloc");
	plan_works("coverage-fatal");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plans_inject),
	    cmocka_unit_test(failures_are_seen),
	    cmocka_unit_test(causes_are_known),
	};

	return vm_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
