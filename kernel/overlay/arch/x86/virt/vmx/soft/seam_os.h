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
#include <linux/io.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/processor.h>
#include <asm/shared/tdx.h>

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

static inline u32 seam_nr_lps(void)
{
	return num_online_cpus();
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
