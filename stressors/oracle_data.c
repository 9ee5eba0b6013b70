// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory holds what was written to it, and belongs to one only: guests verify their patterns,
 * and softseam the tables and control pages that the host can overwrite.
 */
#include "agent.h"
#include "payload.h"
#include "seam_findings.h"

static struct seam_kind kinds[] = {
    {"data_mismatch", "a guest read back something else than it wrote", 0},
    {"shared_private", "KVM mapped a page that the TDX module owns as shared", 0},
    {"corrupt_sept", "an S-EPT entry points outside of the TD's pages", 0},
    {"corrupt_control", "a TDR or TDVPR page was overwritten", 0},
    {"unwritten", "a page left a TD without a write-back, and is in use again", 0},
};

/* On the direct platform the guest itself says so. */
static void look_at_payload(unsigned int td)
{
	static uint64_t seen;
	json_t *last;
	uint64_t n = payload_mismatches(&last);
	bool ok = n == seen;

	if (!ok)
		event_finding(
		    "data", kinds[0].name, td, kinds[0].title,
		    json_pack("{s:I, s:o}", "times", (json_int_t)n, "last", json_incref(last)));
	seen = n;
	json_decref(last);
	event_check("data", td, ok, NULL);
}

static bool look(unsigned int td)
{
	if (!seam_is_here()) {
		look_at_payload(td);
		return true;
	}
	seam_look("data", kinds, sizeof(kinds) / sizeof(kinds[0]), td);
	return true;
}

static void quiesce(struct td *td)
{
	look(td->number);
}

static const char *needs(const struct plan *plan)
{
	return plan->platform == PLATFORM_DIRECT ? NULL : seam_needs(plan);
}

ORACLE(data, "data", .help = "memory is as written, and nobody else's; so are tables",
       .needs = needs, .quiesce = quiesce, .gone = look);
