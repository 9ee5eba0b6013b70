/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SEPTORTURE_INVARIANTS_H
#define SEPTORTURE_INVARIANTS_H

/*
 * What must hold while no SEAMCALL is in progress: NULL, or a sentence that says
 * what does not (static storage). Not thread-safe.
 */
const char *invariants_broken(void);

#endif
