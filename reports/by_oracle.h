/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run as a list of tests, for the formats of test runners: one test for the run itself, one for
 * the kernel log, one for each other oracle that looked or found something.
 */
#ifndef SEPTORTURE_BY_ORACLE_H
#define SEPTORTURE_BY_ORACLE_H

#include "run.h"

struct oracle_test {
	const char *name; /* "run", or the oracle's; of the run, or constant */
	uint64_t checks; /* of an oracle that counts them */
	size_t failures; /* findings of it that count */
};

/* The tests, *N of them; free() them before the run. */
struct oracle_test *tests_of_run(const struct run_report *run, size_t *n);

#endif
