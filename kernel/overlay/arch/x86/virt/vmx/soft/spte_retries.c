// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults that are tried again for ever, in debugfs/septorture/retries. How long that
 * takes says nothing, as the machine may be slow: what counts is how often, whether
 * anything else came about meanwhile for which it may have waited, and whether the other
 * CPUs ran at all: the host may have stopped the one that is in the way.
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/kernel_stat.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
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
#define MAX_ALONE	8192
/* So often is, whatever else happens. */
#define MAX_EVER	32768
/* And so often, though the VM is dead: that would be a reason to give up at once. */
#define MAX_DEAD	8

DEFINE_PER_CPU(u64, spte_changes);

/* The tries of a task, by its number. */
static struct attempt {
	pid_t pid;
	gpa_t gpa;
	u64 tries;
	u64 dead;	/* of these with a dead VM, one right after the other */
	unsigned long dead_at;	/* the last of them, in jiffies */
	/* Of these in looks at which all CPUs had gone on, */
	u64 times;
	u64 alone;	/* and since anything else was seen to change. */
	u64 changes;
	u64 beat;
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

static u64 ticks(int cpu)
{
	u64 sum = 0;

	for (int i = 0; i < NR_STATS; i++) {
		/* Its own CPU counts meanwhile: an old number is one tick less. */
		sum += data_race(kcpustat_cpu(cpu).cpustat[i]);
	}
	return sum;
}

/* How often all CPUs have had a timer tick since the one before. */
static u64 beat(void)
{
	static DEFINE_RAW_SPINLOCK(lock);
	static u64 last[NR_CPUS], beats;
	bool all = true;
	int cpu;

	guard(raw_spinlock_irqsave)(&lock);
	for_each_online_cpu(cpu)
		all = all && ticks(cpu) != last[cpu];
	if (all) {
		beats++;
		for_each_online_cpu(cpu)
			last[cpu] = ticks(cpu);
	}
	return beats;
}

static noinline void report(const struct attempt *a)
{
	if (atomic_inc_return(&livelock.count) != 1)
		return;
	livelock.first = *a;
	/* The reader finds a complete report behind it. */
	smp_store_release(&livelock.nr_frames, stack_trace_save(livelock.frames, NR_FRAMES, 2));
}

/*
 * Not vm_dead: that is set before the request is made, by which the vCPU hears of it.
 * Whether it had heard before this try can't be told from another VM at the same place
 * but by the time that takes.
 */
static bool is_dead_again(struct kvm_vcpu *vcpu, struct attempt *a)
{
	unsigned long before = a->dead_at;

	if (!kvm_test_request(KVM_REQ_VM_DEAD, vcpu))
		return false;
	a->dead_at = jiffies;
	if (a->dead && time_after(jiffies, before + HZ / 100 + 1))
		a->dead = 0;
	return true;
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
	a->tries++;
	if (is_dead_again(vcpu, a) && ++a->dead == MAX_DEAD)
		report(a);
	if (a->tries % LOOK_EVERY)
		return;
	now = beat();
	if (now == a->beat)
		return;
	a->beat = now;
	/*
	 * An invalidation is worth waiting for, and is slow: KVM_SET_MEMORY_ATTRIBUTES stores
	 * every page's between begin and end, and changes no SPTE then. A wrong answer costs
	 * a look.
	 */
	if (data_race(READ_ONCE(vcpu->kvm->mmu_invalidate_in_progress)))
		return;
	a->times += LOOK_EVERY;
	a->alone += LOOK_EVERY;
	now = changes();
	if (now != a->changes) {
		a->changes = now;
		a->alone = 0;
	}
	if (a->times > most)
		most = a->times;
	if (a->alone > most_alone)
		most_alone = a->alone;
	/* Once for each. */
	if (a->alone == MAX_ALONE || a->times == MAX_EVER)
		report(a);
}

static int retries_show(struct seq_file *m, void *v)
{
	/* Pairs with the release in report(). */
	unsigned int n = smp_load_acquire(&livelock.nr_frames);

	seq_printf(m, "most %llu\nalone %llu\n", most, most_alone);
	if (!n)
		return 0;
	seq_printf(m, "livelock %d gpa %#llx tries %llu alone %llu dead %llu in",
		   atomic_read(&livelock.count), livelock.first.gpa, livelock.first.tries,
		   livelock.first.alone, livelock.first.dead);
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
