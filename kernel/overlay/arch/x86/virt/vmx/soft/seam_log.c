// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happened to guests, for debugfs' softseam/log: nothing may be printed
 * where they run.
 */
#include "seam.h"

struct seam_log seam_log;
struct seam_guest_counts seam_guest_counts;

void seam_log_add(enum seam_log_kind kind, struct guest *g, u64 gpa, u64 hpa, u64 a, u64 b)
{
	u64 seq = __atomic_add_fetch(&seam_log.seq, 1, __ATOMIC_ACQ_REL);
	struct seam_log_entry *e = &seam_log.entry[seq % SEAM_LOG_SIZE];

	seam_store(&e->seq, 0);
	seam_store(&e->kind, kind);
	seam_store(&e->vcpu, g->vp->index);
	seam_store(&e->tdr, g->td->pa);
	seam_store(&e->pc, g->vp->pc);
	seam_store(&e->gpa, gpa);
	seam_store(&e->hpa, hpa);
	seam_store(&e->a, a);
	seam_store(&e->b, b);
	seam_store(&e->seq, seq);
}
