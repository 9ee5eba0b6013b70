/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest programs as text: docs/guest-programs.md. */
#ifndef SEPTORTURE_GUEST_ASM_H
#define SEPTORTURE_GUEST_ASM_H

#include <stddef.h>

#include "guest_prog.h"

/* Room for the longest error; what a smaller buffer has no room for is cut off. */
#define GP_ASM_ERROR 512

/*
 * Assembles TEXT into OPS, which has room for MAX ops; more than GP_MAX_OPS are
 * never written. Returns how many there are, 0 for a text without instructions;
 * or -1 with a sentence in ERR (printable ASCII, without a full stop) that begins
 * with "line N: ". What OPS holds then is undefined. Neither TEXT nor ERR is kept,
 * and nothing has to be freed.
 */
int gp_assemble(const char *text, struct gp_op *ops, size_t max, char *err, size_t errlen);

/*
 * Writes N ops as text that gp_assemble() makes the same ops of, whatever is in them.
 * As snprintf(): returns the length of the whole text, of which BUF, if it is too
 * small, has the first LEN - 1 bytes and a NUL.
 */
size_t gp_disassemble(const struct gp_op *ops, size_t n, char *buf, size_t len);

#endif
