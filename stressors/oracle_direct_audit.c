// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whenever nobody maps or zaps, what KVM's direct tables map is what is behind the memory slots:
 * the page that the guest_memfd or the host's own mapping has there, no more writable than that.
 */
#include "agent.h"
#include "direct.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* In the order in which the kernel writes them. */
static const struct {
	const char *name;
	const char *title;
} kinds[] = {
    {"frozen", "an SPTE is frozen although nobody works on it"},
    {"stale_root", "a root that is obsolete maps pages"},
    {"no_slot", "a page is mapped where there is no memory slot"},
    {"not_backed", "a page is mapped that is not the guest_memfd's at that offset"},
    {"moved", "a page is mapped that the host has freed or moved"},
    {"read_only", "a page is mapped for writing that the host has read-only"},
    {"beyond_slot", "a large page is mapped that reaches beyond its memory slot"},
    {"mixed", "a large page is mapped over memory that is private in part"},
    {"logged_huge", "a large page is mapped for writing although its slot's dirty log is on"},
};

#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

static const char *needs(const struct plan *plan)
{
	(void)plan;
	return access(DIRECT, R_OK) ? "KVM's direct tables (" DIRECT ") are not there" : NULL;
}

/* A line "wrong KIND N gfn ... level ... spte ...". */
static void wrong(struct td *td, const char *line)
{
	char name[32];
	uint64_t n;
	int at = 0;

	if (sscanf(line, "wrong %31s %" SCNu64 " %n", name, &n, &at) != 2 || !at) {
		event_fail(DIRECT " has a line that cannot be read");
		return;
	}
	for (size_t i = 0; i < NKINDS; i++)
		if (!strcmp(kinds[i].name, name))
			event_finding("direct-audit", name, td->number, kinds[i].title,
				      json_pack("{s:I, s:s%}", "times", (json_int_t)n, "first",
						line + at, strcspn(line + at, "\n")));
}

static void quiesce(struct td *td)
{
	const char *text = atomic_load(&td->dead) ? NULL : direct_now(), *line = text;
	uint64_t tables = 0;
	bool ok = true;

	while (line && (line = strstr(line, "\nwrong "))) {
		wrong(td, ++line);
		ok = false;
	}
	if (text && direct_number("tables", &tables))
		event_check("direct-audit", td->number, ok,
			    json_pack("{s:I}", "tables", (json_int_t)tables));
}

ORACLE(direct_audit, "direct-audit", .only = PLATFORM_DIRECT,
       .help = "what the direct tables map is the host's page there, and no more writable",
       .needs = needs, .quiesce = quiesce);
