// SPDX-License-Identifier: GPL-2.0-or-later
#include "helper.h"

#include <stdlib.h>
#include <string.h>

#include "known.h"
#include "xmem.h"

static struct run_report *one_finding(void)
{
	struct run_report *run = run_new();

	run->ended = true;
	run_finding(run, "klog", "kcsan", "a race", "kcsan: a / b", 1);
	return run;
}

static int mark(struct run_report *run, const char *lines, char **error)
{
	write_text("known", lines);
	*error = NULL;
	return known_mark(run, "known", error);
}

static void equal_signature(void **state)
{
	struct run_report *run = one_finding();
	char *error, *verdict;

	(void)state;
	assert_int_equal(mark(run, "# why\n\nkcsan: a / b   # seen, harmless\n", &error), 0);
	assert_string_equal(run->findings[0].known, "seen, harmless");
	assert_int_equal(run_verdict(run), RUN_CLEAN);
	verdict = run_verdict_text(run);
	assert_string_equal(verdict, "CLEAN, 1 known");
	free(verdict);
	run_finding(run, "klog", "warn", "a warning", "warn: c", 1);
	verdict = run_verdict_text(run);
	assert_string_equal(verdict, "1 FINDING, 1 known");
	assert_int_equal(run_verdict(run), RUN_FINDINGS);
	free(verdict);
	run_free(run);
}

static void other_signatures(void **state)
{
	static const char *const lines[] = {"kcsan: a / bc  # longer\n", "kcsan: a  # shorter\n",
					    "KCSAN: a / b  # case\n", "kcsan: .*  # no pattern\n"};
	char *error;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct run_report *run = one_finding();

		assert_int_equal(mark(run, lines[i], &error), 0);
		assert_null(run->findings[0].known);
		assert_int_equal(run_verdict(run), RUN_FINDINGS);
		run_free(run);
	}
}

static void cut_splat_counts(void **state)
{
	struct run_report *run = one_finding();
	char *error;

	(void)state;
	run->findings[0].cut = true;
	assert_int_equal(mark(run, "kcsan: a / b  # why\n", &error), 0);
	assert_int_equal(run_verdict(run), RUN_FINDINGS);
	run_free(run);
}

static void bad_lines(void **state)
{
	static const char *const lines[] = {"kcsan: a / b\n", "kcsan: a / b  #\n", "  # why\n",
					    "kcsan: a / b  #  \n"};
	char *error;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct run_report *run = one_finding();

		assert_int_equal(mark(run, lines[i], &error), -1);
		assert_contains(error, "known:1: ");
		free(error);
		run_free(run);
	}
}

static void no_file(void **state)
{
	struct run_report *run = one_finding();
	char *error = NULL;

	(void)state;
	assert_int_equal(known_mark(run, "nowhere", &error), -1);
	assert_contains(error, "nowhere");
	free(error);
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(equal_signature),	cmocka_unit_test(other_signatures),
	    cmocka_unit_test(cut_splat_counts), cmocka_unit_test(bad_lines),
	    cmocka_unit_test(no_file),
	};

	return cmocka_run_group_tests_name("known", tests, enter_scratch, leave_scratch);
}
