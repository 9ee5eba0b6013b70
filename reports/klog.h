/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds splats in a kernel log: fed line by line, from `klog` events or from
 * the text of a console, it calls back once per splat.
 */
#ifndef SEPTORTURE_KLOG_H
#define SEPTORTURE_KLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line of a stack; "? " ones, which may be leftovers, are none. */
struct klog_frame {
	char *function; /* without what the compiler appends to its name */
	bool top; /* KCSAN: it is the one that accessed the memory */
};

struct klog_splat {
	const char *kind; /* warn, bug, oops, kcsan, kasan, lockdep, hung-task, ... */
	const char *title; /* one line for people */
	const char *signature; /* the same for every occurrence of the same problem */
	const char *header; /* its first telling line, without numbers and addresses */
	const char *text; /* the splat itself, the first KLOG_MAX_LINES lines of it */
	uint64_t us; /* when it was logged, since boot */
	uint64_t number; /* of this splat in the log, from 1 */
	bool cut; /* the log ended inside it: the signature may be incomplete */
	const char *function; /* what it is the splat of; NULL: unknown, or more than one */
	const char *provoked; /* "warn", "kcsan": made on purpose, as a proof; else NULL */
	bool whole; /* KCSAN: both stacks are there */
	const struct klog_frame *frames;
	size_t nframes;
};

/* The functions in which the agent provokes splats, to prove that they are seen. */
#define KLOG_PROVOKED_WARN "septorture_provoked_warn"
#define KLOG_PROVOKED_RACE "septorture_provoked_race"

#define KLOG_MAX_LINES 120

typedef void (*klog_fn)(void *arg, const struct klog_splat *splat);

/* ARG is handed to FN. */
struct klog *klog_new(klog_fn fn, void *arg);

/*
 * LINE may end in a newline. PRI is its syslog level (-1: unknown), CALLER who wrote
 * it ("T123", "C1" as with CONFIG_PRINTK_CALLER; "": unknown). A console's
 * "<4>[   12.345678][  T123] " overrides US, PRI and CALLER. The text of
 * /sys/kernel/debug/kmemleak may be fed as well, with an empty line at the end.
 */
void klog_line(struct klog *k, uint64_t us, int pri, const char *caller, const char *line);

/* The number of the splat that began last; 0: there was none. */
uint64_t klog_begun(const struct klog *k);

/* Reports a splat that is still open, and frees K. */
void klog_end(struct klog *k);

#endif
