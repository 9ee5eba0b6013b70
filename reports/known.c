// SPDX-License-Identifier: GPL-2.0-or-later
#include "known.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xmem.h"

/* Splits LINE at its "  #"; false if there is none, or nothing before or after it. */
static bool split(char *line, char **reason)
{
	char *mark = strstr(line, "  #"), *end;

	if (!mark || mark == line)
		return false;
	for (end = mark; end > line && end[-1] == ' '; end--)
		;
	*end = '\0';
	*reason = mark + 3 + strspn(mark + 3, " ");
	return **reason;
}

static void mark(struct run_report *run, const char *signature, const char *reason)
{
	for (size_t i = 0; i < run->nfindings; i++) {
		struct finding *f = &run->findings[i];

		/* A splat that was cut may be another one that begins alike. */
		if (!f->known && !f->cut && !strcmp(f->signature, signature))
			f->known = xstrdup(reason);
	}
}

int known_mark(struct run_report *run, const char *path, char **error)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, *reason;
	size_t size = 0;
	int n = 0, ret = 0;

	if (!f) {
		*error = xasprintf("cannot read the known findings %s: %s", path, strerror(errno));
		return -1;
	}
	while (!ret && getline(&line, &size, f) > 0) {
		n++;
		line[strcspn(line, "\r\n")] = '\0';
		if (!*line || *line == '#')
			continue;
		if (split(line, &reason)) {
			mark(run, line, reason);
		} else {
			*error = xasprintf("%s:%d: a known finding needs a signature, two spaces, "
					   "'#' and a reason",
					   path, n);
			ret = -1;
		}
	}
	free(line);
	fclose(f);
	return ret;
}
