/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest programs: what a vCPU executes in TDH.VP.ENTER. Shared with user
 * space, which writes the program into the TD's initial image and passes its
 * GPA as the vCPU's initial RCX (KVM_TDX_INIT_VCPU).
 *
 * A program is an array of struct gp_op, fetched through the S-EPT, at most
 * GP_MAX_OPS long, i.e. one page, at whose start it begins. Registers are 64
 * bits wide; register 0 starts as the vCPU's index, the others as 0. Memory
 * operands are GPAs, 8-byte aligned; one with the SHARED bit (47, or 51 if the
 * TD has 52-bit GPAs) goes through the EPT that KVM gave, others through the
 * S-EPT.
 *
 * An access to a page that isn't mapped leaves the TD as an EPT violation and
 * is executed again on re-entry. One to a PENDING page raises a #VE, unless the
 * TD has ATTRIBUTES.SEPT_VE_DISABLE; its handler accepts the page, as a guest
 * kernel's would. A #VE for a shared page is taken for MMIO: a TDVMCALL.
 *
 * What the vCPU can't do (unknown op, register or flag, unaligned or too large
 * an address, running past the end, looping for 100000 ops without touching
 * anything) is a triple fault, with a line in debugfs' softseam/log.
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
	GP_ACCEPT,	/*
			 * TDG.MEM.PAGE.ACCEPT of the page at GPA rs, imm 0: 4K, 1: 2M. With
			 * GP_RESULT rd is the status, bits 63:32 of it; BUSY is retried.
			 */
	GP_READ,	/* rd = memory at GPA rs */
	GP_WRITE,	/* memory at GPA rd = rs */
	GP_OUT,		/* TDVMCALL: 4 bytes of rs to I/O port imm; leaves to user space */
	GP_VERIFY,	/*
			 * memory at GPA rd must be rs or, with GP_OR_ZERO, 0, as of a page that
			 * was taken away and accepted anew; else that is a finding
			 */
	GP_SPIN,	/* reads memory at GPA rs, at one RIP, until it is not 0 */
	GP_FILL,	/*
			 * As REP STOS: at one RIP, while rs is not 0: memory at GPA rd = rd,
			 * rd += imm, rs -= 1
			 */
	GP_VMCALL,	/*
			 * TDG.VP.VMCALL with leaf imm in R11 and r4 to r7 in R12 to R15. With
			 * GP_HYPERCALL number imm in R10 and r4 to r7 in R11 to R14. With
			 * GP_RESULT rd is what comes back in R10 and rs that in R11; with
			 * GP_RESULT4 r4 to r7 are R12 to R15.
			 */
	GP_EXEC,	/*
			 * executes at GPA rs + 8: a return instruction, which a real vCPU
			 * writes there before
			 */
	GP_NR_OPS,
};

/* Flags */
#define GP_RESULT	1
#define GP_OR_ZERO	2
#define GP_HYPERCALL	4
#define GP_RESULT4	8
#define GP_FLAGS	15

#define GP_NR_REGS	8
#define GP_MAX_OPS	256

struct gp_op {
	__u8 op;	/* enum gp_opcode */
	__u8 rd;
	__u8 rs;
	__u8 flags;
	__u32 mask;	/* GP_VMCALL: registers given to the host, as RCX has it; 0: R10 to R15 */
	__u64 imm;
};

#endif /* _GUEST_PROG_H */
