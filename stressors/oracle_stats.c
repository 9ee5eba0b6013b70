// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KVM counts the leaves it maps (pages_4k); the module knows how many there
 * are. They must agree whenever nobody maps or zaps: a difference is an update
 * that was counted but failed, or done but not counted.
 */
#include "agent.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TDS "/sys/kernel/debug/softseam/tds"

static const char *needs(void)
{
	return access(TDS, R_OK) ? "softseam's audit (" TDS ") is not there" : NULL;
}

static bool field(const char *line, const char *name, uint64_t *value)
{
	const char *p = strstr(line, name);

	return p && sscanf(p + strlen(name), " %" SCNu64, value) == 1;
}

/* The agent has one TD at a time, so the audit has one line. */
static bool sept_leaves(uint64_t *leaves, uint64_t *unreadable)
{
	uint64_t mapped, pending, blocked;
	char *text = file_read(TDS);
	bool ok = text && field(text, " mapped", &mapped) && field(text, " pending", &pending) &&
		  field(text, " blocked", &blocked) && field(text, " unreadable", unreadable);

	free(text);
	if (ok)
		*leaves = mapped + pending + blocked;
	return ok;
}

static void quiesce(struct td *td)
{
	uint64_t pages_4k, leaves, unreadable;
	int64_t drift;

	if (atomic_load(&td->dead))
		return;
	if (!kvm_stat(td->stats_fd, "pages_4k", &pages_4k)) {
		event_fail("the VM's statistic pages_4k cannot be read");
		return;
	}
	if (!sept_leaves(&leaves, &unreadable)) {
		event_fail("softseam's audit cannot be read");
		return;
	}
	if (unreadable)
		event_finding("stats", "corrupt", td->number,
			      "the S-EPT holds entries or tables that are not the TD's own",
			      json_pack("{s:I}", "entries", (json_int_t)unreadable));
	drift = (int64_t)(pages_4k - leaves);
	event_check("stats", td->number, !drift,
		    json_pack("{s:I, s:I}", "pages_4k", (json_int_t)pages_4k, "sept_leaves",
			      (json_int_t)leaves));
	if (drift)
		event_finding("stats", "drift", td->number,
			      "pages_4k differs from the number of 4K leaves in the S-EPT",
			      json_pack("{s:I, s:I, s:I}", "pages_4k", (json_int_t)pages_4k,
					"sept_leaves", (json_int_t)leaves, "drift",
					(json_int_t)drift));
}

/* A TD whose HKID was not given back would also be mistaken for the next one. */
static bool gone(unsigned int td)
{
	char *text = file_read(TDS);
	bool none = text && !*text;

	free(text);
	event_check("stats", td, none, NULL);
	if (!none)
		event_finding("stats", "leak", td, "a destroyed TD still holds its HKID", NULL);
	return none;
}

ORACLE(stats, .help = "pages_4k equals the number of leaves in the S-EPT", .needs = needs,
       .quiesce = quiesce, .gone = gone);
