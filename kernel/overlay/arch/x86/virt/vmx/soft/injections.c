// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last injections of fail_function, in debugfs/septorture/injections: their
 * number, then one per line, oldest first:
 *   microseconds function return-value task-tag number-of-the-call caller
 * so that a finding can say what was made to fail shortly before it.
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/ptrace.h>
#include <linux/seq_file.h>
#include <trace/events/fail_function.h>

#include "septorture.h"

#define NR_SHOWN	8
#define NR_RECORDS	64

static struct injection {
	u64 seq;
	u64 us;
	u64 nr;
	unsigned int tag;
	unsigned long function, retval, caller;
} ring[NR_RECORDS];

static atomic64_t head;	/* the number of the last one; they count from 1 */

static void on_injection(void *data, unsigned long function, const struct fei_call *call)
{
	struct injection *i;
	u64 seq;

	if (!call->fail)
		return;
	seq = atomic64_inc_return(&head);
	i = &ring[seq % NR_RECORDS];
	WRITE_ONCE(i->seq, 0);
	/* For readers: it is no record while it changes. */
	smp_wmb();
	i->us = ktime_get_mono_fast_ns() / NSEC_PER_USEC;
	i->function = function;
	i->retval = call->retval;
	i->tag = call->tag;
	i->nr = call->nr;
	/* At a function's entry its return address is on top of the stack. */
	i->caller = *(unsigned long *)kernel_stack_pointer(call->regs);
	/* Now it is one. */
	smp_store_release(&i->seq, seq);
}

static int injections_show(struct seq_file *m, void *v)
{
	u64 end = atomic64_read(&head);

	seq_printf(m, "injected %llu\n", end);
	for (u64 n = end > NR_SHOWN ? end - NR_SHOWN + 1 : 1; n <= end; n++) {
		struct injection *i = &ring[n % NR_RECORDS], copy;

		/* Pairs with the release in on_injection(). */
		if (smp_load_acquire(&i->seq) != n)
			continue;
		copy = *i;
		/* Pairs with the write barrier there: did it change meanwhile? */
		smp_rmb();
		if (READ_ONCE(i->seq) != n)
			continue;
		seq_printf(m, "%llu %ps %#lx %u %llu %ps\n", copy.us, (void *)copy.function,
			   copy.retval, copy.tag, copy.nr, (void *)copy.caller);
	}
	return 0;
}

/* Whatever is written: all begins anew. */
static ssize_t injections_write(struct file *file, const char __user *buf, size_t len, loff_t *ppos)
{
	memset(ring, 0, sizeof(ring));
	atomic64_set(&head, 0);
	return len;
}
DEFINE_SHOW_STORE_ATTRIBUTE(injections);

static int __init injections_init(void)
{
	int err = register_trace_fail_function_injected(on_injection, NULL);

	if (!err)
		debugfs_create_file("injections", 0600, septorture_dir, NULL, &injections_fops);
	return err;
}
late_initcall(injections_init);
