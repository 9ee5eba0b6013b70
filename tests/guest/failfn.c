// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs as init of a VM instead of the agent: does fail_function, as patched,
 * accept what it should, refuse the rest, fail the calls that it is told to, and
 * survive being armed, changed and disarmed while it is being hit?
 */
#include "agent.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outcome.h"

#define DIR	"/sys/kernel/debug/fail_function/"
#define PROVOKE "/sys/kernel/debug/septorture/provoke"
#define FN	"septorture_provoked_call"
#define F	DIR FN "/"

static void check(bool ok, const char *what)
{
	event_check("failfn", 0, ok, json_pack("{s:s}", "what", what));
	if (!ok)
		event_finding("failfn", "failfn", 0, what, NULL);
}

static bool reads(const char *file, const char *want)
{
	char *text = file_read(file);
	bool ok = text && !strcmp(text, want);

	if (!ok)
		event_emit("read", "{s:s, s:s, s:s}", "file", file, "text", text ? text : "(null)",
			   "want", want);
	free(text);
	return ok;
}

static bool add(const char *function)
{
	return !file_write(DIR "inject", function);
}

static bool set(const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), F "%s", file);
	return !file_write(path, text);
}

static bool refuses(const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), F "%s", file);
	return file_write(path, text) == -EINVAL;
}

/* Arms the function anew with what follows, pairs of file and text that end with NULL. */
static void arm(const char *const *pairs)
{
	bool ok = add(FN) && set("times", "-1") && set("seed", "1");

	for (; *pairs; pairs += 2)
		ok = ok && set(pairs[0], pairs[1]);
	check(ok && set("own", "Y"), "arming");
}

#define ARM(...) arm((const char *const[]){__VA_ARGS__, NULL})

static void disarm(void)
{
	check(add("!" FN), "disarming");
}

/* What N calls come to: a digit each, the errno of those that fail; static storage. */
static const char *calls(unsigned int n)
{
	static char text[256];
	unsigned int i;

	for (i = 0; i < n && i < sizeof(text) - 1; i++)
		text[i] = (char)('0' - file_write(PROVOKE, "call 7"));
	text[i] = '\0';
	return text;
}

static bool calls_give(const char *want)
{
	const char *got = calls((unsigned int)strlen(want));

	if (strcmp(got, want))
		event_emit("calls", "{s:s, s:s}", "got", got, "want", want);
	return !strcmp(got, want);
}

/* ---- what it refuses ---- */

static const struct {
	const char *file, *good, *shown;
	const char *bad[12];
} files[] = {
    {"own", "Y", "Y\n", {"", "2", "yes please", "-1"}},
    {"probability", "33", "33\n", {"", "-1", "101", "5 5", "x", "1.5", "0x", "99999999999"}},
    {"interval", "3", "3\n", {"", "0", "-1", "2 2", "x", "4294967296"}},
    {"times", "-1", "-1\n", {"", "-2", "x", "1 1", "2147483648"}},
    {"seed", "0x10", "16\n", {"", "-1", "x", "1 2", "18446744073709551616"}},
    {"burst", "2", "2\n", {"", "0", "1001", "-1", "x", "1 1"}},
    {"nth",
     "3, 2:5",
     "3, 2:5\n",
     {"0", "-1", "256:1", "-1:1", "1:0", "1,", ",1", "a:1", "1 2", ":", "1:"}},
    {"args",
     "0 0xff == 0x7, 1 0x1 != 0x0",
     "0 0xff == 0x7, 1 0x1 != 0x0\n",
     {"6 1 == 1", "-1 1 == 1", "0 1 = 1", "0 1 == 2", "0 0 == 0", "0 1", "0 1 == 1 1", "0 1 == 1,",
      "x"}},
    {"values",
     "0xfffffffffffffff0 3, ok",
     "0xfffffffffffffff0 3, ok\n",
     {"0", "1", "-5", "0xfffffffffffffff0 0", "0xfffffffffffffff0 1001", "ok 1 1", "okay", ",",
      "ok,"}},
    {"sequence",
     "0xfffffffffffffff0, ok",
     "0xfffffffffffffff0, ok\n",
     {"0", "ok 2", ",", "ok,", "okay", "1"}},
    {"callers",
     "septorture_provoked_caller, !panic",
     "septorture_provoked_caller, !panic\n",
     {"no_such_function", "!", "panic,", "panic panic", ",", "panic,panic,panic,panic,panic"}},
    {"delay_before", "10", "10\n", {"", "-1", "10001", "x", "1 1"}},
    {"delay_after", "10", "10\n", {"", "-1", "10001", "x", "1 1"}},
};

static void check_files(void)
{
	char path[128], what[192];

	check(add(FN), "a function can be added");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		bool ok = set(files[i].file, files[i].good);

		snprintf(path, sizeof(path), F "%s", files[i].file);
		ok = ok && reads(path, files[i].shown);
		for (size_t b = 0; files[i].bad[b]; b++)
			if (!refuses(files[i].file, files[i].bad[b])) {
				event_emit("accepted", "{s:s, s:s}", "file", files[i].file, "text",
					   files[i].bad[b]);
				ok = false;
			}
		ok = ok && reads(path, files[i].shown);
		snprintf(what, sizeof(what),
			 "%s takes what is right, refuses what is wrong, and keeps its value then",
			 files[i].file);
		check(ok, what);
	}
	check(set("values", "ok") && reads(F "sequence", "") && reads(F "values", "ok\n"),
	      "values drop a sequence");
	check(set("values", "") && set("nth", "") && set("args", "\n") && set("callers", " ") &&
		  reads(F "nth", "") && reads(F "args", "") && reads(F "callers", ""),
	      "lists can be emptied");
	check(file_write(DIR "inject", FN) == -EBUSY, "a function is added once");
	disarm();
	check(file_write(F "seed", "1") == -ENOENT, "its files are gone then");
	check(file_write("/proc/thread-self/fail-tag", "256") == -EINVAL &&
		  file_write("/proc/thread-self/fail-tag", "x") == -EINVAL &&
		  file_write("/proc/thread-self/fail-tag", "-1") == -EINVAL &&
		  reads("/proc/thread-self/fail-tag", "1\n"),
	      "a tag is from 0 to 255");
}

static bool lists(const char *line)
{
	char *text = file_read("/sys/kernel/debug/error_injection/list");
	bool ok = text && strstr(text, line);

	free(text);
	return ok;
}

#define AUG DIR "tdh_mem_page_aug/"

static void check_statuses(void)
{
	check(lists("tdp_mmu_set_external_spte\tERRNO\n"), "the wrapper is injectable");
	for (const struct site *s = sites; s->name; s++) {
		char line[128], what[160];

		if (s->engine != ENGINE_FAIL_FUNCTION || strncmp(s->name, "tdh_", 4))
			continue;
		snprintf(line, sizeof(line), "%s\tSTATUS\n", s->name);
		snprintf(what, sizeof(what), "%s is injectable", s->name);
		check(lists(line), what);
	}
	check(add("tdh_mem_page_aug"), "a SEAMCALL can be armed");
	check(reads(AUG "retval", "8000020000000000\n"), "its default is TDX_OPERAND_BUSY");
	check(file_write(AUG "retval", "0") == -EINVAL, "success is refused");
	check(file_write(AUG "retval", "1") == -EINVAL, "success with a detail is refused");
	check(file_write(AUG "values", "0x0000123400000000") == -EINVAL,
	      "an unlisted status without the error bit is refused");
	check(reads(AUG "retval", "8000020000000000\n"), "a refused value changes nothing");
	check(!file_write(AUG "values", "0xc000010000000008, 0x00000b0700000001"),
	      "an error and GPA_RANGE_ALREADY_BLOCKED are accepted");
	check(reads(AUG "own", "N\n"), "the common attributes apply at first");
	check(add("!tdh_mem_page_aug"), "a SEAMCALL can be disarmed");
}

/* ---- which calls it fails ---- */

static void check_schedules(void)
{
	ARM("probability", "100");
	check(calls_give("FFF"), "all calls fail, with the default value: -EINVAL");
	disarm();
	ARM("values", "0xfffffffffffffffb", "probability", "100", "interval", "3");
	check(calls_give("005005005"), "every third call fails");
	disarm();
	ARM("values", "0xfffffffffffffffb", "probability", "100", "interval", "4", "burst", "2");
	check(calls_give("00550055"), "two of four calls fail");
	disarm();
	ARM("sequence", "0xfffffffffffffffb, 0xfffffffffffffffa, ok", "probability", "100");
	check(calls_give("560560"), "a sequence is followed");
	disarm();
	ARM("sequence", "0xfffffffffffffffb, ok, 0xfffffffffffffffa", "nth", "3");
	check(calls_give("0050600"), "a sequence begins at the nth call");
	disarm();
	ARM("values", "0xfffffffffffffffb", "nth", "2, 1:4, 2:5");
	check(calls_give("0505000"), "the nth calls fail, those of our tag");
	disarm();
	ARM("values", "0xfffffffffffffffb", "probability", "100", "times", "2");
	check(calls_give("5500") && reads(F "times", "0\n"), "times is the limit");
	disarm();
	ARM("values", "ok", "probability", "100");
	check(calls_give("0000"), "\"ok\" lets calls run");
	disarm();
	ARM("values", "0xfffffffffffffffb", "probability", "100", "args", "0 0xff == 7");
	check(calls_give("55") && file_write(PROVOKE, "call 8") == 0, "an argument decides");
	disarm();
	ARM("values", "0xfffffffffffffffb", "probability", "100", "args",
	    "0 0xff > 7, 0 0xff <= 9");
	check(calls_give("00") && file_write(PROVOKE, "call 8") == -EIO &&
		  file_write(PROVOKE, "call 9") == -EIO && !file_write(PROVOKE, "call 10"),
	      "all clauses must hold");
	disarm();
	ARM("values", "0xfffffffffffffffb", "probability", "100", "callers",
	    "septorture_provoked_caller");
	check(calls_give("00") && file_write(PROVOKE, "caller 1") == -EIO, "a caller decides");
	check(set("callers", "!septorture_provoked_caller") && calls_give("55") &&
		  file_write(PROVOKE, "caller 1") == 0,
	      "a caller that must not be there decides");
	disarm();
}

static void check_seeds(void)
{
	char first[65];
	size_t failed = 0;

	for (int i = 0; i < 3; i++) {
		ARM("values", "0xfffffffffffffffb 3, 0xfffffffffffffffa 1", "probability", "50",
		    "seed", "0x123456789abcdef0");
		if (!i)
			snprintf(first, sizeof(first), "%s", calls(64));
		else
			check(calls_give(first), "the same seed fails the same calls alike");
		disarm();
	}
	for (size_t i = 0; first[i]; i++)
		failed += first[i] != '0';
	check(failed > 16 && failed < 48 && strchr(first, '5') && strchr(first, '6'),
	      "half of the calls fail, both values occur");
	ARM("values", "0xfffffffffffffffb 3, 0xfffffffffffffffa 1", "probability", "50", "seed",
	    "2");
	check(!calls_give(first), "another seed fails others");
	disarm();
	ARM("values", "0xfffffffffffffffb 3, 0xfffffffffffffffa 1", "probability", "50", "seed",
	    "0x123456789abcdef0");
	tag_thread(9);
	check(!calls_give(first), "another tag fails others");
	tag_thread(TAG_MAIN);
	check(calls_give(first), "calls with one tag do not count for another");
	disarm();
}

static void check_counters(void)
{
	ARM("sequence", "0xfffffffffffffffb, ok", "probability", "100", "args", "0 0xff == 7");
	calls(4);
	file_write(PROVOKE, "call 1");
	tag_thread(9);
	calls(1);
	tag_thread(TAG_MAIN);
	check(reads(F "stats", "calls 6\nmatched 5\ninjected 3\nchosen 5\nundelayed 0\n"
			       "tag 1 4\ntag 9 1\n"),
	      "calls are counted");
	disarm();
}

static uint64_t time_of_calls(unsigned int n)
{
	uint64_t start = now_us();

	for (unsigned int i = 0; i < n; i++)
		file_write(PROVOKE, "call 7");
	return now_us() - start;
}

/* Ten times 5 ms, less what the VM's clock may be off. */
#define DELAYED_US 45000

static void check_delays(void)
{
	ARM("values", "ok", "probability", "100", "delay_before", "5000");
	check(time_of_calls(10) >= DELAYED_US, "calls are delayed before they run");
	disarm();
	ARM("values", "ok", "probability", "100", "delay_after", "5000");
	check(time_of_calls(10) >= DELAYED_US, "calls are delayed after they ran");
	check(set("delay_after", "0") && calls_give("0000"), "a delay can be taken back");
	disarm();
	ARM("values", "0xfffffffffffffffb", "probability", "100", "delay_after", "5000");
	check(time_of_calls(10) >= DELAYED_US && calls_give("55"),
	      "calls that fail are delayed, too");
	disarm();
}

static void check_trace(void)
{
	char *text;

	file_write("/sys/kernel/tracing/events/fail_function/fail_function_injected/enable", "1");
	ARM("values", "0xfffffffffffffffb", "nth", "2");
	calls(3);
	disarm();
	text = file_read("/sys/kernel/tracing/trace");
	check(text && strstr(text, FN " fails 0xfffffffffffffffb tag 1 call 2 args 0x7 "),
	      "an injection is traced with value, tag, number and arguments");
	free(text);
	file_write("/sys/kernel/tracing/events/fail_function/fail_function_injected/enable", "0");
}

/* ---- while it runs ---- */

static atomic_bool storm_over;
static atomic_ulong storm_rounds;

static void *storm(void *arg)
{
	tag_thread(*(unsigned int *)arg);
	while (!atomic_load(&storm_over)) {
		file_write(PROVOKE, "time 20");
		atomic_fetch_add(&storm_rounds, 1);
		/* The other thread must get on, too. */
		sleep_us(500);
	}
	return NULL;
}

#define CHANGES 500 /* of each of four files */

/* So that the host sees that we get on. */
static bool tell(unsigned long round)
{
	if (round % 20 == 0)
		event_emit("storm", "{s:I}", "round", (json_int_t)round);
	return true;
}

static void storm_begin(pthread_t *threads)
{
	static unsigned int tags[] = {2, 3};

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, storm, &tags[i]);
}

static void storm_end(pthread_t *threads, unsigned long rounds)
{
	atomic_store(&storm_over, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	event_emit("storm", "{s:I, s:I}", "rounds", (json_int_t)rounds, "calls",
		   (json_int_t)(20 * atomic_load(&storm_rounds)));
	check(atomic_load(&storm_rounds) > rounds / 2, "the function was called all the time");
}

/* Both CPUs call the function while its rule changes. */
static void check_changes(void)
{
	pthread_t threads[2];
	bool ok = add(FN) && set("times", "-1") && set("own", "Y");

	storm_begin(threads);
	for (unsigned long i = 0; i < CHANGES && ok; i++)
		ok = tell(i) && set("probability", i & 1 ? "100" : "0") &&
		     set("args", i & 2 ? "0 1 == 0" : "") &&
		     set("values", i & 8 ? "ok" : "0xfffffffffffffffb, ok") &&
		     set("delay_after", i & 4 ? "1" : "0");
	storm_end(threads, CHANGES);
	check(ok && add("!" FN), "a rule changes while two CPUs call the function");
}

/*
 * The same while the function is armed and disarmed, so that its first instruction
 * changes. At odd function addresses the second arming breaks the ftrace trampoline
 * (docs/kernel-findings.md, K4).
 */
static void check_arming(unsigned long rounds)
{
	pthread_t threads[2];
	bool ok = true;

	storm_begin(threads);
	for (unsigned long i = 0; i < rounds && ok; i++)
		ok = tell(i) && add(FN) && set("times", "-1") && set("delay_after", "1") &&
		     set("probability", "50") && set("own", "Y") && add("!" FN);
	storm_end(threads, rounds);
	check(ok, "armed and disarmed while two CPUs call the function");
}

/* All checks, or with the kernel parameter failfn_arm=N that one alone. */
static void check_all(void)
{
	if (getenv("failfn_arm")) {
		check_arming(strtoul(getenv("failfn_arm"), NULL, 0));
		return;
	}
	check_files();
	check_statuses();
	check_schedules();
	check_seeds();
	check_counters();
	check_delays();
	check_trace();
	check_changes();
}

int main(void)
{
	static const struct plan none;
	const char *port;

	init_mount();
	port = init_port("septorture.events");
	if (port && !event_open(port)) {
		event_emit("hello", "{s:i, s:s, s:s, s:s}", "v", 1, "agent", "failfn", "kernel",
			   "test", "platform", "soft");
		kmsg_start();
		outcome_begin(&none);
		tag_thread(TAG_MAIN);
		file_write(KCSAN, "on");
		selftest(true);
		check_all();
		kmsg_stop();
		event_end(false);
	}
	init_go_down();
}
