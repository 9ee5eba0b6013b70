// SPDX-License-Identifier: GPL-2.0-only
/* Counts statuses that fail_function returned in the module's place, beside its own. */
#include <linux/ctype.h>
#include <linux/init.h>
#include <linux/kallsyms.h>
#include <asm/softseam.h>
#include <trace/events/fail_function.h>

#include "seam.h"

static unsigned long known[SEAM_MAX_LEAF];	/* address of each leaf's wrapper, once seen */

/* TDH.MEM.PAGE.AUG's wrapper is tdh_mem_page_aug(); some leaves have several, with a suffix. */
static bool is_wrapper(const char *leaf, const char *function)
{
	for (; *leaf; leaf++, function++)
		if (*function != (*leaf == '.' ? '_' : tolower(*leaf)))
			return false;
	return !*function || *function == '_';
}

static int leaf_of(unsigned long function)
{
	char name[KSYM_SYMBOL_LEN];

	for (int i = 0; i < SEAM_MAX_LEAF; i++)
		if (READ_ONCE(known[i]) == function)
			return i;
	sprint_symbol_no_offset(name, function);
	for (int i = 0; i < SEAM_MAX_LEAF; i++) {
		if (seam_leaves[i].name && is_wrapper(seam_leaves[i].name, name)) {
			WRITE_ONCE(known[i], function);
			return i;
		}
	}
	return -1;
}

static void on_injection(void *data, unsigned long function, const struct fei_call *call)
{
	int leaf = call->fail ? leaf_of(function) : -1;

	if (leaf < 0)
		return;
	seam_count_status(leaf, call->retval, SEAM_INJECTED);
	seam_store(&seam_sys.lp[raw_smp_processor_id()].injected, leaf + 1);
}

static int __init seam_injected_init(void)
{
	if (!softseam_enabled())
		return 0;
	return register_trace_fail_function_injected(on_injection, NULL);
}
late_initcall(seam_injected_init);
