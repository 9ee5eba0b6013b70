/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What TDs and the VMs of the direct platform differ in. */
#ifndef SEPTORTURE_TD_KIND_H
#define SEPTORTURE_TD_KIND_H

#include "agent.h"

/* All return 0, or -1 after event_fail() or a finding. */
struct td_kind {
	unsigned long type; /* KVM_CREATE_VM's */
	unsigned long ordinary_type; /* the same of one whose memory is ordinary */
	bool private_programs; /* the guest programs' slot has a guest_memfd */
	int (*init_vm)(struct td *td);
	int (*init_vcpu)(struct td *td, unsigned int i); /* its fd is there */
	/* The slots are there. */
	int (*init_memory)(struct td *td);
	int (*add_pages)(struct td *td, uint64_t gpa, void *source, uint64_t npages, bool measure);
	int (*finalize)(struct td *td);
	/* What there is to know of a vCPU that shut down. The caller's. */
	json_t *(*shutdown_facts)(struct td *td, unsigned int i);
};

extern const struct td_kind td_mirror, td_direct;

/* The page with vCPU I's program. */
static inline uint64_t program_gpa(unsigned int vcpu)
{
	return TD_PROG_GPA + vcpu * TD_PAGE;
}

#endif
