/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where vCPUs begin, in 64-bit mode: their index in rdi, their program in rsi, and a stack. Then,
 * PAYLOAD_VECTOR_SIZE bytes each, where exceptions end: the guest can't do anything about one.
 */
#include "payload.h"

	.section .start, "ax"
	.globl start
start:
	call payload_run
1:	cli
	hlt
	jmp 1b

	.balign PAYLOAD_VECTOR_SIZE
	.org PAYLOAD_VECTORS_OFFSET
	vector = 0
	.rept PAYLOAD_NR_VECTORS
	.balign PAYLOAD_VECTOR_SIZE
	pushq $vector
	jmp exception
	vector = vector + 1
	.endr

	/* On the stack: the vector, and what the CPU pushed: with some vectors, an error code first. */
	.balign PAYLOAD_VECTOR_SIZE
exception:
	movq %cr2, %rsi
	movq %rsp, %rdi
	call payload_exception
	jmp 1b
	.section .note.GNU-stack, "", @progbits
