// SPDX-License-Identifier: GPL-2.0-or-later
/* Builds and tears down a TD, or a VM of the direct platform, through KVM's ioctls. */
#include "agent.h"
#include "guest_asm.h"
#include "kvm_tdx.h"
#include "outcome.h"
#include "td_kind.h"
#include "xmem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t tolerated; /* a bit per errno */
static uint64_t *tolerated_count;

void td_tolerate(int err, uint64_t *count)
{
	tolerated |= 1ull << err;
	tolerated_count = count;
}

bool td_tolerates(int err)
{
	if (err < 0 || err > 63 || !(tolerated >> err & 1))
		return false;
	++*tolerated_count;
	return true;
}

int td_must(struct td *td, int ret, const char *what)
{
	int err = errno;
	char title[128];

	if (ret >= 0)
		return ret;
	if (td_tolerates(err)) {
		atomic_store(&td->dead, true);
		return -1;
	}
	if (outcome_explains(err))
		outcome_end();
	if (atomic_exchange(&td->dead, true) || outcome_ended())
		return -1;
	snprintf(title, sizeof(title), "%s failed: %s", what, strerrorname_np(err));
	event_finding("ioctl", "ioctl", td->number, title, json_pack("{s:i}", "errno", err));
	return -1;
}

static int create_vcpu(struct td *td, unsigned int i)
{
	struct td_vcpu *v = &td->vcpus[i];
	int size;

	v->fd = td_must(td, ioctl(td->vm_fd, KVM_CREATE_VCPU, i), "KVM_CREATE_VCPU");
	if (v->fd < 0)
		return -1;
	v->stats_fd = td_must(td, ioctl(v->fd, KVM_GET_STATS_FD, 0), "KVM_GET_STATS_FD of a vCPU");
	size = td_must(td, ioctl(td->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
	if (v->stats_fd < 0 || size < 0)
		return -1;
	v->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED) {
		v->run = NULL;
		return td_must(td, -1, "mmap() of a vCPU");
	}
	return td->kind->init_vcpu(td, i);
}

/* Slots: that of the guest programs, then those of the TD's memory. MEMFD -1: none is behind it. */
static int set_region(struct td *td, unsigned int slot, uint64_t gpa, uint64_t size, int memfd,
		      uint64_t offset, void *shared)
{
	struct kvm_userspace_memory_region2 region = {
	    .slot = slot,
	    .flags = memfd < 0 ? 0 : KVM_MEM_GUEST_MEMFD,
	    .guest_phys_addr = gpa,
	    .memory_size = size,
	    .userspace_addr = (uintptr_t)shared,
	    .guest_memfd = memfd < 0 ? 0 : (uint32_t)memfd,
	    .guest_memfd_offset = offset,
	};

	return td_must(td, ioctl(td->vm_fd, KVM_SET_USER_MEMORY_REGION2, &region),
		       "KVM_SET_USER_MEMORY_REGION2");
}

static uint64_t slot_size(const struct td *td)
{
	return td->mem_size / td->plan->td_slots;
}

unsigned int td_slot_of(const struct td *td, uint64_t at)
{
	return (unsigned int)(at / slot_size(td));
}

/* Slot I at OFFSET from its place. */
static int put_slot(struct td *td, unsigned int i, uint64_t offset, bool present)
{
	uint64_t size = slot_size(td);

	return set_region(td, 1 + i, TD_MEM_GPA + offset + i * size, present ? size : 0, td->mem_fd,
			  i * size, (char *)td->mem_shared + i * size);
}

int td_set_slot(struct td *td, unsigned int i, bool present)
{
	return put_slot(td, i, 0, present);
}

int td_move_slot(struct td *td, unsigned int i, bool away)
{
	return put_slot(td, i, away ? TD_AWAY : 0, true);
}

int td_set_private(struct td *td, uint64_t gpa, uint64_t size, bool private)
{
	struct kvm_memory_attributes attr = {
	    .address = gpa,
	    .size = size,
	    .attributes = private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0,
	};
	int ret;

	do
		ret = ioctl(td->vm_fd, KVM_SET_MEMORY_ATTRIBUTES, &attr);
	while (ret && errno == EINTR);
	return td_must(td, ret, "KVM_SET_MEMORY_ATTRIBUTES");
}

void *td_map(uint64_t size)
{
	char *p = mmap(NULL, size + TD_TABLE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *at = p + (TD_TABLE - (uintptr_t)p % TD_TABLE) % TD_TABLE;

	if (p == MAP_FAILED)
		return p;
	if (at > p)
		munmap(p, (size_t)(at - p));
	munmap(at + size, TD_TABLE - (size_t)(at - p));
	return at;
}

/* What is behind memory: a guest_memfd if it is private, and what it is when it is shared. */
static int create_memory(struct td *td, uint64_t size, int *memfd, void **shared)
{
	struct kvm_create_guest_memfd create = {.size = size};

	if (memfd)
		*memfd = td_must(td, ioctl(td->vm_fd, KVM_CREATE_GUEST_MEMFD, &create),
				 "KVM_CREATE_GUEST_MEMFD");
	if (memfd && *memfd < 0)
		return -1;
	*shared = td_map(size);
	if (*shared == MAP_FAILED) {
		*shared = NULL;
		return td_must(td, -1, "mmap() of a memory slot");
	}
	if (td->plan->platform == PLATFORM_DIRECT)
		madvise(*shared, size, MADV_HUGEPAGE);
	return 0;
}

static int add_programs(struct td *td)
{
	bool private = td->kind->private_programs;

	if (create_memory(td, TD_PROG_SIZE, private ? &td->prog_fd : NULL, &td->prog_shared) ||
	    set_region(td, 0, TD_PROG_GPA, TD_PROG_SIZE, td->prog_fd, 0, td->prog_shared))
		return -1;
	return private ? td_set_private(td, TD_PROG_GPA, td->nvcpus * TD_PAGE, true) : 0;
}

static int add_memory(struct td *td)
{
	bool private = !td->plan->td_anonymous;

	if (add_programs(td) ||
	    create_memory(td, td->mem_size, private ? &td->mem_fd : NULL, &td->mem_shared))
		return -1;
	for (unsigned int i = 0; i < td->plan->td_slots; i++)
		if (td_set_slot(td, i, true))
			return -1;
	if (private && td_set_private(td, TD_MEM_GPA, td->mem_size, true))
		return -1;
	return td->kind->init_memory(td);
}

static int build(struct td *td)
{
	struct kvm_enable_cap split = {.cap = KVM_CAP_SPLIT_IRQCHIP, .args = {24}};
	struct kvm_enable_cap mapgpa = {.cap = KVM_CAP_EXIT_HYPERCALL,
					.args = {1u << KVM_HC_MAP_GPA_RANGE}};

	td->stats_fd =
	    td_must(td, ioctl(td->vm_fd, KVM_GET_STATS_FD, 0), "KVM_GET_STATS_FD of a VM");
	if (td->stats_fd < 0)
		return -1;
	if (td_must(td, ioctl(td->vm_fd, KVM_ENABLE_CAP, &split), "KVM_CAP_SPLIT_IRQCHIP") ||
	    td_must(td, ioctl(td->vm_fd, KVM_ENABLE_CAP, &mapgpa), "KVM_CAP_EXIT_HYPERCALL"))
		return -1;
	if (td->kind->init_vm(td))
		return -1;
	for (; td->nvcpus < td->plan->td_vcpus; td->nvcpus++) {
		struct td_vcpu *v = &td->vcpus[td->nvcpus];

		v->fd = v->stats_fd = -1;
		if (create_vcpu(td, td->nvcpus)) {
			td->nvcpus++; /* so that what it has is closed */
			return -1;
		}
	}
	return add_memory(td);
}

/* Moves one thread from CPU to CPU. */
struct mover {
	pthread_t thread;
	pid_t tid;
	uint64_t every_us;
	atomic_bool stop;
};

static void *move(void *arg)
{
	struct mover *m = arg;
	int ncpus = (int)sysconf(_SC_NPROCESSORS_ONLN), cpu = 0;
	cpu_set_t all, one;

	sched_getaffinity(m->tid, sizeof(all), &all);
	while (!atomic_load(&m->stop)) {
		cpu = (cpu + 1) % ncpus;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(m->tid, sizeof(one), &one);
		sleep_us(m->every_us);
	}
	sched_setaffinity(m->tid, sizeof(all), &all);
	return NULL;
}

/* Moving by chance would be K5 (docs/kernel-findings.md), a hunt of its own. */
static int build_pinned(struct td *td)
{
	cpu_set_t all, one;
	int ret;

	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	ret = build(td);
	sched_setaffinity(0, sizeof(all), &all);
	return ret;
}

/* On a thread that does not stay on its CPU. */
static int build_moving(struct td *td)
{
	struct mover m = {.tid = gettid(), .every_us = td->plan->td_migrate_us};
	int ret;

	if (pthread_create(&m.thread, NULL, move, &m)) {
		event_fail("the thread that moves another one cannot be started");
		return -1;
	}
	ret = build(td);
	atomic_store(&m.stop, true);
	pthread_join(m.thread, NULL);
	return ret;
}

struct td *td_create(const struct plan *plan, unsigned int number, uint64_t seed)
{
	return td_try_create(plan, number, seed, NULL);
}

struct td *td_try_create(const struct plan *plan, unsigned int number, uint64_t seed, bool *full)
{
	struct td *td = calloc(1, sizeof(*td));
	unsigned long type;

	if (!td) {
		event_fail("no memory for a TD");
		return NULL;
	}
	td->plan = plan;
	td->number = number;
	td->seed = seed;
	td->mem_size = plan->td_memory;
	td->full = full;
	td->vm_fd = td->stats_fd = td->prog_fd = td->mem_fd = -1;
	td->kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (td->kvm_fd < 0) {
		event_fail("/dev/kvm cannot be opened: %s", strerror(errno));
		goto fail;
	}
	td->kind = plan->platform == PLATFORM_DIRECT ? &td_direct : &td_mirror;
	type = plan->td_anonymous ? td->kind->ordinary_type : td->kind->type;
	td->vm_fd = ioctl(td->kvm_fd, KVM_CREATE_VM, type);
	if (td->vm_fd < 0) {
		if (!td_tolerates(errno))
			event_fail("KVM cannot create a VM of type %lu: %s. Is there what the "
				   "platform '%s' needs?",
				   type, strerror(errno), platform_name(plan->platform));
		goto fail;
	}
	if (!(plan->td_migrate_us ? build_moving(td) : build_pinned(td)))
		return td;
	outcome_check(td);
fail:
	td_destroy(td);
	return NULL;
}

int td_add_pages(struct td *td, uint64_t gpa, void *source, uint64_t npages, bool measure)
{
	return td->kind->add_pages(td, gpa, source, npages, measure);
}

int td_set_program(struct td *td, unsigned int i, const char *format, ...)
{
	struct gp_op *page = aligned_alloc(TD_PAGE, TD_PAGE);
	char err[GP_ASM_ERROR], *text;
	int nops, ret = -1;
	va_list ap;

	if (!page) {
		event_fail("no memory for a guest program");
		return -1;
	}

	va_start(ap, format);
	text = xvasprintf(format, ap);
	va_end(ap);
	memset(page, 0, TD_PAGE);
	nops = gp_assemble(text, page, GP_MAX_OPS, err, sizeof(err));
	free(text);
	if (nops < 0)
		event_fail("the guest program, %s", err);
	else
		ret = td_add_pages(td, program_gpa(i), page, 1, false);
	free(page);
	return ret;
}

int td_finalize(struct td *td)
{
	return td->kind->finalize(td);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void td_destroy(struct td *td)
{
	for (unsigned int i = 0; i < td->nvcpus; i++) {
		struct td_vcpu *v = &td->vcpus[i];

		if (v->run)
			munmap(v->run, (size_t)ioctl(td->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0));
		close_fd(v->stats_fd);
		close_fd(v->fd);
	}
	close_fd(td->stats_fd);
	close_fd(td->vm_fd);
	close_fd(td->prog_fd);
	close_fd(td->mem_fd);
	close_fd(td->kvm_fd);
	if (td->prog_shared)
		munmap(td->prog_shared, TD_PROG_SIZE);
	if (td->mem_shared)
		munmap(td->mem_shared, td->mem_size);
	free(td);
}
