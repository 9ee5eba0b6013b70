/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sites: the kernel functions that can be made to fail, and what each may
 * return, in which context. One table, used by the host (plans, `list sites`)
 * and by the agent (arming fail_function).
 */
#ifndef SEPTORTURE_SITE_H
#define SEPTORTURE_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What KVM promises when the call fails. */
enum contract {
	CONTRACT_RETRY, /* the operation is retried, nothing is left behind */
	CONTRACT_FATAL, /* the VM is bugged, and what the call should have undone leaks */
};

struct status {
	const char *name; /* as in a plan: "TDX_OPERAND_BUSY", "-EBUSY" */
	uint64_t value; /* as in fail_function's retval */
	enum contract contract;
};

/*
 * A context tells callers of one function apart by one argument:
 * it matches when (argument & mask) == value. mask 0 matches every call.
 */
struct context {
	const char *name; /* "map", "remove" */
	unsigned int arg; /* number of the argument, from 0 */
	uint64_t mask;
	uint64_t value;
	const struct status *statuses; /* ends with a NULL name */
};

struct site {
	const char *name; /* the kernel function */
	const char *what; /* one line for people */
	const struct context *contexts; /* ends with a NULL name; the first is the default */
};

extern const struct site sites[]; /* ends with a NULL name */

/* NULL if there is none of that name. */
const struct site *site_find(const char *name);
const struct context *site_context(const struct site *site, const char *name);
const struct status *context_status(const struct context *ctx, const char *name);

/* What VALUE, as a site returns it, is called; NULL if no site returns it. */
const char *status_name(uint64_t value);

const char *contract_name(enum contract c);

#endif
