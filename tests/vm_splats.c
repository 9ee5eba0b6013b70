// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernels that print splats on purpose (tests/mutants/splats.mutant): each is a finding. */
#include "vm_test.h"

#include <stdlib.h>

#include "xmem.h"

/*
 * Provoking NAME, with more kernel parameters, gives a finding of that KIND and SIGNATURE within so
 * much load.
 */
static void provoked(const char *name, const char *parameters, const char *duration,
		     const char *kind, const char *signature)
{
	char *args = xasprintf("--accel tcg --no-faults --duration %s --mutant "
			       "tests/mutants/splats.mutant configs/plans/quick.ini",
			       duration);
	char *env = xasprintf("SEPTORTURE_APPEND='septorture_splat=%s %s'", name, parameters);
	json_t *r;

	want(run(env, args), 1);
	free(env);
	free(args);
	r = report();
	if (!finding(r, "klog", kind, signature))
		fail_msg("%s: there is no klog/%s '%s'", name, kind, signature);
	json_decref(r);
}

static void a_lockdep_report_is_found(void **state)
{
	(void)state;
	provoked("circular", "", "2s", "lockdep", "(splat_mutex_a) at splat_circular");
}

static void a_dead_task_is_found(void **state)
{
	(void)state;
	provoked("null", "", "2s", "oops", "splat_null");
}

static void a_soft_lockup_is_found(void **state)
{
	(void)state;
	provoked("spin", "watchdog_thresh=3", "10s", "soft-lockup", "splat_spin");
}

static void a_hung_task_is_found(void **state)
{
	(void)state;
	/* It is looked for every 3 s, and has to hang as long as that. */
	provoked("hang", "sysctl.kernel.hung_task_timeout_secs=3", "10s", "hung-task",
		 "septorture_spla");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_lockdep_report_is_found),
	    cmocka_unit_test(a_dead_task_is_found),
	    cmocka_unit_test(a_soft_lockup_is_found),
	    cmocka_unit_test(a_hung_task_is_found),
	};

	return vm_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
