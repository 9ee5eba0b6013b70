/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one thread does with a TD of one vCPU, the same way every time. */
#ifndef SEPTORTURE_SCENARIO_H
#define SEPTORTURE_SCENARIO_H

#include "agent.h"

/*
 * Builds a TD with an initial image, runs it so that it touches pages below several
 * page tables, punches holes, runs it again, lets the oracles look, and destroys it:
 * every path on which an external SPTE is updated. Findings are emitted. The plan's
 * TD has one vCPU; NUMBER is the TD's.
 */
void scenario_run(const struct plan *plan, unsigned int number);

#endif
