/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Window pairs (docs/windows.md): who freezes a mirror SPTE, and who arrives there meanwhile.
 * The names are those of the test kernel's septorture/windows (spte_windows.c).
 */
#ifndef SEPTORTURE_WINDOWS_H
#define SEPTORTURE_WINDOWS_H

/*
 * Operations that freeze SPTEs, the levels at which they do, and the operations that may
 * arrive; each list ends with NULL.
 */
extern const char *const window_openers[];
extern const char *const window_levels[];
extern const char *const window_arrivals[];

/*
 * Why ARRIVAL can't meet a window of OPENER at LEVEL in Linux 7.2 and 7.3: a sentence that names
 * the lock, or what else forbids it. NULL: it can.
 */
const char *window_forbidden(const char *opener, const char *level, const char *arrival);

#endif
