// SPDX-License-Identifier: GPL-2.0-or-later
/* septorture mutants: from the mutant files to the table, on fake kernels. */
#include "cli.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xmem.h"

#define TABLE "tree/build/mutants/latest/mutants.txt"
#define JSON  "tree/build/mutants/latest/mutants.json"

/* What guests write; HELLO has three lines. */
#define BEGIN	 HELLO "{\"e\":\"phase\",\"us\":1000000,\"name\":\"load\",\"td\":1}\n"
#define ENDED(n) "{\"e\":\"end\",\"us\":9000000,\"status\":\"done\",\"events\":" #n "}\n"
#define CLEAN	 BEGIN ENDED(4)
#define BROKEN	 BEGIN "{\"e\":\"fail\",\"us\":1,\"text\":\"no kvm\"}\n" ENDED(5)
#define SEEN(us, oracle, injected)                                                                 \
	"{\"e\":\"finding\",\"us\":" #us ",\"oracle\":\"" oracle "\",\"kind\":\"k\",\"title\":"    \
	"\"it is wrong\",\"facts\":{},\"injected\":" #injected ",\"recent\":[]}\n"
#define SPLAT(us, text, injected)                                                                  \
	"{\"e\":\"klog\",\"us\":1,\"kus\":" #us ",\"text\":\"" text "\"}\n"                        \
	"{\"e\":\"injections\",\"us\":1,\"injected\":" #injected ",\"recent\":[]}\n"
#define AT_FOO "WARNING: a/b.c:5 at foo+0x1/0x2"

static void mutant(const char *name, const char *family, const char *expect)
{
	char *path = xasprintf("tree/kernel/mutants/%s.mutant", name);
	char *text = xasprintf("# family: %s\n# expect: %s\n# trigger: t\n# source: s\nFILE x\n",
			       family, expect);

	write_text(path, text);
	free(path);
	free(text);
}

/* FILE, beside the kernel with mutant NAME, is TEXT (tests/fake-qemu). */
static void beside(const char *name, const char *file, const char *text)
{
	char *command = xasprintf("mkdir -p tree/kernel/of/%s && cp tree/kernel/bzImage "
				  "tree/kernel/functions.txt tree/kernel/of/%s",
				  name, name);
	char *path = xasprintf("tree/kernel/of/%s/%s", name, file);

	assert_int_equal(system(command), 0);
	write_text(path, text);
	free(command);
	free(path);
}

static void guest(const char *name, const char *events)
{
	beside(name, "events", events);
}

static int set_up(void **state)
{
	static const char build[] =
	    "#!/bin/sh\n"
	    "echo \"building $*\" >&2\n"
	    "case $2 in *refused*) exit 2 ;; *no-compile*) exit 3 ;; *no-room*) exit 1 ;; esac\n"
	    "case $2 in *slow*) echo $$ >slow.pid; exec sleep 100 ;; esac\n"
	    "[ ! -f clean-is-slow ] || { echo $$ >slow.pid; exec sleep 100; }\n"
	    "[ ! -f clean-is-broken ] || [ \"$2\" ] || exit 3\n"
	    "name=$(basename \"$2\" .mutant)\n"
	    "[ ! -f kernel/of/$name/bzImage ] || { echo kernel/of/$name/bzImage; exit; }\n"
	    "echo kernel/bzImage\n";

	if (cli_set_up(state))
		return -1;
	write_text("tree/kernel/build.sh", build);
	write_text("tree/configs/plans/mutants.ini", "[plan]\nduration = 1 s\n[stressor calm]\n");
	write_text("tree/configs/known-findings.txt", "warn: a/b.c in known_one  # for a reason\n");
	return chmod("tree/kernel/build.sh", 0755);
}

static int reset(void **state)
{
	set_qemu(CLEAN, "booting\n");
	if (cli_reset(state) || system("rm -rf tree/kernel/of tree/kernel/mutants tree/slow.pid "
				       "tree/clean-is-* elsewhere; "
				       "mkdir -p tree/kernel/mutants elsewhere"))
		return -1;
	set_qemu(CLEAN, "booting\n");
	return 0;
}

static void assert_file(const char *path, const char *words)
{
	char *text = read_text(path);

	assert_contains(text, words);
	free(text);
}

/* ---- what is found ---- */

static void table(void **state)
{
	(void)state;
	mutant("b-two", "one", "stats");
	mutant("a-one", "two", "klog");
	mutant("c-three", "control", "none");
	guest("a-one", BEGIN SEEN(1420000, "stats", 17) SEEN(1500000, "stats", 18)
			   SEEN(1600000, "ioctl", 19) ENDED(7));
	guest("b-two", BEGIN SEEN(2000000, "stats", 9) SPLAT(1250000, AT_FOO, 5) ENDED(7));
	want(run("mutants --accel tcg"), 0);
	assert_contains(out,
			"\nplan     configs/plans/mutants.ini, 10 s of load per run, seed 1\n"
			"kernel   7.3.4-x on tcg\n"
			"\n"
			"MUTANT   FAMILY   RESULT  FOUND IN  FIRST      AFTER   INJECTED  ALSO   "
			"EXPECTED\n"
			"a-one    two      found   1 of 1    stats      0.42 s        17  ioctl  "
			"klog (none fired)\n"
			"b-two    one      found   1 of 1    klog/warn  0.25 s         5  stats  "
			"stats\n"
			"c-three  control  quiet   0 of 1    -          -              -  -      "
			"none\n"
			"\n"
			"ORACLE     FOUND  ALONE\n"
			"stats          2      0\n"
			"ioctl          1      0\n"
			"klog/warn      1      0\n"
			"\n"
			"found by the kernel log, with faults: 1 of 2: b-two\n"
			"found 2 of 2 mutants, 0 of 1 controls flagged\n"
			"table: tree/build/mutants/");
	assert_string_equal(err, "building race\n"
				 "building race a-one\n"
				 "[1/3] a-one seed 1: found by stats at 0.42 s, 17 injections\n"
				 "building race b-two\n"
				 "[2/3] b-two seed 1: found by klog/warn at 0.25 s, 5 injections\n"
				 "building race c-three\n"
				 "[3/3] c-three seed 1: quiet\n");
	assert_file(TABLE, out);
	assert_file("args", "septorture_seed=1 septorture_duration_us=10000000 \n");
	/* The runs are as ever. */
	assert_int_equal(system("test $(ls -d tree/build/runs/2* | wc -l) = 3"), 0);
	assert_file("tree/build/runs/latest/report.json", "\"mutant\": \"c-three\"");
	assert_int_not_equal(system("ls tree/build/mutants/*/lock 2>/dev/null"), 0);
}

static void seeds(void **state)
{
	(void)state;
	mutant("m", "f", "");
	guest("m", CLEAN);
	beside("m", "events.1", BEGIN SEEN(1900000, "stats", 90) ENDED(5));
	beside("m", "events.3",
	       BEGIN SEEN(1100000, "stats", 10) SEEN(1100001, "seam", 10) ENDED(6));
	beside("m", "events.4", BEGIN SEEN(1300000, "stats", 20) ENDED(5));
	want(run("mutants --seeds 4 --budget 2s --plan p.ini"), 0);
	assert_contains(out, "/p.ini, 2 s of load per run, seeds 1 to 4\n");
	assert_contains(out,
			"\nm       f       found   3 of 4    stats  0.30 s        20  seam  -\n");
	assert_contains(err, "\n[1/1] m seed 2: not found\n");
	assert_file("args", "septorture_seed=4 septorture_duration_us=2000000 \n");
}

static void missed(void **state)
{
	(void)state;
	mutant("m", "f", "stats");
	want(run("mutants"), 1);
	assert_contains(out, "\nm       f       missed  0 of 1    -      -      -         -     "
			     "stats (none fired)\n");
	assert_contains(out, "\nfound 0 of 1 mutants, 0 of 0 controls flagged\n");
	assert_contains(out, "\nfound by the kernel log, with faults: 0 of 1\n");
}

static void control(void **state)
{
	(void)state;
	mutant("c", "control", "none");
	guest("c", BEGIN SEEN(1420000, "stats", 17) ENDED(5));
	want(run("mutants"), 1);
	assert_contains(out, "\nc       control  FLAGGED  1 of 1 ");
	assert_contains(out, "\nfound 0 of 0 mutants, 1 of 1 controls flagged\n");
	assert_contains(err, "[1/1] c seed 1: FLAGGED by stats at 0.42 s, 17 injections\n");
}

/* Neither known findings count nor those of the rest of the kernel. */
static void what_does_not_count(void **state)
{
	(void)state;
	mutant("m", "f", "");
	guest("m", BEGIN SPLAT(1250000, "WARNING: a/b.c:5 at known_one+0x1/0x2", 5)
		       SPLAT(1250000, "---[ end trace 0 ]---", 5) ENDED(8));
	beside("m", "console", RACE);
	want(run("mutants"), 1);
	assert_contains(err, "[1/1] m seed 1: not found\n");
	assert_file(JSON, "\"signature\": \"warn: a/b.c in known_one\",\n"
			  "       \"counts\": false");
	assert_file(JSON, "\"oracle\": \"klog/kcsan\"");
}

static void panic_at_boot(void **state)
{
	(void)state;
	mutant("m", "f", "klog");
	guest("m", "");
	beside("m", "console", PANIC);
	want(run("mutants"), 0);
	assert_contains(err, "[1/1] m seed 1: found by klog/panic before the load: Kernel panic - "
			     "not syncing: out of luck\n");
	assert_contains(out,
			"\nm       f       found   1 of 1    klog/panic  boot   -         -     "
			"klog\n");
}

static void invalid(void **state)
{
	(void)state;
	mutant("a", "f", "");
	mutant("b", "f", "");
	mutant("c", "f", "");
	guest("a", BROKEN);
	guest("b", BEGIN SEEN(1420000, "stats",
			      17) "{\"e\":\"fail\",\"us\":1,\"text\":\"no kvm\"}\n" ENDED(6));
	guest("c", BEGIN SEEN(1420000, "stats", 17) ENDED(5));
	want(run("mutants"), 3);
	assert_contains(err, "[1/3] a seed 1: invalid: the agent failed: no kvm\n");
	assert_contains(err, "[2/3] b seed 1: found by stats at");
	assert_contains(out, "\na       f       invalid  0 of 1 ");
	assert_contains(out, "\nb       f       found    1 of 1 ");
	assert_contains(out, "\na, seed 1: invalid: the agent failed: no kvm (2");
	assert_contains(out, "\nfound 2 of 3 mutants, ");
	want(run("mutants --only b --only c"), 0);
}

/* ---- what is not built ---- */

static void does_not_compile(void **state)
{
	(void)state;
	mutant("a-no-compile", "f", "");
	mutant("b", "f", "");
	guest("b", BEGIN SEEN(1420000, "stats", 17) ENDED(5));
	want(run("mutants"), 3);
	assert_contains(err, "[1/2] a-no-compile: does not compile\n");
	assert_contains(
	    out,
	    "\na-no-compile  f       does not compile  -         -      -              -  -  ");
	assert_contains(out, "\nb             f       found             1 of 1    stats  0.42 s ");
	assert_contains(out, "\nfound 1 of 2 mutants");
	mutant("a-no-room", "f", "");
	want(run("mutants --only a-no-room"), 3);
	assert_contains(err, "[1/1] a-no-room: not built\n");
}

static void does_not_apply(void **state)
{
	(void)state;
	mutant("a-no-compile", "f", "");
	mutant("b-refused", "f", "");
	mutant("c", "f", "");
	want(run("mutants"), 2);
	assert_contains(err, "[2/3] b-refused: does not apply\n");
	assert_contains(err, "[3/3] c seed 1: not found\n");
	assert_contains(out, "\nb-refused     f       does not apply ");
}

/* What is wrong with the clean kernel is no mutant's fault. */
static void clean_kernel_fails(void **state)
{
	(void)state;
	mutant("m", "f", "");
	write_text("tree/clean-is-broken", "");
	want(run("mutants"), 3);
	assert_contains(err, "the kernel 'race' could not be built");
	assert_string_equal(out, "");
	assert_int_not_equal(access("tree/build/mutants", F_OK), 0);
}

/* ---- usage ---- */

static void selection(void **state)
{
	(void)state;
	mutant("track-skipped", "f", "");
	mutant("other", "f", "");
	want(run("mutants --only track-skiped"), 2);
	assert_string_equal(err, "septorture: there is no mutant 'track-skiped'; did you mean "
				 "'track-skipped'?\n");
	assert_string_equal(out, "");
	want(run("mutants --only xyzzy"), 2);
	assert_contains(err, "'septorture list mutants' shows them\n");
	want(run("mutants --only ../mutants/other"), 2);
	want(run("mutants --only other --only other"), 2);
	assert_contains(err, "the mutant 'other' is given twice");
	want(run("mutants --only other"), 1);
	assert_contains(err, "[1/1] other seed 1: not found\n");
	want(run("mutants --only track-skipped --only other"), 1);
	assert_contains(err, "[1/2] track-skipped seed 1: not found\n");
	want(run("mutants other"), 2);
	assert_contains(err, "'other' is one too many; --only NAME");
	want(run("mutants --seeds 0"), 2);
	want(run("mutants --budget 5"), 2);
	want(run("mutants --accel x"), 2);
	want(run("mutants --plan none.ini"), 2);
	assert_contains(err, "none.ini: cannot be opened");
	want(run("mutants --help"), 0);
	assert_contains(out, "--no-faults");
	assert_int_equal(system("rm tree/kernel/mutants/*"), 0);
	want(run("mutants"), 2);
	assert_contains(err, "there are no mutants in tree/kernel/mutants\n");
}

static void bad_known_file(void **state)
{
	(void)state;
	mutant("m", "f", "");
	assert_int_equal(rename("tree/configs/known-findings.txt", "away"), 0);
	write_text("tree/configs/known-findings.txt", "a line without a reason\n");
	want(run("mutants"), 3);
	assert_contains(err, "known-findings.txt:1: a known finding needs");
	assert_lacks(err, "building");
	assert_int_equal(rename("away", "tree/configs/known-findings.txt"), 0);
}

static void files(void **state)
{
	(void)state;
	mutant("m", "f", "");
	write_text("elsewhere/mine.mutant", "# family: x\n# expect: stats\nFILE x\n");
	guest("mine", BEGIN SEEN(1420000, "stats", 17) ENDED(5));
	want(run("mutants --file elsewhere/mine.mutant"), 0);
	assert_contains(err, "[1/1] mine seed 1: found by stats");
	assert_contains(err, "building race /");
	assert_contains(out, "\nmine    x       found   1 of 1    stats  0.42 s        17  -     "
			     "stats\n");
	assert_file("tree/build/runs/latest/report.json", "\"mutant\": \"mine\"");
	assert_file("tree/build/runs/latest/report.json",
		    "/elsewhere/mine.mutant --duration '10 s' "
		    "configs/plans/mutants.ini\"");
	want(run("mutants --file elsewhere/mine.mutant --only m"), 1);
	assert_contains(err, "[1/2] m seed 1: not found\nbuilding race /");
	want(run("mutants --file elsewhere/none.mutant"), 2);
	assert_contains(err, "cannot read the mutant file elsewhere/none.mutant: No such file");
	write_text("elsewhere/m.mutant", "FILE x\n");
	want(run("mutants --file elsewhere/m.mutant --only m"), 2);
	assert_contains(err, "the mutant 'm' is given twice: m and /");
}

/* A mutant may name a plan of its own; one that the user names is for all. */
static void own_plan(void **state)
{
	(void)state;
	mutant("a", "f", "");
	write_text("tree/kernel/mutants/b.mutant", "# plan: rare\n# family: f\nFILE x\n");
	want(run("mutants"), 2);
	assert_contains(err, "/configs/plans/rare.ini: cannot be opened");
	assert_lacks(err, "building");
	write_text("tree/configs/plans/rare.ini", "[plan]\nkernel = cover\n[stressor calm]\n");
	want(run("mutants"), 2);
	assert_contains(err,
			"the mutant 'b' needs a plan with the kernel 'race', and 'rare' is one "
			"with 'cover'\n");
	want(run("mutants --plan p.ini"), 1);
	assert_lacks(out, "rare.ini");
	write_text("tree/configs/plans/rare.ini", "[stressor calm]\n");
	want(run("mutants"), 1);
	assert_contains(out, "\n\nb: with configs/plans/rare.ini\n");
	assert_lacks(out, "a: with");
	assert_file("tree/build/runs/latest/report.json", "\"plan\": \"rare\"");
	assert_file(JSON, "\"plan\": \"configs/plans/rare.ini\"");
	assert_int_equal(remove("tree/configs/plans/rare.ini"), 0);
}

/* ---- without faults ---- */

static void baseline(void **state)
{
	(void)state;
	mutant("a", "f", "");
	mutant("b", "f", "");
	mutant("c", "f", "");
	guest("a", BEGIN SEEN(1420000, "stats", 17) ENDED(5));
	guest("b", BEGIN SPLAT(1250000, AT_FOO, 5) ENDED(6));
	beside("b", "events.without", BEGIN SPLAT(1250000, AT_FOO, 0) ENDED(6));
	/* Without faults, but not by the kernel log. */
	guest("c", BEGIN SEEN(1420000, "stats", 17) ENDED(5));
	beside("c", "events.without", BEGIN SEEN(1420000, "stats", 0) ENDED(5));
	want(run("mutants --no-faults"), 0);
	assert_contains(out, ", seed 1, with and without faults\n");
	assert_contains(out, "  INJECTED  BASELINE   ALSO  EXPECTED\na ");
	assert_contains(out, "        17  no         -     -\nb ");
	assert_contains(out, "         5  klog/warn  -     -\nc ");
	assert_contains(out, "        17  no         -     -\n\n");
	assert_contains(out, "\nfound with faults, but not without: 1 of 3: a\n"
			     "found by the kernel log, with faults: 1 of 3: b\n"
			     "found by the kernel log, without faults: 1 of 3: b\n"
			     "found 3 of 3 mutants");
	assert_contains(err, "[1/3] a seed 1: found by stats at 0.42 s, 17 injections\n"
			     "[1/3] a seed 1 without faults: not found\n");
	assert_file("args", "septorture_no_faults=1 ");
	assert_file(JSON, "\"only_with_faults\": [\n   \"a\"\n  ]");
	/* A pass that says nothing. */
	beside("a", "events.without", BROKEN);
	want(run("mutants --no-faults --only a"), 3);
	assert_contains(out, "        17  -         -     -\n");
	assert_contains(out, "\na, seed 1 without faults: invalid: the agent failed: no kvm (2");
	assert_contains(out, "\nfound with faults, but not without: 0 of 1\n");
}

/* ---- JSON ---- */

static void assert_string(json_t *o, const char *key, const char *value)
{
	const char *s = json_string_value(json_object_get(o, key));

	assert_string_equal(s ? s : "(none)", value);
}

static void assert_number(json_t *o, const char *key, json_int_t value)
{
	assert_true(json_is_integer(json_object_get(o, key)));
	assert_int_equal(json_integer_value(json_object_get(o, key)), value);
}

static void json(void **state)
{
	json_t *o, *m, *r, *f;
	char *text;

	(void)state;
	mutant("m", "fam", "stats klog/warn");
	guest("m", BEGIN SEEN(1420000, "stats", 17) ENDED(5));
	want(run("mutants --json --seeds 2 --budget '3 s'"), 0);
	text = read_text(JSON);
	assert_string_equal(text, out);
	free(text);
	o = json_loads(out, 0, NULL);
	assert_non_null(o);
	assert_number(o, "v", 1);
	assert_number(o, "seeds", 2);
	assert_number(o, "budget_us", 3000000);
	assert_string(o, "plan", "configs/plans/mutants.ini");
	assert_true(json_is_null(json_object_get(o, "stopped")));
	assert_true(json_is_false(json_object_get(o, "with_baseline")));
	r = json_object_get(o, "summary");
	assert_number(r, "mutants", 1);
	assert_number(r, "found", 1);
	assert_true(json_is_null(json_object_get(r, "only_with_faults")));
	m = json_array_get(json_object_get(o, "mutants"), 0);
	assert_string(m, "mutant", "m");
	assert_string(m, "family", "fam");
	assert_string(m, "expect", "stats klog/warn");
	assert_string(m, "trigger", "t");
	assert_string(m, "source", "s");
	assert_string(m, "result", "found");
	assert_string(m, "oracle", "stats");
	assert_number(m, "found_in", 2);
	assert_number(m, "since_load_us", 420000);
	assert_number(m, "injected_before", 17);
	assert_true(json_is_null(json_object_get(m, "baseline")));
	assert_int_equal(json_array_size(json_object_get(m, "runs")), 2);
	r = json_array_get(json_object_get(m, "runs"), 1);
	assert_number(r, "seed", 2);
	assert_true(json_is_true(json_object_get(r, "faults")));
	assert_string(r, "verdict", "findings");
	text = xasprintf("tree/build/runs/%s/report.json",
			 json_string_value(json_object_get(r, "run")));
	assert_int_equal(access(text, F_OK), 0);
	free(text);
	f = json_array_get(json_object_get(r, "findings"), 0);
	assert_string(f, "oracle", "stats");
	assert_string(f, "signature", "stats: k: it is wrong");
	assert_number(f, "since_load_us", 420000);
	json_decref(o);
}

/* Every key below O is in DOC. */
static void assert_documented(const char *doc, json_t *o)
{
	const char *key;
	json_t *value;
	size_t i;

	json_object_foreach(o, key, value)
	{
		char *quoted = xasprintf("`%s`", key);

		assert_contains(doc, quoted);
		free(quoted);
		assert_documented(doc, value);
	}
	json_array_foreach(o, i, value) assert_documented(doc, value);
}

static void json_is_documented(void **state)
{
	char *doc = read_text(SRCDIR "/docs/mutants.md");
	json_t *o;

	(void)state;
	mutant("m", "f", "");
	guest("m", BEGIN SEEN(1420000, "stats", 17) ENDED(5));
	want(run("mutants --json"), 0);
	o = json_loads(out, 0, NULL);
	assert_documented(doc, o);
	json_decref(o);
	free(doc);
}

/* ---- stopped, killed, broken ---- */

/* A mutant that is found, and one whose VM stays; returns when that one is up. */
static pid_t start_second(const char *events)
{
	char *hang = scratch_path("hang");
	pid_t pid;

	mutant("a", "f", "");
	mutant("b", "f", "");
	mutant("c", "f", "");
	guest("a", BEGIN SEEN(1420000, "stats", 17) ENDED(5));
	guest("b", events);
	beside("b", "hangs", hang);
	free(hang);
	pid = spawn_args("mutants");
	await_hang();
	return pid;
}

static void read_output(void)
{
	free(out);
	free(err);
	out = read_text("out");
	err = read_text("err");
}

static void interrupted(void **state)
{
	pid_t pid = start_second(BEGIN);

	(void)state;
	kill(pid, SIGINT);
	want(wait_for(pid), 3);
	assert_gone(hung_pid());
	read_output();
	assert_contains(out, "\nstopped  by signal 2 (Interrupt)\n");
	assert_contains(out, "\na       f       found    1 of 1 ");
	assert_contains(out, "\nb       f       not run  - ");
	assert_contains(out, "\nc       f       not run  - ");
	assert_file(TABLE, out);
	assert_lacks(err, "[2/3]");
	assert_int_not_equal(system("ls tree/build/mutants/*/lock 2>/dev/null"), 0);
}

/* What it had found by then is found. */
static void interrupted_late(void **state)
{
	pid_t pid = start_second(BEGIN SEEN(1420000, "seam", 3));

	(void)state;
	kill(pid, SIGTERM);
	want(wait_for(pid), 3);
	assert_gone(hung_pid());
	read_output();
	assert_contains(out, "\nb       f       found    1 of 1    seam ");
	assert_contains(out, "\nc       f       not run  - ");
	assert_contains(out, "\nstopped  by signal 15 (Terminated)\n");
}

static void interrupted_build(void **state)
{
	pid_t pid, builder;
	char *text;

	(void)state;
	mutant("a", "f", "");
	mutant("b-slow", "f", "");
	pid = spawn_args("mutants");
	await("tree/slow.pid");
	kill(pid, SIGTERM);
	want(wait_for(pid), 3);
	text = read_text("tree/slow.pid");
	builder = atoi(text);
	free(text);
	assert_true(builder > 0);
	assert_gone(builder);
	read_output();
	assert_contains(out, "\na       f       missed   0 of 1 ");
	assert_contains(out, "\nb-slow  f       not run  - ");
	assert_lacks(err, "could not be built");
}

static void interrupted_json(void **state)
{
	json_t *o;
	pid_t pid;

	(void)state;
	mutant("a-slow", "f", "");
	pid = spawn_args("mutants --json");
	await("tree/slow.pid");
	kill(pid, SIGHUP);
	want(wait_for(pid), 3);
	read_output();
	o = json_loads(out, 0, NULL);
	assert_non_null(o);
	assert_string(o, "stopped", "by signal 1 (Hangup)");
	assert_string(json_array_get(json_object_get(o, "mutants"), 0), "result", "not run");
	json_decref(o);
}

/* The clean kernel is being built: there is nothing to keep yet. */
static void interrupted_first(void **state)
{
	pid_t pid;

	(void)state;
	mutant("a", "f", "");
	write_text("tree/clean-is-slow", "");
	pid = spawn_args("mutants");
	await("tree/slow.pid");
	kill(pid, SIGINT);
	want(wait_for(pid), 3);
	read_output();
	assert_string_equal(out, "");
	assert_contains(err, "septorture: nothing was run: stopped by signal 2 (Interrupt)\n");
	assert_int_not_equal(access("tree/build/mutants", F_OK), 0);
}

/* No file may grow beyond the limit: the same as a full disk. */
static void nowhere_to_write(void **state)
{
	(void)state;
	mutant("a", "f", "");
	mutant("b", "f", "");
	mutant("c", "f", "");
	assert_int_equal(system("bash -c 'ulimit -f 1; " TOOL " mutants 2>&1 </dev/null | "
				"cat >out; exit ${PIPESTATUS[0]}'") >>
			     8,
			 3);
	read_output();
	assert_contains(out, "septorture: cannot write the report /");
	assert_contains(out, "/mutants.json: File too large; is the disk full?\n");
	assert_lacks(out, "[1/3]");
}

/* All but the run in flight is there. */
static void killed(void **state)
{
	pid_t pid = start_second(BEGIN), child = hung_pid();
	json_t *o;

	(void)state;
	kill(pid, SIGKILL);
	assert_int_equal(wait_for(pid), 128 + SIGKILL);
	kill(child, SIGKILL);
	assert_file(TABLE, "\na       f       found    1 of 1 ");
	assert_file(TABLE, "\nb       f       not run  - ");
	o = json_load_file(JSON, 0, NULL);
	assert_non_null(o);
	assert_number(json_object_get(o, "summary"), "found", 1);
	json_decref(o);
	/* The next one clears up, and keeps it. */
	want(run("mutants --only c"), 1);
	assert_contains(err, "was left by a septorture that was killed; what it has found is kept");
	assert_int_equal(system("test $(ls -d tree/build/mutants/2* | wc -l) = 2"), 0);
	assert_int_equal(system("test $(ls tree/build/mutants/2*/mutants.txt | wc -l) = 2"), 0);
	assert_int_not_equal(system("ls tree/build/mutants/*/lock 2>/dev/null"), 0);
}

/* Without the agent no run is possible: that is said once. */
static void no_agent(void **state)
{
	(void)state;
	mutant("a", "f", "");
	mutant("b", "f", "");
	assert_int_equal(rename("tree/build/agent", "agent.away"), 0);
	want(run("mutants"), 3);
	assert_int_equal(rename("agent.away", "tree/build/agent"), 0);
	assert_contains(err, "tree/build/agent: No such file or directory; run 'make'");
	assert_contains(out, "\nstopped  no more runs were possible, see above\n");
	assert_lacks(err, "[2/2]");
}

/* The accelerator is chosen once, with the clean kernel. */
static void accelerator(void **state)
{
	char *probes;

	(void)state;
	mutant("a", "f", "");
	mutant("b", "f", "");
	guest("a", CLEAN);
	write_text("kvm", "");
	want(run("mutants"), 1);
	probes = read_text("probes");
	assert_contains(probes, "/tree/kernel/bzImage\n");
	assert_null(strstr(strstr(probes, "septorture_probe=1") + 1, "septorture_probe=1"));
	free(probes);
	assert_file("args", "-accel\nkvm\n");
	assert_contains(out, "\nkernel   7.3.4-x on kvm\n");
	assert_int_not_equal(system("ls -d tree/build/mutants/*/probe 2>/dev/null"), 0);
	want(run("mutants --accel tcg"), 1);
	assert_file("args", "-accel\ntcg,thread=multi\n");
}

/* A kernel with a bug that does not boot says nothing about KVM. */
static void silent_mutant(void **state)
{
	char *hang = scratch_path("hang");

	(void)state;
	mutant("a", "f", "");
	mutant("b", "f", "");
	guest("a", "");
	beside("a", "hangs", hang);
	free(hang);
	write_text("kvm", "");
	setenv("SEPTORTURE_BOOT_TIMEOUT", "1", 1);
	want(run("mutants"), 3);
	assert_gone(hung_pid());
	assert_contains(err, "[1/2] a seed 1: invalid: the VM did not report within 1 s of its "
			     "start\n");
	assert_contains(err, "\n[2/2] b seed 1: not found\n");
	assert_lacks(err, "tries KVM again");
	want(run("mutants --only b"), 1);
	assert_lacks(err, "trying KVM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(table, reset),
	    cmocka_unit_test_setup(seeds, reset),
	    cmocka_unit_test_setup(missed, reset),
	    cmocka_unit_test_setup(control, reset),
	    cmocka_unit_test_setup(what_does_not_count, reset),
	    cmocka_unit_test_setup(panic_at_boot, reset),
	    cmocka_unit_test_setup(invalid, reset),
	    cmocka_unit_test_setup(does_not_compile, reset),
	    cmocka_unit_test_setup(does_not_apply, reset),
	    cmocka_unit_test_setup(clean_kernel_fails, reset),
	    cmocka_unit_test_setup(selection, reset),
	    cmocka_unit_test_setup(bad_known_file, reset),
	    cmocka_unit_test_setup(files, reset),
	    cmocka_unit_test_setup(own_plan, reset),
	    cmocka_unit_test_setup(baseline, reset),
	    cmocka_unit_test_setup(json, reset),
	    cmocka_unit_test_setup(json_is_documented, reset),
	    cmocka_unit_test_setup(interrupted, reset),
	    cmocka_unit_test_setup(interrupted_late, reset),
	    cmocka_unit_test_setup(interrupted_build, reset),
	    cmocka_unit_test_setup(interrupted_json, reset),
	    cmocka_unit_test_setup(interrupted_first, reset),
	    cmocka_unit_test_setup(nowhere_to_write, reset),
	    cmocka_unit_test_setup(killed, reset),
	    cmocka_unit_test_setup(no_agent, reset),
	    cmocka_unit_test_setup(accelerator, reset),
	    cmocka_unit_test_setup(silent_mutant, reset),
	};

	return cmocka_run_group_tests_name("mutants", tests, set_up, cli_tear_down);
}
