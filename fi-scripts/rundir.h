/* SPDX-License-Identifier: GPL-2.0-or-later */
/* build/runs/ID/, where everything about one run is kept. */
#ifndef SEPTORTURE_RUNDIR_H
#define SEPTORTURE_RUNDIR_H

struct rundir {
	char *id;
	char *path; /* absolute */
};

/*
 * Makes the directory of a new run of PLAN (with MUTANT, unless NULL) below
 * SRC/build/runs. Returns 0, or -1 with *error set to a sentence (free() it).
 */
int rundir_make(struct rundir *dir, const char *src, const char *plan, const char *mutant,
		char **error);

/* Lets build/runs/latest point to it; that it can't is no reason to stop. */
void rundir_publish(const struct rundir *dir);

void rundir_free(struct rundir *dir);

/* Copies a small file. Returns 0, or -1 with *error set. */
int copy_file(const char *from, const char *to, char **error);

#endif
