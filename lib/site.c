// SPDX-License-Identifier: GPL-2.0-or-later
#include "site.h"

#include <string.h>

#include "contracts.h"

#define FAIL(name, contexts, what) name, what, ENGINE_FAIL_FUNCTION, contexts

const struct site sites[] = {
    {FAIL("tdp_mmu_set_external_spte", ctx_external,
	  "the mirror SPTE's change is propagated to the external table")},
    {FAIL("tdh_mem_page_add", ctx_page_add, "TDH.MEM.PAGE.ADD: a page of the initial image")},
    {FAIL("tdh_mem_page_aug", ctx_page_aug, "TDH.MEM.PAGE.AUG: a page on demand")},
    {FAIL("tdh_mem_sept_add", ctx_sept_add, "TDH.MEM.SEPT.ADD: a table of the S-EPT")},
    {FAIL("tdh_mem_range_block", ctx_range_block, "TDH.MEM.RANGE.BLOCK: no new use of a page")},
    {FAIL("tdh_mem_track", ctx_track, "TDH.MEM.TRACK: vCPUs flush at their next entry")},
    {FAIL("tdh_mem_page_remove", ctx_page_remove, "TDH.MEM.PAGE.REMOVE: a page leaves the TD")},
    {FAIL("tdh_phymem_page_wbinvd_hkid", ctx_wbinvd_hkid,
	  "TDH.PHYMEM.PAGE.WBINVD: a page that has left the TD is written back")},
    {FAIL("tdh_mng_create", ctx_mng_create, "TDH.MNG.CREATE: a TD gets TDR and HKID")},
    {FAIL("tdh_mng_key_config", ctx_mng_key_config, "TDH.MNG.KEY.CONFIG: its key, per package")},
    {FAIL("tdh_mng_addcx", ctx_mng_addcx, "TDH.MNG.ADDCX: a page of its control structure")},
    {FAIL("tdh_mng_init", ctx_mng_init, "TDH.MNG.INIT: its parameters")},
    {FAIL("tdh_mng_rd", ctx_mng_rd, "TDH.MNG.RD: a field of a TD is read")},
    {FAIL("tdh_vp_create", ctx_vp_create, "TDH.VP.CREATE: a vCPU gets its TDVPR")},
    {FAIL("tdh_vp_addcx", ctx_vp_addcx, "TDH.VP.ADDCX: a page of its control structure")},
    {FAIL("tdh_vp_init", ctx_vp_init, "TDH.VP.INIT: its initial state")},
    {FAIL("tdh_vp_rd", ctx_vp_rd, "TDH.VP.RD: a field of a vCPU is read")},
    {FAIL("tdh_vp_wr", ctx_vp_wr, "TDH.VP.WR: a field of a vCPU is written")},
    {FAIL("tdh_mr_extend", ctx_mr_extend, "TDH.MR.EXTEND: a piece of the image is measured")},
    {FAIL("tdh_mr_finalize", ctx_mr_finalize, "TDH.MR.FINALIZE: the TD is complete")},
    {"tdh_vp_enter", "TDH.VP.ENTER: a vCPU enters the guest", ENGINE_SOFTSEAM, ctx_vp_enter},
    {FAIL("tdh_vp_flush", ctx_vp_flush, "TDH.VP.FLUSH: a vCPU leaves its CPU")},
    {FAIL("tdh_mng_vpflushdone", ctx_mng_vpflushdone, "TDH.MNG.VPFLUSHDONE: all vCPUs have left")},
    {FAIL("tdh_phymem_cache_wb", ctx_cache_wb, "TDH.PHYMEM.CACHE.WB: caches are written back")},
    {FAIL("tdh_mng_key_freeid", ctx_mng_key_freeid, "TDH.MNG.KEY.FREEID: the HKID is free again")},
    {FAIL("tdh_phymem_page_reclaim", ctx_reclaim, "TDH.PHYMEM.PAGE.RECLAIM: a page of a dead TD")},
    {FAIL("tdh_phymem_page_wbinvd_tdr", ctx_wbinvd_tdr,
	  "TDH.PHYMEM.PAGE.WBINVD: the TDR of a dead TD is written back")},
    {FAIL("spte_cmpxchg_window", ctx_cmpxchg_window,
	  "an SPTE was read, and is about to be changed")},
    {FAIL("spte_changed_window", ctx_changed_window,
	  "an SPTE was changed, and neither are TLBs flushed nor is it accounted")},
    {"failslab", "small objects", ENGINE_FAILSLAB, ctx_failslab},
    {"fail_page_alloc", "pages", ENGINE_FAIL_PAGE_ALLOC, ctx_fail_page_alloc},
    {0},
};

const struct site *site_find(const char *name)
{
	for (const struct site *s = sites; s->name; s++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

const struct context *site_context(const struct site *site, const char *name)
{
	for (const struct context *c = site->contexts; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

const struct status *context_status(const struct context *ctx, const char *name)
{
	for (const struct status *s = ctx->statuses; s->name; s++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

enum platform context_platform(const struct context *ctx)
{
	return ctx->platform ? ctx->platform : PLATFORM_MIRROR;
}

/* A status means the same wherever it comes from. */
const char *status_name(uint64_t value)
{
	for (const struct site *site = sites; site->name; site++)
		for (const struct context *c = site->contexts; c->name; c++)
			for (const struct status *s = c->statuses; s->name; s++)
				if (s->value == value)
					return s->name;
	return NULL;
}

const char *contract_name(enum contract c)
{
	static const char *const names[] = {
	    [CONTRACT_RETRY] = "retry",
	    [CONTRACT_ABSORBED] = "absorbed",
	    [CONTRACT_ONCE] = "once",
	    [CONTRACT_IGNORED] = "ignored",
	    [CONTRACT_USER_ERROR] = "user-error",
	    [CONTRACT_LEAK] = "leak",
	    [CONTRACT_VM_FATAL] = "VM-fatal",
	    [CONTRACT_NEVER] = "never",
	};

	return names[c];
}
