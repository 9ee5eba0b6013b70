/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KVM's mirror page tables as the test kernel shows them (asm/septorture_abi.h). */
#ifndef SEPTORTURE_MIRROR_H
#define SEPTORTURE_MIRROR_H

#include <stdbool.h>
#include <stddef.h>

#include "asm/septorture_abi.h"

#define MIRROR	"/sys/kernel/debug/septorture/mirror"
#define JOURNAL "/sys/kernel/debug/septorture/journal"
#define SEPT	"/sys/kernel/debug/softseam/sept"

/*
 * Reads a file of records of SIZE bytes each; their number in *N. NULL after
 * event_fail(). Owned by the caller.
 */
void *records_read(const char *path, size_t size, size_t *n);

/*
 * KVM's mirror tables as they are at this quiesce point, read once for all
 * oracles; NULL after event_fail(). Valid until mirror_forget().
 */
const struct septorture_mirror *mirror_now(size_t *n);
void mirror_forget(void);

static inline bool spte_present(__u64 spte)
{
	return spte & SEPTORTURE_SPTE_PRESENT;
}

#endif
