/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What softseam needs of its surroundings. The same files are built into the
 * kernel and, against a shim that defines the same names, into user-space
 * tests.
 */
#ifndef _SEAM_OS_H
#define _SEAM_OS_H

#ifdef __KERNEL__
#include <linux/align.h>
#include <linux/array_size.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/cpumask.h>
#include <linux/compiler.h>
#include <linux/io.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/types.h>
#include <asm/processor.h>
#include <asm/shared/tdx.h>
#include <asm/tsc.h>

/* Physical to virtual address; only for pages that a TDMR covers or the kernel passed. */
static inline void *seam_va(u64 pa)
{
	return __va(pa);
}

/* Physical address bits without the KeyID. */
static inline u64 seam_pa_mask(void)
{
	return BIT_ULL(boot_cpu_data.x86_phys_bits) - 1;
}

/* The bits of the KeyID above them: as many as softvmx tells. */
static inline u64 seam_hkid_mask(void)
{
	return GENMASK_ULL(5, 0) << boot_cpu_data.x86_phys_bits;
}

static inline u32 seam_nr_lps(void)
{
	return num_online_cpus();
}

#define SEAM_MAX_PACKAGES	8

static inline u32 seam_nr_packages(void)
{
	return min(topology_max_packages(), SEAM_MAX_PACKAGES);
}

/* Counted from 0. */
static inline u32 seam_package(u32 lp)
{
	return topology_logical_package_id(lp) % seam_nr_packages();
}

/* A clock for waits and time-outs, that may be read where nothing is instrumented. */
static __always_inline u64 seam_now_ns(void)
{
	u32 mhz = tsc_khz / 1000;

	return rdtsc_ordered() / (mhz ?: 1000) * 1000;
}

static __always_inline void seam_relax(void)
{
	cpu_relax();
}

/*
 * Whose page it is in the host's eyes: 0 if nobody's, else a number that changes
 * when it is used for something else.
 */
static inline u64 seam_host_page_id(u64 pa)
{
	struct page *page = pfn_to_page(pa >> PAGE_SHIFT);
	struct folio *folio = page_folio(page);

	if (!folio_ref_count(folio))
		return 0;
	return ((u64)READ_ONCE(folio->mapping) ^
		(READ_ONCE(folio->index) + folio_page_idx(folio, page)) << 48) | 1;
}

/* Whether all of [@pa, @pa + @size) can be converted to private memory. */
static inline bool seam_is_ram(u64 pa, u64 size)
{
	return pa + size <= (u64)max_pfn << PAGE_SHIFT;
}
#else
#include "seam_user.h"
#endif

/* The compiler's own atomics work in both and are nobody's instrumentation point. */
#define seam_load(p)		__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define seam_store(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define seam_add(p, v)		((void)__atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL))
#define seam_sub(p, v)		((void)__atomic_fetch_sub((p), (v), __ATOMIC_ACQ_REL))
#define seam_cmpxchg(p, old, new)						\
	__atomic_compare_exchange_n((p), (old), (new), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)

#endif /* _SEAM_OS_H */
