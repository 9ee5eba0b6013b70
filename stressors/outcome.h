/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Did KVM keep what it promises of the faults that were injected into a TD? */
#ifndef SEPTORTURE_OUTCOME_H
#define SEPTORTURE_OUTCOME_H

#include "agent.h"

#define OUTCOME_DIED "the VM died, though no fault that was injected may kill it"

/* A new TD begins; what was injected before is none of its business. Main thread. */
void outcome_begin(const struct plan *plan);
/*
 * Whether a fault that was injected since then promises that an ioctl fails with
 * ERR, or that the VM dies if that is EIO. Any thread.
 */
bool outcome_explains(int err);
/* The TD is of no more use, but only because of what its faults promise. Any thread. */
void outcome_end(void);
bool outcome_ended(void);
/* What the faults injected so far may leave behind for good (enum leak, or-ed). */
unsigned int outcome_leaks(void);
/*
 * Whether nothing of it is left for later TDs: a TD that kept its HKID would be taken
 * for the next one, and a page that the module still owns, but the host has freed,
 * would make the next TD fail that gets it.
 */
bool outcome_is_over(void);
/* With no vCPU and no stressor at work, before the TD is destroyed: reports what was not kept. */
void outcome_check(const struct td *td);

#endif
