// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdlib.h>

#include "branches.h"
#include "table.h"

static void add_row(struct table *t, const char *const *cells)
{
	for (size_t i = 0; i < t->ncols; i++)
		table_add(t, cells[i]);
}

static void add_functions(const struct branches *b, struct table *t)
{
	static const char *const head[] = {"FUNCTION", "TAKEN", "NEVER", "WAIVED", "FILE"};

	t->ncols = sizeof(head) / sizeof(head[0]);
	add_row(t, head);
	for (size_t i = 0, next; i < b->n; i = next) {
		struct branches_sum sum;

		next = branches_function(b, i, &sum);
		table_add(t, b->list[i].function);
		table_addf(t, "%u", sum.taken);
		table_addf(t, "%u", sum.never);
		table_addf(t, "%u", sum.waived);
		table_add(t, b->list[i].file);
	}
}

static void add_list(const struct branches *b, struct table *t)
{
	static const char *const head[] = {"TIMES", "FUNCTION", "PLACE", "SOURCE", "BY"};

	t->ncols = sizeof(head) / sizeof(head[0]);
	add_row(t, head);
	for (size_t i = 0; i < b->n; i++) {
		const struct branch *one = &b->list[i];

		if (one->times)
			table_addf(t, "%" PRId64, one->times);
		else
			table_add(t, one->waived ? "waived" : "never");
		table_add(t, one->function);
		table_addf(t, "%s:%" PRId64, one->file, one->line);
		table_add(t, one->text);
		table_add(t, one->by);
	}
}

void branches_text(const struct branches *b, bool list, FILE *out)
{
	struct table t = {0};

	fprintf(out, "kernel %s: runs with faults %" PRId64 ", without %" PRId64 "\n\n", b->kernel,
		b->faulted, b->baseline);
	if (list)
		add_list(b, &t);
	else
		add_functions(b, &t);
	table_print(&t, "", out);
}
