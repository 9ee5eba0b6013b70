/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The programs that a plan's stressors run in the VM, with the libraries that these need. */
#ifndef SEPTORTURE_PROGRAMS_H
#define SEPTORTURE_PROGRAMS_H

#include "initramfs.h"
#include "plan.h"

/* Adds them to FILES. Returns 0, or -1 with *error set to a sentence (free() it). */
int programs_add(struct initramfs_files *files, const struct plan *plan, char **error);

#endif
