/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What source lines the addresses in a splat are, by the debug information of the
 * vmlinux of the run's kernel. Slow to look up, so for findings only.
 */
#ifndef SEPTORTURE_SYMBOLS_H
#define SEPTORTURE_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>

struct run_report;

/* One function at one address; what was inlined into it comes before it. */
struct frame {
	char *function;
	char *file; /* from the kernel's root */
	unsigned int line;
	bool inlined;
	size_t text_line; /* of the splat's text that has the address, from 0 */
};

struct symbols;

/* IMAGE is a bzImage in its build directory. Never NULL. */
struct symbols *symbols_open(const char *image);
void symbols_close(struct symbols *s);

/* Why there are no lines, or NULL. */
const char *symbols_problem(const struct symbols *s);

/* Adds the frames of each "function+0x1f/0x130" of TEXT to the N of *FRAMES. */
void symbols_of_text(const struct symbols *s, const char *text, struct frame **frames, size_t *n);

/* Fills in the frames of a run's splats, or why there are none. */
void symbols_mark(struct run_report *run, const char *image);

void frames_free(struct frame *frames, size_t n);

#endif
