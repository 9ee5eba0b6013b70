// SPDX-License-Identifier: GPL-2.0-or-later
#include "table.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "xmem.h"

/* A cell is one line of text, whatever a corrupt event may hold. */
static void take(struct table *t, char *cell)
{
	for (char *s = cell; *s; s++)
		if (iscntrl((unsigned char)*s))
			*s = '?';
	t->cells = xgrow(t->cells, t->ncells, sizeof(*t->cells));
	t->cells[t->ncells++] = cell;
}

void table_add(struct table *t, const char *cell)
{
	take(t, xstrdup(cell));
}

void table_addf(struct table *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	take(t, xvasprintf(fmt, ap));
	va_end(ap);
}

static bool is_number(const char *s)
{
	return *s && !s[strspn(s, "0123456789")];
}

/* Stands for a value that there is none of, in columns of numbers, too. */
static bool is_blank(const char *s)
{
	return !strcmp(s, "-");
}

/* The width of a column; negative, as printf() wants it, if it is left-aligned. */
static int width_of(const struct table *t, size_t col)
{
	bool numbers = false, others = false;
	int width = 0;

	for (size_t i = col; i < t->ncells; i += t->ncols) {
		int len = (int)strlen(t->cells[i]);

		width = len > width ? len : width;
		if (i == col || is_blank(t->cells[i]))
			continue;
		numbers |= is_number(t->cells[i]);
		others |= !is_number(t->cells[i]);
	}
	return numbers && !others ? width : -width;
}

/* How the rows of a table are laid out. */
struct layout {
	const char *indent;
	int *width; /* of each column, as width_of() has it */
	int gap; /* blanks between columns */
	size_t broken; /* the column whose text is broken, if there is no room for it */
	int room; /* for that; 0: none is broken */
};

/* Blanks are printed when something follows them: there are none at the end of a line. */
static void print_row(char *const *cells, const struct layout *l, size_t ncols, FILE *out)
{
	int blanks = 0;

	fputs(l->indent, out);
	for (size_t col = 0; col < ncols; col++) {
		int len = (int)strlen(cells[col]);
		int before = l->width[col] > 0 ? l->width[col] - len : 0, after;

		blanks += before;
		if (len)
			fprintf(out, "%*s%s", blanks, "", cells[col]);
		after = abs(l->width[col]) - len - before;
		/* A word may be longer than what there is room for. */
		blanks = (len ? 0 : blanks) + (after > 0 ? after : 0) + l->gap;
	}
	fputc('\n', out);
}

/* How much of TEXT goes into ROOM: up to a blank, unless a word alone is longer. */
static size_t line_of(const char *text, size_t room)
{
	size_t len = strlen(text), end = room;

	if (len <= room)
		return len;
	while (end && text[end] != ' ')
		end--;
	return end ? end : strcspn(text, " ");
}

/* A row one cell of which goes on below itself. */
static void print_broken(char *const *cells, const struct layout *l, size_t ncols, FILE *out)
{
	char **part = xcalloc(ncols, sizeof(*part)), *nothing = xstrdup("");
	const char *rest = cells[l->broken];

	for (size_t col = 0; col < ncols; col++)
		part[col] = cells[col];
	do {
		size_t len = line_of(rest, (size_t)l->room);

		part[l->broken] = xasprintf("%.*s", (int)len, rest);
		rest += len + strspn(rest + len, " ");
		print_row(part, l, ncols, out);
		free(part[l->broken]);
		for (size_t col = 0; col < ncols; col++)
			part[col] = nothing;
	} while (*rest);
	free(nothing);
	free(part);
}

static int width_of_all(const struct layout *l, size_t ncols)
{
	int sum = (int)strlen(l->indent) + l->gap * ((int)ncols - 1);

	for (size_t col = 0; col < ncols; col++)
		sum += abs(l->width[col]);
	return sum;
}

/* A narrower column stays whole: that of names, of a table that is mostly numbers. */
#define WORTH_BREAKING 20

/* The widest column of text. */
static size_t widest(const struct layout *l, size_t ncols)
{
	size_t at = 0;

	for (size_t col = 0; col < ncols; col++)
		if (l->width[col] <= l->width[at])
			at = col;
	return at;
}

static int longest_word(const struct table *t, size_t col)
{
	size_t longest = 1;

	for (size_t i = col; i < t->ncells; i += t->ncols)
		for (const char *s = t->cells[i]; *s;) {
			size_t len = strcspn(s, " ");

			longest = len > longest ? len : longest;
			s += len + strspn(s + len, " ");
		}
	return (int)longest;
}

/* If it is too wide: breaks the widest column of text; if that is not enough, closes up, too. */
static void fit(const struct table *t, struct layout *l, int columns)
{
	size_t col = widest(l, t->ncols);
	int least = longest_word(t, col), room = 0;

	for (; l->gap > 0; l->gap--) {
		int excess = width_of_all(l, t->ncols) - columns;

		if (excess <= 0)
			return;
		room = -l->width[col] - excess;
		if (room >= least)
			break;
	}
	if (!l->gap)
		l->gap = 1;
	room = room < least ? least : room;
	if (l->width[col] >= -room || -l->width[col] < WORTH_BREAKING)
		return;
	l->broken = col;
	l->room = room;
	l->width[col] = -room;
}

void table_empty(struct table *t)
{
	for (size_t i = 0; i < t->ncells; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table){.ncols = t->ncols};
}

static void print(struct table *t, struct layout *l, int columns, FILE *out)
{
	l->width = xcalloc(t->ncols, sizeof(*l->width));
	for (size_t col = 0; col < t->ncols; col++)
		l->width[col] = width_of(t, col);
	if (columns)
		fit(t, l, columns);
	for (size_t i = 0; i + t->ncols <= t->ncells; i += t->ncols) {
		if (l->room)
			print_broken(t->cells + i, l, t->ncols, out);
		else
			print_row(t->cells + i, l, t->ncols, out);
	}
	free(l->width);
	table_empty(t);
}

void table_print(struct table *t, const char *indent, FILE *out)
{
	struct layout l = {.indent = indent, .gap = 2};

	print(t, &l, 0, out);
}

void table_fit(struct table *t, const char *indent, FILE *out)
{
	struct layout l = {.indent = indent, .gap = 2};

	print(t, &l, TABLE_COLUMNS, out);
}

void table_line(const char *line, const char *indent, FILE *out)
{
	struct table t = {.ncols = 1};

	table_add(&t, line);
	table_print(&t, indent, out);
}
