// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory holds what was written to it, and belongs to one only: guests verify their patterns,
 * and softseam the tables and control pages that the host can overwrite.
 */
#include "agent.h"
#include "seam_findings.h"

static struct seam_kind kinds[] = {
    {"data_mismatch", "a guest read back something else than it wrote", 0},
    {"shared_private", "KVM mapped a page that the TDX module owns as shared", 0},
    {"corrupt_sept", "an S-EPT entry points outside of the TD's pages", 0},
    {"corrupt_control", "a TDR or TDVPR page was overwritten", 0},
    {"unwritten", "a page left a TD without a write-back, and is in use again", 0},
};

static bool look(unsigned int td)
{
	seam_look("data", kinds, sizeof(kinds) / sizeof(kinds[0]), td);
	return true;
}

static void quiesce(struct td *td)
{
	look(td->number);
}

ORACLE(data, "data", .help = "memory is as written, and nobody else's; so are tables",
       .needs = seam_needs, .quiesce = quiesce, .gone = look);
