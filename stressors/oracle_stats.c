// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KVM counts the leaves it maps (pages_4k) and its page tables
 * (tdp_mmu_pages). The counts must agree with what is there whenever nobody
 * maps or zaps: a difference is an update that was counted but failed, or done
 * but not counted.
 */
#include "agent.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "direct.h"
#include "mirror.h"

#define RECOUNTS   20
#define RECOUNT_US 5000

#define TDS "/sys/kernel/debug/softseam/tds"

static const char *needs(const struct plan *plan)
{
	if (plan->platform == PLATFORM_DIRECT)
		return access(DIRECT, R_OK) ? "KVM's direct tables (" DIRECT ") are not there"
					    : NULL;
	return access(TDS, R_OK) ? "softseam's audit (" TDS ") is not there" : NULL;
}

static bool field(const char *line, const char *name, uint64_t *value)
{
	const char *p = strstr(line, name);

	return p && sscanf(p + strlen(name), " %" SCNu64, value) == 1;
}

/* The agent has one TD at a time, so the audit has one line. */
static bool sept_leaves(uint64_t *leaves, uint64_t *unreadable)
{
	uint64_t mapped, pending, blocked;
	char *text = file_read(TDS);
	bool ok = text && field(text, " mapped", &mapped) && field(text, " pending", &pending) &&
		  field(text, " blocked", &blocked) && field(text, " unreadable", unreadable);

	free(text);
	if (ok)
		*leaves = mapped + pending + blocked;
	return ok;
}

/* COUNTED is what KVM's statistic NAME says, THERE what was found. */
static bool agrees(struct td *td, const char *name, uint64_t counted, const char *what,
		   uint64_t there, const char *title)
{
	if (counted == there)
		return true;
	event_finding("stats", "drift", td->number, title,
		      json_pack("{s:I, s:I, s:I}", name, (json_int_t)counted, what,
				(json_int_t)there, "drift", (json_int_t)(counted - there)));
	return false;
}

/* The page tables that KVM counts (CONFIG_KVM_PROVE_MMU), against those that are linked. */
static bool tables_agree(struct td *td, const struct septorture_mirror *vm)
{
	return agrees(td, "tdp_mmu_pages", vm->spte, "tables", vm->gfn,
		      "tdp_mmu_pages differs from the number of page tables");
}

/* What the audit of KVM's tables says of the VM; NULL after event_fail(). */
static const struct septorture_mirror *find_vm(void)
{
	size_t n;
	const struct septorture_mirror *m = mirror_now(&n);

	for (size_t i = 0; m && i < n; i++)
		if (m[i].kind == SEPTORTURE_VM)
			return &m[i];
	if (m)
		event_fail("the TD is not among the VMs of " MIRROR);
	return NULL;
}

struct counts {
	uint64_t pages_4k; /* KVM's statistic */
	uint64_t leaves, unreadable; /* in the S-EPT */
	uint64_t shared; /* 4K leaves in KVM's own tables alone */
	struct septorture_mirror vm;
};

/* False after event_fail(). */
static bool count(struct td *td, struct counts *c)
{
	const struct septorture_mirror *vm = find_vm();

	if (!vm)
		return false;
	c->vm = *vm;
	c->shared = vm->child;
	if (!kvm_stat(td->stats_fd, "pages_4k", &c->pages_4k)) {
		event_fail("the VM's statistic pages_4k cannot be read");
		return false;
	}
	if (!sept_leaves(&c->leaves, &c->unreadable)) {
		event_fail("softseam's audit cannot be read");
		return false;
	}
	return true;
}

/* On the direct platform: what KVM counts, and the walk's number of the same. */
static const struct {
	const char *statistic; /* the VM's; NULL: the walk has both */
	const char *counted, *there, *title;
} direct[] = {
    {"pages_4k", NULL, "pages_4k", "pages_4k differs from the number of 4K leaves"},
    {"pages_2m", NULL, "pages_2m", "pages_2m differs from the number of 2M leaves"},
    {"pages_1g", NULL, "pages_1g", "pages_1g differs from the number of 1G leaves"},
    {"nx_lpage_splits", NULL, "nx_listed",
     "nx_lpage_splits differs from the number of page tables listed for NX recovery"},
    {NULL, "nx_counted", "nx_listed",
     "nr_pages of possible_nx_huge_pages differs from the length of its list"},
    {NULL, "nx_listed", "nx_linked",
     "page tables are listed for NX recovery that are gone, or they are not listed"},
    {NULL, "tdp_mmu_pages", "tables", "tdp_mmu_pages differs from the number of page tables"},
};

#define NDIRECT (sizeof(direct) / sizeof(direct[0]))

/* The two numbers of I; false after event_fail(). */
static bool count_direct(struct td *td, size_t i, uint64_t *counted, uint64_t *there)
{
	if (!direct_number(direct[i].there, there))
		return false;
	if (!direct[i].statistic)
		return direct_number(direct[i].counted, counted);
	if (kvm_stat(td->stats_fd, direct[i].statistic, counted))
		return true;
	event_fail("the VM's statistic %s cannot be read", direct[i].statistic);
	return false;
}

static bool direct_agrees(struct td *td, size_t i, json_t *facts)
{
	const char *name = direct[i].statistic ? direct[i].statistic : direct[i].counted;
	uint64_t counted, there, before;

	if (!count_direct(td, i, &counted, &there))
		return true;
	/* The host may take pages away between the two counts, and KVM recover large ones. */
	before = counted + 1;
	for (int n = 0; n < RECOUNTS && counted != there && counted != before; n++) {
		before = counted;
		sleep_us(RECOUNT_US);
		direct_forget();
		if (!count_direct(td, i, &counted, &there))
			return true;
	}
	json_object_set_new(facts, name, json_integer((json_int_t)counted));
	return agrees(td, name, counted, direct[i].there, there, direct[i].title);
}

static void quiesce_direct(struct td *td)
{
	json_t *facts = json_object();
	bool ok = true;

	for (size_t i = 0; i < NDIRECT; i++)
		ok = direct_agrees(td, i, facts) && ok;
	event_check("stats", td->number, ok, facts);
}

static void quiesce_mirror(struct td *td)
{
	struct counts c;
	uint64_t before;
	bool ok;

	if (!count(td, &c))
		return;
	/*
	 * kswapd, khugepaged and ksmd go on: shared pages may have gone between the two counts.
	 * Not if the first was the same before the second and after it.
	 */
	before = c.pages_4k + 1;
	for (int i = 0; i < RECOUNTS && c.pages_4k - c.shared != c.leaves && c.pages_4k != before;
	     i++) {
		before = c.pages_4k;
		sleep_us(RECOUNT_US);
		mirror_forget();
		if (!count(td, &c))
			return;
	}
	if (c.unreadable)
		event_finding("stats", "corrupt", td->number,
			      "the S-EPT holds entries or tables that are not the TD's own",
			      json_pack("{s:I}", "entries", (json_int_t)c.unreadable));
	ok = agrees(td, "pages_4k", c.pages_4k - c.shared, "sept_leaves", c.leaves,
		    "pages_4k differs from the number of 4K leaves in the S-EPT");
	ok = tables_agree(td, &c.vm) && ok;
	event_check("stats", td->number, ok && !c.unreadable,
		    json_pack("{s:I, s:I, s:I, s:I}", "pages_4k", (json_int_t)c.pages_4k,
			      "sept_leaves", (json_int_t)c.leaves, "shared", (json_int_t)c.shared,
			      "tables", (json_int_t)c.vm.gfn));
}

static void quiesce(struct td *td)
{
	if (atomic_load(&td->dead))
		return;
	if (td->plan->platform == PLATFORM_DIRECT)
		quiesce_direct(td);
	else
		quiesce_mirror(td);
}

ORACLE(stats, "stats", .help = "pages_4k and tdp_mmu_pages equal what is in the tables",
       .needs = needs, .quiesce = quiesce);
