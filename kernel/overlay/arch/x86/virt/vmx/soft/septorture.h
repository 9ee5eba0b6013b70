/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SOFT_SEPTORTURE_H
#define _SOFT_SEPTORTURE_H

struct dentry;

/* debugfs/septorture; there before late initcalls run. */
extern struct dentry *septorture_dir;

#endif
