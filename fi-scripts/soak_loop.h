/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A soak at work: keeps runs under way until its time is over. */
#ifndef SEPTORTURE_SOAK_LOOP_H
#define SEPTORTURE_SOAK_LOOP_H

#include "accel.h"
#include "soak.h"
#include "soak_log.h"

struct soak_loop {
	const char *src; /* the source tree */
	const char *dir; /* absolute; gets soak.txt, soak.json and runs.log */
	char **plans; /* absolute paths, one per plan of the soak */
	enum platform *platforms; /* that each plan is for; of both, one after the other is taken */
	char **images; /* the kernel of each */
	const struct accel_choice *accel;
	bool boot; /* every VM, rather than restoring it */
	struct soak *soak;
	struct soak_log *log;
};

/*
 * Returns when the time is over, a signal came (signals.h) or nothing more can be run, and all
 * runs are. Returns an EXIT_ status: not 0 if something could not be written, which has been
 * said.
 */
int soak_work(struct soak_loop *loop);

/* Writes soak.txt and soak.json. The same. */
int soak_save(const struct soak_loop *loop);

#endif
