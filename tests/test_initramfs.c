// SPDX-License-Identifier: GPL-2.0-or-later
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "initramfs.h"

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
	assert_int_equal(initramfs_write("i.cpio", "agent", "p.ini", &error), 0);
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
	assert_int_equal(initramfs_write("i.cpio", "none", "agent", &error), -1);
	assert_string_equal(error, "cannot read none: No such file or directory; run 'make' in the "
				   "source tree first");
	free(error);
	assert_int_equal(initramfs_write("i.cpio", "agent", "none", &error), -1);
	assert_contains(error, "cannot read none: ");
	free(error);
	assert_int_equal(initramfs_write("no/where", "agent", "agent", &error), -1);
	assert_string_equal(error, "cannot write no/where: No such file or directory");
	free(error);
	assert_int_equal(initramfs_write("/dev/full", "agent", "agent", &error), -1);
	assert_contains(error, "cannot write /dev/full: No space left on device");
	free(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(archive),
	    cmocka_unit_test(failures),
	};

	return cmocka_run_group_tests_name("initramfs", tests, enter_scratch, leave_scratch);
}
