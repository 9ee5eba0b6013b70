/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether KVM or TCG runs the VM (docs/accelerators.md). */
#ifndef SEPTORTURE_ACCEL_H
#define SEPTORTURE_ACCEL_H

#include "vm.h"

enum accel_wish { WISH_AUTO, WISH_KVM, WISH_TCG };

/* What a probe boots, and where it may put files. */
struct accel_subject {
	const char *kernel, *agent, *plan; /* absolute paths */
	const char *qemu; /* its version */
	const char *dir; /* absolute; a directory in it is made and removed */
};

struct accel_choice {
	enum accel_wish wish; /* set by the caller */
	enum accel accel;
	char *why; /* owned */
	char *key; /* what this machine and kernel are remembered by; owned; may be NULL */
};

/* "kvm" or "tcg", as in reports and on the command line. */
const char *accel_name(enum accel accel);

/* Makes the choice and says so. Returns an EXIT_ status; what went wrong has been said. */
int accel_choose(struct accel_choice *choice, const struct accel_subject *subject);

/* What the run itself shows about KVM: remembers it, or forgets what it disproves. */
void accel_learn(const struct accel_choice *choice, const struct vm_result *result);

void accel_free(struct accel_choice *choice);

#endif
