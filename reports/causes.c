// SPDX-License-Identifier: GPL-2.0-or-later
#include "causes.h"

#include <inttypes.h>
#include <stdlib.h>

#include "xmem.h"

/* That many are named. */
#define NAMED 3

static const char *const preparing[] = {
    "CREATE TEMP TABLE cause AS SELECT file, function, line, n,"
    " site || '=' || status || ' (' || context || '): ' || group_concat(DISTINCT outcome) AS text,"
    " site, sum(count) AS times FROM case_arc JOIN temp.chosen USING (run)"
    " JOIN temp.way USING (file, function, line, n) WHERE base = 0"
    " GROUP BY file, function, line, n, site, status, context",
    "CREATE INDEX temp.cause_place ON cause(file, function, line)",

    "CREATE TEMP TABLE planned AS SELECT DISTINCT file, function, line, n, plan FROM arc"
    " JOIN temp.chosen USING (run) JOIN run ON id = chosen.run"
    " JOIN temp.way USING (file, function, line, n) WHERE base = 0 AND faulted",
    "CREATE INDEX temp.planned_place ON planned(file, function, line)",
};

/* ?1 to ?4 are the place. Rows of a text, those that say most first. */
static const char cases[] =
    "SELECT text FROM temp.cause WHERE file = ?1 AND function = ?2 AND line = ?3"
    " AND ?4 IN (n, -1) GROUP BY text ORDER BY sum(times) DESC, text";
static const char plans[] =
    "SELECT plan FROM temp.planned WHERE file = ?1 AND function = ?2 AND line = ?3"
    " AND ?4 IN (n, -1) GROUP BY plan ORDER BY plan";
static const char sites[] =
    "SELECT site FROM temp.cause WHERE file = ?1 AND function = ?2 AND ?3 > ?4"
    " GROUP BY site ORDER BY sum(times) DESC, site";

int causes_prepare(struct store *store, char **error)
{
	for (size_t i = 0; i < sizeof(preparing) / sizeof(preparing[0]); i++)
		if (store_execute(store, preparing[i], error))
			return -1;
	return 0;
}

/* What SQL gives as one text after HEAD; "" if it gives nothing. */
static char *listed(struct store *store, const char *sql, const struct causes_place *p,
		    const char *head, char **error)
{
	struct store_rows *rows =
	    store_query(store, sql, "ssii", p->file, p->function, p->line, p->n);
	char *text = xstrdup("");
	unsigned int n = 0;

	for (; store_next(rows); n++) {
		char *longer;

		if (n >= NAMED)
			continue;
		longer = xasprintf("%s%s%s", text, n ? ", " : head, store_string(rows, 0));
		free(text);
		text = longer;
	}
	if (n > NAMED) {
		char *longer = xasprintf("%s and %u more", text, n - NAMED);

		free(text);
		text = longer;
	}
	if (!store_end(rows, error))
		return text;
	free(text);
	return NULL;
}

char *causes_of(struct store *store, const struct causes_place *place, bool taken, char **error)
{
	char *text;

	if (!taken)
		return listed(store, sites, place, "try ", error);
	text = listed(store, cases, place, "", error);
	if (!text || *text)
		return text;
	free(text);
	return listed(store, plans, place, "plans: ", error);
}
