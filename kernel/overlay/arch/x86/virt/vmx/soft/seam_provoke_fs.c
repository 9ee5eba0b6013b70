// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs/softseam/enter: one line, "status seed nth every probability times"
 * (status in hex, 0: none), replaces what is provoked; reading it shows that and
 * the counters, which go on. Entries are numbered from the creation of a vCPU.
 */
#include <linux/debugfs.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "seam.h"
#include "seam_fs.h"
#include "seam_provoke.h"

static DEFINE_MUTEX(lock);	/* of writers */

static int enter_show(struct seq_file *m, void *v)
{
	struct seam_provoke *p = &seam_provoke_enter;

	seq_printf(m, "%#llx %llu %llu %u %u %d\ncalls %llu\nprovoked %llu\n", p->status, p->seed,
		   p->nth, p->every, p->probability, seam_load(&p->times), seam_load(&p->calls),
		   seam_load(&p->provoked));
	return 0;
}

static ssize_t enter_write(struct file *file, const char __user *buffer, size_t count,
			   loff_t *ppos)
{
	struct seam_provoke new = {}, *p = &seam_provoke_enter;
	char text[128] = "", end;

	if (*ppos || count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buffer, count))
		return -EFAULT;
	if (sscanf(text, "%llx %llu %llu %u %u %d %c", &new.status, &new.seed, &new.nth,
		   &new.every, &new.probability, &new.times, &end) != 6 ||
	    !new.every || new.probability > 100 || new.times < -1)
		return -EINVAL;
	/* What the module calls success would be an exit that never was. */
	if (new.status && !(new.status >> 63))
		return -EINVAL;

	mutex_lock(&lock);
	/* Nothing is provoked by a mixture of old and new. */
	seam_store(&p->status, 0);
	seam_store(&p->seed, new.seed);
	seam_store(&p->nth, new.nth);
	seam_store(&p->every, new.every);
	seam_store(&p->probability, new.probability);
	seam_store(&p->times, new.times);
	seam_store(&p->status, new.status);
	mutex_unlock(&lock);
	return count;
}

static int enter_open(struct inode *inode, struct file *file)
{
	return single_open(file, enter_show, NULL);
}

static const struct file_operations enter_fops = {
	.open		= enter_open,
	.read		= seq_read,
	.write		= enter_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

void seam_provoke_init(struct dentry *dir)
{
	debugfs_create_file("enter", 0600, dir, NULL, &enter_fops);
}
