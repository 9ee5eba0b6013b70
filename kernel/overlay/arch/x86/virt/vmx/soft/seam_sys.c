// SPDX-License-Identifier: GPL-2.0-only
/* Bring-up of the module: SYS leaves, TDMRs, global metadata. */
#include "seam.h"

#define SEAM_MAX_TDMRS		64
#define SEAM_MAX_RESERVED	16
#define SEAM_MAX_LPS		1024
#define GIB			BIT_ULL(30)

struct seam_area {
	u64 offset, size;
};

/* TDMR_INFO as the kernel passes it. */
struct tdmr_info_arg {
	u64 base, size;
	u64 pamt_1g_base, pamt_1g_size, pamt_2m_base, pamt_2m_size, pamt_4k_base, pamt_4k_size;
	struct seam_area reserved[SEAM_MAX_RESERVED];
};

struct seam_tdmr {
	u64 base, size, pamt_pa;
	u64 done;	/* bytes initialized, from base */
	struct seam_area reserved[SEAM_MAX_RESERVED];
};

struct seam_sys seam_sys;
static struct seam_tdmr tdmrs[SEAM_MAX_TDMRS];
static u8 lp_init[SEAM_MAX_LPS];

struct pamt *pamt_find(u64 pa)
{
	for (u32 i = 0; i < seam_load(&seam_sys.ntdmrs); i++) {
		struct seam_tdmr *t = &tdmrs[i];

		if (pa >= t->base && pa - t->base < seam_load(&t->done))
			return (struct pamt *)seam_va(t->pamt_pa) + ((pa - t->base) >> 12);
	}
	return NULL;
}

u64 seam_sys_init(struct seam_call *c)
{
	if (c->a->rcx)
		return S_OPERAND_INVALID | ID_RCX;
	if (!seam_trylock(&seam_sys.global, SEAM_EXCLUSIVE))
		return S_SYS_BUSY;
	if (seam_sys.initialized) {
		seam_unlock(&seam_sys.global, SEAM_EXCLUSIVE);
		return S_SYS_INIT_NOT_PENDING;
	}
	seam_sys.initialized = 1;
	seam_unlock(&seam_sys.global, SEAM_EXCLUSIVE);
	return S_SUCCESS;
}

u64 seam_sys_lp_init(struct seam_call *c)
{
	if (c->lp >= SEAM_MAX_LPS || !seam_load(&seam_sys.initialized))
		return S_SYS_LP_INIT_NOT_PENDING;
	if (lp_init[c->lp])
		return S_SYS_LP_INIT_DONE;
	lp_init[c->lp] = 1;
	seam_add(&seam_sys.nlps, 1);
	return S_SUCCESS;
}

/* Configurable CPUID leaves; the masks say which bits a TD may choose: here all of them. */
static const u64 cpuid_leaves[SEAM_NR_CPUID] = {
	0xffffffff00000001, 0x0000000000000004, 0x0000000100000004, 0x0000000200000004,
	0x0000000300000004, 0x0000000000000007, 0x0000000100000007, 0x0000000200000007,
	0xffffffff0000000a, 0xffffffff0000001c, 0x000000000000001f, 0x000000010000001f,
	0x000000020000001f, 0x000000030000001f, 0x000000040000001f, 0x000000050000001f,
	0xffffffff00000023, 0xffffffff80000008,
};

static const struct {
	u64 id, value;
} fields[] = {
	{ 0x0800000100000003, 5 },		/* minor, major, update version: 1.5.05 */
	{ 0x0800000100000004, 1 },
	{ 0x0800000100000005, 5 },
	{ 0x0a00000300000008, 0x1f0fbd },	/* features0; bit 1, runtime update, clear */
	{ 0x9100000100000008, SEAM_MAX_TDMRS },
	{ 0x9100000100000009, SEAM_MAX_RESERVED },
	{ 0x9100000100000010, sizeof(struct pamt) },
	{ 0x9100000100000011, sizeof(struct pamt) },
	{ 0x9100000100000012, sizeof(struct pamt) },
	{ 0x9800000100000000, SEAM_PAGE_SIZE },
	{ 0x9800000100000100, SEAM_TDCX_PAGES * SEAM_PAGE_SIZE },
	{ 0x9800000100000200, (SEAM_TDVPS_TDCX + 1) * SEAM_PAGE_SIZE },
	{ 0x1900000300000000, 0x8000000070000001 },	/* ATTRIBUTES fixed0, fixed1 */
	{ 0x1900000300000001, 0 },
	{ 0x1900000300000002, 0x6dbe7 },	/* XFAM fixed0, fixed1 */
	{ 0x1900000300000003, 3 },
	{ 0x9900000100000004, SEAM_NR_CPUID },
	{ 0x9900000100000008, SEAM_MAX_VCPUS },
	{ 0x8900000100000000, 0 },
};

static bool sys_field(u64 id, u64 *value)
{
	u64 n = id - 0x9900000300000400;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i].id == id) {
			*value = fields[i].value;
			return true;
		}
	}
	if (n < SEAM_NR_CPUID) {
		*value = cpuid_leaves[n];
		return true;
	}
	n = id - 0x9900000300000500;
	if (n < SEAM_NR_CPUID * 2) {
		*value = ~0ULL;
		return true;
	}
	return false;
}

u64 seam_sys_rd(struct seam_call *c)
{
	u64 value;

	c->a->r8 = 0;
	if (c->lp >= SEAM_MAX_LPS || !lp_init[c->lp])
		return S_SYS_LP_INIT_NOT_DONE;
	if (!sys_field(c->a->rdx, &value))
		return S_METADATA_FIELD_ID_INCORRECT;
	c->a->r8 = value;
	c->a->rdx = ~0ULL;
	return S_SUCCESS;
}

static bool bad_pa(u64 pa, u64 align)
{
	return pa & (align - 1) || pa & ~seam_pa_mask();
}

/* Takes over one TDMR_INFO that lies behind @end, which it moves. */
static bool add_tdmr(struct seam_tdmr *t, u64 info_pa, u64 *end)
{
	const struct tdmr_info_arg *arg;

	if (bad_pa(info_pa, 512))
		return false;
	arg = seam_va(info_pa);
	if (bad_pa(arg->base, GIB) || bad_pa(arg->size, GIB) || !arg->size || arg->base < *end ||
	    bad_pa(arg->pamt_4k_base, SEAM_PAGE_SIZE) ||
	    arg->pamt_4k_size / sizeof(struct pamt) < arg->size >> 12)
		return false;
	*end = arg->base + arg->size;
	t->base = arg->base;
	t->size = arg->size;
	t->pamt_pa = arg->pamt_4k_base;
	t->done = 0;
	memcpy(t->reserved, arg->reserved, sizeof(t->reserved));
	return true;
}

static u64 sys_config_locked(struct seam_call *c)
{
	const u64 *array;
	u64 end = 0;

	if (!seam_sys.initialized || seam_sys.configured || seam_sys.nlps < seam_nr_lps())
		return S_SYS_CONFIG_NOT_PENDING;
	if (bad_pa(c->a->rcx, 512))
		return S_OPERAND_INVALID | ID_RCX;
	if (!c->a->rdx || c->a->rdx > SEAM_MAX_TDMRS)
		return S_OPERAND_INVALID | ID_RDX;
	if (c->a->r8 != SEAM_FIRST_HKID)
		return S_OPERAND_INVALID | ID_R8;

	array = seam_va(c->a->rcx);
	for (u64 i = 0; i < c->a->rdx; i++)
		if (!add_tdmr(&tdmrs[i], array[i], &end))
			return S_OPERAND_INVALID | ID_RCX;
	seam_store(&seam_sys.ntdmrs, (u32)c->a->rdx);
	seam_sys.hkid_state[0] = HKID_ASSIGNED;	/* the global key */
	seam_sys.configured = 1;
	return S_SUCCESS;
}

u64 seam_sys_config(struct seam_call *c)
{
	u64 status;

	if (!seam_trylock(&seam_sys.global, SEAM_EXCLUSIVE))
		return S_SYS_BUSY;
	status = sys_config_locked(c);
	seam_unlock(&seam_sys.global, SEAM_EXCLUSIVE);
	return status;
}

u64 seam_sys_key_config(struct seam_call *c)
{
	if (!seam_sys.configured)
		return S_SYS_KEY_CONFIG_NOT_PENDING;
	if (seam_sys.ready)
		return S_KEY_CONFIGURED;
	seam_store(&seam_sys.ready, 1);
	return S_SUCCESS;
}

/* One GiB per call; pages in reserved areas belong to nobody. */
u64 seam_sys_tdmr_init(struct seam_call *c)
{
	struct seam_tdmr *t = NULL;
	struct pamt *pamt;
	u64 start;

	for (u32 i = 0; i < seam_sys.ntdmrs; i++)
		if (tdmrs[i].base == c->a->rcx)
			t = &tdmrs[i];
	if (!t)
		return S_OPERAND_INVALID | ID_RCX;
	if (t->done == t->size)
		return S_TDMR_ALREADY_INITIALIZED;

	pamt = seam_va(t->pamt_pa);
	start = t->done;
	memset(pamt + (start >> 12), 0, (GIB >> 12) * sizeof(*pamt));
	for (u32 i = 0; i < SEAM_MAX_RESERVED; i++) {
		u64 lo = t->reserved[i].offset, hi = lo + t->reserved[i].size;

		if (lo < start)
			lo = start;
		if (hi > start + GIB)
			hi = start + GIB;
		for (; lo < hi; lo += SEAM_PAGE_SIZE)
			pamt[lo >> 12].type = PT_RSVD;
	}
	seam_store(&t->done, start + GIB);
	c->a->rdx = t->base + t->done;
	return S_SUCCESS;
}
