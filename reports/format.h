/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Report formats. A new one is a file that defines a struct report_format,
 * and one line in format.c.
 */
#ifndef SEPTORTURE_FORMAT_H
#define SEPTORTURE_FORMAT_H

#include <stdio.h>

#include "run.h"

struct report_format {
	const char *name, *help; /* of the option of `septorture report`; one line */
	const char *file; /* its name in the run's directory */
	void (*write)(const struct run_report *run, FILE *out);
};

extern const struct report_format *const report_formats[]; /* ends with NULL */
size_t report_nformats(void);

/*
 * Writes every format into DIR. Returns 0, or -1 with *error set to a sentence
 * (free() it).
 */
int report_write_all(const struct run_report *run, const char *dir, char **error);

#endif
