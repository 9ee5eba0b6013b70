// SPDX-License-Identifier: GPL-2.0-or-later
#include "history.h"

#include <inttypes.h>
#include <stdlib.h>

#include "table.h"
#include "xmem.h"

/* "race", or "race with MUTANT". */
static void add_kernel(struct table *t, struct store_rows *rows, int config)
{
	const char *mutant = store_string(rows, config + 1);

	table_addf(t, "%s%s%s", store_string(rows, config), *mutant ? " with " : "", mutant);
}

int history_runs(struct store *store, const char *where, uint64_t last, FILE *out, char **error)
{
	char *sql = xasprintf(
	    "SELECT * FROM (SELECT id, plan, config, mutant, verdict, running_ms / 1000,"
	    " faults_per_s, injected, (SELECT count(*) FROM finding WHERE run = id AND counts),"
	    " (SELECT title FROM finding WHERE run = id AND counts ORDER BY rowid LIMIT 1), invalid"
	    " FROM run WHERE %s ORDER BY id DESC LIMIT ?1) ORDER BY id",
	    where);
	struct store_rows *rows = store_query(store, sql, "i", (int64_t)last);
	static const char *const header[] = {"RUN",	 "PLAN",     "KERNEL",
					     "VERDICT",	 "LOAD S",   "FAULTS/S",
					     "INJECTED", "FINDINGS", "FIRST"};
	struct table t = {.ncols = sizeof(header) / sizeof(header[0])};

	for (size_t i = 0; i < t.ncols; i++)
		table_add(&t, header[i]);
	while (store_next(rows)) {
		table_add(&t, store_string(rows, 0));
		table_add(&t, store_string(rows, 1));
		add_kernel(&t, rows, 2);
		table_add(&t, store_string(rows, 4));
		for (int i = 5; i < 9; i++)
			table_addf(&t, "%" PRId64, store_number(rows, i));
		table_add(&t, store_string(rows, store_null(rows, 9) ? 10 : 9));
	}
	table_print(&t, "", out);
	free(sql);
	return store_end(rows, error);
}

int history_findings(struct store *store, const char *where, uint64_t last, const char *part,
		     FILE *out, char **error)
{
	char *sql = xasprintf(
	    "WITH chosen AS (SELECT id FROM run WHERE %s ORDER BY id DESC LIMIT ?1)"
	    " SELECT oracle, kind, count(DISTINCT run), (SELECT count(*) FROM chosen), min(run),"
	    " max(run), max(counts), max(known), min(title)"
	    " FROM finding WHERE run IN chosen AND instr(signature, ?2)"
	    " GROUP BY oracle, signature ORDER BY max(counts) DESC, max(run) DESC, signature",
	    where);
	struct store_rows *rows = store_query(store, sql, "is", (int64_t)last, part ? part : "");
	static const char *const header[] = {"FINDING", "RUNS", "FIRST RUN", "LAST RUN", "TITLE"};
	struct table t = {.ncols = sizeof(header) / sizeof(header[0])};

	for (size_t i = 0; i < t.ncols; i++)
		table_add(&t, header[i]);
	while (store_next(rows)) {
		const char *why = store_number(rows, 6) ? ""
				  : store_null(rows, 7) ? " (elsewhere)"
							: " (known)";

		table_addf(&t, "%s/%s%s", store_string(rows, 0), store_string(rows, 1), why);
		table_addf(&t, "%" PRId64 " of %" PRId64, store_number(rows, 2),
			   store_number(rows, 3));
		table_add(&t, store_string(rows, 4));
		table_add(&t, store_string(rows, 5));
		table_add(&t, store_string(rows, 8));
	}
	table_print(&t, "", out);
	free(sql);
	return store_end(rows, error);
}
