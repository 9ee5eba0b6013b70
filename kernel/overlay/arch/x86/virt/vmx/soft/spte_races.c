// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who loses to whom at direct SPTEs, which nobody freezes but those of a table that is removed: an
 * operation reads one, and finds that another one has changed it when it compares and exchanges. In
 * debugfs/septorture/races, per operation that won, level, and operation that lost. What changes
 * SPTEs without the accessors of the TDP MMU, a fast page fault, is not seen, and who loses before
 * the winner is noted counts for the one before.
 */
#include <linux/debugfs.h>
#include <linux/hash.h>
#include <linux/init.h>
#include <linux/seq_file.h>

#include "mmu/mmu_internal.h"
#include "mmu/spte_watch.h"
#include "septorture.h"
#include "spte_watch.h"

static atomic64_t lost[NR_OPS][NR_PLACES][NR_OPS];

/* The last writers of SPTEs; of those that share a place, the last. */
#define WRITERS_BITS	12

static struct writer {
	u64 *sptep;
	struct task_struct *task;
	enum spte_op op;
} writers[1 << WRITERS_BITS];

static struct writer *writer_of(u64 *sptep)
{
	return &writers[hash_ptr(sptep, WRITERS_BITS)];
}

void spte_race_wrote(u64 *sptep)
{
	struct writer *w = writer_of(sptep);

	WRITE_ONCE(w->task, current);
	WRITE_ONCE(w->op, spte_current_op());
	WRITE_ONCE(w->sptep, sptep);
}

void spte_race_lost(u64 *sptep)
{
	struct kvm_mmu_page *sp = sptep_to_sp(sptep);
	struct writer *w = writer_of(sptep);
	int place = sp->role.level > PG_LEVEL_4K ? TABLE : LEAF;

	if (sp->role.is_mirror || READ_ONCE(w->sptep) != sptep || READ_ONCE(w->task) == current)
		return;
	atomic64_inc(&lost[READ_ONCE(w->op)][place][spte_current_op()]);
}

static int races_show(struct seq_file *m, void *v)
{
	for (int o = 0; o < NR_OPS; o++)
		for (int p = 0; p < NR_PLACES; p++)
			for (int l = 0; l < NR_OPS; l++) {
				s64 n = atomic64_read(&lost[o][p][l]);

				if (n)
					seq_printf(m, "%s %s %s %lld\n", spte_op_names[o],
						   spte_place_names[p], spte_op_names[l], n);
			}
	return 0;
}

/* Whatever is written: all begins anew. */
static ssize_t races_write(struct file *file, const char __user *buf, size_t len, loff_t *ppos)
{
	for (int o = 0; o < NR_OPS; o++)
		for (int p = 0; p < NR_PLACES; p++)
			for (int l = 0; l < NR_OPS; l++)
				atomic64_set(&lost[o][p][l], 0);
	return len;
}
DEFINE_SHOW_STORE_ATTRIBUTE(races);

static int __init spte_races_init(void)
{
	if (static_branch_likely(&spte_watch_key))
		debugfs_create_file("races", 0600, septorture_dir, NULL, &races_fops);
	return 0;
}
late_initcall(spte_races_init);
