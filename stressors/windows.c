// SPDX-License-Identifier: GPL-2.0-or-later
/* What met at frozen SPTEs, from the test kernel (docs/windows.md). */
#include "agent.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOWS "/sys/kernel/debug/septorture/windows"
#define RACES	"/sys/kernel/debug/septorture/races"

static void emit(const char *opener, const char *level, uint64_t opened, json_t *met)
{
	event_emit("window", "{s:s, s:s, s:I, s:o}", "op", opener, "level", level, "opened",
		   (json_int_t)opened, "met", met);
}

void windows_report(void)
{
	char *text = file_read(WINDOWS), *rest = text, *line;
	char opener[16] = "", level[16] = "", op[16], how[16];
	uint64_t opened = 0, times;
	json_t *met = NULL;

	/* "fault leaf opened 12", then what was met there: "fault leaf punch waited 3". */
	while ((line = strsep(&rest, "\n"))) {
		if (sscanf(line, "%*s %*s opened %" SCNu64, &times) == 1) {
			if (met)
				emit(opener, level, opened, met);
			sscanf(line, "%15s %15s", opener, level);
			opened = times;
			met = json_array();
		} else if (met &&
			   sscanf(line, "%*s %*s %15s %15s %" SCNu64, op, how, &times) == 3) {
			json_array_append_new(met, json_pack("{s:s, s:s, s:I}", "op", op, "how",
							     how, "times", (json_int_t)times));
		}
	}
	if (met)
		emit(opener, level, opened, met);
	free(text);
}

/* "fault leaf notifier 12": so often the latter lost to the former. */
void races_report(void)
{
	char *text = file_read(RACES), *rest = text, *line, winner[16], level[16], loser[16];
	uint64_t times;

	while ((line = strsep(&rest, "\n")))
		if (sscanf(line, "%15s %15s %15s %" SCNu64, winner, level, loser, &times) == 4)
			event_emit("race", "{s:s, s:s, s:s, s:I}", "winner", winner, "level", level,
				   "loser", loser, "times", (json_int_t)times);
	free(text);
}
