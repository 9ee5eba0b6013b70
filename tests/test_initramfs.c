// SPDX-License-Identifier: GPL-2.0-or-later
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "initramfs.h"
#include "programs.h"
#include "xmem.h"

/* The header of a newc entry: a magic number and thirteen fields of eight hex digits. */
enum { MAGIC = 6, FIELD = 8, HEADER = MAGIC + 13 * FIELD };
enum { MODE = 1, SIZE = 6, RMAJOR = 9, RMINOR = 10, NAMESIZE = 11 };

static unsigned int field(const char *entry, int n)
{
	char digits[FIELD + 1] = "";

	memcpy(digits, entry + MAGIC + n * FIELD, FIELD);
	return strtoul(digits, NULL, 16);
}

static size_t aligned(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* Checks one entry and returns where the next begins. */
static const char *entry(const char *start, const char *at, const char *name, unsigned int mode,
			 const char *data)
{
	size_t body = aligned(at - start + HEADER + strlen(name) + 1);

	assert_memory_equal(at, "070701", MAGIC);
	assert_string_equal(at + HEADER, name);
	assert_int_equal(field(at, NAMESIZE), strlen(name) + 1);
	assert_int_equal(field(at, MODE), mode);
	assert_int_equal(field(at, SIZE), strlen(data));
	assert_memory_equal(start + body, data, strlen(data));
	return start + aligned(body + strlen(data));
}

static void archive(void **state)
{
	char *error, *start;
	const char *at;

	(void)state;
	write_text("agent", "#!ELF");
	write_text("p.ini", "[plan]\n\n");
	assert_int_equal(initramfs_write("i.cpio", "agent", "p.ini", NULL, &error), 0);
	start = read_text("i.cpio");
	at = entry(start, start, "init", S_IFREG | 0755, "#!ELF");
	at = entry(start, at, "plan.ini", S_IFREG | 0644, "[plan]\n\n");
	at = entry(start, at, "dev", S_IFDIR | 0755, "");
	at = entry(start, at, "proc", S_IFDIR | 0755, "");
	at = entry(start, at, "sys", S_IFDIR | 0755, "");
	at = entry(start, at, "tmp", S_IFDIR | 0755, "");
	assert_int_equal(field(at, RMAJOR), 5);
	assert_int_equal(field(at, RMINOR), 1);
	at = entry(start, at, "dev/console", S_IFCHR | 0600, "");
	entry(start, at, "TRAILER!!!", 0, "");
	free(start);
}

static void failures(void **state)
{
	char *error;

	(void)state;
	write_text("agent", "x");
	assert_int_equal(initramfs_write("i.cpio", "none", "agent", NULL, &error), -1);
	assert_string_equal(error, "cannot read none: No such file or directory; run 'make' in the "
				   "source tree first");
	free(error);
	assert_int_equal(initramfs_write("i.cpio", "agent", "none", NULL, &error), -1);
	assert_contains(error, "cannot read none: ");
	free(error);
	assert_int_equal(initramfs_write("no/where", "agent", "agent", NULL, &error), -1);
	assert_string_equal(error, "cannot write no/where: No such file or directory");
	free(error);
	assert_int_equal(initramfs_write("/dev/full", "agent", "agent", NULL, &error), -1);
	assert_contains(error, "cannot write /dev/full: No space left on device");
	free(error);
}

static void add(struct initramfs_files *files, const char *name, const char *path)
{
	initramfs_files_add(files, xstrdup(name), xstrdup(path));
}

static void more_files(void **state)
{
	struct initramfs_files files = {0};
	char *error, *start;
	const char *at;

	(void)state;
	write_text("agent", "x");
	write_text("tool", "#!");
	write_text("lib.so", "so");
	add(&files, "/usr/bin/tool", "tool");
	add(&files, "/lib/x/lib.so.1", "lib.so");
	add(&files, "/usr/bin/tool", "again");
	add(&files, "/lib/b", "tool");
	add(&files, "/tmp/top", "tool");
	assert_int_equal(initramfs_write("i.cpio", "agent", "agent", &files, &error), 0);
	start = read_text("i.cpio");
	at = entry(start, start, "init", S_IFREG | 0755, "x");
	at = entry(start, at, "plan.ini", S_IFREG | 0644, "x");
	for (int i = 0; i < 4; i++)
		at = entry(start, at, (const char *const[]){"dev", "proc", "sys", "tmp"}[i],
			   S_IFDIR | 0755, "");
	at = entry(start, at, "usr", S_IFDIR | 0755, "");
	at = entry(start, at, "usr/bin", S_IFDIR | 0755, "");
	at = entry(start, at, "usr/bin/tool", S_IFREG | 0755, "#!");
	at = entry(start, at, "lib", S_IFDIR | 0755, "");
	at = entry(start, at, "lib/x", S_IFDIR | 0755, "");
	at = entry(start, at, "lib/x/lib.so.1", S_IFREG | 0755, "so");
	at = entry(start, at, "lib/b", S_IFREG | 0755, "#!");
	at = entry(start, at, "tmp/top", S_IFREG | 0755, "#!");
	at = entry(start, at, "dev/console", S_IFCHR | 0600, "");
	entry(start, at, "TRAILER!!!", 0, "");
	free(start);
	add(&files, "/lib/c", "gone");
	assert_int_equal(initramfs_write("i.cpio", "agent", "agent", &files, &error), -1);
	assert_string_equal(error, "cannot read gone: No such file or directory; the plan needs it "
				   "in the VM");
	free(error);
	initramfs_files_free(&files);
}

static struct plan *plan_with_band(void)
{
	struct plan *plan;
	char *error;

	write_text("p.ini", "[stressor calm]\n[stressor big-band]\nplayers = 1\n");
	plan = plan_read("p.ini", &error);
	assert_non_null(plan);
	return plan;
}

/* The file that begins with NAME in the VM, or NULL. */
static const struct initramfs_file *find(const struct initramfs_files *files, const char *name)
{
	for (size_t i = 0; i < files->n; i++)
		if (!strncmp(files->v[i].name, name, strlen(name)))
			return &files->v[i];
	return NULL;
}

static void programs(void **state)
{
	struct initramfs_files files = {0};
	struct plan *plan = plan_with_band();
	const struct initramfs_file *f;
	char *error;

	(void)state;
	/* With its libraries, the loader among them, where they are here. */
	setenv("SEPTORTURE_BAND", "/bin/true", 1);
	assert_int_equal(programs_add(&files, plan, &error), 0);
	assert_string_equal(find(&files, "/usr/bin/septorture-band")->path, "/bin/true");
	f = find(&files, "/lib64/ld-linux-x86-64.so.2");
	assert_non_null(f);
	assert_string_equal(f->path, f->name);
	assert_int_equal(files.n, 3);
	initramfs_files_free(&files);

	/* What is no dynamic program has none. */
	write_text("script", "#!/bin/sh\n");
	assert_int_equal(chmod("script", 0755), 0);
	setenv("SEPTORTURE_BAND", "./script", 1);
	assert_int_equal(programs_add(&files, plan, &error), 0);
	assert_int_equal(files.n, 1);
	initramfs_files_free(&files);

	unsetenv("SEPTORTURE_BAND");
	assert_int_equal(programs_add(&files, plan, &error), -1);
	assert_string_equal(error,
			    "[stressor big-band] needs septorture-band, which is not there; "
			    "fi-scripts/install.sh installs it (package septorture-band), or set "
			    "SEPTORTURE_BAND to another");
	free(error);
	plan->nstressors = 1;
	assert_int_equal(programs_add(&files, plan, &error), 0);
	assert_int_equal(files.n, 0);
	plan->nstressors = 2;
	plan_free(plan);
}

/* ldd says what is missing, and fails for nothing else. */
static void broken_program(void **state)
{
	struct initramfs_files files = {0};
	struct plan *plan = plan_with_band();
	char *error, *path = xstrdup(getenv("PATH"));

	(void)state;
	assert_int_equal(mkdir("bin", 0755), 0);
	write_text("bin/ldd", "#!/bin/sh\nprintf '\\tlibx.so.1 => not found\\n'\n");
	assert_int_equal(chmod("bin/ldd", 0755), 0);
	setenv("SEPTORTURE_BAND", "/bin/true", 1);
	setenv("PATH", "bin", 1);
	assert_int_equal(programs_add(&files, plan, &error), -1);
	assert_string_equal(error, "/bin/true cannot run: its library libx.so.1 is not found; "
				   "install its package again");
	free(error);
	setenv("PATH", "nowhere", 1);
	assert_int_equal(programs_add(&files, plan, &error), -1);
	assert_contains(error, "cannot start ldd, which says which libraries /bin/true needs: ");
	free(error);
	setenv("PATH", path, 1);
	free(path);
	unsetenv("SEPTORTURE_BAND");
	initramfs_files_free(&files);
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(archive),	      cmocka_unit_test(failures),
	    cmocka_unit_test(more_files),     cmocka_unit_test(programs),
	    cmocka_unit_test(broken_program),
	};

	return cmocka_run_group_tests_name("initramfs", tests, enter_scratch, leave_scratch);
}
