// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent.h"
#include "seam_findings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FINDINGS "/sys/kernel/debug/softseam/findings"

json_t *seam_log_last(void)
{
	char *text = file_read("/sys/kernel/debug/softseam/log"), *line, *end;
	json_t *last = NULL;

	if (text && *text) {
		end = text + strlen(text) - 1;
		if (*end == '\n')
			*end = '\0';
		line = strrchr(text, '\n');
		last = json_string(line ? line + 1 : text);
	}
	free(text);
	return last;
}

bool seam_is_here(void)
{
	return !access(FINDINGS, R_OK);
}

const char *seam_needs(const struct plan *plan)
{
	(void)plan;
	return !seam_is_here() ? "softseam's findings (" FINDINGS ") are not there" : NULL;
}

void seam_look(const char *oracle, struct seam_kind *kinds, size_t n, unsigned int td)
{
	char *text = file_read(FINDINGS);
	bool ok = true;

	for (struct seam_kind *k = kinds; k < kinds + n; k++) {
		const char *line = text ? strstr(text, k->name) : NULL;
		uint64_t times;

		if (!line || sscanf(line + strlen(k->name), " %" SCNu64, &times) != 1) {
			event_fail("softseam's findings cannot be read");
			break;
		}
		if (times == k->seen)
			continue;
		k->seen = times;
		ok = false;
		event_finding(
		    oracle, k->name, td, k->title,
		    json_pack("{s:I, s:o*}", "times", (json_int_t)times, "log", seam_log_last()));
	}
	free(text);
	event_check(oracle, td, ok, NULL);
}
