// SPDX-License-Identifier: GPL-2.0-or-later
/* The whole tool on real VMs: build/septorture, the kernels, QEMU. */
#include "helper.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xmem.h"

#define REPORT "build/runs/latest/report.json"

/* Runs septorture with ENV before and ARGS behind; its exit status. */
static int septorture(const char *env, const char *args)
{
	char *command = xasprintf("%s build/septorture %s >build/vm-test.out 2>&1", env, args);
	int status = system(command);

	free(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run(const char *env, const char *args)
{
	char *all = xasprintf("run %s", args);
	int status = septorture(env, all);

	free(all);
	return status;
}

static void want(int status, int expected)
{
	char *out;

	if (status == expected)
		return;
	out = read_text("build/vm-test.out");
	fail_msg("exit status %d, not %d; it printed:\n%s", status, expected, out);
}

static json_t *report(void)
{
	json_t *r = json_load_file(REPORT, 0, NULL);

	assert_non_null(r);
	return r;
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

/* The finding of that oracle and kind whose signature holds WORD. */
static const json_t *finding(const json_t *r, const char *oracle, const char *kind,
			     const char *word)
{
	size_t i;
	json_t *f;

	json_array_foreach(json_object_get(r, "findings"), i, f)
	{
		if (!strcmp(string(f, "oracle"), oracle) && !strcmp(string(f, "kind"), kind) &&
		    strstr(string(f, "signature"), word))
			return f;
	}
	return NULL;
}

static int to_source(void **state)
{
	(void)state;
	return chdir(SRCDIR);
}

static void stock_kernel_is_clean(void **state)
{
	size_t i, injected = 0;
	json_t *r, *s;

	(void)state;
	want(run("", "--duration 8s configs/plans/quick.ini"), 0);
	r = report();
	assert_string_equal(string(r, "verdict"), "clean");
	json_array_foreach(json_object_get(r, "sites"), i, s)
	{
		injected += number(s, "injected") > 0;
		/* Removals went through the wrapper, too, and were let alone. */
		if (!strcmp(string(s, "site"), "tdp_mmu_set_external_spte"))
			assert_true(number(s, "calls") > number(s, "matched"));
	}
	assert_true(injected >= 3);
	assert_true(number(r, "faults") > 0);
	assert_true(number(r, "kcsan_watchpoints") > 0);
	assert_int_equal(json_array_size(json_object_get(r, "checks")), 6);
	json_array_foreach(json_object_get(r, "checks"), i, s) assert_true(number(s, "count") > 0);
	json_decref(r);
}

/* Whether one of the runs of mutant NAME has a finding of ORACLE. */
static bool seen_by(const json_t *campaign, const char *name, const char *oracle)
{
	json_t *m, *r, *f;
	size_t i, j, k;

	json_array_foreach(json_object_get(campaign, "mutants"), i, m)
	{
		if (strcmp(string(m, "mutant"), name))
			continue;
		json_array_foreach(json_object_get(m, "runs"), j, r)
		    json_array_foreach(json_object_get(r, "findings"), k, f)
		{
			if (!strcmp(string(f, "oracle"), oracle))
				return true;
		}
	}
	return false;
}

/* Each oracle fires on what it is there for: first of all the bug that started it. */
static void mutants_are_found(void **state)
{
	static const struct {
		const char *mutant, *oracle;
	} pairs[] = {
	    {"stats-before-external", "stats"}, {"trace-before-external", "trace-replay"},
	    {"reread-frozen", "frozen-window"}, {"no-restore-on-failure", "mirror-audit"},
	    {"table-leaked", "leak"},
	};
	char *args = xstrdup("mutants --accel tcg --budget 5s --only control-table-traced-first");
	json_t *campaign;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char *longer = xasprintf("%s --only %s", args, pairs[i].mutant);

		free(args);
		args = longer;
	}
	want(septorture("", args), 0);
	free(args);
	campaign = json_load_file("build/mutants/latest/mutants.json", 0, NULL);
	assert_non_null(campaign);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (!seen_by(campaign, pairs[i].mutant, pairs[i].oracle))
			fail_msg("%s was not seen by %s", pairs[i].mutant, pairs[i].oracle);
	assert_false(seen_by(campaign, "stats-before-external", "leak"));
	json_decref(campaign);
}

/* KVM kills the VM, and WARNs, as it promises: no finding, but shown. */
static void failing_removal_is_promised(void **state)
{
	const json_t *warn;
	json_t *r;

	(void)state;
	want(run("", "tests/plans/removal.ini"), 0);
	r = report();
	assert_int_equal(number(json_array_get(json_object_get(r, "sites"), 0), "injected"), 1);
	warn = finding(r, "klog", "warn", "handle_changed_spte");
	assert_non_null(warn);
	assert_contains(string(warn, "known"), "is VM-fatal by contract");
	json_decref(r);
}

/* One that was not stopped is complete. */
static json_t *enumeration(const char *args, int status)
{
	char *all = xasprintf("enumerate --accel tcg %s configs/plans/enumerate.ini", args);
	json_t *o;

	want(septorture("", all), status);
	free(all);
	o = json_load_file("build/enumerate/latest/enumeration.json", 0, NULL);
	assert_non_null(o);
	if (!strstr(args, "--stop"))
		assert_int_equal(number(o, "done"),
				 number(json_object_get(o, "enumeration"), "total"));
	return o;
}

/* How many of the cases came to OUTCOME. */
static size_t outcomes(const json_t *enumeration, const char *outcome)
{
	const json_t *list = json_object_get(json_object_get(enumeration, "enumeration"), "cases");
	size_t i, n = 0;
	json_t *c;

	json_array_foreach(list, i, c) n += !strcmp(string(c, "outcome"), outcome);
	return n;
}

static void enumeration_keeps_promises(void **state)
{
	json_t *o = enumeration("--sites tdh_mem_page_add,tdh_mr_finalize", 0);

	(void)state;
	assert_true(outcomes(o, "survived") >= 9);
	assert_true(outcomes(o, "ioctl failed") > 0);
	assert_true(outcomes(o, "VM died") > 0);
	json_decref(o);
}

/* A page that the module still owns spoils a boot: the next one goes on behind the case. */
static void enumeration_reboots(void **state)
{
	json_t *o = enumeration("--sites tdh_phymem_page_wbinvd_tdr", 0);

	(void)state;
	assert_true(number(o, "boots") > 1);
	json_decref(o);
}

/* A VM that lives on after a failure that must end it. */
static void broken_promise_is_found(void **state)
{
	json_t *o = enumeration(
	    "--mutant tests/mutants/unmeasured.mutant --sites tdh_mr_extend --stop 1", 1);
	json_t *f, *findings = json_object_get(o, "findings");
	bool found = false;
	size_t i;

	(void)state;
	json_array_foreach(findings, i, f) found |=
	    strstr(string(f, "title"), "a VM lived on") != NULL;
	assert_true(found);
	assert_true(number(o, "broken") > 0);
	json_decref(o);
}

static void enumeration_finds(void **state)
{
	json_t *o = enumeration(
	    "--mutant kick-retry-dropped --sites tdh_mem_track --contracts once --stop 1", 1);

	(void)state;
	assert_true(number(o, "broken") > 0);
	json_decref(o);
}

/* A run with the statistics mutant, and what the two commands make of its finding. */
static void finding_comes_back(void **state)
{
	char *out;

	(void)state;
	want(run("", "--duration 4s --mutant stats-before-external --accel tcg "
		     "configs/plans/mutants.ini"),
	     1);
	want(septorture("", "replay --tries 2 latest:stats"), 1);
	out = read_text("build/vm-test.out");
	assert_contains(out, "came back in 2 of 2 tries");
	free(out);
}

static void other_engines(void **state)
{
	size_t i;
	json_t *r, *s;

	(void)state;
	want(run("", "tests/plans/engines.ini"), 0);
	r = report();
	assert_int_equal(json_array_size(json_object_get(r, "sites")), 3);
	json_array_foreach(json_object_get(r, "sites"), i, s)
	    assert_true(number(s, "injected") > 0);
	json_decref(r);
}

static void four_cpus(void **state)
{
	(void)state;
	want(run("", "tests/plans/smp4.ini"), 0);
}

/* A bug of Linux 7.3.4 itself (docs/kernel-findings.md); another kernel may have the fix. */
static void finds_bug_of_734(const char *plan, const char *word)
{
	int status = run("", plan);
	json_t *r = report();

	if (strncmp(string(r, "kernel"), "7.3.4", 5)) {
		json_decref(r);
		skip();
	}
	want(status, 1);
	assert_non_null(finding(r, "klog", "warn", word));
	json_decref(r);
}

static void cache_drain_is_found(void **state) /* K1 */
{
	(void)state;
	finds_bug_of_734("configs/plans/cache-drain.ini", "kvm_mmu_memory_cache_alloc");
}

static void vcpu_migration_is_found(void **state) /* K5: a matter of chance, but of some seconds */
{
	(void)state;
	finds_bug_of_734("configs/plans/vcpu-migration.ini", "tdx_vcpu_unlocked_ioctl");
}

static void panic_is_a_finding(void **state)
{
	json_t *r;

	(void)state;
	want(run("SEPTORTURE_APPEND=rdinit=/nowhere", "configs/plans/quick.ini"), 1);
	r = report();
	assert_non_null(finding(r, "klog", "panic", ""));
	json_decref(r);
}

static void silent_vm_is_ended(void **state)
{
	char *out;

	(void)state;
	/* -S: the VM is there, but its CPUs never start. */
	write_text("build/stopped-qemu", "#!/bin/sh\nexec qemu-system-x86_64 -S \"$@\"\n");
	assert_int_equal(system("chmod +x build/stopped-qemu"), 0);
	want(run("QEMU=build/stopped-qemu SEPTORTURE_BOOT_TIMEOUT=2", "configs/plans/quick.ini"),
	     3);
	out = read_text("build/vm-test.out");
	assert_contains(out, "INVALID");
	free(out);
}

/* KCSAN is on, but hardly ever looks: a run that finds nothing then means nothing. */
static void blind_kcsan_is_invalid(void **state)
{
	(void)state;
	want(run("SEPTORTURE_APPEND=kcsan.skip_watch=2000000000",
		 "--duration 2s configs/plans/quick.ini"),
	     3);
}

/*
 * A kernel on which not all is well (tests/mutants/blind.mutant says how), and
 * of which septorture must not say that it is; its report.
 */
static json_t *run_blind(const char *how, int status)
{
	char *append = xasprintf("SEPTORTURE_APPEND=septorture_test=%s", how);

	want(run(append, "--duration 2s --mutant tests/mutants/blind.mutant "
			 "configs/plans/quick.ini"),
	     status);
	free(append);
	return report();
}

static void assert_blind(const char *how, const char *why)
{
	json_t *r = run_blind(how, 3);

	assert_string_equal(string(r, "verdict"), "invalid");
	assert_contains(string(r, "invalid"), why);
	json_decref(r);
}

static void missing_site_is_named(void **state)
{
	json_t *r = run_blind("nosite", 2);

	(void)state;
	assert_contains(string(r, "invalid"), "this kernel cannot make tdh_mem_page_aug fail");
	json_decref(r);
}

static void unseen_warn_is_invalid(void **state)
{
	(void)state;
	assert_blind("warn", "the provoked WARN did not reach the report");
}

static void lockdep_off_is_invalid(void **state)
{
	(void)state;
	assert_blind("lockdep", "lockdep switched itself off and no splat of it was seen");
}

static void failing_arming_is_invalid(void **state)
{
	(void)state;
	assert_blind("armed", "fail_function does not work: septorture_provoked_call did not fail");
}

static void own_splat_is_invalid(void **state)
{
	json_t *r = run_blind("own", 3);
	const json_t *f = finding(r, "klog", "warn", "override_function_with_return");

	(void)state;
	assert_contains(string(r, "invalid"),
			"septorture's own fault: WARNING: arch/x86/lib/error-inject.c");
	assert_non_null(f);
	assert_string_equal(string(f, "scope"), "own");
	json_decref(r);
}

static void race_elsewhere_is_listed(void **state)
{
	json_t *r = run_blind("race", 0);
	const json_t *f = finding(r, "klog", "kcsan", "septorture_test_race");

	(void)state;
	assert_string_equal(string(r, "verdict"), "clean");
	assert_non_null(f);
	assert_string_equal(string(f, "scope"), "elsewhere");
	json_decref(r);
}

static void fail_function_interface(void **state)
{
	json_t *r, *c;

	(void)state;
	want(run("SEPTORTURE_AGENT=build/tests/failfn", "--accel tcg configs/plans/quick.ini"), 0);
	r = report();
	c = json_array_get(json_object_get(r, "checks"), 0);
	assert_string_equal(string(c, "oracle"), "failfn");
	assert_true(number(c, "count") > 100);
	assert_int_equal(number(c, "failures"), 0);
	json_decref(r);
}

/* Code is patched while another CPU runs it, which QEMU 7.2 does not always survive. */
static void arming_a_hot_function(void **state)
{
	(void)state;
	want(run("QEMU=tests/qemu-single SEPTORTURE_AGENT=build/tests/failfn "
		 "SEPTORTURE_APPEND=failfn_arm=40 SEPTORTURE_SILENCE_TIMEOUT=300",
		 "--accel tcg configs/plans/quick.ini"),
	     0);
}

/* usage: vm_runs [PATTERN], to run the tests with such names */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(stock_kernel_is_clean),
	    cmocka_unit_test(mutants_are_found),
	    cmocka_unit_test(failing_removal_is_promised),
	    cmocka_unit_test(broken_promise_is_found),
	    cmocka_unit_test(enumeration_keeps_promises),
	    cmocka_unit_test(enumeration_reboots),
	    cmocka_unit_test(enumeration_finds),
	    cmocka_unit_test(missing_site_is_named),
	    cmocka_unit_test(finding_comes_back),
	    cmocka_unit_test(four_cpus),
	    cmocka_unit_test(other_engines),
	    cmocka_unit_test(cache_drain_is_found),
	    cmocka_unit_test(vcpu_migration_is_found),
	    cmocka_unit_test(panic_is_a_finding),
	    cmocka_unit_test(silent_vm_is_ended),
	    cmocka_unit_test(fail_function_interface),
	    cmocka_unit_test(arming_a_hot_function),
	    cmocka_unit_test(blind_kcsan_is_invalid),
	    cmocka_unit_test(unseen_warn_is_invalid),
	    cmocka_unit_test(lockdep_off_is_invalid),
	    cmocka_unit_test(failing_arming_is_invalid),
	    cmocka_unit_test(own_splat_is_invalid),
	    cmocka_unit_test(race_elsewhere_is_listed),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, to_source, NULL);
}
