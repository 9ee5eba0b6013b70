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

static bool of_td(enum seam_latent_kind kind)
{
	return kind == LATENT_TDR || kind == LATENT_TDVPR || kind == LATENT_OP_STATE ||
	       kind == LATENT_SEPT_TREE || kind == LATENT_SEPT_ENTRY || kind == LATENT_EPOCH;
}

/* Whether somebody is there who could have the lock. */
static bool contended(struct seam_call *c, enum seam_latent_kind kind)
{
	u64 tdr = seam_load(&seam_sys.lp[c->lp].tdr);

	for (u32 i = 0; i < seam_nr_lps(); i++)
		if (i != c->lp && seam_load(&seam_sys.lp[i].leaf) &&
		    (!of_td(kind) || seam_load(&seam_sys.lp[i].tdr) == tdr))
			return true;
	return false;
}

bool seam_latent_busy(struct seam_call *c, enum seam_latent_kind kind)
{
	if (!seam_load(&seam_latent.knob[kind].per_million) ||
	    (seam_latent.contended_only && !contended(c, kind)) || !seam_latent_hit(kind))
		return false;
	c->provoked = true;
	return true;
}

bool seam_no_entropy(struct seam_call *c)
{
	bool hit = seam_latent_hit(LATENT_NO_ENTROPY);

	c->provoked |= hit;
	return hit;
}
