// SPDX-License-Identifier: GPL-2.0-or-later
#include "format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"
#include "xmem.h"

const struct report_format *const report_formats[] = {
    &json_format,
    &text_format,
    NULL,
};

/* Under another name first, so that a reader never sees half a report. */
static int write_one(const struct run_report *run, const struct report_format *format,
		     const char *path)
{
	char *draft = xasprintf("%s.new", path);
	FILE *f = fopen(draft, "we");
	int bad = !f;

	if (f) {
		format->write(run, f);
		bad = ferror(f);
		bad |= fclose(f);
	}
	if (!bad)
		bad = rename(draft, path);
	free(draft);
	return bad ? -1 : 0;
}

int report_write_all(const struct run_report *run, const char *dir, char **error)
{
	int ret = 0;

	for (size_t i = 0; report_formats[i] && !ret; i++) {
		char *path = xasprintf("%s/%s", dir, report_formats[i]->file);

		ret = write_one(run, report_formats[i], path);
		if (ret)
			*error = xasprintf("cannot write the report %s: %s; is the disk full?",
					   path, strerror(errno));
		free(path);
	}
	return ret;
}
