// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who was on the stack when fail_function made a call fail, in
 * debugfs/septorture/stacks: each return address once, one per line. What a
 * failure can reach is in these functions, or called by them.
 */
#include <linux/debugfs.h>
#include <linux/hash.h>
#include <linux/init.h>
#include <linux/seq_file.h>
#include <linux/stacktrace.h>
#include <trace/events/fail_function.h>

#include "septorture.h"

#define SLOT_BITS	12
#define NR_SLOTS	(1 << SLOT_BITS)
#define DEPTH		32

static unsigned long slots[NR_SLOTS];

static void remember(unsigned long address)
{
	unsigned int at = hash_long(address, SLOT_BITS);

	for (unsigned int i = 0; i < NR_SLOTS; i++, at = (at + 1) % NR_SLOTS) {
		unsigned long old = READ_ONCE(slots[at]);

		if (!old)
			old = cmpxchg(&slots[at], 0, address);
		if (!old || old == address)
			return;
	}
}

static void on_injection(void *data, unsigned long function, const struct fei_call *call)
{
	unsigned long stack[DEPTH];
	unsigned int depth;

	if (!call->fail)
		return;
	depth = stack_trace_save_regs(call->regs, stack, DEPTH, 0);
	/* The first is the function that fails. */
	for (unsigned int i = 1; i < depth; i++)
		remember(stack[i]);
}

static int stacks_show(struct seq_file *m, void *v)
{
	for (unsigned int i = 0; i < NR_SLOTS; i++) {
		unsigned long address = READ_ONCE(slots[i]);

		if (address)
			seq_printf(m, "%pB\n", (void *)address);
	}
	return 0;
}

/* Whatever is written: all begins anew. */
static ssize_t stacks_write(struct file *file, const char __user *buf, size_t len, loff_t *ppos)
{
	memset(slots, 0, sizeof(slots));
	return len;
}
DEFINE_SHOW_STORE_ATTRIBUTE(stacks);

static int __init stacks_init(void)
{
	int err = register_trace_fail_function_injected(on_injection, NULL);

	if (!err)
		debugfs_create_file("stacks", 0600, septorture_dir, NULL, &stacks_fops);
	return err;
}
late_initcall(stacks_init);
