// SPDX-License-Identifier: GPL-2.0-or-later
/* Takes the memory away that is behind private memory, or ordinary one: zaps race with faults. */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/mman.h>

enum { OPT_SIZE, OPT_GAP };
enum { COUNT_PUNCHES, COUNT_PAGES };

static const struct stress_option options[] = {
    {"size", "largest hole; sizes are drawn evenly from one page up", UNIT_SIZE, NULL, 64 << 10,
     4096, 1ull << 36},
    {"gap", "pause after each hole", UNIT_TIME, NULL, 2000, 0, 60000000},
    {0},
};

static const char *const counters[] = {"holes", "pages"};

static int punch(const struct td *td, uint64_t at, uint64_t size)
{
	if (td->mem_fd < 0)
		return madvise((char *)td->mem_shared + at, size, MADV_DONTNEED);
	return fallocate(td->mem_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at,
			 (off_t)size);
}

static void run(struct worker *w)
{
	while (worker_go(w)) {
		uint64_t n, at = worker_range(w, w->opts[OPT_SIZE] / TD_PAGE, &n);

		if (punch(w->td, at, n * TD_PAGE) && errno != EINTR &&
		    td_must(w->td, -1, "PUNCH_HOLE"))
			return;
		worker_count(w, COUNT_PUNCHES, 1);
		worker_count(w, COUNT_PAGES, n);
		if (w->opts[OPT_GAP])
			sleep_us(w->opts[OPT_GAP]);
	}
}

STRESSOR(
    punch,
    .help =
	"holes are punched into the guest_memfd, or made in ordinary memory, so that KVM zaps it",
    .paths = "kvm_gmem_punch_hole, kvm_tdp_mmu_unmap_gfn_range, tdx_sept_remove_leaf_spte; of "
	     "ordinary memory "
	     "kvm_mmu_notifier_invalidate_range_start",
    .options = options, .run = run, .ncounters = 2, .counters = counters);
