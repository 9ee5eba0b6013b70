/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical memory, CPUs and time for softseam in user space. An address that is
 * none of the arena's is a bug of the model's: it aborts.
 *
 * The arena is one TDMR of 1 GiB at ARENA_BASE, of which TDH.SYS.TDMR.INIT has
 * done the first ARENA_PAGES pages once arena_bring_up() is through. Pages come
 * from there. The PAMT lies below it, in memory that is no TDMR's.
 */
#ifndef SEPTORTURE_ARENA_H
#define SEPTORTURE_ARENA_H

#include "seam.h"

#define ARENA_BASE  (1ULL << 30)
#define ARENA_END   (2ULL << 30)
#define ARENA_PAGES 4096u
/* A page that a TDMR covers and TDH.SYS.TDMR.INIT has not reached. */
#define ARENA_UNINITIALIZED (ARENA_BASE + (512ULL << 20))
/* A page of memory that is in no TDMR. */
#define ARENA_NO_TDMR  (ARENA_BASE / 2)
#define ARENA_RESERVED (ARENA_BASE + (8ULL << 20)) /* one page in a reserved area */

/* Everything as at power-on: module, memory (zeroed), clock, LPS processors in PACKAGES. */
void arena_reset(u32 lps, u32 packages);
/* arena_reset() and TDH.SYS.* up to a module that is ready for TDs. */
void arena_bring_up(u32 lps, u32 packages);
/* Physical address of a page never handed out since the reset; thread-safe. */
u64 arena_page(void);
/* Moves the clock. */
void arena_tick(u64 ns);
/* The host thinks the page to be free (or not): what a stale shared translation is judged by. */
void arena_host_free(u64 pa, bool is_free);
/* Waiting moves the clock by this much a turn (0 at reset; then a wait would not end). */
void arena_relax_ns(u64 ns);

/* --- SEAMCALLs, from LP 0 unless said --- */

/* One call: RAX in (leaf | version << 16), registers in and out; returns RAX. */
u64 arena_call_on(u32 lp, u64 rax, struct tdx_module_args *a);
/* Shorthand: `call(LEAF, .rcx = ..., .rdx = ...)`; the outputs are in arena_out. */
extern __thread struct tdx_module_args arena_out;
#define call(rax, ...)                                                                             \
	(arena_out = (struct tdx_module_args){__VA_ARGS__}, arena_call_on(0, (rax), &arena_out))
#define call_on(lp, rax, ...)                                                                      \
	(arena_out = (struct tdx_module_args){__VA_ARGS__}, arena_call_on((lp), (rax), &arena_out))

/* Leaf numbers, by their names. */
enum {
	VP_ENTER = 0,
	MNG_ADDCX = 1,
	MEM_PAGE_ADD = 2,
	MEM_SEPT_ADD = 3,
	VP_ADDCX = 4,
	MEM_PAGE_AUG = 6,
	MEM_RANGE_BLOCK = 7,
	MNG_KEY_CONFIG = 8,
	MNG_CREATE = 9,
	VP_CREATE = 10,
	MNG_RD = 11,
	MR_EXTEND = 16,
	MR_FINALIZE = 17,
	VP_FLUSH = 18,
	MNG_VPFLUSHDONE = 19,
	MNG_KEY_FREEID = 20,
	MNG_INIT = 21,
	VP_INIT = 22,
	PHYMEM_PAGE_RDMD = 24,
	VP_RD = 26,
	PHYMEM_PAGE_RECLAIM = 28,
	MEM_PAGE_REMOVE = 29,
	SYS_KEY_CONFIG = 31,
	SYS_INIT = 33,
	SYS_RD = 34,
	SYS_LP_INIT = 35,
	SYS_TDMR_INIT = 36,
	MEM_TRACK = 38,
	PHYMEM_CACHE_WB = 40,
	PHYMEM_PAGE_WBINVD = 41,
	VP_WR = 43,
	SYS_CONFIG = 45,
};
#define V1 (1ULL << 16)

/* --- TDs; each asserts that every step succeeds --- */

struct arena_td {
	u64 tdr, tdcx[6], hkid;
	u64 shared_bit; /* of a GPA */
	u8 levels;
};

/* TD_PARAMS that MNG.INIT takes, in a page of their own: 48-bit GPAs, 4 levels, 8 vCPUs. */
u64 arena_td_params(void);
/* The same in steps: each goes one further than the one before. */
enum arena_td_state { TD_STATE_CREATED, TD_STATE_KEYED, TD_STATE_COMPLETE, TD_STATE_INITIALIZED };
void arena_td_new(struct arena_td *td, u64 hkid, enum arena_td_state until);
/* Adds a vCPU (VP.CREATE, ADDCX, INIT v1) on LP with its guest program at PROG; its TDVPR. */
u64 arena_vp_new(struct arena_td *td, u32 lp, u32 apic_id, u64 prog);
/* S-EPT tables so that there is an entry for the 4K page at GPA. */
void arena_tables(struct arena_td *td, u64 gpa);
/* PAGE.ADD of a page with the content at DATA (may be NULL: zeros); the page. */
u64 arena_add(struct arena_td *td, u64 gpa, const void *data);
/* SEPT.ADDs and PAGE.AUG; the page. */
u64 arena_aug(struct arena_td *td, u64 gpa);
/* MR.FINALIZE. */
void arena_finalize(struct arena_td *td);
/* VP.FLUSH on LP of each of N vCPUs, VPFLUSHDONE, CACHE.WB, FREEID: the TD is in teardown. */
void arena_td_stop(struct arena_td *td, const u64 *vps, u32 nvps, u32 lp);

#endif
