/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of the source tree, and how people name them. */
#ifndef SEPTORTURE_FILES_H
#define SEPTORTURE_FILES_H

#include <stddef.h>

/* Names in the alphabet's order; owned. */
struct names {
	size_t n;
	char **v;
};

/*
 * The files of FOLDER of the source tree that end in SUFFIX, without it.
 * Returns 0, or -1 with *error set to a sentence (free() it).
 */
int files_list(struct names *names, const char *folder, const char *suffix, char **error);
void names_free(struct names *names);

/*
 * The text behind PREFIX in the comment at the top of the file PATH, from the
 * first line of it that begins so; "" if there is none. free() it.
 */
char *files_comment(const char *path, const char *prefix);

/*
 * PATH (of a file that is there) as one can say it in the source tree SRC, an
 * absolute path without links: from there, or absolute; free() it.
 */
char *files_from_source(const char *src, const char *path);

#endif
