// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What softseam itself saw going wrong: a guest access by way of a stale
 * translation, memory that changed, an S-EPT or a control page overwritten.
 */
#include "agent.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FINDINGS "/sys/kernel/debug/softseam/findings"

static const struct {
	const char *name;
	const char *title;
} kinds[] = {
    {"stale_access", "a guest used a stale translation to a page that is not the TD's own"},
    {"stale_shared", "a guest used a stale translation to a shared page that the host has freed"},
    {"shared_private", "KVM mapped a page that the TDX module owns as shared"},
    {"data_mismatch", "a guest read back something else than it wrote"},
    {"corrupt_sept", "an S-EPT entry points outside of the TD's pages"},
    {"corrupt_control", "a TDR or TDVPR page was overwritten"},
};

#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

static const char *needs(void)
{
	return access(FINDINGS, R_OK) ? "softseam's findings (" FINDINGS ") are not there" : NULL;
}

static bool look(unsigned int td)
{
	static uint64_t seen[NKINDS];
	char *text = file_read(FINDINGS);
	bool ok = true;

	for (size_t i = 0; i < NKINDS; i++) {
		const char *line = text ? strstr(text, kinds[i].name) : NULL;
		uint64_t n;

		if (!line || sscanf(line + strlen(kinds[i].name), " %" SCNu64, &n) != 1) {
			event_fail("softseam's findings cannot be read");
			break;
		}
		if (n == seen[i])
			continue;
		seen[i] = n;
		ok = false;
		event_finding(
		    "seam", kinds[i].name, td, kinds[i].title,
		    json_pack("{s:I, s:o*}", "times", (json_int_t)n, "log", seam_log_last()));
	}
	free(text);
	event_check("seam", td, ok, NULL);
	return true;
}

static void quiesce(struct td *td)
{
	look(td->number);
}

ORACLE(seam, "seam",
       .help = "softseam saw no stale translation, no changed memory, no overwritten table",
       .needs = needs, .quiesce = quiesce, .gone = look);
