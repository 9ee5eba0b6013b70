// SPDX-License-Identifier: GPL-2.0-only
/* softseam's entry from the kernel. */
#define pr_fmt(fmt) "softseam: " fmt

#include <linux/cache.h>
#include <linux/init.h>
#include <linux/instrumentation.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/printk.h>
#include <linux/sched.h>
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

/*
 * page->private of these pages is nobody else's, and the allocator clears it for whoever has the
 * page next. Which page is still held is exact so, unlike what a cgroup is charged for.
 */
#define LEFT	0x5ea3be4ab0UL	/* the lowest bits are the type */

void seam_page_left(u64 pa, enum pamt_type type)
{
	set_page_private(pfn_to_page(PHYS_PFN(pa)), LEFT | type);
}

static void count_kept(u64 pa, struct pamt *p, u64 *n)
{
	struct page *page = pfn_to_page(PHYS_PFN(pa));
	/* Whoever has it by now may write there; then it is not LEFT. */
	unsigned long type = data_race(page_private(page)) ^ LEFT;

	if (type < PT_NR && page_count(page) && seam_load(&p->type) == PT_NDA)
		n[type]++;
}

void seam_pages_kept(u64 *n)
{
	for (u32 i = 0; i < seam_load(&seam_sys.ntdmrs); i++) {
		struct seam_tdmr *t = &seam_sys.tdmr[i];
		struct pamt *p = seam_va(t->pamt_pa);

		for (u64 at = 0; at < seam_load(&t->done); at += SEAM_PAGE_SIZE, p++)
			if (seam_load(&p->type) == PT_NDA)
				count_kept(t->base + at, p, n);
		cond_resched();
	}
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
