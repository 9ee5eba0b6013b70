/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SEPTORTURE_WINDOWS_TEXT_H
#define SEPTORTURE_WINDOWS_TEXT_H

#include <stdio.h>

#include "run.h"
#include "table.h"

/* How many of the pairs that can meet have met. */
void window_pairs(const struct run_report *run, unsigned int *hit, unsigned int *all);
/* The matrix, one row for each operation and level that froze an SPTE; empty if none did. */
void windows_table(const struct run_report *run, struct table *t);
/* The same as text, with how many pairs were hit below. */
void windows_write(const struct run_report *run, FILE *out);

#endif
