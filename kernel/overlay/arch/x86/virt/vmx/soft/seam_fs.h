/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SEAM_FS_H
#define _SEAM_FS_H

struct dentry;

/* Each creates its files in debugfs' directory @dir. */
void seam_dump_init(struct dentry *dir);	/* sept */
void seam_provoke_init(struct dentry *dir);	/* enter */
void seam_latent_init(struct dentry *dir);	/* latent */

#endif
