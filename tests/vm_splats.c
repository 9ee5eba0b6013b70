// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernels that print splats on purpose (tests/mutants/splats.mutant): each is a finding. */
#include "vm_test.h"

#include <stdlib.h>

#include "xmem.h"

/* The finding that provoking NAME gives, with more kernel parameters. */
static json_t *provoke(const char *name, const char *parameters, const char *kind,
		       const char *signature)
{
	char *env = xasprintf("SEPTORTURE_APPEND='septorture_splat=%s %s'", name, parameters);
	json_t *r;

	want(run(env, "--accel tcg --no-faults --duration 2s "
		      "--mutant tests/mutants/splats.mutant configs/plans/quick.ini"),
	     1);
	free(env);
	r = report();
	if (!finding(r, "klog", kind, signature))
		fail_msg("%s: there is no klog/%s '%s'", name, kind, signature);
	return r;
}

static void provoked(const char *name, const char *parameters, const char *kind,
		     const char *signature)
{
	json_decref(provoke(name, parameters, kind, signature));
}

static void a_lockdep_report_is_found(void **state)
{
	(void)state;
	provoked("circular", "", "lockdep", "(splat_mutex_a) at splat_circular");
}

static void a_dead_task_is_found(void **state)
{
	(void)state;
	provoked("null", "", "oops", "splat_null");
}

static void a_soft_lockup_is_found(void **state)
{
	(void)state;
	provoked("spin", "watchdog_thresh=3", "soft-lockup", "splat_spin");
}

static void a_hung_task_is_found(void **state)
{
	(void)state;
	provoked("hang", "sysctl.kernel.hung_task_timeout_secs=3", "hung-task", "septorture_spla");
}

/* A kernel with debug information says where, one without that it has none. */
static void a_warning_has_lines(void **state)
{
	json_t *r = provoke("warn", "", "warn", "splat_warn");
	const json_t *frames = json_object_get(finding(r, "klog", "warn", "splat_warn"), "frames");
	const json_t *first = json_array_get(frames, 0);

	(void)state;
	if (json_is_string(json_object_get(r, "no_lines"))) {
		assert_int_equal(json_array_size(frames), 0);
	} else {
		assert_string_equal(string(first, "function"), "splat_warn");
		assert_string_equal(string(first, "file"), "kernel/panic.c");
		assert_true(number(first, "line") > 0);
	}
	json_decref(r);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_lockdep_report_is_found), cmocka_unit_test(a_dead_task_is_found),
	    cmocka_unit_test(a_soft_lockup_is_found),	 cmocka_unit_test(a_hung_task_is_found),
	    cmocka_unit_test(a_warning_has_lines),
	};

	return vm_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
