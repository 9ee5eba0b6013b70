// SPDX-License-Identifier: GPL-2.0-or-later
/* TDs. */
#include "agent.h"
#include "kvm_tdx.h"
#include "td_kind.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#define MAX_CPUID 64

static int tdx_cmd(struct td *td, int fd, unsigned int id, unsigned int flags, void *data,
		   const char *what)
{
	struct kvm_tdx_cmd cmd = {.id = id, .flags = flags, .data = (uint64_t)(uintptr_t)data};

	return td_must(td, ioctl(fd, KVM_MEMORY_ENCRYPT_OP, &cmd), what);
}

/* A TD needs at least the leaf that carries its GPA width; the mask of the rest is the module's. */
static int init_vm(struct td *td)
{
	size_t entries = MAX_CPUID * sizeof(struct kvm_cpuid_entry2);
	struct kvm_tdx_capabilities *caps = calloc(1, sizeof(*caps) + entries);
	struct kvm_tdx_init_vm *vm = calloc(1, sizeof(*vm) + entries);
	struct kvm_tdx_cmd cmd = {.id = KVM_TDX_INIT_VM};
	int ret = -1;

	if (!caps || !vm)
		goto out;
	caps->cpuid.nent = MAX_CPUID;
	if (tdx_cmd(td, td->vm_fd, KVM_TDX_CAPABILITIES, 0, caps, "KVM_TDX_CAPABILITIES"))
		goto out;
	vm->xfam = caps->supported_xfam;
	vm->cpuid.nent = 1;
	vm->cpuid.entries[0].function = 0x80000008;
	vm->cpuid.entries[0].eax = TD_GPA_BITS << 16 | TD_GPA_BITS;
	cmd.data = (uint64_t)(uintptr_t)vm;
	ret = ioctl(td->vm_fd, KVM_MEMORY_ENCRYPT_OP, &cmd);
	if (ret && errno == ENOSPC && td->full)
		*td->full = true;
	else
		td_must(td, ret, "KVM_TDX_INIT_VM");
out:
	free(caps);
	free(vm);
	return ret;
}

static int init_vcpu(struct td *td, unsigned int i)
{
	size_t size = sizeof(struct kvm_cpuid2) + 3 * sizeof(struct kvm_cpuid_entry2);
	struct kvm_cpuid2 *cpuid = calloc(1, size);
	struct td_vcpu *v = &td->vcpus[i];
	int ret = -1;

	if (!cpuid)
		return -1;
	/*
	 * TDX wants an x2APIC, and KVM the GPA width that the TD was created with. It looks
	 * for the CPU's address width, too, if a largest leaf says that there is one.
	 */
	cpuid->nent = 3;
	cpuid->entries[0].function = 1;
	cpuid->entries[0].ecx = 1u << 21;
	cpuid->entries[1].function = 0x80000008;
	cpuid->entries[1].eax = TD_GPA_BITS << 16 | 52;
	cpuid->entries[2].function = 0x80000000;
	cpuid->entries[2].eax = 0x80000008;
	if (!td_must(td, ioctl(v->fd, KVM_SET_CPUID2, cpuid), "KVM_SET_CPUID2"))
		ret = tdx_cmd(td, v->fd, KVM_TDX_INIT_VCPU, 0, (void *)(uintptr_t)program_gpa(i),
			      "KVM_TDX_INIT_VCPU");
	free(cpuid);
	return ret;
}

static int init_memory(struct td *td)
{
	(void)td;
	return 0;
}

static int add_pages(struct td *td, uint64_t gpa, void *source, uint64_t npages, bool measure)
{
	struct kvm_tdx_init_mem_region region = {
	    .source_addr = (uintptr_t)source,
	    .gpa = gpa,
	    .nr_pages = npages,
	};

	return tdx_cmd(td, td->vcpus[0].fd, KVM_TDX_INIT_MEM_REGION,
		       measure ? KVM_TDX_MEASURE_MEMORY_REGION : 0, &region,
		       "KVM_TDX_INIT_MEM_REGION");
}

static int finalize(struct td *td)
{
	return tdx_cmd(td, td->vm_fd, KVM_TDX_FINALIZE_VM, 0, NULL, "KVM_TDX_FINALIZE_VM");
}

static json_t *shutdown_facts(struct td *td, unsigned int i)
{
	(void)td;
	(void)i;
	return json_pack("{s:o*}", "log", seam_log_last());
}

const struct td_kind td_mirror = {
    .type = KVM_X86_TDX_VM,
    .private_programs = true,
    .init_vm = init_vm,
    .init_vcpu = init_vcpu,
    .init_memory = init_memory,
    .add_pages = add_pages,
    .finalize = finalize,
    .shutdown_facts = shutdown_facts,
};
