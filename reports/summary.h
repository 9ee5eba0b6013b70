/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the summary of a run says, as tables, for the formats that are for people. */
#ifndef SEPTORTURE_SUMMARY_H
#define SEPTORTURE_SUMMARY_H

#include "run.h"
#include "table.h"

/* S, or "unknown". */
const char *summary_word(const char *s);
/* " (known)", " (own)", ...: why a finding does not count, if it does not. */
const char *summary_mark(const struct finding *f);
/* "a 1, b 2"; free() it. */
char *summary_counters(const struct counter_stat *list, size_t n);
/* All findings, those that count first; free() the list before the run. */
const struct finding **summary_findings(const struct run_report *run);

/* Two rows of a table of two columns: what was run on what. */
void summary_subject(const struct run_report *run, struct table *t);
/* These and more, about the run. */
void summary_head(const struct run_report *run, struct table *t);

/* Tables with a header, whose columns they set; they stay empty if there is nothing to say. */
void summary_sites(const struct run_report *run, struct table *t);
void summary_stressors(const struct run_report *run, struct table *t);
void summary_races(const struct run_report *run, struct table *t);
void summary_checks(const struct run_report *run, struct table *t);

#endif
