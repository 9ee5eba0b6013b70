// SPDX-License-Identifier: GPL-2.0-or-later
/* libFuzzer's way into the parser of kernel logs (make fuzz-klog): any bytes are a log. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "klog.h"
#include "xmem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What every splat promises, whatever the log was. */
static void see(void *arg, const struct klog_splat *s)
{
	size_t *lines = arg, text_lines = 0;

	if (!s->kind || !s->title || !s->header || strncmp(s->signature, s->kind, strlen(s->kind)))
		abort();
	for (const char *c = s->text; *c; c++) {
		if ((*c < ' ' || *c > '~') && *c != '\n' && *c != '\t')
			abort();
		text_lines += *c == '\n';
	}
	/* No splat out of nothing. */
	if (!text_lines || text_lines > KLOG_MAX_LINES || text_lines > *lines)
		abort();
	for (size_t i = 0; i < s->nframes; i++)
		if (!*s->frames[i].function)
			abort();
}

/* As from the console; a line that begins with a digit has a level and a caller beside it. */
static void feed(struct klog *k, const char *line)
{
	if (*line >= '0' && *line <= '9')
		klog_line(k, 1, *line - '1', line[1] ? "T1" : "C0", line + 1);
	else
		klog_line(k, 0, -1, "", line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xasprintf("%.*s", (int)size, (const char *)data), *rest, *line;
	size_t lines = 0;
	struct klog *k = klog_new(see, &lines);

	for (rest = text; (line = strsep(&rest, "\n"));) {
		lines++;
		feed(k, line);
	}
	klog_end(k);
	free(text);
	return 0;
}
