/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which runs of the store are meant: KEY=PATTERN, several with commas between them. */
#ifndef SEPTORTURE_SELECTION_H
#define SEPTORTURE_SELECTION_H

/*
 * WORD as an SQL condition on the table `run` (free() it), or NULL with *error set to a
 * sentence. The patterns are those of file names; "KEY=" is what has no such thing.
 */
char *selection_sql(const char *word, char **error);

/* The run ID alone; free() it. */
char *selection_run(const char *id);

/* The keys, for help texts. */
#define SELECTION_KEYS                                                                             \
	"accel, config, id, kernel, kernel_id, mutant, no_faults, plan, seed, verdict"

#endif
