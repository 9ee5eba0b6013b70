// SPDX-License-Identifier: GPL-2.0-or-later
#include "installed.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

	/* The XDG specification: a relative one is to be ignored. */
	if (data && *data == '/')
		return xasprintf("%s/septorture", data);
	return xasprintf("%s/.local/share/septorture", home && *home ? home : "/tmp");
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

/* An older one may point to another version, or into nothing. */
static void make_link(const char *to, const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name), *new = xasprintf("%s.%d", path, (int)getpid());
	char is[PATH_MAX] = "";

	if (readlink(path, is, sizeof(is) - 1) < 0 || strcmp(is, to)) {
		/* By rename: another septorture may start at the same time. */
		if (symlink(to, new) || rename(new, path)) {
			say("cannot make the link %s: %s", path, strerror(errno));
			unlink(new);
		}
	}
	free(new);
	free(path);
}

static void link_all(const char *share, const char *home)
{
	char *build = xasprintf("%s/build", home), *to;
	DIR *d = opendir(share);
	struct dirent *entry;

	make_path(build);
	while (d && (entry = readdir(d))) {
		if (*entry->d_name == '.')
			continue;
		to = xasprintf("%s/%s", share, entry->d_name);
		make_link(to, strcmp(entry->d_name, "agent") ? home : build, entry->d_name);
		free(to);
	}
	if (d)
		closedir(d);
	free(build);
}

char *installed_home(void)
{
	char *share = find_share(), *home;

	if (!share)
		return NULL;
	home = find_home();
	link_all(share, home);
	free(share);
	return home;
}
