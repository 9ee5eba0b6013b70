/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest of the direct platform: real code, in the memory slot of the guest programs, which
 * executes them (guest_prog.h). Between it and the agent, which loads it (td_direct.c).
 */
#ifndef SEPTORTURE_PAYLOAD_H
#define SEPTORTURE_PAYLOAD_H

/* GPAs, which are the guest's virtual addresses, too. */
#define PAYLOAD_CODE_GPA   0x300000
#define PAYLOAD_IDT_GPA	   0x370000 /* then, a page above, the GDT */
#define PAYLOAD_TABLES_GPA 0x380000 /* PML4, then the one PDPT: 512 pages of 1 GiB */
#define PAYLOAD_VCPU_GPA   0x390000 /* a page per vCPU: struct payload_report, the stack above it */

#define PAYLOAD_ADDRESSES (1ull << 39) /* what one PDPT maps */

/* A report is there. Its kind is what the guest writes to this port, 4 bytes. */
#define PAYLOAD_PORT 0x5e0

#define PAYLOAD_MISMATCH 1 /* at `gpa` there is `have` instead of `want`; the vCPU goes on */
#define PAYLOAD_DIED	 2 /* op number `gpa`, `have` and `want` are its words; the vCPU halts */
#define PAYLOAD_FAULTED	 3 /* an exception: CR2, RIP, vector and error code; the vCPU halts */

/* Where exceptions go: from so many bytes into the code, so many bytes each. */
#define PAYLOAD_VECTORS_OFFSET 64
#define PAYLOAD_VECTOR_SIZE    16
#define PAYLOAD_NR_VECTORS     32
#define PAYLOAD_CS	       8 /* the one descriptor of the GDT */

#ifndef __ASSEMBLER__
#include <stdint.h>

struct payload_report {
	uint64_t gpa, have, want;
};
#endif

#endif
