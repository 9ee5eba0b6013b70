// SPDX-License-Identifier: GPL-2.0-or-later
#include "draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xmem.h"

static char *draft_name(const char *path)
{
	return xasprintf("%s.new", path);
}

FILE *draft_open(const char *path)
{
	char *name = draft_name(path);
	FILE *f = fopen(name, "we");

	free(name);
	return f;
}

int draft_close(FILE *f, const char *path, char **error)
{
	char *name = draft_name(path);
	int bad = !f;

	if (f) {
		bad = ferror(f);
		bad |= fclose(f);
	}
	if (!bad)
		bad = rename(name, path);
	if (bad)
		*error = xasprintf("cannot write the report %s: %s; is the disk full?", path,
				   strerror(errno));
	free(name);
	return bad ? -1 : 0;
}
