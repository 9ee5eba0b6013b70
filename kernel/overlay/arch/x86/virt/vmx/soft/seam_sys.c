// SPDX-License-Identifier: GPL-2.0-only
/* Bring-up of the module: SYS leaves, TDMRs, global metadata. */
#include "seam.h"

#define GIB			BIT_ULL(30)
#define TDMR_INIT_STEP		BIT_ULL(22)	/* of memory, per TDH.SYS.TDMR.INIT */

/* TDMR_INFO as the kernel passes it. */
struct tdmr_info_arg {
	u64 base, size;
	struct {
		u64 base, size;
	} pamt[3];	/* of 1G, 2M and 4K pages */
	struct seam_area reserved[SEAM_MAX_RESERVED];
};

struct seam_sys seam_sys;

struct pamt *pamt_find(u64 pa)
{
	for (u32 i = 0; i < seam_load(&seam_sys.ntdmrs); i++) {
		struct seam_tdmr *t = &seam_sys.tdmr[i];

		if (pa >= t->base && pa - t->base < seam_load(&t->done))
			return (struct pamt *)seam_va(t->pamt_pa) + ((pa - t->base) >> 12);
	}
	return NULL;
}

u64 seam_sys_init(struct seam_call *c)
{
	u64 status = S_SUCCESS;

	if (!seam_trylock(c, &seam_sys.global, SEAM_EXCLUSIVE, LATENT_SYS))
		return S_SYS_BUSY;
	if (c->a->rcx)
		status = S_OPERAND_INVALID | ID_RCX;
	else if (seam_sys.initialized)
		status = S_SYS_INIT_NOT_PENDING;
	else
		seam_store(&seam_sys.initialized, 1);
	seam_unlock(&seam_sys.global, SEAM_EXCLUSIVE);
	return status;
}

u64 seam_sys_lp_init(struct seam_call *c)
{
	struct seam_lp *lp = &seam_sys.lp[c->lp];
	u64 status = S_SUCCESS;

	if (!seam_trylock(c, &seam_sys.global, SEAM_SHARED, LATENT_SYS))
		return S_SYS_BUSY;
	if (!seam_load(&seam_sys.initialized)) {
		status = S_SYS_LP_INIT_NOT_PENDING;
	} else if (lp->init) {
		status = S_SYS_LP_INIT_DONE;
	} else if (seam_no_entropy(c)) {
		status = S_RND_NO_ENTROPY;
	} else {
		lp->init = 1;
		seam_add(&seam_sys.nlps, 1);
	}
	seam_unlock(&seam_sys.global, SEAM_SHARED);
	return status;
}

/* Of an id: element size 33:32, its place in a sequence 46:34, context 54:52, masks 51:50. */
#define FIELD_KEY	(BIT_ULL(63) | GENMASK_ULL(61, 56) | GENMASK_ULL(23, 0))
#define FIELD_MUST_BE_0	(BIT_ULL(62) | BIT_ULL(55) | GENMASK_ULL(49, 34) | GENMASK_ULL(31, 24))

bool seam_field_key(u64 id, u64 *key)
{
	*key = id & FIELD_KEY;
	return !(id & FIELD_MUST_BE_0);
}

/* In the order in which TDH.SYS.RD names the next one. */
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

#define FIELD_CPUID_LEAVES	0x9900000300000400ULL
#define FIELD_CPUID_VALUES	0x9900000300000500ULL
#define NR_FIELDS		(ARRAY_SIZE(fields) + 3 * SEAM_NR_CPUID)

static u64 field_id(size_t i)
{
	if (i < ARRAY_SIZE(fields))
		return fields[i].id;
	i -= ARRAY_SIZE(fields);
	return i < SEAM_NR_CPUID ? FIELD_CPUID_LEAVES + i : FIELD_CPUID_VALUES + i - SEAM_NR_CPUID;
}

static u64 field_value(size_t i)
{
	if (i < ARRAY_SIZE(fields))
		return fields[i].value;
	i -= ARRAY_SIZE(fields);
	if (i < SEAM_NR_CPUID)
		return seam_cpuid_leaves[i];
	i -= SEAM_NR_CPUID;
	return i & 1 ? seam_cpuid_mask[i / 2].edx_ecx : seam_cpuid_mask[i / 2].ebx_eax;
}

u64 seam_sys_rd(struct seam_call *c)
{
	u64 key, other;
	size_t i = 0;

	c->a->r8 = 0;
	if (!seam_sys.lp[c->lp].init)
		return S_SYS_LP_INIT_NOT_DONE;
	if (!seam_field_key(c->a->rdx, &key))
		return S_METADATA_FIELD_ID_INCORRECT;
	while (i < NR_FIELDS && (!seam_field_key(field_id(i), &other) || other != key))
		i++;
	if (i == NR_FIELDS)
		return S_METADATA_FIELD_ID_INCORRECT;
	c->a->r8 = field_value(i);
	c->a->rdx = i + 1 < NR_FIELDS ? field_id(i + 1) : SEAM_NO_FIELD;
	return S_SUCCESS;
}

static bool bad_pa(u64 pa, u64 align)
{
	return pa & (align - 1) || pa & ~seam_pa_mask();
}

/* Bytes of the PAMT for @size bytes of memory in pages of 4K << @shift. */
static u64 pamt_size(u64 size, int shift)
{
	return (size >> (12 + shift)) * sizeof(struct pamt);
}

/*
 * Part @i of what is left of a TDMR after its reserved areas, which are in order:
 * [@start, @end), perhaps empty. False: there is no such part.
 */
static bool usable_part(const struct tdmr_info_arg *arg, int i, u64 *start, u64 *end)
{
	const struct seam_area *before = i ? &arg->reserved[i - 1] : NULL;

	if (i > SEAM_MAX_RESERVED || (before && !before->size))
		return false;
	*start = arg->base + (before ? before->offset + before->size : 0);
	*end = arg->base + arg->size;
	if (i < SEAM_MAX_RESERVED && arg->reserved[i].size)
		*end = arg->base + arg->reserved[i].offset;
	return true;
}

static bool overlaps(const struct tdmr_info_arg *arg, u64 start, u64 end)
{
	u64 from, to;

	for (int i = 0; usable_part(arg, i, &from, &to); i++)
		if (from < to && start < to && from < end)
			return true;
	return false;
}

/* All memory that is not reserved must be convertible. */
static bool outside_cmrs(const struct tdmr_info_arg *arg)
{
	u64 from, to;

	for (int i = 0; usable_part(arg, i, &from, &to); i++)
		if (from < to && !seam_is_ram(from, to - from))
			return true;
	return false;
}

static u64 check_reserved(const struct tdmr_info_arg *arg)
{
	u64 end = 0;
	bool over = false;

	for (int i = 0; i < SEAM_MAX_RESERVED; i++) {
		const struct seam_area *a = &arg->reserved[i];

		if (!a->size) {
			over = true;
			continue;
		}
		if (over)
			return S_NON_ORDERED_RESERVED_IN_TDMR;
		if (a->offset & (SEAM_PAGE_SIZE - 1) || a->size & (SEAM_PAGE_SIZE - 1) ||
		    a->offset >= arg->size || a->size > arg->size - a->offset)
			return S_INVALID_RESERVED_IN_TDMR;
		if (a->offset < end)
			return S_NON_ORDERED_RESERVED_IN_TDMR;
		end = a->offset + a->size;
	}
	return S_SUCCESS;
}

static u64 check_pamts(const struct tdmr_info_arg *arg)
{
	for (int i = 0; i < 3; i++) {
		u64 base = arg->pamt[i].base, size = arg->pamt[i].size;

		if (bad_pa(base, SEAM_PAGE_SIZE) || size & (SEAM_PAGE_SIZE - 1) ||
		    size > seam_pa_mask() || size < pamt_size(arg->size, 18 - 9 * i))
			return S_INVALID_PAMT;
		if (!seam_is_ram(base, size))
			return S_PAMT_OUTSIDE_CMRS;
	}
	return S_SUCCESS;
}

/* @end is that of the TDMR before. */
static u64 check_tdmr(const struct tdmr_info_arg *arg, u64 *end)
{
	u64 status;

	if (bad_pa(arg->base, GIB) || bad_pa(arg->size, GIB) || !arg->size ||
	    arg->base + arg->size > seam_pa_mask() + 1)
		return S_INVALID_TDMR;
	if (arg->base < *end)
		return S_NON_ORDERED_TDMR;
	*end = arg->base + arg->size;
	status = check_reserved(arg);
	if (status)
		return status;
	if (outside_cmrs(arg))
		return S_TDMR_OUTSIDE_CMRS;
	return check_pamts(arg);
}

/* No PAMT may lie in memory that TDs can get, or in another PAMT. */
static bool pamts_overlap(const struct tdmr_info_arg *arg, const u64 *infos, u32 n)
{
	for (int i = 0; i < 3; i++) {
		u64 start = arg->pamt[i].base, end = start + arg->pamt[i].size;

		for (u32 j = 0; j < n; j++) {
			const struct tdmr_info_arg *other = seam_va(infos[j]);

			if (overlaps(other, start, end))
				return true;
			for (int k = 0; k < 3; k++)
				if ((other != arg || k != i) && start < other->pamt[k].base +
				    other->pamt[k].size && other->pamt[k].base < end)
					return true;
		}
	}
	return false;
}

static u64 sys_config_locked(struct seam_call *c)
{
	u64 end = 0, hkid = c->a->r8 - SEAM_FIRST_HKID;
	u32 n = c->a->rdx;
	const u64 *infos;
	u64 status;

	if (!seam_sys.initialized || seam_sys.configured || seam_sys.nlps < seam_nr_lps())
		return S_SYS_CONFIG_NOT_PENDING;
	if (bad_pa(c->a->rcx, 512) || !seam_is_ram(c->a->rcx, SEAM_MAX_TDMRS * sizeof(*infos)))
		return S_OPERAND_INVALID | ID_RCX;
	if (!c->a->rdx || c->a->rdx > SEAM_MAX_TDMRS)
		return S_OPERAND_INVALID | ID_RDX;
	if (hkid >= SEAM_NR_HKIDS)
		return S_OPERAND_INVALID | ID_R8;

	infos = seam_va(c->a->rcx);
	for (u32 i = 0; i < n; i++)
		if (bad_pa(infos[i], 512) || !seam_is_ram(infos[i], sizeof(struct tdmr_info_arg)))
			return S_OPERAND_INVALID | ID_RCX;
	for (u32 i = 0; i < n; i++) {
		status = check_tdmr(seam_va(infos[i]), &end);
		if (status)
			return status | i;
	}
	for (u32 i = 0; i < n; i++) {
		const struct tdmr_info_arg *arg = seam_va(infos[i]);
		struct seam_tdmr *t = &seam_sys.tdmr[i];

		if (pamts_overlap(arg, infos, n))
			return S_PAMT_OVERLAP | i;
		t->base = arg->base;
		t->size = arg->size;
		t->pamt_pa = arg->pamt[2].base;
		t->done = 0;
		memcpy(t->reserved, arg->reserved, sizeof(t->reserved));
	}
	seam_store(&seam_sys.ntdmrs, n);
	seam_sys.hkid[hkid].state = HKID_ASSIGNED;	/* the global key */
	seam_sys.configured = 1;
	return S_SUCCESS;
}

u64 seam_sys_config(struct seam_call *c)
{
	u64 status;

	if (!seam_trylock(c, &seam_sys.global, SEAM_EXCLUSIVE, LATENT_SYS))
		return S_SYS_BUSY;
	status = sys_config_locked(c);
	seam_unlock(&seam_sys.global, SEAM_EXCLUSIVE);
	return status;
}

static u64 sys_key_config_locked(struct seam_call *c)
{
	u32 package = seam_package(c->lp);
	struct seam_lock *ket = &seam_sys.package[package].ket;
	u64 status = S_SUCCESS;

	if (!seam_sys.configured || seam_sys.ready)
		return S_SYS_KEY_CONFIG_NOT_PENDING;
	if (seam_sys.keys & 1U << package)
		return S_KEY_CONFIGURED;
	if (!seam_trylock(c, ket, SEAM_EXCLUSIVE, LATENT_KET))
		return S_OPERAND_BUSY | ID_KET;
	if (seam_no_entropy(c))
		status = S_KEY_GENERATION_FAILED;
	else
		seam_sys.keys |= 1U << package;
	seam_unlock(ket, SEAM_EXCLUSIVE);
	if (seam_sys.keys == (1U << seam_nr_packages()) - 1)
		seam_store(&seam_sys.ready, 1);
	return status;
}

u64 seam_sys_key_config(struct seam_call *c)
{
	u64 status;

	if (!seam_trylock(c, &seam_sys.global, SEAM_EXCLUSIVE, LATENT_SYS))
		return S_SYS_BUSY;
	status = sys_key_config_locked(c);
	seam_unlock(&seam_sys.global, SEAM_EXCLUSIVE);
	return status;
}

/* Pages in reserved areas belong to nobody. */
static void init_pamt(struct seam_tdmr *t)
{
	struct pamt *pamt = seam_va(t->pamt_pa);
	u64 start = t->done, end = start + TDMR_INIT_STEP;

	memset(pamt + (start >> 12), 0, (TDMR_INIT_STEP >> 12) * sizeof(*pamt));
	for (u32 i = 0; i < SEAM_MAX_RESERVED; i++) {
		u64 lo = t->reserved[i].offset, hi = lo + t->reserved[i].size;

		if (lo < start)
			lo = start;
		if (hi > end)
			hi = end;
		for (; lo < hi; lo += SEAM_PAGE_SIZE)
			pamt[lo >> 12].type = PT_RSVD;
	}
	seam_store(&t->done, end);
}

u64 seam_sys_tdmr_init(struct seam_call *c)
{
	struct seam_tdmr *t = NULL;
	u64 status = S_SUCCESS;

	for (u32 i = 0; i < seam_sys.ntdmrs; i++)
		if (seam_sys.tdmr[i].base == c->a->rcx)
			t = &seam_sys.tdmr[i];
	c->a->rdx = 0;
	if (!t)
		return S_OPERAND_INVALID | ID_RCX;
	if (!seam_trylock(c, &t->lock, SEAM_EXCLUSIVE, LATENT_TDMR))
		return S_OPERAND_BUSY | ID_RCX;
	if (t->done == t->size) {
		status = S_TDMR_ALREADY_INITIALIZED;
	} else {
		init_pamt(t);
		/* In units of what a 1G entry covers. */
		c->a->rdx = t->base + (t->done & ~(GIB - 1));
		seam_spend(c);
	}
	seam_unlock(&t->lock, SEAM_EXCLUSIVE);
	return status;
}
