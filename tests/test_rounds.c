// SPDX-License-Identifier: GPL-2.0-or-later
/* VMs that do many runs, and are restored rather than booted, with a fake emulator. */
#include "cli.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "seed.h"
#include "xmem.h"

#define UP	 HELLO "{\"e\":\"ready\",\"us\":1}\n"
#define LOAD	 "{\"e\":\"phase\",\"us\":2,\"name\":\"load\",\"td\":1}\n"
#define COUNT	 "{\"e\":\"progress\",\"us\":3,\"faults\":10,\"injected\":3}\n"
#define ROUND(n) "{\"e\":\"round\",\"us\":2,\"n\":" n ",\"seed\":\"1\"}\n"
#define END_(m)	 "{\"e\":\"end\",\"us\":9,\"status\":\"done\",\"events\":7,\"more\":" m "}\n"
#define MORE	 END_("true")
#define LAST	 END_("false")
#define BAD	 "{\"e\":\"klog\",\"us\":3,\"text\":\"WARNING: a/b.c:5 at foo+0x1/0x2, CPU#0: x/1\"}\n"

#define DIR_ "tree/build/soak/latest/"

static int forget(void **state)
{
	int bad = cli_reset(state) || system("rm -rf tree/build/soak tree/build/vms saves version");
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

#define THREE UP ROUND("1") LOAD COUNT MORE ROUND("2") LOAD COUNT MORE ROUND("3") LOAD COUNT LAST

#define JOURNAL DIR_ "soak.jsonl"
#define RUNSLOG DIR_ "runs.log"

static void rounds_are_runs(void **state)
{
	uint64_t first = 0;

	(void)state;
	set_qemu(THREE, "");
	soak_until(JOURNAL, "\"n\":3,\"plan\"", "--jobs 1 --boot --rounds 3 p.ini");
	assert_int_equal(lines_with("args", "septorture_rounds=3 "), 1);
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

/* What the second run found is not told of the first, and nothing of what was to come. */
static void findings_are_of_their_run(void **state)
{
	json_t *r;

	(void)state;
	set_qemu(UP ROUND("1") LOAD COUNT MORE ROUND("2") LOAD COUNT BAD, "");
	assert_int_equal(
	    soak_until(JOURNAL, "\"n\":2,\"plan\"", "--jobs 1 --boot --rounds 9 p.ini"), 1);
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

/* The agent would go on, as it does not know what the host makes of it. */
static void finding_ends_the_vm(void **state)
{
	(void)state;
	set_qemu(UP ROUND("1") LOAD BAD COUNT
		 "{\"e\":\"end\",\"us\":9,\"status\":\"done\",\"events\":8,\"more\":true}\n" ROUND(
		     "2") LOAD COUNT LAST,
		 "");
	assert_int_equal(
	    soak_until(JOURNAL, "\"n\":2,\"plan\"", "--jobs 1 --boot --rounds 9 p.ini"), 1);
	assert_true(lines_with(JOURNAL, "\"n\":2,\"round\":1,") == 1);
}

static void dead_between_rounds(void **state)
{
	(void)state;
	set_qemu(UP ROUND("1") LOAD COUNT MORE, "");
	soak_until(JOURNAL, "\"n\":2,\"plan\"", "--jobs 1 --boot --rounds 9 p.ini");
	assert_contains(err, "[1] p.ini: clean, ");
	assert_contains(err, "[2] p.ini: invalid: the VM went down before the agent's 'end'");
	/* What was said before it could say that another one begins is told of that one. */
	assert_int_equal(forget(NULL), 0);
	set_qemu(UP ROUND("1") LOAD COUNT MORE
		 "{\"e\":\"fail\",\"us\":4,\"text\":\"no process\"}\n"
		 "{\"e\":\"end\",\"us\":9,\"status\":\"failed\",\"events\":4,\"more\":false}\n",
		 "");
	soak_until(JOURNAL, "\"n\":2,\"plan\"", "--jobs 1 --boot --rounds 9 p.ini");
	assert_contains(err, "[2] p.ini: invalid: the agent failed: no process");
}

static void end_of_time(void **state)
{
	double before = now();

	(void)state;
	set_qemu(UP ROUND("1") LOAD COUNT MORE, "");
	hang();
	setenv("FAKE_DELAY", "2", 1);
	/* The VM would go on, and is ended. */
	want(run("soak --boot --accel tcg --for 1s --jobs 1 --rounds 9 p.ini"), 0);
	assert_contains(out, "runs    1 in 1 VMs, 0 no result, 0 cut off\n");
	assert_true(now() - before < 30);
	assert_gone(hung_pid());
}

static void saved_once(void **state)
{
	json_t *r;

	(void)state;
	set_qemu(THREE, "");
	soak_until(JOURNAL, "\"n\":7,\"plan\"", "--jobs 1 --rounds 3 p.ini");
	assert_int_equal(lines_with("saves", "saved"), 1);
	assert_int_equal(lines_with("args", "^exec:cat ./.*/vm-1/snapshot.$"), 1);
	/* Of the VM that was saved, it has what came before the first round. */
	for (size_t i = 0; i < 3; i++) {
		r = report(i);
		assert_string_equal(string(r, "verdict"), "clean");
		json_decref(r);
	}
	/* It is gone with the soak. */
	assert_int_equal(system("ls -d " DIR_ "vm-1 2>/dev/null"), 2 << 8);
	soak_until(JOURNAL, "\"n\":2,\"plan\"", "--jobs 1 --boot p.ini");
	assert_int_equal(lines_with("saves", "saved"), 1);
	assert_int_equal(lines_with("args", "^exec:cat"), 0);
}

/* A soak that is killed leaves its snapshots; one that goes on uses those that still fit. */
static void others_are_not_used(void **state)
{
	static const struct {
		const char *change;
		int saves;
	} steps[] = {
	    {"true", 1},
	    {"true", 1},
	    {"echo 2 >version", 2},
	    {"echo >>tree/build/agent", 3},
	    {"rm " DIR_ "vm-1/key", 4},
	    {"true", 4},
	};
	char *before = read_text("tree/build/agent");

	(void)state;
	set_qemu(THREE, "");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int ends = lines_with(JOURNAL, "\"e\":\"end\"");
		char *version;
		pid_t pid;

		assert_int_equal(system(steps[i].change), 0);
		version = read_text("version");
		setenv("FAKE_VERSION", *version ? "2" : "1", 1);
		free(version);
		pid = spawn_args(i ? "soak --resume latest --for 1h"
				   : "soak --accel tcg --for 1h --jobs 1 p.ini");
		for (int j = 0; j < 600 && lines_with(JOURNAL, "\"e\":\"end\"") <= ends; j++)
			usleep(100000);
		kill(pid, SIGKILL);
		wait_for(pid);
		assert_int_equal(lines_with("saves", "saved"), steps[i].saves);
		/* Its last VM still has the snapshot in use. */
		usleep(500000);
	}
	write_text("tree/build/agent", before);
	free(before);
}

static void booted_instead(void **state)
{
	static const struct {
		const char *variable, *value, *said;
	} cases[] = {
	    {"FAKE_SAVE", "fails",
	     "the VM could not be saved: .*/vm-1/qemu.log; the VM is booted instead"},
	    {"FAKE_RESTORE", "dies",
	     "a VM could not be restored from .*/snapshot: the VM went down before .*; the VM is "
	     "booted instead"},
	};

	(void)state;
	set_qemu(THREE, "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setenv(cases[i].variable, cases[i].value, 1);
		soak_until(JOURNAL, "\"n\":7,\"plan\"", "--jobs 1 --rounds 3 p.ini");
		unsetenv(cases[i].variable);
		/* Not for ever. */
		assert_int_equal(lines_with(RUNSLOG, cases[i].said), 2);
		assert_true(lines_with(JOURNAL, "\"clean\"") > 6);
	}
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
	    cmocka_unit_test_setup(finding_ends_the_vm, forget),
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
