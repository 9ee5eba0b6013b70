/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal of a soak, soak.jsonl: whatever happens, at most its last line is lost. */
#ifndef SEPTORTURE_SOAK_LOG_H
#define SEPTORTURE_SOAK_LOG_H

#include "soak.h"

struct soak_log {
	char *path;
	int fd; /* locked: another soak in that directory is refused */
};

/*
 * Opens DIR's journal, which is made if it is not there, and takes what it has into S. A last
 * line that was cut off goes. Returns 0, or -1 with *error set to a sentence (free() it).
 */
int soak_log_open(struct soak_log *log, const char *dir, struct soak *s, char **error);

/* Writes LINE (released), to the disk, and takes it into S. Returns 0, or -1 with *error set. */
int soak_log_add(struct soak_log *log, struct soak *s, json_t *line, char **error);

void soak_log_close(struct soak_log *log);

#endif
