// SPDX-License-Identifier: GPL-2.0-only
/*
 * TDH.VP.ENTER is called where nothing may be traced or probed, so
 * fail_function can't override it: softseam itself answers with what the module
 * could have answered.
 */
#include "seam.h"
#include "seam_provoke.h"

struct seam_provoke seam_provoke_enter = { .every = 1, .times = -1 };

u64 seam_mix(u64 x)
{
	/* The finalizer of MurmurHash3, as in fail_function's draws. */
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ (x >> 33);
}

static bool take_one(s32 *times)
{
	s32 n = seam_load(times);

	do {
		if (n <= 0)
			return n < 0;
	} while (!seam_cmpxchg(times, &n, n - 1));
	return true;
}

u64 seam_provoked(struct seam_provoke *p, u32 index, u64 nr)
{
	u64 status = seam_load(&p->status), nth = seam_load(&p->nth);
	u32 every = seam_load(&p->every);

	seam_add(&p->calls, 1);
	if (!status)
		return S_SUCCESS;
	if (nth ? nr != nth : nr % every)
		return S_SUCCESS;
	if (!nth && seam_mix(seam_mix(seam_load(&p->seed) ^ index) ^ nr / every) % 100 >=
		    seam_load(&p->probability))
		return S_SUCCESS;
	if (!take_one(&p->times))
		return S_SUCCESS;
	seam_add(&p->provoked, 1);
	return status;
}
