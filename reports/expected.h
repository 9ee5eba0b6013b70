/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * WARNs and error lines that KVM promises for a fault that was injected
 * (docs/contracts.md): no findings.
 */
#ifndef SEPTORTURE_EXPECTED_H
#define SEPTORTURE_EXPECTED_H

#include "run.h"

/*
 * The run made SITE fail in CONTEXT with one of STATUSES, which together have this
 * CONTRACT, all as an event says them.
 */
void expected_add(struct run_report *run, const char *site, const char *context,
		  const char *statuses, const char *contract);
/* Marks what these explain as known; lines of KVM that nobody can judge as elsewhere. */
void expected_mark(struct run_report *run);

#endif
