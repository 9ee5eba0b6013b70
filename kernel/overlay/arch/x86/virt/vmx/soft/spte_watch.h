/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the SPTE watch share. */
#ifndef _SOFT_SPTE_WATCH_H
#define _SOFT_SPTE_WATCH_H

#include <linux/types.h>

/* Which SPTE: @root is the address of its root table. */
struct spte_id {
	u64 root;
	u64 gfn;
	bool mirror;
};

/* The SPTE at @level that this CPU wrote last. */
struct spte_id spte_watch_last(int level);

#endif
