/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A page of HTML that stands alone: its style, its script, and what several reports put there. */
#ifndef SEPTORTURE_PAGE_H
#define SEPTORTURE_PAGE_H

#include <stddef.h>
#include <stdio.h>

#include "table.h"

void page_begin(const char *title, FILE *out);
void page_end(FILE *out);

/* TEXT in a TAG; CLASS may be "". */
void page_element(const char *tag, const char *class, const char *text, FILE *out);

/*
 * A table that can be sorted, below a heading; nothing if it has no cells. HEAT is the first
 * column of the matrix in it, whose cells are coloured by how large they are; 0: none. Empties it.
 */
void page_table(const char *title, struct table *t, size_t heat, FILE *out);

#endif
