/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run for people: a summary on one screen, and each finding as one would mail it. */
#ifndef SEPTORTURE_TEXT_H
#define SEPTORTURE_TEXT_H

#include "format.h"

/* Above each finding. */
#define TEXT_RULE "------------------------------------------------------------------------"

/* The summary and the findings. */
extern const struct report_format text_format;

/* The summary alone, and where the rest is. */
void text_summary(const struct run_report *run, FILE *out);

#endif
