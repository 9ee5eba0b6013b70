// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A slot's dirty log is switched on, harvested some times, and switched off, while vCPUs write
 * there: large pages are split and become whole again, and vCPUs make pages that were
 * write-protected writable, by a fast page fault. A page that changed between two harvests has to
 * be in the second one: only one vCPU writes to it, and that one says so before.
 */
#include "agent.h"
#include "kvm_tdx.h"
#include "side.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

enum { OPT_VCPUS, OPT_SIZE, OPT_HARVESTS, OPT_GAP, OPT_OFF, OPT_CLEAR };
enum { COUNT_LOGS = 1, COUNT_HARVESTS, COUNT_PAGES };

static const struct stress_option options[] = {
    STRESS_VCPUS,
    {"size", "of the memory", UNIT_SIZE, NULL, 8 << 20, 256 << 10, 1 << 30},
    {"harvests", "before the log is switched off again", UNIT_COUNT, NULL, 8, 1, 10000},
    {"gap", "between two harvests, of which every other comes at once", UNIT_TIME, NULL, 2000, 0,
     60000000},
    {"off", "how long it is off", UNIT_TIME, NULL, 10000, 0, 60000000},
    {"clear", "harvests clear the log by KVM_CLEAR_DIRTY_LOG, in pieces: 1 yes, 0 no", UNIT_COUNT,
     NULL, 0, 0, 1},
    {0},
};

static const char *const counters[] = {STRESS_EXITS, "logs", "harvests", "pages"};

#define SLOT 101

#define PIECE 64 /* pages, of which KVM clears multiples */

struct log {
	struct side side;
	uint64_t npages;
	uint64_t *bitmap; /* of the last harvest */
	uint64_t *word; /* of each page, after the last harvest */
	bool *changed; /* since then */
};

static const char *check(const struct plan *plan, const uint64_t *opts)
{
	(void)plan;
	return opts[OPT_SIZE] % (PIECE * TD_PAGE) ? "size has to be a multiple of 256 KiB" : NULL;
}

static int program(struct td *td, const uint64_t *opts, unsigned int vcpu, unsigned int nth,
		   unsigned int n)
{
	return side_program(td, vcpu, nth, n, side_gpa(SLOT), opts[OPT_SIZE], TD_PAGE, false);
}

static void release(struct log *l)
{
	side_free(&l->side);
	free(l->bitmap);
	free(l->word);
	free(l->changed);
	free(l);
}

static int clear_by_hand(struct td *td)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2,
				     .args = {KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE}};

	return td_must(td, ioctl(td->vm_fd, KVM_ENABLE_CAP, &cap),
		       "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2");
}

static int init(struct td *td, const uint64_t *opts, void **state)
{
	struct log *l = calloc(1, sizeof(*l));
	uint64_t n = opts[OPT_SIZE] / TD_PAGE;

	*state = l;
	if (l) {
		l->npages = n;
		l->bitmap = calloc(n / 64, sizeof(*l->bitmap));
		l->word = calloc(n, sizeof(*l->word));
		l->changed = calloc(n, sizeof(*l->changed));
	}
	if (!l || !l->bitmap || !l->word || !l->changed) {
		event_fail("no memory for a dirty log");
		return -1;
	}
	l->side.slot = SLOT;
	l->side.size = opts[OPT_SIZE];
	if (side_make(td, &l->side, NULL))
		return -1;
	madvise(l->side.p, l->side.size, MADV_HUGEPAGE);
	side_fill(&l->side, TD_PAGE);
	return opts[OPT_CLEAR] ? clear_by_hand(td) : 0;
}

static void fini(struct td *td, void *state)
{
	(void)td;
	if (state)
		release(state);
}

static uint64_t word_of(const struct log *l, uint64_t page)
{
	return __atomic_load_n((uint64_t *)(l->side.p + page * TD_PAGE), __ATOMIC_RELAXED);
}

static void note_words(struct log *l)
{
	for (uint64_t i = 0; i < l->npages; i++)
		l->word[i] = word_of(l, i);
}

/* Before the harvest that has to have them. */
static void note_changes(struct log *l)
{
	for (uint64_t i = 0; i < l->npages; i++)
		l->changed[i] = word_of(l, i) != l->word[i];
}

static bool is_logged(const struct log *l, uint64_t page)
{
	return l->bitmap[page / 64] >> page % 64 & 1;
}

/* All that the harvest had, in one piece or two. */
static int clear(struct worker *w, struct log *l)
{
	uint64_t cut = worker_random(w, l->npages / PIECE) * PIECE;
	struct kvm_clear_dirty_log log = {.slot = SLOT, .dirty_bitmap = l->bitmap};

	for (int i = 0; i < 2; i++) {
		log.first_page = i ? cut : 0;
		log.num_pages = (uint32_t)(i ? l->npages - cut : cut);
		log.dirty_bitmap = l->bitmap + log.first_page / 64;
		if (log.num_pages && td_must(w->td, ioctl(w->td->vm_fd, KVM_CLEAR_DIRTY_LOG, &log),
					     "KVM_CLEAR_DIRTY_LOG"))
			return -1;
	}
	return 0;
}

static int harvest(struct worker *w, struct log *l)
{
	struct kvm_dirty_log log = {.slot = SLOT, .dirty_bitmap = l->bitmap};

	if (td_must(w->td, ioctl(w->td->vm_fd, KVM_GET_DIRTY_LOG, &log), "KVM_GET_DIRTY_LOG") ||
	    (w->opts[OPT_CLEAR] && clear(w, l)))
		return -1;
	worker_count(w, COUNT_HARVESTS, 1);
	for (uint64_t i = 0; i < l->npages / 64; i++)
		worker_count(w, COUNT_PAGES, (uint64_t)__builtin_popcountll(l->bitmap[i]));
	return 0;
}

static void lost(struct worker *w, const struct log *l, uint64_t page)
{
	event_finding("data", "dirty-log", w->td->number,
		      "a page that the guest wrote to did not come into its slot's dirty log",
		      json_pack("{s:I}", "gpa",
				(json_int_t)((l->side.gpa & ~TD_SHARED_BIT) + page * TD_PAGE)));
}

static void compare(struct worker *w, struct log *l)
{
	for (uint64_t i = 0; i < l->npages; i++) {
		if (l->changed[i] && !is_logged(l, i)) {
			lost(w, l, i);
			return;
		}
	}
}

/* The log is on. False: it can't go on. */
static bool log_for_a_while(struct worker *w, struct log *l)
{
	if (harvest(w, l))
		return false;
	for (uint64_t n = 0; n < w->opts[OPT_HARVESTS]; n++) {
		note_words(l);
		if (n % 2)
			sleep_us(w->opts[OPT_GAP]);
		note_changes(l);
		if (harvest(w, l))
			return false;
		compare(w, l);
		/* Not in the middle of it: vCPUs that are parked have said all. */
		if (!worker_go(w))
			return false;
	}
	return true;
}

static void run(struct worker *w)
{
	struct log *l = w->state;

	while (worker_go(w) && !atomic_load(&w->td->dead)) {
		if (side_set(w->td, &l->side, KVM_MEM_LOG_DIRTY_PAGES))
			return;
		worker_count(w, COUNT_LOGS, 1);
		if (!log_for_a_while(w, l) || side_set(w->td, &l->side, 0))
			return;
		sleep_us(w->opts[OPT_OFF]);
	}
}

static unsigned int threads(const struct td *td, const uint64_t *opts)
{
	(void)td;
	(void)opts;
	return 1;
}

STRESSOR(dirty, .help = "a dirty log is switched on, harvested, and off, while vCPUs write",
	 .paths = "kvm_mmu_slot_try_split_huge_pages, kvm_tdp_mmu_wrprot_slot, "
		  "kvm_tdp_mmu_clear_dirty_pt_masked, fast_pf_fix_direct_spte, "
		  "kvm_tdp_mmu_recover_huge_pages",
	 .only = PLATFORM_DIRECT, .options = options, .vcpus = true, .vcpu_program = program,
	 .check = check, .threads = threads, .init = init, .run = run, .fini = fini, .ncounters = 4,
	 .counters = counters);
