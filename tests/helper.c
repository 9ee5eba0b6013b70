// SPDX-License-Identifier: GPL-2.0-or-later
#include "helper.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xmem.h"

static char scratch[] = "/tmp/septorture-test-XXXXXX";

int enter_scratch(void **state)
{
	(void)state;
	return mkdtemp(scratch) && !chdir(scratch) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int leave_scratch(void **state)
{
	(void)state;
	return chdir("/") || nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void write_bytes(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

void write_text(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

char *read_text(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = xcalloc(1, (4 << 20) + 1);

	if (f) {
		text[fread(text, 1, 4 << 20, f)] = '\0';
		fclose(f);
	}
	return text;
}

void assert_contains(const char *haystack, const char *needle)
{
	if (!strstr(haystack, needle))
		fail_msg("this text:\n%s\nlacks: %s", haystack, needle);
}

void assert_lacks(const char *haystack, const char *needle)
{
	if (strstr(haystack, needle))
		fail_msg("this text:\n%s\nshould not hold: %s", haystack, needle);
}
