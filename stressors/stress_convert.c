// SPDX-License-Identifier: GPL-2.0-or-later
/* Converts memory between private and shared, as a VMM does. */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/mman.h>

enum { OPT_SIZE, OPT_GAP, OPT_HOLD, OPT_DISCARD };
enum { COUNT_CONVERSIONS, COUNT_PAGES, COUNT_GUEST };

static const struct stress_option options[] = {
    {"size", "largest range; sizes are drawn evenly from one page up", UNIT_SIZE, NULL, 64 << 10,
     4096, 1ull << 36},
    {"gap", "pause between two ranges", UNIT_TIME, NULL, 1000, 0, 60000000},
    {"hold", "how long a range stays shared, if the guest does not want it back", UNIT_TIME, NULL,
     1000, 0, 60000000},
    {"discard", "of the conversions give back what was behind the other half", UNIT_PERCENT, NULL,
     50, 0, 100},
    {0},
};

static const char *const counters[] = {"conversions", "pages", "wanted_by_guest"};

static const char *check(const struct plan *plan, const uint64_t *opts)
{
	(void)opts;
	return plan->td_anonymous ? "ordinary memory is never private; leave backing out of [td]"
				  : NULL;
}

static int init(struct td *td, const uint64_t *opts, void **state)
{
	(void)opts;
	(void)state;
	atomic_fetch_or(&td->may, TD_MAY_CONVERT);
	return 0;
}

/* What was private is lost either way: KVM zaps it, and the module zeroes it. */
static int discard(struct td *td, uint64_t at, uint64_t size, bool private)
{
	int ret;

	if (private)
		return td_must(td, madvise((char *)td->mem_shared + at, size, MADV_DONTNEED),
			       "MADV_DONTNEED");
	do
		ret = fallocate(td->mem_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at,
				(off_t)size);
	while (ret && errno == EINTR);
	return td_must(td, ret, "PUNCH_HOLE");
}

static bool convert(struct worker *w, uint64_t at, uint64_t size, bool private)
{
	if (td_set_private(w->td, TD_MEM_GPA + at, size, private))
		return false;
	worker_count(w, COUNT_CONVERSIONS, 1);
	worker_count(w, COUNT_PAGES, size / TD_PAGE);
	if (worker_random(w, 100) < w->opts[OPT_DISCARD])
		return !discard(w->td, at, size, private);
	return true;
}

/* In two pieces: what is in between is private in part, and oracles may look. */
static bool convert_back(struct worker *w, uint64_t at, uint64_t npages)
{
	uint64_t first = worker_random(w, npages);

	if (first) {
		if (!convert(w, at, first * TD_PAGE, true))
			return false;
		sleep_us(w->opts[OPT_HOLD]);
		if (!worker_go(w))
			return false;
	}
	return convert(w, at + first * TD_PAGE, (npages - first) * TD_PAGE, true);
}

static void run(struct worker *w)
{
	uint64_t wanted = 0, now;

	while (worker_go(w)) {
		uint64_t n, at = worker_range(w, w->opts[OPT_SIZE] / TD_PAGE, &n);

		/* Large pages can be mapped only where a whole one is of one kind. */
		if (n > TD_TABLE / TD_PAGE) {
			at -= at % TD_TABLE;
			n -= n % (TD_TABLE / TD_PAGE);
		}

		if (!convert(w, at, n * TD_PAGE, false))
			return;
		sleep_us(w->opts[OPT_HOLD]);
		/* Oracles may look in between: what is shared then must not be mapped as private.
		 */
		if (!worker_go(w) || !convert_back(w, at, n))
			return;
		now = atomic_load(&w->td->conversions);
		worker_count(w, COUNT_GUEST, now - wanted);
		wanted = now;
		sleep_us(w->opts[OPT_GAP]);
	}
}

STRESSOR(convert, .help = "the VMM converts memory between private and shared",
	 .paths = "kvm_vm_set_mem_attributes, kvm_arch_pre_set_memory_attributes, "
		  "kvm_tdp_mmu_unmap_gfn_range, kvm_mmu_prepare_memory_fault_exit",
	 .options = options, .check = check, .init = init, .run = run, .ncounters = 3,
	 .counters = counters);
