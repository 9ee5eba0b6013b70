/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One QEMU: started, watched, and never left behind. */
#ifndef SEPTORTURE_VM_H
#define SEPTORTURE_VM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "platform.h"

enum accel { ACCEL_TCG, ACCEL_KVM };

struct vm_result;

/* A FIFO in the directory of a VM that does many runs. */
#define VM_GO "go"

/* Where a VM's events.jsonl has what is of one round: [0, head) and [from, end). */
struct vm_round {
	uint64_t number; /* from 1; 0: it did not come to any */
	off_t head, from, end; /* bytes */
	bool more; /* the agent goes on with another one */
};

/* Many loads in one boot. */
struct vm_rounds {
	uint64_t n;
	/* The VM is only booted, and saved to this file where its first round would begin. NULL. */
	const char *save;
	/* It is one that was saved to this file; events.jsonl has what that one said. NULL. */
	const char *restore;
	uint64_t first; /* the case that an enumeration begins with; 0: there is none */
	/*
	 * A round is over, or the VM is and this is what was left of one. RESULT is of the round
	 * alone; what it points to is borrowed. Returns whether the VM is to go on.
	 */
	bool (*over)(void *arg, const struct vm_round *round, const struct vm_result *result);
	void *arg;
};

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
	enum platform platform; /* PLATFORM_MIRROR, PLATFORM_DIRECT; 0: of no matter */
	/* 0: a run. Else the agent ends at once, the VM has so long to show it, and goes then. */
	uint64_t probe_ms;
	const struct vm_rounds *rounds; /* NULL: one load */
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
