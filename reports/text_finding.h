/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One finding as text that can be pasted into a mail; and what the summary says alike. */
#ifndef SEPTORTURE_TEXT_FINDING_H
#define SEPTORTURE_TEXT_FINDING_H

#include <stdio.h>

#include "run.h"
#include "table.h"

void text_finding(const struct run_report *run, const struct finding *f, FILE *out);

/* In text.c: */

/* " (known)", " (own)", ...: why it does not count, if it does not. */
const char *text_mark(const struct finding *f);
/* Two rows of a table of two columns: what was run on what. */
void text_subject(const struct run_report *run, struct table *t);
const char *text_or_unknown(const char *s);

#endif
