// SPDX-License-Identifier: GPL-2.0-or-later
#include "mirror.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"

void *records_read(const char *path, size_t size, size_t *n)
{
	size_t len;
	char *data = file_read_bytes(path, &len);

	if (!data) {
		event_fail("%s cannot be read: %s", path, strerror(errno));
		return NULL;
	}
	*n = len / size;
	return data;
}

static struct septorture_mirror *now;
static size_t now_n;

const struct septorture_mirror *mirror_now(size_t *n)
{
	if (!now)
		now = records_read(MIRROR, sizeof(*now), &now_n);
	*n = now_n;
	return now;
}

void mirror_forget(void)
{
	free(now);
	now = NULL;
}
