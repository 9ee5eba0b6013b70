// SPDX-License-Identifier: GPL-2.0-or-later
/* The leaves that share checks, each in a situation where it succeeds. */
#include "conf.h"

static void up_sept_add(struct tdx_module_args *a)
{
	conf_up(TD_STATE_INITIALIZED);
	arena_tables(&conf.td, CONF_PROG);
	/* Next to the last level's table for the program. */
	a->rcx = CONF_GPA | 1;
	a->rdx = conf.td.tdr;
	a->r8 = arena_page();
}

static void up_page_add(struct tdx_module_args *a)
{
	conf_up(TD_STATE_INITIALIZED);
	arena_tables(&conf.td, CONF_GPA);
	a->rcx = CONF_GPA;
	a->rdx = conf.td.tdr;
	a->r8 = arena_page();
	a->r9 = arena_page();
}

static void up_page_aug(struct tdx_module_args *a)
{
	up_page_add(a);
	a->r9 = 0;
}

static void up_range_block(struct tdx_module_args *a)
{
	conf_up(TD_STATE_INITIALIZED);
	arena_aug(&conf.td, CONF_GPA);
	a->rcx = CONF_GPA;
	a->rdx = conf.td.tdr;
}

static void up_page_remove(struct tdx_module_args *a)
{
	up_range_block(a);
	conf_block(CONF_GPA);
}

static void up_tdr(struct tdx_module_args *a)
{
	conf_up(TD_STATE_INITIALIZED);
	a->rcx = conf.td.tdr;
}

static void up_mr_extend(struct tdx_module_args *a)
{
	conf_up(TD_STATE_INITIALIZED);
	arena_add(&conf.td, CONF_GPA, NULL);
	a->rcx = CONF_GPA;
	a->rdx = conf.td.tdr;
}

static void up_key_config(struct tdx_module_args *a)
{
	conf_up(TD_STATE_CREATED);
	a->rcx = conf.td.tdr;
}

static void up_addcx(struct tdx_module_args *a)
{
	conf_up(TD_STATE_KEYED);
	a->rcx = arena_page();
	a->rdx = conf.td.tdr;
}

static void up_mng_init(struct tdx_module_args *a)
{
	conf_up(TD_STATE_COMPLETE);
	a->rcx = conf.td.tdr;
	a->rdx = arena_td_params();
}

static void up_mng_rd(struct tdx_module_args *a)
{
	up_tdr(a);
	a->rdx = 0x110000000000000a; /* TSC_OFFSET */
}

static void up_finalize(struct tdx_module_args *a)
{
	up_tdr(a);
	conf_vcpu();
}

static void up_freeid(struct tdx_module_args *a)
{
	up_tdr(a);
	succeed(call(MNG_VPFLUSHDONE, .rcx = conf.td.tdr));
	succeed(call(PHYMEM_CACHE_WB));
}

static void up_vp_create(struct tdx_module_args *a)
{
	conf_up(TD_STATE_INITIALIZED);
	a->rcx = arena_page();
	a->rdx = conf.td.tdr;
}

static void up_vp_addcx(struct tdx_module_args *a)
{
	conf_up(TD_STATE_INITIALIZED);
	conf.vp = arena_page();
	succeed(call(VP_CREATE, .rcx = conf.vp, .rdx = conf.td.tdr));
	a->rcx = arena_page();
	a->rdx = conf.vp;
}

static void up_vp_init(struct tdx_module_args *a)
{
	up_vp_addcx(a);
	for (int i = 0; i < SEAM_TDVPS_TDCX; i++)
		succeed(call(VP_ADDCX, .rcx = arena_page(), .rdx = conf.vp));
	a->rcx = conf.vp;
	a->rdx = CONF_PROG;
}

static void up_vp(struct tdx_module_args *a)
{
	conf_up(TD_STATE_INITIALIZED);
	conf_vcpu();
	a->rcx = conf.vp;
}

static void up_vp_field(struct tdx_module_args *a)
{
	up_vp(a);
	a->rdx = 0x203c; /* SHARED_EPT_POINTER */
	a->r9 = ~0ULL;
}

static void up_enter(struct tdx_module_args *a)
{
	conf_runnable();
	a->rcx = conf.vp;
}

static void up_page(struct tdx_module_args *a)
{
	a->rcx = arena_page();
}

static void up_reclaim(struct tdx_module_args *a)
{
	conf_up(TD_STATE_INITIALIZED);
	arena_td_stop(&conf.td, NULL, 0, 0);
	a->rcx = conf.td.tdcx[0];
}

static void bad_pinfo(struct tdx_module_args *a)
{
	a->rcx |= 8;
}

static void bad_rdx(struct tdx_module_args *a)
{
	a->rdx |= BIT_ULL(62) | 8;
}

static void bad_page(struct tdx_module_args *a)
{
	a->rcx |= 8;
}

static void bad_epoch(struct tdx_module_args *a)
{
	(void)a;
	conf_tdr()->refcount[0] = 1;
}

static void no_vcpus(struct tdx_module_args *a)
{
	(void)a;
	conf_tdr()->nvcpus = 0;
}

static void initialized(struct tdx_module_args *a)
{
	(void)a;
	conf_tdvpr()->state = VP_READY;
}

static void uninitialized(struct tdx_module_args *a)
{
	(void)a;
	conf_tdvpr()->state = VP_UNINITIALIZED;
}

static void no_tdcx(struct tdx_module_args *a)
{
	(void)a;
	conf_tdvpr()->ntdcx = 0;
}

#define S(state)  (1U << SEPT_##state)
#define INIT	  OPS(OP_INITIALIZED)
#define LIVE	  (OPS(OP_INITIALIZED) | OPS(OP_RUNNABLE))
#define HLT	  77
#define SEPT_LEAF .object = ID_RDX, .spoil = bad_pinfo, .zeroes = true

const struct conf_subject conf_subjects[] = {
    {"TDH.MEM.SEPT.ADD", MEM_SEPT_ADD, up_sept_add, SEPT_LEAF, .page = ID_R8, .states = LIVE,
     .min_level = 1, .bad_level = 4, .entry_states = S(FREE) | S(NL_MAPPED)},
    {"TDH.MEM.PAGE.ADD", MEM_PAGE_ADD, up_page_add, SEPT_LEAF, .mode = SEAM_EXCLUSIVE,
     .page = ID_R8, .states = INIT, .bad_level = 1, .no_entry_lock = true, .entry_states = S(FREE)},
    /* Level 1 is the module's, and not this model's. */
    {"TDH.MEM.PAGE.AUG", MEM_PAGE_AUG, up_page_aug, SEPT_LEAF, .page = ID_R8, .states = LIVE,
     .bad_level = 2, .entry_states = S(FREE)},
    {"TDH.MEM.RANGE.BLOCK", MEM_RANGE_BLOCK, up_range_block, SEPT_LEAF, .states = LIVE,
     .bad_level = 4, .tree = SEAM_EXCLUSIVE,
     .entry_states =
	 S(MAPPED) | S(PENDING) | S(NL_MAPPED) | S(BLOCKED) | S(PENDING_BLOCKED) | S(NL_BLOCKED)},
    {"TDH.MEM.PAGE.REMOVE", MEM_PAGE_REMOVE, up_page_remove, SEPT_LEAF, .states = LIVE,
     .bad_level = 3, .entry_states = S(MAPPED) | S(PENDING) | S(BLOCKED) | S(PENDING_BLOCKED)},
    {"TDH.MEM.TRACK", MEM_TRACK, up_tdr, .object = ID_RCX, .spoil = bad_epoch, .states = LIVE},
    {"TDH.MNG.KEY.CONFIG", MNG_KEY_CONFIG, up_key_config, .object = ID_RCX, .mode = SEAM_EXCLUSIVE},
    {"TDH.MNG.ADDCX", MNG_ADDCX, up_addcx, .object = ID_RDX, .mode = SEAM_EXCLUSIVE,
     .page = ID_RCX},
    {"TDH.MNG.INIT", MNG_INIT, up_mng_init, .object = ID_RCX, .spoil = bad_rdx,
     .mode = SEAM_EXCLUSIVE, .states = OPS(OP_UNINITIALIZED)},
    {"TDH.MNG.RD", MNG_RD, up_mng_rd, .object = ID_RCX, .spoil = bad_rdx, .states = LIVE},
    {"TDH.MR.EXTEND", MR_EXTEND, up_mr_extend, SEPT_LEAF, .mode = SEAM_EXCLUSIVE, .states = INIT},
    {"TDH.MR.FINALIZE", MR_FINALIZE, up_finalize, .object = ID_RCX, .spoil = no_vcpus,
     .mode = SEAM_EXCLUSIVE, .states = INIT},
    {"TDH.MNG.VPFLUSHDONE", MNG_VPFLUSHDONE, up_tdr, .object = ID_RCX, .mode = SEAM_EXCLUSIVE},
    {"TDH.MNG.KEY.FREEID", MNG_KEY_FREEID, up_freeid, .object = ID_RCX, .mode = SEAM_EXCLUSIVE},
    {"TDH.VP.CREATE", VP_CREATE, up_vp_create, .object = ID_RDX, .spoil = bad_page, .page = ID_RCX,
     .states = INIT},
    {"TDH.VP.ADDCX", VP_ADDCX, up_vp_addcx, .object = ID_RDX, .vp = true, .spoil = initialized,
     .mode = SEAM_EXCLUSIVE, .page = ID_RCX, .states = INIT},
    {"TDH.VP.INIT", VP_INIT | V1, up_vp_init, .object = ID_RCX, .vp = true, .spoil = no_tdcx,
     .mode = SEAM_EXCLUSIVE, .td_mode = SEAM_EXCLUSIVE, .states = INIT},
    {"TDH.VP.RD", VP_RD, up_vp_field, .object = ID_RCX, .vp = true, .spoil = uninitialized,
     .states = LIVE},
    {"TDH.VP.WR", VP_WR, up_vp_field, .object = ID_RCX, .vp = true, .spoil = uninitialized,
     .states = LIVE},
    {"TDH.VP.FLUSH", VP_FLUSH, up_vp, .object = ID_RCX, .vp = true, .mode = SEAM_EXCLUSIVE},
    {"TDH.VP.ENTER", VP_ENTER, up_enter, .object = ID_RCX, .vp = true, .spoil = no_tdcx,
     .success = HLT, .states = OPS(OP_RUNNABLE)},
    {"TDH.PHYMEM.PAGE.RECLAIM", PHYMEM_PAGE_RECLAIM, up_reclaim, .object = ID_RCX, .plain = true,
     .mode = SEAM_EXCLUSIVE, .zeroes = true},
    {"TDH.PHYMEM.PAGE.WBINVD", PHYMEM_PAGE_WBINVD, up_page, .object = ID_RCX, .plain = true},
    {"TDH.PHYMEM.PAGE.RDMD", PHYMEM_PAGE_RDMD, up_page, .object = ID_RCX, .plain = true},
    {0},
};

const struct conf_subject *conf_leaf(void)
{
	const struct conf_subject *s;

	for (s = conf_subjects; s->leaf; s++)
		if (!strcmp(s->leaf, conf.row->leaf))
			return s;
	conf_failed(__FILE__, __LINE__, "no subject of that name");
	return NULL;
}

struct tdx_module_args conf_prepared(void)
{
	struct tdx_module_args a = {};

	conf_leaf()->prepare(&a);
	return a;
}

u64 *conf_reg(struct tdx_module_args *a, u32 id)
{
	switch (id) {
	case ID_RCX:
		return &a->rcx;
	case ID_RDX:
		return &a->rdx;
	case ID_R8:
		return &a->r8;
	default:
		return &a->r9;
	}
}

u64 conf_run(struct tdx_module_args a)
{
	arena_out = a;
	return arena_call_on(0, conf_leaf()->rax, &arena_out);
}
