// SPDX-License-Identifier: GPL-2.0-only
/* Failures that a module meets in a busy machine, drawn instead of waited for. */
#include "seam.h"
#include "seam_provoke.h"

struct seam_latent seam_latent;

const char *const seam_latent_names[LATENT_NR] = {
	[LATENT_TDR]		= "tdr",
	[LATENT_TDVPR]		= "tdvpr",
	[LATENT_PAGE]		= "page",
	[LATENT_OP_STATE]	= "op_state",
	[LATENT_SEPT_TREE]	= "sept_tree",
	[LATENT_SEPT_ENTRY]	= "sept_entry",
	[LATENT_EPOCH]		= "td_epoch",
	[LATENT_KOT]		= "kot",
	[LATENT_WBT]		= "wbt",
	[LATENT_KET]		= "ket",
	[LATENT_TDMR]		= "tdmr",
	[LATENT_SYS]		= "sys",
	[LATENT_INTERRUPTED]	= "interrupted",
	[LATENT_NO_ENTROPY]	= "no_entropy",
};

bool seam_latent_hit(enum seam_latent_kind kind)
{
	struct seam_latent_knob *k = &seam_latent.knob[kind];
	u32 per_million = seam_load(&k->per_million);
	u64 nr;

	if (!per_million)
		return false;
	nr = __atomic_fetch_add(&k->tries, 1, __ATOMIC_RELAXED);
	if (seam_mix(seam_mix(seam_load(&k->seed) ^ kind) ^ nr) % 1000000 >= per_million)
		return false;
	seam_add(&k->hits, 1);
	return true;
}

bool seam_no_entropy(struct seam_call *c)
{
	bool hit = seam_latent_hit(LATENT_NO_ENTROPY);

	c->provoked |= hit;
	return hit;
}
