// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs/softseam/latent: a line per knob, "name per-million seed", then how
 * often it was asked and hit; and a line per leaf that takes time, "name ns".
 * Writing such a line without the counters sets one; "off" sets all to 0. From
 * "patient NAME" on that leaf waits for locks.
 */
#include <linux/debugfs.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "seam.h"
#include "seam_fs.h"

static DEFINE_MUTEX(lock);	/* of writers */

static int latent_show(struct seq_file *m, void *v)
{
	for (int i = 0; i < LATENT_NR; i++) {
		struct seam_latent_knob *k = &seam_latent.knob[i];

		seq_printf(m, "%s %u %llu tries %llu hits %llu\n", seam_latent_names[i],
			   seam_load(&k->per_million), seam_load(&k->seed), seam_load(&k->tries),
			   seam_load(&k->hits));
	}
	for (int i = 0; i < SEAM_MAX_LEAF; i++)
		if (seam_load(&seam_latent.leaf_ns[i]))
			seq_printf(m, "%s %u\n", seam_leaves[i].name,
				   seam_load(&seam_latent.leaf_ns[i]));
	return 0;
}

/* The number of the leaf @name, or -EINVAL. */
static int find_leaf(const char *name)
{
	for (int i = 0; i < SEAM_MAX_LEAF; i++)
		if (seam_leaves[i].name && !strcmp(seam_leaves[i].name, name))
			return i;
	return -EINVAL;
}

static int set_leaf(const char *name, u32 ns)
{
	int i = find_leaf(name);

	if (i < 0 || ns > SEAM_LATENT_MAX_NS)
		return -EINVAL;
	seam_store(&seam_latent.leaf_ns[i], ns);
	return 0;
}

static int set_patient(const char *name)
{
	int i = find_leaf(name);

	if (i < 0)
		return i;
	seam_store(&seam_latent.patient[i], true);
	return 0;
}

static int set_knob(const char *name, u32 per_million, u64 seed)
{
	if (per_million > 1000000)
		return -EINVAL;
	for (int i = 0; i < LATENT_NR; i++) {
		if (!strcmp(seam_latent_names[i], name)) {
			seam_store(&seam_latent.knob[i].seed, seed);
			seam_store(&seam_latent.knob[i].per_million, per_million);
			return 0;
		}
	}
	return -EINVAL;
}

static void set_off(void)
{
	for (int i = 0; i < LATENT_NR; i++)
		seam_store(&seam_latent.knob[i].per_million, 0);
	for (int i = 0; i < SEAM_MAX_LEAF; i++)
		seam_store(&seam_latent.leaf_ns[i], 0);
}

static ssize_t latent_write(struct file *file, const char __user *buffer, size_t count,
			    loff_t *ppos)
{
	char text[96] = "", name[32], leaf[32], end;
	u64 seed = 0;
	u32 n = 0;
	int fields, err = 0;

	if (*ppos || count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buffer, count))
		return -EFAULT;
	fields = sscanf(text, "%31s %u %llu %c", name, &n, &seed, &end);

	mutex_lock(&lock);
	if (sscanf(text, "patient %31s %c", leaf, &end) == 1)
		err = set_patient(leaf);
	else if (fields == 1 && !strcmp(name, "off"))
		set_off();
	else if (fields == 2)
		err = set_leaf(name, n);
	else if (fields == 3)
		err = set_knob(name, n, seed);
	else
		err = -EINVAL;
	mutex_unlock(&lock);
	return err ?: count;
}

static int latent_open(struct inode *inode, struct file *file)
{
	return single_open(file, latent_show, NULL);
}

static const struct file_operations latent_fops = {
	.open		= latent_open,
	.read		= seq_read,
	.write		= latent_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

void seam_latent_init(struct dentry *dir)
{
	seam_latent.contended_only = true;
	debugfs_create_file("latent", 0600, dir, NULL, &latent_fops);
}
