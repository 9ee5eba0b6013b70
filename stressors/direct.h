/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KVM's direct page tables as the test kernel shows them (direct_walk.c). */
#ifndef SEPTORTURE_DIRECT_H
#define SEPTORTURE_DIRECT_H

#include <stdbool.h>
#include <stdint.h>

#define DIRECT "/sys/kernel/debug/septorture/direct"

/*
 * The text as it is at this quiesce point, read once for all oracles, and checked that it is of
 * one VM; NULL after event_fail(). Valid until direct_forget().
 */
const char *direct_now(void);
void direct_forget(void);

/* The number NAME that it has of the VM; false after event_fail(). */
bool direct_number(const char *name, uint64_t *n);

#endif
