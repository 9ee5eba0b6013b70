/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SEAM_PROVOKE_H
#define _SEAM_PROVOKE_H

#include "seam_os.h"

/*
 * Which entries of each vCPU, counted from 1, are answered with @status instead:
 * with @nth, that one; else the last of each block of @every, with @probability.
 */
struct seam_provoke {
	u64 status;		/* 0: none */
	u64 seed;
	u64 nth;		/* 0: not one alone */
	u32 every;		/* at least 1 */
	u32 probability;	/* percent */
	s32 times;		/* that are left; -1: no limit */
	u64 calls, provoked;
};

extern struct seam_provoke seam_provoke_enter;

/* The status of entry @nr of the vCPU @index, or S_SUCCESS to go on. */
/* A 64-bit hash whose bits all depend on all of @x. */
u64 seam_mix(u64 x);
u64 seam_provoked(struct seam_provoke *p, u32 index, u64 nr);

#endif
