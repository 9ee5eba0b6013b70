// SPDX-License-Identifier: GPL-2.0-only
/*
 * Splats and a failing function on demand, in debugfs/septorture/provoke, so
 * that a test can prove that it would see a real one: a run that reports
 * nothing because nobody was looking must not pass for clean.
 *   warn	a WARN
 *   race	some milliseconds of unsynchronized increments; a data race if two
 *		CPUs do it at once
 *   call N	calls a function that does nothing and can be made to fail, with N
 *		as its argument; returns its error
 *   caller N	the same by way of another function
 *   time N	calls it N times; reading the file tells how long that took
 */
#include <linux/bug.h>
#include <linux/debugfs.h>
#include <linux/error-injection.h>
#include <linux/init.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
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

static noinline __noipa int septorture_provoked_call(unsigned long n)
{
	return 0;
}
ALLOW_ERROR_INJECTION(septorture_provoked_call, ERRNO);

/* On its stack, so that it can be told apart from a direct call. */
static noinline __noipa int septorture_provoked_caller(unsigned long n)
{
	int err = septorture_provoked_call(n);

	barrier();
	return err;
}

static atomic64_t took_ns;

static void time_calls(unsigned long n)
{
	u64 start = ktime_get_ns();

	while (n--)
		septorture_provoked_call(n);
	atomic64_set(&took_ns, ktime_get_ns() - start);
}

static ssize_t provoke_write(struct file *file, const char __user *buffer, size_t count,
			     loff_t *ppos)
{
	char buf[32] = "", end;
	unsigned long n;
	int err = 0;

	if (count >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, buffer, count))
		return -EFAULT;

	if (!strcmp(buf, "warn"))
		septorture_provoked_warn();
	else if (!strcmp(buf, "race"))
		septorture_provoked_race();
	else if (sscanf(buf, "call %lu%c", &n, &end) == 1)
		err = septorture_provoked_call(n);
	else if (sscanf(buf, "caller %lu%c", &n, &end) == 1)
		err = septorture_provoked_caller(n);
	else if (sscanf(buf, "time %lu%c", &n, &end) == 1)
		time_calls(n);
	else
		err = -EINVAL;
	return err ?: count;
}

static ssize_t provoke_read(struct file *file, char __user *buffer, size_t count, loff_t *ppos)
{
	char buf[32];
	int len = scnprintf(buf, sizeof(buf), "%lld ns\n", atomic64_read(&took_ns));

	return simple_read_from_buffer(buffer, count, ppos, buf, len);
}

static const struct file_operations provoke_fops = {
	.read	= provoke_read,
	.write	= provoke_write,
	.llseek	= noop_llseek,
};

static int __init provoke_init(void)
{
	septorture_dir = debugfs_create_dir("septorture", NULL);
	debugfs_create_file("provoke", 0600, septorture_dir, NULL, &provoke_fops);
	return 0;
}
device_initcall(provoke_init);
