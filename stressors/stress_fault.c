// SPDX-License-Identifier: GPL-2.0-or-later
/* Every vCPU touches the TD's private memory, page after page. */
#include "agent.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PATTERN_RANDOM, PATTERN_SEQUENTIAL };
enum { OPT_PATTERN, OPT_PRELOAD };

static const char *const patterns[] = {"random", "sequential", NULL};

static const struct stress_option options[] = {
    {"pattern", "order in which the pages are touched", UNIT_CHOICE, patterns, PATTERN_RANDOM, 0,
     0},
    {"preload", "pages that are part of the TD's initial image", UNIT_COUNT, NULL, 64, 0, 65536},
    {0},
};

static const char *const counters[] = {"exits"};

static unsigned int threads(const struct td *td, const uint64_t *opts)
{
	(void)opts;
	return td->nvcpus;
}

static int set_program(struct td *td, uint64_t pattern)
{
	uint64_t pages = td->mem_size / TD_PAGE;

	/* vCPU i starts at i/n of the memory. */
	if (pattern == PATTERN_SEQUENTIAL)
		return td_set_program(td,
				      "      add r3, r0\n"
				      "      mul r3, %" PRIu64 "\n"
				      "next: mod r3, %" PRIu64 "\n"
				      "      set r1, r3\n"
				      "      mul r1, %llu\n"
				      "      add r1, %llu\n"
				      "      accept r1\n"
				      "      write [r1], r1\n"
				      "      add r3, 1\n"
				      "      jmp next\n",
				      pages / td->nvcpus, pages, TD_PAGE, TD_MEM_GPA);
	return td_set_program(td,
			      "      seed r0, %" PRIu64 "\n"
			      "next: walk-random r1, %llu, %" PRIu64 "\n"
			      "      accept r1\n"
			      "      write [r1], r1\n"
			      "      jmp next\n",
			      td->seed, TD_MEM_GPA, pages);
}

static int init(struct td *td, const uint64_t *opts, void **state)
{
	uint64_t pages = opts[OPT_PRELOAD], max = td->mem_size / TD_PAGE;
	void *image;
	int ret;

	(void)state;
	if (set_program(td, opts[OPT_PATTERN]))
		return -1;
	if (pages > max)
		pages = max;
	if (!pages)
		return 0;
	image = aligned_alloc(TD_PAGE, pages * TD_PAGE);
	if (!image) {
		event_fail("no memory for the TD's initial image");
		return -1;
	}
	memset(image, 0x5a, pages * TD_PAGE);
	ret = td_add_pages(td, TD_MEM_GPA, image, pages, false);
	free(image);
	return ret;
}

static void run(struct worker *w)
{
	while (worker_go(w) && td_run_vcpu(w->td, w->index))
		worker_count(w, 0, 1);
}

STRESSOR(fault, .help = "vCPUs touch private memory, so that KVM maps it on demand",
	 .paths = "tdx_handle_ept_violation, kvm_tdp_mmu_map, tdp_mmu_set_spte_atomic, "
		  "tdp_mmu_link_sp; with preload tdx_gmem_post_populate",
	 .options = options, .threads = threads, .init = init, .run = run, .ncounters = 1,
	 .counters = counters);
