/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutants, built and run one after the other. */
#ifndef SEPTORTURE_SESSION_H
#define SEPTORTURE_SESSION_H

#include "accel.h"
#include "campaign.h"
#include "mutant.h"
#include "plan.h"
#include "rundir.h"

struct session {
	char *src; /* the source tree */
	char *plan_path; /* absolute */
	struct plan *plan;
	char **own_plans; /* of each mutant; NULL: the usual one. Absolute paths, too */
	char *qemu; /* its version */
	struct mutants mutants;
	struct accel_choice accel;
	struct rundir dir;
	struct campaign *campaign; /* a trial per mutant, in the same order */
};

/*
 * Does all runs, unless a signal comes (signals.h), and records them. After each
 * mutants.txt and mutants.json in the session's directory have all that is known.
 * Returns an EXIT_ status: not 0 if these cannot be written, which has been said.
 */
int session_run(struct session *s);

#endif
