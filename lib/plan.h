/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans (docs/plans.md): read on the host to choose and size the VM, and again
 * by the agent inside it. Pure data; nothing here runs anything.
 */
#ifndef SEPTORTURE_PLAN_H
#define SEPTORTURE_PLAN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "site.h"
#include "stressor.h"

#define PLAN_MAX_FAULTS	   64
#define PLAN_MAX_STRESSORS 32

#define PLAN_MIN_DURATION_US 1000000ull
#define PLAN_MAX_DURATION_US (24 * 3600 * 1000000ull)

struct plan_fault {
	const struct site *site;
	const struct context *context;
	const struct status *status;
	unsigned int probability; /* percent */
	unsigned int times; /* 0: no limit */
};

struct plan_stressor {
	const struct stressor *stressor;
	uint64_t *opts; /* as many as stressor->options, in that order, in base units; owned */
};

struct plan {
	char *name; /* the file's stem; owned */
	char *kernel; /* owned */
	uint64_t seed; /* 0: draw one */
	uint64_t duration_us;
	unsigned int cpus;
	uint64_t memory; /* bytes */
	unsigned int td_vcpus;
	uint64_t td_memory; /* bytes */
	uint64_t td_lifetime_us;
	uint64_t td_quiesce_us;
	uint64_t td_migrate_us; /* 0: the thread that builds the TD is left where it is */
	size_t nfaults;
	struct plan_fault faults[PLAN_MAX_FAULTS];
	size_t nstressors;
	struct plan_stressor stressors[PLAN_MAX_STRESSORS];
};

/*
 * Reads the plan in PATH. Returns it (plan_free() it), or NULL with *error set
 * to a sentence of the form "FILE:LINE: KEY: what is wrong, what would be
 * right" (free() it).
 */
struct plan *plan_read(const char *path, char **error);
void plan_free(struct plan *plan);

#endif
