/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs of mutants for people: a table, and what it adds up to. */
#ifndef SEPTORTURE_CAMPAIGN_TEXT_H
#define SEPTORTURE_CAMPAIGN_TEXT_H

#include <stdio.h>

#include "campaign.h"

void campaign_text(const struct campaign *c, FILE *out);

/* "found by stats at 0.42 s, 17 injections": what a run of T came to; free() it. */
char *trial_run_text(const struct trial *t, const struct trial_run *r);

#endif
