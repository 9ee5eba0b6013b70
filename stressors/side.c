// SPDX-License-Identifier: GPL-2.0-or-later
#include "side.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "agent.h"
#include "kvm_tdx.h"

#define FIRST_SLOT 100
/* Above all that a TD may have; each has 4 GiB. */
#define FIRST_GPA (TD_MEM_GPA + (1ull << 37))
#define STRIDE	  (1ull << 32)

uint64_t side_gpa(uint32_t slot)
{
	return TD_SHARED_BIT | (FIRST_GPA + (slot - FIRST_SLOT) * STRIDE);
}

int side_set(struct td *td, const struct side *side, uint32_t flags)
{
	struct kvm_userspace_memory_region2 region = {
	    .slot = side->slot,
	    .flags = flags,
	    .guest_phys_addr = side->gpa & ~TD_SHARED_BIT,
	    .memory_size = side->size,
	    .userspace_addr = (uintptr_t)side->p,
	};

	return td_must(td, ioctl(td->vm_fd, KVM_SET_USER_MEMORY_REGION2, &region),
		       "KVM_SET_USER_MEMORY_REGION2 of shared memory");
}

int side_make(struct td *td, struct side *side, void *at)
{
	side->gpa = side_gpa(side->slot);
	side->p = at ? mmap(at, side->size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)
		     : td_map(side->size);
	if (side->p == MAP_FAILED) {
		side->p = NULL;
		event_fail("no shared memory of %" PRIu64 " bytes: %s", side->size,
			   strerror(errno));
		return -1;
	}
	return side_set(td, side, 0);
}

void side_free(struct side *side)
{
	if (side->p)
		munmap(side->p, side->size);
	side->p = NULL;
}

int side_init(struct td *td, uint32_t slot, uint64_t size, void *at, void **state)
{
	struct side *side = calloc(1, sizeof(*side));

	*state = side;
	if (!side) {
		event_fail("no memory for a memory slot");
		return -1;
	}
	side->slot = slot;
	side->size = size;
	return side_make(td, side, at);
}

void side_fini(struct td *td, void *state)
{
	(void)td;
	if (state)
		side_free(state);
	free(state);
}

void side_fill(const struct side *side, uint64_t same)
{
	for (uint64_t at = 0; at < side->size; at += TD_PAGE)
		*(uint64_t *)(side->p + at) = side->gpa + at - at % same;
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
	return b ? gcd(b, a % b) : a;
}

int side_program(struct td *td, unsigned int vcpu, unsigned int nth, unsigned int n, uint64_t gpa,
		 uint64_t size, uint64_t same, bool lossy)
{
	/* What is left over belongs to none. */
	uint64_t pages = size / TD_PAGE / n, step = 1 + td->seed % pages;

	while (gcd(step, pages) != 1)
		step++;
	return td_set_program(td, vcpu,
			      "       set r2, 0\n"
			      "round: set r3, 0\n"
			      "next:  set r4, r3\n"
			      "       mul r4, %" PRIu64 "\n"
			      "       mod r4, %" PRIu64 "\n"
			      "       mul r4, %llu\n"
			      "       add r4, %llu\n"
			      "       set r5, r4\n"
			      "       mod r5, %" PRIu64 "\n"
			      "       mul r5, -1\n"
			      "       add r5, r4\n"
			      "       add r5, r2\n"
			      "       verify [r4], r5%s\n"
			      "       add r5, 1\n"
			      "       write [r4], r5\n"
			      "       add r3, 1\n"
			      "       set r6, r3\n"
			      "       add r6, -%" PRIu64 "\n"
			      "       jnz r6, next\n"
			      "       add r2, 1\n"
			      "       jmp round\n",
			      step, pages, n * TD_PAGE, gpa + nth * TD_PAGE, same,
			      lossy ? ", or-zero" : "", pages);
}
