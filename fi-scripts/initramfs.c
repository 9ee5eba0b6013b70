// SPDX-License-Identifier: GPL-2.0-or-later
#include "initramfs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "xmem.h"

/* A cpio archive in the "newc" form (Documentation/driver-api/early-userspace/buffer-format.rst).
 */
struct archive {
	FILE *f;
	unsigned int inode;
};

static void pad(struct archive *a)
{
	while (ftell(a->f) % 4 && !ferror(a->f))
		fputc(0, a->f);
}

static void add(struct archive *a, const char *name, unsigned int mode, unsigned int major,
		unsigned int minor, const void *data, size_t size)
{
	size_t namesize = strlen(name) + 1;

	/* magic, ino, mode, uid, gid, nlink, mtime, size, devmajor, devminor,
	 * rdevmajor, rdevminor, namesize, check */
	fprintf(a->f, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", ++a->inode,
		mode, 0, 0, 1, 0, (unsigned int)size, 0, 0, major, minor, (unsigned int)namesize,
		0);
	fwrite(name, 1, namesize, a->f);
	pad(a);
	fwrite(data, 1, size, a->f);
	pad(a);
}

/* Adds the file at PATH; false with errno set if it can't be read. */
static bool add_file(struct archive *a, const char *name, unsigned int mode, const char *path)
{
	FILE *f = fopen(path, "re");
	char *data = NULL;
	struct stat st;
	bool ok = false;

	if (!f)
		return false;
	if (!fstat(fileno(f), &st)) {
		data = xcalloc(1, (size_t)st.st_size);
		errno = EIO; /* a file that shrinks under us sets none */
		ok = fread(data, 1, (size_t)st.st_size, f) == (size_t)st.st_size;
	}
	if (ok)
		add(a, name, S_IFREG | mode, 0, 0, data, (size_t)st.st_size);
	free(data);
	fclose(f);
	return ok;
}

static void add_rest(struct archive *a)
{
	static const char *const dirs[] = {"dev", "proc", "sys", "tmp"};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		add(a, dirs[i], S_IFDIR | 0755, 0, 0, "", 0);
	/* The kernel opens it for init before anything can mount /dev. */
	add(a, "dev/console", S_IFCHR | 0600, 5, 1, "", 0);
	add(a, "TRAILER!!!", 0, 0, 0, "", 0);
}

int initramfs_write(const char *path, const char *agent, const char *plan, char **error)
{
	struct archive a = {.f = fopen(path, "we")};
	const char *missing = NULL;
	bool bad;

	if (!a.f) {
		*error = xasprintf("cannot write %s: %s", path, strerror(errno));
		return -1;
	}
	if (!add_file(&a, "init", 0755, agent))
		missing = agent;
	else if (!add_file(&a, "plan.ini", 0644, plan))
		missing = plan;
	if (missing)
		*error = xasprintf("cannot read %s: %s; run 'make' in the source tree first",
				   missing, strerror(errno));
	else
		add_rest(&a);
	bad = ferror(a.f);
	bad |= fclose(a.f) != 0;
	if (bad && !missing)
		*error = xasprintf("cannot write %s: %s; is the disk full?", path, strerror(errno));
	return bad || missing ? -1 : 0;
}
