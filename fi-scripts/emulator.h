/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which QEMU runs the VMs, and whether there is one. */
#ifndef SEPTORTURE_EMULATOR_H
#define SEPTORTURE_EMULATOR_H

/* $QEMU or the usual name, as something that can be started from any directory; free() it. */
char *emulator_path(void);

/*
 * The first line of what it says to --version; free() it. NULL if it can't be
 * started, with *error set to a sentence (free() it) that says what to do.
 */
char *emulator_version(char **error);

#endif
