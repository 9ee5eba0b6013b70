// SPDX-License-Identifier: GPL-2.0-or-later
/* The faults of a plan, all together. */
#include "agent.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "xmem.h"

#define SOFTSEAM   "/sys/kernel/debug/softseam"
#define INJECTIONS "/sys/kernel/debug/septorture/injections"

static bool is_on[PLAN_MAX_FAULTS];

/*
 * A page that the TD still owns would go back to the host, or a control page
 * would: real TDX answers with #MC.
 */
static bool allowed_here(const struct plan_fault *f)
{
	enum contract c = plan_fault_contract(f);

	if ((c != CONTRACT_VM_FATAL && c != CONTRACT_LEAK && c != CONTRACT_NEVER) ||
	    !access(SOFTSEAM, F_OK))
		return true;
	event_fail_plan("%s in context '%s' is %s: it is allowed with softseam only", f->site->name,
			f->context->name, contract_name(c));
	return false;
}

/* Whether F may fail calls US microseconds after the load began. */
static bool wants(const struct plan_fault *f, uint64_t us)
{
	return us >= f->start_us && (!f->stop_us || us < f->stop_us);
}

/* SITE is a SEAMCALL leaf, which waits for locks from now on. */
static void make_patient(const struct site *site)
{
	char *line = xasprintf("patient %s", site->name);

	for (char *s = strchr(line, ' ') + 1; *s; s++)
		*s = *s == '_' ? '.' : (char)toupper((unsigned char)*s);
	if (file_write(SOFTSEAM "/latent", line))
		event_fail("softseam's %s cannot be made patient", site->name);
	free(line);
}

/*
 * Of two failures in a row of the class "once" the VM dies. That the module itself is busy first
 * would make one injection two.
 */
static bool wants_patience(const struct plan_fault *f)
{
	return plan_fault_contract(f) == CONTRACT_ONCE && !access(SOFTSEAM, F_OK);
}

void inject_calm(void)
{
	for (const struct site *s = sites; s->name && !access(SOFTSEAM, F_OK); s++)
		if (s->engine == ENGINE_FAIL_FUNCTION && !strncmp(s->name, "tdh_mem_", 8))
			make_patient(s);
}

int inject_arm(const struct plan *plan)
{
	for (size_t i = 0; i < plan->nfaults; i++) {
		const struct plan_fault *f = &plan->faults[i];

		if (wants_patience(f))
			make_patient(f->site);
		is_on[i] = wants(f, 0);
		if (!allowed_here(f) || fault_engine(f)->arm(f, plan->seed, is_on[i]))
			return -1;
	}
	return 0;
}

void inject_tick(const struct plan *plan, uint64_t us)
{
	for (size_t i = 0; i < plan->nfaults; i++) {
		const struct plan_fault *f = &plan->faults[i];

		if (is_on[i] == wants(f, us))
			continue;
		is_on[i] = !is_on[i];
		fault_engine(f)->set_on(f, is_on[i]);
	}
}

void inject_disarm(const struct plan *plan)
{
	for (size_t i = 0; i < plan->nfaults; i++)
		fault_engine(&plan->faults[i])->set_on(&plan->faults[i], false);
}

void inject_remove(const struct plan *plan)
{
	for (size_t i = 0; i < plan->nfaults; i++)
		fault_engine(&plan->faults[i])->remove(&plan->faults[i]);
}

uint64_t inject_count(const struct plan_fault *f)
{
	struct fault_counts c;

	return fault_engine(f)->counts(f, &c) ? c.injected : 0;
}

uint64_t inject_total(const struct plan *plan)
{
	uint64_t total = 0;

	for (size_t i = 0; i < plan->nfaults; i++)
		total += inject_count(&plan->faults[i]);
	return total;
}

/* "microseconds function return-value task-tag call caller", as a line of INJECTIONS. */
static json_t *injection(const char *line)
{
	char function[128], status[32], caller[128];
	uint64_t us, call;
	unsigned int tag;

	if (sscanf(line, "%" SCNu64 " %127s %31s %u %" SCNu64 " %127s", &us, function, status, &tag,
		   &call, caller) != 6)
		return NULL;
	return json_pack("{s:I, s:s, s:s, s:i, s:I, s:s}", "us", (json_int_t)us, "site", function,
			 "status", status, "tag", (int)tag, "call", (json_int_t)call, "caller",
			 caller);
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
			json_t *i = injection(line);

			if (i)
				json_array_append_new(list, i);
		}
	free(text);
	return list;
}

void inject_report(const struct plan *plan)
{
	for (size_t i = 0; i < plan->nfaults; i++) {
		const struct plan_fault *f = &plan->faults[i];
		char *statuses = fault_statuses(f);
		struct fault_counts c;

		if (fault_engine(f)->counts(f, &c))
			event_emit("site", "{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "site",
				   f->site->name, "status", statuses, "context", f->context->name,
				   "contract", contract_name(plan_fault_contract(f)), "calls",
				   (json_int_t)c.calls, "matched", (json_int_t)c.matched,
				   "injected", (json_int_t)c.injected);
		else
			event_fail("the counters of %s cannot be read", f->site->name);
		free(statuses);
	}
}
