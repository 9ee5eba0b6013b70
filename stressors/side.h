/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A memory slot beside the TD's memory, of ordinary memory that the host may do anything to, and
 * what vCPUs do in it. A TD has it as shared memory.
 */
#ifndef SEPTORTURE_SIDE_H
#define SEPTORTURE_SIDE_H

#include <stdbool.h>
#include <stdint.h>

struct td;

struct side {
	uint32_t slot; /* its number: 100 and above, one per stressor */
	uint64_t gpa; /* as guest programs access it */
	uint64_t size; /* bytes, whole large pages */
	char *p; /* where the agent has it */
};

/* Where slot SLOT, from 100, begins: above all other memory that a TD may have. */
uint64_t side_gpa(uint32_t slot);

/*
 * Makes the memory, at AT (NULL: anywhere), and the slot. SIDE has slot and size, and gets the
 * rest. 0, or -1 after event_fail() or a finding.
 */
int side_make(struct td *td, struct side *side, void *at);
/*
 * A stressor's init() and fini(), of one that has the memory as its state: SLOT, SIZE bytes of
 * it AT (NULL: anywhere).
 */
int side_init(struct td *td, uint32_t slot, uint64_t size, void *at, void **state);
void side_fini(struct td *td, void *state);
/* The slot, with KVM_MEM_* flags. 0, or -1 after a finding. */
int side_set(struct td *td, const struct side *side, uint32_t flags);
/* Gives the memory back; the slot goes with the TD. */
void side_free(struct side *side);

/*
 * The program of VCPU, the NTH of N that have every Nth page for themselves. It goes through them
 * again and again, by steps that come to each once; a page holds its GPA plus the number of
 * rounds, so that a lost write is seen. SAME: of so many bytes all pages hold the GPA of the
 * first. LOSSY: a page may become empty. The memory must hold the GPAs before. As
 * td_set_program().
 */
int side_program(struct td *td, unsigned int vcpu, unsigned int nth, unsigned int n, uint64_t gpa,
		 uint64_t size, uint64_t same, bool lossy);
/* Makes the memory hold them. */
void side_fill(const struct side *side, uint64_t same);

#endif
