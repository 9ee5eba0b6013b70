/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns what a VM left behind into a struct run_report. */
#ifndef SEPTORTURE_INGEST_H
#define SEPTORTURE_INGEST_H

#include "run.h"

/*
 * Reads events.jsonl (docs/events.md) and console.log in DIR and judges them
 * together with run->vm_end. Missing, truncated and corrupt files make a run
 * invalid, never an error.
 */
void ingest_run(struct run_report *run, const char *dir);

#endif
