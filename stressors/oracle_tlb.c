// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * No guest uses a translation of a page that it has lost. Softseam has a TLB for each vCPU,
 * which forgets only what hardware would have to forget.
 */
#include "agent.h"
#include "seam_findings.h"

static struct seam_kind kinds[] = {
    {"stale_access", "a guest used a stale translation to a page that is not the TD's own", 0},
    {"stale_shared", "a guest used a stale translation to a shared page that the host has freed",
     0},
};

static bool look(unsigned int td)
{
	seam_look("tlb", kinds, sizeof(kinds) / sizeof(kinds[0]), td);
	return true;
}

static void quiesce(struct td *td)
{
	look(td->number);
}

ORACLE(tlb, "tlb", .only = PLATFORM_MIRROR, .help = "no guest uses a stale translation",
       .needs = seam_needs, .quiesce = quiesce, .gone = look);
