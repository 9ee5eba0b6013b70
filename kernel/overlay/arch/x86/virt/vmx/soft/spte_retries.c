// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults that are tried again for ever, in debugfs/septorture/retries. How long that
 * takes says nothing, as the machine may be slow: what counts is how often, and whether
 * anything else came about meanwhile for which it may have waited.
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/stacktrace.h>

#include "mmu/mmu_internal.h"
#include "mmu/spte_retries.h"
#include "mmu/spte_watch.h"
#include "septorture.h"
#include "spte_watch.h"

#define NR_FRAMES	8
#define NR_TASKS	256	/* that fault at a time; more would only be counted less */
#define LOOK_EVERY	256

/* So often in a row, without any SPTE that got another value, is for ever. */
#define MAX_ALONE	4096
/* So often is, whatever else happens. */
#define MAX_EVER	100000

DEFINE_PER_CPU(u64, spte_changes);

/* The tries of a task, by its number. */
static struct attempt {
	pid_t pid;
	gpa_t gpa;
	u64 times;
	u64 alone;	/* since another SPTE was seen to change */
	u64 changes;
} attempts[NR_TASKS];

static u64 most, most_alone;

static struct {
	atomic_t count;
	struct attempt first;
	unsigned long frames[NR_FRAMES];
	unsigned int nr_frames;	/* there once all is */
} livelock;

static u64 changes(void)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(spte_changes, cpu);
	return sum;
}

static noinline void report(const struct attempt *a)
{
	if (atomic_inc_return(&livelock.count) != 1)
		return;
	livelock.first = *a;
	/* The reader finds a complete report behind it. */
	smp_store_release(&livelock.nr_frames, stack_trace_save(livelock.frames, NR_FRAMES, 2));
}

void spte_tried(struct kvm_vcpu *vcpu, gpa_t gpa, bool again)
{
	struct attempt *a = &attempts[current->pid % NR_TASKS];
	u64 now;

	if (!static_branch_likely(&spte_watch_key))
		return;
	if (!again || a->pid != current->pid || a->gpa != gpa)
		*a = (struct attempt){ .pid = current->pid, .gpa = gpa, .changes = changes() };
	if (!again)
		return;
	a->times++;
	a->alone++;
	if (a->times > most)
		most = a->times;
	if (a->alone % LOOK_EVERY)
		return;
	now = changes();
	if (now != a->changes) {
		a->changes = now;
		a->alone = 0;
	}
	if (a->alone > most_alone)
		most_alone = a->alone;
	/* Once for each: either number is reached on a look, as both begin at 0. */
	if (a->alone == round_up(MAX_ALONE, LOOK_EVERY) || a->times == round_up(MAX_EVER, LOOK_EVERY))
		report(a);
}

static int retries_show(struct seq_file *m, void *v)
{
	/* Pairs with the release in report(). */
	unsigned int n = smp_load_acquire(&livelock.nr_frames);

	seq_printf(m, "most %llu\nalone %llu\n", most, most_alone);
	if (!n)
		return 0;
	seq_printf(m, "livelock %d gpa %#llx tries %llu alone %llu in",
		   atomic_read(&livelock.count), livelock.first.gpa, livelock.first.times,
		   livelock.first.alone);
	for (unsigned int i = 0; i < n; i++)
		seq_printf(m, " %ps", (void *)livelock.frames[i]);
	seq_putc(m, '\n');
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(retries);

static int __init spte_retries_init(void)
{
	if (static_branch_likely(&spte_watch_key))
		debugfs_create_file("retries", 0400, septorture_dir, NULL, &retries_fops);
	return 0;
}
late_initcall(spte_retries_init);
