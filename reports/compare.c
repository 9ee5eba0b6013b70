// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "xmem.h"

/* With fewer on a side the noise is unknown. */
#define ENOUGH 3

struct sides {
	struct store *store;
	FILE *out;
	int64_t n[2]; /* runs of A and B */
	int worse;
};

static const char *const names[] = {"A", "B"};

/* ---- which runs ---- */

/* The table `chosen` gives each run its side, 0 or 1; a run may be on both. */
static int choose(struct sides *s, int side, const char *where, char **error)
{
	char *sql = xasprintf("INSERT INTO temp.chosen SELECT %d, id FROM run"
			      " WHERE verdict != 'invalid' AND (%s)",
			      side, where);
	int bad = store_execute(s->store, sql, error);
	struct store_rows *rows;

	free(sql);
	if (bad)
		return -1;
	rows = store_query(s->store, "SELECT count(*) FROM temp.chosen WHERE side = ?1", "i",
			   (int64_t)side);
	s->n[side] = store_next(rows) ? store_number(rows, 0) : 0;
	bad = store_end(rows, error);
	if (bad || s->n[side])
		return bad;
	*error =
	    xasprintf("%s means no run that is a result; `septorture history` shows what there is",
		      names[side]);
	return 1;
}

static int choose_both(struct sides *s, const char *a, const char *b, char **error)
{
	int bad =
	    store_execute(s->store, "CREATE TEMP TABLE chosen(side INTEGER, run TEXT)", error);

	if (!bad)
		bad = choose(s, 0, a, error);
	return bad ? bad : choose(s, 1, b, error);
}

static const char sides_query[] =
    "SELECT count(*), (SELECT group_concat(DISTINCT plan) FROM run JOIN temp.chosen c ON"
    " run = id WHERE side = ?1), (SELECT group_concat(DISTINCT config ||"
    " coalesce(' with ' || mutant, '')) FROM run JOIN temp.chosen ON run = id WHERE side = ?1),"
    " sum(verdict = 'clean'), sum(running_ms) / 1000, sum(faults), sum(injected)"
    " FROM run JOIN temp.chosen ON run = id WHERE side = ?1";

static int show_sides(struct sides *s, char **error)
{
	static const char *const header[] = {"",       "RUNS",	   "CLEAN", "LOAD S",
					     "FAULTS", "INJECTED", "PLAN",  "KERNEL"};
	static const int order[] = {0, 3, 4, 5, 6};
	struct table t = {.ncols = sizeof(header) / sizeof(header[0])};
	int bad = 0;

	for (size_t i = 0; i < t.ncols; i++)
		table_add(&t, header[i]);
	for (int side = 0; side < 2 && !bad; side++) {
		struct store_rows *rows = store_query(s->store, sides_query, "i", (int64_t)side);

		if (store_next(rows)) {
			table_add(&t, names[side]);
			for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
				table_addf(&t, "%" PRId64, store_number(rows, order[i]));
			table_add(&t, store_string(rows, 1));
			table_add(&t, store_string(rows, 2));
		}
		bad = store_end(rows, error);
	}
	table_print(&t, "", s->out);
	return bad;
}

/* ---- what one side has and the other has not ---- */

struct difference {
	const char *title, *gained, *lost;
	bool gain_is_worse, loss_is_worse;
	/* Rows of a name, in how many runs of A, in how many of B, and what to say of it. */
	const char *sql;
};

static const struct difference differences[] = {
    {"FINDING", "new", "fixed", true, false,
     "SELECT oracle || '/' || kind, count(DISTINCT iif(side, NULL, c.run)),"
     " count(DISTINCT iif(side, c.run, NULL)), min(title)"
     " FROM finding f JOIN temp.chosen c ON f.run = c.run WHERE counts"
     " GROUP BY oracle, signature ORDER BY 1, 4"},
    {"FAULT INJECTED", "gained", "lost", false, true,
     "SELECT site, count(DISTINCT iif(side, NULL, c.run)), count(DISTINCT iif(side, c.run, NULL)),"
     " status || ' in ' || context"
     " FROM site s JOIN temp.chosen c ON s.run = c.run WHERE injected > 0"
     " GROUP BY site, status, context ORDER BY 1, 4"},
    {"WINDOW PAIR", "gained", "lost", false, false,
     "SELECT w.op || ' ' || level, count(DISTINCT iif(side, NULL, c.run)),"
     " count(DISTINCT iif(side, c.run, NULL)), met || ' ' || how"
     " FROM window w JOIN temp.chosen c ON w.run = c.run WHERE times > 0"
     " GROUP BY w.op, level, met, how ORDER BY 1, 4"},
};

/*
 * What not all runs have is chance: of that nothing is lost, and only a finding is gained.
 * NULL: no difference.
 */
static const char *judge(struct sides *s, const struct difference *d, const int64_t in[2])
{
	if (in[1] && !in[0] && (d->gain_is_worse || in[1] == s->n[1])) {
		s->worse |= d->gain_is_worse;
		return d->gained;
	}
	if (in[0] && !in[1] && (d->gain_is_worse || in[0] == s->n[0])) {
		s->worse |= d->loss_is_worse;
		return d->lost;
	}
	return NULL;
}

static int show_difference(struct sides *s, const struct difference *d, char **error)
{
	struct store_rows *rows = store_query(s->store, d->sql, "");
	struct table t = {.ncols = 5};
	size_t alike = 0;

	while (store_next(rows)) {
		int64_t in[2] = {store_number(rows, 1), store_number(rows, 2)};
		const char *what = judge(s, d, in);

		alike += in[0] && in[1];
		if (!what)
			continue;
		if (!t.ncells) {
			table_add(&t, d->title);
			table_add(&t, "");
			table_add(&t, "RUNS OF A");
			table_add(&t, "RUNS OF B");
			table_add(&t, "WHAT");
		}
		table_add(&t, store_string(rows, 0));
		table_add(&t, what);
		for (int side = 0; side < 2; side++)
			table_addf(&t, "%" PRId64 " of %" PRId64, in[side], s->n[side]);
		table_add(&t, store_string(rows, 3));
	}
	fputc('\n', s->out);
	if (t.ncells)
		table_print(&t, "", s->out);
	else
		fprintf(s->out, "%s: none %s, none %s, %zu on both sides\n", d->title, d->gained,
			d->lost, alike);
	return store_end(rows, error);
}

/* ---- rates ---- */

struct rate {
	size_t n;
	double *v; /* sorted, once all are there */
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const struct rate *r)
{
	return r->n % 2 ? r->v[r->n / 2] : (r->v[r->n / 2 - 1] + r->v[r->n / 2]) / 2;
}

static void add_rate(struct table *t, const struct rate *r)
{
	if (r->n > 1)
		table_addf(t, "%.1f (%.1f to %.1f)", median(r), r->v[0], r->v[r->n - 1]);
	else if (r->n)
		table_addf(t, "%.1f", r->v[0]);
	else
		table_add(t, "-");
}

static const char *judge_rate(const struct rate *a, const struct rate *b)
{
	if (a->n < ENOUGH || b->n < ENOUGH)
		return "too few runs to say";
	if (b->v[b->n - 1] < a->v[0])
		return "slower";
	return b->v[0] > a->v[a->n - 1] ? "faster" : "within the noise";
}

/* The one at hand is complete: it becomes a row. */
static void end_rate(struct sides *s, struct table *t, const char *name, struct rate r[2])
{
	const char *verdict;

	if (!*name)
		return;
	for (int side = 0; side < 2; side++)
		if (r[side].n)
			qsort(r[side].v, r[side].n, sizeof(*r[side].v), by_value);
	verdict = judge_rate(&r[0], &r[1]);
	table_add(t, name);
	add_rate(t, &r[0]);
	add_rate(t, &r[1]);
	if (r[0].n && r[1].n && median(&r[0]) > 0)
		table_addf(t, "%.2f", median(&r[1]) / median(&r[0]));
	else
		table_add(t, "-");
	table_add(t, verdict);
	/* What stressors do is their business; faults are what all is there for. */
	s->worse |= !strcmp(name, "faults") && !strcmp(verdict, "slower");
	for (int side = 0; side < 2; side++) {
		free(r[side].v);
		r[side] = (struct rate){0};
	}
}

static const char rates_query[] =
    "SELECT name, side, value FROM ("
    " SELECT 0 AS first, 'faults' AS name, side, faults * 1000.0 / running_ms AS value"
    " FROM run JOIN temp.chosen ON run = id WHERE running_ms > 0 UNION ALL"
    " SELECT 1, 'injected', side, injected * 1000.0 / running_ms"
    " FROM run JOIN temp.chosen ON run = id WHERE running_ms > 0 UNION ALL"
    " SELECT 2, stressor || ' ' || name, side, value * 1000.0 / running_ms"
    " FROM counter k JOIN temp.chosen c ON c.run = k.run JOIN run ON run.id = c.run"
    " WHERE running_ms > 0) ORDER BY first, name, side";

static int show_rates(struct sides *s, char **error)
{
	struct store_rows *rows = store_query(s->store, rates_query, "");
	struct table t = {.ncols = 5};
	struct rate r[2] = {0};
	char *name = xstrdup("");

	table_add(&t, "A SECOND");
	table_add(&t, "A");
	table_add(&t, "B");
	table_add(&t, "B/A");
	table_add(&t, "");
	while (store_next(rows)) {
		struct rate *one = &r[store_number(rows, 1) != 0];

		if (strcmp(name, store_string(rows, 0))) {
			end_rate(s, &t, name, r);
			free(name);
			name = xstrdup(store_string(rows, 0));
		}
		one->v = xgrow(one->v, one->n, sizeof(*one->v));
		one->v[one->n++] = store_real(rows, 2);
	}
	end_rate(s, &t, name, r);
	free(name);
	fputc('\n', s->out);
	table_print(&t, "", s->out);
	return store_end(rows, error);
}

int compare(struct store *store, const char *a, const char *b, FILE *out, int *worse, char **error)
{
	struct sides s = {.store = store, .out = out};
	int bad = choose_both(&s, a, b, error);

	if (!bad)
		bad = show_sides(&s, error);
	for (size_t i = 0; !bad && i < sizeof(differences) / sizeof(differences[0]); i++)
		bad = show_difference(&s, &differences[i], error);
	if (!bad)
		bad = show_rates(&s, error);
	*worse = s.worse;
	return bad;
}
