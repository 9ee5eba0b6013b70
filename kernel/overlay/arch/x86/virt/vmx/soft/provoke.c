// SPDX-License-Identifier: GPL-2.0-only
/*
 * Splats and a failing function on demand, in debugfs/septorture/provoke, so
 * that a test can prove that it would see a real one: a run that reports
 * nothing because nobody was looking must not pass for clean.
 *   warn	a WARN
 *   race	some milliseconds of unsynchronized increments; a data race if two
 *		CPUs do it at once
 *   call	calls a function that does nothing and can be made to fail; returns
 *		its error
 */
#include <linux/bug.h>
#include <linux/debugfs.h>
#include <linux/error-injection.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "septorture.h"

struct dentry *septorture_dir;

static unsigned long shared;

static noinline void septorture_provoked_warn(void)
{
	WARN(1, "provoked on purpose\n");
}

static noinline void septorture_provoked_race(void)
{
	unsigned long end = jiffies + msecs_to_jiffies(20);

	while (time_before(jiffies, end)) {
		for (int i = 0; i < 1000; i++)
			shared++;
		cond_resched();
	}
}

static noinline __noipa int septorture_provoked_call(void)
{
	return 0;
}
ALLOW_ERROR_INJECTION(septorture_provoked_call, ERRNO);

static ssize_t provoke_write(struct file *file, const char __user *buffer, size_t count,
			     loff_t *ppos)
{
	char buf[16] = "";
	int err = 0;

	if (count >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, buffer, count))
		return -EFAULT;

	if (!strcmp(buf, "warn"))
		septorture_provoked_warn();
	else if (!strcmp(buf, "race"))
		septorture_provoked_race();
	else if (!strcmp(buf, "call"))
		err = septorture_provoked_call();
	else
		err = -EINVAL;
	return err ?: count;
}

static const struct file_operations provoke_fops = {
	.write	= provoke_write,
	.llseek	= noop_llseek,
};

static int __init provoke_init(void)
{
	septorture_dir = debugfs_create_dir("septorture", NULL);
	debugfs_create_file("provoke", 0200, septorture_dir, NULL, &provoke_fops);
	return 0;
}
device_initcall(provoke_init);
