/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guest of the direct platform says (payload/payload.h). */
#ifndef SEPTORTURE_STRESSORS_PAYLOAD_H
#define SEPTORTURE_STRESSORS_PAYLOAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct td;

/* Before any guest runs, and any process is forked that runs one. 0, or -1 after event_fail(). */
int payload_prepare(void);
/* Whether vCPU I, which left KVM_RUN with KVM_EXIT_IO, has a report. */
bool payload_speaks(const struct td *td, unsigned int i);
/*
 * Takes it. NULL: it was a mismatch, which is counted, and the vCPU goes on; else what is known of
 * the end of its program, the caller's.
 */
json_t *payload_hear(const struct td *td, unsigned int i);
/* How many mismatches there were so far; *LAST is the last one, the caller's, NULL: none. */
uint64_t payload_mismatches(json_t **last);

#endif
