/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a real module does now and then and a model would never do by itself:
 * find a lock taken by somebody else, be interrupted, lack entropy, take its
 * time. Off by default, set in debugfs' softseam/latent; nothing here makes a
 * leaf return what the real one could not have returned there.
 */
#ifndef _SEAM_LATENT_H
#define _SEAM_LATENT_H

#include "seam_os.h"

enum seam_latent_kind {
	/* Locks: the try fails as if another LP held it. */
	LATENT_TDR, LATENT_TDVPR, LATENT_PAGE, LATENT_OP_STATE, LATENT_SEPT_TREE,
	LATENT_SEPT_ENTRY, LATENT_EPOCH, LATENT_KOT, LATENT_WBT, LATENT_KET, LATENT_TDMR,
	LATENT_SYS,
	LATENT_INTERRUPTED,	/* an interrupt comes at a point where the leaf looks for one */
	LATENT_NO_ENTROPY,	/* RDSEED, or PCONFIG for a new key, fails */
	LATENT_NR,
};

struct seam_latent_knob {
	u32 per_million;	/* of the tries; 0: never */
	u64 seed;
	u64 tries, hits;	/* since boot; hits are those that this knob made fail */
};

#define SEAM_LATENT_LEAVES	64

struct seam_latent {
	/*
	 * A lock is busy only while another LP is in a leaf, and of a TD's locks only if
	 * that leaf is about the TD: KVM may rely on that once it has kicked all vCPUs out.
	 */
	bool contended_only;
	struct seam_latent_knob knob[LATENT_NR];
	u32 leaf_ns[SEAM_LATENT_LEAVES];	/* that a leaf takes, all locks held, if it succeeds */
	/*
	 * The leaf waits for locks: nobody can make KVM's second call fail in a row by
	 * an injection if the first one was never busy by itself.
	 */
	bool patient[SEAM_LATENT_LEAVES];
};

extern struct seam_latent seam_latent;
extern const char *const seam_latent_names[LATENT_NR];

#define SEAM_LATENT_MAX_NS	1000000	/* interrupts are off meanwhile */
/* A host that takes the CPU from a vCPU can leave a lock taken for a long time. */
#define SEAM_PATIENCE_NS	1000000000

/* Whether it happens now: a draw of the knob's own sequence. */
bool seam_latent_hit(enum seam_latent_kind kind);

struct seam_call;

/* The same of a lock and of entropy, on behalf of a leaf. */
bool seam_latent_busy(struct seam_call *c, enum seam_latent_kind lock);
bool seam_no_entropy(struct seam_call *c);

#endif
