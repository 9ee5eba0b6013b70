// SPDX-License-Identifier: GPL-2.0-or-later
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>

#include "table.h"

/* The table of CELLS, three in a row, as it is printed after "> ". */
static void prints(void (*print)(struct table *t, const char *indent, FILE *out),
		   const char *const *cells, const char *want)
{
	struct table t = {.ncols = 3};
	FILE *f = fopen("table", "w");
	char *text;

	for (; *cells; cells++)
		table_add(&t, *cells);
	assert_non_null(f);
	print(&t, "> ", f);
	assert_int_equal(fclose(f), 0);
	text = read_text("table");
	assert_string_equal(text, want);
	free(text);
}

#define PRINTS(want, ...) prints(table_print, (const char *const[]){__VA_ARGS__, NULL}, want)
#define FITS(want, ...)	  prints(table_fit, (const char *const[]){__VA_ARGS__, NULL}, want)

static void alignment(void **state)
{
	(void)state;
	PRINTS("> A       N  LAST\n> one    12   100\n> three   1     7\n", "A", "N", "LAST", "one",
	       "12", "100", "three", "1", "7");
	/* A value that there is none of does not make numbers text, nor itself a number. */
	PRINTS("> A  NUM  B\n> -   12  -\n> -    -  -\n", "A", "NUM", "B", "-", "12", "-", "-", "-",
	       "-");
	PRINTS("> LONG  N   B\n> -     12  x\n> -     1x  y\n", "LONG", "N", "B", "-", "12", "x",
	       "-", "1x", "y");
}

static void no_blanks_at_the_end(void **state)
{
	(void)state;
	PRINTS("> A  LONG  X\n> a\n> b        c\n> c  1\n", "A", "LONG", "X", "a", "", "", "b", "",
	       "c", "c", "1", "");
	PRINTS("> A  B  C\n> \n", "A", "B", "C", "", "", "");
}

static void plain(void **state)
{
	(void)state;
	PRINTS("> a?b  c?  ?\n",
	       "a\x1b"
	       "b",
	       "c\n", "\x7f");
}

#define TEN    "123456789 "
#define NUMBER "12345678901234567890123456789012345"
#define THIRTY "123456789.123456789.123456789."

static void no_wider_than_a_mail(void **state)
{
	(void)state;
	FITS("> A  N  LAST\n> b  7  c d\n", "A", "N", "LAST", "b", "7", "c d");
	/* The widest column of text goes on below itself, wherever it is. */
	FITS("> A  LONG                                                              N\n"
	     "> b  " TEN TEN TEN TEN TEN TEN "      7\n"
	     ">    123456789 x\n",
	     "A", "LONG", "N", "b", TEN TEN TEN TEN TEN TEN TEN "x", "7");
	/* What cannot be broken is closed up; more is not to be had. */
	FITS("> A                                    B                              N\n"
	     "> " THIRTY "abcdef " THIRTY " 7\n",
	     "A", "B", "N", THIRTY "abcdef", THIRTY, "7");
	/* Nor is a narrow column broken for the sake of wide numbers. */
	FITS("> A                                     B                                LAST\n"
	     "> b c " NUMBER " " NUMBER "\n",
	     "A", "B", "LAST", "b c", NUMBER, NUMBER);
	FITS("> A                              B                              LAST\n"
	     "> " THIRTY " " THIRTY " " THIRTY "\n",
	     "A", "B", "LAST", THIRTY, THIRTY, THIRTY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(alignment),
	    cmocka_unit_test(no_blanks_at_the_end),
	    cmocka_unit_test(plain),
	    cmocka_unit_test(no_wider_than_a_mail),
	};

	return cmocka_run_group_tests_name("table", tests, enter_scratch, leave_scratch);
}
