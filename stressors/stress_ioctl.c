// SPDX-License-Identifier: GPL-2.0-or-later
/* Ioctls that user space may make at any time, from threads beside the vCPUs. */
#include "agent.h"
#include "kvm_tdx.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define MAX_CPUID 64

enum { OPT_THREADS, OPT_GAP };
enum { COUNT_CALLS, COUNT_REFUSED };

static const struct stress_option options[] = {
    {"threads", "how many make ioctls", UNIT_COUNT, NULL, 1, 1, 16},
    {"gap", "pause after each ioctl; drawn evenly from 0 up", UNIT_TIME, NULL, 1000, 0, 60000000},
    {0},
};

static const char *const counters[] = {"calls", "refused"};

/* A TDX command on FD with DATA, which may be too little, as the command is refused before. */
static int command(int fd, unsigned int id, void *data)
{
	struct kvm_tdx_cmd cmd = {.id = id, .data = (uint64_t)(uintptr_t)data};

	return ioctl(fd, KVM_MEMORY_ENCRYPT_OP, &cmd);
}

static int vcpu_fd(struct worker *w)
{
	return w->td->vcpus[worker_random(w, w->td->nvcpus)].fd;
}

/* Both end with as many CPUID entries as there is room for. */
union answer {
	struct kvm_tdx_capabilities caps;
	struct kvm_cpuid2 cpuid;
	char
	    room[sizeof(struct kvm_tdx_capabilities) + MAX_CPUID * sizeof(struct kvm_cpuid_entry2)];
};

static int capabilities(struct worker *w)
{
	union answer a = {.caps.cpuid.nent = MAX_CPUID};

	return command(w->td->vm_fd, KVM_TDX_CAPABILITIES, &a);
}

static int get_cpuid(struct worker *w)
{
	union answer a = {.cpuid.nent = MAX_CPUID};

	return command(vcpu_fd(w), KVM_TDX_GET_CPUID, &a);
}

static int init_vm_again(struct worker *w)
{
	struct kvm_tdx_init_vm vm = {0};

	return command(w->td->vm_fd, KVM_TDX_INIT_VM, &vm);
}

static int finalize_again(struct worker *w)
{
	return command(w->td->vm_fd, KVM_TDX_FINALIZE_VM, NULL);
}

static int init_vcpu_again(struct worker *w)
{
	return command(vcpu_fd(w), KVM_TDX_INIT_VCPU, NULL);
}

static int add_pages_late(struct worker *w)
{
	static char page[TD_PAGE] __attribute__((aligned(4096)));
	struct kvm_tdx_init_mem_region region = {
	    .source_addr = (uintptr_t)page, .gpa = TD_MEM_GPA, .nr_pages = 1};

	return command(vcpu_fd(w), KVM_TDX_INIT_MEM_REGION, &region);
}

static int read_stats(struct worker *w)
{
	uint64_t n;

	if (!kvm_stat(w->td->vcpus[worker_random(w, w->td->nvcpus)].stats_fd, "pf_fixed", &n))
		return -1;
	return kvm_stat(w->td->stats_fd, "pages_4k", &n) ? 0 : -1;
}

static int check_extension(struct worker *w)
{
	return ioctl(w->td->vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS) > 0 ? 0 : -1;
}

static int get_mp_state(struct worker *w)
{
	struct kvm_mp_state state;

	return ioctl(vcpu_fd(w), KVM_GET_MP_STATE, &state);
}

static int signal_msi(struct worker *w)
{
	/* To the x2APIC of vCPU 0, a vector that its guest never looks at. */
	struct kvm_msi msi = {.address_lo = 0xfee00000, .data = 0x80};

	return ioctl(w->td->vm_fd, KVM_SIGNAL_MSI, &msi) < 0 ? -1 : 0;
}

static int private_already(struct worker *w)
{
	return td_set_private(w->td, TD_PROG_GPA, TD_PAGE, true);
}

/* A slot of what is behind the guest programs, which stays as it is: FLAGS and GPA are refused. */
static int change_slot(struct worker *w, uint32_t flags, uint64_t gpa)
{
	struct kvm_userspace_memory_region2 region = {
	    .slot = 0,
	    .flags = flags,
	    .guest_phys_addr = gpa,
	    .memory_size = TD_PROG_SIZE,
	    .userspace_addr = (uintptr_t)w->td->prog_shared,
	};

	return ioctl(w->td->vm_fd, KVM_SET_USER_MEMORY_REGION2, &region);
}

static int make_slot_readonly(struct worker *w)
{
	return change_slot(w, KVM_MEM_READONLY, TD_PROG_GPA);
}

static int move_slot_off_a_page(struct worker *w)
{
	return change_slot(w, 0, TD_PROG_GPA + 8);
}

static int same_slot_again(struct worker *w)
{
	return change_slot(w, 0, TD_PROG_GPA);
}

static int log_of_no_slot(struct worker *w)
{
	static char bitmap[TD_PROG_SIZE / TD_PAGE / 8];
	struct kvm_dirty_log log = {.slot = 0, .dirty_bitmap = bitmap};

	return ioctl(w->td->vm_fd, KVM_GET_DIRTY_LOG, &log);
}

static int shared_already(struct worker *w)
{
	return td_set_private(w->td, TD_PROG_GPA, TD_PAGE, false);
}

static int get_clock(struct worker *w)
{
	struct kvm_clock_data data;

	return ioctl(w->td->vm_fd, KVM_GET_CLOCK, &data);
}

static const struct call {
	const char *name;
	int (*call)(struct worker *w);
	int error; /* that it always has, 0: none */
	enum platform only; /* 0: all have it */
} calls[] = {
    {"KVM_TDX_CAPABILITIES", capabilities, 0, PLATFORM_MIRROR},
    {"KVM_TDX_GET_CPUID of a finalized TD", get_cpuid, EINVAL, PLATFORM_MIRROR},
    {"a second KVM_TDX_INIT_VM", init_vm_again, EINVAL, PLATFORM_MIRROR},
    {"a second KVM_TDX_FINALIZE_VM", finalize_again, EINVAL, PLATFORM_MIRROR},
    {"a second KVM_TDX_INIT_VCPU", init_vcpu_again, EINVAL, PLATFORM_MIRROR},
    {"KVM_TDX_INIT_MEM_REGION of a finalized TD", add_pages_late, EINVAL, PLATFORM_MIRROR},
    {"the statistics", read_stats, 0, 0},
    {"KVM_CHECK_EXTENSION", check_extension, 0, 0},
    {"KVM_GET_MP_STATE", get_mp_state, 0, 0},
    {"KVM_SIGNAL_MSI", signal_msi, 0, 0},
    {"KVM_SET_MEMORY_ATTRIBUTES that changes nothing", private_already, 0, PLATFORM_MIRROR},
    {"a memory slot that becomes read-only", make_slot_readonly, EINVAL, PLATFORM_DIRECT},
    {"a memory slot that is moved off a page", move_slot_off_a_page, EINVAL, PLATFORM_DIRECT},
    {"a memory slot that stays as it is", same_slot_again, 0, PLATFORM_DIRECT},
    {"the dirty log of a slot that has none", log_of_no_slot, ENOENT, PLATFORM_DIRECT},
    {"attributes of memory that stays shared", shared_already, 0, PLATFORM_DIRECT},
    {"KVM_GET_CLOCK", get_clock, 0, PLATFORM_DIRECT},
};

/* False if the TD is of no more use. */
static bool call(struct worker *w, size_t i)
{
	char title[128];
	int err;

	errno = 0;
	err = calls[i].call(w) ? errno : 0;
	worker_count(w, COUNT_CALLS, 1);
	if (err == EINTR)
		return true;
	if (err && err == calls[i].error)
		worker_count(w, COUNT_REFUSED, 1);
	if (err == calls[i].error || atomic_load(&w->td->dead))
		return !atomic_load(&w->td->dead);
	if (err)
		return !td_must(w->td, -1, calls[i].name);
	snprintf(title, sizeof(title), "%s is not refused", calls[i].name);
	event_finding("ioctl", "ioctl", w->td->number, title, NULL);
	return true;
}

static void run(struct worker *w)
{
	size_t n = sizeof(calls) / sizeof(calls[0]);

	while (worker_go(w)) {
		size_t i = worker_random(w, n);

		if (!(platforms_of(calls[i].only) & w->td->plan->platform))
			continue;
		if (!call(w, i))
			return;
		sleep_us(worker_random(w, w->opts[OPT_GAP] + 1));
	}
}

static unsigned int threads(const struct td *td, const uint64_t *opts)
{
	(void)td;
	return (unsigned int)opts[OPT_THREADS];
}

STRESSOR(ioctl, .help = "TDX and KVM ioctls beside the running vCPUs, legal and refused ones",
	 .paths = "tdx_vm_ioctl, tdx_vcpu_ioctl, tdx_vcpu_unlocked_ioctl, kvm_lock_all_vcpus",
	 .options = options, .threads = threads, .run = run, .ncounters = 2, .counters = counters);
