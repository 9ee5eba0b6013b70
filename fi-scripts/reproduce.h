/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SEPTORTURE_REPRODUCE_H
#define SEPTORTURE_REPRODUCE_H

#include "run_plan.h"

/*
 * The command line, for a shell in the source tree SRC, that does the run of
 * ARGS again, with SEED; free() it.
 */
char *reproduce_command(const struct run_args *args, const char *src, uint64_t seed);

/* WORD so that a shell takes it as one; free() it. */
char *reproduce_word(const char *word);

#endif
