// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From gcov's counters to failure branches. The kernel is a program of ours that is compiled with
 * gcov; what it counts comes from a fake guest.
 */
#include "browser.h"
#include "cli.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xmem.h"

#define OUT   "tree/kernel/out"
#define IMAGE OUT "/arch/x86/boot/bzImage"

/* Without an argument nothing fails; "a" and "b" make one of two calls fail. */
static const char source[] = "static int call(int fails)\n"
			     "{\n"
			     "	return fails ? -1 : 0;\n"
			     "}\n"
			     "static int undo(int twice)\n"
			     "{\n"
			     "	if (twice)\n"
			     "		return 2;\n"
			     "	return 1;\n"
			     "}\n"
			     "static int path(int a, int b)\n"
			     "{\n"
			     "	if (call(a))\n"
			     "		return undo(0);\n"
			     "	if (call(b))\n"
			     "		return 3;\n"
			     "	if (call(0))\n"
			     "		return 4;\n"
			     "	return 0;\n"
			     "}\n"
			     "int main(int n, char **v)\n"
			     "{\n"
			     "	return path(n > 1 && *v[1] == 'a', n > 1 && *v[1] == 'b');\n"
			     "}\n";

static void shell(const char *command)
{
	if (system(command))
		fail_msg("this failed: %s", command);
}

/* Compiles the kernel; OPTIONS for gcc, too. */
static void build(const char *options)
{
	char *command = xasprintf("mkdir -p " OUT "/arch/x86/boot && touch " IMAGE " && cd " OUT
				  " && rm -f k.gcda && gcc --coverage -O0 %s -c "
				  "../k.c -o k.o && gcc --coverage k.o -o k",
				  options);

	write_text("tree/kernel/k.c", source);
	shell(command);
	write_text(OUT "/.septorture-built", "0123456789abcdef fedcba9876543210\n");
	write_text("tree/kernel/build.sh", "#!/bin/sh\necho kernel/out/arch/x86/boot/bzImage\n");
	free(command);
}

/* The event of what the kernel counted with ARGUMENT; CHANGE is a piece of shell. free() it. */
static char *counted(const char *argument, const char *change, const char *more)
{
	char *command = xasprintf("cd " OUT " && rm -f k.gcda && { ./k %s; } ; %s; "
				  "base64 -w0 k.gcda >data",
				  argument, change);
	char *data, *event, *dir = scratch_path(OUT);

	shell(command);
	data = read_text(OUT "/data");
	event = xasprintf("{\"e\":\"gcov\",\"us\":4,\"file\":\"%s/k.gcda\"%s,"
			  "\"data\":\"%s\"}\n",
			  dir, more, data);
	free(dir);
	free(data);
	free(command);
	return event;
}

#define STACKS "{\"e\":\"stacks\",\"us\":3,\"frames\":[\"path+0x1/0x2\"]}\n"

/* What a guest says in which the kernel ran with ARGUMENT; CHANGE is a piece of shell. */
static void load(const char *argument, const char *change)
{
	char *gcov = counted(argument, change, "");
	char *events =
	    xasprintf(HELLO "{\"e\":\"progress\",\"us\":2,\"injected\":%d}\n" STACKS "%s"
			    "{\"e\":\"end\",\"us\":9,\"status\":\"done\",\"events\":6}\n",
		      *argument != '\0', gcov);

	set_qemu(events, "");
	free(events);
	free(gcov);
}

static void run_with(const char *argument)
{
	load(argument, "true");
	want(run("run --accel tcg p.ini"), 0);
}

static int forget(void **state)
{
	build("");
	write_text("waivers", "");
	return cli_reset(state) || system("rm -f tree/build/results.sqlite");
}

static json_t *coverage_of_run(void)
{
	json_t *o = json_load_file("tree/build/runs/latest/report.json", 0, NULL);
	json_t *c = json_incref(json_object_get(o, "coverage"));

	json_decref(o);
	return c;
}

static void branches_are_told(void **state)
{
	(void)state;
	run_with("");
	assert_contains(out, " arcs taken; `septorture coverage` tells of all runs");
	want(run("coverage -w waivers"), 2);
	assert_contains(err, "there are runs with coverage, but none with faults; `make coverage`");
	run_with("a");
	want(run("coverage -w waivers"), 0);
	assert_contains(out, "kernel 01234567-fedcba98 (race): runs with faults 1, without 1\n");
	assert_contains(out, "undo          1      1       0  k.c\n"
			     "path          1      2       0  k.c\n");
	assert_contains(out, "\nfailure branches: 2 of 5 taken (40 %), 0 more are waived\n");
	/* main() and call() took other ways, but were not on the stack. */
	want(run("coverage -w waivers --list"), 0);
	assert_contains(out, "TIMES  FUNCTION  PLACE   SOURCE        BY\n"
			     "never  undo      k.c:7   if (twice)\n"
			     "1      undo      k.c:7   if (twice)    plans: p\n"
			     "1      path      k.c:13  if (call(a))  plans: p\n"
			     "never  path      k.c:15  if (call(b))\n"
			     "never  path      k.c:17  if (call(0))\n");
	assert_lacks(out, "main");
	/* A second plan takes more, and without it it is less. */
	shell("sed s/7/8/ p.ini >q.ini");
	load("b", "true");
	want(run("run --accel tcg q.ini"), 0);
	want(run("coverage -w waivers"), 0);
	assert_contains(out, "failure branches: 3 of 5 taken (60 %)");
	want(run("coverage -w waivers plan=p"), 0);
	assert_contains(out, "failure branches: 2 of 5 taken (40 %)");
	want(run("coverage -w waivers plan=none"), 2);
	assert_contains(err, "there is no run with coverage;");
}

#define CASE(n, status)                                                                            \
	"{\"e\":\"case_begin\",\"us\":4,\"n\":" n ",\"total\":2,\"site\":\"aug\","                 \
	"\"status\":\"" status "\",\"context\":\"map\",\"contract\":\"retry\",\"nth\":1}\n"
#define CASE_END(n, outcome)                                                                       \
	"{\"e\":\"case_end\",\"us\":5,\"n\":" n ",\"outcome\":\"" outcome "\",\"ok\":true,"        \
	"\"injected\":1}\n"

/* An enumeration: case 1 fails the first call, case 2 the second one, the SCENARIO none. */
static void enumerated(const char *scenario)
{
	char *calm = counted(scenario, "true", ",\"case\":0"), *events;
	char *a = counted("a", "true", ",\"case\":1"), *b = counted("b", "true", ",\"case\":2");

	events = xasprintf(HELLO "%s{\"e\":\"cases\",\"us\":4,\"total\":2}\n" CASE(
			       "1", "BUSY") "%s" CASE_END("1", "survived")
			       CASE("2", "EIO") "%s" CASE_END("2", "VM died") STACKS
			   "{\"e\":\"end\",\"us\":9,\"status\":\"done\",\"events\":12}\n",
			   calm, a, b);
	set_qemu(events, "");
	free(events);
	free(calm);
	free(a);
	free(b);
	want(run("run --accel tcg p.ini"), 0);
}

/* Which call it was that failed, and what came of it, is known of enumerations. */
static void causes_are_told(void **state)
{
	(void)state;
	run_with("");
	enumerated("");
	want(run("coverage -w waivers --list"), 0);
	assert_contains(out, "never  undo      k.c:7   if (twice)    try aug\n"
			     "1      undo      k.c:7   if (twice)    aug=BUSY (map): survived\n"
			     "1      path      k.c:13  if (call(a))  aug=BUSY (map): survived\n"
			     "1      path      k.c:15  if (call(b))  aug=EIO (map): VM died\n"
			     "never  path      k.c:17  if (call(0))  try aug\n");
	assert_contains(out, "cases of enumerations as their contract says     2  2\n");
	/* What its scenario does anyway is no failure's doing, though no baseline does it. */
	enumerated("b");
	want(run("coverage -w waivers --list"), 0);
	assert_lacks(out, "if (call(b))");
	write_text("waivers", "path: if (call(0))  # it is never asked to\n");
	want(run("coverage -w waivers --list"), 0);
	assert_contains(out, "waived  path      k.c:17  if (call(0))  waived: it is never asked");
}

#define BRANCHES(page) "coverage -w waivers --html " page

/* Each function with its source, and each branch of it in its colour. */
static void page_has_the_source(void **state)
{
	char *page, *dom;

	(void)state;
	run_with("");
	enumerated("");
	want(run(BRANCHES("branches.html")), 0);
	page = read_text("branches.html");
	assert_contains(page, "<h1>failure branches: 3 of 5 taken (60 %), 0 more are waived</h1>");
	assert_contains(page, "<i>11</i>static int path(int a, int b)</span>");
	assert_contains(page, "<span class=\"taken\" title=\"aug=BUSY (map): survived\">"
			      "<a id=\"b2\"></a><i>13</i>\tif (call(a))</span>");
	assert_contains(page, "<span class=\"never\" title=\"try aug\"><a id=\"b4\"></a>");
	/* Of one decision that has both, what is missing is what is shown. */
	assert_contains(page, "<span class=\"never\" title=\"try aug\"><a id=\"b0\"></a>"
			      "<a id=\"b1\"></a><i>7</i>");
	free(page);
	want(run(BRANCHES("no/where.html")), 3);
	assert_contains(err, "no/where.html");
	if (!browser_is_there())
		skip();
	dom = browser_check("branches.html");
	assert_contains(dom, "CHECKED {\"seen\":[],\"sorts\":true,\"links\":true,");
	free(dom);
}

static void waivers_go_stale(void **state)
{
	(void)state;
	run_with("");
	run_with("b");
	write_text("waivers", "# why not\n\npath: if (call(0))  # it is never asked to\n");
	want(run("coverage -w waivers"), 0);
	assert_contains(out, "failure branches: 1 of 2 taken (50 %), 1 more are waived\n");
	write_text("waivers", "p*h: if (call(*))  # too much\n");
	want(run("coverage -w waivers"), 1);
	assert_contains(out, "waivers:1: stale: p*h: if (call(*)): it was taken\n");
	write_text("waivers", "path: if (call(9))  # gone\n");
	want(run("coverage -w waivers"), 1);
	assert_contains(out,
			"waivers:1: stale: path: if (call(9)): no such branch is left, or was");
	write_text("waivers", "elsewhere: if (call(9))  # not on this path\n");
	want(run("coverage -w waivers"), 0);
	write_text("waivers", "path: if (call(0))\n");
	want(run("coverage -w waivers"), 2);
	assert_contains(err, "waivers:1: is not 'FUNCTION: SOURCE LINE  # reason'");
	want(run("coverage -w nothing"), 2);
	assert_contains(err, "cannot read nothing: No such file");
}

static void wrong_counters(void **state)
{
	static const struct {
		const char *before, *change, *says;
	} cases[] = {
	    {"changed", "true", "k.gcda are of another build than the kernel in "},
	    {"", "head -c 8 k.gcda >x; mv x k.gcda", "k.gcda are of another build than"},
	    {"", "printf x >k.gcda", "k.gcda are of another build than the kernel in "},
	    {"", "rm k.gcno", "k.gcda are of another build than the kernel in "},
	};
	json_t *c;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		build("");
		load("a", cases[i].change);
		if (*cases[i].before)
			shell("cd " OUT " && sed -i 's/return 4/return -4 - n/;s/path(int a/path("
			      "int n, int a/;s/path(n > 1/path(n, n > 1/' ../k.c && gcc "
			      "--coverage -O0 -c ../k.c -o k.o");
		/* The run is a result all the same. */
		want(run("run --accel tcg p.ini"), 0);
		assert_contains(out, "\ncoverage     unknown: ");
		assert_contains(out, cases[i].says);
		c = coverage_of_run();
		assert_contains(json_string_value(json_object_get(c, "problem")), cases[i].says);
		json_decref(c);
		assert_int_not_equal(access("tree/build/runs/latest/coverage.json", F_OK), 0);
		assert_int_not_equal(access("tree/build/runs/latest/gcov", F_OK), 0);
	}
}

static void no_counters(void **state)
{
	json_t *c;

	(void)state;
	set_qemu(HELLO END1, "");
	want(run("run --accel tcg p.ini"), 0);
	assert_lacks(out, "coverage");
	c = coverage_of_run();
	assert_true(json_is_null(c));
	json_decref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(branches_are_told, forget),
	    cmocka_unit_test_setup(causes_are_told, forget),
	    cmocka_unit_test_setup(page_has_the_source, forget),
	    cmocka_unit_test_setup(waivers_go_stale, forget),
	    cmocka_unit_test_setup(wrong_counters, forget),
	    cmocka_unit_test_setup(no_counters, forget),
	};

	return cmocka_run_group_tests(tests, cli_set_up, cli_tear_down);
}
