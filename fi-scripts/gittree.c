// SPDX-License-Identifier: GPL-2.0-or-later
#include "gittree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "tool.h"
#include "xmem.h"

/* No kernel that we can test is without. */
#define KVM_FILE "arch/x86/kvm/mmu/tdp_mmu.c"

/* ---- git ---- */

/* What git says, ended by a NULL; without its last newline (free() it). NULL: it refused. */
static char *git(const char *dir, ...)
{
	/* Theirs is not to be touched, not even its index; a log is to be what we ask for. */
	char *argv[16] = {"git",      "--no-optional-locks", "-c", "log.showSignature=false", "-C",
			  (char *)dir};
	size_t n = 6;
	int status;
	char *text, *arg;
	va_list args;

	va_start(args, dir);
	while ((arg = va_arg(args, char *)) && n < sizeof(argv) / sizeof(argv[0]) - 1)
		argv[n++] = arg;
	va_end(args);
	text = tool_output(argv, &status);
	if (!text || !WIFEXITED(status) || WEXITSTATUS(status)) {
		free(text);
		return NULL;
	}
	if (*text && text[strlen(text) - 1] == '\n')
		text[strlen(text) - 1] = '\0';
	return text;
}

static bool did(char *text)
{
	free(text);
	return text;
}

/* A git that calls us, as bisect does, has said which tree it is in: not for ours. */
static void forget_caller(void)
{
	static const char *const variables[] = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE",
						"GIT_PREFIX", "GIT_OBJECT_DIRECTORY"};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
}

/* ---- the two trees ---- */

static int lock(struct gittree *t, char **error)
{
	char *path = xasprintf("%s.lock", t->ours);

	t->lock = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
	if (t->lock >= 0 && !flock(t->lock, LOCK_EX | LOCK_NB)) {
		free(path);
		return 0;
	}
	if (t->lock >= 0 && errno == EWOULDBLOCK)
		*error =
		    xasprintf("another septorture has %s; wait for its end", shown_path(t->ours));
	else
		*error = xasprintf("cannot lock %s: %s", path, strerror(errno));
	free(path);
	return -1;
}

/* It finds theirs' objects where they are: nothing is copied but the files of a commit. */
static int link_objects(struct gittree *t, const char *objects, char **error)
{
	char *path = xasprintf("%s/.git/objects/info/alternates", t->ours), *stale;
	FILE *f = NULL;
	int bad = -1;

	/* If it is there already, that changes nothing. */
	if (did(git("/", "init", "-q", t->ours, NULL)))
		f = fopen(path, "we");
	if (f && fprintf(f, "%s\n", objects) > 0 && !fclose(f))
		bad = 0;
	else
		*error = xasprintf("cannot make a git tree in %s; remove it and try again",
				   shown_path(t->ours));
	/* We have the lock: whoever had git's was killed. */
	stale = xasprintf("%s/.git/index.lock", t->ours);
	unlink(stale);
	free(stale);
	free(path);
	return bad;
}

static int check_theirs(const struct gittree *t, char **error)
{
	char *partial = git(t->theirs, "config", "extensions.partialClone", NULL);

	if (partial)
		*error = xasprintf("%s is a partial clone: what it has not fetched yet cannot be "
				   "had from here; git fetch --refetch without a filter mends it",
				   t->theirs);
	else if (!strcmp(t->theirs, t->ours))
		*error = xasprintf("%s is where commits are checked out; give the tree that they "
				   "are from",
				   t->ours);
	else
		return EXIT_CLEAN;
	free(partial);
	return EXIT_USAGE;
}

int gittree_open(struct gittree *t, const char *src, const char *dir, char **error)
{
	char *objects = NULL, *tool = tool_path("git"), *build;
	int status = EXIT_INFRA;
	bool bare;

	*t = (struct gittree){.lock = -1};
	if (!tool) {
		*error = xstrdup("there is no git; install the package git");
		return EXIT_INFRA;
	}
	free(tool);
	forget_caller();
	/* A bare one will do. */
	t->theirs = git(dir, "rev-parse", "--is-bare-repository", NULL);
	bare = t->theirs && !strcmp(t->theirs, "true");
	free(t->theirs);
	t->theirs = git(dir, "rev-parse", bare ? "--absolute-git-dir" : "--show-toplevel", NULL);
	if (t->theirs)
		objects = git(t->theirs, "rev-parse", "--path-format=absolute", "--git-path",
			      "objects", NULL);
	if (!objects) {
		*error = xasprintf("%s is in no git tree; --tree says where the kernel's is", dir);
		return EXIT_USAGE;
	}
	build = xasprintf("%s/build", src);
	mkdir(build, 0777);
	free(build);
	t->ours = xasprintf("%s/build/linux", src);
	status = check_theirs(t, error);
	if (status) {
		free(objects);
		return status;
	}
	status = EXIT_INFRA;
	if (!lock(t, error) && !link_objects(t, objects, error))
		status = EXIT_CLEAN;
	free(objects);
	return status;
}

void gittree_close(struct gittree *t)
{
	if (t->lock >= 0)
		close(t->lock);
	free(t->theirs);
	free(t->ours);
	*t = (struct gittree){.lock = -1};
}

bool gittree_is_dirty(const struct gittree *t)
{
	char *text = git(t->theirs, "status", "--porcelain", "--untracked-files=no", NULL);
	bool dirty = text && *text;

	free(text);
	return dirty;
}

/* ---- commits ---- */

/* From "ID SUBJECT". */
static struct git_commit split(const char *line)
{
	size_t len = strcspn(line, " ");

	return (struct git_commit){xasprintf("%.*s", (int)len, line),
				   xstrdup(line[len] ? line + len + 1 : "")};
}

void git_commits_free(struct git_commit *commits, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(commits[i].id);
		free(commits[i].subject);
	}
	free(commits);
}

bool gittree_commit(const struct gittree *t, const char *word, struct git_commit *c, char **error)
{
	char *asked = xasprintf("%s^{commit}", word);
	char *id = git(t->theirs, "rev-parse", "--verify", "-q", "--end-of-options", asked, NULL);
	char *file = xasprintf("%s:" KVM_FILE, id ? id : "");
	bool ok = id && did(git(t->theirs, "rev-parse", "--verify", "-q", file, NULL));
	char *line = ok ? git(t->theirs, "log", "-1", "--format=%H %s", id, NULL) : NULL;

	if (line)
		*c = split(line);
	else if (id)
		*error = xasprintf("%s of %s is no kernel that can be tested: it has no " KVM_FILE,
				   word, t->theirs);
	else
		*error = xasprintf("%s has no commit '%s'", t->theirs, word);
	free(line);
	free(file);
	free(id);
	free(asked);
	return line;
}

/* The commits that git lists, behind the N that there are. */
static size_t add_lines(struct git_commit **commits, size_t n, char *text)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")) && *line) {
		*commits = xgrow(*commits, n, sizeof(**commits));
		(*commits)[n++] = split(line);
	}
	return n;
}

size_t gittree_range(const struct gittree *t, const char *range, struct git_commit **commits,
		     char **error)
{
	const char *dots = strstr(range, "..");
	struct git_commit tip, base;
	char *from, *between, *list;
	size_t n = 0;

	*commits = NULL;
	if (!dots || dots[2] == '.') {
		*error = xasprintf("'%s' is no range; say BASE..TIP", range);
		return 0;
	}
	from = dots == range ? xstrdup("HEAD") : xasprintf("%.*s", (int)(dots - range), range);
	if (!gittree_commit(t, from, &base, error)) {
		free(from);
		return 0;
	}
	free(from);
	*commits = xgrow(NULL, 0, sizeof(**commits));
	(*commits)[n++] = base;
	if (!gittree_commit(t, dots[2] ? dots + 2 : "HEAD", &tip, error)) {
		git_commits_free(*commits, n);
		*commits = NULL;
		return 0;
	}
	between = xasprintf("%s..%s", base.id, tip.id);
	list = git(t->theirs, "log", "--reverse", "--topo-order", "--no-merges", "--format=%H %s",
		   between, NULL);
	if (list)
		n = add_lines(commits, n, list);
	if (n == 1) {
		*error = xasprintf("there are no commits in %s of %s", range, t->theirs);
		git_commits_free(*commits, n);
		*commits = NULL;
		n = 0;
	}
	free(list);
	free(between);
	free(tip.id);
	free(tip.subject);
	return n;
}

int gittree_checkout(const struct gittree *t, const char *id, char **error)
{
	/* One that was cut short leaves files that would be compiled in. */
	if (did(git(t->ours, "checkout", "-q", "-f", "--detach", id, NULL)) &&
	    did(git(t->ours, "clean", "-q", "-f", "-f", "-d", "-x", NULL)))
		return 0;
	*error = xasprintf("cannot check out %.12s in %s, see above", id, shown_path(t->ours));
	return -1;
}
