// SPDX-License-Identifier: GPL-2.0-or-later
/* The runs of the past: `septorture history` and `septorture compare`, and their database. */
#include "cli.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xmem.h"

#define DB "tree/build/results.sqlite"
#define FINDING(oracle, signature)                                                                 \
	"{\"oracle\":\"" oracle                                                                    \
	"\",\"kind\":\"bad\",\"title\":\"it is bad\",\"signature\":\"" signature                   \
	"\",\"count\":2,\"known\":null,\"scope\":null}"
#define KNOWN                                                                                      \
	"{\"oracle\":\"klog\",\"kind\":\"kcsan\",\"title\":\"a race\",\"signature\":\"kcsan: a "   \
	"b\","                                                                                     \
	"\"count\":2,\"known\":\"why not\",\"scope\":\"test\"}"
#define INJECTED(site)                                                                             \
	"{\"site\":\"" site "\",\"status\":\"TDX_OPERAND_BUSY\",\"context\":\"map\",\"calls\":9,"  \
	"\"matched\":9,\"injected\":5}"

/* A run of 10 s that served so many faults a second. */
static void add_run(const char *id, const char *plan, int rate, const char *findings,
		    const char *sites)
{
	char *text =
	    xasprintf("{\"v\":1,\"id\":\"%s\",\"plan\":\"%s\",\"config\":\"race\","
		      "\"mutant\":null,\"verdict\":\"%s\",\"no_faults\":false,"
		      "\"running_ms\":10000,\"faults\":%d,\"faults_per_s\":%d,"
		      "\"injected\":5,\"stressors\":[{\"name\":\"tide\",\"counters\":"
		      "{\"in\":20}}],\"windows\":[{\"op\":\"accept\",\"level\":\"leaf\","
		      "\"met\":[{\"op\":\"fault\",\"how\":\"saw\",\"times\":3}]}],"
		      "\"checks\":[{\"oracle\":\"stats\",\"count\":4,\"failures\":0}],"
		      "\"findings\":[%s],\"sites\":[%s]}",
		      id, plan, *findings ? "findings" : "clean", rate * 10, rate, findings, sites);
	char *dir = xasprintf("mkdir -p tree/build/runs/%s", id);
	char *path = xasprintf("tree/build/runs/%s/report.json", id);

	assert_int_equal(system(dir), 0);
	write_text(path, text);
	free(path);
	free(dir);
	free(text);
}

static void add_damaged(const char *id, const char *text)
{
	char *path = xasprintf("tree/build/runs/%s/report.json", id);

	add_run(id, "x", 1, "", "");
	write_text(path, text);
	free(path);
}

static int forget(void **state)
{
	return cli_reset(state) || system("rm -f " DB "*");
}

static void runs_are_listed(void **state)
{
	char *before;

	(void)state;
	add_run("20261127-100000-quick-1", "quick", 100, "", "");
	add_run("20261127-110000-zap-2", "zap", 200, FINDING("stats", "s1"), "");
	want(run("history"), 0);
	assert_string_equal(out, "RUN                      PLAN   KERNEL  VERDICT   LOAD S  "
				 "FAULTS/S  INJECTED  FINDINGS  "
				 "FIRST\n"
				 "20261127-100000-quick-1  quick  race    clean         10       "
				 "100         5         0\n"
				 "20261127-110000-zap-2    zap    race    findings      10       "
				 "200         5         1  "
				 "it is bad\n");
	/* Nothing is taken twice; what is gone stays known. */
	before = xstrdup(out);
	assert_int_equal(system("rm -rf tree/build/runs/20261127-100000-quick-1"), 0);
	want(run("history"), 0);
	assert_string_equal(out, before);
	free(before);
	want(run("history 'plan=z*'"), 0);
	assert_lacks(out, "quick");
	assert_contains(out, "zap-2");
	want(run("history --last 1"), 0);
	assert_lacks(out, "quick");
	/* A report that was written anew counts as it is now. */
	add_run("20261127-110000-zap-2", "zap", 250, "", "");
	want(run("history"), 0);
	assert_lacks(out, "it is bad");
	assert_contains(out, " 250 ");
}

static void a_run_is_added_as_it_ends(void **state)
{
	(void)state;
	set_qemu(HELLO END1, WARN);
	want(run("run --accel tcg p.ini"), 1);
	assert_int_equal(system("rm -rf tree/build/runs"), 0);
	want(run("history --findings"), 0);
	assert_contains(out, "klog/warn  1 of 1  ");
}

static void findings_are_listed(void **state)
{
	(void)state;
	add_run("a-1", "quick", 100, FINDING("stats", "s1") "," KNOWN, "");
	add_run("a-2", "quick", 100, FINDING("stats", "s1") "," FINDING("tlb", "t1"), "");
	add_run("a-3", "quick", 100, KNOWN, "");
	want(run("history --findings"), 0);
	assert_contains(out, "stats/bad           2 of 3  a-1        a-2       it is bad\n");
	assert_contains(out, "tlb/bad             1 of 3  a-2        a-2       it is bad\n");
	assert_contains(out, "klog/kcsan (known)  2 of 3  a-1        a-3       a race\n");
	want(run("history --signature t1"), 0);
	assert_contains(out, "tlb/bad  1 of 3");
	assert_lacks(out, "stats/bad");
	/* A signature is no pattern and no SQL. */
	want(run("history --signature \"'%\""), 0);
	assert_lacks(out, "bad");
	want(run("history \"plan=quick' OR '1\""), 0);
	assert_lacks(out, "a-1");
}

/* Runs that cannot be read are named, and nothing else is lost. */
static void damaged_runs(void **state)
{
	(void)state;
	add_run("a-1", "quick", 100, "", "");
	add_damaged("a-2", "{\"v\":1,\"id\":\"a-2\",\"plan\":");
	add_damaged("a-3", "{\"v\":2,\"id\":\"a-3\"}");
	add_damaged("a-4", "[7]");
	add_damaged("a-5", "{\"v\":1,\"id\":\"a-5\",\"findings\":7,\"sites\":[7,{}],\"windows\":"
			   "{\"met\":1},\"stressors\":[[]],\"plan\":{},\"faults\":\"many\"}");
	want(run("history"), 0);
	assert_contains(out, "a-1 ");
	assert_contains(out, "a-5 ");
	assert_contains(err, "3 runs are left out: ");
	assert_contains(err, "a-2/report.json:1: is no JSON, or cut: ");
	want(run("compare a-1 a-3"), 2);
	assert_contains(err, "a-3/report.json is of another septorture: its version is 2, ours 1");
	want(run("compare a-1 a-4"), 2);
	assert_contains(err, "a-4/report.json is no report of a run");
}

static void damaged_database(void **state)
{
	sqlite3 *db;

	(void)state;
	add_run("a-1", "quick", 100, "", "");
	write_text(DB, "This is no database, but it is long enough to be taken for one by its "
		       "size, which is what counts here, and that is more than a hundred bytes.\n");
	want(run("history"), 3);
	assert_contains(err, "is no database, or a damaged one");
	assert_contains(err, "remove it, and it is made anew");
	/* A run is a result all the same. */
	want(run("run --accel tcg p.ini"), 0);
	assert_contains(err, "the run is not among the results yet");
	assert_int_equal(unlink(DB), 0);
	want(run("history"), 0);
	assert_contains(out, "a-1 ");
	assert_contains(out, "-p-");

	assert_int_equal(sqlite3_open(DB, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 9", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	want(run("history"), 3);
	assert_contains(err, "is of another septorture (its version is 9, ours 2)");
	want(run("history --db nowhere/at/all"), 3);
	assert_contains(err, "cannot open or make nowhere/at/all");
}

static void held_database(void **state)
{
	sqlite3 *db;

	(void)state;
	add_run("a-1", "quick", 100, "", "");
	want(run("history"), 0);
	assert_int_equal(sqlite3_open(DB, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	want(run("history"), 3);
	assert_contains(err, "another program holds ");
	sqlite3_close(db);
	want(run("history"), 0);
}

/* It shows what it has. */
static void read_only_database(void **state)
{
	(void)state;
	if (system("unshare -m mount -t tmpfs none tree/build 2>/dev/null")) {
		print_message("no file systems can be mounted here\n");
		skip();
	}
	add_run("a-1", "quick", 100, "", "");
	want(run("history"), 0);
	add_run("a-2", "quick", 100, "", "");
	assert_int_equal(system("unshare -m sh -c 'mount --bind tree/build tree/build && "
				"mount -o remount,bind,ro tree/build && " TOOL
				" history >out 2>err'"),
			 0);
	free(out);
	free(err);
	out = read_text("out");
	err = read_text("err");
	assert_contains(out, "a-1 ");
	assert_lacks(out, "a-2 ");
	assert_contains(err, "cannot be written: runs that it does not have are left out");
}

static void better_and_worse(void **state)
{
	(void)state;
	add_run("a-1", "quick", 100, FINDING("stats", "s1"), INJECTED("aug"));
	add_run("b-1", "quick", 100, FINDING("tlb", "t1"), INJECTED("aug"));
	add_run("c-1", "quick", 100, "", INJECTED("aug") "," INJECTED("block"));
	want(run("compare a-1 b-1"), 1);
	assert_contains(out, "stats/bad  fixed  1 of 1     0 of 1     it is bad\n");
	assert_contains(out, "tlb/bad    new    0 of 1     1 of 1     it is bad\n");
	assert_contains(out, "FAULT INJECTED: none gained, none lost, 1 on both sides\n");
	assert_contains(out, "WINDOW PAIR: none gained, none lost, 1 on both sides\n");
	assert_contains(out, "tide in   2.0    2.0    1.00  too few runs to say\n");
	want(run("compare a-1 c-1"), 0);
	assert_contains(out,
			"block           gained  0 of 1     1 of 1     TDX_OPERAND_BUSY in map\n");
	/* The other way round a fault is no longer injected. */
	want(run("compare c-1 a-1"), 1);
	want(run("compare c-1 c-1"), 0);
	want(run("compare tree/build/runs/c-1 a-1"), 1);
	want(run("compare c-1 d-1"), 2);
	assert_contains(err, "there is no run 'd-1'");
	want(run("compare c-1 plan=slow"), 2);
	assert_contains(err, "B means no run that is a result");
	want(run("compare c-1 plant=quick"), 2);
	assert_contains(err, "runs have no 'plant'; did you mean 'plan'?");
	want(run("compare c-1 plan=quick,x"), 2);
	assert_contains(err, "'x' is no KEY=PATTERN");
	want(run("compare c-1"), 2);
}

/* Only what no chance explains is slower. */
static void noise(void **state)
{
	(void)state;
	add_run("a-1", "old", 100, "", "");
	add_run("a-2", "old", 120, "", "");
	add_run("a-3", "old", 110, "", "");
	add_run("b-1", "new", 90, "", "");
	add_run("b-2", "new", 50, "", "");
	want(run("compare plan=old plan=new"), 0);
	assert_contains(out, "110.0 (100.0 to 120.0)  70.0 (50.0 to 90.0)  0.64  too few runs");
	add_run("b-3", "new", 99, "", "");
	want(run("compare plan=old plan=new"), 1);
	assert_contains(out,
			"faults    110.0 (100.0 to 120.0)  90.0 (50.0 to 99.0)  0.82  slower\n");
	want(run("compare plan=new plan=old"), 0);
	assert_contains(out, "faster\n");
	add_run("b-4", "new", 100, "", "");
	want(run("compare plan=old plan=new"), 0);
	assert_contains(out, "within the noise\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(runs_are_listed, forget),
	    cmocka_unit_test_setup(a_run_is_added_as_it_ends, forget),
	    cmocka_unit_test_setup(findings_are_listed, forget),
	    cmocka_unit_test_setup(damaged_runs, forget),
	    cmocka_unit_test_setup(damaged_database, forget),
	    cmocka_unit_test_setup(held_database, forget),
	    cmocka_unit_test_setup(read_only_database, forget),
	    cmocka_unit_test_setup(better_and_worse, forget),
	    cmocka_unit_test_setup(noise, forget),
	};

	return cmocka_run_group_tests(tests, cli_set_up, cli_tear_down);
}
