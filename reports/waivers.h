/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Branches that no fault can turn, each with the reason (configs/coverage-waivers.txt):
 * "FUNCTION: SOURCE LINE  # why not"; '*' in either stands for anything.
 */
#ifndef SEPTORTURE_WAIVERS_H
#define SEPTORTURE_WAIVERS_H

#include <stdbool.h>
#include <stddef.h>

struct waiver {
	unsigned int line; /* of the file */
	char *function, *text, *reason;
	bool is_here; /* FUNCTION, without a '*', is one of the failure path */
	unsigned int matched; /* branches that were never taken */
	bool refuted; /* one that was */
};

struct waivers {
	char *path;
	size_t n;
	struct waiver *v;
};

/* Returns 0, or -1 with *error set to a sentence (free() it). */
int waivers_read(struct waivers *w, const char *path, char **error);
/* Marks those of that function of the failure path. */
void waivers_mark(struct waivers *w, const char *function);
/* The first that is about this branch, or NULL. */
struct waiver *waivers_find(struct waivers *w, const char *function, const char *text);
void waivers_free(struct waivers *w);

#endif
