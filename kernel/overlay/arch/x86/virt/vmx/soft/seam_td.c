// SPDX-License-Identifier: GPL-2.0-only
/* TDs: opening one for a leaf, its life cycle, its HKID, its measurements. */
#include "seam.h"

#define ATTRIBUTES_FIXED0	0x8000000070000001ULL
#define XFAM_FIXED0		0x6dbe7ULL
#define XFAM_FIXED1		3ULL
#define CONFIG_FLAGS_MAX_GPAW	BIT_ULL(0)
#define CONFIG_FLAGS_ALLOWED	(CONFIG_FLAGS_MAX_GPAW | BIT_ULL(1) | BIT_ULL(2))
#define EPTP_WB			6
#define EPTP_LEVELS(eptp)	((((eptp) >> 3) & 7) + 1)

/* TD_PARAMS, the input of TDH.MNG.INIT: 1024 bytes. */
struct td_params_arg {
	u64 attributes, xfam;
	u16 max_vcpus;
	u8 reserved0[6];
	u64 eptp_controls, config_flags;
	u16 tsc_frequency;
	u8 reserved1[38];
	u64 measurements[18], reserved2[4];
	struct seam_cpuid cpuid[48];
};

static_assert(sizeof(struct td_params_arg) == 1024);
static_assert(sizeof(struct seam_td) <= SEAM_PAGE_SIZE);
static_assert(sizeof(struct seam_vp) <= SEAM_PAGE_SIZE);

u64 td_open(struct td_ref *r, u64 tdr_pa, enum seam_mode mode, u32 operand, enum td_need need)
{
	u64 status;

	*r = (struct td_ref){ .mode = mode };
	status = pamt_get(tdr_pa, operand, mode, &r->pamt);
	if (status)
		return status;

	r->td = seam_va(tdr_pa);
	if (r->pamt->type != PT_TDR) {
		status = S_PAGE_METADATA_INCORRECT | operand;
	} else if (r->td->magic != SEAM_MAGIC_TD || r->td->pa != tdr_pa) {
		seam_add(&seam_findings.corrupt_control, 1);
		status = S_TD_FATAL;
	} else if (need == TD_ANY) {
		return S_SUCCESS;
	} else if (r->td->fatal) {
		status = S_TD_FATAL;
	} else if (r->td->lifecycle != TD_KEYS_CONFIGURED) {
		status = S_TD_KEYS_NOT_CONFIGURED;
	} else if (need == TD_COMPLETE && r->td->ntdcx < SEAM_TDCX_PAGES) {
		status = S_TDCS_NOT_ALLOCATED;
	}

	if (status)
		seam_unlock(&r->pamt->lock, mode);
	return status;
}

u64 td_gate(struct td_ref *r, u32 allowed)
{
	if (r->mode == SEAM_SHARED) {
		if (!seam_trylock(&r->td->op_lock, SEAM_SHARED))
			return S_OPERAND_BUSY | ID_OP_STATE;
		r->op_locked = true;
	}
	return allowed & OPS(seam_load(&r->td->op_state)) ? S_SUCCESS : S_OP_STATE_INCORRECT;
}

void td_release_op_state(struct td_ref *r)
{
	if (r->op_locked)
		seam_unlock(&r->td->op_lock, SEAM_SHARED);
	r->op_locked = false;
}

void td_close(struct td_ref *r)
{
	td_release_op_state(r);
	seam_unlock(&r->pamt->lock, r->mode);
}

u64 seam_mng_create(struct seam_call *c)
{
	u64 pa = c->a->rcx, hkid = c->a->rdx, n = hkid - SEAM_FIRST_HKID;
	struct seam_td *td;
	struct pamt *p;
	u64 status;

	if (n >= SEAM_NR_HKIDS)
		return S_OPERAND_INVALID | ID_RDX;
	status = pamt_get_free(pa, ID_RCX, &p);
	if (status)
		return status;
	if (!seam_trylock(&seam_sys.kot, SEAM_EXCLUSIVE)) {
		status = S_OPERAND_BUSY | ID_KOT;
		goto out_page;
	}
	if (seam_sys.hkid_state[n] != HKID_FREE) {
		status = S_HKID_NOT_FREE;
		goto out_kot;
	}

	td = seam_va(pa);
	memset(td, 0, SEAM_PAGE_SIZE);
	td->magic = SEAM_MAGIC_TD;
	td->pa = pa;
	td->hkid = hkid;
	pamt_set(p, PT_TDR, pa);
	seam_store(&seam_sys.hkid_tdr[n], pa);
	seam_store(&seam_sys.hkid_state[n], HKID_ASSIGNED);
out_kot:
	seam_unlock(&seam_sys.kot, SEAM_EXCLUSIVE);
out_page:
	seam_unlock(&p->lock, SEAM_EXCLUSIVE);
	return status;
}

u64 seam_mng_key_config(struct seam_call *c)
{
	struct td_ref r;
	u64 status;

	status = td_open(&r, c->a->rcx, SEAM_EXCLUSIVE, ID_RCX, TD_ANY);
	if (status)
		return status;
	/* One package: configured once, the TD has all its keys. */
	if (r.td->fatal)
		status = S_TD_FATAL;
	else if (r.td->lifecycle != TD_HKID_ASSIGNED)
		status = S_LIFECYCLE_STATE_INCORRECT;
	else
		r.td->lifecycle = TD_KEYS_CONFIGURED;
	td_close(&r);
	return status;
}

u64 seam_mng_addcx(struct seam_call *c)
{
	struct td_ref r;
	struct pamt *p;
	u64 *page;
	u64 status;

	status = td_open(&r, c->a->rdx, SEAM_EXCLUSIVE, ID_RDX, TD_KEYED);
	if (status)
		return status;
	if (r.td->ntdcx >= SEAM_MAX_TDCX) {
		status = S_TDCX_NUM_INCORRECT;
		goto out;
	}
	status = pamt_get_free(c->a->rcx, ID_RCX, &p);
	if (status)
		goto out;
	if (r.td->ntdcx >= SEAM_TDCX_PAGES && r.td->op_state != OP_UNINITIALIZED) {
		status = S_OP_STATE_INCORRECT;
		goto out_page;
	}

	page = seam_va(c->a->rcx);
	memset(page, 0, SEAM_PAGE_SIZE);
	if (r.td->ntdcx == SEAM_ROOT_TDCX)
		for (int i = 0; i < 512; i++)
			page[i] = SEPT_FREE_RAW;
	pamt_set(p, PT_TDCX, r.td->pa);
	r.td->tdcx[r.td->ntdcx++] = c->a->rcx;
	seam_add(&r.td->chldcnt, 1);
out_page:
	seam_unlock(&p->lock, SEAM_EXCLUSIVE);
out:
	td_close(&r);
	return status;
}

static u64 check_params(const struct td_params_arg *p)
{
	u32 levels = EPTP_LEVELS(p->eptp_controls);

	if (p->attributes & ~ATTRIBUTES_FIXED0)
		return S_OPERAND_INVALID | ID_ATTRIBUTES;
	if (p->xfam & ~XFAM_FIXED0 || (p->xfam & XFAM_FIXED1) != XFAM_FIXED1)
		return S_OPERAND_INVALID | ID_XFAM;
	if (!p->max_vcpus || p->max_vcpus > SEAM_MAX_VCPUS)
		return S_OPERAND_INVALID | ID_MAX_VCPUS;
	if (p->config_flags & ~CONFIG_FLAGS_ALLOWED)
		return S_OPERAND_INVALID | ID_EXEC_CTLS;
	if ((p->eptp_controls & 7) != EPTP_WB || p->eptp_controls >> 6 ||
	    (levels != 4 && levels != 5) ||
	    (p->config_flags & CONFIG_FLAGS_MAX_GPAW && levels != 5))
		return S_OPERAND_INVALID | ID_EPTP_CTLS;
	if (p->tsc_frequency < 4 || p->tsc_frequency > 400)
		return S_OPERAND_INVALID | ID_TSC_FREQ;
	return S_SUCCESS;
}

u64 seam_mng_init(struct seam_call *c)
{
	const struct td_params_arg *p;
	u64 params = c->a->rdx;
	struct td_ref r;
	u64 status;

	status = td_open(&r, c->a->rcx, SEAM_EXCLUSIVE, ID_RCX, TD_COMPLETE);
	c->a->rcx = 0;
	if (status)
		return status;
	status = td_gate(&r, OPS(OP_UNINITIALIZED));
	if (status)
		goto out;
	if (params & 1023 || !pamt_find(params)) {
		status = S_OPERAND_INVALID | ID_RDX;
		goto out;
	}
	p = seam_va(params);
	status = check_params(p);
	if (status)
		goto out;

	r.td->attributes = p->attributes;
	r.td->xfam = p->xfam;
	r.td->max_vcpus = p->max_vcpus;
	r.td->eptp_controls = p->eptp_controls;
	r.td->config_flags = p->config_flags;
	r.td->levels = EPTP_LEVELS(p->eptp_controls);
	r.td->gpaw_shared = p->config_flags & CONFIG_FLAGS_MAX_GPAW ? BIT_ULL(51) : BIT_ULL(47);
	memcpy(r.td->cpuid, p->cpuid, sizeof(r.td->cpuid));
	r.td->epoch = 1;
	seam_store(&r.td->op_state, OP_INITIALIZED);
out:
	td_close(&r);
	return status;
}

#define FIELD_TSC_OFFSET	0x110000000000000aULL
#define FIELD_TSC_MULTIPLIER	0x110000000000000bULL
#define FIELD_CPUID		0x9410000300000000ULL
#define FIELD_CPUID_NO_SUBLEAF	0x1fe

/* CPUID leaves 0 and 0x80000000: the largest leaf of each range, nothing else is readable. */
static bool td_field(u64 id, u64 *value)
{
	switch (id) {
	case FIELD_TSC_OFFSET:
		*value = 0;
		return true;
	case FIELD_TSC_MULTIPLIER:
		*value = BIT_ULL(48);
		return true;
	case FIELD_CPUID | FIELD_CPUID_NO_SUBLEAF:
		*value = 0x23;
		return true;
	case FIELD_CPUID | BIT_ULL(16) | FIELD_CPUID_NO_SUBLEAF:
		*value = 0x80000008;
		return true;
	case FIELD_CPUID | FIELD_CPUID_NO_SUBLEAF | 1:
	case FIELD_CPUID | BIT_ULL(16) | FIELD_CPUID_NO_SUBLEAF | 1:
		*value = 0;
		return true;
	default:
		return false;
	}
}

u64 seam_mng_rd(struct seam_call *c)
{
	struct td_ref r;
	u64 status;

	c->a->r8 = 0;
	status = td_open(&r, c->a->rcx, SEAM_SHARED, ID_RCX, TD_COMPLETE);
	if (status)
		return status;
	status = td_gate(&r, OPS(OP_INITIALIZED) | OPS(OP_RUNNABLE));
	if (!status && !td_field(c->a->rdx, &c->a->r8))
		status = S_METADATA_FIELD_NOT_READABLE;
	td_close(&r);
	return status;
}

/* The measurement itself isn't modelled, only what must be true to extend it. */
u64 seam_mr_extend(struct seam_call *c)
{
	u64 gpa = c->a->rcx;
	struct sept_pos pos;
	struct td_ref r;
	u64 tdr = c->a->rdx;
	u64 status;

	c->a->rcx = c->a->rdx = 0;
	status = td_open(&r, tdr, SEAM_EXCLUSIVE, ID_RDX, TD_COMPLETE);
	if (status)
		return status;
	status = td_gate(&r, OPS(OP_INITIALIZED));
	if (status)
		goto out;
	if (gpa & 255 || gpa >= r.td->gpaw_shared)
		status = S_OPERAND_INVALID | ID_RCX;
	else if (!sept_walk(r.td, gpa, 0, &pos))
		status = S_EPT_ENTRY_NOT_PRESENT | ID_RCX;
	else if (sept_state(pos.val) != SEPT_MAPPED)
		status = S_EPT_ENTRY_NOT_PRESENT;
out:
	td_close(&r);
	return status;
}

u64 seam_mr_finalize(struct seam_call *c)
{
	struct td_ref r;
	u64 status;

	status = td_open(&r, c->a->rcx, SEAM_EXCLUSIVE, ID_RCX, TD_COMPLETE);
	if (status)
		return status;
	status = td_gate(&r, OPS(OP_INITIALIZED));
	if (!status && !seam_load(&r.td->nvcpus))
		status = S_NO_VCPUS;
	if (!status)
		seam_store(&r.td->op_state, OP_RUNNABLE);
	td_close(&r);
	return status;
}

u64 seam_mng_vpflushdone(struct seam_call *c)
{
	struct td_ref r;
	u64 status;

	status = td_open(&r, c->a->rcx, SEAM_EXCLUSIVE, ID_RCX, TD_ANY);
	if (status)
		return status;
	if (!seam_trylock(&seam_sys.kot, SEAM_EXCLUSIVE)) {
		status = S_OPERAND_BUSY | ID_KOT;
		goto out;
	}
	if (r.td->lifecycle > TD_KEYS_CONFIGURED) {
		status = S_LIFECYCLE_STATE_INCORRECT;
	} else if (seam_load(&r.td->nassoc)) {
		status = S_FLUSHVP_NOT_DONE;
	} else {
		r.td->lifecycle = TD_BLOCKED;
		seam_store(&seam_sys.hkid_state[r.td->hkid - SEAM_FIRST_HKID], HKID_FLUSHED);
	}
	seam_unlock(&seam_sys.kot, SEAM_EXCLUSIVE);
out:
	td_close(&r);
	return status;
}

/* The write-back is done at once, so there is never a point to resume from. */
u64 seam_phymem_cache_wb(struct seam_call *c)
{
	static struct seam_lock wbt;
	u64 status = S_NO_HKID_READY_TO_WBCACHE;

	if (c->a->rcx > 1)
		return S_OPERAND_INVALID | ID_RCX;
	if (!seam_trylock(&wbt, SEAM_EXCLUSIVE))
		return S_OPERAND_BUSY | ID_WBCACHE;
	if (!seam_trylock(&seam_sys.kot, SEAM_SHARED)) {
		status = S_OPERAND_BUSY | ID_KOT;
		goto out;
	}
	if (c->a->rcx == 1) {
		status = S_WBCACHE_RESUME_ERROR;
		goto out_kot;
	}
	for (int i = 0; i < SEAM_NR_HKIDS; i++) {
		if (seam_load(&seam_sys.hkid_state[i]) == HKID_FLUSHED) {
			seam_store(&seam_sys.hkid_state[i], HKID_WRITTEN_BACK);
			status = S_SUCCESS;
		}
	}
out_kot:
	seam_unlock(&seam_sys.kot, SEAM_SHARED);
out:
	seam_unlock(&wbt, SEAM_EXCLUSIVE);
	return status;
}

u64 seam_mng_key_freeid(struct seam_call *c)
{
	struct td_ref r;
	u64 status;
	u32 *state;

	status = td_open(&r, c->a->rcx, SEAM_EXCLUSIVE, ID_RCX, TD_ANY);
	if (status)
		return status;
	if (r.td->lifecycle != TD_BLOCKED) {
		status = S_LIFECYCLE_STATE_INCORRECT;
		goto out;
	}
	if (!seam_trylock(&seam_sys.kot, SEAM_EXCLUSIVE)) {
		status = S_OPERAND_BUSY | ID_KOT;
		goto out;
	}
	state = &seam_sys.hkid_state[r.td->hkid - SEAM_FIRST_HKID];
	if (*state != HKID_WRITTEN_BACK) {
		status = S_WBCACHE_NOT_COMPLETE;
	} else {
		seam_store(state, HKID_FREE);
		seam_store(&seam_sys.hkid_tdr[r.td->hkid - SEAM_FIRST_HKID], 0);
		r.td->lifecycle = TD_TEARDOWN;
	}
	seam_unlock(&seam_sys.kot, SEAM_EXCLUSIVE);
out:
	td_close(&r);
	return status;
}
