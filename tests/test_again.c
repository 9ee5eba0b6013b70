// SPDX-License-Identifier: GPL-2.0-or-later
/* septorture replay and minimise: from a run's directory to the table, on a fake guest. */
#include "cli.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "again.h"
#include "plan.h"
#include "xmem.h"

/* What guests write; HELLO has three lines. */
#define BEGIN	 HELLO "{\"e\":\"phase\",\"us\":1000000,\"name\":\"load\",\"td\":1}\n"
#define ENDED(n) "{\"e\":\"end\",\"us\":9000000,\"status\":\"done\",\"events\":" #n "}\n"
#define CLEAN	 BEGIN ENDED(4)
#define BROKEN	 BEGIN "{\"e\":\"fail\",\"us\":1,\"text\":\"no kvm\"}\n" ENDED(5)
#define SEEN(us, oracle, injected)                                                                 \
	"{\"e\":\"finding\",\"us\":" #us ",\"oracle\":\"" oracle "\",\"kind\":\"k\",\"title\":"    \
	"\"it is wrong\",\"facts\":{},\"injected\":" #injected ",\"recent\":[]}\n"
#define HIT BEGIN SEEN(1420000, "stats", 17) ENDED(5)
#define INVALID_HIT                                                                                \
	BEGIN SEEN(1420000, "stats", 17) "{\"e\":\"fail\",\"us\":1,\"text\":\"no\"}\n" ENDED(6)
#define OTHER BEGIN SEEN(1420000, "leak", 17) ENDED(5)
#define SITE(name, injected)                                                                       \
	"{\"e\":\"site\",\"us\":8,\"site\":\"" name "\",\"status\":\"TDX_OPERAND_BUSY\","          \
	"\"context\":\"map\",\"calls\":900,\"matched\":800,\"injected\":" #injected "}\n"

#define PLAN                                                                                       \
	"[plan]\nseed = 7\nduration = 20 s\ncpus = 4\n[td]\nvcpus = 3\n"                           \
	"[fault tdh_mem_page_aug]\nprobability = 5 %\n"                                            \
	"[fault tdh_mem_sept_add]\nprobability = 9 %\ndelay_after = 2 us\n"                        \
	"[stressor tide]\nworkers = 3\n[stressor calm]\n"

static int reset(void **state)
{
	if (cli_reset(state) ||
	    system("rm -rf tree/build/minimised tree/kernel/events* tree/kernel/console* "
		   "tree/kernel/needs tree/kernel/turns elsewhere; mkdir elsewhere"))
		return -1;
	set_qemu(HIT, "booting\n");
	write_text("load.ini", PLAN);
	return 0;
}

/* Runs a plan that finds something; its id, to be freed. */
static char *past(const char *args)
{
	char path[256] = "";

	want(run(args), 1);
	assert_true(readlink("tree/build/runs/latest", path, sizeof(path) - 1) > 0);
	return xstrdup(path);
}

static int run_on(const char *command, const char *id, const char *rest)
{
	char *args = xasprintf("%s %s%s", command, id, rest);
	int status = run(args);

	free(args);
	return status;
}

static void assert_file(const char *path, const char *words)
{
	char *text = read_text(path);

	assert_contains(text, words);
	free(text);
}

static unsigned int count_runs(void)
{
	char *text;
	unsigned int n;

	assert_int_equal(system("ls -d tree/build/runs/2* | wc -l >count"), 0);
	text = read_text("count");
	n = (unsigned int)atoi(text);
	free(text);
	return n;
}

/* The guest of the n-th run from now on: a line of WORDS each, hit, clean, other or broken. */
static void turns(const char *words)
{
	write_text("tree/kernel/turns", words);
	write_text("tree/kernel/events.hit", HIT);
	write_text("tree/kernel/events.clean", CLEAN);
	write_text("tree/kernel/events.other", OTHER);
	write_text("tree/kernel/events.broken", BROKEN);
}

/* ---- replay ---- */

static void comes_back(void **state)
{
	char *id = past("run load.ini"), *text;

	(void)state;
	want(run("replay latest"), 1);
	text = xasprintf("run      %s\nfinding  stats: k: it is wrong\nplan     load, seed 7\n"
			 "came back in 3 of 3 tries\n",
			 id);
	assert_string_equal(out, text);
	free(text);
	assert_string_equal(err, "building race\n"
				 "[1/3] came back after 0.42 s, 17 injections\n"
				 "[2/3] came back after 0.42 s, 17 injections\n"
				 "[3/3] came back after 0.42 s, 17 injections\n");
	/* Three times as long as it took, and a bit. */
	assert_file("args", "septorture_seed=7 septorture_duration_us=4300000 ");
	assert_int_equal(count_runs(), 4);
	/* They are called as the run was, and ran the plan that it kept. */
	assert_file("tree/build/runs/latest/report.json", "\"plan\": \"load\"");
	assert_int_equal(system("cmp load.ini tree/build/runs/latest/plan.ini"), 0);
	/* By id and by path, from the scratch directory. */
	write_text("load.ini", "[plan]\n");
	want(run_on("replay --tries 1", id, ""), 1);
	text = xasprintf("tree/build/runs/%s", id);
	want(run_on("replay --tries 1", text, ""), 1);
	assert_contains(out, "\ncame back in 1 of 1 tries\n");
	free(text);
	free(id);
}

/* The statuses are git's: everything below 128 but 0 and 125 is a bad commit to it. */
static void bisects(void **state)
{
	char *build = read_text("tree/kernel/build.sh");

	(void)state;
	free(past("run load.ini"));
	want(run("bisect-step latest --tries 1"), 1);
	want(run("bisect-step nothing"), 128);
	want(run("bisect-step"), 128);
	want(run("bisect-step --tries 0 latest"), 128);
	want(run("bisect-step --help"), 0);
	write_text("tree/kernel/build.sh", "#!/bin/sh\nexit 3\n");
	want(run("bisect-step $(ls tree/build/runs | grep load | head -n 1)"), 125);
	write_text("tree/kernel/build.sh", "#!/bin/sh\nexit 2\n");
	want(run("bisect-step $(ls tree/build/runs | grep load | head -n 1)"), 125);
	write_text("tree/kernel/build.sh", build);
	free(build);
}

static void now_and_then(void **state)
{
	char *id = past("run load.ini");

	(void)state;
	turns("clean\nother\nhit\nbroken\n");
	want(run_on("replay --tries 4", id, ""), 1);
	assert_contains(err, "\n[1/4] did not come back\n"
			     "[2/4] did not come back, but: leak: k: it is wrong\n"
			     "[3/4] came back after 0.42 s, 17 injections\n"
			     "[4/4] no result: the agent failed: no kvm\n");
	assert_contains(out, "\ncame back in 1 of 4 tries, 1 no result\n");
	free(id);
}

static void never(void **state)
{
	char *id = past("run load.ini");

	(void)state;
	turns("clean\nclean\nother\nbroken\n");
	want(run_on("bisect-step --tries 1", id, ""), 0);
	want(run_on("replay", id, ""), 0);
	assert_contains(out, "\ncame back in 0 of 3 tries, 1 no result\n");
	turns("broken\nbroken\n");
	want(run_on("replay --tries 2", id, ""), 3);
	assert_contains(out, "\ncame back in 0 of 2 tries, 2 no result\n");
	free(id);
}

/* A finding of an invalid run is one all the same. */
static void back_in_an_invalid_run(void **state)
{
	char *id = past("run load.ini");

	(void)state;
	set_qemu(INVALID_HIT, "");
	want(run_on("replay --tries 1", id, ""), 1);
	assert_contains(out, "\ncame back in 1 of 1 tries\n");
	free(id);
}

static void without_faults(void **state)
{
	char *id = past("run --no-faults --mutant early-stats --seed 99 load.ini");

	(void)state;
	want(run_on("replay --tries 1", id, ""), 1);
	assert_contains(out, "\nplan     load, seed 99, mutant early-stats, without its faults\n");
	assert_contains(err, "building race early-stats\n");
	assert_file("args", "septorture_no_faults=1");
	assert_file("args", "septorture_seed=99 ");
	free(id);
}

static void mutant_file(void **state)
{
	char *id;

	(void)state;
	write_text("elsewhere/mine.mutant", "FILE x\n");
	id = past("run --mutant elsewhere/mine.mutant load.ini");
	want(run_on("replay --tries 1", id, ""), 1);
	assert_contains(err, "/elsewhere/mine.mutant\n");
	assert_contains(out, "/elsewhere/mine.mutant\n");
	free(id);
}

static void which_finding(void **state)
{
	char *id;

	(void)state;
	/* A known one, then two that count. */
	set_qemu(BEGIN
		 "{\"e\":\"klog\",\"us\":1,\"kus\":1200000,\"text\":\"WARNING: a/b.c:5 at "
		 "known_one+0x1/0x2\"}\n"
		 "{\"e\":\"klog\",\"us\":1,\"kus\":1200000,\"text\":\"---[ end trace 0 ]---\"}\n"
		 "{\"e\":\"injections\",\"us\":1,\"injected\":3,\"recent\":[]}\n" SEEN(
		     1420000, "stats", 17) SEEN(1900000, "leak", 20) ENDED(9),
		 "");
	write_text("tree/configs/known-findings.txt", "warn: a/b.c in known_one  # a reason\n");
	id = past("run load.ini");
	assert_file("tree/build/runs/latest/report.json", "\"known\": \"a reason\"");
	want(run_on("replay --tries 1", id, ""), 1);
	assert_contains(out, "\nfinding  stats: k: it is wrong\n");
	want(run_on("replay --tries 1", id, ":2"), 1);
	assert_contains(out, "\nfinding  leak: k: it is wrong\n");
	want(run_on("replay --tries 1", id, ":leak"), 1);
	assert_contains(out, "\nfinding  leak: k: it is wrong\n");
	/* A colon of the signature's, and one that does not count. */
	want(run_on("replay --tries 1", id, ":'leak: k'"), 1);
	assert_contains(out, "\nfinding  leak: k: it is wrong\n");
	want(run_on("replay --tries 1", id, ":known_one"), 1);
	assert_contains(out, "\nfinding  warn: a/b.c in known_one\n");
	want(run_on("replay --tries 1", id, ":"), 1);
	assert_contains(out, "\nfinding  stats: k: it is wrong\n");
	want(run_on("replay", id, ":3"), 2);
	assert_contains(err, "has no finding 3; it has 2 that count\n");
	want(run_on("replay", id, ":0"), 2);
	assert_contains(err, "has no finding 0; it has 2 that count\n");
	want(run_on("replay", id, ":99999999999999999999999"), 2);
	assert_contains(err, "has no finding 99999999999999999999999; it has 2 that count\n");
	want(run_on("replay", id, ":klog/x"), 2);
	assert_contains(err, "has 'klog/x' in its signature; its report.json has them\n");
	write_text("tree/configs/known-findings.txt", "# none but\n");
	free(id);
}

static void no_finding(void **state)
{
	(void)state;
	set_qemu(CLEAN, "");
	want(run("run load.ini"), 0);
	want(run("replay latest"), 2);
	assert_contains(err, " has no finding that counts\n");
	assert_lacks(err, "building race\nbuilding race");
	want(run("minimise latest"), 2);
	assert_contains(err, " has no finding that counts\n");
	assert_int_not_equal(access("tree/build/minimised", F_OK), 0);
}

static void no_run(void **state)
{
	(void)state;
	want(run("replay latest"), 2);
	assert_contains(err, "there is no run 'latest'; give an id of tree/build/runs, the path");
	want(run("replay 2026:1"), 2);
	assert_contains(err, "there is no run '2026:1'; ");
	want(run("replay ''"), 2);
	want(run("replay :1"), 2);
	want(run("minimise nowhere/at/all"), 2);
	want(run("replay elsewhere"), 2);
	assert_contains(err, "cannot read elsewhere/report.json: No such file or directory; it is "
			     "no run, or one that was cut short\n");
	want(run("replay load.ini"), 2);
	want(run("replay"), 2);
	assert_contains(err, "say which run");
	want(run("replay a b"), 2);
	assert_contains(err, "'b' is one too many");
	want(run("replay --tries 0 a"), 2);
	want(run("minimise --tries 1001 a"), 2);
	want(run("replay --accel x a"), 2);
	want(run("replay --help"), 0);
	assert_contains(out, "--tries");
	want(run("minimise --help"), 0);
	assert_contains(out, "--output");
}

/* What stands in a run's directory may be anything. */
static void bad_report(const char *text, const char *words)
{
	write_text("elsewhere/report.json", text);
	want(run("replay elsewhere"), 3);
	assert_contains(err, words);
	assert_lacks(err, "building");
}

#define GOOD_HEAD                                                                                  \
	"\"v\":1,\"seed\":\"7\",\"id\":\"i\",\"plan\":\"p\",\"accel\":\"tcg\",\"duration_us\":"    \
	"1000000,\"no_faults\":false,"
#define GOOD_FINDING                                                                               \
	"{\"signature\":\"stats: k: it is wrong\",\"title\":\"t\",\"known\":null,\"scope\":null}"

static void bad_reports(void **state)
{
	static const char no[] = "elsewhere/report.json is no report of a run";

	(void)state;
	write_text("elsewhere/plan.ini", PLAN);
	bad_report("", "elsewhere/report.json:1: is no JSON: ");
	bad_report("{\"v\": 1,\n \"seed\"", "elsewhere/report.json:2: is no JSON: ");
	bad_report("\xff\xfe", "elsewhere/report.json:1: is no JSON: ");
	bad_report("[]", no);
	bad_report("{}", no);
	bad_report("{\"v\":2}", no);
	bad_report("{\"v\":1,\"seed\":7}", no);
	bad_report("{" GOOD_HEAD "\"findings\":{}}", no);
	bad_report("{" GOOD_HEAD "\"findings\":[7]}", no);
	bad_report("{" GOOD_HEAD "\"findings\":[{}]}", no);
	bad_report("{" GOOD_HEAD "\"findings\":[{\"signature\":7}]}", no);
	bad_report("{" GOOD_HEAD "\"seed\":\"0\",\"findings\":[]}", no);
	bad_report("{" GOOD_HEAD "\"seed\":\"1x\",\"findings\":[]}", no);
	bad_report("{" GOOD_HEAD "\"duration_us\":5,\"findings\":[]}", no);
	bad_report("{" GOOD_HEAD "\"plan\":\"../../p\",\"findings\":[]}", no);
	bad_report("{" GOOD_HEAD "\"id\":\"../p\",\"findings\":[]}", no);
	/* This one is enough. */
	write_text("elsewhere/report.json", "{" GOOD_HEAD "\"findings\":[" GOOD_FINDING "]}");
	want(run("replay --tries 1 elsewhere"), 1);
	write_text("elsewhere/report.json", "{" GOOD_HEAD "\"findings\":[]}");
	want(run("replay elsewhere"), 2);
	/* Without a time since the load began it is the whole load. */
	assert_file("args", "septorture_duration_us=1000000 ");
}

static void bad_plans(void **state)
{
	(void)state;
	write_text("elsewhere/report.json", "{" GOOD_HEAD "\"findings\":[" GOOD_FINDING "]}");
	want(run("replay elsewhere"), 3);
	assert_contains(err, "cannot read elsewhere/plan.ini: No such file or directory; without "
			     "its plan a run can't be repeated\n");
	write_text("elsewhere/plan.ini", "[plan]\ncpu = 2\n");
	want(run("replay elsewhere"), 2);
	assert_contains(err, "/elsewhere/plan.ini:2: unknown key 'cpu'; did you mean 'cpus'?\n");
	write_text("elsewhere/plan.ini", "[plan]\nkernel = nosuch\n[stressor calm]\n");
	want(run("replay elsewhere"), 2);
	assert_contains(err, "the kernel 'nosuch' could not be built");
}

static void accelerator(void **state)
{
	char *id = past("run load.ini"), *probes;

	(void)state;
	assert_file("args", "-accel\ntcg,thread=multi\n");
	/* As it was, and as we are told. */
	write_text("kvm", "");
	want(run_on("replay --tries 1", id, ""), 1);
	assert_file("args", "-accel\ntcg,thread=multi\n");
	want(run_on("replay --tries 2 --accel auto", id, ""), 1);
	assert_file("args", "-accel\nkvm\n");
	probes = read_text("probes");
	assert_null(strstr(strstr(probes, "septorture_probe=1") + 1, "septorture_probe=1"));
	free(probes);
	free(id);
}

static void read_output(void)
{
	free(out);
	free(err);
	out = read_text("out");
	err = read_text("err");
}

/* Starts COMMAND on the run ID; the fake takes a second for each run. */
static pid_t start_slow(const char *command, const char *id)
{
	char *args = xasprintf("%s %s", command, id);
	pid_t pid;

	setenv("FAKE_DELAY", "1", 1);
	pid = spawn_args(args);
	free(args);
	return pid;
}

static void await_words(const char *path, const char *words)
{
	char *text = read_text(path);

	for (double start = now(); !strstr(text, words) && now() - start < 20;) {
		usleep(20000);
		free(text);
		text = read_text(path);
	}
	assert_contains(text, words);
	free(text);
}

static void replay_interrupted(void **state)
{
	char *id = past("run load.ini");
	pid_t pid = start_slow("replay --tries 9", id);

	(void)state;
	await_words("err", "[1/9] came back");
	usleep(300000);
	kill(pid, SIGINT);
	want(wait_for(pid), 1);
	read_output();
	assert_contains(out, "\ncame back in 1 of 1 tries, stopped by signal 2 (Interrupt)\n");
	assert_lacks(err, "[2/9]");
	free(id);
}

static void replay_interrupted_early(void **state)
{
	char *id = past("run load.ini");
	pid_t pid = start_slow("replay", id);

	(void)state;
	await_words("err", "building race");
	usleep(300000);
	kill(pid, SIGTERM);
	want(wait_for(pid), 3);
	free(id);
}

static void no_agent(void **state)
{
	char *id = past("run load.ini");

	(void)state;
	assert_int_equal(rename("tree/build/agent", "agent.away"), 0);
	want(run_on("replay", id, ""), 3);
	assert_contains(err, "tree/build/agent: No such file or directory; run 'make'");
	assert_contains(out, "\ncame back in 0 of 0 tries, no more were possible\n");
	want(run_on("minimise", id, ""), 3);
	assert_int_equal(rename("agent.away", "tree/build/agent"), 0);
	assert_int_equal(system("test -z \"$(ls -A tree/build/minimised)\""), 0);
	free(id);
}

static void loads(void **state)
{
	(void)state;
	assert_true(again_load(20000000, true, 420000) == 4300000);
	assert_true(again_load(20000000, true, 0) == 3000000);
	assert_true(again_load(20000000, true, 5666667) == 20000000);
	assert_true(again_load(20000000, true, UINT64_MAX) == 20000000);
	assert_true(again_load(20000000, false, 0) == 20000000);
	assert_true(again_load(1000000, true, 1) == 1000000);
}

/* ---- minimise ---- */

#define INJECTED                                                                                   \
	"{\"e\":\"progress\",\"us\":8,\"faults\":1,\"injected\":43,\"tds\":1,\"elapsed_ms\":1,"    \
	"\"running_ms\":1}\n"
#define WITH_SITES                                                                                 \
	BEGIN SEEN(1420000, "stats", 17) SITE("tdh_mem_page_aug", 40) SITE("tdh_mem_sept_add", 3)  \
	    INJECTED ENDED(8)

static char *output_of(const char *id)
{
	return xasprintf("tree/build/minimised/%s.ini", id);
}

static struct plan *minimised(const char *path)
{
	char *error;
	struct plan *plan = plan_read(path, &error);

	if (!plan)
		fail_msg("%s", error);
	return plan;
}

static void smallest(void **state)
{
	char *id, *path, *text, *again;
	struct plan *plan;

	(void)state;
	set_qemu(WITH_SITES, "");
	id = past("run load.ini");
	path = output_of(id);
	write_text("tree/kernel/events", WITH_SITES);
	write_text("tree/kernel/events.without", CLEAN);
	write_text("tree/kernel/needs", "[fault tdh_mem_page_aug]\n[stressor calm]\n");
	want(run_on("minimise", id, ""), 1);
	assert_contains(err, "[1] the whole plan: came back after 0.42 s, 17 injections\n"
			     "[2] without 2 of 2 fault sections, from [fault tdh_mem_page_aug] "
			     "on: did not come back (2 tries)\n"
			     "[3] without [fault tdh_mem_page_aug]: did not come back (2 tries)\n"
			     "[4] without [fault tdh_mem_sept_add]: came back after 0.42 s, 17 "
			     "injections\n");
	assert_contains(out, "\n"
			     "                BEFORE  AFTER\n"
			     "fault sections       2      1\n"
			     "stressors            2      1\n"
			     "vCPUs                3      1\n"
			     "CPUs                 4      1\n"
			     "injections          43     43\n"
			     "load in ms       20000   4300\n"
			     "\n"
			     "plan: tree/build/minimised/");
	text = xasprintf("\nplan: %s\nrun it: build/septorture run --seed 7 "
			 "build/minimised/%s.ini\n",
			 path, id);
	assert_contains(out, text);
	free(text);
	text = xasprintf("# Minimised: with this, a finding still comes back, of run %s\n"
			 "#   stats: k: it is wrong\n"
			 "# Run it: build/septorture run --seed 7 build/minimised/%s.ini\n\n"
			 "[plan]\n",
			 id, id);
	again = read_text(path);
	assert_memory_equal(again, text, strlen(text));
	free(again);
	free(text);
	plan = minimised(path);
	assert_int_equal(plan->nfaults, 1);
	assert_string_equal(plan->faults[0].site->name, "tdh_mem_page_aug");
	assert_int_equal(plan->faults[0].times, 1);
	assert_int_equal(plan->nstressors, 1);
	assert_int_equal(plan->td_vcpus, 1);
	assert_int_equal(plan->cpus, 1);
	assert_true(plan->seed == 7);
	assert_true(plan->duration_us == 4300000);
	plan_free(plan);
	/* Nothing else is left there, and the plan can be run. */
	assert_int_equal(system("test $(ls -A tree/build/minimised | wc -l) = 1"), 0);
	want(run_on("run", path, ""), 1);
	free(path);
	free(id);
}

/* A mutant's name stands in the command. */
static void of_a_mutant(void **state)
{
	char *id = past("run --mutant early-stats load.ini"), *text;

	(void)state;
	want(run_on("minimise --tries 1 -o elsewhere/small.ini", id, ""), 1);
	assert_contains(out, "\nplan: elsewhere/small.ini\nrun it: build/septorture run --seed 7 "
			     "--mutant early-stats /");
	assert_file("elsewhere/small.ini", "\n# Run it: build/septorture run --seed 7 --mutant "
					   "early-stats /");
	text = output_of(id);
	assert_int_not_equal(access(text, F_OK), 0);
	assert_lacks(err, "tries)");
	free(text);
	free(id);
}

/* The plan of a run without faults never had any. */
static void of_a_run_without_faults(void **state)
{
	char *id = past("run --no-faults load.ini");

	(void)state;
	want(run_on("minimise", id, ""), 1);
	assert_lacks(err, "fault section");
	assert_contains(out, "\nfault sections       0      0\n");
	free(id);
}

static void does_not_come_back(void **state)
{
	char *id = past("run load.ini"), *path = output_of(id);

	(void)state;
	set_qemu(CLEAN, "");
	want(run_on("minimise", id, ""), 0);
	assert_contains(out, "\nit did not come back: there is nothing to make smaller\n");
	assert_contains(err, "\n[1] the whole plan: did not come back (2 tries)\n");
	assert_int_not_equal(access(path, F_OK), 0);
	set_qemu(BROKEN, "");
	want(run_on("minimise", id, ""), 3);
	assert_contains(out, "\nno try was a result\n");
	assert_int_not_equal(access(path, F_OK), 0);
	free(path);
	free(id);
}

/* One success is enough, and a miss costs a try. */
static void second_try(void **state)
{
	char *id = past("run load.ini"), *path = output_of(id);
	struct plan *plan;

	(void)state;
	turns("clean\nhit\nbroken\nhit\n");
	want(run_on("minimise", id, ""), 1);
	assert_contains(err, "[1] the whole plan: came back after");
	assert_contains(err, "[2] without 2 of 2 fault sections, from [fault tdh_mem_page_aug] on: "
			     "came back after");
	plan = minimised(path);
	assert_int_equal(plan->nfaults, 0);
	plan_free(plan);
	free(path);
	free(id);
}

/* With fewer CPUs, say, the agent can't do its work: that plan helps nobody. */
static void invalid_candidates(void **state)
{
	char *id = past("run load.ini"), *path = output_of(id);
	struct plan *plan;

	(void)state;
	write_text("tree/kernel/events", HIT);
	write_text("tree/kernel/events.without", INVALID_HIT);
	write_text("tree/kernel/needs", "cpus = 4\n");
	want(run_on("minimise", id, ""), 1);
	assert_contains(err, "] cpus = 1: came back after 0.42 s, 17 injections, but no result: "
			     "the agent failed: no\n");
	plan = minimised(path);
	assert_int_equal(plan->cpus, 4);
	assert_int_equal(plan->td_vcpus, 1);
	plan_free(plan);
	/* Unless it never could. */
	write_text("tree/kernel/events", INVALID_HIT);
	want(run_on("minimise", id, ""), 1);
	plan = minimised(path);
	assert_int_equal(plan->cpus, 1);
	plan_free(plan);
	free(path);
	free(id);
}

static void bad_output(void **state)
{
	char *id = past("run load.ini");

	(void)state;
	want(run_on("minimise -o nowhere/x.ini", id, ""), 2);
	assert_contains(err, "cannot write nowhere/x.ini: No such file or directory; give --output "
			     "the name of a file\n");
	want(run_on("minimise -o elsewhere", id, ""), 2);
	assert_contains(err, "cannot write elsewhere: Is a directory");
	free(id);
}

static void minimise_interrupted(void **state)
{
	char *id = past("run load.ini"), *path = output_of(id);
	pid_t pid = start_slow("minimise", id);
	struct plan *plan;

	(void)state;
	await_words("err", "\n[2] without 2 of 2");
	usleep(300000);
	kill(pid, SIGINT);
	want(wait_for(pid), 1);
	read_output();
	assert_contains(out, "\nfault sections       2      0\nstressors            2      2\n");
	assert_contains(out, "\nstopped by signal 2 (Interrupt): this is the smallest so far\n");
	plan = minimised(path);
	assert_int_equal(plan->nfaults, 0);
	assert_int_equal(plan->nstressors, 2);
	plan_free(plan);
	assert_int_equal(system("test $(ls -A tree/build/minimised | wc -l) = 1"), 0);
	free(path);
	free(id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(comes_back, reset),
	    cmocka_unit_test_setup(bisects, reset),
	    cmocka_unit_test_setup(now_and_then, reset),
	    cmocka_unit_test_setup(never, reset),
	    cmocka_unit_test_setup(back_in_an_invalid_run, reset),
	    cmocka_unit_test_setup(without_faults, reset),
	    cmocka_unit_test_setup(mutant_file, reset),
	    cmocka_unit_test_setup(which_finding, reset),
	    cmocka_unit_test_setup(no_finding, reset),
	    cmocka_unit_test_setup(no_run, reset),
	    cmocka_unit_test_setup(bad_reports, reset),
	    cmocka_unit_test_setup(bad_plans, reset),
	    cmocka_unit_test_setup(accelerator, reset),
	    cmocka_unit_test_setup(replay_interrupted, reset),
	    cmocka_unit_test_setup(replay_interrupted_early, reset),
	    cmocka_unit_test_setup(no_agent, reset),
	    cmocka_unit_test(loads),
	    cmocka_unit_test_setup(smallest, reset),
	    cmocka_unit_test_setup(of_a_mutant, reset),
	    cmocka_unit_test_setup(of_a_run_without_faults, reset),
	    cmocka_unit_test_setup(does_not_come_back, reset),
	    cmocka_unit_test_setup(second_try, reset),
	    cmocka_unit_test_setup(invalid_candidates, reset),
	    cmocka_unit_test_setup(bad_output, reset),
	    cmocka_unit_test_setup(minimise_interrupted, reset),
	};

	return cmocka_run_group_tests_name("again", tests, cli_set_up, cli_tear_down);
}
