// SPDX-License-Identifier: GPL-2.0-or-later
#include "installed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "xmem.h"

/* Where the read-only part is; NULL: this is no installed program. */
static char *find_share(void)
{
	char exe[PATH_MAX] = "", *slash, *path, *share = NULL;

	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0 || !(slash = strrchr(exe, '/')))
		return NULL;
	*slash = '\0';
	path = xasprintf("%s/../share/septorture/kernel/build.sh", exe);
	if (!access(path, X_OK)) {
		free(path);
		path = xasprintf("%s/../share/septorture", exe);
		share = realpath(path, NULL);
	}
	free(path);
	return share;
}

static char *find_home(void)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

	struct passwd *pw;

	/* The XDG specification: a relative one is to be ignored. */
	if (data && *data == '/')
		return xasprintf("%s/septorture", data);
	if (!home || !*home)
		home = (pw = getpwuid(getuid())) ? pw->pw_dir : "/nonexistent";
	return xasprintf("%s/.local/share/septorture", home);
}

/* PATH with all that is above it. */
static void make_path(const char *path)
{
	char *copy = xstrdup(path);

	for (char *s = copy + 1; (s = strchr(s, '/')); *s++ = '/') {
		*s = '\0';
		mkdir(copy, 0777);
	}
	free(copy);
	if (mkdir(path, 0777) && errno != EEXIST)
		say("cannot make the directory %s: %s", path, strerror(errno));
}

/* Makes the link PATH unless it is there already; without MAKE only says whether it is. */
static bool link_one(const char *to, const char *path, bool make)
{
	char is[PATH_MAX] = "", *new;
	bool ok = readlink(path, is, sizeof(is) - 1) >= 0 && !strcmp(is, to);

	if (ok || !make)
		return ok;
	/* By rename: there is always one. */
	new = xasprintf("%s.new", path);
	unlink(new);
	ok = !symlink(to, new) && !rename(new, path);
	if (!ok)
		say("cannot make the link %s: %s", path, strerror(errno));
	free(new);
	return ok;
}

/* All that SHARE has, and the program, as a source tree has them. */
static bool link_all(const char *share, const char *home, bool make)
{
	static const char *const links[][2] = {
	    {"kernel", "kernel"},
	    {"configs", "configs"},
	    {"fi-scripts", "fi-scripts"},
	    {"agent", "build/agent"},
	    {"../../bin/septorture", "build/septorture"},
	};
	bool ok = true;

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		char *to = xasprintf("%s/%s", share, links[i][0]);
		char *path = xasprintf("%s/%s", home, links[i][1]);

		ok &= link_one(to, path, make);
		free(path);
		free(to);
	}
	return ok;
}

/*
 * The links may be those of another version, or of one that is gone: then they are made anew,
 * unless somebody works with them. The lock is kept as long as we live.
 */
static void settle(const char *share, const char *home)
{
	char *path = xasprintf("%s/build/.links.lock", home);
	int lock = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);

	free(path);
	if (lock < 0) {
		say("cannot write to %s/build: %s", home, strerror(errno));
	} else if (!link_all(share, home, false)) {
		if (flock(lock, LOCK_EX | LOCK_NB))
			say("another septorture than this one is at work in %s; set XDG_DATA_HOME "
			    "to another place",
			    home);
		else
			link_all(share, home, true);
	}
	if (lock >= 0)
		flock(lock, LOCK_SH);
}

char *installed_home(void)
{
	char *share = find_share(), *home, *build;

	if (!share)
		return NULL;
	home = find_home();
	build = xasprintf("%s/build", home);
	make_path(build);
	free(build);
	settle(share, home);
	free(share);
	return home;
}
