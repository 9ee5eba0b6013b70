// SPDX-License-Identifier: GPL-2.0-only
/* The dispatcher: which leaf, may it run now, how did it end. */
#include "seam.h"

struct seam_count seam_counts[SEAM_MAX_LEAF];
struct seam_findings seam_findings;

#define LEAF(leaf_name, leaf_fn, ...)	{ .name = leaf_name, .fn = leaf_fn, ##__VA_ARGS__ }

/* A leaf that isn't here is unknown to the module; adding one is a line here. */
const struct seam_leaf seam_leaves[SEAM_MAX_LEAF] = {
	[0]  = LEAF("TDH.VP.ENTER", seam_vp_enter),
	[1]  = LEAF("TDH.MNG.ADDCX", seam_mng_addcx),
	[2]  = LEAF("TDH.MEM.PAGE.ADD", seam_mem_page_add),
	[3]  = LEAF("TDH.MEM.SEPT.ADD", seam_mem_sept_add, .max_version = 1),
	[4]  = LEAF("TDH.VP.ADDCX", seam_vp_addcx),
	[6]  = LEAF("TDH.MEM.PAGE.AUG", seam_mem_page_aug),
	[7]  = LEAF("TDH.MEM.RANGE.BLOCK", seam_mem_range_block),
	[8]  = LEAF("TDH.MNG.KEY.CONFIG", seam_mng_key_config),
	[9]  = LEAF("TDH.MNG.CREATE", seam_mng_create),
	[10] = LEAF("TDH.VP.CREATE", seam_vp_create),
	[11] = LEAF("TDH.MNG.RD", seam_mng_rd, .max_version = 1),
	[16] = LEAF("TDH.MR.EXTEND", seam_mr_extend),
	[17] = LEAF("TDH.MR.FINALIZE", seam_mr_finalize),
	[18] = LEAF("TDH.VP.FLUSH", seam_vp_flush),
	[19] = LEAF("TDH.MNG.VPFLUSHDONE", seam_mng_vpflushdone),
	[20] = LEAF("TDH.MNG.KEY.FREEID", seam_mng_key_freeid),
	[21] = LEAF("TDH.MNG.INIT", seam_mng_init),
	[22] = LEAF("TDH.VP.INIT", seam_vp_init, .max_version = 1),
	[24] = LEAF("TDH.PHYMEM.PAGE.RDMD", seam_phymem_page_rdmd),
	[26] = LEAF("TDH.VP.RD", seam_vp_rd, .max_version = 1),
	[28] = LEAF("TDH.PHYMEM.PAGE.RECLAIM", seam_phymem_page_reclaim),
	[29] = LEAF("TDH.MEM.PAGE.REMOVE", seam_mem_page_remove),
	[31] = LEAF("TDH.SYS.KEY.CONFIG", seam_sys_key_config, .sys = true),
	[33] = LEAF("TDH.SYS.INIT", seam_sys_init, .sys = true),
	[34] = LEAF("TDH.SYS.RD", seam_sys_rd, .sys = true),
	[35] = LEAF("TDH.SYS.LP.INIT", seam_sys_lp_init, .sys = true),
	[36] = LEAF("TDH.SYS.TDMR.INIT", seam_sys_tdmr_init),
	[38] = LEAF("TDH.MEM.TRACK", seam_mem_track),
	[40] = LEAF("TDH.PHYMEM.CACHE.WB", seam_phymem_cache_wb),
	[41] = LEAF("TDH.PHYMEM.PAGE.WBINVD", seam_phymem_page_wbinvd),
	[43] = LEAF("TDH.VP.WR", seam_vp_wr),
	[45] = LEAF("TDH.SYS.CONFIG", seam_sys_config, .sys = true),
};

static_assert(SEAM_MAX_LEAF == SEAM_LATENT_LEAVES);

void seam_count_status(u32 leaf, u64 status, enum seam_cause cause)
{
	struct seam_count *count = &seam_counts[leaf];
	u64 used;

	/* An id in place of an operand would need a line each. */
	if (S_CODE(status) == S_X2APIC_ID_NOT_UNIQUE)
		status = S_X2APIC_ID_NOT_UNIQUE;
	for (u64 i = 0;; i++) {
		used = seam_load(&count->used);
		while (i >= used && used < SEAM_STATUSES)
			if (seam_cmpxchg(&count->used, &used, used + 1)) {
				/* Nobody else writes there; a reader may still see 0, success. */
				seam_store(&count->s[used].status, status);
				i = used++;
			}
		if (i >= SEAM_STATUSES) {
			seam_add(&count->other, 1);
			return;
		}
		if (seam_load(&count->s[i].status) == status) {
			seam_add(&count->s[i].n[cause], 1);
			return;
		}
	}
}

/* Waits that are asked for are no module's lock: this one waits. */
void seam_spend(struct seam_call *c)
{
	u32 ns = seam_load(&seam_latent.leaf_ns[c->leaf]);
	u64 start;

	if (!ns || c->spent)
		return;
	c->spent = true;
	for (start = seam_now_ns(); seam_now_ns() - start < ns;)
		seam_relax();
}

/*
 * Once, or if it is to be patient until no lock is in the way; but not if KVM tries once more
 * after a failure, and has to have seen to it that there is none.
 */
static u64 call(const struct seam_leaf *leaf, struct seam_call *c)
{
	const struct tdx_module_args args = *c->a;
	const struct seam_call first = *c;
	bool again = seam_load(&seam_sys.lp[c->lp].injected) == c->leaf + 1;
	bool patient = seam_load(&seam_latent.patient[c->leaf]) && !again;
	u64 start = patient ? seam_now_ns() : 0;
	u64 status;

	if (again)
		seam_store(&seam_sys.lp[c->lp].injected, 0);
	status = leaf->fn(c);
	while (patient && S_CODE(status) == S_OPERAND_BUSY &&
	       seam_now_ns() - start < SEAM_PATIENCE_NS) {
		seam_relax();
		*c = first;
		*c->a = args;
		status = leaf->fn(c);
	}
	return status;
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
	if (!leaf || lp >= SEAM_MAX_LPS)
		return S_OPERAND_INVALID | ID_RAX;

	seam_store(&seam_sys.lp[lp].leaf, c.leaf + 1);
	status = call(leaf, &c);
	seam_store(&seam_sys.lp[lp].leaf, 0);
	seam_store(&seam_sys.lp[lp].tdr, 0);
	seam_count_status(c.leaf, status, c.provoked ? SEAM_PROVOKED : SEAM_NATURAL);
	return status;
}

void seam_invept(u32 lp)
{
	if (lp < SEAM_MAX_LPS)
		seam_add(&seam_sys.lp[lp].invepts, 1);
}
