/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VM as it is where its first round would begin, on disk: restoring it takes less than booting.
 */
#ifndef SEPTORTURE_SNAPSHOT_H
#define SEPTORTURE_SNAPSHOT_H

#include "vm.h"

/*
 * Sees to it that the folder DIR (absolute; made if it is not there) has a snapshot for VMs like
 * CONFIG, of which KERNEL is the kernel's id (kernel.h; NULL: unknown) and QEMU the emulator's
 * version: boots a VM and saves it, unless there is one that fits. What does not fit any more, as
 * it is from another QEMU, kernel, agent or plan, or from before the host was booted, is made
 * anew. Several processes may ask for the same one.
 *
 * Puts what that VM said into CONFIG->dir's events.jsonl, and returns the snapshot's path (free()
 * it). NULL: there is none, and *why (free() it) says why not; a VM can still be booted.
 */
char *snapshot_get(const char *dir, const struct vm_config *config, const char *kernel,
		   const char *qemu, char **why);

/* It did not work: the next one who asks for it makes another. */
void snapshot_drop(const char *dir);

#endif
