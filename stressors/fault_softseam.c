// SPDX-License-Identifier: GPL-2.0-or-later
/* TDH.VP.ENTER can't be probed: softseam answers with its statuses (debugfs/softseam/enter). */
#include "fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent.h"

#define ENTER "/sys/kernel/debug/softseam/enter"

static uint64_t seed_of_plan;
static struct fault_counts before; /* it was armed: softseam counts on and on */

/* It has no room for lists, bursts, tags and delays. */
static bool can_do(const struct plan_fault *f)
{
	return f->nvalues == 1 && f->values[0].status && !f->sequence && f->burst == 1 &&
	       f->ncalls <= 1 && (!f->ncalls || f->calls[0].tag == PLAN_ANY_TAG) &&
	       !f->delay_before_us && !f->delay_after_us;
}

static int set_on(const struct plan_fault *f, bool on)
{
	return fault_write(ENTER, "%#" PRIx64 " %" PRIu64 " %" PRIu64 " %u %u %d",
			   on ? f->values[0].status->value : 0, seed_of_plan,
			   f->ncalls ? f->calls[0].call : 0, f->every, f->probability,
			   f->times ? (int)f->times : -1);
}

static bool read_counts(struct fault_counts *c)
{
	char *text = file_read(ENTER);
	bool ok =
	    text && sscanf(text, "%*s %*u %*u %*u %*u %*d calls %" SCNu64 " provoked %" SCNu64,
			   &c->calls, &c->injected) == 2;

	free(text);
	return ok;
}

static int arm(const struct plan_fault *f, uint64_t seed, bool on)
{
	if (access(ENTER, F_OK)) {
		event_fail_plan("only softseam can make %s fail, and it is not at work here; leave "
				"[fault %s] out",
				f->site->name, f->site->name);
		return -1;
	}
	if (!can_do(f)) {
		event_fail_plan("[fault %s] takes one status, probability, times, every and one "
				"call for nth; nothing else",
				f->site->name);
		return -1;
	}
	seed_of_plan = seed;
	if (!read_counts(&before)) {
		event_fail("the counters in " ENTER " cannot be read");
		return -1;
	}
	return set_on(f, on);
}

static void remove_fault(const struct plan_fault *f)
{
	set_on(f, false);
}

static bool counts(const struct plan_fault *f, struct fault_counts *c)
{
	(void)f;
	if (!read_counts(c))
		return false;
	c->calls -= before.calls;
	c->injected -= before.injected;
	c->matched = c->calls;
	return true;
}

const struct fault_engine fault_softseam = {
    .arm = arm,
    .set_on = set_on,
    .remove = remove_fault,
    .counts = counts,
};
