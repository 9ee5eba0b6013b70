/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans (docs/plans.md): read on the host to choose and size the VM, and again
 * by the agent inside it. Pure data; nothing here runs anything.
 */
#ifndef SEPTORTURE_PLAN_H
#define SEPTORTURE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "oracle.h"
#include "platform.h"
#include "site.h"
#include "stressor.h"

#define PLAN_MAX_FAULTS	   64
#define PLAN_MAX_STRESSORS 32
#define PLAN_MAX_ORACLES   32

#define PLAN_MIN_DURATION_US 1000000ull
#define PLAN_MAX_DURATION_US (24 * 3600 * 1000000ull)

/* What a chosen call comes to. */
struct plan_value {
	const struct status *status; /* NULL: "ok", the call runs (but is delayed) */
	unsigned int weight; /* among the others; 1 in a sequence */
};

/* The number of a matching call; they count from 1 for each task tag. */
struct plan_call {
	int tag; /* PLAN_ANY_TAG: that call of every tag */
	uint64_t call;
};

#define PLAN_ANY_TAG	(-1)
#define PLAN_MAX_VALUES 16
#define PLAN_MAX_CALLS	64

/*
 * Which calls of a site are chosen. Matching calls of a task tag are taken in
 * blocks of max(every, length) calls, where length is that of the sequence, or
 * burst; a block is drawn with probability, and the last `length` calls in it
 * are chosen. With calls listed (nth), the calls from each of these on are
 * chosen instead, `length` of them. `times` limits all of them together.
 */
struct plan_fault {
	const struct site *site;
	const struct context *context;
	size_t nvalues; /* at least 1 */
	struct plan_value values[PLAN_MAX_VALUES];
	bool sequence; /* the values come in their order, else they are drawn by weight */
	unsigned int probability; /* percent */
	unsigned int times; /* 0: no limit */
	unsigned int every; /* at least 1 */
	unsigned int burst; /* at least 1; 1 with a sequence */
	size_t ncalls;
	struct plan_call calls[PLAN_MAX_CALLS];
	uint64_t start_us, stop_us; /* since the load began; stop 0: its end */
	unsigned int delay_before_us, delay_after_us; /* busy-wait, each chosen call */
};

struct plan_stressor {
	const struct stressor *stressor;
	uint64_t *opts; /* as many as stressor->options, in that order, in base units; owned */
	unsigned int line; /* of its section; 0: not read from a file */
	unsigned int first_vcpu, nvcpus; /* those of the TD that it runs */
};

struct plan {
	char *name; /* the file's stem; owned */
	char *kernel; /* owned */
	enum platform platform; /* that it is for */
	uint64_t seed; /* 0: draw one */
	uint64_t duration_us;
	unsigned int cpus;
	uint64_t memory; /* bytes */
	size_t noracles; /* 0: all there are */
	const struct oracle *oracles[PLAN_MAX_ORACLES];
	unsigned int td_vcpus;
	uint64_t td_memory; /* bytes */
	bool td_anonymous; /* it is ordinary memory, not a guest_memfd */
	unsigned int td_slots; /* memory slots that it is divided into */
	unsigned int td_aim; /* percent of what stressors choose: where an SPTE is frozen now */
	unsigned int td_hot; /* pages that stressors prefer, one in each of its first tables */
	uint64_t td_lifetime_us;
	uint64_t td_quiesce_us;
	uint64_t td_migrate_us; /* 0: the thread that builds the TD is left where it is */
	size_t nfaults;
	struct plan_fault faults[PLAN_MAX_FAULTS];
	size_t nstressors;
	struct plan_stressor stressors[PLAN_MAX_STRESSORS];
};

/* Makes NAME, of configs/kernel, the plan's kernel; false if it cannot be a name there. */
bool plan_set_kernel(struct plan *plan, const char *name);

/*
 * Reads the plan in PATH. Returns it (plan_free() it), or NULL with *error set
 * to a sentence of the form "FILE:LINE: KEY: what is wrong, what would be
 * right" (free() it).
 */
struct plan *plan_read(const char *path, char **error);
void plan_free(struct plan *plan);
struct plan *plan_copy(const struct plan *plan);

/* How many vCPUs the TD must have for all stressors to get theirs. */
unsigned int plan_least_vcpus(const struct plan *plan);
/*
 * Deals the TD's vCPUs, at least so many, out to the stressors (stressor.h, STRESS_VCPUS).
 * plan_read() does; to be done again when the plan is changed.
 */
void plan_deal_vcpus(struct plan *plan);

/* Whether the oracle looks under this plan. */
bool plan_wants_oracle(const struct plan *plan, const struct oracle *o);

/*
 * What KVM promises of the fault as a whole: its statuses all have the same
 * contract, but two of the class "once" in a row are VM-fatal. That of a fault
 * that only delays ("ok") is CONTRACT_IGNORED.
 */
enum contract plan_fault_contract(const struct plan_fault *fault);

/* Writes a plan that plan_read() takes for the same; returns 0 or -1 with errno set. */
int plan_write(const struct plan *plan, FILE *out);

#endif
