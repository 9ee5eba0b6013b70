// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a TD had must be back when it is gone: its page tables, its HKID, and what the cgroup was
 * charged for that, which the agent has one of its own for.
 */
#include "agent.h"
#include "outcome.h"
#include "xmem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define TDS  "/sys/kernel/debug/softseam/tds"
#define KEPT "/sys/kernel/debug/softseam/kept"
/* KVM has one object per page table; shrinking the cache makes its count exact. */
#define SLAB "/sys/kernel/slab/kvm_mmu_page_header/"

#define CGROUPS "/sys/fs/cgroup/"
#define CGROUP	CGROUPS "septorture/"

#define MEMORY CGROUP "memory."

#define VMSTAT	"/proc/vmstat"
#define REFRESH "/proc/sys/vm/stat_refresh" /* makes the numbers in it exact */

#define MAX_CPUS 8

#define PATIENCE_US 2000000 /* RCU frees them */

/* The number behind KEY in a file. */
static bool number(const char *path, const char *key, uint64_t *n)
{
	char *text = file_read(path);
	const char *at = text ? strstr(text, key) : NULL;
	bool ok = at && sscanf(at + strlen(key), "%" SCNu64, n) == 1;

	free(text);
	return ok;
}

static bool tables(uint64_t *n)
{
	file_write(SLAB "shrink", "1");
	return number(SLAB "objects", "", n);
}

static bool sec_page_tables(uint64_t *n)
{
	file_write(REFRESH, "1");
	return number(VMSTAT, "nr_sec_page_table_pages ", n);
}

static bool charges(uint64_t *n)
{
	return number(CGROUP "misc.current", "tdx ", n);
}

/* Pages that left their TD, and that KVM never freed: the TD's own, ... */
static bool control_pages(uint64_t *sum)
{
	static const char *const types[] = {"tdr ", "tdcx ", "tdvpr ", "ept "};
	uint64_t n;

	*sum = 0;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!number(KEPT, types[i], &n))
			return false;
		*sum += n;
	}
	return true;
}

/* ... and its memory. */
static bool private_pages(uint64_t *n)
{
	return number(KEPT, "reg ", n);
}

/*
 * memory.stat may be what it was some seconds ago: it is brought up to date only after more than
 * 64 changes per CPU (memcg_vmstats_needs_flush()). These are so many for 16 of them.
 */
static void make_changes(void)
{
	size_t size = 1088 * TD_PAGE;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p != MAP_FAILED)
		munmap(p, size);
}

/* The sum of some numbers of memory.stat, in pages. */
static bool memory(const char *const *keys, uint64_t *sum)
{
	uint64_t n;

	make_changes();
	for (*sum = 0; *keys; keys++) {
		char *line = xasprintf("\n%s ", *keys);
		/* "anon" is the first line of the file. */
		bool ok = number(MEMORY "stat", strcmp(*keys, "anon") ? line : "anon ", &n);

		free(line);
		if (!ok)
			return false;
		*sum += n / TD_PAGE;
	}
	return true;
}

/* Pages that are charged, but to nothing. */
static bool lost_pages(uint64_t *n)
{
	static const char *const named[] = {"anon", "file", "kernel", "sock", NULL};
	uint64_t sum;

	if (!number(MEMORY "current", "", n) || !memory(named, &sum))
		return false;
	*n /= TD_PAGE;
	*n -= sum < *n ? sum : *n;
	return true;
}

static struct amount {
	const char *kind, *title;
	bool (*now)(uint64_t *n);
	const char *lacks; /* why there is no such number, a sentence */
	enum platform only; /* 0: all have that */
	unsigned int leaks; /* enum leak: what may leave some of it behind */
	uint64_t slack; /* so much more is no leak */
	uint64_t baseline; /* what was lost before, or belongs to nobody */
} amounts[] = {
    {"page-tables", "page tables of a destroyed TD were never freed", tables,
     "the number of slab objects (" SLAB "objects) is not there", .leaks = LEAK_NOTHING},
    {"sec-page-tables", "page tables of a destroyed TD are still counted (SecPageTables)",
     sec_page_tables, "the number of page tables (" VMSTAT ") is not there", .leaks = LEAK_NOTHING},
    {"hkid-charge", "a cgroup is still charged for the HKID of a TD that is gone", charges,
     "there is no cgroup v2 with the misc controller in " CGROUPS, .only = PLATFORM_MIRROR,
     .leaks = LEAK_HKID},
    {"control-pages", "control or S-EPT pages that left a TD were never freed", control_pages,
     "softseam's count of pages (" KEPT ") is not there", .only = PLATFORM_MIRROR,
     .leaks = LEAK_HKID | LEAK_PAGES},
    /* A CPU holds on to 31 of those that are on their way to the LRU lists. */
    {"private-pages", "private pages that left a TD were never freed", private_pages,
     "softseam's count of pages (" KEPT ") is not there", .only = PLATFORM_MIRROR,
     .leaks = LEAK_HKID | LEAK_PAGES, .slack = 31 * MAX_CPUS},
    /* A CPU may have charged 64 in advance. */
    {"lost-pages", "pages are charged to a cgroup after all that had them is gone", lost_pages,
     "there is no cgroup v2 with the memory controller in " CGROUPS,
     .leaks = LEAK_HKID | LEAK_PAGES, .slack = 1088},
};

static enum platform here;

/* Those that there are. */
#define for_each_amount(a)                                                                         \
	for (struct amount *a = amounts; a < amounts + sizeof(amounts) / sizeof(amounts[0]); a++)  \
		if (platforms_of(a->only) & here)

static void join_cgroup(void)
{
	file_write(CGROUPS "cgroup.subtree_control", "+misc +memory");
	mkdir(CGROUP, 0755);
	file_write(CGROUP "cgroup.procs", "0");
}

static const char *needs(const struct plan *plan)
{
	here = plan->platform;
	if (here == PLATFORM_MIRROR && access(TDS, R_OK))
		return "softseam's audit (" TDS ") is not there";
	join_cgroup();
	for_each_amount(a) if (!a->now(&a->baseline)) return a->lacks;
	return NULL;
}

static void leaked(const struct amount *a, unsigned int td, uint64_t left)
{
	event_finding("leak", a->kind, td, a->title, json_pack("{s:I}", "left", (json_int_t)left));
}

static bool is_back(struct amount *a, unsigned int td)
{
	uint64_t n = 0, start = now_us();

	while (a->now(&n) && n > a->baseline + a->slack && now_us() - start < PATIENCE_US)
		sleep_us(10000);
	if (n <= a->baseline + a->slack)
		return true;
	if (!(a->leaks & outcome_leaks()))
		leaked(a, td, n - a->baseline);
	a->baseline = n;
	return a->leaks & outcome_leaks();
}

/* A TD whose HKID was not given back would also be mistaken for the next one. */
static bool hkid_is_back(unsigned int td)
{
	char *text = here == PLATFORM_MIRROR ? file_read(TDS) : NULL;
	bool none = here != PLATFORM_MIRROR || (text && !*text);

	free(text);
	if (!none && !(outcome_leaks() & LEAK_HKID))
		event_finding("leak", "hkid", td, "a destroyed TD still holds its HKID", NULL);
	return none;
}

static bool gone(unsigned int td)
{
	bool hkid = hkid_is_back(td), may_leak = outcome_leaks() & LEAK_HKID;
	bool ok = hkid || may_leak;
	json_t *facts = json_object();

	for_each_amount(a)
	{
		uint64_t n = 0;

		ok = is_back(a, td) && ok;
		a->now(&n);
		json_object_set_new(facts, a->kind, json_integer((json_int_t)n));
	}
	event_check("leak", td, ok, facts);
	return hkid;
}

ORACLE(leak, "leak", .help = "a destroyed TD leaves no page table, no HKID and no charge behind",
       .needs = needs, .gone = gone);
