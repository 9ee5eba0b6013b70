/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One finding as text that can be pasted into a mail. */
#ifndef SEPTORTURE_TEXT_FINDING_H
#define SEPTORTURE_TEXT_FINDING_H

#include <stdio.h>

#include "run.h"

void text_finding(const struct run_report *run, const struct finding *f, FILE *out);

#endif
