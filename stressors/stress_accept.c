// SPDX-License-Identifier: GPL-2.0-or-later
/* Several vCPUs accept the same few pages, which are PENDING ever again. */
#include "agent.h"

#include <inttypes.h>

enum { OPT_VCPUS, OPT_PAGES };

static const struct stress_option options[] = {
    STRESS_VCPUS,
    {"pages", "how many they share, from the beginning of the memory", UNIT_COUNT, NULL, 64, 1,
     512},
    {0},
};

static const char *const counters[] = {STRESS_EXITS};

/* The page in r1 may have been taken away meanwhile. */
#define ACCEPT                                                                                     \
	"      accept r2, r1\n"                                                                    \
	"      verify [r1], r1, or-zero\n"                                                         \
	"      write [r1], r1\n"

/* As a guest does: all 2 MiB at once, and page by page if they are not mapped so. */
static int program(struct td *td, const uint64_t *opts, unsigned int vcpu, unsigned int nth,
		   unsigned int n)
{
	unsigned int hot = td->plan->td_hot;

	(void)nth;
	(void)n;
	return td_set_program(td, vcpu,
			      "      seed r0, %" PRIu64 "\n"
			      "round: set r1, %llu\n"
			      "      accept r2, r1, 2m\n"
			      "      set r3, 256\n"
			      "next:\n" TD_HOT_PAGE ACCEPT "      walk-random r1, %llu, %" PRIu64
			      "\n" ACCEPT "      add r3, -1\n"
			      "      jnz r3, next\n"
			      "      jmp round\n",
			      td->seed, TD_MEM_GPA, hot ? hot : 1, TD_MEM_GPA, opts[OPT_PAGES]);
}

STRESSOR(accept, .help = "vCPUs accept the same pages, with 2 MiB and 4 KiB at a time",
	 .only = PLATFORM_MIRROR,
	 .paths = "tdx_handle_ept_violation, tdx_mem_page_aug (TDX_OPERAND_BUSY by a TDG.MEM.PAGE."
		  "ACCEPT), tdx_sept_remove_leaf_spte",
	 .options = options, .vcpus = true, .vcpu_program = program, .ncounters = 1,
	 .counters = counters);
