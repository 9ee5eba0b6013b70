// SPDX-License-Identifier: GPL-2.0-or-later
#include "suggest.h"

#include <stdint.h>
#include <string.h>

#include "xmem.h"

#define MAX_WORD 128

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t edit_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	size_t rows[3][MAX_WORD + 1];

	if (la > MAX_WORD || lb > MAX_WORD)
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *row = rows[i % 3], *above = rows[(i - 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			row[j] = min(above[j], row[j - 1]) + 1;
			row[j] = min(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = min(row[j], rows[(i - 2) % 3][j - 2] + 1);
		}
	}
	return rows[la % 3][lb];
}

void suggest_try(struct suggest *s, const char *candidate)
{
	size_t d = edit_distance(s->word, candidate);
	size_t lw = strlen(s->word), lc = strlen(candidate);
	size_t longest = lw > lc ? lw : lc;

	/* When half of the word has to change, it is another word. */
	if (d > longest / 2 || (s->best && d >= s->distance))
		return;
	s->best = candidate;
	s->distance = d;
}

char *suggest_text(const struct suggest *s, const char *otherwise)
{
	if (s->best)
		return xasprintf("; did you mean '%s'?", s->best);
	return xasprintf("; %s", otherwise);
}
