// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent.h"

#include <stdlib.h>
#include <string.h>

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
