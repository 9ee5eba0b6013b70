// SPDX-License-Identifier: GPL-2.0-or-later
#include "branches.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "xmem.h"

struct view {
	struct store *store;
	const struct branches_request *request;
	FILE *out;
	struct branches_sum sum;
	struct table functions, branches;
	/* Of the function at hand. */
	char *file, *function;
	struct branches_sum of_function;
};

/* ---- which runs ---- */

/* The table `chosen`: runs, and whether faults were injected. */
static int choose(struct store *store, const char *where, char **error)
{
	char *sql = xasprintf(
	    "CREATE TEMP TABLE chosen AS SELECT id AS run, injected > 0 AS faulted FROM run"
	    " WHERE (%s) AND EXISTS (SELECT 1 FROM function WHERE run = id) AND kernel_id ="
	    " (SELECT kernel_id FROM run WHERE (%s) AND EXISTS"
	    " (SELECT 1 FROM function WHERE run = id) ORDER BY id DESC LIMIT 1)",
	    where, where);
	int bad = store_execute(store, sql, error);

	free(sql);
	return bad;
}

static int show_runs(struct view *v, char **error)
{
	struct store_rows *rows = store_query(
	    v->store,
	    "SELECT sum(faulted), sum(1 - faulted), max(kernel_id), max(config), max(mutant)"
	    " FROM temp.chosen JOIN run ON id = chosen.run",
	    "");
	int64_t faulted = 0, baseline = 0;

	if (store_next(rows)) {
		faulted = store_number(rows, 0);
		baseline = store_number(rows, 1);
		if (faulted && baseline)
			fprintf(v->out,
				"kernel %s (%s%s%s): runs with faults %" PRId64 ", without %" PRId64
				"\n\n",
				store_string(rows, 2), store_string(rows, 3),
				store_null(rows, 4) ? "" : " with ", store_string(rows, 4), faulted,
				baseline);
	}
	if (store_end(rows, error))
		return -1;
	if (faulted && baseline)
		return 0;
	*error = xasprintf("there %s with coverage%s; `make coverage` makes what is needed",
			   faulted || baseline ? "are runs" : "is no run",
			   faulted    ? ", but none without faults"
			   : baseline ? ", but none with faults"
				      : "");
	return 1;
}

/* ---- what they took ---- */

/*
 * The failure path: functions that were on the stack as calls were made to fail, and those that
 * were only called when calls failed. Of these, the ways out of branches that no run without
 * faults took, where the branch was come to at all. Macros make a dozen of one decision, so the
 * ways of a line count as one; but of two ways that only failures come to both have to be taken.
 */
static const char *const preparing[] = {
    "CREATE TEMP TABLE path AS SELECT file, name FROM function JOIN temp.chosen USING (run)"
    " GROUP BY file, name HAVING max(on_stack) OR"
    " (sum(faulted * calls) > 0 AND sum((1 - faulted) * calls) = 0)",

    "CREATE TEMP TABLE taken AS SELECT file, function, line, n, sum((1 - faulted) * count) AS base,"
    " sum(faulted * count) AS fault FROM arc JOIN temp.chosen USING (run)"
    " WHERE (file, function) IN (SELECT file, name FROM temp.path)"
    " GROUP BY file, function, line, n",

    "CREATE TEMP TABLE way AS SELECT file, function, line, n, coalesce(base, 0) AS base,"
    " coalesce(fault, 0) AS fault FROM main.way LEFT JOIN temp.taken USING (file, function, line, "
    "n)"
    " WHERE kernel_id = (SELECT kernel_id FROM run JOIN temp.chosen ON chosen.run = id LIMIT 1)"
    " AND (file, function) IN (SELECT file, name FROM temp.path)",

    "CREATE TEMP TABLE branch AS SELECT file, function, line,"
    " iif(sum(base) = 0 AND count(*) = 2, 1, 0) AS both FROM temp.way"
    " GROUP BY file, function, line HAVING sum(base = 0) > 0 AND sum(base + fault) > 0",
};

static const char query[] =
    "SELECT way.file, function, way.line, sum(fault), text"
    " FROM temp.way JOIN temp.branch USING (file, function, line)"
    " LEFT JOIN line ON line.file = way.file AND line.line = way.line AND kernel_id ="
    " (SELECT kernel_id FROM run JOIN temp.chosen ON chosen.run = id LIMIT 1)"
    " WHERE base = 0 GROUP BY way.file, function, way.line, n * both"
    " ORDER BY way.file, min(way.line) OVER (PARTITION BY way.file, function), function, way.line,"
    " n * both";

static void end_function(struct view *v)
{
	struct branches_sum *s = &v->of_function;

	if (v->function) {
		table_add(&v->functions, v->function);
		table_addf(&v->functions, "%u", s->taken);
		table_addf(&v->functions, "%u", s->never);
		table_addf(&v->functions, "%u", s->waived);
		table_add(&v->functions, v->file);
		v->sum.taken += s->taken;
		v->sum.never += s->never;
		v->sum.waived += s->waived;
	}
	free(v->file);
	free(v->function);
	v->file = v->function = NULL;
	*s = (struct branches_sum){0};
}

static void add_branch(struct view *v, struct store_rows *rows)
{
	const char *function = store_string(rows, 1), *text = store_string(rows, 4);
	int64_t times = store_number(rows, 3);
	struct waiver *waiver = waivers_find(v->request->waivers, function, text);

	if (!v->function || strcmp(v->function, function) ||
	    strcmp(v->file, store_string(rows, 0))) {
		end_function(v);
		v->file = xstrdup(store_string(rows, 0));
		v->function = xstrdup(function);
		waivers_mark(v->request->waivers, function);
	}
	if (times) {
		v->of_function.taken++;
		if (waiver)
			waiver->refuted = true;
	} else if (waiver) {
		v->of_function.waived++;
		waiver->matched++;
	} else {
		v->of_function.never++;
	}
	if (times)
		table_addf(&v->branches, "%" PRId64, times);
	else
		table_add(&v->branches, waiver ? "waived" : "never");
	table_add(&v->branches, function);
	table_addf(&v->branches, "%s:%" PRId64, store_string(rows, 0), store_number(rows, 2));
	table_add(&v->branches, text);
}

static int add_branches(struct view *v, char **error)
{
	struct store_rows *rows = store_query(v->store, query, "");
	static const char *const head[] = {"FUNCTION", "TAKEN", "NEVER", "WAIVED", "FILE"};
	static const char *const list_head[] = {"TIMES", "FUNCTION", "PLACE", "SOURCE"};

	v->functions.ncols = sizeof(head) / sizeof(head[0]);
	v->branches.ncols = sizeof(list_head) / sizeof(list_head[0]);
	for (size_t i = 0; i < v->functions.ncols; i++)
		table_add(&v->functions, head[i]);
	for (size_t i = 0; i < v->branches.ncols; i++)
		table_add(&v->branches, list_head[i]);
	while (store_next(rows))
		add_branch(v, rows);
	end_function(v);
	return store_end(rows, error);
}

/*
 * What a waiver says cannot be has been seen, or what it is about is no longer there. One of a
 * function that these runs did not come to as calls failed is about others.
 */
static void check_waivers(struct view *v)
{
	const struct waivers *w = v->request->waivers;

	for (size_t i = 0; i < w->n; i++) {
		const struct waiver *one = &w->v[i];

		if (!one->refuted && (one->matched || !one->is_here))
			continue;
		v->sum.stale++;
		fprintf(v->out, "%s:%u: stale: %s: %s: %s\n", w->path, one->line, one->function,
			one->text,
			one->refuted ? "it was taken" : "no such branch is left, or was come to");
	}
}

static void show_sum(struct view *v)
{
	unsigned int all = v->sum.taken + v->sum.never;

	fprintf(v->out, "\nfailure branches: %u of %u taken (%u %%), %u more are waived\n",
		v->sum.taken, all, all ? 100 * v->sum.taken / all : 0, v->sum.waived);
}

int branches_show(struct store *store, const struct branches_request *request, FILE *out,
		  struct branches_sum *sum, char **error)
{
	struct view v = {.store = store, .request = request, .out = out};
	int bad = choose(store, request->where, error);

	if (!bad)
		bad = show_runs(&v, error);
	for (size_t i = 0; !bad && i < sizeof(preparing) / sizeof(preparing[0]); i++)
		bad = store_execute(store, preparing[i], error);
	if (!bad)
		bad = add_branches(&v, error);
	if (!bad) {
		table_print(request->list ? &v.branches : &v.functions, "", out);
		check_waivers(&v);
		show_sum(&v);
	}
	table_empty(&v.functions);
	table_empty(&v.branches);
	*sum = v.sum;
	return bad;
}
