// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Builds the initial image from several threads, measured and not, while others do what user
 * space may do to a TD that is not finalized yet.
 */
#include "agent.h"
#include "kvm_tdx.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum { OPT_TIME, OPT_PAGES, OPT_MEASURE, OPT_PUNCH, OPT_CONVERT, OPT_SLOT };
enum { COUNT_CALLS, COUNT_ADDED, COUNT_REFUSED, COUNT_HOLES, COUNT_CONVERSIONS, COUNT_SLOTS };

static const struct stress_option options[] = {
    {"time", "how long, for each TD", UNIT_TIME, NULL, 300000, 1000, 60000000},
    {"pages", "at the end of the memory, that all threads share", UNIT_COUNT, NULL, 512, 1, 65536},
    {"measure", "of the pages are measured", UNIT_PERCENT, NULL, 25, 0, 100},
    {"punch", "holes beside it: 1 yes, 0 no", UNIT_COUNT, NULL, 1, 0, 1},
    {"convert", "conversions to shared and back: 1 yes, 0 no", UNIT_COUNT, NULL, 1, 0, 1},
    {"slot", "slots are deleted and made again: 1 yes, 0 no", UNIT_COUNT, NULL, 1, 0, 1},
    {0},
};

static const char *const counters[] = {"calls", "added",       "refused",
				       "holes", "conversions", "slots_deleted"};

/* One of the threads; they are no workers, as those begin once the TD is finalized. */
struct racer {
	struct td *td;
	const uint64_t *opts;
	pthread_t thread;
	void (*step)(struct racer *r);
	unsigned int vcpu;
	uint64_t rng, end_us;
	uint64_t counts[STRESS_MAX_COUNTERS];
};

static uint64_t draw(struct racer *r, uint64_t below)
{
	r->rng = r->rng * 6364136223846793005ull + 1442695040888963407ull;
	return (r->rng >> 33) % below;
}

static uint64_t span(const struct racer *r)
{
	uint64_t pages = r->opts[OPT_PAGES], all = r->td->mem_size / TD_PAGE;

	return pages < all ? pages : all;
}

/* Where they begin, in pages; the image that others may add is at the beginning. */
static uint64_t base(const struct racer *r)
{
	return r->td->mem_size / TD_PAGE - span(r);
}

/* The memory may be shared (EINVAL), or without its slot, just now; EIO: the page is there. */
static bool may_refuse(const struct racer *r, int err)
{
	if (err == EIO)
		return ioctl(r->td->vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS) > 0;
	return err == EINTR || err == EINVAL || err == EFAULT;
}

static void add(struct racer *r)
{
	static char source[8 * TD_PAGE] __attribute__((aligned(4096)));
	uint64_t n = 1 + draw(r, sizeof(source) / TD_PAGE), all = span(r);
	struct kvm_tdx_init_mem_region region = {.source_addr = (uintptr_t)source, .nr_pages = n};
	struct kvm_tdx_cmd cmd = {.id = KVM_TDX_INIT_MEM_REGION, .data = (uintptr_t)&region};

	if (n > all)
		n = region.nr_pages = all;
	region.gpa = TD_MEM_GPA + (base(r) + draw(r, all - n + 1)) * TD_PAGE;
	if (draw(r, 100) < r->opts[OPT_MEASURE])
		cmd.flags = KVM_TDX_MEASURE_MEMORY_REGION;
	r->counts[COUNT_CALLS]++;
	if (ioctl(r->td->vcpus[r->vcpu].fd, KVM_MEMORY_ENCRYPT_OP, &cmd)) {
		int err = errno;

		if (!may_refuse(r, err)) {
			errno = err;
			td_must(r->td, -1, "KVM_TDX_INIT_MEM_REGION");
		}
		r->counts[COUNT_REFUSED]++;
	}
	r->counts[COUNT_ADDED] += n - region.nr_pages;
}

static void punch(struct racer *r)
{
	uint64_t all = span(r), n = 1 + draw(r, all < 16 ? all : 16),
		 at = base(r) + draw(r, all - n + 1);

	if (!fallocate(r->td->mem_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		       (off_t)(at * TD_PAGE), (off_t)(n * TD_PAGE)))
		r->counts[COUNT_HOLES]++;
	else if (errno != EINTR)
		td_must(r->td, -1, "PUNCH_HOLE");
	sleep_us(draw(r, 1000));
}

static void convert(struct racer *r)
{
	uint64_t all = span(r), n = 1 + draw(r, all < 16 ? all : 16);
	uint64_t gpa = TD_MEM_GPA + (base(r) + draw(r, all - n + 1)) * TD_PAGE;

	if (!td_set_private(r->td, gpa, n * TD_PAGE, false) &&
	    !td_set_private(r->td, gpa, n * TD_PAGE, true))
		r->counts[COUNT_CONVERSIONS] += 2;
	sleep_us(draw(r, 1000));
}

static void replace_slot(struct racer *r)
{
	unsigned int slot = (unsigned int)draw(r, r->td->plan->td_slots);

	if (!td_set_slot(r->td, slot, false) && !td_set_slot(r->td, slot, true))
		r->counts[COUNT_SLOTS]++;
	sleep_us(draw(r, 10000));
}

static void *race(void *arg)
{
	struct racer *r = arg;

	while (now_us() < r->end_us && !atomic_load(&r->td->dead))
		r->step(r);
	return NULL;
}

struct race {
	struct racer racers[TD_MAX_VCPUS + 3];
	unsigned int n;
};

static int start(struct race *race_, struct td *td, const uint64_t *opts,
		 void (*step)(struct racer *r), unsigned int vcpu)
{
	struct racer *r = &race_->racers[race_->n];

	*r = (struct racer){
	    .td = td,
	    .opts = opts,
	    .step = step,
	    .vcpu = vcpu,
	    .rng = td->seed + race_->n,
	    .end_us = now_us() + opts[OPT_TIME],
	};
	if (pthread_create(&r->thread, NULL, race, r)) {
		event_fail("a thread that builds the initial image cannot be started");
		return -1;
	}
	race_->n++;
	return 0;
}

static int start_all(struct race *race_, struct td *td, const uint64_t *opts)
{
	for (unsigned int i = 0; i < td->nvcpus; i++)
		if (start(race_, td, opts, add, i))
			return -1;
	if (opts[OPT_PUNCH] && start(race_, td, opts, punch, 0))
		return -1;
	if (opts[OPT_CONVERT] && start(race_, td, opts, convert, 0))
		return -1;
	return opts[OPT_SLOT] ? start(race_, td, opts, replace_slot, 0) : 0;
}

static int init(struct td *td, const uint64_t *opts, void **state)
{
	struct race *race_ = calloc(1, sizeof(*race_));
	int ret;

	if (!race_) {
		event_fail("no memory for the threads that build the initial image");
		return -1;
	}
	ret = start_all(race_, td, opts);
	for (unsigned int i = 0; i < race_->n; i++)
		pthread_join(race_->racers[i].thread, NULL);
	*state = race_;
	return ret || atomic_load(&td->dead) ? -1 : 0;
}

/* It is over; only the counters are missing. */
static void run(struct worker *w)
{
	const struct race *race_ = w->state;

	for (unsigned int i = 0; i < race_->n; i++)
		for (unsigned int c = 0; c < sizeof(counters) / sizeof(counters[0]); c++)
			worker_count(w, c, race_->racers[i].counts[c]);
}

static void fini(struct td *td, void *state)
{
	(void)td;
	free(state);
}

STRESSOR_NAMED(init_region, "init-region",
	       .help = "the initial image is built by several threads, racing what is legal then",
	       .only = PLATFORM_MIRROR,
	       .paths = "tdx_vcpu_init_mem_region, kvm_gmem_populate, tdx_gmem_post_populate, "
			"kvm_tdp_mmu_map_private_pfn",
	       .options = options, .init = init, .run = run, .fini = fini, .ncounters = 6,
	       .counters = counters);
