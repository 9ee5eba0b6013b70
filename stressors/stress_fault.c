// SPDX-License-Identifier: GPL-2.0-or-later
/* Every vCPU touches the TD's private memory, page after page. */
#include "agent.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PATTERN_RANDOM, PATTERN_SEQUENTIAL, PATTERN_STRIDED, PATTERN_SAME_PAGE, PATTERN_SAME_TABLE };
enum { OPT_VCPUS, OPT_PATTERN, OPT_PRELOAD };

static const char *const patterns[] = {"random",    "sequential", "strided",
				       "same-page", "same-table", NULL};

static const struct stress_option options[] = {
    STRESS_VCPUS,
    {"pattern", "order in which the pages are touched", UNIT_CHOICE, patterns, PATTERN_RANDOM, 0,
     0},
    {"preload", "pages that are part of the TD's initial image", UNIT_COUNT, NULL, 64, 0, 65536},
    {0},
};

static const char *const counters[] = {STRESS_EXITS};

/*
 * What is done with each page, its GPA in r1: it holds that address, or nothing if it was
 * taken away meanwhile.
 */
#define TOUCH                                                                                      \
	"      verify [r1], r1, or-zero\n"                                                         \
	"      write [r1], r1\n"
#define ACCEPT "      accept r1\n"

/* One page of each table after the other, then the next page of each. */
static int set_strided(struct td *td, unsigned int vcpu, unsigned int nth)
{
	uint64_t tables = td->mem_size / TD_TABLE;

	return td_set_program(td, vcpu,
			      "      set r2, %u\n"
			      "next: mod r2, %llu\n"
			      "      set r3, 0\n"
			      "      set r4, %" PRIu64 "\n"
			      "page: set r1, r3\n"
			      "      mul r1, %llu\n"
			      "      add r1, %llu\n"
			      "      add r1, r2\n" ACCEPT TOUCH "      add r3, 1\n"
			      "      add r4, -1\n"
			      "      jnz r4, page\n"
			      "      add r2, %llu\n"
			      "      jmp next\n",
			      nth, TD_TABLE, tables, TD_TABLE, TD_MEM_GPA, TD_PAGE);
}

/*
 * A hot page is also touched without ACCEPT: that is another EPT violation, and the #VE handler
 * accepts. Not always, as the module's zero-step mitigation holds a vCPU back that loses its
 * page too often before. Each begins with some of one kind, so that both kinds make tables, and
 * meet their own.
 */
static int set_hot(struct td *td, unsigned int vcpu, unsigned int nth)
{
	uint64_t pages = td->mem_size / TD_PAGE;

	return td_set_program(
	    td, vcpu,
	    "      seed r0, %" PRIu64 "\n"
	    "      set r2, 8\n"
	    "      jmp %s\n"
	    "lazy:\n" TD_HOT_PAGE TOUCH "      add r2, -1\n"
	    "      jnz r2, lazy\n"
	    "      jmp round\n"
	    "eager:\n" TD_HOT_PAGE ACCEPT TOUCH "      add r2, -1\n"
	    "      jnz r2, eager\n"
	    "round: set r2, 64\n"
	    "both:\n" TD_HOT_PAGE TOUCH TD_HOT_PAGE ACCEPT TOUCH "      add r2, -1\n"
	    "      jnz r2, both\n"
	    "      walk-random r1, %llu, %" PRIu64 "\n" ACCEPT TOUCH "      jmp round\n",
	    td->seed, td->seed >> nth % 32 & 1 ? "eager" : "lazy", td->plan->td_hot,
	    td->plan->td_hot, td->plan->td_hot, td->plan->td_hot, TD_MEM_GPA, pages);
}

static int program(struct td *td, const uint64_t *opts, unsigned int vcpu, unsigned int nth,
		   unsigned int n)
{
	uint64_t pages = td->mem_size / TD_PAGE;

	switch (opts[OPT_PATTERN]) {
	case PATTERN_SEQUENTIAL:
		/* The Nth of n begins at N/n of the memory. */
		return td_set_program(td, vcpu,
				      "      set r3, %" PRIu64 "\n"
				      "next: walk-seq r1, r3, %llu, %" PRIu64 "\n" ACCEPT TOUCH
				      "      jmp next\n",
				      pages / n * nth, TD_MEM_GPA, pages);
	case PATTERN_STRIDED:
		return set_strided(td, vcpu, nth);
	case PATTERN_SAME_PAGE:
		pages = 1;
		break;
	case PATTERN_SAME_TABLE:
		pages = TD_TABLE / TD_PAGE;
		break;
	}
	if (td->plan->td_hot && opts[OPT_PATTERN] == PATTERN_RANDOM)
		return set_hot(td, vcpu, nth);
	return td_set_program(td, vcpu,
			      "      seed r0, %" PRIu64 "\n"
			      "next: walk-random r1, %llu, %" PRIu64 "\n" ACCEPT TOUCH
			      "      jmp next\n",
			      td->seed, TD_MEM_GPA, pages);
}

static int init(struct td *td, const uint64_t *opts, void **state)
{
	uint64_t pages = opts[OPT_PRELOAD], max = td->mem_size / TD_PAGE;
	uint64_t *image;
	int ret;

	(void)state;
	if (pages > max)
		pages = max;
	if (!pages)
		return 0;
	image = aligned_alloc(TD_PAGE, pages * TD_PAGE);
	if (!image) {
		event_fail("no memory for the TD's initial image");
		return -1;
	}
	memset(image, 0, pages * TD_PAGE);
	for (uint64_t i = 0; i < pages; i++)
		image[i * TD_PAGE / sizeof(*image)] = TD_MEM_GPA + i * TD_PAGE;
	ret = td_add_pages(td, TD_MEM_GPA, image, pages, false);
	free(image);
	return ret;
}

STRESSOR(fault, .help = "vCPUs touch private memory, so that KVM maps it on demand",
	 .paths = "tdx_handle_ept_violation, kvm_tdp_mmu_map, tdp_mmu_set_spte_atomic, "
		  "tdp_mmu_link_sp; with preload tdx_gmem_post_populate",
	 .options = options, .vcpus = true, .vcpu_program = program, .init = init, .ncounters = 1,
	 .counters = counters);
