/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Seeds that follow from others. */
#ifndef SEPTORTURE_SEED_H
#define SEPTORTURE_SEED_H

#include <stdint.h>

/* The Nth seed, from 1, that follows from SEED: never 0, and another one for each N. */
uint64_t seed_draw(uint64_t seed, uint64_t n);

/* The seed of round N, from 1, in a VM that was booted with SEED. The first one's is SEED itself.
 */
uint64_t seed_of_round(uint64_t seed, uint64_t n);

#endif
