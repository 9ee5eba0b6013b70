// SPDX-License-Identifier: GPL-2.0-or-later
#include "junit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "by_oracle.h"
#include "markup.h"
#include "summary.h"
#include "xmem.h"

static void attribute(const char *name, const char *value, FILE *out)
{
	fprintf(out, " %s=\"", name);
	for (const char *end; *value; value = end) {
		end = value + strcspn(value, "\n");
		char *line = xasprintf("%.*s", (int)(end - value), value);

		markup_put(line, out);
		free(line);
		if (*end) {
			fputs("&#10;", out);
			end++;
		}
	}
	fputc('"', out);
}

static void failure(const struct finding *f, FILE *out)
{
	fputs("\n   <failure", out);
	attribute("message", f->title, out);
	attribute("type", f->kind, out);
	fputc('>', out);
	markup_put(f->signature, out);
	if (f->text) {
		fputc('\n', out);
		markup_put(f->text, out);
	}
	fputs("</failure>", out);
}

static void test_case(const struct run_report *run, const struct oracle_test *t, FILE *out)
{
	char *invalid = strcmp(t->name, "run") ? NULL : run_invalid(run);

	fputs("  <testcase", out);
	attribute("classname", summary_word(run->plan), out);
	attribute("name", t->name, out);
	fputc('>', out);
	if (invalid) {
		fputs("\n   <error", out);
		attribute("message", invalid, out);
		fputs("/>", out);
	}
	for (size_t i = 0; i < run->nfindings; i++)
		if (run_counts(&run->findings[i]) && !strcmp(run->findings[i].oracle, t->name))
			failure(&run->findings[i], out);
	fputs("</testcase>\n", out);
	free(invalid);
}

static void junit_write(const struct run_report *run, FILE *out)
{
	char *invalid = run_invalid(run);
	size_t n, failed = 0;
	struct oracle_test *tests = tests_of_run(run, &n);

	for (size_t i = 0; i < n; i++)
		failed += tests[i].failures > 0;
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n <testsuite", out);
	attribute("name", summary_word(run->id), out);
	fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%d\" time=\"%.3f\">\n", n, failed,
		invalid != NULL, run->wall_ms / 1e3);
	for (size_t i = 0; i < n; i++)
		test_case(run, &tests[i], out);
	fputs(" </testsuite>\n</testsuites>\n", out);
	free(tests);
	free(invalid);
}

const struct report_format junit_format = {
    "junit", "As JUnit's XML: a test for the run and for each oracle", "report.xml", junit_write};
