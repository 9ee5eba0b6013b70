/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VM as it is where its first round would begin, on disk: restoring it takes less than booting.
 */
#ifndef SEPTORTURE_SNAPSHOT_H
#define SEPTORTURE_SNAPSHOT_H

#include "vm.h"

struct snapshot {
	char *dir, *path;
	int lock; /* while it is held, the snapshot stays as it is; -1 */
};

/*
 * Sees to it that the folder DIR (absolute; made if it is not there) has a snapshot for VMs like
 * CONFIG, of which KERNEL is the kernel's id (kernel.h; NULL: unknown) and QEMU the emulator's
 * version: boots a VM and saves it, unless there is one that fits. What does not fit any more, as
 * it is from another QEMU, kernel, agent or plan, or from before the host was booted, is made
 * anew, when nobody uses it. Puts what that VM said into CONFIG->dir's events.jsonl.
 *
 * False: there is none, but a VM can still be booted. *WHY (free() it) says why not; NULL if it
 * was dropped so often that this is no news. In any case, snapshot_put() it.
 */
bool snapshot_get(struct snapshot *s, const char *dir, const struct vm_config *config,
		  const char *kernel, const char *qemu, char **why);

/* It did not work: the next one who asks for it makes another, unless that has failed before. */
void snapshot_drop(const struct snapshot *s);

void snapshot_put(struct snapshot *s);

#endif
