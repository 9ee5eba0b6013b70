// SPDX-License-Identifier: GPL-2.0-or-later
/* Events and consoles to reports, and reports to text and JSON. */
#include "helper.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "ingest.h"
#include "text.h"
#include "xmem.h"

#define GREETING                                                                                   \
	"{\"e\":\"hello\",\"us\":1,\"v\":1,\"agent\":\"0.1\",\"kernel\":\"7.3.4-x\","              \
	"\"cmdline\":\"\",\"cpus\":2,\"mem_kib\":1048576,\"platform\":\"soft\"}\n"
#define PROVOKED(what) "{\"e\":\"provoked\",\"us\":2,\"what\":[" what "]}\n"
#define PROVOKED_WARN                                                                              \
	KLOG(0, "WARNING: a/own/p.c:5 at septorture_provoked_warn+0x1/0x2")                        \
	KLOG(1, "---[ end trace 0 ]---")
#define HELLO GREETING PROVOKED_WARN PROVOKED("\"warn\"")
#define LOAD                                                                                       \
	"{\"e\":\"phase\",\"us\":2,\"name\":\"load\",\"td\":1}\n"                                  \
	"{\"e\":\"first_fault\",\"us\":3,\"boot_us\":4500000}\n"                                   \
	"{\"e\":\"progress\",\"us\":4,\"faults\":10,\"injected\":1,\"tds\":1,"                     \
	"\"elapsed_ms\":1000,\"running_ms\":500}\n"                                                \
	"{\"e\":\"progress\",\"us\":5,\"faults\":9000,\"injected\":70,\"tds\":2,"                  \
	"\"elapsed_ms\":2500,\"running_ms\":2000,\"agent_kib\":3100,\"vm_used_kib\":51200}\n"      \
	"{\"e\":\"check\",\"us\":6,\"oracle\":\"stats\",\"td\":1,\"ok\":true,\"facts\":{}}\n"      \
	"{\"e\":\"check\",\"us\":7,\"oracle\":\"stats\",\"td\":1,\"ok\":true,\"facts\":{}}\n"      \
	"{\"e\":\"site\",\"us\":8,\"site\":\"tdh_mem_page_aug\",\"status\":"                       \
	"\"TDX_OPERAND_BUSY\",\"context\":\"map\",\"calls\":9100,\"matched\":9000,"                \
	"\"injected\":70}\n"                                                                       \
	"{\"e\":\"stressor\",\"us\":9,\"name\":\"tide\",\"counters\":{\"in\":5,\"out\":6}}\n"
#define END(n) "{\"e\":\"end\",\"us\":99,\"status\":\"done\",\"events\":" #n "}\n"
#define KLOG(seq, text)                                                                            \
	"{\"e\":\"klog\",\"us\":20,\"seq\":" #seq ",\"pri\":4,\"kus\":12000000,\"text\":\"" text   \
	"\"}\n"
#define WARN	 "WARNING: a/b.c:5 at foo+0x1/0x2, CPU#0: x/1"
#define NULL_BUG "BUG: kernel NULL pointer dereference, address: 0000000000000010"

/* Reads EVENTS and CONSOLE (NULL: the file is missing) of a VM that went as WHY says. */
static struct run_report *ingest(const char *events, const char *console, const char *why)
{
	struct run_report *run = run_new();

	assert_int_equal(system("mkdir -p configs functions"), 0);
	write_text("configs/scope.txt", "test a\nown a/own\n");
	write_text("functions/functions.txt", "foo a/b.o\nmine a/own/p.o\nother c/d.o\n");
	unlink("events.jsonl");
	unlink("console.log");
	if (events)
		write_text("events.jsonl", events);
	if (console)
		write_text("console.log", console);
	run->id = xstrdup("the-id");
	run->dir = xstrdup("/some/where");
	run->plan = xstrdup("quick");
	run->accel = xstrdup("tcg");
	run->accel_why = xstrdup("--accel tcg");
	run->seed = 18446744073709551615ull;
	run->duration_us = 20000000;
	run->wall_ms = 31200;
	run->qemu_kib = 307200;
	run->vm_end = xstrdup(why);
	run->scope = scope_load(".", "functions/none");
	ingest_run(run, ".");
	return run;
}

/* The verdict's words for it; the report is freed. */
static void verdict(struct run_report *run, const char *want)
{
	char *text = run_verdict_text(run);

	assert_string_equal(text, want);
	free(text);
	run_free(run);
}

static void clean(void **state)
{
	struct run_report *run = ingest(HELLO LOAD END(12), "booting\n", NULL);

	(void)state;
	assert_string_equal(run->kernel, "7.3.4-x");
	assert_string_equal(run->platform, "soft");
	assert_int_equal(run->cpus, 2);
	assert_true(run->has_boot_us);
	assert_int_equal(run->boot_us, 4500000);
	assert_int_equal(run->faults, 9000);
	assert_int_equal(run->injected, 70);
	assert_int_equal(run->tds, 2);
	assert_int_equal(run_rate(run), 4500);
	assert_int_equal(run->nchecks, 1);
	assert_int_equal(run->checks[0].count, 2);
	assert_int_equal(run->checks[0].failures, 0);
	assert_int_equal(run->nsites, 1);
	assert_int_equal(run->sites[0].calls, 9100);
	assert_int_equal(run->nstressors, 1);
	assert_int_equal(run->stressors[0].ncounters, 2);
	assert_string_equal(run->stressors[0].counters[1].name, "out");
	assert_int_equal(run->stressors[0].counters[1].value, 6);
	assert_int_equal(run_verdict(run), RUN_CLEAN);
	verdict(run, "CLEAN");
	/* The last newline may be missing. */
	verdict(
	    ingest(HELLO "{\"e\":\"end\",\"us\":9,\"status\":\"done\",\"events\":4}", NULL, NULL),
	    "CLEAN");
}

static void unknown(void **state)
{
	(void)state;
	verdict(ingest(HELLO "{\"e\":\"novelty\",\"us\":1,\"x\":[1,{}]}\n"
			     "{\"e\":\"progress\",\"us\":1,\"more\":\"x\",\"faults\":\"many\"}\n"
			     "{\"e\":\"stressor\",\"us\":1,\"counters\":7}\n"
			     "{\"e\":\"site\"}\n{\"e\":\"klog\"}\n" END(9),
		       NULL, NULL),
		"CLEAN");
}

static void oracle_findings(void **state)
{
	struct run_report *run =
	    ingest(HELLO "{\"e\":\"finding\",\"us\":7,\"oracle\":\"stats\",\"kind\":\"drift\","
			 "\"title\":\"pages_4k\",\"td\":1,\"facts\":{\"want\":1}}\n"
			 "{\"e\":\"finding\",\"us\":8,\"oracle\":\"stats\",\"kind\":\"drift\","
			 "\"title\":\"pages_4k\",\"td\":2,\"facts\":{\"want\":2}}\n"
			 "{\"e\":\"check\",\"us\":8,\"oracle\":\"stats\",\"ok\":false}\n"
			 "{\"e\":\"check\",\"us\":8,\"oracle\":\"leak\",\"ok\":false}\n"
			 "{\"e\":\"check\",\"us\":8,\"oracle\":\"leak\"}\n" END(9),
		   NULL, NULL);

	(void)state;
	assert_int_equal(run->nfindings, 2);
	assert_string_equal(run->findings[0].signature, "stats: drift: pages_4k");
	assert_int_equal(run->findings[0].count, 2);
	assert_int_equal(run->findings[0].first_us, 7);
	assert_contains(run->findings[0].text, "\"want\": 1");
	/* An oracle that says no, but not what. */
	assert_string_equal(run->findings[1].signature, "leak: check-failed");
	assert_int_equal(run->findings[1].count, 2);
	assert_int_equal(run_verdict(run), RUN_FINDINGS);
	verdict(run, "2 FINDINGS");
}

static void splats(void **state)
{
	struct run_report *run =
	    ingest(HELLO KLOG(0, WARN) KLOG(1, "---[ end trace 0 ]---") KLOG(2, WARN ", again")
		       KLOG(3, "---[ end trace 0 ]---") END(8),
		   "[   12.000000] " WARN "\r\n---[ end trace 0 ]---\r\n", NULL);

	(void)state;
	/* The console tells the same once more: not counted. */
	assert_int_equal(run->nfindings, 1);
	assert_int_equal(run->findings[0].count, 2);
	assert_int_equal(run->findings[0].first_us, 12000000);
	assert_lacks(run->findings[0].text, "again");
	assert_string_equal(run->findings[0].oracle, "klog");
	assert_string_equal(run->findings[0].kind, "warn");
	verdict(run, "1 FINDING");
	/* What only the console shows counts, too. */
	run = ingest(HELLO END(4), "[   12.000000] " WARN "\n" WARN "\n", NULL);
	assert_int_equal(run->findings[0].count, 2);
	verdict(run, "1 FINDING");
}

static void cut_splats(void **state)
{
	struct run_report *run =
	    ingest(HELLO KLOG(0, NULL_BUG),
		   "[   12.000000] " NULL_BUG "\nOops: Oops: 0000 [#1]\nRIP: 0010:foo+0x1/0x2\n"
		   "---[ end trace 0 ]---\nKernel panic - not syncing: Fatal exception\n",
		   "the VM went down");

	(void)state;
	/* The events stop inside the splat; the console has all of it. */
	assert_int_equal(run->nfindings, 1);
	assert_string_equal(run->findings[0].signature,
			    "oops: kernel NULL pointer dereference in foo");
	assert_contains(run->findings[0].text, "RIP: 0010:foo");
	assert_false(run->findings[0].cut);
	verdict(run, "1 FINDING (the VM went down)");
	/* The other way round. */
	run = ingest(HELLO KLOG(0, NULL_BUG) KLOG(1, "RIP: 0010:foo+0x1/0x2")
			 KLOG(2, "---[ end trace 0 ]---"),
		     "[   12.000000] " NULL_BUG "\n", "the VM went down");
	assert_int_equal(run->nfindings, 1);
	assert_contains(run->findings[0].signature, " in foo");
	verdict(run, "1 FINDING (the VM went down)");
}

static void cut_runs(void **state)
{
	(void)state;
	verdict(ingest(NULL, NULL, "QEMU exited"), "INVALID: QEMU exited");
	verdict(ingest(NULL, NULL, NULL), "INVALID: the events stop without an 'end'");
	verdict(ingest("", "", "it fell silent"), "INVALID: it fell silent");
	verdict(ingest(HELLO LOAD, NULL, "it fell silent"), "INVALID: it fell silent");
	verdict(ingest(HELLO "{\"e\":\"progress\",\"us\":1,\"fau", NULL, "it fell silent"),
		"INVALID: it fell silent");
	verdict(ingest(HELLO LOAD, "Kernel panic - not syncing: x\n", "QEMU exited"),
		"1 FINDING (QEMU exited)");
	/* What was lost before a panic does not unmake it. */
	verdict(ingest(HELLO "{\"e\":\"klog_lost\",\"us\":1,\"records\":3}\n",
		       "Kernel panic - not syncing: x\n", "QEMU exited"),
		"1 FINDING (QEMU exited)");
}

static void invalid_runs(void **state)
{
	struct run_report *run;

	(void)state;
	run = ingest(HELLO "{\"e\":\"fail\",\"us\":1,\"text\":\"no kvm\"}\n" KLOG(0, WARN) END(6),
		     NULL, NULL);
	assert_int_equal(run->nfindings, 1);
	assert_int_equal(run_verdict(run), RUN_INVALID);
	verdict(run, "INVALID: the agent failed: no kvm");
	/* An agent that dies takes the kernel along; the kernel is not to blame. */
	verdict(ingest(HELLO "{\"e\":\"fail\",\"us\":1,\"text\":\"no kvm\"}\n",
		       "Kernel panic - not syncing: Attempted to kill init!\n", "QEMU exited"),
		"INVALID: the agent failed: no kvm");
	verdict(ingest(HELLO "{\"e\":\"end\",\"us\":9,\"status\":\"failed\",\"events\":4}\n", NULL,
		       NULL),
		"INVALID: the agent failed: it ended with status 'failed'");
	verdict(ingest(HELLO "{\"e\":\"klog_lost\",\"us\":1,\"records\":3}\n" END(5), NULL, NULL),
		"INVALID: 3 records of the kernel log were lost, splats may be missing; lower the "
		"load or raise CONFIG_LOG_BUF_SHIFT");
	verdict(ingest(HELLO END(5), NULL, NULL),
		"INVALID: the agent wrote 5 events but 4 arrived before its 'end'");
	verdict(ingest(HELLO LOAD LOAD END(19), NULL, NULL),
		"INVALID: the agent wrote 19 events but 20 arrived before its 'end'");
	verdict(ingest(END(0), NULL, NULL), "INVALID: there is no 'hello' event");
	verdict(ingest("{\"e\":\"hello\",\"v\":2}\n" END(1), NULL, NULL),
		"INVALID: the events are of schema version 2, this septorture reads 1; rebuild the "
		"agent with 'make'");
}

static void corrupt(void **state)
{
	static const char *const lines[] = {
	    "\n",
	    "{\n",
	    "nonsense\n",
	    "\xff\xfe{\"e\":\"klog\"}\n",
	    "[]\n",
	    "{}\n",
	    "{\"e\":5}\n",
	    "{\"e\":\"progress\",\"faults\":99999999999999999999}\n",
	    "{\"e\":\"klog\",\"text\":\"\\u0000\"}\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *events = xasprintf("%s%s%s", HELLO, lines[i], END(5));

		verdict(ingest(events, NULL, NULL),
			"INVALID: 1 of 6 lines of events.jsonl are no events");
		free(events);
	}
}

/* Whatever a disk or a broken guest leaves behind. */
static void junk(void **state)
{
	enum { SIZE = 1 << 19 };
	char *data = malloc(SIZE);
	size_t head = strlen(HELLO LOAD);
	unsigned int seed = 1;

	(void)state;
	assert_non_null(data);
	for (int round = 0; round < 8; round++) {
		struct run_report *run;

		for (size_t i = 0; i < SIZE; i++)
			data[i] = rand_r(&seed) >> 7;
		/* Valid lines in which a few bytes have been flipped. */
		for (size_t i = 0; round % 2 && i + head < SIZE; i += head) {
			memcpy(data + i, HELLO LOAD, head);
			data[i + rand_r(&seed) % head] = rand_r(&seed) >> 7;
		}
		write_bytes("events.jsonl", data, SIZE);
		write_bytes("console.log", data, SIZE);
		run = run_new();
		ingest_run(run, ".");
		assert_int_not_equal(run_verdict(run), RUN_CLEAN);
		assert_int_equal(report_write_all(run, ".", NULL), 0);
		run_free(run);
	}
	free(data);
}

/* ---- whose fault it is ---- */

#define STACKS(top, caller)                                                                        \
	"read to 0xff11000004249df8 of 8 bytes by task 46 on cpu 1:\n " top "+0x1/0x2\n " caller   \
	"+0x1/0x2\nwrite to 0xff11000004249df8 of 8 bytes by task 49 on cpu 0:\n " top             \
	"+0x1/0x2\n " caller "+0x1/0x2\nReported by Kernel Concurrency Sanitizer on:\n"
#define RULE		  "==================================================================\n"
#define RACE(top, caller) "BUG: KCSAN: data-race in " top " / " top "\n" STACKS(top, caller) RULE
#define OWN_WARN	  "WARNING: a/own/p.c:7 at mine+0x1/0x2\n---[ end trace 0 ]---\n"

static void scopes(void **state)
{
	struct run_report *run = ingest(HELLO END(4), RACE("other", "other"), NULL);

	(void)state;
	assert_int_equal(run->nfindings, 1);
	assert_int_equal(run->findings[0].scope, SCOPE_ELSEWHERE);
	assert_int_equal(run_verdict(run), RUN_CLEAN);
	verdict(run, "CLEAN, 1 elsewhere");
	/* The same race, once with the code under test in its stacks. */
	verdict(ingest(HELLO END(4), RACE("other", "other") RACE("other", "foo"), NULL),
		"1 FINDING");
	verdict(ingest(HELLO END(4), RACE("other", "foo") RACE("other", "other"), NULL),
		"1 FINDING");

	run = ingest(HELLO END(4), OWN_WARN RACE("other", "other"), NULL);
	assert_int_equal(run->findings[0].scope, SCOPE_OWN);
	assert_int_equal(run_verdict(run), RUN_INVALID);
	verdict(run, "INVALID: septorture's own fault: WARNING: a/own/p.c:7 at mine+0x1/0x2");
	run = ingest(HELLO END(4), OWN_WARN RACE("mine", "foo"), NULL);
	verdict(run, "INVALID: septorture's own fault: WARNING: a/own/p.c:7 at mine+0x1/0x2, and 1 "
		     "more");
	run = ingest(HELLO END(4), OWN_WARN WARN "\n" RACE("other", "other"), NULL);
	assert_int_equal(run_verdict(run), RUN_FINDINGS);
	verdict(run, "1 FINDING, 1 elsewhere, 1 own");
	/* Known ones are not held against us. */
	run = ingest(HELLO END(4), OWN_WARN, NULL);
	run->findings[0].known = xstrdup("it is harmless");
	verdict(run, "CLEAN, 1 known");
}

static void scope_of_oracles(void **state)
{
	struct run_report *run =
	    ingest(HELLO "{\"e\":\"finding\",\"oracle\":\"stats\"}\n" END(5), OWN_WARN, NULL);

	(void)state;
	verdict(run, "1 FINDING, 1 own");
}

/* Nothing that counts was found before the end came: not clean. */
static void cut_runs_are_never_clean(void **state)
{
	struct run_report *run = ingest(HELLO, RACE("other", "other"), "it fell silent");

	(void)state;
	verdict(run, "INVALID: it fell silent");
	run = ingest(HELLO, WARN "\n---[ end trace 0 ]---\n", "it fell silent");
	run->findings[0].known = xstrdup("it is harmless");
	verdict(run, "INVALID: it fell silent");
	verdict(ingest(HELLO, OWN_WARN, "it fell silent"),
		"INVALID: septorture's own fault: WARNING: a/own/p.c:7 at mine+0x1/0x2");
}

/* A splat that is cut in the events may have its telling frames on the console. */
static void scope_of_cut_splats(void **state)
{
	struct run_report *run = ingest(
	    HELLO KLOG(2, NULL_BUG),
	    NULL_BUG "\nOops: Oops: 0000 [#1]\nRIP: 0010:mine+0x1/0x2\n---[ end trace 0 ]---\n",
	    "gone");

	(void)state;
	assert_int_equal(run->nfindings, 1);
	assert_int_equal(run->findings[0].scope, SCOPE_OWN);
	run_free(run);
}

#define SPLIT_FINDING                                                                              \
	"{\"e\":\"finding\",\"us\":5,\"oracle\":\"stats\",\"kind\":\"drift\",\"td\":1,"            \
	"\"title\":\"a <b> & \\\"c\\\"\",\"facts\":{}}\n"
#define CHECK(oracle) "{\"e\":\"check\",\"us\":5,\"oracle\":\"" oracle "\",\"td\":1,\"ok\":true}\n"

/* What test runners read: a test per oracle, in which only what counts fails. */
static void test_reports(void **state)
{
	struct run_report *run = ingest(HELLO SPLIT_FINDING CHECK("stats") CHECK("leak") END(7),
					RACE("other", "other") "\n", NULL);
	char *error, *text;

	(void)state;
	run->id = xstrdup("r-1");
	run->plan = xstrdup("p");
	assert_int_equal(report_write_all(run, ".", &error), 0);
	text = read_text("report.ktap");
	assert_string_equal(text, "KTAP version 1\n# r-1\n1..4\nok 1 run\nok 2 klog\n"
				  "# a <b> & \"c\"\n# stats: drift: a <b> & \"c\"\n"
				  "not ok 3 stats # 1 checks\nok 4 leak # 1 checks\n");
	free(text);
	text = read_text("report.xml");
	assert_contains(text, " <testsuite name=\"r-1\" tests=\"4\" failures=\"1\" errors=\"0\" ");
	assert_contains(text, "  <testcase classname=\"p\" name=\"klog\"></testcase>\n");
	assert_contains(text,
			"<failure message=\"a &lt;b&gt; &amp; &quot;c&quot;\" type=\"drift\">");
	free(text);
	text = read_text("report.html");
	assert_contains(text, "<h1 class=\"findings\">1 FINDING, 1 elsewhere</h1>");
	assert_contains(text, "<a href=\"#finding-1\">a &lt;b&gt; &amp; &quot;c&quot;</a>");
	assert_contains(text, "<h3 id=\"finding-1\">a &lt;b&gt; &amp; ");
	assert_lacks(text, "<b>");
	free(text);
	run_free(run);

	run = ingest(HELLO, NULL, "the VM\nwent");
	assert_int_equal(report_write_all(run, ".", &error), 0);
	text = read_text("report.ktap");
	assert_contains(text, "# the VM\n# went");
	assert_contains(text, "\nnot ok 1 run\nok 2 klog\n");
	free(text);
	text = read_text("report.xml");
	assert_contains(text, "errors=\"1\"");
	assert_contains(text, "<error message=\"the VM&#10;went");
	free(text);
	run_free(run);
}

static void scope_reports(void **state)
{
	struct run_report *run =
	    ingest(HELLO END(4), OWN_WARN RACE("other", "other") WARN "\n", NULL);
	char *error, *text;

	(void)state;
	assert_int_equal(report_write_all(run, ".", &error), 0);
	text = read_text("report.txt");
	assert_contains(text, "\nklog/warn (own)             1  ");
	assert_contains(text, "\nklog/kcsan (elsewhere)      1  ");
	assert_contains(text, "\nklog/warn                   1  ");
	assert_lacks(text, "\nscope");
	free(text);
	text = read_text("report.json");
	assert_contains(text, "\"scope\": \"own\"");
	assert_contains(text, "\"scope\": \"elsewhere\"");
	assert_contains(text, "\"scope\": \"test\"");
	assert_contains(text, "\"scope_unknown\": null");
	free(text);
	run_free(run);

	/* Why it is invalid is in the JSON, too. */
	run = ingest(HELLO END(4), OWN_WARN, NULL);
	scope_free(run->scope);
	run->scope = scope_load(".", "nowhere/none");
	assert_int_equal(report_write_all(run, ".", &error), 0);
	text = read_text("report.json");
	assert_contains(text, "\"invalid\": \"septorture's own fault: ");
	assert_contains(text, "\"scope_unknown\": \"cannot read nowhere/functions.txt: ");
	free(text);
	text = read_text("report.txt");
	assert_contains(text, "\nscope        unknown, every finding counts: cannot read nowhere/"
			      "functions.txt: No such file or directory\n");
	free(text);
	run_free(run);

	run = ingest(HELLO "{\"e\":\"finding\",\"oracle\":\"stats\"}\n" END(5), NULL, NULL);
	assert_int_equal(report_write_all(run, ".", &error), 0);
	text = read_text("report.json");
	assert_contains(text, "\"scope\": null");
	free(text);
	run_free(run);
}

/* ---- proofs ---- */

#define PROVOKED_RACE                                                                              \
	KLOG(2, "BUG: KCSAN: data-race in septorture_provoked_race / septorture_provoked_race")    \
	KLOG(3, "======")
#define NO_WARN                                                                                    \
	"INVALID: the provoked WARN did not reach the report: the kernel log is not being seen"
#define NO_KCSAN                                                                                   \
	"INVALID: the provoked KCSAN race did not reach the report: KCSAN is not looking, or the " \
	"kernel log is not being seen"
#define NO_PROOF "INVALID: the agent did not prove that splats are seen"

static void proofs(void **state)
{
	struct run_report *run =
	    ingest(GREETING PROVOKED_WARN PROVOKED_RACE PROVOKED("\"warn\",\"kcsan\"") END(6),
		   "WARNING: at septorture_provoked_warn+0x1/0x2\n", NULL);

	(void)state;
	assert_int_equal(run->nfindings, 0);
	verdict(run, "CLEAN");
	/* Announced first, and a word of a later version. */
	verdict(ingest(GREETING PROVOKED("\"warn\",\"sound\"") PROVOKED_WARN END(4), NULL, NULL),
		"CLEAN");
	/* Not announced, and set aside all the same. */
	verdict(
	    ingest(GREETING PROVOKED_WARN PROVOKED_RACE PROVOKED("\"warn\"") END(6), NULL, NULL),
	    "CLEAN");
	/* A real finding beside them. */
	verdict(ingest(HELLO KLOG(2, WARN) END(5), NULL, NULL), "1 FINDING");
}

static void missing_proofs(void **state)
{
	(void)state;
	verdict(ingest(GREETING PROVOKED("\"warn\"") END(2), NULL, NULL), NO_WARN);
	verdict(ingest(GREETING PROVOKED("\"warn\",\"kcsan\"") PROVOKED_RACE END(4), NULL, NULL),
		NO_WARN);
	verdict(ingest(GREETING PROVOKED("\"warn\",\"kcsan\"") PROVOKED_WARN END(4), NULL, NULL),
		NO_KCSAN);
	/* Seen on the console is not seen by the agent. */
	verdict(ingest(GREETING PROVOKED("\"warn\"") END(2),
		       "WARNING: at septorture_provoked_warn+0x1/0x2\n", NULL),
		NO_WARN);
	/* Findings do not make up for it. */
	verdict(ingest(GREETING PROVOKED("\"warn\"") KLOG(0, WARN) END(3), NULL, NULL), NO_WARN);
	verdict(ingest(GREETING END(1), NULL, NULL), NO_PROOF);
	verdict(ingest(GREETING PROVOKED_WARN END(3), NULL, NULL), NO_PROOF);
	verdict(ingest(GREETING PROVOKED_WARN PROVOKED("") END(4), NULL, NULL), NO_PROOF);
	verdict(ingest(GREETING PROVOKED_WARN PROVOKED("7") END(4), NULL, NULL), NO_PROOF);
	verdict(ingest(GREETING PROVOKED_WARN "{\"e\":\"provoked\",\"what\":\"warn\"}\n" END(4),
		       NULL, NULL),
		NO_PROOF);
	/* A run that was cut and found something is a result without them. */
	verdict(ingest(GREETING, "Kernel panic - not syncing: x\n", "QEMU exited"),
		"1 FINDING (QEMU exited)");
}

/* Its death is no finding, unless the kernel had a hand in it. */
static void agents_death(void **state)
{
	static const char death[] =
	    "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b\n";
	char *after_oops = xasprintf("Oops: general protection fault, probably for X: 0000 [#1]\n"
				     "RIP: 0010:f+0x1/0x2\n---[ end trace 0 ]---\n%s",
				     death);

	(void)state;
	verdict(ingest(HELLO LOAD, death, "QEMU exited"),
		"INVALID: the agent failed: it died, of signal 11, most likely by its own fault. "
		"What was found until then is kept");
	verdict(ingest(HELLO LOAD,
		       "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000300\n",
		       "QEMU exited"),
		"INVALID: the agent failed: it died, with exit status 3, most likely by its own "
		"fault. What was found until then is kept");
	verdict(ingest(HELLO LOAD, after_oops, "QEMU exited"), "2 FINDINGS (QEMU exited)");
	free(after_oops);
}

/* A provoked WARN does not explain a panic that comes later. */
static void panic_after_proof(void **state)
{
	(void)state;
	verdict(ingest(HELLO, "Kernel panic - not syncing: Fatal exception\n", "QEMU exited"),
		"1 FINDING (QEMU exited)");
	verdict(ingest(HELLO,
		       "WARNING: at septorture_provoked_warn+0x1/0x2\n---[ end trace 0 ]---\n"
		       "Kernel panic - not syncing: Fatal exception\n",
		       "QEMU exited"),
		"1 FINDING (QEMU exited)");
}

#define KLOG_ERROR(text)                                                                           \
	"{\"e\":\"klog\",\"us\":20,\"seq\":9,\"pri\":3,\"kus\":12000000,\"text\":\"" text "\"}\n"
#define ADD_FAILED "kvm_intel: SEAMCALL TDH_MEM_PAGE_ADD failed: 0x1, entry 0x0, level_state 0x0"
#define MADE_FAIL(status)                                                                          \
	"{\"e\":\"site\",\"us\":8,\"site\":\"tdh_mem_page_add\",\"status\":\"" status              \
	"\",\"context\":\"map\",\"calls\":9,\"matched\":9,\"injected\":1}\n"

static void errors_of_kvm(void **state)
{
	(void)state;
	verdict(ingest(HELLO KLOG_ERROR(ADD_FAILED) END(5), NULL, NULL), "1 FINDING");
	/* The console has it, too, or it alone, at what level it does not say. */
	verdict(ingest(HELLO KLOG_ERROR(ADD_FAILED) END(5), ADD_FAILED "\n", NULL), "1 FINDING");
	verdict(ingest(HELLO END(4), ADD_FAILED "\n", NULL), "1 FINDING");
	verdict(ingest(HELLO KLOG(2, ADD_FAILED) END(5), NULL, NULL), "CLEAN");
	/* Explained by a fault that KVM is to make a fuss of, whenever that is told; or not. */
	verdict(ingest(HELLO KLOG_ERROR(ADD_FAILED) MADE_FAIL("TDX_EPT_ENTRY_STATE_INCORRECT_RCX")
			   END(6),
		       NULL, NULL),
		"CLEAN, 1 known");
	verdict(
	    ingest(HELLO KLOG_ERROR(ADD_FAILED) MADE_FAIL("TDX_OPERAND_BUSY") END(6), NULL, NULL),
	    "1 FINDING");
	verdict(ingest(HELLO KLOG_ERROR("kvm_intel: EPT is required for TDX") END(5), NULL, NULL),
		"CLEAN, 1 elsewhere");
}

#define LEAKS "kmemleak: 1 new suspected memory leaks (see /sys/kernel/debug/kmemleak)"

static void leaks_are_told_once(void **state)
{
	(void)state;
	verdict(ingest(HELLO KLOG(2, LEAKS) END(5), LEAKS "\n", NULL), "1 FINDING");
	verdict(ingest(HELLO KLOG(2, LEAKS) KLOG(3, "unreferenced object 0x1 (size 4):") KLOG(
			   4, "  backtrace (crc 0):") KLOG(5, "    foo+0x1/0x2") KLOG(6, "") END(9),
		       LEAKS "\n", NULL),
		"1 FINDING");
	verdict(ingest(HELLO END(4), LEAKS "\n", NULL), "1 FINDING");
}

#define LOCKDEP(on) "{\"e\":\"lockdep\",\"us\":9,\"debug_locks\":" #on "}\n"
#define OFF	    "INVALID: lockdep switched itself off and no splat of it was seen"

static void lockdep_off(void **state)
{
	(void)state;
	verdict(ingest(HELLO LOCKDEP(1) END(5), NULL, NULL), "CLEAN");
	verdict(ingest(HELLO LOCKDEP(0) END(5), NULL, NULL), OFF);
	verdict(ingest(HELLO LOCKDEP(0) KLOG(2, WARN) END(6), NULL, NULL), OFF);
	verdict(ingest(HELLO LOCKDEP(0) END(5), RACE("foo", "foo"), NULL), OFF);
	/* These switch it off. */
	verdict(ingest(HELLO LOCKDEP(0) KLOG(2, "WARNING: possible recursive locking detected")
			   END(6),
		       NULL, NULL),
		"1 FINDING");
	verdict(ingest(HELLO KLOG(2, NULL_BUG) LOCKDEP(0) END(6), NULL, NULL), "1 FINDING");
	verdict(ingest(HELLO KLOG(2, "BUG: KASAN: double-free in foo+0x1/0x2") LOCKDEP(0) END(6),
		       NULL, NULL),
		"1 FINDING");
	verdict(ingest(HELLO LOCKDEP(0) KLOG(2, "WARNING: kernel/locking/mutex.c:5 at foo+0x1/0x2")
			   END(6),
		       NULL, NULL),
		"1 FINDING");
	/* An oracle's own word is no splat. */
	verdict(ingest(HELLO "{\"e\":\"finding\",\"oracle\":\"x\",\"kind\":\"lockdep\"}\n" LOCKDEP(
			   0) END(6),
		       NULL, NULL),
		OFF);
}

#define RULE_LINE "------------------------------------------------------------------------\n"

static void text_report(void **state)
{
	struct run_report *run = ingest(
	    HELLO LOAD KLOG(0, WARN) "{\"e\":\"finding\",\"us\":7,\"oracle\":\"stats\",\"kind\":"
				     "\"drift\",\"title\":\"a\\nb\\u001b[2J\"}\n" END(14),
	    NULL, NULL);
	char *error, *text;

	(void)state;
	assert_int_equal(report_write_all(run, ".", &error), 0);
	text = read_text("report.txt");
	assert_string_equal(
	    text, "run          the-id\n"
		  "plan         quick, seed 18446744073709551615\n"
		  "kernel       7.3.4-x on QEMU TCG, 2 CPUs, 1024 MiB, platform soft\n"
		  "load         20 s asked for, 2.5 s done; 31.2 s with boot\n"
		  "faults       9000 served (4500 per second at work), 70 injected, 2 TDs\n"
		  "first fault  4.5 s after the kernel's start\n"
		  "memory       agent 3 MiB, VM 50 of 1024 MiB, QEMU 300 MiB at most\n"
		  "\n"
		  "SITE              STATUS            CONTEXT  CALLS  MATCHED  INJECTED\n"
		  "tdh_mem_page_aug  TDX_OPERAND_BUSY  map       9100     9000        70\n"
		  "\n"
		  "STRESSOR  COUNTERS\n"
		  "tide      in 5, out 6\n"
		  "\n"
		  "ORACLE  CHECKS  FAILED\n"
		  "stats        2       0\n"
		  "\n"
		  "FINDING      TIMES  FIRST AT  TITLE\n"
		  "stats/drift      1  0.0 s     a?b?[2J\n"
		  "klog/warn        1  12.0 s    WARNING: a/b.c:5 at foo+0x1/0x2, CPU#0:\n"
		  "                              x/1\n"
		  "\n"
		  "2 FINDINGS\n"
		  "report: /some/where/report.json\n"
		  "\n" RULE_LINE "a?b?[2J\n"
		  "\n"
		  "found by    stats/drift\n"
		  "signature   stats: drift: a?b?[2J\n"
		  "first seen  0.00 s into the load\n"
		  "seen        1 time\n"
		  "plan        quick, seed 18446744073709551615\n"
		  "kernel      7.3.4-x on QEMU TCG, 2 CPUs, 1024 MiB, platform soft\n"
		  "\n" RULE_LINE WARN "\n"
		  "\n"
		  "found by    klog/warn\n"
		  "signature   warn: a/b.c in foo\n"
		  "first seen  12.00 s into the load\n"
		  "seen        1 time\n"
		  "plan        quick, seed 18446744073709551615\n"
		  "kernel      7.3.4-x on QEMU TCG, 2 CPUs, 1024 MiB, platform soft\n"
		  "\n" WARN "\n");
	free(text);
	run_free(run);
}

static void long_text_report(void **state)
{
	struct run_report *run = run_new();
	char *error, *text;

	(void)state;
	for (int i = 0; i < 12; i++) {
		char *title = xasprintf("number %d", i);

		run_finding(run, "o", "k", title, title, 0);
		free(title);
	}
	assert_int_equal(report_write_all(run, ".", &error), 0);
	text = read_text("report.txt");
	assert_contains(text, "number 9\nand 2 more, in report.json\n");
	assert_lacks(text, "number 10");
	assert_contains(text, "none was served");
	assert_contains(text, "\n12 FINDINGS\n");
	free(text);
	run_free(run);
}

static void json_report(void **state)
{
	struct run_report *run = ingest(HELLO LOAD KLOG(0, WARN) END(13), NULL, NULL);
	json_t *o, *finding;
	char *error;

	(void)state;
	assert_int_equal(report_write_all(run, ".", &error), 0);
	run_free(run);
	o = json_load_file("report.json", 0, NULL);
	assert_non_null(o);
	assert_int_equal(json_integer_value(json_object_get(o, "v")), 1);
	assert_string_equal(json_string_value(json_object_get(o, "verdict")), "findings");
	assert_string_equal(json_string_value(json_object_get(o, "seed")), "18446744073709551615");
	assert_true(json_is_null(json_object_get(o, "mutant")));
	assert_true(json_is_null(json_object_get(o, "invalid")));
	assert_int_equal(json_integer_value(json_object_get(o, "faults_per_s")), 4500);
	assert_int_equal(json_integer_value(json_object_get(o, "first_fault_boot_us")), 4500000);
	assert_int_equal(json_array_size(json_object_get(o, "sites")), 1);
	assert_int_equal(json_array_size(json_object_get(o, "stressors")), 1);
	assert_int_equal(json_array_size(json_object_get(o, "checks")), 1);
	finding = json_array_get(json_object_get(o, "findings"), 0);
	assert_string_equal(json_string_value(json_object_get(finding, "signature")),
			    "warn: a/b.c in foo");
	assert_string_equal(json_string_value(json_object_get(finding, "text")), WARN "\n");
	json_decref(o);
}

/* ---- what was injected before ---- */

#define RECENT(site, status, call)                                                                 \
	"{\"us\":7,\"tag\":2,\"site\":\"" site "\",\"status\":\"" status "\",\"call\":" #call      \
	",\"caller\":\"map_it\"}"
#define INJECTIONS(n, ...)                                                                         \
	"{\"e\":\"injections\",\"us\":21,\"injected\":" #n ",\"recent\":[" __VA_ARGS__ "]}\n"
#define DRIFT(more)                                                                                \
	"{\"e\":\"finding\",\"us\":420002,\"oracle\":\"stats\",\"kind\":\"drift\","                \
	"\"title\":\"pages\",\"facts\":{\"drift\":3}" more "}\n"
#define TWO_RECENT                                                                                 \
	RECENT("tdh_mem_page_aug", "0x8000020000000092", 41)                                       \
	"," RECENT("tdp_mmu_set_external_spte", "0xfffffffffffffff0", 7)

/* The JSON report of EVENTS; json_decref() it. */
static json_t *report_of(const char *events, const char *console)
{
	struct run_report *run = ingest(events, console, "gone");
	char *error;
	json_t *o;

	run->reproduce = xstrdup("build/septorture run --seed 1 p.ini");
	assert_int_equal(report_write_all(run, ".", &error), 0);
	run_free(run);
	o = json_load_file("report.json", 0, NULL);
	assert_non_null(o);
	return o;
}

/* What was injected before each of the findings, -1 where it is null, as "1 -1". */
static void assert_injected(const char *events, const char *console, const char *expected)
{
	json_t *o = report_of(events, console), *f;
	char *all = xstrdup("");
	size_t i;

	json_array_foreach(json_object_get(o, "findings"), i, f)
	{
		json_t *n = json_object_get(f, "injected_before");
		char *longer = xasprintf("%s%s%d", all, i ? " " : "",
					 json_is_null(n) ? -1 : (int)json_integer_value(n));

		/* Both are known, or none. */
		assert_int_equal(json_is_null(json_object_get(f, "recent")), json_is_null(n));
		free(all);
		all = longer;
	}
	assert_string_equal(all, expected);
	free(all);
	json_decref(o);
}

static void injected_before_finding(void **state)
{
	json_t *o = report_of(
	    HELLO LOAD DRIFT(",\"injected\":17,\"recent\":[" TWO_RECENT "]") END(13), NULL);
	json_t *f = json_array_get(json_object_get(o, "findings"), 0);
	json_t *recent = json_object_get(f, "recent"), *last = json_array_get(recent, 1);
	char *text;

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(o, "load_us")), 2);
	assert_true(json_is_false(json_object_get(o, "no_faults")));
	assert_int_equal(json_integer_value(json_object_get(f, "since_load_us")), 420000);
	assert_int_equal(json_integer_value(json_object_get(f, "injected_before")), 17);
	assert_string_equal(json_string_value(json_object_get(f, "reproduce")),
			    "build/septorture run --seed 1 p.ini");
	assert_int_equal(json_array_size(recent), 2);
	assert_int_equal(json_integer_value(json_object_get(last, "us")), 7);
	assert_string_equal(json_string_value(json_object_get(last, "site")),
			    "tdp_mmu_set_external_spte");
	assert_string_equal(json_string_value(json_object_get(last, "status")),
			    "0xfffffffffffffff0");
	assert_string_equal(json_string_value(json_object_get(last, "status_name")), "-EBUSY");
	assert_int_equal(json_integer_value(json_object_get(last, "call")), 7);
	assert_string_equal(json_string_value(json_object_get(last, "caller")), "map_it");
	json_decref(o);
	text = read_text("report.txt");
	assert_contains(text, RULE_LINE "pages\n"
					"\n"
					"found by    stats/drift\n"
					"signature   stats: drift: pages\n"
					"first seen  0.42 s into the load, after 17 injections\n");
	assert_contains(text, "\ninjected shortly before, the oldest first:\n"
			      "  SITE                       STATUS                 CALL  CALLER\n"
			      "  tdh_mem_page_aug           TDX_OPERAND_BUSY_SEPT  2:41  map_it\n"
			      "  tdp_mmu_set_external_spte  -EBUSY                 2:7   map_it\n"
			      "\n{\n \"drift\": 3\n}\n"
			      "\nto reproduce it:\n  build/septorture run --seed 1 p.ini\n");
	free(text);
}

/* The first finding of its kind counts, and one that comes without says nothing. */
static void injected_before_the_first(void **state)
{
	(void)state;
	assert_injected(HELLO DRIFT(",\"injected\":1,\"recent\":[]")
			    DRIFT(",\"injected\":2,\"recent\":[]") END(6),
			NULL, "1");
	assert_injected(HELLO DRIFT("") DRIFT(",\"injected\":2,\"recent\":[]") END(6), NULL, "-1");
	assert_injected(HELLO "{\"e\":\"check\",\"oracle\":\"stats\",\"ok\":false}\n" END(5), NULL,
			"-1");
}

#define TRACE_END KLOG(9, "---[ end trace 0 ]---")
#define OTHER	  "WARNING: a/b.c:9 at bar+0x1/0x2, CPU#0: x/1"

static void injected_before_splat(void **state)
{
	(void)state;
	/* Right after the header, in the body, behind the end. */
	assert_injected(HELLO KLOG(2, WARN) INJECTIONS(3) TRACE_END END(7), NULL, "3");
	assert_injected(HELLO KLOG(2, WARN) KLOG(3, "body") INJECTIONS(3) TRACE_END END(8), NULL,
			"3");
	assert_injected(HELLO KLOG(2, WARN) TRACE_END INJECTIONS(3) END(7), NULL, "3");
	assert_injected(HELLO KLOG(2, WARN) INJECTIONS(3), NULL, "3");
	/* The first one, and none of the next splat's. */
	assert_injected(HELLO KLOG(2, WARN) INJECTIONS(3) INJECTIONS(4) TRACE_END INJECTIONS(5)
			    END(9),
			NULL, "3");
	assert_injected(HELLO KLOG(2, WARN) KLOG(3, OTHER) INJECTIONS(4) TRACE_END END(8), NULL,
			"-1 4");
	assert_injected(HELLO KLOG(2, WARN) INJECTIONS(3) KLOG(3, OTHER) INJECTIONS(4) END(8), NULL,
			"3 4");
	assert_injected(HELLO KLOG(2, WARN) TRACE_END DRIFT("") INJECTIONS(3) END(8), NULL, "3 -1");
	/* A splat that was there before is the same finding. */
	assert_injected(HELLO KLOG(2, WARN) TRACE_END KLOG(4, WARN) INJECTIONS(4) TRACE_END END(9),
			NULL, "-1");
	assert_injected(HELLO KLOG(2, WARN) TRACE_END KLOG(4, WARN) TRACE_END INJECTIONS(4) END(9),
			NULL, "-1");
	assert_injected(HELLO KLOG(2, WARN) TRACE_END KLOG(4, WARN) INJECTIONS(4)
			    TRACE_END KLOG(7, OTHER) TRACE_END END(11),
			NULL, "-1 -1");
	/* Before any splat, and beside the provoked one. */
	assert_injected(GREETING INJECTIONS(1) PROVOKED_WARN INJECTIONS(2) PROVOKED("\"warn\"")
			    KLOG(2, WARN) TRACE_END END(8),
			NULL, "-1");
	assert_injected(HELLO KLOG(2, NULL_BUG) INJECTIONS(3), NULL_BUG "\nRIP: 0010:foo+0x1/0x2\n",
			"3");
	/* Nobody counted beside the console. */
	assert_injected(HELLO INJECTIONS(3) END(5), WARN "\n", "-1");
}

/* Any may be missing or nonsense: what is left is kept. */
static void odd_injections(void **state)
{
	json_t *o = report_of(
	    HELLO DRIFT(",\"injected\":\"many\",\"recent\":[7,{},{\"status\":\"0x5\",\"call\":-1,"
			"\"site\":[]},{\"status\":\"\"},{\"status\":\"0x8000020000000000 \"},1,2,3,"
			"4,{\"status\":\"0x8000020000000000\",\"site\":\"a\\u001bb\"}]") END(5),
	    NULL);
	json_t *f = json_array_get(json_object_get(o, "findings"), 0);
	json_t *recent = json_object_get(f, "recent"), *first = json_array_get(recent, 0);
	char *text;

	(void)state;
	assert_true(json_is_null(json_object_get(f, "injected_before")));
	/* The last ones: the others were earlier. */
	assert_int_equal(json_array_size(recent), INJECTED_MAX);
	assert_string_equal(json_string_value(json_object_get(first, "status")), "0x5");
	assert_true(json_is_null(json_object_get(first, "status_name")));
	assert_true(json_is_null(json_object_get(json_array_get(recent, 2), "status_name")));
	assert_string_equal(
	    json_string_value(json_object_get(json_array_get(recent, 7), "status_name")),
	    "TDX_OPERAND_BUSY");
	json_decref(o);
	text = read_text("report.txt");
	assert_contains(text, "  ?     0x5                  0:0   ?\n");
	assert_contains(text, "  a?b   TDX_OPERAND_BUSY     0:0   ?\n");
	free(text);
	json_decref(report_of(HELLO DRIFT(",\"injected\":-3,\"recent\":{}") END(5), NULL));
	assert_injected(HELLO DRIFT(",\"injected\":-3,\"recent\":{}") END(5), NULL, "-1");
}

#define PHASE(us, name) "{\"e\":\"phase\",\"us\":" #us ",\"name\":\"" name "\",\"td\":1}\n"

/* Gives the finding's since_load_us, -1: null, and what the text says of it. */
static void assert_since_load(const char *events, int since, const char *words)
{
	json_t *o = report_of(events, NULL);
	json_t *n =
	    json_object_get(json_array_get(json_object_get(o, "findings"), 0), "since_load_us");
	char *text = read_text("report.txt");

	assert_int_equal(json_is_null(n) ? -1 : json_integer_value(n), since);
	assert_contains(text, words);
	free(text);
	json_decref(o);
}

static void since_load(void **state)
{
	(void)state;
	assert_since_load(HELLO PHASE(5, "boot") PHASE(20002, "load") PHASE(30000, "load") DRIFT("")
			      END(8),
			  400000, "\nfirst seen  0.40 s into the load\n");
	assert_since_load(HELLO PHASE(420002, "load") DRIFT("") END(6), 0, " 0.00 s into the load");
	assert_since_load(HELLO PHASE(420003, "load") DRIFT("") END(6), -1,
			  "\nfirst seen  0.42 s after the kernel's start, before the load\n");
	assert_since_load(HELLO PHASE(1, "boot") DRIFT("") END(6), -1,
			  "\nfirst seen  0.42 s after the kernel's start\n");
	assert_since_load(HELLO "{\"e\":\"phase\",\"name\":\"load\"}\n" DRIFT("") END(6), -1,
			  "\nfirst seen  0.42 s after the kernel's start\n");
	assert_since_load(HELLO PHASE(2, "load") "{\"e\":\"finding\",\"oracle\":\"x\"}\n" END(6),
			  -1, "\nfirst seen  nobody knows when\n");
}

/* What does not count is shown behind what does. */
static void order_of_findings(void **state)
{
	struct run_report *run = ingest(HELLO DRIFT("") KLOG(2, WARN) TRACE_END END(7), NULL, NULL);
	char *error, *text;

	(void)state;
	run->findings[0].known = xstrdup("K9: harmless");
	run->findings[1].count = 2;
	assert_int_equal(report_write_all(run, ".", &error), 0);
	run_free(run);
	text = read_text("report.txt");
	assert_contains(text, "TITLE\nklog/warn                2  12.0 s");
	assert_true(strstr(text, RULE_LINE WARN) < strstr(text, RULE_LINE "pages"));
	assert_contains(text, "\nseen        2 times\n");
	assert_contains(text, "\nfound by    stats/drift (known) K9: harmless\n");
	assert_lacks(text, "to reproduce it");
	assert_lacks(text, "injected shortly");
	free(text);
}

static void summary(void **state)
{
	struct run_report *run = ingest(HELLO DRIFT("") END(5), NULL, NULL);
	FILE *f = fopen("summary", "w");
	char *text;

	(void)state;
	run->mutant = xstrdup("m");
	run->no_faults = true;
	text_summary(run, f);
	fclose(f);
	run_free(run);
	text = read_text("summary");
	assert_contains(text, ", mutant m, without its faults\n");
	assert_contains(text, "\n1 FINDING\nreport: /some/where/report.json\n"
			      "findings to mail: /some/where/report.txt\n");
	assert_lacks(text, RULE_LINE);
	free(text);
}

static void assert_documented(const char *doc, json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		char *quoted = xasprintf("`%s`", key);

		assert_contains(doc, quoted);
		free(quoted);
	}
}

/* Every key that is written is documented. */
static void json_is_documented(void **state)
{
	struct run_report *run = ingest(
	    HELLO LOAD DRIFT(",\"injected\":1,\"recent\":[" TWO_RECENT "]") END(13), NULL, NULL);
	char *doc = read_text(SRCDIR "/docs/report.md"), *error;
	json_t *o, *value;
	const char *key;

	(void)state;
	assert_int_equal(report_write_all(run, ".", &error), 0);
	run_free(run);
	o = json_load_file("report.json", 0, NULL);
	assert_documented(doc, o);
	json_object_foreach(o, key, value)
	{
		json_t *first = json_array_get(value, 0), *inner;
		const char *name;

		assert_documented(doc, first);
		json_object_foreach(first, name, inner)
		    assert_documented(doc, json_array_get(inner, 0));
	}
	json_decref(o);
	free(doc);
}

static void full_disk(void **state)
{
	struct run_report *run = run_new();
	char *error;

	(void)state;
	assert_int_equal(report_write_all(run, "/nowhere", &error), -1);
	assert_string_equal(error, "cannot write the report /nowhere/report.json: No such file or "
				   "directory; is the disk full?");
	free(error);
	/* Opening works, writing does not. */
	assert_int_equal(symlink("/dev/full", "report.json.new"), 0);
	assert_int_equal(report_write_all(run, ".", &error), -1);
	assert_contains(error, "No space left on device");
	free(error);
	unlink("report.json.new");
	run_free(run);
}

#define NG(fields)                                                                                 \
	"{\"e\":\"stressor\",\"us\":1,\"name\":\"stress-ng\",\"counters\":{}}\n"                   \
	"{\"e\":\"stress_ng\",\"us\":2," fields "}\n"

/* What it did is told in one line; what it complains of is no finding. */
static void stress_ng(void **state)
{
	struct run_report *run = ingest(
	    HELLO LOAD NG(
		"\"status\":2,\"stressors\":[{\"name\":\"vm\",\"instances\":1,\"bogo_ops\":12},"
		"{\"name\":\"fork\",\"instances\":2,\"bogo_ops\":0}],"
		"\"failures\":[\"fail:  [3] vm: \\u0001 bit\",\"more\"],"
		"\"pressure\":{\"swapped_out\":5,\"oom_kills\":0}") END(14),
	    NULL, NULL);
	json_t *report, *o;
	char *error, *text;

	(void)state;
	assert_int_equal(run_verdict(run), RUN_CLEAN);
	assert_int_equal(report_write_all(run, ".", &error), 0);
	text = read_text("report.txt");
	assert_contains(text, "\nstress-ng  vm 1: 12 bogo-ops, fork 2: 0 bogo-ops\n"
			      "memory: swapped_out 5, oom_kills 0\n"
			      "stress-ng ended with status 2: fail:  [3] vm: ? bit\n");
	free(text);
	run_free(run);
	report = json_load_file("report.json", 0, NULL);
	o = json_object_get(report, "stress_ng");
	assert_int_equal(json_integer_value(json_object_get(o, "status")), 2);
	assert_int_equal(json_array_size(json_object_get(o, "failures")), 2);
	assert_int_equal(
	    json_integer_value(json_object_get(json_object_get(o, "pressure"), "swapped_out")), 5);
	o = json_array_get(json_object_get(o, "stressors"), 0);
	assert_string_equal(json_string_value(json_object_get(o, "name")), "vm");
	assert_int_equal(json_integer_value(json_object_get(o, "instances")), 1);
	assert_int_equal(json_integer_value(json_object_get(o, "bogo_ops")), 12);
	json_decref(report);
}

/* Whatever stands there, and however often. */
static void odd_stress_ng(void **state)
{
	static const char *const odd[] = {
	    "\"status\":-1,\"stressors\":7,\"failures\":{}",
	    "\"stressors\":[1,null,{},{\"name\":3,\"instances\":\"x\",\"bogo_ops\":-4}]",
	    "\"status\":[],\"failures\":[1,{},null]",
	    "\"x\":1,\"pressure\":[4]",
	};
	char *error, *text;

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		char *events =
		    xasprintf("%s{\"e\":\"stress_ng\",\"us\":2,%s}\n" NG("\"status\":9") END(7),
			      HELLO, odd[i]);
		struct run_report *run = ingest(events, NULL, NULL);

		free(events);
		/* The second one does not count. */
		assert_int_equal(run->stress_ng.status, 0);
		assert_int_equal(run->stress_ng.nfailures, 0);
		assert_int_equal(run->stress_ng.n, i == 1 ? 4 : 0);
		assert_int_equal(report_write_all(run, ".", &error), 0);
		text = read_text("report.txt");
		assert_lacks(text, "status");
		free(text);
		verdict(run, "CLEAN");
	}
}

/* What could not be at work on that machine says why. */
static void skipped(void **state)
{
	struct run_report *run = ingest(
	    HELLO LOAD "{\"e\":\"stressor\",\"us\":1,\"name\":\"tide\",\"counters\":{\"in\":0},"
		       "\"skipped\":\"there is no sea\"}\n" END(13),
	    NULL, NULL);
	json_t *report, *o;
	char *error, *text;

	(void)state;
	assert_int_equal(report_write_all(run, ".", &error), 0);
	text = read_text("report.txt");
	assert_contains(text, "\ntide      skipped: there is no sea\n");
	free(text);
	run_free(run);
	report = json_load_file("report.json", 0, NULL);
	o = json_array_get(json_object_get(report, "stressors"), 1);
	assert_string_equal(json_string_value(json_object_get(o, "skipped")), "there is no sea");
	json_decref(report);
}

/* The matrix, and the pairs that were hit among those that can be. */
static void windows(void **state)
{
	struct run_report *run = ingest(
	    HELLO LOAD
	    "{\"e\":\"window\",\"us\":1,\"op\":\"fault\",\"level\":\"leaf\",\"opened\":12,\"met\":["
	    "{\"op\":\"punch\",\"how\":\"waited\",\"times\":3},"
	    "{\"op\":\"accept\",\"how\":\"aborted\",\"times\":2},"
	    "{\"op\":\"accept\",\"how\":\"lost\",\"times\":5}]}\n"
	    "{\"e\":\"window\",\"us\":1,\"op\":\"image\",\"level\":\"table\",\"opened\":4,\"met\":["
	    "{\"op\":\"punch\",\"how\":\"waited\",\"times\":1}, 7, {}]}\n"
	    "{\"e\":\"window\",\"us\":1,\"op\":5,\"met\":{}}\n" END(15),
	    NULL, NULL);
	json_t *report, *o;
	char *error, *text;

	(void)state;
	assert_int_equal(report_write_all(run, ".", &error), 0);
	text = read_text("report.txt");
	assert_contains(text,
			"FROZEN BY   OPEN fault accept prefault image punch convert slot lockless\n"
			"fault leaf    12     0      7        0 -         3       0 -    -\n"
			"image table    4     -      -        - -         1       - -    -\n"
			"window pairs: 2 of 33 hit (-: they cannot meet)\n");
	free(text);
	run_free(run);
	report = json_load_file("report.json", 0, NULL);
	o = json_array_get(json_object_get(report, "windows"), 0);
	assert_int_equal(json_integer_value(json_object_get(o, "opened")), 12);
	o = json_array_get(json_object_get(o, "met"), 2);
	assert_string_equal(json_string_value(json_object_get(o, "how")), "lost");
	assert_int_equal(json_integer_value(json_object_get(o, "times")), 5);
	json_decref(report);
}

/* A CPU that takes the console over in the middle of a line writes that line once more. */
static void console_handed_over(void **state)
{
	static const char begun[] = "[    5.446234][    T1] BUG: KC\n";
	static const char again[] =
	    "** replaying previous printk message **\n"
	    "[    5.446234][    T1] BUG: unable to handle page fault for address: 12\n";
	char *console;
	struct run_report *run;

	(void)state;
	console = xasprintf("%s%s", begun, again);
	run = ingest(HELLO LOAD END(12), console, NULL);
	assert_int_equal(run->nfindings, 1);
	assert_contains(run->findings[0].title, "unable to handle page fault");
	run_free(run);
	/* Without that it is what it seems, at the end of the log, too. */
	run = ingest(HELLO LOAD END(12), begun, NULL);
	assert_int_equal(run->nfindings, 1);
	assert_contains(run->findings[0].title, "BUG: KC");
	run_free(run);
	free(console);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(clean),
	    cmocka_unit_test(console_handed_over),
	    cmocka_unit_test(windows),
	    cmocka_unit_test(skipped),
	    cmocka_unit_test(unknown),
	    cmocka_unit_test(oracle_findings),
	    cmocka_unit_test(splats),
	    cmocka_unit_test(cut_splats),
	    cmocka_unit_test(cut_runs),
	    cmocka_unit_test(invalid_runs),
	    cmocka_unit_test(corrupt),
	    cmocka_unit_test(junk),
	    cmocka_unit_test(scopes),
	    cmocka_unit_test(scope_of_oracles),
	    cmocka_unit_test(cut_runs_are_never_clean),
	    cmocka_unit_test(scope_of_cut_splats),
	    cmocka_unit_test(test_reports),
	    cmocka_unit_test(scope_reports),
	    cmocka_unit_test(proofs),
	    cmocka_unit_test(missing_proofs),
	    cmocka_unit_test(agents_death),
	    cmocka_unit_test(panic_after_proof),
	    cmocka_unit_test(lockdep_off),
	    cmocka_unit_test(errors_of_kvm),
	    cmocka_unit_test(leaks_are_told_once),
	    cmocka_unit_test(text_report),
	    cmocka_unit_test(long_text_report),
	    cmocka_unit_test(json_report),
	    cmocka_unit_test(injected_before_finding),
	    cmocka_unit_test(injected_before_the_first),
	    cmocka_unit_test(injected_before_splat),
	    cmocka_unit_test(odd_injections),
	    cmocka_unit_test(since_load),
	    cmocka_unit_test(order_of_findings),
	    cmocka_unit_test(summary),
	    cmocka_unit_test(stress_ng),
	    cmocka_unit_test(odd_stress_ng),
	    cmocka_unit_test(json_is_documented),
	    cmocka_unit_test(full_disk),
	};

	return cmocka_run_group_tests_name("ingest", tests, enter_scratch, leave_scratch);
}
