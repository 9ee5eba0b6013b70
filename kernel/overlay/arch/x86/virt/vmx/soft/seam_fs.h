/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SEAM_FS_H
#define _SEAM_FS_H

struct dentry;

/* Creates the file "sept" in debugfs' directory @dir. */
void seam_dump_init(struct dentry *dir);
/* Creates the file "enter" there. */
void seam_provoke_init(struct dentry *dir);

#endif
