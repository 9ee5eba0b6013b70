/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults, injections and findings of a run over time, as SVG. */
#ifndef SEPTORTURE_TIMELINE_H
#define SEPTORTURE_TIMELINE_H

#include <stdio.h>

#include "run.h"

/*
 * Writes nothing if the run is too short for that. SORTED are all its findings; the Ith is linked
 * to as #finding-I, from 1.
 */
void timeline_write(const struct run_report *run, const struct finding *const *sorted, FILE *out);

#endif
