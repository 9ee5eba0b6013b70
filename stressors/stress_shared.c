// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The TD's shared half: vCPUs work in a memory slot of ordinary memory, while the host does to
 * that memory what it may do at any time, and MMU notifiers have to tell KVM.
 */
#include "agent.h"
#include "kvm_tdx.h"
#include "side.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/mman.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	OPT_VCPUS,
	OPT_THREADS,
	OPT_SIZE,
	OPT_GAP,
	OPT_HOLD,
	OPT_WHOLE,
	OPT_KINDS, /* the weights of all kinds follow */
};

enum { DISCARD, MPROTECT, MREMAP, COLLAPSE, SPLIT, COMPACT, PAGEOUT, DIRTY_LOG, KSM, IDLE, NKINDS };

#define WEIGHT(name, what)                                                                         \
	{                                                                                          \
		name, "weight of: " what "; 0: never", UNIT_COUNT, NULL, 1, 0, 1000                \
	}

static const struct stress_option options[] = {
    STRESS_VCPUS,
    {"threads", "that do that, each to its part of the memory", UNIT_COUNT, NULL, 1, 1, 16},
    {"size", "of the memory", UNIT_SIZE, NULL, 16 << 20, 2 << 20, 1 << 30},
    {"gap", "pause between two events", UNIT_TIME, NULL, 1000, 0, 60000000},
    {"hold", "how long pages are read-only, or not there", UNIT_TIME, NULL, 500, 0, 1000000},
    {"whole", "one in so many events is about all of a large page, the others about up to 16 pages",
     UNIT_COUNT, NULL, 8, 1, 1000000},
    {"discard", "weight of: MADV_DONTNEED, contents may be lost; 0: never", UNIT_COUNT, NULL, 0, 0,
     1000},
    WEIGHT("mprotect", "pages become read-only and writable again"),
    WEIGHT("mremap", "pages move away and back"),
    WEIGHT("collapse", "MADV_COLLAPSE makes a large page"),
    WEIGHT("split", "a large page becomes small ones"),
    WEIGHT("compact", "all memory is compacted"),
    WEIGHT("pageout", "MADV_PAGEOUT; writes pages out only if there is swap"),
    WEIGHT("dirty_log", "the slot's dirty log is switched on, read, and off"),
    WEIGHT("ksm", "pages that KSM merged are made separate; it merges those of a 64 KiB"),
    WEIGHT("idle", "pages age by idle page tracking"),
    {0},
};

/* In the order of the kinds, behind the vCPUs' exits. */
static const char *const counters[] = {
    STRESS_EXITS,  "discards", "protections", "moves",	  "collapses", "splits",
    "compactions", "pageouts", "dirty_logs",  "unmerges", "idles",
};

#define SLOT 100

/* Where no mmap() without an address goes: nobody else moves in while pages are away. */
#define MEMORY ((char *)(1ull << 40))
#define AWAY   ((char *)(1ull << 41))

#define COMPACT_ALL "/proc/sys/vm/compact_memory"

#define KSM_DIR	    "/sys/kernel/mm/ksm/"
#define IDLE_BITMAP "/sys/kernel/mm/page_idle/bitmap"
#define PAGEMAP	    "/proc/self/pagemap"
#define PAGEMAP_PFN ((1ull << 55) - 1)

/* KSM merges pages of one content, so those of so many bytes have the same, if there is KSM. */
#define SAME (64ull << 10)

#define MAX_PAGES 16 /* of an event, but those that are about a large page */

static const char *check(const struct plan *plan, const uint64_t *opts)
{
	uint64_t sum = 0;

	(void)plan;
	for (int i = 0; i < NKINDS; i++)
		sum += opts[OPT_KINDS + i];
	if (!sum)
		return "all weights are 0; at least one has to be more";
	if (opts[OPT_SIZE] % TD_TABLE || opts[OPT_SIZE] / TD_TABLE < opts[OPT_THREADS])
		return "size has to be a multiple of 2 MiB, and that for each thread";
	return NULL;
}

static const char *lacks(void)
{
	if (access(KSM_DIR "run", W_OK))
		return "the kernel has no KSM (CONFIG_KSM)";
	if (access(IDLE_BITMAP, W_OK))
		return "the kernel does not track idle pages (CONFIG_IDLE_PAGE_TRACKING)";
	return NULL;
}

static unsigned int threads(const struct td *td, const uint64_t *opts)
{
	(void)td;
	return (unsigned int)opts[OPT_THREADS];
}

/* Of how many bytes all pages hold the same GPA. */
static uint64_t same(const uint64_t *opts)
{
	return opts[OPT_KINDS + KSM] ? SAME : TD_PAGE;
}

static int program(struct td *td, const uint64_t *opts, unsigned int vcpu, unsigned int nth,
		   unsigned int n)
{
	return side_program(td, vcpu, nth, n, side_gpa(SLOT), opts[OPT_SIZE], same(opts),
			    opts[OPT_KINDS + DISCARD]);
}

/* It goes through all memory again and again, and does not leave out what it could not merge. */
static int begin(const struct plan *plan, const uint64_t *opts)
{
	(void)plan;
	if (opts[OPT_KINDS + KSM] &&
	    (file_write(KSM_DIR "smart_scan", "0") || file_write(KSM_DIR "pages_to_scan", "1000") ||
	     file_write(KSM_DIR "sleep_millisecs", "1") || file_write(KSM_DIR "run", "1"))) {
		event_fail("KSM cannot be switched on (" KSM_DIR "): %s", strerror(errno));
		return -1;
	}
	return 0;
}

static void end(void)
{
	file_write(KSM_DIR "run", "0");
}

static int init(struct td *td, const uint64_t *opts, void **state)
{
	struct side *side;

	if (side_init(td, SLOT, opts[OPT_SIZE], MEMORY, state))
		return -1;
	side = *state;
	side_fill(side, same(opts));
	if (opts[OPT_KINDS + KSM] && madvise(side->p, side->size, MADV_MERGEABLE)) {
		event_fail("KSM does not take the shared memory: %s", strerror(errno));
		return -1;
	}
	if (opts[OPT_KINDS + MPROTECT] || opts[OPT_KINDS + MREMAP] || opts[OPT_KINDS + SPLIT])
		atomic_fetch_or(&td->may, TD_MAY_FAULT);
	return 0;
}

/* ---- events: true if it took place ---- */

/* What an event is about: SIZE bytes at P, of the worker's part. */
struct range {
	char *p;
	size_t size;
};

/* What must not fail, as the memory would be left as no vCPU can use it. */
static void put_back(struct worker *w, bool ok, const char *what)
{
	if (ok)
		return;
	event_fail("the shared memory is not as before: %s failed: %s", what, strerror(errno));
	atomic_store(&w->td->dead, true);
}

static bool discard(struct worker *w, struct range r)
{
	(void)w;
	return !madvise(r.p, r.size, MADV_DONTNEED);
}

static bool protect(struct worker *w, struct range r)
{
	if (mprotect(r.p, r.size, PROT_READ))
		return false;
	sleep_us(w->opts[OPT_HOLD]);
	put_back(w, !mprotect(r.p, r.size, PROT_READ | PROT_WRITE), "mprotect()");
	return true;
}

/* A signal may end it as it makes pages separate that KSM merged. */
static bool move_to(char *from, size_t size, char *to)
{
	void *p;

	do
		p = mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	while (p == MAP_FAILED && errno == EINTR);
	return p == to;
}

static bool move(struct worker *w, struct range r)
{
	char *away = AWAY + (r.p - MEMORY);

	if (!move_to(r.p, r.size, away))
		return false;
	sleep_us(w->opts[OPT_HOLD]);
	put_back(w, move_to(away, r.size, r.p), "mremap()");
	return true;
}

static bool collapse(struct worker *w, struct range r)
{
	(void)w;
	return !madvise(r.p, r.size, MADV_COLLAPSE);
}

/* To protect a part of it splits the mapping; without the advice it would soon be whole again. */
static bool split(struct worker *w, struct range r)
{
	bool done;

	if (madvise(r.p, r.size, MADV_NOHUGEPAGE))
		return false;
	done =
	    protect(w, (struct range){r.p + worker_random(w, r.size / TD_PAGE) * TD_PAGE, TD_PAGE});
	/* The same flags as its neighbours, or it could not be moved with them. */
	madvise(r.p, r.size, MADV_HUGEPAGE);
	return done;
}

static bool compact(struct worker *w, struct range r)
{
	(void)w;
	(void)r;
	return !file_write(COMPACT_ALL, "1");
}

static bool pageout(struct worker *w, struct range r)
{
	(void)w;
	return !madvise(r.p, r.size, MADV_PAGEOUT);
}

static bool dirty_log(struct worker *w, struct range r)
{
	size_t size = w->opts[OPT_SIZE] / TD_PAGE / 8;
	struct kvm_dirty_log log = {.slot = SLOT, .dirty_bitmap = malloc(size)};
	bool done;

	(void)r;
	done = log.dirty_bitmap && !side_set(w->td, w->state, KVM_MEM_LOG_DIRTY_PAGES);
	if (done) {
		sleep_us(w->opts[OPT_HOLD]);
		/* Another thread may have switched it off. */
		if (ioctl(w->td->vm_fd, KVM_GET_DIRTY_LOG, &log) && errno != ENOENT)
			td_must(w->td, -1, "KVM_GET_DIRTY_LOG of shared memory");
		done = !side_set(w->td, w->state, 0);
	}
	free(log.dirty_bitmap);
	return done;
}

/* Of all threads together: there is no such number of a range. */
static uint64_t merged(void)
{
	char *text = file_read(KSM_DIR "pages_sharing");
	uint64_t n = text ? strtoull(text, NULL, 10) : 0;

	free(text);
	return n;
}

static bool unmerge(struct worker *w, struct range r)
{
	uint64_t before = merged();
	int failed;

	do
		failed = madvise(r.p, r.size, MADV_UNMERGEABLE);
	while (failed && errno == EINTR);
	put_back(w, !failed, "MADV_UNMERGEABLE");
	put_back(w, !madvise(r.p, r.size, MADV_MERGEABLE), "MADV_MERGEABLE");
	return before;
}

/* Pages are marked idle, by their frame numbers: mappings forget that they were accessed. */
static bool mark_idle(int map, int bitmap, struct range r)
{
	uint64_t entries[TD_TABLE / TD_PAGE], frame, bits;
	size_t n = r.size / TD_PAGE;
	bool done = false;

	if (pread(map, entries, n * 8, (off_t)((uintptr_t)r.p / TD_PAGE * 8)) != (ssize_t)(n * 8))
		return false;
	for (size_t i = 0; i < n;) {
		frame = entries[i++] & PAGEMAP_PFN;
		if (!frame)
			continue;
		bits = 1ull << frame % 64;
		/* In one go what is of the same word: much of a large page. */
		while (i < n && frame / 64 == (entries[i] & PAGEMAP_PFN) / 64)
			bits |= 1ull << (entries[i++] & PAGEMAP_PFN) % 64;
		if (pwrite(bitmap, &bits, sizeof(bits), (off_t)(frame / 64 * 8)) == sizeof(bits))
			done = true;
	}
	return done;
}

static bool idle(struct worker *w, struct range r)
{
	int map = open(PAGEMAP, O_RDONLY | O_CLOEXEC);
	int bitmap = open(IDLE_BITMAP, O_WRONLY | O_CLOEXEC);
	bool done = map >= 0 && bitmap >= 0 && mark_idle(map, bitmap, r);

	(void)w;
	if (map >= 0)
		close(map);
	if (bitmap >= 0)
		close(bitmap);
	return done;
}

static const struct {
	bool (*event)(struct worker *w, struct range r);
	bool large; /* is about a large page */
} kinds[NKINDS] = {
    [DISCARD] = {discard, false},  [MPROTECT] = {protect, false},    [MREMAP] = {move, false},
    [COLLAPSE] = {collapse, true}, [SPLIT] = {split, true},	     [COMPACT] = {compact, false},
    [PAGEOUT] = {pageout, false},  [DIRTY_LOG] = {dirty_log, false}, [KSM] = {unmerge, false},
    [IDLE] = {idle, false},
};

/* ---- which one ---- */

static unsigned int draw_kind(struct worker *w)
{
	const uint64_t *weights = &w->opts[OPT_KINDS];
	uint64_t sum = 0, at;
	unsigned int i = 0;

	for (unsigned int k = 0; k < NKINDS; k++)
		sum += weights[k];
	for (at = worker_random(w, sum); at >= weights[i]; i++)
		at -= weights[i];
	return i;
}

/* To age is not to change: of all the memory, and of much of it at a time. */
static struct range draw_aged(struct worker *w)
{
	uint64_t tables = w->opts[OPT_SIZE] / TD_TABLE;

	return (struct range){MEMORY + worker_random(w, tables) * TD_TABLE, TD_TABLE};
}

static struct range draw_range(struct worker *w, unsigned int kind)
{
	uint64_t tables = w->opts[OPT_SIZE] / TD_TABLE / w->opts[OPT_THREADS];
	uint64_t pages = tables * TD_TABLE / TD_PAGE, n = 1 + worker_random(w, MAX_PAGES);
	char *part = MEMORY + w->index * tables * TD_TABLE;

	if (kind == IDLE && worker_random(w, 2))
		return draw_aged(w);
	/* Some of the others take a whole large page, too. */
	if (kinds[kind].large || !worker_random(w, w->opts[OPT_WHOLE]))
		return (struct range){part + worker_random(w, tables) * TD_TABLE, TD_TABLE};
	return (struct range){part + worker_random(w, pages - n + 1) * TD_PAGE, n * TD_PAGE};
}

static void run(struct worker *w)
{
	while (worker_go(w) && !atomic_load(&w->td->dead)) {
		unsigned int k = draw_kind(w);

		if (kinds[k].event(w, draw_range(w, k)))
			worker_count(w, 1 + k, 1);
		sleep_us(w->opts[OPT_GAP]);
	}
}

STRESSOR(shared, .help = "vCPUs work in shared memory, which the host changes under them",
	 .paths = "kvm_mmu_notifier_invalidate_range_start, kvm_tdp_mmu_unmap_gfn_range, "
		  "kvm_tdp_mmu_age_gfn_range, tdp_mmu_split_huge_page, "
		  "kvm_tdp_mmu_wrprot_slot, kvm_tdp_mmu_clear_dirty_pt_masked",
	 .options = options, .vcpus = true, .vcpu_program = program, .check = check, .lacks = lacks,
	 .begin = begin, .end = end, .threads = threads, .init = init, .run = run,
	 .fini = side_fini, .ncounters = 1 + NKINDS, .counters = counters);
