// SPDX-License-Identifier: GPL-2.0-or-later
#include "text_finding.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "summary.h"
#include "text.h"
#include "xmem.h"

static char *first_seen(const struct run_report *run, const struct finding *f)
{
	char *after = f->injected.known
			  ? xasprintf(", after %" PRIu64 " injections", f->injected.total)
			  : xstrdup("");
	uint64_t since;
	char *text;

	if (run_since_load(run, f, &since))
		text = xasprintf("%.2f s into the load%s", since / 1e6, after);
	else if (f->first_us)
		text = xasprintf("%.2f s after the kernel's start%s%s", f->first_us / 1e6,
				 run->has_load ? ", before the load" : "", after);
	else
		text = xasprintf("nobody knows when%s", after);
	free(after);
	return text;
}

static void write_facts(const struct run_report *run, const struct finding *f, FILE *out)
{
	struct table t = {.ncols = 2};
	char *seen = first_seen(run, f);

	table_add(&t, "found by");
	table_addf(&t, "%s/%s%s%s%s", f->oracle, f->kind, summary_mark(f), f->known ? " " : "",
		   f->known ? f->known : "");
	table_add(&t, "signature");
	table_add(&t, f->signature);
	table_add(&t, "first seen");
	table_add(&t, seen);
	table_add(&t, "seen");
	table_addf(&t, "%" PRIu64 " time%s", f->count, f->count == 1 ? "" : "s");
	summary_subject(run, &t);
	table_print(&t, "", out);
	free(seen);
}

/* Line NUMBER of the splat, with what was inlined there above it, as syzbot has it. */
static void write_line(const struct finding *f, size_t number, const char *line, int len, FILE *out)
{
	const struct frame *here = NULL;
	int indent = (int)strspn(line, " ");

	for (size_t i = 0; i < f->nframes; i++) {
		const struct frame *at = &f->frames[i];

		if (at->text_line != number)
			continue;
		if (at->inlined)
			fprintf(out, "%*s%s %s:%u [inline]\n", indent, "", at->function, at->file,
				at->line);
		else
			here = at;
	}
	if (here)
		fprintf(out, "%.*s %s:%u\n", len, line, here->file, here->line);
	else
		fprintf(out, "%.*s\n", len, line);
}

/* klog.h and jansson let no control characters through. */
static void write_body(const struct finding *f, FILE *out)
{
	const char *text = f->text ? f->text : "";

	if (*text)
		fputc('\n', out);
	for (size_t i = 0; *text; i++) {
		size_t len = strcspn(text, "\n");

		write_line(f, i, text, (int)len, out);
		text += len + !!text[len];
	}
}

void text_finding(const struct run_report *run, const struct finding *f, FILE *out)
{
	fputs("\n" TEXT_RULE "\n", out);
	table_line(f->title, "", out);
	fputc('\n', out);
	write_facts(run, f, out);
	if (f->injected.n) {
		fputs("\ninjected shortly before, the oldest first:\n", out);
		injected_print(&f->injected, "  ", out);
	}
	write_body(f, out);
	if (run->reproduce) {
		fputs("\nto reproduce it:\n", out);
		table_line(run->reproduce, "  ", out);
	}
}
