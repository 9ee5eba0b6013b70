// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which paths were taken under load, in a kernel with gcov: its counters, and the functions that
 * were on the stack when calls were made to fail.
 */
#include "agent.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GCOV   "/sys/kernel/debug/gcov"
#define STACKS "/sys/kernel/debug/septorture/stacks"

bool gcov_is_there(void)
{
	return !access(GCOV, F_OK);
}

void gcov_begin(void)
{
	if (gcov_is_there() && file_write(GCOV "/reset", "1"))
		event_fail("the counters of gcov cannot be reset through " GCOV "/reset");
}

/* Of which case of an enumeration the counters are; negative: of none. */
static int64_t case_number = -1;

/* free() it. */
static char *base64(const unsigned char *data, size_t len)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = malloc((len + 2) / 3 * 4 + 1), *p = text;

	for (size_t i = 0; text && i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		unsigned int bits =
		    data[i] << 16 | (n > 1 ? data[i + 1] << 8 : 0) | (n > 2 ? data[i + 2] : 0);

		for (size_t d = 0; d < 4; d++)
			*p++ = d <= n ? digits[bits >> (18 - 6 * d) & 63] : '=';
	}
	if (text)
		*p = '\0';
	return text;
}

static int send_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t len, end = strlen(path);
	char *data, *text;

	(void)st;
	(void)ftw;
	if (type != FTW_F || end < 5 || strcmp(path + end - 5, ".gcda"))
		return 0;
	data = file_read_bytes(path, &len);
	text = data ? base64((const unsigned char *)data, len) : NULL;
	if (text && case_number >= 0)
		event_emit("gcov", "{s:s, s:I, s:s}", "file", path + strlen(GCOV), "case",
			   (json_int_t)case_number, "data", text);
	else if (text)
		event_emit("gcov", "{s:s, s:s}", "file", path + strlen(GCOV), "data", text);
	else
		event_fail("the counters in %s cannot be read: %s", path, strerror(errno));
	free(text);
	free(data);
	return 0;
}

static void send_stacks(void)
{
	char *text = file_read(STACKS), *rest = text, *line;
	json_t *list = json_array();

	while (rest && (line = strsep(&rest, "\n")))
		if (*line)
			json_array_append_new(list, json_string(line));
	free(text);
	event_emit("stacks", "{s:o}", "frames", list);
}

void gcov_report(void)
{
	if (!gcov_is_there())
		return;
	send_stacks();
	nftw(GCOV, send_file, 8, FTW_PHYS);
}

void gcov_case(uint64_t number)
{
	if (!gcov_is_there())
		return;
	case_number = (int64_t)number;
	nftw(GCOV, send_file, 8, FTW_PHYS);
	case_number = -1;
	gcov_begin();
}
