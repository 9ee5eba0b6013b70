// SPDX-License-Identifier: GPL-2.0-or-later
/* The guest converts memory between private and shared, and uses both. */
#include "agent.h"

#include <inttypes.h>

enum { OPT_VCPUS, OPT_PAGES };

static const struct stress_option options[] = {
    STRESS_VCPUS,
    {"pages", "pages of one MapGPA, of which the third part is touched", UNIT_COUNT, NULL, 12, 1,
     512},
    {0},
};

static const char *const counters[] = {STRESS_EXITS};

/*
 * r2 is where the range begins; r4 to r7 are MapGPA's. Both halves of a page hold the address
 * that they were written at, or nothing.
 */
static int program(struct td *td, const uint64_t *opts, unsigned int vcpu, unsigned int nth,
		   unsigned int n)
{
	uint64_t pages = opts[OPT_PAGES], all = td->mem_size / TD_PAGE; /* at least 1024 */
	uint64_t touched = (pages + 2) / 3, size = pages * TD_PAGE;

	(void)nth;
	(void)n;
	return td_set_program(td, vcpu,
			      "      seed r0, %" PRIu64 "\n"
			      "next: walk-random r2, %llu, %" PRIu64 "\n"
			      "      set r1, r2\n"
			      "      add r1, %llu\n"
			      "      mapgpa r1, %" PRIu64 "\n"
			      "      set r3, %" PRIu64 "\n"
			      "out:  verify [r1], r1, or-zero\n"
			      "      write [r1], r1\n"
			      "      add r1, %llu\n"
			      "      add r3, -1\n"
			      "      jnz r3, out\n"
			      "      mapgpa r2, %" PRIu64 "\n"
			      "      set r3, %" PRIu64 "\n"
			      "      set r1, r2\n"
			      "in:   accept r1\n"
			      "      verify [r1], r1, or-zero\n"
			      "      write [r1], r1\n"
			      "      add r1, %llu\n"
			      "      add r3, -1\n"
			      "      jnz r3, in\n"
			      "      jmp next\n",
			      td->seed, TD_MEM_GPA, all - pages + 1, TD_SHARED_BIT, size, touched,
			      TD_PAGE, size, touched, TD_PAGE);
}

static int init(struct td *td, const uint64_t *opts, void **state)
{
	(void)opts;
	(void)state;
	atomic_fetch_or(&td->may, TD_MAY_CONVERT);
	return 0;
}

STRESSOR(mapgpa, .help = "the guest converts memory with MapGPA and uses both halves",
	 .only = PLATFORM_MIRROR,
	 .paths = "tdx_map_gpa, tdx_complete_vmcall_map_gpa, kvm_vm_set_mem_attributes",
	 .options = options, .vcpus = true, .vcpu_program = program, .init = init, .ncounters = 1,
	 .counters = counters);
