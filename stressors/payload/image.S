/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The payload, as the Makefile links it, inside the agent. */
	.section .rodata
	.globl payload_image, payload_image_end
payload_image:
	.incbin PAYLOAD_IMAGE
payload_image_end:
	.section .note.GNU-stack, "", @progbits
