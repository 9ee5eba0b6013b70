// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every fault is served, or gives up. The test kernel counts how often in a row KVM tried one
 * again (spte_retries.c), so that a slow machine does not look like one that makes no progress.
 * That a thread does not come back from the kernel at all is seen by the agent itself.
 */
#include "agent.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RETRIES "/sys/kernel/debug/septorture/retries"

static const char *needs(const struct plan *plan)
{
	(void)plan;
	return access(RETRIES, R_OK) ? "the count of faults tried again (" RETRIES ") is not there"
				     : NULL;
}

static bool look(unsigned int td)
{
	static int seen;
	char *text = file_read(RETRIES);
	const char *livelock = text ? strstr(text, "livelock ") : NULL;
	uint64_t most, alone;
	int n = 0;

	if (!text || sscanf(text, "most %" SCNu64 " alone %" SCNu64, &most, &alone) != 2) {
		event_fail(RETRIES " cannot be read");
		free(text);
		return true;
	}
	if (livelock)
		sscanf(livelock, "livelock %d", &n);
	if (n != seen)
		event_finding("liveness", "livelock", td,
			      "a fault is tried again for ever, and nothing changes meanwhile",
			      json_pack("{s:i, s:s%}", "times", n, "first", livelock,
					strcspn(livelock, "\n")));
	event_check("liveness", td, n == seen,
		    json_pack("{s:I, s:I}", "most", (json_int_t)most, "alone", (json_int_t)alone));
	seen = n;
	free(text);
	return true;
}

static void quiesce(struct td *td)
{
	look(td->number);
}

ORACLE(liveness, "liveness", .help = "no fault is tried again for ever", .needs = needs,
       .quiesce = quiesce, .gone = look);
