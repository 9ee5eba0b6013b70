/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commits of somebody's kernel tree, checked out one after the other in a tree of our own,
 * build/linux. Theirs is only read: what is not committed there plays no part.
 */
#ifndef SEPTORTURE_GITTREE_H
#define SEPTORTURE_GITTREE_H

#include <stdbool.h>
#include <stddef.h>

struct gittree {
	char *theirs; /* its root, absolute */
	char *ours; /* absolute */
	int lock; /* held on it; -1: not */
};

struct git_commit {
	char *id; /* all 40 digits */
	char *subject;
};

/*
 * Begins with the git tree that DIR lies in; SRC is ours. Returns an EXIT_ status, with *error set
 * to a sentence (free() it) if it is not EXIT_CLEAN. gittree_close() it either way.
 */
int gittree_open(struct gittree *t, const char *src, const char *dir, char **error);
void gittree_close(struct gittree *t);

/* Whether there is something that is not committed. */
bool gittree_is_dirty(const struct gittree *t);

/* The commit that WORD means to git; false with *error set: none, or it is no kernel's. */
bool gittree_commit(const struct gittree *t, const char *word, struct git_commit *c, char **error);

/*
 * The commits of RANGE, "BASE..TIP", the oldest first, with BASE before them. Returns how many, 0
 * with *error set if it means none. Free them with git_commits_free().
 */
size_t gittree_range(const struct gittree *t, const char *range, struct git_commit **commits,
		     char **error);
void git_commits_free(struct git_commit *commits, size_t n);

/* Makes `ours` the commit ID. Returns 0, or -1 with *error set. */
int gittree_checkout(const struct gittree *t, const char *id, char **error);

#endif
