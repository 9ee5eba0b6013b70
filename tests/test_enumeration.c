// SPDX-License-Identifier: GPL-2.0-or-later
/* Cases from events to the closing table, and WARNs that a contract explains. */
#include "helper.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enumeration.h"
#include "expected.h"
#include "ingest.h"
#include "xmem.h"

static json_t *event(const char *text)
{
	json_t *o = json_loads(text, 0, NULL);

	assert_non_null(o);
	return o;
}

/* The events of one boot: CASES are case_begin and case_end events, each in a line. */
static struct run_report *boot(const char *cases)
{
	struct run_report *run = run_new();
	char *all = xasprintf("{\"e\":\"hello\",\"v\":1,\"kernel\":\"7.3.4\"}\n"
			      "{\"e\":\"calls\",\"site\":\"tdh_mem_track\",\"context\":\"remove\","
			      "\"calls\":2}\n"
			      "{\"e\":\"calls\",\"site\":\"tdh_mem_track\",\"context\":"
			      "\"remove-slot\",\"calls\":0}\n"
			      "{\"e\":\"cases\",\"total\":3}\n%s",
			      cases);

	write_text("events.jsonl", all);
	ingest_run(run, ".");
	free(all);
	return run;
}

#define BEGIN(n, status, contract, nth)                                                            \
	"{\"e\":\"case_begin\",\"n\":" #n ",\"total\":3,\"site\":\"tdh_mem_track\",\"context\":"   \
	"\"remove\",\"status\":\"" status "\",\"contract\":\"" contract "\",\"nth\":" #nth "}\n"
#define FINISH(n, outcome, ok)                                                                     \
	"{\"e\":\"case_end\",\"n\":" #n ",\"outcome\":\"" outcome "\",\"ok\":" #ok                 \
	",\"findings\":0,\"splats\":0,\"injected\":1,\"took_us\":500000}\n"

static char *text_of(const struct enumeration *e)
{
	FILE *f = fopen("text", "w");

	enumeration_text(e, f);
	fclose(f);
	return read_text("text");
}

/* Two boots, of which the first ends in a case that takes the VM with it. */
static void two_boots(void **state)
{
	struct run_report *first = boot(BEGIN(1, "TDX_OPERAND_BUSY", "once", 1) FINISH(
	    1, "survived", true) BEGIN(2, "TDX_OPERAND_BUSY", "once", 2));
	struct run_report *second =
	    boot(BEGIN(3, "TDX_OPERAND_BUSY_RCX", "once", 1) FINISH(3, "survived", true));
	struct enumeration e = {.dir = xstrdup("d"), .boots = 2, .contracts = xstrdup("once")};
	char *text;

	(void)state;
	assert_int_equal(cases_merge(&e.cases, &first->cases, "a", "the VM did not survive"), 2);
	assert_int_equal(cases_merge(&e.cases, &second->cases, "b", "the VM did not survive"), 3);
	assert_int_equal(e.cases.total, 3);
	assert_int_equal(e.cases.ncalls, 2);
	assert_int_equal(enumeration_done(&e), 3);
	assert_int_equal(enumeration_broken(&e), 1);
	text = text_of(&e);
	assert_contains(text, "2/2         survived 1, the VM did not survive 1\n");
	assert_contains(text, "tdh_mem_track, call 2 (remove): TDX_OPERAND_BUSY  once");
	assert_contains(text, "never called in the scenario: tdh_mem_track (remove-slot)\n");
	assert_contains(text, "enumerated 3 of 3 cases in 2 boots");
	assert_lacks(text, "VM-fatal");
	free(text);
	run_free(first);
	run_free(second);
	enumeration_free(&e);
}

static void nothing_to_merge(void **state)
{
	struct run_report *run = boot("");
	struct cases c = {0};

	(void)state;
	assert_int_equal(cases_merge(&c, &run->cases, "a", "x"), 0);
	cases_free(&c);
	run_free(run);
}

static void ends_without_begin(void **state)
{
	struct run_report *run = boot(FINISH(1, "survived", true) BEGIN(1, "X", "once", 1) FINISH(
	    2, "survived", true) FINISH(1, "survived", false) FINISH(1, "survived", true));

	(void)state;
	assert_int_equal(run->cases.n, 1);
	assert_true(run->cases.list[0].done);
	assert_false(run->cases.list[0].ok);
	run_free(run);
}

/* What is written is read again; what was cut or is something else is refused. */
static void record(void **state)
{
	struct run_report *run =
	    boot(BEGIN(1, "TDX_OPERAND_BUSY", "once", 1) FINISH(1, "survived", true));
	struct enumeration e = {.plan = xstrdup("p.ini"), .boots = 1}, again = {0}, bad = {0};
	json_t *o;
	FILE *f;

	(void)state;
	cases_merge(&e.cases, &run->cases, "a", "x");
	f = fopen("record.json", "w");
	enumeration_json(&e, f);
	fclose(f);
	o = json_load_file("record.json", 0, NULL);
	assert_true(enumeration_load(&again, o));
	assert_string_equal(again.plan, "p.ini");
	assert_int_equal(again.cases.total, 3);
	assert_int_equal(again.cases.ncalls, 2);
	assert_int_equal(enumeration_done(&again), 1);
	assert_int_equal(enumeration_broken(&again), 0);
	assert_string_equal(again.cases.list[0].run, "a");
	json_object_set_new(o, "v", json_integer(2));
	assert_false(enumeration_load(&bad, o));
	json_decref(o);
	o = event("{\"v\":1,\"plan\":\"p\",\"enumeration\":{\"calls\":[],\"cases\":[{\"n\":1}]}}");
	/* A case without its fields is empty, but a case. */
	assert_true(enumeration_load(&bad, o));
	json_decref(o);
	enumeration_free(&bad);
	o = event("{\"v\":1,\"plan\":\"p\",\"enumeration\":{\"calls\":7}}");
	assert_false(enumeration_load(&bad, o));
	json_decref(o);
	enumeration_free(&bad);
	enumeration_free(&again);
	enumeration_free(&e);
	run_free(run);
}

/* ---- WARNs ---- */

#define SITE(status, contract, injected)                                                           \
	"{\"e\":\"site\",\"site\":\"tdp_mmu_set_external_spte\",\"context\":\"remove\","           \
	"\"status\":\"" status "\",\"contract\":\"" contract "\",\"injected\":" #injected "}\n"
#define WARN(function)                                                                             \
	"{\"e\":\"klog\",\"seq\":0,\"pri\":4,\"kus\":5,\"text\":\"WARNING: a/b.c:5 at " function   \
	"+0x1/0x2, CPU#0: x/1\"}\n"                                                                \
	"{\"e\":\"klog\",\"seq\":1,\"pri\":4,\"kus\":6,\"text\":\"---[ end trace 0 ]---\"}\n"

/* Whether the WARN that EVENTS have is explained. */
static bool explained(const char *events)
{
	struct run_report *run = run_new();
	bool known;

	write_text("events.jsonl", events);
	ingest_run(run, ".");
	assert_int_equal(run->nfindings, 1);
	known = run->findings[0].known;
	if (known)
		assert_contains(run->findings[0].known, "by contract");
	run_free(run);
	return known;
}

static void warns(void **state)
{
	(void)state;
	assert_true(explained(WARN("handle_changed_spte") SITE("-EBUSY", "VM-fatal", 1)));
	assert_true(explained(WARN("handle_changed_spte") SITE("-EIO 2, -EBUSY", "VM-fatal", 1)));
	assert_false(explained(WARN("handle_changed_spte") SITE("-EBUSY", "VM-fatal", 0)));
	assert_false(explained(WARN("handle_changed") SITE("-EBUSY", "VM-fatal", 1)));
	assert_false(explained(WARN("kvm_mmu_memory_cache_alloc") SITE("-EBUSY", "VM-fatal", 1)));
	assert_false(explained(WARN("handle_changed_spte") SITE("NO_STATUS", "VM-fatal", 1)));
}

#define TRACK(contract)                                                                            \
	"{\"e\":\"site\",\"site\":\"tdh_mem_track\",\"context\":\"remove\",\"status\":"            \
	"\"TDX_OPERAND_BUSY\",\"contract\":\"" contract "\",\"injected\":2}\n"

/* One BUSY is hidden; two in a row are not. */
static void warns_of_once(void **state)
{
	(void)state;
	assert_false(explained(WARN("tdx_sept_remove_leaf_spte") TRACK("once")));
	assert_true(explained(WARN("tdx_sept_remove_leaf_spte") TRACK("VM-fatal")));
}

/* A plan that asks for what the kernel cannot do is not a broken machine. */
static void bad_plan(void **state)
{
	struct run_report *run = run_new();

	(void)state;
	write_text("events.jsonl", "{\"e\":\"fail\",\"text\":\"no such site\",\"plan\":true}\n"
				   "{\"e\":\"fail\",\"text\":\"more\",\"plan\":false}\n");
	ingest_run(run, ".");
	assert_true(run->bad_plan);
	assert_int_equal(run_verdict(run), RUN_INVALID);
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_boots),
	    cmocka_unit_test(nothing_to_merge),
	    cmocka_unit_test(ends_without_begin),
	    cmocka_unit_test(record),
	    cmocka_unit_test(warns),
	    cmocka_unit_test(warns_of_once),
	    cmocka_unit_test(bad_plan),
	};

	return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
