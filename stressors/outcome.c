// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What KVM promises of the faults that were injected (docs/contracts.md) against
 * what became of the TD. The agent has one TD at a time.
 */
#include "outcome.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "fault.h"

static const struct plan *plan;
static uint64_t before[PLAN_MAX_FAULTS]; /* injections when the TD began */
static atomic_bool answered[PLAN_MAX_FAULTS]; /* an ioctl failed as promised */
static atomic_bool ended;

void outcome_begin(const struct plan *p)
{
	plan = p;
	for (size_t i = 0; i < p->nfaults; i++) {
		before[i] = inject_count(&p->faults[i]);
		atomic_store(&answered[i], false);
	}
	atomic_store(&ended, false);
}

static uint64_t injected(size_t i)
{
	return inject_count(&plan->faults[i]) - before[i];
}

/* Whether one of F's statuses gives user space ERR. */
static bool promises(const struct plan_fault *f, int err)
{
	for (size_t i = 0; i < f->nvalues; i++)
		if (f->values[i].status && f->values[i].status->err == err)
			return true;
	return false;
}

static bool explains(const struct plan_fault *f, int err)
{
	switch (plan_fault_contract(f)) {
	case CONTRACT_USER_ERROR:
		return promises(f, err);
	case CONTRACT_VM_FATAL:
		return err == EIO;
	case CONTRACT_NEVER:
		return true;
	default:
		return false;
	}
}

bool outcome_explains(int err)
{
	bool any = false;

	for (size_t i = 0; i < plan->nfaults; i++)
		if (explains(&plan->faults[i], err) && injected(i)) {
			atomic_store(&answered[i], true);
			any = true;
		}
	return any;
}

void outcome_end(void)
{
	atomic_store(&ended, true);
}

bool outcome_ended(void)
{
	return atomic_load(&ended);
}

/* Two failures of the class "once" in a row: the page was not removed. */
static unsigned int leaks_of(const struct plan_fault *f, const struct status *st)
{
	if (st->contract == CONTRACT_ONCE && plan_fault_contract(f) == CONTRACT_VM_FATAL)
		return LEAK_PAGES;
	return st->leaks;
}

unsigned int outcome_leaks(void)
{
	unsigned int leaks = 0;

	for (size_t i = 0; i < plan->nfaults; i++) {
		const struct plan_fault *f = &plan->faults[i];

		if (!injected(i))
			continue;
		for (size_t v = 0; v < f->nvalues; v++)
			leaks |= f->values[v].status ? leaks_of(f, f->values[v].status) : 0;
	}
	return leaks;
}

bool outcome_is_over(void)
{
	return !outcome_leaks();
}

/* A VM that KVM has bugged answers every ioctl with -EIO. */
static bool is_bugged(const struct td *td)
{
	return td->vm_fd >= 0 && ioctl(td->vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS) < 0 &&
	       errno == EIO;
}

static void broken(const struct td *td, const struct plan_fault *f, uint64_t n, const char *title)
{
	char *statuses = fault_statuses(f);

	event_finding("contract", "broken", td->number, title,
		      json_pack("{s:s, s:s, s:s, s:s, s:I}", "site", f->site->name, "status",
				statuses, "context", f->context->name, "contract",
				contract_name(plan_fault_contract(f)), "injected", (json_int_t)n));
	free(statuses);
}

/* An allocation may fail on stock that is not needed: the caller has some left. */
static bool must_show(const struct plan_fault *f)
{
	return f->site->engine != ENGINE_FAILSLAB && f->site->engine != ENGINE_FAIL_PAGE_ALLOC;
}

void outcome_check(const struct td *td)
{
	bool bugged = is_bugged(td), may_die = false;

	for (size_t i = 0; i < plan->nfaults; i++) {
		const struct plan_fault *f = &plan->faults[i];
		enum contract c = plan_fault_contract(f);
		uint64_t n = injected(i);

		if (!n)
			continue;
		may_die |= c == CONTRACT_VM_FATAL || c == CONTRACT_NEVER;
		if (c == CONTRACT_VM_FATAL && !bugged)
			broken(td, f, n, "a VM lived on after a failure that must end it");
		if (c == CONTRACT_USER_ERROR && must_show(f) && !atomic_load(&answered[i]))
			broken(td, f, n,
			       "no ioctl failed after a failure that user space must see");
	}
	/* Who sees a VM die says so at once; this is for a VM that nobody used any more. */
	if (bugged && !may_die && !atomic_load(&td->dead))
		event_finding("ioctl", "vm-died", td->number, OUTCOME_DIED, NULL);
}
