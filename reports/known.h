/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Known findings: real problems of the kernel under test that were examined
 * and written up (docs/kernel-findings.md). They are shown, but a run with
 * nothing else is clean.
 */
#ifndef SEPTORTURE_KNOWN_H
#define SEPTORTURE_KNOWN_H

#include "run.h"

/*
 * Marks the findings of RUN that PATH lists. A line of the file is a signature,
 * two spaces or more, "#", and the reason; only an equal signature matches.
 * Returns 0, or -1 with *error set to a sentence (free() it) if the file cannot
 * be read or a line has no reason.
 */
int known_mark(struct run_report *run, const char *path, char **error);

#endif
