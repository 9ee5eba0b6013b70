// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * failslab and fail_page_alloc with the kernel's stack filter: allocations made
 * below a function of the context. They draw from the kernel's own generator, so
 * these faults do not follow the plan's seed.
 */
#include "fault.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "xmem.h"

#define SET(f, file, ...) set(f, file, xasprintf(__VA_ARGS__))

/* Frees TEXT. */
static int set(const struct plan_fault *f, const char *file, char *text)
{
	char *path = xasprintf("/sys/kernel/debug/%s/%s", f->site->name, file);
	int ret = fault_write(path, "%s", text);

	free(path);
	free(text);
	return ret;
}

/* "ffffffff81000000 T name", one line of TEXT; sscanf() would measure all of TEXT each time. */
static uint64_t symbol_of(char *line, const char **name)
{
	char *rest;
	uint64_t addr = strtoull(line, &rest, 16);

	*name = strlen(rest) > 3 ? rest + 3 : "";
	return addr;
}

/* Where the function NAME begins, and what comes behind it. */
static bool find_symbol(const char *function, uint64_t *start, uint64_t *end)
{
	char *text = file_read("/proc/kallsyms"), *rest = text, *line;
	uint64_t *addrs = NULL;
	const char *name;
	size_t n = 0;

	*start = 0;
	*end = UINT64_MAX;
	while (rest && (line = strsep(&rest, "\n"))) {
		addrs = xgrow(addrs, n, sizeof(*addrs));
		addrs[n++] = symbol_of(line, &name);
		if (!strcmp(name, function))
			*start = addrs[n - 1];
	}
	for (size_t i = 0; i < n; i++)
		if (addrs[i] > *start && addrs[i] < *end)
			*end = addrs[i];
	free(addrs);
	free(text);
	return *start && *end != UINT64_MAX;
}

static int set_range(const struct plan_fault *f, const char *kind, const char *function)
{
	char start_file[32], end_file[32];
	uint64_t start, end;

	if (!find_symbol(function, &start, &end)) {
		event_fail_plan("this kernel has no function %s, which context '%s' of %s wants on "
				"the stack; leave [fault %s] out",
				function, f->context->name, f->site->name, f->site->name);
		return -1;
	}
	snprintf(start_file, sizeof(start_file), "%s-start", kind);
	snprintf(end_file, sizeof(end_file), "%s-end", kind);
	return SET(f, start_file, "%#" PRIx64, start) || SET(f, end_file, "%#" PRIx64, end) ? -1
											    : 0;
}

/* The filter knows one function that must be on the stack, and one that must not. */
static int set_context(const struct plan_fault *f)
{
	char *copy = xstrdup(f->context->callers ? f->context->callers : ""), *rest = copy, *word;
	int ret = SET(f, "stacktrace-depth", "32");

	while (!ret && (word = strsep(&rest, " ")))
		if (*word)
			ret = *word == '!' ? set_range(f, "reject", word + 1)
					   : set_range(f, "require", word);
	free(copy);
	return ret;
}

static int set_on(const struct plan_fault *f, bool on)
{
	return SET(f, "probability", "%u", on ? f->probability : 0);
}

static int arm(const struct plan_fault *f, uint64_t seed, bool on)
{
	(void)seed;
	if (f->sequence || f->ncalls || f->burst > 1 || f->delay_before_us || f->delay_after_us) {
		event_fail_plan("[fault %s] takes probability, times and every; nothing else",
				f->site->name);
		return -1;
	}
	/* By default single pages, and whoever may wait, are spared. */
	if (f->site->engine == ENGINE_FAIL_PAGE_ALLOC && SET(f, "min-order", "0"))
		return -1;
	if (SET(f, "verbose", "0") || SET(f, "ignore-gfp-wait", "N") || set_context(f) ||
	    SET(f, "interval", "%u", f->every) ||
	    SET(f, "times", "%d", f->times ? (int)f->times : INT_MAX))
		return -1;
	return on ? set_on(f, true) : 0;
}

static void remove_fault(const struct plan_fault *f)
{
	set_on(f, false);
}

/* Calls are not counted, and failures only by what is left of `times`. */
static bool counts(const struct plan_fault *f, struct fault_counts *c)
{
	char *path = xasprintf("/sys/kernel/debug/%s/times", f->site->name);
	char *text = file_read(path);
	uint64_t all = f->times ? f->times : INT_MAX, left;
	bool ok = text && sscanf(text, "%" SCNu64, &left) == 1 && left <= all;

	free(path);
	free(text);
	if (ok)
		c->calls = c->matched = c->injected = all - left;
	return ok;
}

const struct fault_engine fault_alloc = {
    .arm = arm,
    .set_on = set_on,
    .remove = remove_fault,
    .counts = counts,
};
