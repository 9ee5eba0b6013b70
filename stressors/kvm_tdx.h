/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of KVM's user ABI (Linux 7.2 and later, include/uapi/linux/kvm.h and
 * arch/x86/include/uapi/asm/kvm.h) that bookworm's headers lack.
 */
#ifndef SEPTORTURE_KVM_TDX_H
#define SEPTORTURE_KVM_TDX_H

#include <linux/kvm.h>
#include <linux/kvm_para.h>

#define KVM_X86_DEFAULT_VM	     0
#define KVM_X86_SW_PROTECTED_VM	     1
#define KVM_X86_TDX_VM		     5
#define KVM_MEM_GUEST_MEMFD	     (1u << 2)
#define KVM_MEMORY_ATTRIBUTE_PRIVATE (1ull << 3)
#define KVM_EXIT_MEMORY_FAULT	     39

struct kvm_userspace_memory_region2 {
	__u32 slot;
	__u32 flags;
	__u64 guest_phys_addr;
	__u64 memory_size;
	__u64 userspace_addr;
	__u64 guest_memfd_offset;
	__u32 guest_memfd;
	__u32 pad1;
	__u64 pad2[14];
};

struct kvm_memory_attributes {
	__u64 address;
	__u64 size;
	__u64 attributes;
	__u64 flags;
};

/* What KVM_EXIT_MEMORY_FAULT says. */
#define KVM_MEMORY_EXIT_FLAG_PRIVATE (1ull << 3)

struct kvm_memory_fault {
	__u64 flags;
	__u64 gpa;
	__u64 size;
};

static inline const struct kvm_memory_fault *kvm_run_memory_fault(const struct kvm_run *run)
{
	return (const void *)&run->hw; /* the first of the union */
}

struct kvm_pre_fault_memory {
	__u64 gpa;
	__u64 size;
	__u64 flags;
	__u64 padding[5];
};

struct kvm_create_guest_memfd {
	__u64 size;
	__u64 flags;
	__u64 reserved[6];
};

#define KVM_SET_USER_MEMORY_REGION2 _IOW(KVMIO, 0x49, struct kvm_userspace_memory_region2)
#define KVM_SET_MEMORY_ATTRIBUTES   _IOW(KVMIO, 0xd2, struct kvm_memory_attributes)
#define KVM_CREATE_GUEST_MEMFD	    _IOWR(KVMIO, 0xd4, struct kvm_create_guest_memfd)
#define KVM_PRE_FAULT_MEMORY	    _IOWR(KVMIO, 0xd5, struct kvm_pre_fault_memory)

/* Commands of KVM_MEMORY_ENCRYPT_OP on a TD and its vCPUs. */
enum {
	KVM_TDX_CAPABILITIES = 0,
	KVM_TDX_INIT_VM,
	KVM_TDX_INIT_VCPU,
	KVM_TDX_INIT_MEM_REGION,
	KVM_TDX_FINALIZE_VM,
	KVM_TDX_GET_CPUID,
};

struct kvm_tdx_cmd {
	__u32 id;
	__u32 flags;
	__u64 data;
	__u64 hw_error;
};

struct kvm_tdx_capabilities {
	__u64 supported_attrs;
	__u64 supported_xfam;
	__u64 tdvmcallinfo[4];
	__u64 reserved[250];
	struct kvm_cpuid2 cpuid;
};

struct kvm_tdx_init_vm {
	__u64 attributes;
	__u64 xfam;
	__u64 measurements[18];
	__u64 reserved[12];
	struct kvm_cpuid2 cpuid;
};

#define KVM_TDX_MEASURE_MEMORY_REGION (1u << 0)

struct kvm_tdx_init_mem_region {
	__u64 source_addr;
	__u64 gpa;
	__u64 nr_pages;
};

#endif
