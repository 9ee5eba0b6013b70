// SPDX-License-Identifier: GPL-2.0-or-later
#include "rundir.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "xmem.h"

/* A plan may be called anything; a directory that people type should not be. */
static char *make_id(const char *plan, const char *mutant)
{
	char stamp[32], *id;
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	id = xasprintf("%s-%.40s%s%.60s-%d", stamp, plan, mutant ? "-" : "", mutant ? mutant : "",
		       (int)getpid());
	for (char *s = id; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("-_.", *s))
			*s = '_';
	return id;
}

static int make_dir(const char *path, int may_exist, char **error)
{
	if (!mkdir(path, 0777) || (may_exist && errno == EEXIST))
		return 0;
	*error = xasprintf("cannot make the directory %s: %s", path, strerror(errno));
	return -1;
}

int rundir_make(struct rundir *dir, const char *src, const char *plan, const char *mutant,
		char **error)
{
	char *build = xasprintf("%s/build", src);
	char *runs = xasprintf("%s/runs", build);
	int ret;

	dir->id = make_id(plan, mutant);
	dir->path = xasprintf("%s/%s", runs, dir->id);
	ret =
	    make_dir(build, 1, error) || make_dir(runs, 1, error) || make_dir(dir->path, 0, error);
	free(build);
	free(runs);
	if (ret)
		rundir_free(dir);
	return ret ? -1 : 0;
}

void rundir_publish(const struct rundir *dir)
{
	char *latest = xasprintf("%s/../latest", dir->path);
	char *draft = xasprintf("%s/../.latest-%d", dir->path, (int)getpid());

	/* By way of a rename: another run may do the same right now. */
	if (symlink(dir->id, draft) || rename(draft, latest)) {
		say("cannot update %s: %s", latest, strerror(errno));
		unlink(draft);
	}
	free(latest);
	free(draft);
}

void rundir_free(struct rundir *dir)
{
	free(dir->id);
	free(dir->path);
	*dir = (struct rundir){0};
}

int copy_file(const char *from, const char *to, char **error)
{
	FILE *in = fopen(from, "re"), *out = in ? fopen(to, "we") : NULL;
	char buf[65536];
	size_t n;
	int bad = !out;

	while (!bad && (n = fread(buf, 1, sizeof(buf), in)) > 0)
		bad = fwrite(buf, 1, n, out) != n;
	if (in)
		bad |= ferror(in);
	if (out)
		bad |= fclose(out);
	if (bad)
		*error = xasprintf("cannot copy %s to %s: %s", from, to, strerror(errno));
	if (in)
		fclose(in);
	return bad ? -1 : 0;
}
