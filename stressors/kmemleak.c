// SPDX-License-Identifier: GPL-2.0-or-later
/* What nothing points to any more when the load is over; only in a kernel with kmemleak. */
#include "agent.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KMEMLEAK "/sys/kernel/debug/kmemleak"

#define SCANS	   2 /* the first one may have met a pointer on its way elsewhere */
#define MIN_AGE_US 5500000 /* younger objects are not looked at */

void kmemleak_report(void)
{
	char *text, *line, *rest;
	size_t len;

	if (access(KMEMLEAK, W_OK))
		return;
	sleep_us(MIN_AGE_US);
	for (int i = 0; i < SCANS; i++)
		if (file_write(KMEMLEAK, "scan"))
			event_fail("kmemleak cannot scan: " KMEMLEAK " says no");
	text = file_read_bytes(KMEMLEAK, &len);
	for (rest = text; (line = strsep(&rest, "\n"));)
		event_emit("kmemleak", "{s:s}", "text", line);
	free(text);
}
