/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "Did you mean": the nearest of a set of names. */
#ifndef SEPTORTURE_SUGGEST_H
#define SEPTORTURE_SUGGEST_H

#include <stddef.h>

struct suggest {
	const char *word;
	const char *best; /* NULL while nothing is near enough */
	size_t distance;
};

/* Offers CANDIDATE (it must live as long as S) as the meaning of s->word. */
void suggest_try(struct suggest *s, const char *candidate);

/* "; did you mean 'NAME'?", or OTHERWISE when nothing is near; free() it. */
char *suggest_text(const struct suggest *s, const char *otherwise);

/* Levenshtein distance, where swapping two neighbours costs one; SIZE_MAX: no name is that long. */
size_t edit_distance(const char *a, const char *b);

#endif
