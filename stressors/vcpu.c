// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs vCPUs, and answers what they leave KVM_RUN for. */
#include "agent.h"
#include "kvm_tdx.h"
#include "outcome.h"
#include "payload.h"
#include "td_kind.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define GUEST_DIED "the guest program died: an illegal access, or its memory changed"

uint64_t td_faults(const struct td *td)
{
	uint64_t total = 0, n;

	for (unsigned int i = 0; i < td->nvcpus; i++)
		if (kvm_stat(td->vcpus[i].stats_fd, "pf_fixed", &n))
			total += n;
	return total;
}

static bool vcpu_stuck(struct td *td, unsigned int i, const char *kind, const char *title,
		       json_t *facts)
{
	/* One finding per TD: once one vCPU sees the VM dead, all do. */
	if (!atomic_exchange(&td->dead, true)) {
		json_object_set_new(facts, "vcpu", json_integer((json_int_t)i));
		event_finding("ioctl", kind, td->number, title, facts);
	} else {
		json_decref(facts);
	}
	return false;
}

/* The guest wants the pages private, or shared; so does a VMM. */
static void convert(struct td *td, uint64_t gpa, uint64_t size, bool private)
{
	td_set_private(td, gpa & ~TD_SHARED_BIT, size, private);
	atomic_fetch_add(&td->conversions, 1);
}

/*
 * The guest touched memory that is not there, or not of that kind: if the plan takes slots
 * away or converts memory, that is what happens, and the next try may find it.
 */
static bool memory_fault(struct td *td, unsigned int i)
{
	const struct kvm_memory_fault *f = kvm_run_memory_fault(td->vcpus[i].run);
	unsigned int may = atomic_load(&td->may);

	if (!(may & (TD_MAY_CONVERT | TD_MAY_LOSE_SLOTS)))
		return vcpu_stuck(td, i, "memory-fault",
				  "a vCPU's access to memory that it has was refused",
				  json_pack("{s:I, s:I}", "gpa", (json_int_t)f->gpa, "flags",
					    (json_int_t)f->flags));
	if (may & TD_MAY_CONVERT)
		convert(td, f->gpa, f->size, f->flags & KVM_MEMORY_EXIT_FLAG_PRIVATE);
	else
		sched_yield();
	return true;
}

/* Memory without its slot is MMIO, unless it is private: nothing is there to be read. */
static bool mmio(struct td *td, unsigned int i)
{
	struct kvm_run *run = td->vcpus[i].run;

	if (!(atomic_load(&td->may) & TD_MAY_LOSE_SLOTS))
		return vcpu_stuck(td, i, "exit",
				  "a vCPU's access to memory that it has became MMIO",
				  json_pack("{s:I}", "gpa", (json_int_t)run->mmio.phys_addr));
	if (!run->mmio.is_write)
		memset(run->mmio.data, 0, sizeof(run->mmio.data));
	return true;
}

/* TDG.VP.VMCALL<MapGPA>. */
static bool hypercall(struct td *td, unsigned int i)
{
	struct kvm_run *run = td->vcpus[i].run;
	uint64_t pages = run->hypercall.args[1];

	if (run->hypercall.nr != KVM_HC_MAP_GPA_RANGE || !(atomic_load(&td->may) & TD_MAY_CONVERT))
		return vcpu_stuck(td, i, "exit", "a vCPU made a hypercall that its program has not",
				  json_pack("{s:I}", "nr", (json_int_t)run->hypercall.nr));
	convert(td, run->hypercall.args[0], pages * TD_PAGE,
		run->hypercall.args[2] & KVM_MAP_GPA_RANGE_ENCRYPTED);
	run->hypercall.ret = 0;
	return true;
}

/* KVM_RUN failed with ERR: true if the vCPU goes on all the same. */
static bool run_failed(struct td *td, unsigned int i, int err)
{
	char title[128];

	if (err == EINTR || err == EAGAIN || td_tolerates(err))
		return true;
	if (err == EFAULT && td->vcpus[i].run->exit_reason == KVM_EXIT_MEMORY_FAULT)
		return memory_fault(td, i);
	if (err == EFAULT && atomic_load(&td->may) & TD_MAY_FAULT) {
		sched_yield();
		return true;
	}
	if (outcome_explains(err)) {
		/* Only a VM that is bugged is of no more use. */
		if (err != EIO)
			return true;
		outcome_end();
		atomic_store(&td->dead, true);
		return false;
	}
	if (err == EIO)
		return vcpu_stuck(td, i, "vm-died", OUTCOME_DIED, json_pack("{s:i}", "errno", err));
	snprintf(title, sizeof(title), "KVM_RUN failed: %s", strerrorname_np(err));
	return vcpu_stuck(td, i, "ioctl", title, json_pack("{s:i}", "errno", err));
}

/* The guest program of the direct platform has something to say. */
static bool payload(struct td *td, unsigned int i)
{
	json_t *died = payload_hear(td, i);

	return !died || vcpu_stuck(td, i, "guest-shutdown", GUEST_DIED, died);
}

bool td_run_vcpu(struct td *td, unsigned int i)
{
	struct td_vcpu *v = &td->vcpus[i];
	char title[128];

	if (atomic_load(&td->dead))
		return false;
	if (ioctl(v->fd, KVM_RUN, 0) < 0)
		return run_failed(td, i, errno);
	if (v->run->exit_reason == KVM_EXIT_IO && payload_speaks(td, i))
		return payload(td, i);
	if (v->run->exit_reason == KVM_EXIT_INTR || v->run->exit_reason == KVM_EXIT_IO)
		return true;
	if (v->run->exit_reason == KVM_EXIT_HYPERCALL)
		return hypercall(td, i);
	if (v->run->exit_reason == KVM_EXIT_MMIO)
		return mmio(td, i);
	if (v->run->exit_reason == KVM_EXIT_SHUTDOWN)
		return vcpu_stuck(td, i, "guest-shutdown", GUEST_DIED,
				  td->kind->shutdown_facts(td, i));
	snprintf(title, sizeof(title), "KVM_RUN left with unexpected exit reason %u",
		 v->run->exit_reason);
	return vcpu_stuck(td, i, "exit", title, json_object());
}

bool td_run_until_out(struct td *td, unsigned int i, unsigned int port)
{
	struct td_vcpu *v = &td->vcpus[i];

	for (;;) {
		v->run->exit_reason = KVM_EXIT_UNKNOWN;
		if (!td_run_vcpu(td, i))
			return false;
		if (v->run->exit_reason == KVM_EXIT_IO && v->run->io.port == port)
			return true;
	}
}
