// SPDX-License-Identifier: GPL-2.0-only
/* softseam's entry from the kernel. */
#define pr_fmt(fmt) "softseam: " fmt

#include <linux/cache.h>
#include <linux/init.h>
#include <linux/instrumentation.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <asm/softseam.h>
#include <asm/softvmx.h>
#include "seam.h"

bool __softseam_enabled __ro_after_init;

noinstr u64 softseam_call(u64 fn, struct tdx_module_args *args)
{
	u64 status;

	instrumentation_begin();
	status = seam_call_leaf(fn, args, raw_smp_processor_id());
	instrumentation_end();
	return status;
}

/* The kernel puts all its memory into TDMRs, and reserves the holes. */
bool seam_host_readable(u64 pa)
{
	struct pamt *p = pamt_find(pa);

	return p && seam_load(&p->type) != PT_RSVD;
}

noinstr void softseam_invept(void)
{
	seam_invept(raw_smp_processor_id());
}

/* Before subsys_initcall(tdx_enable), which makes the first SEAMCALL. */
static int __init softseam_setup(void)
{
	__softseam_enabled = softvmx_enabled();
	if (__softseam_enabled)
		pr_info("SEAMCALLs are answered in software\n");
	return 0;
}
arch_initcall(softseam_setup);
