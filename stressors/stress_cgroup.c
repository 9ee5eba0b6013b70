// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Processes with small TDs, in a cgroup that has not enough for them: allocations of KVM, of its
 * mirror page tables and of guest_memfd fail for real, at any point, or the OOM killer ends the
 * process. When it is gone, the cgroup must be charged with nothing.
 */
#include "agent.h"
#include "child.h"
#include "small_td.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPT_THREADS, OPT_MARGIN, OPT_SURVIVE, OPT_HKID };
enum { COUNT_PROCESSES, COUNT_TDS, COUNT_REFUSED, COUNT_LIMITS, COUNT_KILLED };

static const struct stress_option options[] = {
    {"threads", "each with one such process at a time", UNIT_COUNT, NULL, 1, 1, 8},
    {"margin", "at most, of memory that it may have beyond what it has", UNIT_SIZE, NULL, 64 << 10,
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
#define SLABS	      "/sys/kernel/slab/"
#define MAX_DIR	      48
#define MAX_SETTLE_US 2000000
#define MAX_LAST_US   100000 /* of the process, at peace again */
#define MAX_HUNGER_US 3000000
#define MAX_REFUSED   8
#define PATIENCE_US   12000000 /* RCU frees it, kvfree_rcu() only after 5 s */
#define HELD_BY_CPU   65536ull

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

static const char *check(const struct plan *plan, const uint64_t *opts)
{
	if (opts[OPT_HKID] && plan->platform != PLATFORM_MIRROR)
		return "only TDs have HKIDs; leave hkid out, or set platform = mirror";
	return small_td_check(plan, opts);
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
		td = small_td_create(r->w, &full);
		if (!td) {
			sleep_us(1000);
			continue;
		}
		if (r->no_hkid)
			event_finding("ioctl", "limit", td->number,
				      "a TD was created that its cgroup does not allow", NULL);
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
	child_sleep(worker_random(w, MAX_LAST_US));
}

/* As long as it takes until something failed for want of memory, within reason. */
static void let_starve(struct worker *w, const struct child *c)
{
	uint64_t enough = c->note->count[COUNT_REFUSED] + 1 + worker_random(w, MAX_REFUSED);
	uint64_t end = now_us() + MAX_HUNGER_US;

	while (c->note->count[COUNT_REFUSED] < enough && now_us() < end && !child_died(c))
		child_sleep(1000);
}

/* To a little more than it has, which may be gone again before the process is. */
static bool squeeze(struct worker *w, const char *dir, const struct child *c)
{
	/* The other one does not fail, but slows down. */
	const char *limit = worker_random(w, 4) ? "memory.max" : "memory.high";
	uint64_t has = get(dir, "memory.current", "");

	if (!put_number(dir, limit, has + worker_random(w, w->opts[OPT_MARGIN] + 1)))
		return false;
	let_starve(w, c);
	if (worker_random(w, 2))
		return true;
	if (!put(dir, limit, "max"))
		return false;
	child_sleep(worker_random(w, MAX_LAST_US));
	return true;
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

	/* A machine that has no TDX has no HKIDs to count. */
	if ((w->td->plan->platform == PLATFORM_MIRROR &&
	     !put(dir, "misc.max", r.no_hkid ? "tdx 0" : "tdx max")) ||
	    !put(dir, "memory.high", "max") || !put(dir, "memory.max", "max") ||
	    child_start(&c, process, &r))
		return false;
	let_settle(w, &c);
	ok = squeeze(w, dir, &c);
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

/* Objects that kfree_rcu() was given wait on their CPU until there are enough of them. */
static void shrink_slabs(void)
{
	DIR *slabs = opendir(SLABS);
	const struct dirent *d;
	char path[sizeof(SLABS) + NAME_MAX + sizeof("/shrink")];

	while (slabs && (d = readdir(slabs))) {
		snprintf(path, sizeof(path), SLABS "%s/shrink", d->d_name);
		file_write(path, "1");
	}
	if (slabs)
		closedir(slabs);
}

/*
 * What the cgroup is still charged with; NULL: nothing. "kernel" is, apart from what the others
 * say, in whole pages, and CPUs hold some in advance that nobody can make them give back (up to
 * 64 KiB each: refill_obj_stock()); of each that has its own name nothing may be left.
 */
static json_t *charges(const char *dir)
{
	static const char *const names[] = {"anon",	      "file",	    "slab",
					    "sec_pagetables", "pagetables", "kernel_stack",
					    "percpu",	      "vmalloc",    "shmem"};
	uint64_t n = get(dir, "memory.stat", "\nkernel ");
	json_t *left = json_object();

	if (n > HELD_BY_CPU * (uint64_t)(1 + sysconf(_SC_NPROCESSORS_ONLN)))
		json_object_set_new(left, "kernel", json_integer((json_int_t)n));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char key[24];

		snprintf(key, sizeof(key), "%s%s ", i ? "\n" : "", names[i]);
		n = get(dir, "memory.stat", key);
		if (n)
			json_object_set_new(left, names[i], json_integer((json_int_t)n));
	}
	if (json_object_size(left))
		return left;
	json_decref(left);
	return NULL;
}

static void check_memory(const char *dir)
{
	uint64_t start = now_us();
	json_t *left;

	for (;;) {
		shrink_slabs();
		/* A limit that is set gives back what CPUs hold in advance; this one kills nobody.
		 */
		put(dir, "memory.high", "0");
		left = charges(dir);
		if (!left)
			return;
		if (now_us() - start > PATIENCE_US)
			break;
		json_decref(left);
		sleep_us(100000);
	}
	event_finding("leak", "memory-cgroup", 0,
		      "memory of TDs that are gone is still charged to their cgroup", left);
}

static void check_hkids(const char *dir)
{
	int64_t n = (int64_t)get(dir, "misc.current", "tdx "); /* below 0: K9 */

	if (n)
		event_finding("leak", "misc-cgroup", 0,
			      "HKIDs of TDs that are gone are not given back to their cgroup",
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
	 .options = options, .check = check, .lacks = lacks, .begin = begin, .end = end,
	 .init = small_td_init, .threads = threads, .run = run, .fini = small_td_fini,
	 .ncounters = 5, .counters = counters);
