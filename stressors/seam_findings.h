/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What softseam itself saw going wrong, for the oracles that ask it. */
#ifndef SEPTORTURE_SEAM_FINDINGS_H
#define SEPTORTURE_SEAM_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plan;

/* One of softseam's counters (debugfs/softseam/findings), each of which stays 0 if all is well. */
struct seam_kind {
	const char *name;
	const char *title; /* of the finding: constant */
	uint64_t seen; /* 0; for seam_look() */
};

/* Whether softseam is at work. */
bool seam_is_here(void);
/* Why they can't be asked for, or NULL. */
const char *seam_needs(const struct plan *plan);
/*
 * Emits a finding of ORACLE for each of the N KINDS that counted since the last look, and a
 * check. TD: the number of the one at work.
 */
void seam_look(const char *oracle, struct seam_kind *kinds, size_t n, unsigned int td);

#endif
