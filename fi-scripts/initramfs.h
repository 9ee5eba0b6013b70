/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SEPTORTURE_INITRAMFS_H
#define SEPTORTURE_INITRAMFS_H

#include <stddef.h>

/* Files of the host that the VM needs as well. */
struct initramfs_files {
	size_t n;
	struct initramfs_file {
		char *name; /* in the VM, an absolute path; owned */
		char *path; /* on the host; owned */
	} * v;
};

/* Takes both over, unless there is a file of that name already. */
void initramfs_files_add(struct initramfs_files *files, char *name, char *path);
void initramfs_files_free(struct initramfs_files *files);

/*
 * Writes to PATH the archive that the VM starts from: AGENT as /init, PLAN as
 * /plan.ini, MORE (may be NULL) and what they need around them. Returns 0, or -1 with *error set to
 * a sentence (free() it).
 */
int initramfs_write(const char *path, const char *agent, const char *plan,
		    const struct initramfs_files *more, char **error);

#endif
