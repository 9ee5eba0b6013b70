// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "snapshot.h"

size_t snapshot_add(struct snapshot *s, const void *record)
{
	snapshot_set(s, s->used, record);
	return s->used++;
}

void snapshot_set(struct snapshot *s, size_t index, const void *record)
{
	if (index < s->size)
		memcpy(s->records + index * s->record_size, record, s->record_size);
}

int snapshot_open(struct file *file, size_t record_size, void (*take)(struct snapshot *s))
{
	struct snapshot *s = kzalloc_obj(*s);

	if (!s)
		return -ENOMEM;
	s->record_size = record_size;
	s->size = 4096;
	for (;;) {
		s->records = vmalloc_array(s->size, record_size);
		if (!s->records) {
			kfree(s);
			return -ENOMEM;
		}
		s->used = 0;
		take(s);
		if (s->used <= s->size)
			break;
		s->size = s->used + s->used / 2;
		vfree(s->records);
	}
	file->private_data = s;
	return 0;
}

ssize_t snapshot_read(struct file *file, char __user *buffer, size_t count, loff_t *ppos)
{
	struct snapshot *s = file->private_data;

	return simple_read_from_buffer(buffer, count, ppos, s->records, s->used * s->record_size);
}

int snapshot_release(struct inode *inode, struct file *file)
{
	struct snapshot *s = file->private_data;

	vfree(s->records);
	kfree(s);
	return 0;
}
