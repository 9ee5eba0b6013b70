/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table of text with aligned columns; columns of numbers are right-aligned. */
#ifndef SEPTORTURE_TABLE_H
#define SEPTORTURE_TABLE_H

#include <stddef.h>
#include <stdio.h>

struct table {
	size_t ncols;
	size_t ncells;
	char **cells; /* row by row, the header first */
};

/* Each cell is copied; a table is full rows of NCOLS cells. */
void table_add(struct table *t, const char *cell);
__attribute__((format(printf, 2, 3))) void table_addf(struct table *t, const char *fmt, ...);

/* Prints the table, each line after INDENT, and empties it. */
void table_print(struct table *t, const char *indent, FILE *out);

/*
 * The same for mails: what is wider than TABLE_COLUMNS is closed up, and then the widest column of
 * text is broken at blanks.
 */
void table_fit(struct table *t, const char *indent, FILE *out);
#define TABLE_COLUMNS 72

/* Frees the cells; the number of columns stays. */
void table_empty(struct table *t);

/* Prints LINE, cleaned as a cell is, after INDENT. */
void table_line(const char *line, const char *indent, FILE *out);

#endif
