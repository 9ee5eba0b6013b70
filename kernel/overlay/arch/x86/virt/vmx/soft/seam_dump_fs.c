// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs/softseam/sept: the S-EPT entries of all TDs (asm/septorture_abi.h).
 * Takes no lock of the module's: exact only while nothing maps or zaps.
 */
#include <linux/debugfs.h>
#include <asm/septorture_abi.h>

#include "seam.h"
#include "seam_fs.h"
#include "snapshot.h"

static void dump_table(struct snapshot *out, struct seam_td *td, u64 *table, int level, u64 base)
{
	for (int i = 0; i < 512; i++) {
		u64 val = seam_load(&table[i]);
		enum sept_state s = sept_state(val);
		u64 *child = NULL;
		bool leaf;
		struct septorture_sept r = {
			.tdr = td->pa,
			.gfn = base + ((u64)i << (9 * level)),
			.hpa = val & SEPT_HPA,
			.level = level + 1,
			.state = 0xff,
		};

		if (s == SEPT_FREE)
			continue;
		if (s != SEPT_NR_STATES)
			r.state = sept_public_state(s);
		leaf = s != SEPT_NR_STATES && sept_is_leaf(s);
		r.pamt_bad = !seam_private_page(td, r.hpa, leaf ? PT_REG : PT_EPT);
		snapshot_add(out, &r);
		if (level && (s == SEPT_NL_MAPPED || s == SEPT_NL_BLOCKED))
			child = seam_private_page(td, r.hpa, PT_EPT);
		if (child)
			dump_table(out, td, child, level - 1, r.gfn);
	}
}

static void dump_all(struct snapshot *out)
{
	for (int i = 1; i < SEAM_NR_HKIDS; i++) {
		u64 pa = seam_load(&seam_sys.hkid[i].tdr);
		struct seam_td *td = pa ? seam_va(pa) : NULL;
		u64 *root = NULL;

		if (td && td->magic == SEAM_MAGIC_TD && td->ntdcx > SEAM_ROOT_TDCX)
			root = seam_private_page(td, td->tdcx[SEAM_ROOT_TDCX], PT_TDCX);
		if (root && (td->levels == 4 || td->levels == 5))
			dump_table(out, td, root, td->levels - 1, 0);
	}
}

static int sept_open(struct inode *inode, struct file *file)
{
	return snapshot_open(file, sizeof(struct septorture_sept), dump_all);
}

static const struct file_operations sept_fops = {
	.open		= sept_open,
	.read		= snapshot_read,
	.release	= snapshot_release,
	.llseek		= noop_llseek,
};

void seam_dump_init(struct dentry *dir)
{
	debugfs_create_file("sept", 0400, dir, NULL, &sept_fops);
}
