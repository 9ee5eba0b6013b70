// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counts the calls of each site in a scenario that always goes the same way, then
 * runs it once for each of these calls and each error that it can return: this call
 * fails, and nothing else does. Contract and oracles judge what comes of it.
 */
#include "enumerate.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "fault.h"
#include "outcome.h"
#include "scenario.h"
#include "xmem.h"

#define CLEAR_WARN_ONCE "/sys/kernel/debug/clear_warn_once"

struct enumeration {
	const struct enumerate_args *args;
	struct plan one; /* the plan with the one fault of a case */
	unsigned int tds;
	uint64_t total; /* cases, those before args->first too */
	uint64_t number; /* of the case at hand, from 1 */
	bool spent; /* this boot is of no more use */
};

/* ---- which cases ---- */

/* Whether one of the words in LIST (separated by commas) is NAME; PATTERNS: or matches it. */
static bool listed(const char *list, const char *name, bool patterns)
{
	char *copy, *rest, *word;
	bool found = false;

	if (!list)
		return true;
	copy = rest = xstrdup(list);
	while (!found && (word = strsep(&rest, ",")))
		found = patterns ? !fnmatch(word, name, 0) : !strcmp(word, name);
	free(copy);
	return found;
}

/* Allocations can't be failed one by one: failslab has no n-th call of a site. */
static bool wants_site(const struct enumeration *e, const struct site *s)
{
	return (s->engine == ENGINE_FAIL_FUNCTION || s->engine == ENGINE_SOFTSEAM) &&
	       listed(e->args->sites, s->name, true);
}

static bool wants_status(const struct enumeration *e, const struct status *st)
{
	if (st->contract == CONTRACT_NEVER)
		return e->args->contracts &&
		       listed(e->args->contracts, contract_name(st->contract), false);
	return listed(e->args->contracts, contract_name(st->contract), false);
}

/* One call fails, the NTH; or, with 0, none does, but all are counted. */
static struct plan_fault single(const struct site *s, const struct context *c,
				const struct status *st, uint64_t nth)
{
	struct plan_fault f = {
	    .site = s,
	    .context = c,
	    .nvalues = 1,
	    .values = {{.status = st, .weight = 1}},
	    .every = 1,
	    .burst = 1,
	};

	if (nth) {
		f.ncalls = 1;
		f.calls[0] = (struct plan_call){.tag = PLAN_ANY_TAG, .call = nth};
		f.probability = 100;
	}
	return f;
}

/* ---- one TD ---- */

/* The scenario with what e->one injects. */
static void run_scenario(struct enumeration *e)
{
	e->tds++;
	outcome_begin(&e->one);
	scenario_run(&e->one, e->tds);
	if (!oracles_gone(e->tds) || !outcome_is_over())
		e->spent = true;
}

/* ---- cases ---- */

static const char *outcome_word(const struct plan_fault *f, unsigned int findings, bool reached)
{
	if (!reached)
		return "not reached";
	if (findings)
		return "finding";
	if (outcome_ended())
		return plan_fault_contract(f) == CONTRACT_VM_FATAL ? "VM died" : "ioctl failed";
	return "survived";
}

static bool lockdep_is_off(void)
{
	char *text = file_read("/proc/lockdep_stats"),
	     *s = text ? strstr(text, "debug_locks:") : NULL;
	int on = 1;

	if (s)
		sscanf(s, "debug_locks: %d", &on);
	free(text);
	return !on;
}

static void run_case(struct enumeration *e, const struct site *s, const struct context *c,
		     const struct status *st, uint64_t nth)
{
	const struct plan_fault *f = &e->one.faults[0];
	unsigned int findings = event_findings(), splats;
	uint64_t start = now_us();
	struct fault_counts counts = {0};
	bool reached, silent;
	const char *word;

	event_emit("case_begin", "{s:I, s:I, s:s, s:s, s:s, s:s, s:I}", "n", (json_int_t)e->number,
		   "total", (json_int_t)e->total, "site", s->name, "context", c->name, "status",
		   st->name, "contract", contract_name(st->contract), "nth", (json_int_t)nth);
	/* Else a WARN_ON_ONCE would be silent from its second time on. */
	file_write(CLEAR_WARN_ONCE, "1");
	splats = kmsg_splats();
	e->one.nfaults = 1;
	e->one.faults[0] = single(s, c, st, nth);
	if (inject_arm(&e->one))
		return;
	run_scenario(e);
	gcov_case(e->number);
	reached = fault_engine(f)->counts(f, &counts) && counts.injected == 1;
	inject_remove(&e->one);
	findings = event_findings() - findings;
	splats = kmsg_splats() - splats;
	silent = !splats || st->warns;
	word = outcome_word(f, findings, reached);
	event_emit("case_end", "{s:I, s:s, s:b, s:i, s:i, s:I, s:I}", "n", (json_int_t)e->number,
		   "outcome", silent || findings ? word : "warned", "ok",
		   reached && !findings && silent, "findings", (int)findings, "splats", (int)splats,
		   "injected", (json_int_t)counts.injected, "took_us",
		   (json_int_t)(now_us() - start));
	e->spent |= findings || !silent || lockdep_is_off();
}

/* Calls FN for each case, in an order that is the same in every boot. */
static void for_each_case(struct enumeration *e, uint64_t *const calls,
			  void (*fn)(struct enumeration *e, const struct site *s,
				     const struct context *c, const struct status *st,
				     uint64_t nth))
{
	size_t i = 0;

	e->number = 0;
	for (const struct site *s = sites; s->name; s++) {
		if (!wants_site(e, s))
			continue;
		for (const struct context *c = s->contexts; c->name; c++, i++)
			for (const struct status *st = c->statuses; st->name; st++)
				for (uint64_t nth = 1; wants_status(e, st) && nth <= calls[i];
				     nth++) {
					e->number++;
					if (e->number >= e->args->first && !e->spent &&
					    !event_failed())
						fn(e, s, c, st, nth);
				}
	}
}

/* ---- how many there are ---- */

static size_t count_contexts(const struct site *s)
{
	size_t n = 0;

	while (s->contexts[n].name)
		n++;
	return n;
}

/* One context of each site at a time can be counted: arms those with number PASS. */
static bool arm_pass(struct enumeration *e, size_t pass)
{
	e->one.nfaults = 0;
	for (const struct site *s = sites; s->name; s++)
		if (wants_site(e, s) && pass < count_contexts(s) &&
		    e->one.nfaults < PLAN_MAX_FAULTS) {
			const struct context *c = &s->contexts[pass];

			e->one.faults[e->one.nfaults++] = single(s, c, &c->statuses[0], 0);
		}
	return e->one.nfaults && !inject_arm(&e->one);
}

/* Where the counts of site S begin in a list that has all contexts of the sites in turn. */
static size_t offset_of(const struct enumeration *e, const struct site *site)
{
	size_t at = 0;

	for (const struct site *s = sites; s != site; s++)
		at += wants_site(e, s) ? count_contexts(s) : 0;
	return at;
}

static void read_pass(struct enumeration *e, size_t pass, uint64_t *calls)
{
	uint64_t max = e->args->calls;

	for (size_t i = 0; i < e->one.nfaults; i++) {
		const struct plan_fault *f = &e->one.faults[i];
		struct fault_counts counts;

		if (fault_engine(f)->counts(f, &counts))
			calls[offset_of(e, f->site) + pass] =
			    max && max < counts.matched ? max : counts.matched;
		else
			event_fail("the calls of %s cannot be counted", f->site->name);
	}
	inject_remove(&e->one);
}

static void report_calls(struct enumeration *e, const uint64_t *calls)
{
	for (const struct site *s = sites; s->name; s++)
		for (const struct context *c = s->contexts; wants_site(e, s) && c->name; c++) {
			event_emit("calls", "{s:s, s:s, s:I}", "site", s->name, "context", c->name,
				   "calls", (json_int_t)*calls);
			for (const struct status *st = c->statuses; st->name; st++)
				e->total += wants_status(e, st) ? *calls : 0;
			calls++;
		}
}

static const struct site *last_site(void)
{
	const struct site *s = sites;

	while (s->name)
		s++;
	return s;
}

static uint64_t *count_all(struct enumeration *e)
{
	uint64_t *calls = xcalloc(offset_of(e, last_site()) + 1, sizeof(*calls));

	for (size_t pass = 0; arm_pass(e, pass); pass++) {
		run_scenario(e);
		gcov_case(0);
		read_pass(e, pass, calls);
	}
	if (!event_failed())
		report_calls(e, calls);
	return calls;
}

void enumerate(const struct plan *plan, const struct enumerate_args *args)
{
	struct enumeration e = {.args = args, .one = *plan};
	uint64_t *calls;

	e.one.td_vcpus = 1;
	calls = count_all(&e);
	event_emit("cases", "{s:I}", "total", (json_int_t)e.total);
	if (!e.total)
		event_fail_plan("there is no case: no site, context and contract that was asked "
				"for is called in the scenario");
	else if (event_findings())
		event_fail("the scenario itself goes wrong, before anything was made to fail");
	else
		for_each_case(&e, calls, run_case);
	event_emit("cases_end", "{s:b, s:I}", "spent", e.spent, "last", (json_int_t)e.number);
	free(calls);
}
