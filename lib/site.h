/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sites: the kernel functions that can be made to fail, what each may return in
 * which context, and what KVM promises then (docs/contracts.md). One table,
 * used by the host (plans, `list sites`, reports) and by the agent (arming,
 * judging what came of it). Read-only, any thread.
 */
#ifndef SEPTORTURE_SITE_H
#define SEPTORTURE_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform.h"

/* What KVM promises when the call fails. */
enum contract {
	CONTRACT_RETRY, /* the operation is retried, the VM lives, nothing is left behind */
	CONTRACT_ABSORBED, /* a bounded retry inside the kernel hides it */
	CONTRACT_ONCE, /* one is absorbed; a second in a row is VM-fatal */
	CONTRACT_IGNORED, /* nobody cares */
	CONTRACT_USER_ERROR, /* the ioctl fails with ->err, the VM lives */
	CONTRACT_LEAK, /* something documented is never freed; the rest goes on */
	CONTRACT_VM_FATAL, /* the VM is bugged: its ioctls give -EIO; the host is sound */
	CONTRACT_NEVER, /* KVM declares that it can't happen: only if asked for by name */
};

/* What a failed call may leave behind for good. */
enum leak {
	LEAK_NOTHING = 0,
	LEAK_HKID = 1, /* the TD's key ID, and with it all pages of the TD */
	LEAK_PAGES = 2, /* single pages that the TDX module still owns */
};

struct status {
	const char *name; /* as in a plan: "TDX_OPERAND_BUSY", "-EBUSY" */
	uint64_t value; /* as in fail_function's retval */
	enum contract contract;
	int err; /* CONTRACT_USER_ERROR: the errno that user space gets; else 0 */
	unsigned int leaks; /* enum leak, or-ed */
	const char *decider; /* the kernel function that decides on it */
	const char *why; /* half a sentence: what that function does */
	const char *warns; /* functions that may WARN then, separated by blanks; NULL: none */
};

enum site_compare { SITE_EQ, SITE_NE };

/* (argument & mask) compared to value; mask 0 ends a list. */
struct site_clause {
	unsigned int arg; /* number of the argument, from 0 */
	enum site_compare op;
	uint64_t mask;
	uint64_t value;
};

#define SITE_MAX_CLAUSES 4

/* A context tells the callers of one function apart. */
struct context {
	const char *name; /* "map", "remove" */
	struct site_clause args[SITE_MAX_CLAUSES + 1]; /* all must hold */
	/* Functions, separated by blanks, that must be on the stack, or with '!' must not; or NULL.
	 */
	const char *callers;
	const struct status *statuses; /* ends with a NULL name; the first is the default */
	enum platform platform; /* where there is such a caller; 0: mirror */
};

/* What makes it fail. */
enum site_engine {
	ENGINE_FAIL_FUNCTION, /* the function does not run, an error is returned */
	ENGINE_SOFTSEAM, /* softseam itself answers so: the function is noinstr */
	ENGINE_FAILSLAB, /* failslab with a stack filter: ->name is "failslab" */
	ENGINE_FAIL_PAGE_ALLOC, /* the same for pages */
};

struct site {
	const char *name; /* the kernel function, or the fault capability */
	const char *what; /* one line for people */
	enum site_engine engine;
	const struct context *contexts; /* ends with a NULL name; the first is the default */
};

extern const struct site sites[]; /* ends with a NULL name */

/* NULL if there is none of that name. */
const struct site *site_find(const char *name);
const struct context *site_context(const struct site *site, const char *name);
enum platform context_platform(const struct context *ctx);
const struct status *context_status(const struct context *ctx, const char *name);

/* What VALUE, as a site returns it, is called; NULL if no site returns it. */
const char *status_name(uint64_t value);

/* "retry", "VM-fatal", ... */
const char *contract_name(enum contract c);

#endif
