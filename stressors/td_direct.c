// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VMs of the direct platform: a real guest on nested paging. Its memory is a guest_memfd with
 * attributes, as a TD's (KVM_X86_SW_PROTECTED_VM), or ordinary (KVM_X86_DEFAULT_VM, of which KVM
 * throws all roots away when a slot goes); programs, and the payload
 * that executes them, are in ordinary memory.
 */
#include "agent.h"
#include "direct_shutdown.h"
#include "kvm_tdx.h"
#include "payload/payload.h"
#include "td_kind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define MAX_CPUID 256

#define CR0_PE	     (1ull << 0)
#define CR0_PG	     (1ull << 31)
#define CR4_PAE	     (1ull << 5)
#define EFER_LME     (1ull << 8)
#define EFER_LMA     (1ull << 10)
#define RFLAGS_SET   (1ull << 1)
#define PTE_PRESENT  1ull
#define PTE_WRITE    2ull
#define PTE_ACCESSED (1ull << 5)
#define PTE_DIRTY    (1ull << 6)
#define PTE_LARGE    (1ull << 7)

#define GATE_INTERRUPT 0x8e0000000000ull /* present, 64-bit */
#define DESC_CODE64    0x00af9b000000ffffull

/* The payload (payload/image.S). */
extern const char payload_image[], payload_image_end[];

static size_t payload_size(void)
{
	return (size_t)(payload_image_end - payload_image);
}

static int init_vm(struct td *td)
{
	(void)td;
	shutdown_watch();
	return 0;
}

/* All that KVM can show: the guest's own code asks for nothing, but KVM's emulator does. */
static int set_cpuid(struct td *td, int fd)
{
	struct kvm_cpuid2 *cpuid =
	    calloc(1, sizeof(*cpuid) + MAX_CPUID * sizeof(struct kvm_cpuid_entry2));
	int ret = -1;

	if (!cpuid) {
		event_fail("no memory for a vCPU's CPUID");
		return -1;
	}
	cpuid->nent = MAX_CPUID;
	if (!td_must(td, ioctl(td->kvm_fd, KVM_GET_SUPPORTED_CPUID, cpuid),
		     "KVM_GET_SUPPORTED_CPUID"))
		ret = td_must(td, ioctl(fd, KVM_SET_CPUID2, cpuid), "KVM_SET_CPUID2");
	free(cpuid);
	return ret;
}

/* 64-bit mode, with the page tables of init_memory(). */
static int set_mode(struct td *td, int fd)
{
	struct kvm_segment data = {.limit = ~0u, .type = 3, .present = 1, .s = 1, .db = 1, .g = 1};
	struct kvm_segment code = {
	    .limit = ~0u, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1, .selector = PAYLOAD_CS};
	struct kvm_sregs s;

	if (td_must(td, ioctl(fd, KVM_GET_SREGS, &s), "KVM_GET_SREGS"))
		return -1;
	s.cr0 |= CR0_PE | CR0_PG;
	s.cr3 = PAYLOAD_TABLES_GPA;
	s.cr4 |= CR4_PAE;
	s.efer |= EFER_LME | EFER_LMA;
	s.cs = code;
	s.gdt.base = PAYLOAD_IDT_GPA + TD_PAGE;
	s.gdt.limit = 2 * 8 - 1;
	s.idt.base = PAYLOAD_IDT_GPA;
	s.idt.limit = PAYLOAD_NR_VECTORS * 16 - 1;
	s.ds = s.es = s.fs = s.gs = s.ss = data;
	return td_must(td, ioctl(fd, KVM_SET_SREGS, &s), "KVM_SET_SREGS");
}

static int init_vcpu(struct td *td, unsigned int i)
{
	struct kvm_mp_state runnable = {.mp_state = KVM_MP_STATE_RUNNABLE};
	int fd = td->vcpus[i].fd;
	struct kvm_regs regs = {
	    .rip = PAYLOAD_CODE_GPA,
	    .rsp = PAYLOAD_VCPU_GPA + (i + 1) * TD_PAGE,
	    .rdi = i,
	    .rsi = program_gpa(i),
	    .rflags = RFLAGS_SET,
	};

	if (set_cpuid(td, fd) || set_mode(td, fd) ||
	    td_must(td, ioctl(fd, KVM_SET_REGS, &regs), "KVM_SET_REGS"))
		return -1;
	return td_must(td, ioctl(fd, KVM_SET_MP_STATE, &runnable), "KVM_SET_MP_STATE");
}

static void *program_memory(const struct td *td, uint64_t gpa)
{
	return (char *)td->prog_shared + (gpa - TD_PROG_GPA);
}

/* Interrupt gates (SDM vol. 3A, 7.14.1), and behind their page a GDT with one code segment. */
static void fill_idt(uint64_t *idt)
{
	uint64_t *gdt = idt + TD_PAGE / sizeof(*idt);

	for (uint64_t i = 0; i < PAYLOAD_NR_VECTORS; i++) {
		uint64_t to = PAYLOAD_CODE_GPA + PAYLOAD_VECTORS_OFFSET + i * PAYLOAD_VECTOR_SIZE;

		idt[2 * i] =
		    (to & 0xffff) | PAYLOAD_CS << 16 | GATE_INTERRUPT | (to & 0xffff0000) << 32;
		idt[2 * i + 1] = to >> 32;
	}
	gdt[PAYLOAD_CS / 8] = DESC_CODE64;
}

static void fill_tables(uint64_t *pml4)
{
	uint64_t *pdpt = pml4 + 512;

	pml4[0] = (PAYLOAD_TABLES_GPA + TD_PAGE) | PTE_PRESENT | PTE_WRITE;
	for (uint64_t i = 0; i < 512; i++)
		pdpt[i] = i << 30 | PTE_PRESENT | PTE_WRITE | PTE_LARGE;
}

static int init_memory(struct td *td)
{
	memcpy(program_memory(td, PAYLOAD_CODE_GPA), payload_image, payload_size());
	fill_tables(program_memory(td, PAYLOAD_TABLES_GPA));
	fill_idt(program_memory(td, PAYLOAD_IDT_GPA));
	return 0;
}

/* What of that is no longer what was put there: "" if all is, but for what a CPU sets itself. */
static const char *changed(const struct td *td)
{
	static uint64_t tables[2 * 512], idt[2 * 512];
	const uint64_t *now = program_memory(td, PAYLOAD_TABLES_GPA);

	fill_tables(tables);
	fill_idt(idt);
	if (memcmp(program_memory(td, PAYLOAD_CODE_GPA), payload_image, payload_size()))
		return "code";
	for (size_t i = 0; i < 2 * 512; i++)
		if ((now[i] ^ tables[i]) & ~(PTE_ACCESSED | PTE_DIRTY))
			return "page tables";
	return memcmp(program_memory(td, PAYLOAD_IDT_GPA), idt, sizeof(idt)) ? "IDT" : "";
}

/*
 * The CPU's own shutdown leaves nothing in a vCPU: KVM resets it, and RIP is the reset vector.
 * What KVM itself raised leaves all.
 */
static json_t *shutdown_facts(struct td *td, unsigned int i)
{
	struct kvm_sregs sregs;
	struct kvm_regs regs;
	char *exit = shutdown_last();
	int fd = td->vcpus[i].fd;
	json_t *facts = json_pack("{s:s*, s:s}", "exit", exit, "changed", changed(td));

	free(exit);
	if (ioctl(fd, KVM_GET_REGS, &regs) || ioctl(fd, KVM_GET_SREGS, &sregs))
		return facts;
	json_object_set_new(facts, "rip", json_integer((json_int_t)regs.rip));
	json_object_set_new(facts, "cr2", json_integer((json_int_t)sregs.cr2));
	json_object_set_new(facts, "cr3", json_integer((json_int_t)sregs.cr3));
	return facts;
}

/* A guest_memfd cannot be written to from here: its pages are mapped, and empty. */
static int map_pages(struct td *td, uint64_t gpa, uint64_t npages)
{
	struct kvm_pre_fault_memory range = {.gpa = gpa, .size = npages * TD_PAGE};
	int ret;

	do
		ret = ioctl(td->vcpus[0].fd, KVM_PRE_FAULT_MEMORY, &range);
	while (!atomic_load(&td->dead) &&
	       (ret ? errno == EINTR || errno == EAGAIN : range.size > 0));
	return td_must(td, ret, "KVM_PRE_FAULT_MEMORY");
}

static int add_pages(struct td *td, uint64_t gpa, void *source, uint64_t npages, bool measure)
{
	void *to = NULL;

	(void)measure;
	if (gpa < TD_PROG_GPA + TD_PROG_SIZE)
		to = program_memory(td, gpa);
	else if (td->mem_fd < 0)
		to = (char *)td->mem_shared + (gpa - TD_MEM_GPA);
	if (!to)
		return map_pages(td, gpa, npages);
	memcpy(to, source, npages * TD_PAGE);
	return 0;
}

static int finalize(struct td *td)
{
	(void)td;
	return 0;
}

const struct td_kind td_direct = {
    .type = KVM_X86_SW_PROTECTED_VM,
    .ordinary_type = KVM_X86_DEFAULT_VM,
    .init_vm = init_vm,
    .init_vcpu = init_vcpu,
    .init_memory = init_memory,
    .add_pages = add_pages,
    .finalize = finalize,
    .shutdown_facts = shutdown_facts,
};
