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

/* Blanks are printed when something follows them: there are none at the end of a line. */
static void print_row(char *const *cells, const int *width, size_t ncols, FILE *out)
{
	int blanks = 0;

	for (size_t col = 0; col < ncols; col++) {
		int len = (int)strlen(cells[col]);
		int before = width[col] > 0 ? width[col] - len : 0;

		blanks += before;
		if (len)
			fprintf(out, "%*s%s", blanks, "", cells[col]);
		blanks = (len ? 0 : blanks) + abs(width[col]) - len - before + 2;
	}
	fputc('\n', out);
}

void table_empty(struct table *t)
{
	for (size_t i = 0; i < t->ncells; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table){.ncols = t->ncols};
}

void table_print(struct table *t, const char *indent, FILE *out)
{
	int *width = xcalloc(t->ncols, sizeof(*width));

	for (size_t col = 0; col < t->ncols; col++)
		width[col] = width_of(t, col);
	for (size_t i = 0; i + t->ncols <= t->ncells; i += t->ncols) {
		fputs(indent, out);
		print_row(t->cells + i, width, t->ncols, out);
	}
	free(width);
	table_empty(t);
}

void table_line(const char *line, const char *indent, FILE *out)
{
	struct table t = {.ncols = 1};

	table_add(&t, line);
	table_print(&t, indent, out);
}
