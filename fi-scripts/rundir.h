/* SPDX-License-Identifier: GPL-2.0-or-later */
/* build/runs/ID/, where everything about one run is kept, and others alike. */
#ifndef SEPTORTURE_RUNDIR_H
#define SEPTORTURE_RUNDIR_H

#include <stdbool.h>
#include <sys/types.h>

/* What the names of folders begin with that have a snapshot of a VM. */
#define RUNDIR_VM "vm-"

struct rundir {
	char *id; /* NULL: there is none */
	char *path; /* absolute */
	int lock; /* held as long as we live, so that others leave it alone */
};

/*
 * Makes the directory of a new run of PLAN (with MUTANT, unless NULL) below
 * SRC/build/FOLDER, and removes what killed runs have left there but what they
 * found. Returns 0, or -1 with *error set to a sentence (free() it).
 */
int rundir_make(struct rundir *dir, const char *src, const char *folder, const char *plan,
		const char *mutant, char **error);

/* The same of the directory PATH (absolute) of a run that goes on. */
int rundir_again(struct rundir *dir, const char *path, char **error);

/* Lets build/FOLDER/latest point to it; that it can't is no reason to stop. */
void rundir_publish(const struct rundir *dir);

/* The directory for a probe boot in the run's directory PATH; free() it. */
char *rundir_probe(const char *path);

/* Removes what is only there to run the VM. */
void rundir_clear(const struct rundir *dir);

/* The run is over: nobody writes here any more. */
void rundir_end(struct rundir *dir);

/* The run never began: removes the directory. */
void rundir_discard(struct rundir *dir);

/* Removes PATH with all that is in it. */
void remove_tree(const char *path);

/* Copies a file. Returns 0, or -1 with *error set. */
int copy_file(const char *from, const char *to, char **error);

/* The same of bytes BEGIN up to END (-1: all there are), which are put behind what TO has. */
int copy_part(const char *from, off_t begin, off_t end, const char *to, char **error);

#endif
