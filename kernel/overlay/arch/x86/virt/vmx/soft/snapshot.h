/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A debugfs file of binary records that is filled when it is opened, by a
 * function that may hold locks under which nothing can be allocated.
 */
#ifndef _SOFT_SNAPSHOT_H
#define _SOFT_SNAPSHOT_H

#include <linux/fs.h>

struct snapshot {
	void *records;
	size_t record_size;	/* in bytes */
	size_t used, size;	/* in records; what does not fit is only counted */
};

/* Appends a record, returns its index. */
size_t snapshot_add(struct snapshot *s, const void *record);
/* Replaces the record with that index. */
void snapshot_set(struct snapshot *s, size_t index, const void *record);

/* For a file's open(): calls @take, more often if the records turn out to be too many. */
int snapshot_open(struct file *file, size_t record_size, void (*take)(struct snapshot *s));
ssize_t snapshot_read(struct file *file, char __user *buffer, size_t count, loff_t *ppos);
int snapshot_release(struct inode *inode, struct file *file);

#endif
