// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Processes with small TDs, in a cgroup that has not enough for them: allocations of KVM, of its
 * mirror page tables and of guest_memfd fail for real, at any point, or the OOM killer ends the
 * process. When it is gone, the cgroup must be charged with nothing.
 */
#include "agent.h"
#include "child.h"
#include "small_td.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPT_THREADS, OPT_MARGIN, OPT_SURVIVE, OPT_HKID };
enum { COUNT_PROCESSES, COUNT_TDS, COUNT_REFUSED, COUNT_LIMITS, COUNT_KILLED };

static const struct stress_option options[] = {
    {"threads", "each with one such process at a time", UNIT_COUNT, NULL, 1, 1, 8},
    {"margin", "at most, of memory that it may have beyond what it has", UNIT_SIZE, NULL, 1 << 20,
     0, 1 << 30},
    {"survive", "of the processes are spared by the OOM killer: their calls fail", UNIT_PERCENT,
     NULL, 60, 0, 100},
    {"hkid", "of the processes may not have an HKID (misc.max); finds K9 in Linux 7.3.4",
     UNIT_PERCENT, NULL, 0, 0, 100},
    {0},
};

/* limits: how often a charge met one; killed: by the OOM killer. */
static const char *const counters[] = {"processes", "tds", "refused", "limits", "killed"};

#define ROOT	      "/sys/fs/cgroup/"
#define MAX_DIR	      48
#define MAX_SETTLE_US 2000000
#define MAX_LIFE_US   500000
#define PATIENCE_US   12000000 /* kvfree_rcu() waits for 5 s */

/* What a worker has in common with its child. */
struct round {
	struct worker *w;
	const char *dir; /* of its cgroup, with a slash at its end */
	uint64_t seed;
	bool survive, no_hkid;
};

static const char *lacks(void)
{
	char *has = file_read(ROOT "cgroup.controllers");
	bool ok = has && strstr(has, "memory") && strstr(has, "misc");

	free(has);
	return ok ? NULL : "there is no cgroup v2 with the memory and misc controllers in " ROOT;
}

static bool put(const char *dir, const char *name, const char *text)
{
	char path[96];
	int err;

	snprintf(path, sizeof(path), "%s%s", dir, name);
	err = file_write(path, text);
	if (err)
		event_fail("'%s' cannot be written to %s: %s", text, path, strerror(-err));
	return !err;
}

static bool put_number(const char *dir, const char *name, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	return put(dir, name, text);
}

/* The number behind KEY, which may be "", in a file of the cgroup; 0: there is none. */
static uint64_t get(const char *dir, const char *name, const char *key)
{
	char path[96], *text;
	const char *at;
	uint64_t n = 0;

	snprintf(path, sizeof(path), "%s%s", dir, name);
	text = file_read(path);
	at = text ? strstr(text, key) : NULL;
	if (at)
		sscanf(at + strlen(key), "%" SCNu64, &n);
	free(text);
	return n;
}

static void cgroup_dir(char dir[MAX_DIR], unsigned int i)
{
	snprintf(dir, MAX_DIR, ROOT "septorture.%u/", i);
}

static int init(struct td *td, const uint64_t *opts, void **state)
{
	(void)opts;
	*state = small_td_plan(td->plan);
	return *state ? 0 : -1;
}

static void fini(struct td *td, void *state)
{
	(void)td;
	free(state);
}

static unsigned int threads(const struct td *td, const uint64_t *opts)
{
	(void)td;
	return (unsigned int)opts[OPT_THREADS];
}

static void process(struct child_note *note, void *arg)
{
	struct round *r = arg;
	struct td *td;
	bool full;

	r->w->rng = r->seed;
	if ((r->survive && file_write("/proc/self/oom_score_adj", "-1000")) ||
	    !put(r->dir, "cgroup.procs", "0"))
		_exit(1);
	td_tolerate(ENOMEM, &note->count[COUNT_REFUSED]);
	if (r->no_hkid)
		td_tolerate(EBUSY, &note->count[COUNT_REFUSED]);
	for (;;) {
		td = small_td_create(r->w, r->w->state, &full);
		if (!td) {
			sleep_us(1000);
			continue;
		}
		small_td_live(r->w, td);
		td_destroy(td);
		note->count[COUNT_TDS]++;
	}
}

/* It first has all it wants: later it is KVM that finds no memory, not the process itself. */
static void let_settle(struct worker *w, const struct child *c)
{
	uint64_t end = now_us() + MAX_SETTLE_US;

	while (!c->note->count[COUNT_TDS] && now_us() < end)
		child_sleep(1000);
	child_sleep(worker_random(w, MAX_LIFE_US / 8));
}

/* To a little more than it has, again and again; often enough it is gone before the process is. */
static bool squeeze(struct worker *w, const char *dir)
{
	/* The other one does not fail, but slows down. */
	const char *limit = worker_random(w, 4) ? "memory.max" : "memory.high";
	uint64_t end = now_us() + worker_random(w, MAX_LIFE_US);
	bool ok = true;

	while (ok && now_us() < end) {
		uint64_t has = get(dir, "memory.current", "");

		ok = put_number(dir, limit, has + worker_random(w, w->opts[OPT_MARGIN] + 1));
		child_sleep(worker_random(w, MAX_LIFE_US / 8));
		if (worker_random(w, 2))
			ok &= put(dir, limit, "max");
	}
	return ok;
}

static bool live_and_die(struct worker *w, const char *dir)
{
	uint64_t limits = get(dir, "memory.events", "\nmax "),
		 killed = get(dir, "memory.events", "\noom_kill ");
	struct round r = {
	    .w = w,
	    .dir = dir,
	    .seed = worker_random(w, UINT64_MAX),
	    .survive = worker_random(w, 100) < w->opts[OPT_SURVIVE],
	    .no_hkid = worker_random(w, 100) < w->opts[OPT_HKID],
	};
	struct child c;
	bool ok;

	if (!put(dir, "misc.max", r.no_hkid ? "tdx 0" : "tdx max") ||
	    !put(dir, "memory.high", "max") || !put(dir, "memory.max", "max") ||
	    child_start(&c, process, &r))
		return false;
	let_settle(w, &c);
	ok = squeeze(w, dir);
	for (unsigned int i = COUNT_TDS; i <= COUNT_REFUSED; i++)
		worker_count(w, i, c.note->count[i]);
	child_end(&c, w->td->number);
	worker_count(w, COUNT_PROCESSES, 1);
	worker_count(w, COUNT_LIMITS, get(dir, "memory.events", "\nmax ") - limits);
	worker_count(w, COUNT_KILLED, get(dir, "memory.events", "\noom_kill ") - killed);
	return ok;
}

static void run(struct worker *w)
{
	char dir[MAX_DIR];

	cgroup_dir(dir, w->index);
	while (worker_go(w) && live_and_die(w, dir))
		;
}

/* ---- the cgroups: as long as the load, as RCU takes its time to free what was charged ---- */

static unsigned int ncgroups;

static int begin(const struct plan *plan, const uint64_t *opts)
{
	char dir[MAX_DIR];

	(void)plan;
	if (!put(ROOT, "cgroup.subtree_control", "+memory +misc"))
		return -1;
	for (ncgroups = 0; ncgroups < opts[OPT_THREADS]; ncgroups++) {
		cgroup_dir(dir, ncgroups);
		if (mkdir(dir, 0755) && errno != EEXIST) {
			event_fail("there is no cgroup %s: %s", dir, strerror(errno));
			return -1;
		}
	}
	return 0;
}

/* To set the limit gives back what CPUs hold in advance. */
static uint64_t charged(const char *dir)
{
	put(dir, "memory.max", "0");
	return get(dir, "memory.current", "");
}

static void check_memory(const char *dir)
{
	uint64_t fell = now_us(), least = UINT64_MAX, n;
	char path[96], *stat;

	while ((n = charged(dir)) && now_us() - fell < PATIENCE_US) {
		if (n < least) {
			least = n;
			fell = now_us();
		}
		sleep_us(10000);
	}
	if (!n)
		return;
	snprintf(path, sizeof(path), "%smemory.stat", dir);
	stat = file_read(path);
	event_finding("leak", "memory-cgroup", 0,
		      "memory of TDs that are gone is still charged to their cgroup",
		      json_pack("{s:I, s:s*}", "bytes", (json_int_t)n, "stat", stat));
	free(stat);
}

static void check_hkids(const char *dir)
{
	uint64_t n = get(dir, "misc.current", "tdx ");

	if (n)
		event_finding("leak", "misc-cgroup", 0,
			      "HKIDs of TDs that are gone are still charged to their cgroup",
			      json_pack("{s:I}", "hkids", (json_int_t)n));
}

static void end(void)
{
	char dir[MAX_DIR];

	for (unsigned int i = 0; i < ncgroups; i++) {
		cgroup_dir(dir, i);
		check_memory(dir);
		check_hkids(dir);
		rmdir(dir);
	}
}

STRESSOR(cgroup, .help = "processes with TDs for which their cgroup has not enough memory",
	 .paths = "mmu_topup_memory_caches, kvm_gmem_get_folio, tdx_td_init, kvm_arch_vcpu_create, "
		  "misc_cg_try_charge, kvm_destroy_vm of a process that the OOM killer ends",
	 .options = options, .check = small_td_check, .lacks = lacks, .begin = begin, .end = end,
	 .init = init, .threads = threads, .run = run, .fini = fini, .ncounters = 5,
	 .counters = counters);
