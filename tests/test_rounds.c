// SPDX-License-Identifier: GPL-2.0-or-later
/* VMs that do many runs, and are restored rather than booted, with a fake emulator. */
#include "cli.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "seed.h"
#include "xmem.h"

#define LOAD	 "{\"e\":\"phase\",\"us\":2,\"name\":\"load\",\"td\":1}\n"
#define COUNT	 "{\"e\":\"progress\",\"us\":3,\"faults\":10,\"injected\":3}\n"
#define ROUND(n) "{\"e\":\"round\",\"us\":2,\"n\":" n ",\"seed\":\"1\"}\n"
#define END_(m)	 "{\"e\":\"end\",\"us\":9,\"status\":\"done\",\"events\":6,\"more\":" m "}\n"
#define MORE	 END_("true")
#define LAST	 END_("false")
#define BAD	 "{\"e\":\"klog\",\"us\":3,\"text\":\"WARNING: a/b.c:5 at foo+0x1/0x2, CPU#0: x/1\"}\n"

#define DIR_ "tree/build/soak/latest/"

static int forget(void **state)
{
	int bad = cli_reset(state) || system("rm -rf tree/build/soak tree/build/vms saves");
	char *saves = scratch_path("saves");

	setenv("FAKE_SAVES", saves, 1);
	free(saves);
	unsetenv("FAKE_SAVE");
	unsetenv("FAKE_RESTORE");
	unsetenv("FAKE_DELAY");
	return bad;
}

/* The report of a run of the first VM, from 0 in their order. */
static json_t *report(size_t i)
{
	char *command = xasprintf(
	    "cp $(ls -d tree/build/runs/2*-p-*.%zu | head -n 1)/report.json one.json", i + 3);
	json_t *o;

	assert_int_equal(system(command), 0);
	o = json_load_file("one.json", 0, NULL);
	assert_non_null(o);
	free(command);
	return o;
}

static json_int_t number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static const char *string(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* How many lines of FILE hold WORD. */
static int lines_with(const char *file, const char *word)
{
	char *command = xasprintf("grep -c '%s' %s >count 2>/dev/null || true", word, file), *text;
	int n;

	assert_int_equal(system(command), 0);
	text = read_text("count");
	n = atoi(text);
	free(text);
	free(command);
	return n;
}

static void rounds_are_runs(void **state)
{
	uint64_t first = 0;

	(void)state;
	set_qemu(HELLO ROUND("1") LOAD COUNT MORE ROUND("2") LOAD COUNT MORE ROUND("3")
		     LOAD COUNT LAST,
		 "");
	/* So that there are few. */
	setenv("FAKE_DELAY", "0.4", 1);
	want(run("soak --boot --accel tcg --for 1s --jobs 1 --rounds 3 p.ini"), 0);
	assert_true(lines_with("args", "septorture_rounds=3 ") == 1);
	assert_true(lines_with(DIR_ "soak.jsonl", "\"round\":3") > 0);
	for (size_t i = 0; i < 3; i++) {
		json_t *r = report(i);

		assert_string_equal(string(r, "verdict"), "clean");
		assert_int_equal(number(r, "faults"), 10);
		assert_int_equal(number(r, "round"), i + 1);
		if (!i)
			first = strtoull(string(r, "seed"), NULL, 10);
		assert_true(strtoull(string(r, "seed"), NULL, 10) == seed_of_round(first, i + 1));
		json_decref(r);
	}
	/* Nothing of the VM is left but what is in the runs. */
	assert_int_equal(system("ls tree/build/vms | grep ."), 1 << 8);
}

/* What the second run found is not told of the first. */
static void findings_are_of_their_run(void **state)
{
	json_t *r;

	(void)state;
	set_qemu(HELLO ROUND("1") LOAD COUNT MORE ROUND("2") LOAD COUNT BAD, "");
	setenv("FAKE_DELAY", "0.4", 1);
	want(run("soak --boot --accel tcg --for 1s --jobs 1 --rounds 9 p.ini"), 1);
	r = report(0);
	assert_string_equal(string(r, "verdict"), "clean");
	json_decref(r);
	r = report(1);
	assert_string_equal(string(r, "verdict"), "findings");
	assert_contains(string(r, "vm_end"), "the VM went down before the agent's 'end'");
	assert_contains(string(json_array_get(json_object_get(r, "findings"), 0), "reproduce"),
			string(r, "seed"));
	json_decref(r);
}

static void dead_between_rounds(void **state)
{
	(void)state;
	set_qemu(HELLO ROUND("1") LOAD COUNT MORE, "");
	want(run("soak --boot --accel tcg --for 1s --jobs 1 --rounds 9 p.ini"), 0);
	assert_contains(err, "[1] p.ini: clean, ");
	assert_contains(err, "[2] p.ini: invalid: the VM went down before the agent's 'end'");
}

static void end_of_time(void **state)
{
	double before = now();

	(void)state;
	set_qemu(HELLO ROUND("1") LOAD COUNT MORE, "");
	hang();
	setenv("FAKE_DELAY", "1", 1);
	/* The VM would go on, and is ended. */
	want(run("soak --boot --accel tcg --for 1s --jobs 1 --rounds 9 p.ini"), 0);
	assert_contains(out, "runs    1 in 1 VMs, 0 no result, 0 cut off\n");
	assert_true(now() - before < 10);
	assert_gone(hung_pid());
}

static void saved_once(void **state)
{
	(void)state;
	set_qemu(HELLO LOAD COUNT "{\"e\":\"end\",\"us\":9,\"status\":\"done\",\"events\":5}\n",
		 "");
	want(run("soak --accel tcg --for 2s --jobs 2 p.ini"), 0);
	assert_int_equal(lines_with("saves", "saved"), 1);
	assert_int_equal(lines_with("args", "^exec:cat ./.*/vm-1/snapshot.$"), 1);
	assert_true(lines_with(DIR_ "soak.jsonl", "\"clean\"") > 2);
	assert_int_equal(system("ls -d " DIR_ "vm-1 2>/dev/null"), 2 << 8);
	want(run("soak --accel tcg --boot --for 1s --jobs 1 p.ini"), 0);
	assert_int_equal(lines_with("saves", "saved"), 1);
	assert_int_equal(lines_with("args", "^exec:cat"), 0);
}

/* A soak that is killed leaves its snapshots; one that goes on uses those that still fit. */
static void others_are_not_used(void **state)
{
	static const char *const changes[] = {
	    "true",
	    "export FAKE_VERSION=2",
	    "export FAKE_VERSION=2; echo >>tree/build/agent",
	    "export FAKE_VERSION=2; export SEPTORTURE_APPEND=x",
	    "export FAKE_VERSION=2; export SEPTORTURE_APPEND=x; rm -f " DIR_ "vm-1/key",
	};
	char *before = read_text("tree/build/agent");
	int saves = 1;

	(void)state;
	set_qemu(HELLO LOAD COUNT "{\"e\":\"end\",\"us\":9,\"status\":\"done\",\"events\":5}\n",
		 "");
	for (size_t i = 0; i <= sizeof(changes) / sizeof(changes[0]); i++) {
		char *command = xasprintf(
		    "%s; timeout -s KILL 2 " TOOL " soak %s >out 2>err </dev/null; true",
		    i ? changes[i - 1] : "true",
		    i ? "--resume latest --for 1h" : "--accel tcg --for 1h --jobs 1 p.ini");

		assert_int_equal(system(command), 0);
		usleep(300000);
		free(command);
		saves += i > 1;
		assert_int_equal(lines_with("saves", "saved"), saves);
	}
	write_text("tree/build/agent", before);
	free(before);
}

static void booted_instead(void **state)
{
	(void)state;
	set_qemu(HELLO LOAD COUNT "{\"e\":\"end\",\"us\":9,\"status\":\"done\",\"events\":5}\n",
		 "");
	setenv("FAKE_SAVE", "fails", 1);
	want(run("soak --accel tcg --for 1s --jobs 1 p.ini"), 0);
	assert_true(lines_with(DIR_ "runs.log", "the VM could not be saved: .*/vm-1/qemu.log; the "
						"VM is booted instead") > 0);
	unsetenv("FAKE_SAVE");
	setenv("FAKE_RESTORE", "dies", 1);
	want(run("soak --accel tcg --for 1s --jobs 1 p.ini"), 0);
	assert_true(lines_with(DIR_ "runs.log",
			       "a VM could not be restored from .*/snapshot: the "
			       "VM went down before .*; the VM is booted instead") > 0);
	assert_true(lines_with(DIR_ "soak.jsonl", "\"clean\"") > 0);
}

/* What was under way is lost, and takes no room for ever. */
static void killed_vms_are_swept(void **state)
{
	(void)state;
	assert_int_equal(
	    system("mkdir -p tree/build/vms/a tree/build/vms/b && cd tree/build/vms && "
		   "touch a/lock a/qemu.log a/go b/lock b/qemu.log"),
	    0);
	want(run("soak --boot --accel tcg --for 1s --jobs 1 --rounds 1 p.ini"), 0);
	assert_int_equal(system("ls tree/build/vms | tr -d '\\n' | grep -qx b"), 0);
	assert_int_equal(
	    lines_with(DIR_ "runs.log", "vms/b was left by a septorture that was killed"), 1);
}

static void seeds_differ(void **state)
{
	(void)state;
	assert_true(seed_of_round(5, 1) == 5);
	for (uint64_t i = 1; i < 200; i++)
		for (uint64_t j = 1; j < i; j++)
			assert_true(seed_of_round(5, i) != seed_of_round(5, j));
	for (uint64_t i = 2; i < 200; i++)
		assert_true(seed_of_round(5, i) != seed_of_round(6, i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(rounds_are_runs, forget),
	    cmocka_unit_test_setup(findings_are_of_their_run, forget),
	    cmocka_unit_test_setup(dead_between_rounds, forget),
	    cmocka_unit_test_setup(end_of_time, forget),
	    cmocka_unit_test_setup(saved_once, forget),
	    cmocka_unit_test_setup(others_are_not_used, forget),
	    cmocka_unit_test_setup(booted_instead, forget),
	    cmocka_unit_test_setup(killed_vms_are_swept, forget),
	    cmocka_unit_test(seeds_differ),
	};

	setenv("SEPTORTURE_SOAK_PAUSE_MS", "100", 1);
	return cmocka_run_group_tests(tests, cli_set_up, cli_tear_down);
}
