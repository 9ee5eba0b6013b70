// SPDX-License-Identifier: GPL-2.0-or-later
/* Faults by fail_function, as kernel/patches/upstream extends it. */
#include "fault.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "xmem.h"

#define FAIL_FUNCTION "/sys/kernel/debug/fail_function"

/* Writes to one of the files of the function's directory. */
#define SET(f, file, ...) set(f, file, xasprintf(__VA_ARGS__))

/* Frees TEXT. */
static int set(const struct plan_fault *f, const char *file, char *text)
{
	char *path = xasprintf(FAIL_FUNCTION "/%s/%s", f->site->name, file);
	int ret = fault_write(path, "%s", text);

	free(path);
	free(text);
	return ret;
}

/* Appends to *LIST, with a comma in between; frees TEXT. */
static void append(char **list, char *text)
{
	char *longer = **list ? xasprintf("%s, %s", *list, text) : xstrdup(text);

	free(text);
	free(*list);
	*list = longer;
}

static char *args_text(const struct context *c)
{
	char *text = xstrdup("");

	for (const struct site_clause *a = c->args; a->mask; a++)
		append(&text, xasprintf("%u %#" PRIx64 " %s %#" PRIx64, a->arg, a->mask,
					a->op == SITE_EQ ? "==" : "!=", a->value));
	return text;
}

static char *callers_text(const struct context *c)
{
	char *copy = xstrdup(c->callers ? c->callers : ""), *rest = copy, *word;
	char *text = xstrdup("");

	while ((word = strsep(&rest, " ")))
		if (*word)
			append(&text, xstrdup(word));
	free(copy);
	return text;
}

static char *values_text(const struct plan_fault *f)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < f->nvalues; i++) {
		const struct plan_value *v = &f->values[i];
		char *value = v->status ? xasprintf("%#" PRIx64, v->status->value) : xstrdup("ok");

		append(&text, f->sequence ? xstrdup(value) : xasprintf("%s %u", value, v->weight));
		free(value);
	}
	return text;
}

static char *nth_text(const struct plan_fault *f)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < f->ncalls; i++) {
		const struct plan_call *c = &f->calls[i];

		append(&text, c->tag == PLAN_ANY_TAG ? xasprintf("%" PRIu64, c->call)
						     : xasprintf("%d:%" PRIu64, c->tag, c->call));
	}
	return text;
}

static int add(const struct plan_fault *f)
{
	int err = file_write(FAIL_FUNCTION "/inject", f->site->name);

	if (!err)
		return 0;
	if (err == -EINVAL || err == -ERANGE)
		event_fail_plan("this kernel cannot make %s fail: it %s; leave [fault %s] out",
				f->site->name,
				err == -EINVAL ? "has no such function"
					       : "does not allow error injection there",
				f->site->name);
	else if (err == -EBUSY)
		event_fail("%s is armed already, by somebody else: only one can do that at a time",
			   f->site->name);
	else
		event_fail("arming %s through " FAIL_FUNCTION "/inject failed: %s", f->site->name,
			   strerror(-err));
	return -1;
}

/* What says which calls of the function are looked at at all. */
static int set_context(const struct plan_fault *f)
{
	const struct context *c = f->context;

	if (c->args[0].mask && set(f, "args", args_text(c)))
		return -1;
	return c->callers && set(f, "callers", callers_text(c)) ? -1 : 0;
}

static int set_schedule(const struct plan_fault *f, uint64_t seed)
{
	if (SET(f, "seed", "%" PRIu64, seed) || SET(f, "interval", "%u", f->every) ||
	    SET(f, "burst", "%u", f->burst) ||
	    SET(f, "times", "%d", f->times ? (int)f->times : -1) ||
	    SET(f, "probability", "%u", f->probability))
		return -1;
	return f->ncalls ? set(f, "nth", nth_text(f)) : 0;
}

static int set_effect(const struct plan_fault *f)
{
	if (set(f, f->sequence ? "sequence" : "values", values_text(f)))
		return -1;
	if (f->delay_before_us && SET(f, "delay_before", "%u", f->delay_before_us))
		return -1;
	return f->delay_after_us && SET(f, "delay_after", "%u", f->delay_after_us) ? -1 : 0;
}

static int set_on(const struct plan_fault *f, bool on)
{
	return SET(f, "own", "%c", on ? 'Y' : 'N');
}

static int arm(const struct plan_fault *f, uint64_t seed, bool on)
{
	if (add(f))
		return -1;
	if (set_context(f) || set_schedule(f, seed) || set_effect(f))
		return -1;
	/* Last: until then the common attributes apply, which let nothing fail. */
	return on ? set_on(f, true) : 0;
}

static void remove_fault(const struct plan_fault *f)
{
	fault_write(FAIL_FUNCTION "/inject", "!%s", f->site->name);
}

static bool counts(const struct plan_fault *f, struct fault_counts *c)
{
	char *path = xasprintf(FAIL_FUNCTION "/%s/stats", f->site->name);
	char *text = file_read(path);
	bool ok = text && sscanf(text, "calls %" SCNu64 " matched %" SCNu64 " injected %" SCNu64,
				 &c->calls, &c->matched, &c->injected) == 3;

	free(path);
	free(text);
	return ok;
}

const struct fault_engine fault_function = {
    .arm = arm,
    .set_on = set_on,
    .remove = remove_fault,
    .counts = counts,
};
