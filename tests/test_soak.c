// SPDX-License-Identifier: GPL-2.0-or-later
/* Soaks from outside, with a fake emulator whose runs take a fraction of a second. */
#include "cli.h"

#include <dirent.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xmem.h"

#define LOAD  "{\"e\":\"phase\",\"us\":2,\"name\":\"load\",\"td\":1}\n"
#define COUNT "{\"e\":\"progress\",\"us\":3,\"faults\":10,\"injected\":3}\n"
#define END   "{\"e\":\"end\",\"us\":9,\"status\":\"done\",\"events\":5}\n"

#define DIR_	"tree/build/soak/latest/"
#define JOURNAL DIR_ "soak.jsonl"

static void load_all(const char *console)
{
	set_qemu(HELLO LOAD COUNT END, console);
}

static int forget(void **state)
{
	int bad = cli_reset(state) || system("rm -rf tree/build/soak && cp p.ini q.ini");

	load_all("");
	return bad;
}

static json_t *record(void)
{
	json_t *o = json_load_file(DIR_ "soak.json", 0, NULL);

	assert_non_null(o);
	return o;
}

static json_int_t number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static unsigned int runs_kept(void)
{
	DIR *d = opendir("tree/build/runs");
	struct dirent *e;
	unsigned int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		n += *e->d_name != '.' && strcmp(e->d_name, "latest") != 0;
	closedir(d);
	return n;
}

/* All that the journal says, and nothing else, is in the totals. */
static void assert_totals(void)
{
	json_t *o = record(), *plan;
	json_int_t runs = 0, faults = 0;
	size_t i;

	json_array_foreach(json_object_get(o, "plans"), i, plan)
	{
		runs += number(plan, "runs");
		faults += number(plan, "faults");
	}
	assert_int_equal(runs, number(o, "runs"));
	assert_int_equal(runs, lines_with(JOURNAL, "\"e\":\"end\""));
	assert_int_equal(faults, 10 * runs);
	assert_int_equal(number(o, "lost"), lines_with(JOURNAL, "\"e\":\"begin\"") - runs);
	json_decref(o);
}

static void plans_in_turn(void **state)
{
	json_t *o, *a, *b;

	(void)state;
	want(run("soak --accel tcg --for 2s --jobs 2 p.ini q.ini"), 0);
	assert_contains(out, "\nCLEAN\nrecord: tree/build/soak/");
	assert_contains(err, ": clean, 10 faults, 3 injections, ");
	o = record();
	a = json_array_get(json_object_get(o, "plans"), 0);
	b = json_array_get(json_object_get(o, "plans"), 1);
	assert_true(number(a, "runs") > 0 && llabs(number(a, "runs") - number(b, "runs")) <= 1);
	assert_int_equal(number(o, "lost"), 0);
	json_decref(o);
	assert_totals();
	/* Every run has another seed, and is in the database. */
	assert_int_equal(system("cat tree/build/runs/2*/report.json | grep '\"seed\"' | sort | "
				"uniq -d | grep ."),
			 1 << 8);
	want(run("history"), 0);
	assert_contains(out, "q");
}

static void findings_are_told_once(void **state)
{
	json_t *o, *f;

	(void)state;
	load_all(WARN);
	assert_int_equal(soak_until(JOURNAL, "\"n\":16,\"plan\"", "--jobs 2 p.ini"), 1);
	o = record();
	assert_int_equal(json_array_size(json_object_get(o, "findings")), 1);
	f = json_array_get(json_object_get(o, "findings"), 0);
	assert_int_equal(number(f, "runs"), number(o, "runs"));
	assert_string_equal(json_string_value(json_object_get(f, "signature")),
			    "warn: a/b.c in foo");
	assert_contains(out, "\n1 FINDING\n");
	assert_null(strstr(strstr(err, "new finding: ") + 1, "new finding: "));
	/* The first example and the last runs, and no more. */
	assert_true(number(o, "runs") > 12);
	assert_in_range(runs_kept(), 10, 12);
	want(run("report --mail $(grep -o '\"first\": \"[^\"]*' " DIR_
		 "soak.json | cut -d'\"' -f4)"),
	     0);
	json_decref(o);
}

/* Killed at random moments: what was under way is lost, and nothing else. */
static void killed(void **state)
{
	int before = 0;

	(void)state;
	for (int i = 0; i < 10; i++) {
		pid_t pid = spawn_args(i ? "soak --resume latest --for 1h"
					 : "soak --accel tcg --for 1h --jobs 2 p.ini q.ini");

		usleep((useconds_t)(300000 + (i * 7919) % 10 * 37000));
		kill(pid, SIGKILL);
		wait_for(pid);
		/* The runs end by themselves; their results go nowhere. */
		usleep(100000);
		assert_true(lines_with(JOURNAL, "\"e\":\"end\"") >= before);
		before = lines_with(JOURNAL, "\"e\":\"end\"");
	}
	assert_true(before > 0);
	/* Half a line, as a power cut leaves it. */
	assert_int_equal(system("printf '{\"v\":1,\"e\":\"end\",\"n\"' >>" DIR_ "soak.jsonl"), 0);
	want(run("soak --resume latest --for 1s"), 0);
	assert_totals();
	/* Nothing has a number twice. */
	assert_int_equal(system("grep '\"begin\"' " DIR_ "soak.jsonl | sed 's/,\"elapsed.*//' | "
				"sort | uniq -d | grep ."),
			 1 << 8);
}

static void two_in_one_place(void **state)
{
	pid_t pid;
	char *printed;

	(void)state;
	set_qemu(HELLO LOAD COUNT, "");
	hang();
	pid = spawn_args("soak --accel tcg --for 1h --jobs 1 p.ini");
	await_hang();
	want(run("soak --resume latest"), 3);
	assert_contains(err, "another soak is at work in ");
	kill(pid, SIGTERM);
	assert_int_equal(wait_for(pid), 3);
	assert_gone(hung_pid());
	printed = read_text("out");
	assert_contains(printed, "stopped: by signal 15 (Terminated); go on with --resume ");
	free(printed);
	assert_int_equal(lines_with(JOURNAL, "\"e\":\"end\""), 0);
}

static void runs_that_come_to_nothing(void **state)
{
	static const struct {
		const char *events, *console;
		int status;
		const char *says;
	} cases[] = {
	    {HELLO, PANIC, 1,
	     "5 runs in a row never came to their load, the last one as: findings"},
	    {"", "", 3, "5 runs in a row never came to their load, the last one as: "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double before = now();

		set_qemu(cases[i].events, cases[i].console);
		want(run("soak --accel tcg --for 1h --jobs 1 p.ini"), cases[i].status);
		assert_contains(out, cases[i].says);
		assert_int_equal(lines_with(JOURNAL, "\"e\":\"end\""), 5);
		/* It waits longer each time: 2, 4, 8 and 16 tenths of a second. */
		assert_true(now() - before >= 3);
	}
}

/* Nothing but names has to do with the time of day. */
static void clock_jumps(void **state)
{
	json_t *o;

	(void)state;
	setenv("LD_PRELOAD", BUILDDIR "/tests/clock_jumps.so", 1);
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
	want(run("soak --accel tcg --for 2s --jobs 2 p.ini q.ini"), 0);
	want(run("soak --resume latest --for 3s"), 0);
	want(run("history"), 0);
	unsetenv("LD_PRELOAD");
	unsetenv("ASAN_OPTIONS");
	assert_totals();
	o = record();
	assert_in_range(number(o, "elapsed_ms"), 3000, 20000);
	assert_int_equal(number(o, "lost"), 0);
	json_decref(o);
	/* It did jump: the runs are of several years. */
	assert_int_equal(system("[ $(cd tree/build/runs; ls -d 2* | cut -c1-4 | sort -u | wc -l) "
				"-gt 1 ]"),
			 0);
}

static void no_room(void **state)
{
	(void)state;
	setenv("SEPTORTURE_ROOM_MIB", "1000000", 1);
	want(run("soak --accel tcg --for 1h p.ini"), 3);
	unsetenv("SEPTORTURE_ROOM_MIB");
	assert_contains(out, "stopped: there is too little room left on the disk of tree/build/");
	/* Once there is, it goes on. */
	want(run("soak --resume latest --for 1s"), 0);
	assert_lacks(out, "stopped: ");
	assert_totals();
}

static void damaged_journal(void **state)
{
	(void)state;
	want(run("soak --accel tcg --for 1s p.ini"), 0);
	assert_int_equal(system("sed -i '2s/.*/{}/' " DIR_ "soak.jsonl"), 0);
	want(run("soak --resume latest"), 3);
	assert_contains(err, "soak.jsonl:2: is no line of a soak's journal");
}

static void wrong_usage(void **state)
{
	(void)state;
	want(run("soak"), 2);
	assert_contains(err, "say which plans");
	want(run("soak p.ini"), 2);
	assert_contains(err, "say how long it is to be, such as --for '8 h'");
	want(run("soak --for 1 p.ini"), 2);
	assert_contains(err, "--for: '1' has no unit");
	want(run("soak --for 1s --jobs 0 p.ini"), 2);
	want(run("soak --for 1s nothing.ini"), 2);
	want(run("soak --resume latest p.ini"), 2);
	assert_contains(err, "goes on as it was");
	want(run("soak --resume nothing"), 2);
	assert_contains(err, "there is no soak 'nothing'");
	want(run("soak --for 1s --kernel a/b p.ini"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(plans_in_turn, forget),
	    cmocka_unit_test_setup(findings_are_told_once, forget),
	    cmocka_unit_test_setup(killed, forget),
	    cmocka_unit_test_setup(two_in_one_place, forget),
	    cmocka_unit_test_setup(runs_that_come_to_nothing, forget),
	    cmocka_unit_test_setup(clock_jumps, forget),
	    cmocka_unit_test_setup(no_room, forget),
	    cmocka_unit_test_setup(damaged_journal, forget),
	    cmocka_unit_test_setup(wrong_usage, forget),
	};

	setenv("SEPTORTURE_SOAK_PAUSE_MS", "100", 1);
	return cmocka_run_group_tests(tests, cli_set_up, cli_tear_down);
}
