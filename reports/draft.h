/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that is written under another name first: a reader never sees half of it. */
#ifndef SEPTORTURE_DRAFT_H
#define SEPTORTURE_DRAFT_H

#include <stdio.h>

/* Begins what is to be PATH; NULL if that is not possible, which draft_close() will say. */
FILE *draft_open(const char *path);

/*
 * Ends F (which may be NULL) and makes it PATH. Returns 0, or -1 with *error
 * set to a sentence (free() it).
 */
int draft_close(FILE *f, const char *path, char **error);

#endif
