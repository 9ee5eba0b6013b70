// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the model knows, read-only in debugfs/softseam:
 *   tds	a line per TD that has an HKID: S-EPT leaves by state and level, pages by
 *		type, epochs, locks ("S2" two sharers, "X" exclusive, "+hp" the host has
 *		priority)
 *   vcpus	a line per vCPU: state, LP, epoch, zero-step list, where its program is
 *   lps	a line per LP that is in a leaf: who holds the locks
 *   hkids	those in use: state, TD, packages whose caches are to be written back
 *   pamt	pages by type, of all TDs
 *   statuses	calls per leaf and status: natural, provoked by a knob, injected
 *   counts	what guests did: TLB, zero-step mitigation, busy ACCEPTs
 *   findings	what the model itself saw going wrong
 *   kept	pages that left their TD, and that the host still has
 *   log	the last of these, and of what ended a vCPU
 * No lock of the module's is taken: looking must not make a leaf BUSY. So a
 * line about a TD is only exact while its vCPUs are out and nothing maps or zaps.
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/seq_file.h>
#include <asm/softseam.h>
#include "seam.h"
#include "seam_fs.h"

#define MAX_LEVELS	5

struct leaf_count {
	u64 n[MAX_LEVELS][SEPT_NR_STATES];
	u64 unreadable;
};

static void count_table(struct seam_td *td, u64 *table, int level, struct leaf_count *count)
{
	for (int i = 0; i < SEPT_ENTRIES; i++) {
		u64 val = seam_load(&table[i]);
		enum sept_state s = sept_state(val);
		u64 *child;

		if (s == SEPT_NR_STATES) {
			count->unreadable++;
			continue;
		}
		count->n[level][s]++;
		if (s != SEPT_NL_MAPPED && s != SEPT_NL_BLOCKED)
			continue;
		child = level ? seam_private_page(td, val & SEPT_HPA, PT_EPT) : NULL;
		if (child)
			count_table(td, child, level - 1, count);
		else
			count->unreadable++;
	}
}

static u64 sum(const struct leaf_count *count, enum sept_state s)
{
	u64 n = 0;

	for (int level = 0; level < MAX_LEVELS; level++)
		n += count->n[level][s];
	return n;
}

static void show_lock(struct seq_file *m, const char *name, const struct seam_lock *lock)
{
	u16 v = seam_load(&lock->v);

	seq_printf(m, " %s ", name);
	if (v & SEAM_LOCK_EXCLUSIVE)
		seq_puts(m, "X");
	else
		seq_printf(m, "S%u", v & SEAM_LOCK_SHARERS);
	if (v & SEAM_LOCK_HP)
		seq_puts(m, "+hp");
}

/*
 * Per level (1: 4K) that has any: mapped, pending, blocked, pending_blocked; tables, blocked ones.
 */
static void show_levels(struct seq_file *m, const struct leaf_count *count)
{
	for (int level = 0; level < MAX_LEVELS; level++) {
		const u64 *n = count->n[level];

		if (n[SEPT_MAPPED] + n[SEPT_PENDING] + n[SEPT_BLOCKED] + n[SEPT_PENDING_BLOCKED] +
		    n[SEPT_NL_MAPPED] + n[SEPT_NL_BLOCKED])
			seq_printf(m, " L%d %llu,%llu,%llu,%llu,%llu,%llu", level + 1,
				   n[SEPT_MAPPED], n[SEPT_PENDING], n[SEPT_BLOCKED],
				   n[SEPT_PENDING_BLOCKED], n[SEPT_NL_MAPPED], n[SEPT_NL_BLOCKED]);
	}
}

/* The TD of @hkid if it is there and whole. */
static struct seam_td *find_td(int hkid, struct pamt **p)
{
	u64 pa = seam_load(&seam_sys.hkid[hkid].tdr);
	struct seam_td *td = pa ? seam_va(pa) : NULL;

	*p = td ? pamt_find(pa) : NULL;
	if (!*p || seam_load(&(*p)->type) != PT_TDR || td->magic != SEAM_MAGIC_TD)
		return NULL;
	return td;
}

/*
 * Every page is looked at only while its PAMT entry says what it is, and @hkid
 * must still be the TD's at the end; a TD that goes meanwhile isn't shown.
 */
static void show_td(struct seq_file *m, int hkid)
{
	struct leaf_count count = {};
	struct pamt *p;
	struct seam_td *td = find_td(hkid, &p);
	u64 *root;
	u8 levels;

	if (!td)
		return;
	levels = td->levels;
	root = seam_private_page(td, td->tdcx[SEAM_ROOT_TDCX], PT_TDCX);
	if (root && (levels == 4 || levels == 5))
		count_table(td, root, levels - 1, &count);
	if (seam_load(&seam_sys.hkid[hkid].tdr) != td->pa)
		return;
	seq_printf(m, "tdr %#llx hkid %u op_state %u epoch %llu vcpus %u pages %llu tables %llu ",
		   td->pa, td->hkid, td->op_state, td->epoch, td->nvcpus, td->chldcnt,
		   sum(&count, SEPT_NL_MAPPED) + sum(&count, SEPT_NL_BLOCKED));
	seq_printf(m, "mapped %llu pending %llu blocked %llu unreadable %llu augs %llu removes %llu",
		   sum(&count, SEPT_MAPPED), sum(&count, SEPT_PENDING),
		   sum(&count, SEPT_BLOCKED) + sum(&count, SEPT_PENDING_BLOCKED),
		   count.unreadable, td->augs, td->removes);
	seq_printf(m, " lifecycle %u fatal %u refcount %u,%u associated %u reg %llu tdcx %llu tdvpr %llu ept %llu",
		   td->lifecycle, td->fatal, td->refcount[0], td->refcount[1], td->nassoc,
		   td->npages[PT_REG], td->npages[PT_TDCX], td->npages[PT_TDVPR],
		   td->npages[PT_EPT]);
	show_levels(m, &count);
	show_lock(m, "tdr_lock", &p->lock);
	show_lock(m, "op_state_lock", &td->op_lock);
	show_lock(m, "sept_lock", &td->sept_lock);
	show_lock(m, "epoch_lock", &td->epoch_lock);
	seq_putc(m, '\n');
}

static int tds_show(struct seq_file *m, void *v)
{
	for (int i = 0; i < SEAM_NR_HKIDS; i++)
		show_td(m, i);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(tds);

static void show_vcpu(struct seq_file *m, struct seam_td *td, u64 pa)
{
	struct seam_vp *vp = seam_private_page(td, pa, PT_TDVPR);

	if (!vp || vp->magic != SEAM_MAGIC_VP)
		return;
	seq_printf(m, "tdr %#llx vcpu %u tdvpr %#llx state %u lp %d epoch %llu entries %llu ops %llu pc %llu",
		   td->pa, vp->index, pa, vp->state, vp->lp, vp->epoch, vp->entries, vp->ops,
		   vp->pc);
	seq_printf(m, " epf %u listed %u shared_eptp %#llx", vp->epf_count, vp->nepf,
		   vp->shared_eptp);
	show_lock(m, "tdvpr_lock", &pamt_find(pa)->lock);
	seq_putc(m, '\n');
}

static int vcpus_show(struct seq_file *m, void *v)
{
	for (int i = 0; i < SEAM_NR_HKIDS; i++) {
		struct pamt *p;
		struct seam_td *td = find_td(i, &p);
		u32 *vps = NULL;

		if (td && td->ntdcx > SEAM_VPS_TDCX)
			vps = seam_private_page(td, td->tdcx[SEAM_VPS_TDCX], PT_TDCX);
		for (u32 n = 0; vps && n < seam_load(&td->nvcpus) && n < SEAM_MAX_VCPUS; n++)
			show_vcpu(m, td, (u64)seam_load(&vps[n]) << 12);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vcpus);

static int lps_show(struct seq_file *m, void *v)
{
	for (u32 i = 0; i < SEAM_MAX_LPS; i++) {
		u32 leaf = seam_load(&seam_sys.lp[i].leaf);

		if (leaf)
			seq_printf(m, "lp %u leaf %s tdr %#llx last_vp %#llx\n", i,
				   seam_leaves[leaf - 1].name, seam_load(&seam_sys.lp[i].tdr),
				   seam_load(&seam_sys.lp[i].last_vp));
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(lps);

static int hkids_show(struct seq_file *m, void *v)
{
	static const char *const states[] = { "free", "assigned", "flushed" };

	for (int i = 0; i < SEAM_NR_HKIDS; i++) {
		struct seam_hkid *h = &seam_sys.hkid[i];
		u32 state = seam_load(&h->state);

		if (state != HKID_FREE)
			seq_printf(m, "hkid %u %s tdr %#llx unwritten %#x\n", SEAM_FIRST_HKID + i,
				   states[state], seam_load(&h->tdr), seam_load(&h->unwritten));
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(hkids);

static const char *const page_types[PT_NR] = {
	[PT_REG] = "reg", [PT_TDR] = "tdr", [PT_TDCX] = "tdcx", [PT_TDVPR] = "tdvpr",
	[PT_EPT] = "ept",
};

static int pamt_show(struct seq_file *m, void *v)
{
	for (int i = 0; i < PT_NR; i++)
		if (page_types[i])
			seq_printf(m, "%s %llu\n", page_types[i],
				   seam_load(&seam_sys.npages[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(pamt);

static int statuses_show(struct seq_file *m, void *v)
{
	for (int i = 0; i < SEAM_MAX_LEAF; i++) {
		struct seam_count *c = &seam_counts[i];
		u64 used = seam_load(&c->used);

		for (u64 j = 0; j < used && j < SEAM_STATUSES; j++)
			seq_printf(m, "%s %#018llx natural %llu provoked %llu injected %llu\n",
				   seam_leaves[i].name, seam_load(&c->s[j].status),
				   seam_load(&c->s[j].n[SEAM_NATURAL]),
				   seam_load(&c->s[j].n[SEAM_PROVOKED]),
				   seam_load(&c->s[j].n[SEAM_INJECTED]));
		if (seam_load(&c->other))
			seq_printf(m, "%s others %llu\n", seam_leaves[i].name,
				   seam_load(&c->other));
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(statuses);

static int counts_show(struct seq_file *m, void *v)
{
	const struct seam_guest_counts *c = &seam_guest_counts;

	seq_printf(m, "tlb_hits %llu\ntlb_misses %llu\ntlb_flushes %llu\n", c->tlb_hits,
		   c->tlb_misses, c->tlb_flushes);
	seq_printf(m, "late_private %llu\nlate_shared %llu\n", c->late_private, c->late_shared);
	seq_printf(m, "zero_step_enters %llu\nzero_step_exits %llu\n", c->zero_step_enters,
		   c->zero_step_exits);
	seq_printf(m, "accept_busy %llu\nhost_priority_busy %llu\n", c->accept_busy,
		   c->host_priority_busy);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counts);

static int findings_show(struct seq_file *m, void *v)
{
	const struct seam_findings *f = &seam_findings;

	seq_printf(m, "stale_access %llu\nstale_shared %llu\nshared_private %llu\n",
		   seam_load(&f->stale_access), seam_load(&f->stale_shared),
		   seam_load(&f->shared_private));
	seq_printf(m, "data_mismatch %llu\ncorrupt_sept %llu\n",
		   seam_load(&f->data_mismatch), seam_load(&f->corrupt_sept));
	seq_printf(m, "corrupt_control %llu\nunwritten %llu\n",
		   seam_load(&f->corrupt_control), seam_load(&f->unwritten));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(findings);

/* By what they were: a page is given to the host, and the host has not let go of it. */
static int kept_show(struct seq_file *m, void *v)
{
	u64 n[PT_NR] = {}, all = 0;

	seam_pages_kept(n);
	for (int i = 0; i < PT_NR; i++) {
		if (page_types[i])
			seq_printf(m, "%s %llu\n", page_types[i], n[i]);
		all += n[i];
	}
	seq_printf(m, "all %llu\n", all);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(kept);

static const char *const log_text[LOG_NR_KINDS] = {
	[LOG_ILLEGAL_OP]	= "illegal op",
	[LOG_BAD_ADDRESS]	= "address not aligned or outside of the guest's address width",
	[LOG_PAST_END]		= "ran past the end of the program",
	[LOG_ENDLESS_LOOP]	= "endless loop that does nothing",
	[LOG_MOD_ZERO]		= "division by 0",
	[LOG_STALE_ACCESS]	= "stale translation to a page that is not the TD's",
	[LOG_STALE_SHARED]	= "stale translation to a page that the host has freed",
	[LOG_SHARED_PRIVATE]	= "shared translation to a private page",
	[LOG_DATA_MISMATCH]	= "memory changed",
	[LOG_CORRUPT_SEPT]	= "S-EPT overwritten",
};

static int log_show(struct seq_file *m, void *v)
{
	u64 end = seam_load(&seam_log.seq);

	for (u64 n = end > SEAM_LOG_SIZE ? end - SEAM_LOG_SIZE + 1 : 1; n <= end; n++) {
		struct seam_log_entry *e = &seam_log.entry[n % SEAM_LOG_SIZE], copy;

		if (seam_load(&e->seq) != n)
			continue;
		copy = *e;
		if (seam_load(&e->seq) != n || copy.kind >= LOG_NR_KINDS)
			continue;
		seq_printf(m, "%llu tdr %#llx vcpu %u op %llu gpa %#llx page %#llx %#llx %#llx %s\n", n,
			   copy.tdr, copy.vcpu, copy.pc, copy.gpa, copy.hpa, copy.a, copy.b,
			   log_text[copy.kind]);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(log);

static int __init seam_audit_init(void)
{
	static const struct {
		const char *name;
		const struct file_operations *fops;
	} files[] = {
		{ "tds", &tds_fops }, { "vcpus", &vcpus_fops }, { "lps", &lps_fops },
		{ "hkids", &hkids_fops }, { "pamt", &pamt_fops }, { "statuses", &statuses_fops },
		{ "counts", &counts_fops }, { "findings", &findings_fops }, { "kept", &kept_fops }, { "log", &log_fops },
	};
	struct dentry *dir;

	if (!softseam_enabled())
		return 0;
	dir = debugfs_create_dir("softseam", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		debugfs_create_file(files[i].name, 0400, dir, NULL, files[i].fops);
	seam_dump_init(dir);
	seam_provoke_init(dir);
	seam_latent_init(dir);
	return 0;
}
late_initcall(seam_audit_init);
