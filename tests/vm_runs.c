// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs, mutants and kernels on which not all is well. */
#include "vm_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xmem.h"

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
	assert_int_equal(json_array_size(json_object_get(r, "checks")), 8);
	json_array_foreach(json_object_get(r, "checks"), i, s) assert_true(number(s, "count") > 0);
	json_decref(r);
}

/* A plan with some of stress-ng's stressors. */
#define STRESS_NG_PLAN "build/vm-stress-ng.ini"

static void write_stress_ng_plan(void)
{
	write_text(STRESS_NG_PLAN, "[plan]\nduration = 10 s\n[td]\nmemory = 64 MiB\n"
				   "lifetime = 4 s\n"
				   "[fault tdh_mem_page_aug]\nprobability = 5 %\n"
				   "[stressor fault]\n[stressor punch]\n"
				   "[stressor stress-ng]\nvm = 1\nvm-bytes = 64 MiB\nfork = 1\n"
				   "swap = 64 MiB\n");
}

static void stress_ng_runs_beside(void **state)
{
	json_t *r, *s;
	size_t i;

	(void)state;
	write_stress_ng_plan();
	want(run("", "--accel tcg " STRESS_NG_PLAN), 0);
	r = report();
	assert_true(number(r, "tds") > 1);
	assert_int_equal(number(json_object_get(r, "stress_ng"), "status"), 0);
	s = json_object_get(json_object_get(r, "stress_ng"), "stressors");
	assert_int_equal(json_array_size(s), 2);
	for (i = 0; i < 2; i++)
		assert_true(number(json_array_get(s, i), "bogo_ops") > 0);
	json_decref(r);
}

/* That it goes before the load is septorture's own failure: the load was another one. */
static void stress_ng_that_dies_is_invalid(void **state)
{
	json_t *r;

	(void)state;
	write_stress_ng_plan();
	want(run("STRESS_NG=/bin/ls", "--accel tcg " STRESS_NG_PLAN), 3);
	r = report();
	assert_contains(string(r, "invalid"), "stress-ng ended before the load did, with status 2; "
					      "its last words: Try '");
	assert_true(number(r, "load_ms") < 8000);
	json_decref(r);
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
	char *args = xstrdup("mutants --accel tcg --budget 20s --only control-table-traced-first");
	json_t *campaign;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char *longer = xasprintf("%s --only %s", args, pairs[i].mutant);

		free(args);
		args = longer;
	}
	campaign = campaign_of(args);
	free(args);
	assert_false(mutant_seen_by(campaign, "control-table-traced-first", NULL));
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (!mutant_seen_by(campaign, pairs[i].mutant, pairs[i].oracle) &&
		    !mutant_seen_later(pairs[i].mutant, pairs[i].oracle))
			fail_msg("%s was not seen by %s", pairs[i].mutant, pairs[i].oracle);
	assert_false(mutant_seen_by(campaign, "stats-before-external", "leak"));
	json_decref(campaign);
}

/* What the tests let pass, on a fake emulator, and that it is no more than that. */
static void new_races_pass(void **state)
{
	static const char race[] =
	    "BUG: KCSAN: data-race in kvm_mmu_page_fault / kvm_mmu_page_fault\n"
	    "read to 0xff11000004249df8 of 8 bytes by task 46 on cpu 1:\n"
	    " kvm_mmu_page_fault+0x1/0x2\n"
	    "write to 0xff11000004249df8 of 8 bytes by task 49 on cpu 0:\n"
	    " kvm_mmu_page_fault+0x1/0x2\n"
	    "Reported by Kernel Concurrency Sanitizer on:\n";
	static const char env[] = "QEMU=tests/fake-qemu FAKE_EVENTS=$PWD/build/fake-events "
				  "FAKE_CONSOLE=$PWD/build/fake-console";
	char *more = xasprintf("%sWARNING: a/b.c:5 at foo+0x1/0x2, CPU#0: x/1\n", race);
	int status;

	(void)state;
	write_text("build/fake-events",
		   "{\"e\":\"hello\",\"us\":1,\"v\":1,\"kernel\":\"x\",\"cpus\":2}\n"
		   "{\"e\":\"klog\",\"us\":1,\"text\":\"WARNING: at "
		   "septorture_provoked_warn+0x1/0x2\"}\n"
		   "{\"e\":\"provoked\",\"us\":1,\"what\":[\"warn\"]}\n"
		   "{\"e\":\"end\",\"us\":9,\"status\":\"done\",\"events\":3}\n");
	write_text("build/fake-console", race);
	status = run(env, "--accel tcg configs/plans/quick.ini");
	assert_int_equal(status, 1);
	want(status, 0);
	write_text("build/fake-console", more);
	assert_int_equal(run(env, "--accel tcg configs/plans/quick.ini"), 1);
	assert_false(found_only_races());
	free(more);
}

static void four_cpus(void **state)
{
	(void)state;
	want(run("", "tests/plans/smp4.ini"), 0);
}

/* KVM's code has its source lines, from the kernel's root. */
static void assert_lines(const json_t *f)
{
	const json_t *first = json_array_get(json_object_get(f, "frames"), 0);
	const char *file = string(first, "file");
	json_t *frame;
	size_t i;

	assert_true(!strncmp(file, "virt/kvm/", 9) || !strncmp(file, "arch/x86/kvm/", 13));
	assert_true(number(first, "line") > 0);
	/* Before the function that the signature names may come what was inlined into it. */
	json_array_foreach(json_object_get(f, "frames"), i, frame)
	{
		if (strstr(string(f, "signature"), string(frame, "function")))
			return;
	}
	fail_msg("no frame is the function of %s", string(f, "signature"));
}

/* A bug of Linux 7.3.4 itself (docs/kernel-findings.md); another kernel may have the fix. */
static void finds_bug_of_734(const char *plan, const char *word, const char *or_word)
{
	int status = run("", plan);
	json_t *r = report();
	const json_t *f;

	if (strncmp(string(r, "kernel"), "7.3.4", 5)) {
		json_decref(r);
		skip();
	}
	want(status, 1);
	f = finding(r, "klog", "warn", word);
	f = f ? f : finding(r, "klog", "warn", or_word);
	assert_non_null(f);
	assert_lines(f);
	json_decref(r);
}

static void cache_drain_is_found(void **state) /* K1 */
{
	(void)state;
	finds_bug_of_734("configs/plans/cache-drain.ini", "kvm_mmu_memory_cache_alloc",
			 "kvm_mmu_memory_cache_alloc");
}

static void vcpu_migration_is_found(void **state) /* K5: a matter of chance, but of some seconds */
{
	(void)state;
	finds_bug_of_734("configs/plans/vcpu-migration.ini", "tdx_vcpu_unlocked_ioctl",
			 "tdx_sept_free_private_spt");
}

static void uncharged_hkid_is_found(void **state) /* K9 */
{
	json_t *r;

	(void)state;
	want(run("", "--accel tcg configs/plans/hkid-limit.ini"), 1);
	r = report();
	assert_non_null(finding(r, "klog", "warn", "misc_cg_uncharge"));
	assert_non_null(finding(r, "ioctl", "limit", "does not allow"));
	assert_non_null(finding(r, "leak", "misc-cgroup", "not given back"));
	json_decref(r);
}

static void offline_cpu_is_found(void **state) /* K12 */
{
	json_t *r, *migrate;

	(void)state;
	want(run("", "--accel tcg --duration 10s configs/plans/cpu-hotplug.ini"), 1);
	r = report();
	assert_non_null(finding(r, "klog", "warn", "tdx_offline_cpu"));
	migrate = json_array_get(json_object_get(r, "stressors"), 2);
	assert_true(number(json_object_get(migrate, "counters"), "offline") > 0);
	json_decref(r);
}

static void obsolete_root_is_found(void **state) /* K13 */
{
	json_t *r;

	(void)state;
	want(run("", "--accel tcg configs/plans/obsolete-root.ini"), 1);
	r = report();
	assert_non_null(finding(r, "liveness", "livelock", "for ever"));
	json_decref(r);
}

static json_t *run_bad(const char *which, const char *text)
{
	char *env = xasprintf("SEPTORTURE_AGENT=build/tests/badstress "
			      "SEPTORTURE_APPEND=bad_stressor=%s",
			      which);
	json_t *r;

	want(run(env, "--accel tcg configs/plans/quick.ini"), 3);
	r = report();
	assert_string_equal(string(r, "verdict"), "invalid");
	assert_non_null(strstr(string(r, "invalid"), text));
	assert_int_equal(json_array_size(json_object_get(r, "findings")), 0);
	free(env);
	return r;
}

static void assert_thrown_out(const char *which, const char *text)
{
	json_t *r = run_bad(which, text), *c;

	c = json_array_get(json_object_get(r, "checks"), 0);
	assert_string_equal(string(c, "oracle"), "good");
	assert_int_equal(number(c, "failures"), 0);
	json_decref(r);
}

/* The tool's own errors, and no findings; what else runs goes on. */
static void bad_stressors_are_thrown_out(void **state)
{
	(void)state;
	assert_thrown_out("crash", "'crash' crashed (SIGSEGV)");
	assert_thrown_out("hang", "'hang' hangs");
}

static void dead_agent_is_invalid(void **state)
{
	(void)state;
	json_decref(run_bad("die", "it died, of signal 11"));
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

static void assert_blind(const char *how, const char *why)
{
	json_t *r = run_blind(how, 3);

	assert_string_equal(string(r, "verdict"), "invalid");
	assert_contains(string(r, "invalid"), why);
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

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(stock_kernel_is_clean),
	    cmocka_unit_test(stress_ng_runs_beside),
	    cmocka_unit_test(stress_ng_that_dies_is_invalid),
	    cmocka_unit_test(mutants_are_found),
	    cmocka_unit_test(new_races_pass),
	    cmocka_unit_test(four_cpus),
	    cmocka_unit_test(cache_drain_is_found),
	    cmocka_unit_test(vcpu_migration_is_found),
	    cmocka_unit_test(uncharged_hkid_is_found),
	    cmocka_unit_test(offline_cpu_is_found),
	    cmocka_unit_test(obsolete_root_is_found),
	    cmocka_unit_test(bad_stressors_are_thrown_out),
	    cmocka_unit_test(dead_agent_is_invalid),
	    cmocka_unit_test(panic_is_a_finding),
	    cmocka_unit_test(silent_vm_is_ended),
	    cmocka_unit_test(blind_kcsan_is_invalid),
	    cmocka_unit_test(unseen_warn_is_invalid),
	    cmocka_unit_test(lockdep_off_is_invalid),
	    cmocka_unit_test(failing_arming_is_invalid),
	    cmocka_unit_test(own_splat_is_invalid),
	    cmocka_unit_test(race_elsewhere_is_listed),
	};

	return vm_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
