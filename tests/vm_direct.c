// SPDX-License-Identifier: GPL-2.0-or-later
/* The direct platform: real guests on nested paging. */
#include "vm_test.h"

#include <stdlib.h>
#include <string.h>

#include "xmem.h"

/* tests/guest/programs.c, on both. */
static void programs_do_the_same(void **state)
{
	static const struct {
		const char *plan, *platform;
		json_int_t checks;
	} runs[] = {{"quick", "soft", 14}, {"direct", "npt", 34}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *args = xasprintf("--accel tcg configs/plans/%s.ini", runs[i].plan);
		json_t *r, *c;

		want(run("SEPTORTURE_AGENT=build/tests/programs", args), 0);
		free(args);
		r = report();
		c = json_array_get(json_object_get(r, "checks"), 0);
		assert_string_equal(string(r, "platform"), runs[i].platform);
		assert_string_equal(string(c, "oracle"), "programs");
		assert_int_equal(number(c, "count"), runs[i].checks);
		json_decref(r);
	}
}

static void both_means_two_runs(void **state)
{
	char *said;
	json_t *r;

	(void)state;
	want(run("", "--accel tcg --duration 4s configs/plans/storm.ini"), 0);
	said = read_text("build/vm-test.out");
	assert_contains(said, "platform soft\n");
	assert_contains(said, "platform npt\n");
	free(said);
	r = report();
	assert_string_equal(string(r, "platform"), "npt");
	json_decref(r);
}

static void kvm_is_refused(void **state)
{
	char *said;

	(void)state;
	want(run("", "--accel kvm configs/plans/direct.ini"), 2);
	said = read_text("build/vm-test.out");
	assert_contains(said, "--accel kvm is not possible: the platform direct has been tried "
			      "under TCG alone");
	free(said);
}

/* Oracles look, and find nothing; all stressors are at work. The report is the caller's. */
static json_t *clean(const char *plan)
{
	static const char *const oracles[] = {"data",	  "direct-audit", "frozen-window",
					      "liveness", "stats",	  "leak"};
	char *args = xasprintf("--duration 6s configs/plans/%s.ini", plan);
	json_t *r, *o;
	size_t i;

	want(run("", args), 0);
	free(args);
	r = report();
	assert_string_equal(string(r, "platform"), "npt");
	assert_true(number(r, "faults") > 0);
	json_array_foreach(json_object_get(r, "stressors"), i, o) assert_works(r, o);
	assert_int_equal(json_array_size(json_object_get(r, "checks")), 6);
	json_array_foreach(json_object_get(r, "checks"), i, o)
	    assert_string_equal(string(o, "oracle"), oracles[i]);
	return r;
}

static void private_memory(void **state)
{
	(void)state;
	json_decref(clean("direct"));
}

static void dirty_logs(void **state)
{
	(void)state;
	json_decref(clean("direct-dirty"));
}

static void a_changing_host(void **state)
{
	(void)state;
	json_decref(clean("direct-host"));
}

static void slots_of_a_normal_vm(void **state)
{
	(void)state;
	json_decref(clean("direct-slots"));
}

/* And K18 (docs/kernel-findings.md) is there, and known. */
static void nx_huge_pages(void **state)
{
	json_t *r = clean("direct-nx-log");
	const json_t *f = finding(r, "stats", "drift", "nr_pages of possible_nx_huge_pages");

	(void)state;
	assert_non_null(f);
	assert_contains(string(f, "known"), "K18");
	json_decref(r);
}

/* A map that loses is tried again: nothing is left of it. */
static void lost_updates_leave_nothing(void **state)
{
	json_t *r = clean("direct-lost"), *site;

	(void)state;
	site = json_array_get(json_object_get(r, "sites"), 0);
	assert_string_equal(string(site, "site"), "spte_cmpxchg_window");
	assert_true(number(site, "injected") > 0);
	json_decref(r);
}

/* Each oracle fires on what it is there for. */
static void mutants_are_found(void **state)
{
	static const struct {
		const char *mutant, *oracle;
	} pairs[] = {
	    {"fast-write-unlogged", "data"},
	    {"roots-not-zapped", "direct-audit"},
	    {"level-miscounted", "stats"},
	};
	json_t *campaign;

	(void)state;
	campaign = campaign_of("mutants --accel tcg --budget 15s --only fast-write-unlogged "
			       "--only roots-not-zapped --only level-miscounted");
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (!mutant_seen_by(campaign, pairs[i].mutant, pairs[i].oracle) &&
		    !mutant_seen_later(pairs[i].mutant, pairs[i].oracle))
			fail_msg("%s was not seen by %s", pairs[i].mutant, pairs[i].oracle);
	json_decref(campaign);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(programs_do_the_same),
	    cmocka_unit_test(both_means_two_runs),
	    cmocka_unit_test(kvm_is_refused),
	    cmocka_unit_test(private_memory),
	    cmocka_unit_test(dirty_logs),
	    cmocka_unit_test(a_changing_host),
	    cmocka_unit_test(slots_of_a_normal_vm),
	    cmocka_unit_test(nx_huge_pages),
	    cmocka_unit_test(lost_updates_leave_nothing),
	    cmocka_unit_test(mutants_are_found),
	};

	return vm_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
