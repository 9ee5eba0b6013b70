// SPDX-License-Identifier: GPL-2.0-or-later
/* softseam fails now and then by itself, as a TDX module in a busy machine would. */
#include "fault.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

#define LATENT "/sys/kernel/debug/softseam/latent"

#define KNOB(name, text)                                                                           \
	{                                                                                          \
		name, text " (times in a million tries)", UNIT_COUNT, NULL, 0, 0, 1000000          \
	}

static const struct stress_option options[] = {
    KNOB("tdr", "another CPU has the TDR"),
    KNOB("tdvpr", "another CPU has the vCPU's TDVPR"),
    KNOB("page", "another CPU has a page's PAMT entry"),
    KNOB("op_state", "another CPU has OP_STATE"),
    KNOB("sept_tree", "another CPU has the S-EPT tree, as zero-step mitigation takes it"),
    KNOB("sept_entry", "a guest's ACCEPT has the S-EPT entry"),
    KNOB("td_epoch", "another CPU has the TD epoch"),
    KNOB("interrupted", "an interrupt comes where a leaf looks for one"),
    {"time", "how long TDH.MEM leaves take, locks held", UNIT_TIME, NULL, 0, 0, 1000},
    {0},
};

enum { OPT_TIME = 8 };

static const char *const mem_leaves[] = {
    "TDH.MEM.PAGE.ADD",	   "TDH.MEM.SEPT.ADD",	  "TDH.MEM.PAGE.AUG",
    "TDH.MEM.RANGE.BLOCK", "TDH.MEM.PAGE.REMOVE",
};

static const char *const counters[] = {"busy"};

/* How often a lock was busy because of this, since boot. */
static uint64_t read_hits(void)
{
	char *text = file_read(LATENT), *rest = text, *line;
	uint64_t n, sum = 0;

	while ((line = strsep(&rest, "\n")))
		if (sscanf(line, "%*s %*u %*u tries %*u hits %" SCNu64, &n) == 1)
			sum += n;
	free(text);
	return sum;
}

static void run(struct worker *w)
{
	uint64_t before = read_hits(), now;

	while (worker_go(w)) {
		sleep_us(10000);
		now = read_hits();
		worker_count(w, 0, now - before);
		before = now;
	}
}

static const char *lacks(void)
{
	return access(LATENT, F_OK)
		   ? "only softseam has latent failures, and it is not at work here"
		   : NULL;
}

static int init(struct td *td, const uint64_t *opts, void **state)
{
	(void)state;
	for (int i = 0; i < OPT_TIME; i++)
		if (fault_write(LATENT, "%s %" PRIu64 " %" PRIu64, options[i].key, opts[i],
				td->seed))
			return -1;
	for (size_t i = 0; i < sizeof(mem_leaves) / sizeof(mem_leaves[0]); i++)
		if (fault_write(LATENT, "%s %" PRIu64, mem_leaves[i], opts[OPT_TIME] * 1000))
			return -1;
	return 0;
}

/* The TD is not destroyed yet: nothing fails there, where KVM allows for no failure. */
static void fini(struct td *td, void *state)
{
	(void)td;
	(void)state;
	fault_write(LATENT, "off");
}

STRESSOR(latent, .help = "softseam's locks are busy now and then, as a real module's",
	 .only = PLATFORM_MIRROR, .paths = "tdx_operand_busy, tdx_do_sc_retry, TDX_BUG_ON",
	 .options = options, .lacks = lacks, .init = init, .run = run, .fini = fini, .ncounters = 1,
	 .counters = counters);
