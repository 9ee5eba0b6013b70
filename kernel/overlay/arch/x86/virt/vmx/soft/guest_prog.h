/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest programs: what a vCPU executes in TDH.VP.ENTER. Shared with user
 * space, which writes the program into the TD's initial image and passes its
 * GPA as the vCPU's initial RCX (KVM_TDX_INIT_VCPU).
 *
 * A program is an array of struct gp_op, fetched through the S-EPT, at most
 * GP_MAX_OPS long, i.e. one page, at whose start it begins. Registers are 64 bits wide; register 0
 * starts as the vCPU's index, the others as 0. Memory operands are private
 * GPAs, 8-byte aligned. An access to a page that isn't mapped leaves the TD as
 * an EPT violation and is executed again on re-entry; one to a PENDING page
 * raises a #VE that accepts the page, as a guest kernel's handler would.
 */
#ifndef _GUEST_PROG_H
#define _GUEST_PROG_H

#include <linux/types.h>

enum gp_opcode {
	GP_END = 0,	/* the vCPU is done: TDVMCALL HLT for ever */
	GP_SET,		/* rd = imm */
	GP_ADD,		/* rd += imm */
	GP_ADDR,	/* rd += rs */
	GP_MUL,		/* rd *= imm */
	GP_MOD,		/* rd %= imm, which isn't 0 */
	GP_RAND,	/* rd = next value of the vCPU's generator, seeded by GP_SEED */
	GP_SEED,	/* seed the generator with rs + imm */
	GP_JMP,		/* go to op imm */
	GP_JNZ,		/* if rs is not 0 go to op imm */
	GP_ACCEPT,	/* TDG.MEM.PAGE.ACCEPT of the 4K page at GPA rs; done if accepted already */
	GP_READ,	/* rd = memory at GPA rs */
	GP_WRITE,	/* memory at GPA rd = rs */
	GP_OUT,		/* TDVMCALL: 4 bytes of rs to I/O port imm; leaves to user space */
	GP_NR_OPS,
};

#define GP_NR_REGS	8
#define GP_MAX_OPS	256

struct gp_op {
	__u8 op;	/* enum gp_opcode */
	__u8 rd;
	__u8 rs;
	__u8 pad[5];	/* 0 */
	__u64 imm;
};

#endif /* _GUEST_PROG_H */
