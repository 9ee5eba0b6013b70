// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer: any SEAMCALLs in any order, on a module that was brought up with a TD
 * or that was not. Nothing outside of the arena may be touched (seam_va() ends the
 * process), and no lock may be left. See fuzz_one() for the input's form.
 */
#include <stdio.h>
#include <stdlib.h>

#include "arena.h"
#include "fuzz.h"
#include "guest_prog.h"

#define PAGE	4096ULL
#define OBJECTS 32
#define GPA	0x200000ULL

struct input {
	const uint8_t *data;
	size_t size;
};

static u64 objects[OBJECTS];
static u32 nobjects;

static u64 take(struct input *in, size_t n)
{
	u64 v = 0;

	for (size_t i = 0; i < n && in->size; i++, in->size--)
		v |= (u64)*in->data++ << (8 * i);
	return v;
}

/* A register: a small number, a page or so with flags, a GPA with a level, or anything. */
static u64 take_register(struct input *in)
{
	u8 kind = (u8)take(in, 1);

	switch (kind >> 6) {
	case 0:
		return kind & 63;
	case 1:
		return objects[kind % OBJECTS];
	case 2:
		return GPA + ((u64)(kind & 7) << 12) + (kind >> 3 & 3) +
		       (kind & 32 ? BIT_ULL(47) : 0);
	default:
		return take(in, 1 + (kind & 7));
	}
}

/* A TD with a vCPU, S-EPT tables and an EPT that leads to a page in five steps. */
static void make_td(struct input *in)
{
	static struct gp_op prog[GP_MAX_OPS];
	struct arena_td td;
	u64 vp;

	for (size_t i = 0; i < ARRAY_SIZE(prog); i++)
		prog[i] =
		    (struct gp_op){.op = i % GP_NR_OPS, .rd = 1, .rs = 2, .imm = GPA + i * PAGE};
	for (size_t i = 0; i < 8; i++) {
		u64 raw[] = {take(in, 2) << 8 | take(in, 1) % (GP_NR_OPS + 1), take_register(in)};

		memcpy(&prog[i], raw, sizeof(raw));
	}
	arena_td_new(&td, SEAM_FIRST_HKID + 1, TD_STATE_INITIALIZED);
	vp = arena_vp_new(&td, 0, 0, GPA);
	arena_add(&td, GPA, prog);
	objects[0] = td.tdr;
	objects[1] = vp;
	objects[2] = td.tdcx[SEAM_ROOT_TDCX];
	if (take(in, 1) & 1)
		arena_finalize(&td);
}

static void host_writes(struct input *in)
{
	u64 pa = objects[take(in, 1) % OBJECTS], at = take(in, 2) % 512;
	struct pamt *p = pa < ARENA_END ? pamt_find(pa) : NULL;

	/* What the module keeps for itself is encrypted on a real machine. */
	if (p && (p->type == PT_NDA || p->type == PT_EPT || p->type == PT_REG))
		*((u64 *)seam_va(pa) + at) = take_register(in);
}

static void check_locks(void)
{
	for (u64 pa = ARENA_BASE; pa < ARENA_BASE + ARENA_PAGES * PAGE; pa += PAGE) {
		struct pamt *p = pamt_find(pa);

		if (p && p->lock.v & ~SEAM_LOCK_HP) {
			fprintf(stderr, "fuzz: the PAMT entry of %#llx is still locked\n", pa);
			abort();
		}
	}
	if (seam_sys.kot.v || seam_sys.global.v)
		abort();
}

/*
 * First byte: what there is at the start. Then steps: a byte that says LP and kind,
 * a leaf, four registers (take_register()).
 */
int fuzz_one(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	u8 start = (u8)take(&in, 1);

	memset(objects, 0, sizeof(objects));
	if (start & 1)
		arena_bring_up(2, 1 + (start >> 1 & 1));
	else
		arena_reset(2, 1 + (start >> 1 & 1));
	for (nobjects = 3; nobjects < OBJECTS; nobjects++)
		objects[nobjects] = arena_page();
	if (start & 1 && start & 4)
		make_td(&in);
	while (in.size) {
		u8 kind = (u8)take(&in, 1);
		struct tdx_module_args a = {0};
		u64 leaf;

		if (kind % 16 == 0) {
			host_writes(&in);
			continue;
		}
		if (kind % 16 == 1) {
			seam_latent.knob[take(&in, 1) % LATENT_NR].per_million =
			    (u32)take(&in, 2) * 16;
			continue;
		}
		if (kind % 16 == 2) {
			arena_tick(take(&in, 4));
			seam_invept(kind >> 7);
			continue;
		}
		leaf = take(&in, 1);
		if (kind % 16 == 3)
			leaf |= take(&in, 3) << 16;
		a.rcx = take_register(&in);
		a.rdx = take_register(&in);
		a.r8 = take_register(&in);
		a.r9 = take_register(&in);
		arena_call_on(kind >> 7, leaf, &a);
	}
	check_locks();
	return 0;
}
