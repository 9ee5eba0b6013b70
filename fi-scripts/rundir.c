// SPDX-License-Identifier: GPL-2.0-or-later
#include "rundir.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "format.h"
#include "vm.h"
#include "xmem.h"

/* A plan may be called anything; a directory that people type should not be. */
static char *make_id(const char *plan, const char *mutant)
{
	static unsigned int made; /* by this process: several in a second are possible */
	char stamp[32], again[16] = "", *id;
	time_t now = time(NULL);
	struct tm tm;

	if (++made > 1)
		snprintf(again, sizeof(again), ".%u", made);
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	id = xasprintf("%s-%.40s%s%.60s-%d%s", stamp, plan, mutant ? "-" : "", mutant ? mutant : "",
		       (int)getpid(), again);
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

static void forget(struct rundir *dir)
{
	free(dir->id);
	free(dir->path);
	*dir = (struct rundir){0};
}

/* ---- removal ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	remove(path);
	return 0;
}

void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void remove_in(const char *path, const char *name)
{
	char *file = xasprintf("%s/%s", path, name);

	remove_tree(file);
	free(file);
}

static bool is_in(const char *path, const char *name)
{
	char *file = xasprintf("%s/%s", path, name);
	bool there = !access(file, F_OK);

	free(file);
	return there;
}

char *rundir_probe(const char *path)
{
	return xasprintf("%s/probe", path);
}

static void remove_vms(const char *path)
{
	char *pattern = xasprintf("%s/" RUNDIR_VM "*", path);
	glob_t found;

	if (!glob(pattern, 0, NULL, &found)) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			remove_tree(found.gl_pathv[i]);
		globfree(&found);
	}
	free(pattern);
}

static void clear(const char *path)
{
	static const char *const names[] = {"probe", "initramfs.cpio", "mutants.json.new",
					    "mutants.txt.new"};

	remove_vms(path);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		remove_in(path, names[i]);
	for (size_t i = 0; report_formats[i]; i++) {
		char *draft = xasprintf("%s.new", report_formats[i]->file);

		remove_in(path, draft);
		free(draft);
	}
}

void rundir_clear(const struct rundir *dir)
{
	clear(dir->path);
}

/* ---- who is alive ---- */

/* Takes the lock of PATH: its descriptor, or -1 with errno set. */
static int take_lock(const char *path, int flags)
{
	char *file = xasprintf("%s/lock", path);
	int fd = open(file, O_RDWR | O_CLOEXEC | flags, 0666), err;

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB)) {
		err = errno;
		close(fd);
		errno = err;
		fd = -1;
	}
	free(file);
	return fd;
}

/* A run that has come to its end has no lock file. */
static void sweep_one(const char *path)
{
	/* The first things that a VM and a series of runs leave. */
	static const char *const first[] = {"qemu.log", "mutants.json", "soak.jsonl",
					    "enumeration.json", "series.json"};
	int lock = take_lock(path, 0);
	bool kept = false;

	if (lock < 0)
		return;
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		kept |= is_in(path, first[i]);
	/* What a VM of many runs has found is in theirs. */
	kept = kept && !is_in(path, VM_GO);
	if (kept) {
		clear(path);
		remove_in(path, "lock");
		say("%s was left by a septorture that was killed; what it has found is kept",
		    shown_path(path));
	} else {
		remove_tree(path);
	}
	close(lock);
}

static void sweep(const char *runs)
{
	DIR *d = opendir(runs);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char *path = xasprintf("%s/%s", runs, e->d_name);
		struct stat st;

		if (*e->d_name != '.' && !lstat(path, &st) && S_ISDIR(st.st_mode))
			sweep_one(path);
		free(path);
	}
	if (d)
		closedir(d);
}

/* ---- begin and end ---- */

/* Under the lock of all runs: nobody shall see the directory before it is locked. */
static int make_locked(struct rundir *dir, const char *runs, char **error)
{
	char *file = xasprintf("%s/.lock", runs);
	int all = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0666), ret = -1;

	if (all < 0 || flock(all, LOCK_EX)) {
		*error = xasprintf("cannot lock %s: %s", file, strerror(errno));
	} else {
		sweep(runs);
		ret = make_dir(dir->path, 0, error);
		dir->lock = ret ? -1 : take_lock(dir->path, O_CREAT);
		if (!ret && dir->lock < 0) {
			*error = xasprintf("cannot lock %s: %s", dir->path, strerror(errno));
			remove_tree(dir->path);
			ret = -1;
		}
	}
	if (all >= 0)
		close(all);
	free(file);
	return ret;
}

int rundir_make(struct rundir *dir, const char *src, const char *folder, const char *plan,
		const char *mutant, char **error)
{
	char *build = xasprintf("%s/build", src);
	char *runs = xasprintf("%s/%s", build, folder);
	int ret;

	dir->id = make_id(plan, mutant);
	dir->path = xasprintf("%s/%s", runs, dir->id);
	ret =
	    make_dir(build, 1, error) || make_dir(runs, 1, error) || make_locked(dir, runs, error);
	free(build);
	free(runs);
	if (ret)
		forget(dir);
	return ret ? -1 : 0;
}

int rundir_again(struct rundir *dir, const char *path, char **error)
{
	dir->lock = take_lock(path, O_CREAT);
	if (dir->lock < 0) {
		*error = xasprintf("cannot lock %s: %s", path, strerror(errno));
		return -1;
	}
	dir->id = xstrdup(strrchr(path, '/') + 1);
	dir->path = xstrdup(path);
	return 0;
}

void rundir_end(struct rundir *dir)
{
	if (!dir->id)
		return;
	remove_in(dir->path, "lock");
	close(dir->lock);
	forget(dir);
}

void rundir_discard(struct rundir *dir)
{
	if (dir->id)
		remove_tree(dir->path);
	rundir_end(dir);
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

int copy_file(const char *from, const char *to, char **error)
{
	unlink(to);
	return copy_part(from, 0, -1, to, error);
}

int copy_part(const char *from, off_t begin, off_t end, const char *to, char **error)
{
	FILE *in = fopen(from, "re"), *out = in ? fopen(to, "ae") : NULL;
	char buf[65536];
	size_t n = 1;
	int bad = !out || fseeko(in, begin, SEEK_SET);

	for (off_t at = begin; !bad && n && at != end; at += (off_t)n) {
		size_t most = sizeof(buf);

		if (end >= 0 && end - at < (off_t)most)
			most = (size_t)(end - at);
		n = fread(buf, 1, most, in);
		bad = fwrite(buf, 1, n, out) != n;
	}
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
