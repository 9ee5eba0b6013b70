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
	size_t ndirs; /* that are in it */
	char **dirs; /* owned */
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
	/* The kernel opens it for init before anything can mount /dev. */
	add(a, "dev/console", S_IFCHR | 0600, 5, 1, "", 0);
	add(a, "TRAILER!!!", 0, 0, 0, "", 0);
}

/* Adds the directory NAME, once. */
static void add_dir(struct archive *a, const char *name)
{
	for (size_t i = 0; i < a->ndirs; i++)
		if (!strcmp(a->dirs[i], name))
			return;
	a->dirs = xgrow(a->dirs, a->ndirs, sizeof(*a->dirs));
	a->dirs[a->ndirs++] = xstrdup(name);
	add(a, name, S_IFDIR | 0755, 0, 0, "", 0);
}

/* Adds the directories above NAME, the outermost first: the kernel makes none by itself. */
static void add_dirs_of(struct archive *a, const char *name)
{
	for (const char *slash = name; (slash = strchr(slash, '/')); slash++) {
		char *dir = xasprintf("%.*s", (int)(slash - name), name);

		add_dir(a, dir);
		free(dir);
	}
}

static int add_more(struct archive *a, const struct initramfs_files *more, char **error)
{
	for (size_t i = 0; more && i < more->n; i++) {
		const struct initramfs_file *f = &more->v[i];

		add_dirs_of(a, f->name + 1);
		if (add_file(a, f->name + 1, 0755, f->path))
			continue;
		*error = xasprintf("cannot read %s: %s; the plan needs it in the VM", f->path,
				   strerror(errno));
		return -1;
	}
	return 0;
}

static int add_all(struct archive *a, const char *agent, const char *plan,
		   const struct initramfs_files *more, char **error)
{
	static const char *const dirs[] = {"dev", "proc", "sys", "tmp"};
	const char *missing = NULL;

	if (!add_file(a, "init", 0755, agent))
		missing = agent;
	else if (!add_file(a, "plan.ini", 0644, plan))
		missing = plan;
	if (missing) {
		*error = xasprintf("cannot read %s: %s; run 'make' in the source tree first",
				   missing, strerror(errno));
		return -1;
	}
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		add_dir(a, dirs[i]);
	if (add_more(a, more, error))
		return -1;
	add_rest(a);
	return 0;
}

int initramfs_write(const char *path, const char *agent, const char *plan,
		    const struct initramfs_files *more, char **error)
{
	struct archive a = {.f = fopen(path, "we")};
	int ret;
	bool bad;

	if (!a.f) {
		*error = xasprintf("cannot write %s: %s", path, strerror(errno));
		return -1;
	}
	ret = add_all(&a, agent, plan, more, error);
	for (size_t i = 0; i < a.ndirs; i++)
		free(a.dirs[i]);
	free(a.dirs);
	bad = ferror(a.f);
	bad |= fclose(a.f) != 0;
	if (!bad || ret)
		return ret;
	*error = xasprintf("cannot write %s: %s; is the disk full?", path, strerror(errno));
	return -1;
}

void initramfs_files_add(struct initramfs_files *files, char *name, char *path)
{
	for (size_t i = 0; i < files->n; i++)
		if (!strcmp(files->v[i].name, name)) {
			free(name);
			free(path);
			return;
		}
	files->v = xgrow(files->v, files->n, sizeof(*files->v));
	files->v[files->n++] = (struct initramfs_file){name, path};
}

void initramfs_files_free(struct initramfs_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		free(files->v[i].name);
		free(files->v[i].path);
	}
	free(files->v);
	*files = (struct initramfs_files){0};
}
