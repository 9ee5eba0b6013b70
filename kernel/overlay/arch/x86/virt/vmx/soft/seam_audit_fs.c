// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the model knows, read-only in debugfs/softseam:
 *   tds	a line per TD that has an HKID, with its S-EPT leaves by state
 *   leaves	calls, BUSY and other failures per SEAMCALL leaf
 *   findings	what the model itself saw going wrong
 * A TD's line is only exact while its vCPUs are out and nothing maps or zaps.
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/seq_file.h>
#include <asm/softseam.h>
#include "seam.h"
#include "seam_fs.h"

struct leaf_count {
	u64 n[SEPT_NR_STATES];
	u64 tables, unreadable;
};

static void count_table(struct seam_td *td, u64 *table, int level, struct leaf_count *count)
{
	for (int i = 0; i < 512; i++) {
		u64 val = seam_load(&table[i]);
		enum sept_state s = sept_state(val);
		u64 *child;

		if (s == SEPT_NR_STATES) {
			count->unreadable++;
			continue;
		}
		if (s != SEPT_NL_MAPPED && s != SEPT_NL_BLOCKED) {
			if (!level || s != SEPT_FREE)
				count->n[s]++;
			continue;
		}
		count->tables++;
		child = level ? seam_private_page(td, val & SEPT_HPA, PT_EPT) : NULL;
		if (child)
			count_table(td, child, level - 1, count);
		else
			count->unreadable++;
	}
}

/*
 * Takes no lock of the module's: looking must not make a leaf BUSY. So every
 * page is looked at only while its PAMT entry says what it is, and @hkid must
 * still be the TD's at the end; a TD that goes meanwhile isn't shown.
 */
static void show_td(struct seq_file *m, int hkid, u64 tdr_pa)
{
	struct pamt *p = pamt_find(tdr_pa);
	struct seam_td *td = seam_va(tdr_pa);
	struct leaf_count count = {};
	u64 *root;
	u8 levels;

	if (!p || seam_load(&p->type) != PT_TDR || td->magic != SEAM_MAGIC_TD)
		return;
	levels = td->levels;
	root = seam_private_page(td, td->tdcx[SEAM_ROOT_TDCX], PT_TDCX);
	if (root && (levels == 4 || levels == 5))
		count_table(td, root, levels - 1, &count);
	if (seam_load(&seam_sys.hkid_tdr[hkid]) != tdr_pa)
		return;
	seq_printf(m, "tdr %#llx hkid %u op_state %u epoch %llu vcpus %u pages %llu tables %llu ",
		   tdr_pa, td->hkid, td->op_state, td->epoch, td->nvcpus, td->chldcnt,
		   count.tables);
	seq_printf(m, "mapped %llu pending %llu blocked %llu unreadable %llu augs %llu removes %llu\n",
		   count.n[SEPT_MAPPED], count.n[SEPT_PENDING],
		   count.n[SEPT_BLOCKED] + count.n[SEPT_PENDING_BLOCKED], count.unreadable,
		   td->augs, td->removes);
}

static int tds_show(struct seq_file *m, void *v)
{
	for (int i = 1; i < SEAM_NR_HKIDS; i++) {
		u64 tdr = seam_load(&seam_sys.hkid_tdr[i]);

		if (tdr)
			show_td(m, i, tdr);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(tds);

static int leaves_show(struct seq_file *m, void *v)
{
	for (int i = 0; i < SEAM_MAX_LEAF; i++)
		if (seam_leaves[i].fn)
			seq_printf(m, "%s calls %llu busy %llu failed %llu\n", seam_leaves[i].name,
				   seam_load(&seam_counts[i].calls),
				   seam_load(&seam_counts[i].busy),
				   seam_load(&seam_counts[i].failed));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(leaves);

static int findings_show(struct seq_file *m, void *v)
{
	seq_printf(m, "stale_access %llu\ncorrupt_sept %llu\ncorrupt_control %llu\n",
		   seam_load(&seam_findings.stale_access), seam_load(&seam_findings.corrupt_sept),
		   seam_load(&seam_findings.corrupt_control));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(findings);

static int __init seam_audit_init(void)
{
	struct dentry *dir;

	if (!softseam_enabled())
		return 0;
	dir = debugfs_create_dir("softseam", NULL);
	debugfs_create_file("tds", 0400, dir, NULL, &tds_fops);
	debugfs_create_file("leaves", 0400, dir, NULL, &leaves_fops);
	debugfs_create_file("findings", 0400, dir, NULL, &findings_fops);
	seam_dump_init(dir);
	seam_provoke_init(dir);
	return 0;
}
late_initcall(seam_audit_init);
