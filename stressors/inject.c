// SPDX-License-Identifier: GPL-2.0-or-later
/* Arms fail_function's per-function attributes (kernel/patches/upstream). */
#include "agent.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAIL_FUNCTION "/sys/kernel/debug/fail_function"
#define SOFTSEAM      "/sys/kernel/debug/softseam"
#define INJECTIONS    "/sys/kernel/debug/septorture/injections"

static int set(const char *site, const char *file, const char *value)
{
	char path[256];
	int err;

	snprintf(path, sizeof(path), FAIL_FUNCTION "/%s%s%s", site ? site : "", site ? "/" : "",
		 file);
	err = file_write(path, value);
	if (err)
		event_fail("writing '%s' to %s failed: %s", value, path, strerror(-err));
	return err;
}

static int set_number(const char *site, const char *file, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return set(site, file, text);
}

static int arm(const struct plan_fault *f)
{
	const char *site = f->site->name;
	const struct context *c = f->context;
	char text[64];

	if (set(NULL, "inject", site))
		return -1;
	snprintf(text, sizeof(text), "%#" PRIx64, f->values[0].status->value);
	if (set(site, "retval", text))
		return -1;
	if (c->args[0].mask) {
		snprintf(text, sizeof(text), "%u %#" PRIx64 " %#" PRIx64, c->args[0].arg,
			 c->args[0].mask, c->args[0].value);
		if (set(site, "arg", text))
			return -1;
	}
	if (f->times)
		snprintf(text, sizeof(text), "%u", f->times);
	else
		snprintf(text, sizeof(text), "-1");
	if (set(site, "times", text) || set(site, "verbose", "0"))
		return -1;
	/* Last: it starts the injection. */
	return set_number(site, "probability", f->probability) || set(site, "own", "Y") ? -1 : 0;
}

int inject_arm(const struct plan *plan)
{
	for (size_t i = 0; i < plan->nfaults; i++) {
		const struct plan_fault *f = &plan->faults[i];

		/* A page that the TD still owns would go back to the host: real TDX answers with
		 * #MC. */
		if (plan_fault_contract(f) == CONTRACT_VM_FATAL && access(SOFTSEAM, F_OK)) {
			event_fail("%s in context %s is fatal and allowed with softseam only",
				   f->site->name, f->context->name);
			return -1;
		}
		if (arm(f))
			return -1;
	}
	return 0;
}

void inject_disarm(const struct plan *plan)
{
	for (size_t i = 0; i < plan->nfaults; i++)
		set(plan->faults[i].site->name, "probability", "0");
}

void inject_remove(const struct plan *plan)
{
	char text[128];

	for (size_t i = 0; i < plan->nfaults; i++) {
		snprintf(text, sizeof(text), "!%s", plan->faults[i].site->name);
		set(NULL, "inject", text);
	}
}

struct counts {
	uint64_t calls, matched, injected;
};

static bool counts(const struct plan_fault *f, struct counts *c)
{
	char path[256], *text;
	bool ok;

	snprintf(path, sizeof(path), FAIL_FUNCTION "/%s/stats", f->site->name);
	text = file_read(path);
	ok = text && sscanf(text, "calls %" SCNu64 " matched %" SCNu64 " injected %" SCNu64,
			    &c->calls, &c->matched, &c->injected) == 3;
	free(text);
	return ok;
}

uint64_t inject_total(const struct plan *plan)
{
	uint64_t total = 0;
	struct counts c;

	for (size_t i = 0; i < plan->nfaults; i++)
		if (counts(&plan->faults[i], &c))
			total += c.injected;
	return total;
}

/* "microseconds function return-value call caller", as a line of INJECTIONS. */
static json_t *injection(const char *line)
{
	char function[128], status[32], caller[128];
	uint64_t us, call;

	if (sscanf(line, "%" SCNu64 " %127s %31s %" SCNu64 " %127s", &us, function, status, &call,
		   caller) != 5)
		return NULL;
	return json_pack("{s:I, s:s, s:s, s:I, s:s}", "us", (json_int_t)us, "site", function,
			 "status", status, "call", (json_int_t)call, "caller", caller);
}

json_t *inject_recent(uint64_t *injected)
{
	char *text = file_read(INJECTIONS), *rest = text;
	json_t *list = json_array();
	const char *line;

	*injected = 0;
	line = text ? strsep(&rest, "\n") : NULL;
	if (line && sscanf(line, "injected %" SCNu64, injected) == 1)
		while ((line = strsep(&rest, "\n"))) {
			json_t *i = strstr(line, SELFTEST_CALL) ? NULL : injection(line);

			if (i)
				json_array_append_new(list, i);
		}
	*injected -= *injected < SELFTEST_CALLS ? *injected : SELFTEST_CALLS;
	free(text);
	return list;
}

void inject_report(const struct plan *plan)
{
	for (size_t i = 0; i < plan->nfaults; i++) {
		const struct plan_fault *f = &plan->faults[i];
		struct counts c;

		if (!counts(f, &c)) {
			event_fail("the counters of %s cannot be read", f->site->name);
			continue;
		}
		event_emit("site", "{s:s, s:s, s:s, s:I, s:I, s:I}", "site", f->site->name,
			   "status", f->values[0].status->name, "context", f->context->name,
			   "calls", (json_int_t)c.calls, "matched", (json_int_t)c.matched,
			   "injected", (json_int_t)c.injected);
	}
}
