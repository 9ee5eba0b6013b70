/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SEPTORTURE_INITRAMFS_H
#define SEPTORTURE_INITRAMFS_H

/*
 * Writes to PATH the archive that the VM starts from: AGENT as /init, PLAN as
 * /plan.ini and what they need around them. Returns 0, or -1 with *error set to
 * a sentence (free() it).
 */
int initramfs_write(const char *path, const char *agent, const char *plan, char **error);

#endif
