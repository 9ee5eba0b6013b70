// SPDX-License-Identifier: GPL-2.0-or-later
/* KVM_PRE_FAULT_MEMORY maps what vCPUs touch at the same time. */
#include "agent.h"
#include "kvm_tdx.h"

#include <errno.h>
#include <sys/ioctl.h>

enum { OPT_VCPUS, OPT_SIZE, OPT_GAP };
enum { COUNT_CALLS, COUNT_PAGES, COUNT_AGAIN };

static const struct stress_option options[] = {
    STRESS_VCPUS,
    {"size", "largest range; sizes are drawn evenly from one page up", UNIT_SIZE, NULL, 64 << 10,
     4096, 1ull << 36},
    {"gap", "pause after each call", UNIT_TIME, NULL, 0, 0, 60000000},
    {0},
};

static const char *const counters[] = {"calls", "pages", "again"};

/* An error that says "once more", or that the memory is not there just now. */
static bool may_fail(struct td *td, int err)
{
	if (err == EINTR || err == EAGAIN)
		return true;
	return atomic_load(&td->may) && (err == ENOENT || err == EFAULT);
}

static void run(struct worker *w)
{
	int fd = w->td->vcpus[w->vcpu].fd;

	while (worker_go(w)) {
		uint64_t n, at = worker_range(w, w->opts[OPT_SIZE] / TD_PAGE, &n);
		struct kvm_pre_fault_memory range = {.gpa = TD_MEM_GPA + at, .size = n * TD_PAGE};

		worker_count(w, COUNT_CALLS, 1);
		if (ioctl(fd, KVM_PRE_FAULT_MEMORY, &range)) {
			if (!may_fail(w->td, errno) && td_must(w->td, -1, "KVM_PRE_FAULT_MEMORY"))
				return;
			worker_count(w, COUNT_AGAIN, 1);
		}
		worker_count(w, COUNT_PAGES, n - range.size / TD_PAGE);
		if (w->opts[OPT_GAP])
			sleep_us(w->opts[OPT_GAP]);
	}
}

STRESSOR(prefault, .help = "KVM_PRE_FAULT_MEMORY maps what vCPUs touch at the same time",
	 .paths = "kvm_arch_vcpu_pre_fault_memory, kvm_tdp_page_prefault, kvm_tdp_mmu_map",
	 .options = options, .vcpus = true, .run = run, .ncounters = 3, .counters = counters);
