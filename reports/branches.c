// SPDX-License-Identifier: GPL-2.0-or-later
#include "branches.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "causes.h"
#include "xmem.h"

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

static int read_runs(struct branches *b, char **error)
{
	struct store_rows *rows = store_query(
	    b->store,
	    "SELECT sum(faulted), sum(1 - faulted), max(kernel_id), max(config), max(mutant)"
	    " FROM temp.chosen JOIN run ON id = chosen.run",
	    "");

	if (store_next(rows)) {
		b->faulted = store_number(rows, 0);
		b->baseline = store_number(rows, 1);
		b->kernel = xasprintf("%s (%s%s%s)", store_string(rows, 2), store_string(rows, 3),
				      store_null(rows, 4) ? "" : " with ", store_string(rows, 4));
	}
	if (store_end(rows, error))
		return -1;
	if (b->faulted && b->baseline)
		return 0;
	*error = xasprintf("there %s with coverage%s; `make coverage` makes what is needed",
			   b->faulted || b->baseline ? "are runs" : "is no run",
			   b->faulted	 ? ", but none without faults"
			   : b->baseline ? ", but none with faults"
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
    " (sum(faulted * calls) > 0 AND sum((1 - faulted) * calls) = 0 AND (file, name) NOT IN"
    "  (SELECT file, function FROM arc JOIN temp.chosen USING (run) WHERE calm))",

    "CREATE TEMP TABLE taken AS SELECT file, function, line, n, "
    " sum((1 - faulted) * count) + coalesce(sum(calm), 0) AS base,"
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
    "SELECT way.file, function, way.line, sum(fault), ltrim(text, char(9) || ' '), iif(both, n, -1)"
    " FROM temp.way JOIN temp.branch USING (file, function, line)"
    " LEFT JOIN line ON line.file = way.file AND line.line = way.line AND kernel_id ="
    " (SELECT kernel_id FROM run JOIN temp.chosen ON chosen.run = id LIMIT 1)"
    " WHERE base = 0 GROUP BY way.file, function, way.line, n * both"
    " ORDER BY way.file, min(way.line) OVER (PARTITION BY way.file, function), function, way.line,"
    " n * both";

static void count(const struct branch *one, struct branches_sum *sum)
{
	unsigned int *n = one->times ? &sum->taken : one->waived ? &sum->waived : &sum->never;

	++*n;
}

static int add_branch(struct branches *b, struct store_rows *rows, char **error)
{
	struct causes_place place = {store_string(rows, 0), store_string(rows, 1),
				     store_number(rows, 2), store_number(rows, 5)};
	struct waiver *waiver;
	struct branch *one;

	b->list = xgrow(b->list, b->n, sizeof(*b->list));
	one = &b->list[b->n++];
	*one = (struct branch){
	    .file = xstrdup(place.file),
	    .function = xstrdup(place.function),
	    .line = place.line,
	    .times = store_number(rows, 3),
	    .text = xstrdup(store_string(rows, 4)),
	};
	waivers_mark(b->waivers, one->function);
	waiver = waivers_find(b->waivers, one->function, one->text);
	one->waived = waiver && !one->times;
	if (waiver && one->times)
		waiver->refuted = true;
	else if (waiver)
		waiver->matched++;
	count(one, &b->sum);
	one->by = one->waived ? xasprintf("waived: %s", waiver->reason)
			      : causes_of(b->store, &place, one->times > 0, error);
	return one->by ? 0 : -1;
}

static int add_branches(struct branches *b, char **error)
{
	struct store_rows *rows = store_query(b->store, query, "");
	char *second = NULL;
	int bad = 0;

	while (!bad && store_next(rows))
		bad = add_branch(b, rows, error);
	/* The first error is the one to tell. */
	if (store_end(rows, bad ? &second : error))
		bad = -1;
	free(second);
	return bad;
}

int branches_read(struct branches *b, struct store *store, const char *where,
		  struct waivers *waivers, char **error)
{
	int bad;

	*b = (struct branches){.store = store, .waivers = waivers};
	bad = choose(store, where, error);
	if (!bad)
		bad = read_runs(b, error);
	for (size_t i = 0; !bad && i < sizeof(preparing) / sizeof(preparing[0]); i++)
		bad = store_execute(store, preparing[i], error);
	if (!bad)
		bad = causes_prepare(store, error);
	return bad ? bad : add_branches(b, error);
}

void branches_free(struct branches *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->list[i].file);
		free(b->list[i].function);
		free(b->list[i].text);
		free(b->list[i].by);
	}
	free(b->list);
	free(b->kernel);
	*b = (struct branches){0};
}

size_t branches_function(const struct branches *b, size_t from, struct branches_sum *sum)
{
	size_t i = from;

	*sum = (struct branches_sum){0};
	for (; i < b->n && !strcmp(b->list[i].function, b->list[from].function) &&
	       !strcmp(b->list[i].file, b->list[from].file);
	     i++)
		count(&b->list[i], sum);
	return i;
}

char *branches_words(const struct branches *b)
{
	unsigned int all = b->sum.taken + b->sum.never;

	return xasprintf("failure branches: %u of %u taken (%u %%), %u more are waived",
			 b->sum.taken, all, all ? 100 * b->sum.taken / all : 0, b->sum.waived);
}

/* A waiver of a function that these runs did not come to as calls failed is about others. */
unsigned int branches_stale(const struct branches *b, FILE *out)
{
	unsigned int n = 0;

	for (size_t i = 0; i < b->waivers->n; i++) {
		const struct waiver *one = &b->waivers->v[i];

		if (!one->refuted && (one->matched || !one->is_here))
			continue;
		n++;
		fprintf(out, "%s:%u: stale: %s: %s: %s\n", b->waivers->path, one->line,
			one->function, one->text,
			one->refuted ? "it was taken" : "no such branch is left, or was come to");
	}
	return n;
}
