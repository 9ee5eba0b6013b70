// SPDX-License-Identifier: GPL-2.0-or-later
#include "format.h"

#include <stdlib.h>

#include "draft.h"
#include "html.h"
#include "json.h"
#include "junit.h"
#include "ktap.h"
#include "text.h"
#include "xmem.h"

const struct report_format *const report_formats[] = {
    &json_format, &text_format, &html_format, &junit_format, &ktap_format, NULL,
};

size_t report_nformats(void)
{
	return sizeof(report_formats) / sizeof(report_formats[0]) - 1;
}

int report_write_all(const struct run_report *run, const char *dir, char **error)
{
	int ret = 0;

	for (size_t i = 0; report_formats[i] && !ret; i++) {
		char *path = xasprintf("%s/%s", dir, report_formats[i]->file);
		FILE *f = draft_open(path);

		if (f)
			report_formats[i]->write(run, f);
		ret = draft_close(f, path, error);
		free(path);
	}
	return ret;
}
