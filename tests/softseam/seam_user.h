/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What softseam needs of the kernel, in user space: the kernel's names for
 * types and bits, and an arena for physical memory (arena.h).
 */
#ifndef SEPTORTURE_SEAM_USER_H
#define SEPTORTURE_SEAM_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <linux/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
/* As in the kernel: formats and -Wextra see the same types in both builds. */
typedef unsigned long long u64;
typedef int32_t s32;
typedef long long s64;

#define BIT_ULL(n)	  (1ULL << (n))
#define GENMASK_ULL(h, l) ((~0ULL >> (63 - (h))) & (~0ULL << (l)))
#define static_assert(c) _Static_assert(c, #c)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The registers of a SEAMCALL (asm/shared/tdx.h). */
struct tdx_module_args {
	u64 rcx, rdx, r8, r9, r10, r11, r12, r13, r14, r15, rbx, rdi, rsi;
};

/* Address of physical memory; outside of the arena it ends the test (arena.c). */
void *seam_va(u64 pa);

/* 46 bits of address, then 6 of KeyID. */
#define ARENA_PA_BITS 46
static inline u64 seam_pa_mask(void)
{
	return BIT_ULL(ARENA_PA_BITS) - 1;
}

static inline u64 seam_hkid_mask(void)
{
	return GENMASK_ULL(51, ARENA_PA_BITS);
}

/* How many LPs and packages there are, and where an LP is: as arena_reset() was told. */
#define SEAM_MAX_PACKAGES 8
u32 seam_nr_lps(void);
u32 seam_nr_packages(void);
u32 seam_package(u32 lp);

/* Nanoseconds of a clock that only arena_tick() moves. */
u64 seam_now_ns(void);
/* Called in loops that wait for it. */
void seam_relax(void);

/* Whose page it is in the host's eyes, 0 if free: as arena_host_free() said. */
u64 seam_host_page_id(u64 pa);
/* Whether all of [pa, pa + size) is convertible memory: the arena. */
bool seam_is_ram(u64 pa, u64 size);

#endif
