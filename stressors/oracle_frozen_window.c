// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * While a task holds a mirror SPTE frozen, nobody else may change it, and the
 * task itself must not take FROZEN_SPTE for the SPTE's value. The test kernel
 * watches the SPTE accessors; this reads what it saw.
 */
#include "agent.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WATCH "/sys/kernel/debug/septorture/spte_watch"

static const struct {
	const char *name;
	const char *title;
} kinds[] = {
    {"read_back", "a task read back an SPTE that it holds frozen itself"},
    {"clobbered", "a frozen SPTE was changed by someone else before it was unfrozen"},
    {"taken_over", "a task froze an SPTE that another task holds frozen"},
    {"left_frozen", "a task left an SPTE frozen"},
    {"not_frozen",
     "the external table was changed under the read mmu_lock without freezing the SPTE"},
    {"shared_removal", "a page was removed from the external table under the read mmu_lock"},
    {"frozen_argument", "FROZEN_SPTE was handed to the external update as a value"},
    {"unfrozen_write", "a mirror SPTE was written under the read mmu_lock without freezing it"},
};

#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

static const char *needs(const struct plan *plan)
{
	(void)plan;
	return access(WATCH, R_OK) ? "the watch on SPTE accessors (" WATCH ") is not there" : NULL;
}

/* The line that begins with NAME; its number in *N. */
static const char *find(const char *text, const char *name, uint64_t *n)
{
	size_t len = strlen(name);

	for (; text && *text; text = strchr(text, '\n'), text += text != NULL)
		if (!strncmp(text, name, len) && sscanf(text + len, " %" SCNu64, n) == 1)
			return text;
	return NULL;
}

/* "gfn ... in FUNCTION FUNCTION...": where it happened first. */
static json_t *facts(const char *line, uint64_t n)
{
	const char *gfn = strstr(line, "gfn");
	size_t len = gfn ? strcspn(gfn, "\n") : 0;

	return json_pack("{s:I, s:s%}", "times", (json_int_t)n, "first", gfn ? gfn : "", len);
}

static bool look(unsigned int td)
{
	static uint64_t seen[NKINDS];
	char *text = file_read(WATCH);
	uint64_t freezes, n;
	bool ok = true;

	if (!find(text, "freezes", &freezes)) {
		event_fail(WATCH " cannot be read");
		free(text);
		return true;
	}
	for (size_t i = 0; i < NKINDS; i++) {
		const char *line = find(text, kinds[i].name, &n);

		if (!line || n == seen[i])
			continue;
		seen[i] = n;
		ok = false;
		event_finding("frozen-window", kinds[i].name, td, kinds[i].title, facts(line, n));
	}
	event_check("frozen-window", td, ok, json_pack("{s:I}", "freezes", (json_int_t)freezes));
	free(text);
	return true;
}

static void quiesce(struct td *td)
{
	look(td->number);
}

ORACLE(frozen_window, "frozen-window",
       .help = "who freezes an SPTE unfreezes it, and does not read it meanwhile", .needs = needs,
       .quiesce = quiesce, .gone = look);
