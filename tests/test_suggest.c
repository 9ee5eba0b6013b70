// SPDX-License-Identifier: GPL-2.0-or-later
#include "helper.h"

#include <stdlib.h>
#include <string.h>

#include "suggest.h"

static void distances(void **state)
{
	char longer[300];

	(void)state;
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(edit_distance("", ""), 0);
	assert_int_equal(edit_distance("", "abc"), 3);
	assert_int_equal(edit_distance("abc", "abc"), 0);
	assert_int_equal(edit_distance("kitten", "sitting"), 3);
	assert_int_equal(edit_distance("list", "lst"), 1);
	assert_int_equal(edit_distance("list", "lsit"), 1);
	assert_true(edit_distance(longer, "x") == SIZE_MAX);
}

static void nearest(void **state)
{
	struct suggest s = {.word = "tdh_mem_page_agu"};
	char *text;

	(void)state;
	suggest_try(&s, "tdh_mem_page_add");
	suggest_try(&s, "tdh_mem_page_aug");
	suggest_try(&s, "tdh_mem_sept_add");
	text = suggest_text(&s, "look there");
	assert_string_equal(text, "; did you mean 'tdh_mem_page_aug'?");
	free(text);
	s = (struct suggest){.word = "tdh_page_aug"};
	suggest_try(&s, "tdh_mem_page_add");
	suggest_try(&s, "tdh_mem_page_aug");
	assert_string_equal(s.best, "tdh_mem_page_aug");
}

static void nothing_near(void **state)
{
	struct suggest s = {.word = "banana"};
	char *text;

	(void)state;
	suggest_try(&s, "run");
	suggest_try(&s, "list");
	text = suggest_text(&s, "look there");
	assert_string_equal(text, "; look there");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(distances),
	    cmocka_unit_test(nearest),
	    cmocka_unit_test(nothing_near),
	};

	return cmocka_run_group_tests_name("suggest", tests, NULL, NULL);
}
