/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gcov's counters, from a VM to arcs, by GNU gcov. */
#ifndef SEPTORTURE_GCOV_H
#define SEPTORTURE_GCOV_H

#include "run.h"

/*
 * Reads the counters that RUN's events brought, by the notes of the kernel IMAGE, and writes
 * coverage.json into the run's directory DIR. Without counters nothing happens; if they cannot be
 * read run->coverage.problem says why.
 */
void gcov_read(struct run_report *run, const char *image, const char *dir);

#endif
