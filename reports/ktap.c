// SPDX-License-Identifier: GPL-2.0-or-later
#include "ktap.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "by_oracle.h"
#include "summary.h"

static void diagnostic(const char *text, FILE *out)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		fprintf(out, "# %.*s\n", (int)len, text);
		text += len + !!text[len];
	}
}

static void test_line(const struct run_report *run, const struct oracle_test *t, size_t number,
		      const char *invalid, FILE *out)
{
	bool bad = t->failures || (invalid && !strcmp(t->name, "run"));

	for (size_t i = 0; i < run->nfindings; i++) {
		const struct finding *f = &run->findings[i];

		if (!run_counts(f) || strcmp(f->oracle, t->name))
			continue;
		diagnostic(f->title, out);
		diagnostic(f->signature, out);
	}
	if (bad && invalid && !t->failures)
		diagnostic(invalid, out);
	fprintf(out, "%s %zu %s", bad ? "not ok" : "ok", number, t->name);
	if (t->checks)
		fprintf(out, " # %" PRIu64 " checks", t->checks);
	fputc('\n', out);
}

static void ktap_write(const struct run_report *run, FILE *out)
{
	char *invalid = run_invalid(run);
	size_t n;
	struct oracle_test *tests = tests_of_run(run, &n);

	fprintf(out, "KTAP version 1\n# %s\n1..%zu\n", summary_word(run->id), n);
	for (size_t i = 0; i < n; i++)
		test_line(run, &tests[i], i + 1, invalid, out);
	free(tests);
	free(invalid);
}

const struct report_format ktap_format = {"ktap", "As KTAP: the same", "report.ktap", ktap_write};
