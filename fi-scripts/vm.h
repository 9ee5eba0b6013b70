/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One QEMU: started, watched, and never left behind. */
#ifndef SEPTORTURE_VM_H
#define SEPTORTURE_VM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum accel { ACCEL_TCG, ACCEL_KVM };

struct vm_config {
	const char *dir; /* absolute; gets events.jsonl, console.log, qemu.log */
	const char *kernel; /* absolute */
	const char *initrd; /* absolute */
	unsigned int cpus;
	uint64_t memory; /* bytes */
	uint64_t seed;
	uint64_t duration_us; /* of the load */
	bool no_faults; /* of the plan */
	const char *parameters; /* more for the kernel's command line; NULL: none */
	enum accel accel;
	/* 0: a run. Else the agent ends at once, the VM has so long to show it, and goes then. */
	uint64_t probe_ms;
};

struct vm_result {
	/* Why the VM went or was ended before the agent's `end`; NULL: it did not. Owned. */
	char *why;
	bool interrupted; /* the user wanted it so */
	bool reported; /* anything at all */
	bool ended; /* the agent's `end` came */
	bool late; /* a deadline passed */
	bool no_room; /* the disk is full: events may be missing */
	uint64_t wall_ms;
	uint64_t rss_kib; /* QEMU's most */
};

/*
 * Boots the VM and returns when it is gone: by itself, at a deadline, or when we
 * get SIGINT, SIGTERM or SIGHUP. Returns 0, or -1 with *error set to a sentence
 * (free() it) if QEMU could not even be started.
 */
int vm_run(const struct vm_config *config, struct vm_result *result, char **error);

#endif
