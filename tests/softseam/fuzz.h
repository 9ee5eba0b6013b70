/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SEPTORTURE_FUZZ_H
#define SEPTORTURE_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Runs one input, of any bytes; returns 0 or aborts with a sentence. */
int fuzz_one(const uint8_t *data, size_t size);

#endif
