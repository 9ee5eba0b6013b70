// SPDX-License-Identifier: GPL-2.0-or-later
/* The fault engine: fail_function, contracts, enumeration, replay. */
#include "vm_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xmem.h"

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
	/* By restoring a snapshot, of which nothing is left. */
	assert_true(was_restored("latest"));
	assert_int_equal(access("build/enumerate/latest/enumeration.json", F_OK), 0);
	assert_int_equal(access("build/enumerate/latest/vm-1", F_OK), -1);
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
	want(run("", "--duration 6s --mutant stats-before-external --accel tcg "
		     "configs/plans/quick.ini"),
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

static void missing_site_is_named(void **state)
{
	json_t *r = run_blind("nosite", 2);

	(void)state;
	assert_contains(string(r, "invalid"), "this kernel cannot make tdh_mem_page_aug fail");
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

/* What takes both, softseam and KVM: shared memory, TDVMCALLs, zero-step mitigation, audit. */
static void softseam_under_kvm(void **state)
{
	json_t *r, *c;

	(void)state;
	want(run("SEPTORTURE_AGENT=build/tests/seam", "--accel tcg configs/plans/quick.ini"), 0);
	r = report();
	c = json_array_get(json_object_get(r, "checks"), 0);
	assert_string_equal(string(c, "oracle"), "softseam");
	assert_true(number(c, "count") > 50);
	assert_int_equal(number(c, "failures"), 0);
	json_decref(r);
}

static void lives_with(const char *args)
{
	json_t *r, *counters;

	want(run("", args), 0);
	r = report();
	counters = json_object_get(json_array_get(json_object_get(r, "stressors"), 2), "counters");
	/* Some 50 on a fast machine. */
	assert_true(number(counters, "busy") > 0);
	json_decref(r);
}

/* A module that is busy now and then is one that KVM can live with. */
static void busy_module_is_lived_with(void **state)
{
	(void)state;
	lives_with("--accel tcg tests/plans/latent.ini");
	lives_with("--accel tcg tests/plans/latent-lifecycle.ini");
}

/* A KVM that does not flush: the guest goes on using memory that was freed. */
static void stale_translation_is_found(void **state)
{
	json_t *r;

	(void)state;
	want(run("SEPTORTURE_AGENT=build/tests/seam SEPTORTURE_APPEND=seam_shared=1",
		 "--accel tcg --mutant tests/mutants/shared-unflushed.mutant "
		 "configs/plans/quick.ini"),
	     1);
	r = report();
	assert_non_null(finding(r, "softseam", "softseam", "no translation was stale"));
	json_decref(r);
}

/* Time goes on for a plan whose TDs do not live long enough to be loaded. */
static void faults_stop(void **state)
{
	json_t *r;

	(void)state;
	want(run("", "--accel tcg tests/plans/stops.ini"), 0);
	r = report();
	assert_true(number(r, "injected") > 0);
	assert_true(number(r, "faults") > 0);
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

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(failing_removal_is_promised),
	    cmocka_unit_test(enumeration_keeps_promises),
	    cmocka_unit_test(enumeration_reboots),
	    cmocka_unit_test(broken_promise_is_found),
	    cmocka_unit_test(enumeration_finds),
	    cmocka_unit_test(finding_comes_back),
	    cmocka_unit_test(other_engines),
	    cmocka_unit_test(missing_site_is_named),
	    cmocka_unit_test(fail_function_interface),
	    cmocka_unit_test(softseam_under_kvm),
	    cmocka_unit_test(busy_module_is_lived_with),
	    cmocka_unit_test(stale_translation_is_found),
	    cmocka_unit_test(faults_stop),
	    cmocka_unit_test(arming_a_hot_function),
	};

	return vm_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
