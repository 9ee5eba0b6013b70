/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutant files (docs/mutants.md): what their headers say. kernel/mutate.c applies them. */
#ifndef SEPTORTURE_MUTANT_H
#define SEPTORTURE_MUTANT_H

#include <stdbool.h>
#include <stddef.h>

struct mutant {
	char *name; /* the file's, without .mutant */
	char *file; /* what --mutant takes: the name, or the absolute path of a file elsewhere */
	/* Header lines; "" where there is none. */
	char *family, *plan, *expect, *trigger, *source;
};

struct mutants {
	size_t n;
	struct mutant *list;
};

/*
 * Adds all of kernel/mutants, by name. Returns 0, or -1 with *error set to a
 * sentence (free() it).
 */
int mutants_add_all(struct mutants *m, char **error);
/* Adds the one of that NAME in kernel/mutants; the same. */
int mutants_add_name(struct mutants *m, const char *name, char **error);
/* Adds the mutant file PATH; the same. */
int mutants_add_file(struct mutants *m, const char *path, char **error);
void mutants_free(struct mutants *m);

/* Whether it is a change that does no harm: whatever flags it is wrong. */
bool mutant_is_control(const struct mutant *m);

/* The name of what --mutant was given, a name or a path; free() it. */
char *mutant_name(const char *given);

#endif
