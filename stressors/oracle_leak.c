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
#include <sys/stat.h>
#include <unistd.h>

#define TDS "/sys/kernel/debug/softseam/tds"
/* KVM has one object per page table; shrinking the cache makes its count exact. */
#define SLAB "/sys/kernel/slab/kvm_mmu_page_header/"

#define CGROUPS "/sys/fs/cgroup/"
#define CGROUP	CGROUPS "septorture/"

#define MEMORY CGROUP "memory."

#define VMSTAT	"/proc/vmstat"
#define REFRESH "/proc/sys/vm/stat_refresh" /* makes the numbers in it exact */

#define PATIENCE_US 2000000 /* RCU frees them */
#define RISES	    7

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

/* The sum of some numbers of memory.stat, in pages. */
static bool memory(const char *const *keys, uint64_t *sum)
{
	uint64_t n;

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

/* Pages that the kernel took for itself, and that are none of those that it has names for. */
static bool kernel_pages(uint64_t *n)
{
	static const char *const all[] = {"kernel", NULL};
	static const char *const named[] = {
	    "kernel_stack", "pagetables", "sec_pagetables", "percpu", "vmalloc", "slab", NULL};
	uint64_t sum;

	if (!memory(all, n) || !memory(named, &sum))
		return false;
	*n -= sum < *n ? sum : *n;
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
	uint64_t slack; /* so much more is no leak */
	bool rises; /* it is one if it was more than ever after RISES of the last 16 TDs */
	uint64_t baseline; /* what was lost before, or belongs to nobody */
	uint16_t history; /* a bit for each of these: whether it was */
} amounts[] = {
    {"page-tables", "page tables of a destroyed TD were never freed", tables,
     "the number of slab objects (" SLAB "objects) is not there", .slack = 0},
    {"sec-page-tables", "page tables of a destroyed TD are still counted (SecPageTables)",
     sec_page_tables, "the number of page tables (" VMSTAT ") is not there", .slack = 0},
    {"hkid-charge", "a cgroup is still charged for the HKID of a TD that is gone", charges,
     "there is no cgroup v2 with the misc controller in " CGROUPS, .slack = 0},
    /*
     * Not exact: now and then it is a dozen more for good, though page_owner shows none that
     * were not freed. What is lost with a TD is lost with most.
     */
    {"kernel-pages", "pages that the kernel took for a TD were never freed", kernel_pages,
     "there is no cgroup v2 with the memory controller in " CGROUPS, .rises = true},
    /* A CPU may have charged 64 in advance. */
    {"lost-pages", "pages are charged to a cgroup after all that had them is gone", lost_pages,
     "there is no cgroup v2 with the memory controller in " CGROUPS, .slack = 1088},
};

#define NAMOUNTS (sizeof(amounts) / sizeof(amounts[0]))

static void join_cgroup(void)
{
	file_write(CGROUPS "cgroup.subtree_control", "+misc +memory");
	mkdir(CGROUP, 0755);
	file_write(CGROUP "cgroup.procs", "0");
}

static const char *needs(void)
{
	if (access(TDS, R_OK))
		return "softseam's audit (" TDS ") is not there";
	join_cgroup();
	for (struct amount *a = amounts; a < amounts + NAMOUNTS; a++)
		if (!a->now(&a->baseline))
			return a->lacks;
	return NULL;
}

/* Always false. */
static bool leaked(const struct amount *a, unsigned int td, uint64_t left)
{
	event_finding("leak", a->kind, td, a->title, json_pack("{s:I}", "left", (json_int_t)left));
	return false;
}

static bool has_risen(struct amount *a, uint64_t n)
{
	a->history = (uint16_t)(a->history << 1 | (n > a->baseline));
	if (n > a->baseline)
		a->baseline = n;
	if (__builtin_popcount(a->history) < RISES)
		return false;
	a->history = 0;
	return true;
}

static bool is_back(struct amount *a, unsigned int td)
{
	uint64_t n = 0, start = now_us();

	if (a->rises)
		return !a->now(&n) || !has_risen(a, n) || leaked(a, td, n);
	while (a->now(&n) && n > a->baseline + a->slack && now_us() - start < PATIENCE_US)
		sleep_us(10000);
	if (n <= a->baseline + a->slack)
		return true;
	leaked(a, td, n - a->baseline);
	a->baseline = n;
	return false;
}

/* A TD whose HKID was not given back would also be mistaken for the next one. */
static bool hkid_is_back(unsigned int td)
{
	char *text = file_read(TDS);
	bool none = text && !*text;

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

	for (struct amount *a = amounts; a < amounts + NAMOUNTS; a++) {
		uint64_t n = 0;

		if (!may_leak || a->now != charges)
			ok = is_back(a, td) && ok;
		a->now(&n);
		json_object_set_new(facts, a->kind, json_integer((json_int_t)n));
	}
	event_check("leak", td, ok, facts);
	return hkid;
}

ORACLE(leak, "leak", .help = "a destroyed TD leaves no page table, no HKID and no charge behind",
       .needs = needs, .gone = gone);
