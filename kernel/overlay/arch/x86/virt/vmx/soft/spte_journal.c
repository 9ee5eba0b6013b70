// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeps what KVM's tracepoint kvm_tdp_mmu_spte_changed says of mirror roots, in
 * order, and with the root, which the tracepoint doesn't name: mirror and
 * shared roots use the same GFNs. debugfs/septorture/journal gives it to the
 * agent, which replays it (asm/septorture_abi.h).
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/kvm_host.h>
#include <linux/mutex.h>
#include <linux/vmalloc.h>
#include <asm/septorture_abi.h>

#include "mmu/mmu_internal.h"
#include "mmu/mmutrace.h"
#include "mmu/spte_watch.h"
#include "septorture.h"
#include "spte_watch.h"

/* Some seconds of a storm. */
#define NR_RECORDS	131072U

static struct septorture_change *ring;
static atomic64_t head;	/* the number of the last record; they count from 1 */
static u64 tail;	/* of the last one that was read */
static DEFINE_MUTEX(reader);

/* KVM leaves out the SHARED bit, by which the direct root is indexed: 47 or 51 of the GPA. */
static bool same_gfn(struct spte_id id, gfn_t gfn)
{
	u64 diff = id.gfn ^ gfn;

	return !diff || (!id.mirror && (diff == BIT_ULL(47 - PAGE_SHIFT) ||
					diff == BIT_ULL(51 - PAGE_SHIFT)));
}

static void on_change(void *data, int as_id, gfn_t gfn, int level, u64 old_spte, u64 new_spte)
{
	struct spte_id id = spte_watch_last(level);
	bool matches = id.root && same_gfn(id, gfn);
	struct septorture_change *c;
	u64 seq;

	if (matches && !id.mirror)
		return;
	seq = atomic64_inc_return(&head);
	c = &ring[seq % NR_RECORDS];
	c->root = matches ? id.root : 0;
	c->gfn = gfn;
	c->level = level;
	c->old_spte = old_spte;
	c->new_spte = new_spte;
	/* The number makes it valid. */
	smp_store_release(&c->seq, seq);
}

static ssize_t journal_read(struct file *file, char __user *buffer, size_t count, loff_t *ppos)
{
	ssize_t done = 0;
	u64 end;

	mutex_lock(&reader);
	end = atomic64_read(&head);
	/* The oldest may be overwritten while we look; the seq then says so. */
	if (end - tail > NR_RECORDS / 2)
		tail = end - NR_RECORDS / 2;
	while (tail < end && count - done >= sizeof(*ring)) {
		struct septorture_change c = ring[(tail + 1) % NR_RECORDS];

		if (c.seq <= tail)
			break;	/* being written */
		if (c.seq != ++tail)
			continue;	/* overwritten */
		if (copy_to_user(buffer + done, &c, sizeof(c))) {
			done = -EFAULT;
			break;
		}
		done += sizeof(c);
	}
	mutex_unlock(&reader);
	return done;
}

/* Whatever is written: all begins anew. No SPTE may change meanwhile. */
static ssize_t journal_write(struct file *file, const char __user *buffer, size_t count,
			     loff_t *ppos)
{
	mutex_lock(&reader);
	memset(ring, 0, array_size(NR_RECORDS, sizeof(*ring)));
	atomic64_set(&head, 0);
	tail = 0;
	mutex_unlock(&reader);
	return count;
}

static const struct file_operations journal_fops = {
	.read	= journal_read,
	.write	= journal_write,
	.llseek	= noop_llseek,
};

static int __init spte_journal_init(void)
{
	int err;

	if (!static_branch_likely(&spte_watch_key))
		return 0;
	ring = vzalloc(array_size(NR_RECORDS, sizeof(*ring)));
	if (!ring)
		return -ENOMEM;
	err = register_trace_kvm_tdp_mmu_spte_changed(on_change, NULL);
	if (err) {
		vfree(ring);
		return err;
	}
	debugfs_create_file("journal", 0600, septorture_dir, NULL, &journal_fops);
	return 0;
}
late_initcall(spte_journal_init);
