// SPDX-License-Identifier: GPL-2.0-only
/* The dispatcher: which leaf, may it run now, how did it end. */
#include "seam.h"

struct seam_count seam_counts[SEAM_MAX_LEAF];
struct seam_findings seam_findings;

/* A leaf that isn't here is unknown to the module; adding one is a line here. */
const struct seam_leaf seam_leaves[SEAM_MAX_LEAF] = {
	[0]  = { "TDH.VP.ENTER", seam_vp_enter },
	[1]  = { "TDH.MNG.ADDCX", seam_mng_addcx },
	[2]  = { "TDH.MEM.PAGE.ADD", seam_mem_page_add },
	[3]  = { "TDH.MEM.SEPT.ADD", seam_mem_sept_add },
	[4]  = { "TDH.VP.ADDCX", seam_vp_addcx },
	[6]  = { "TDH.MEM.PAGE.AUG", seam_mem_page_aug },
	[7]  = { "TDH.MEM.RANGE.BLOCK", seam_mem_range_block },
	[8]  = { "TDH.MNG.KEY.CONFIG", seam_mng_key_config },
	[9]  = { "TDH.MNG.CREATE", seam_mng_create },
	[10] = { "TDH.VP.CREATE", seam_vp_create },
	[11] = { "TDH.MNG.RD", seam_mng_rd },
	[16] = { "TDH.MR.EXTEND", seam_mr_extend },
	[17] = { "TDH.MR.FINALIZE", seam_mr_finalize },
	[18] = { "TDH.VP.FLUSH", seam_vp_flush },
	[19] = { "TDH.MNG.VPFLUSHDONE", seam_mng_vpflushdone },
	[20] = { "TDH.MNG.KEY.FREEID", seam_mng_key_freeid },
	[21] = { "TDH.MNG.INIT", seam_mng_init },
	[22] = { "TDH.VP.INIT", seam_vp_init, .max_version = 1 },
	[24] = { "TDH.PHYMEM.PAGE.RDMD", seam_phymem_page_rdmd },
	[26] = { "TDH.VP.RD", seam_vp_rd },
	[28] = { "TDH.PHYMEM.PAGE.RECLAIM", seam_phymem_page_reclaim },
	[29] = { "TDH.MEM.PAGE.REMOVE", seam_mem_page_remove },
	[31] = { "TDH.SYS.KEY.CONFIG", seam_sys_key_config, .sys = true },
	[33] = { "TDH.SYS.INIT", seam_sys_init, .sys = true },
	[34] = { "TDH.SYS.RD", seam_sys_rd, .sys = true },
	[35] = { "TDH.SYS.LP.INIT", seam_sys_lp_init, .sys = true },
	[36] = { "TDH.SYS.TDMR.INIT", seam_sys_tdmr_init },
	[38] = { "TDH.MEM.TRACK", seam_mem_track },
	[40] = { "TDH.PHYMEM.CACHE.WB", seam_phymem_cache_wb },
	[41] = { "TDH.PHYMEM.PAGE.WBINVD", seam_phymem_page_wbinvd },
	[43] = { "TDH.VP.WR", seam_vp_wr },
	[45] = { "TDH.SYS.CONFIG", seam_sys_config, .sys = true },
};

/* RAX of a successful TDH.VP.ENTER is the exit reason, not a failure. */
static void count(u32 leaf, u64 status)
{
	struct seam_count *n = &seam_counts[leaf];

	seam_add(&n->calls, 1);
	if (S_CODE(status) == S_OPERAND_BUSY)
		seam_add(&n->busy, 1);
	else if (S_CODE(status))
		seam_add(&n->failed, 1);
}

u64 seam_call_leaf(u64 rax, struct tdx_module_args *a, u32 lp)
{
	struct seam_call c = {
		.a = a,
		.leaf = rax & 0xffff,
		.version = (rax >> 16) & 0xff,
		.lp = lp,
	};
	const struct seam_leaf *leaf = NULL;
	u64 status;

	if (c.leaf < SEAM_MAX_LEAF && seam_leaves[c.leaf].fn)
		leaf = &seam_leaves[c.leaf];

	if (rax >> 24 || (leaf ? c.version > leaf->max_version : c.version > 1))
		return S_OPERAND_INVALID | ID_RAX;
	if (!seam_load(&seam_sys.ready) && !(leaf && leaf->sys))
		return S_SYS_NOT_READY;
	if (!leaf)
		return S_OPERAND_INVALID | ID_RAX;

	status = leaf->fn(&c);
	count(c.leaf, status);
	return status;
}
