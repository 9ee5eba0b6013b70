// SPDX-License-Identifier: GPL-2.0-or-later
#include "proof.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "site.h"
#include "windows.h"

/* Whether SQL, of three strings, has a row. */
static int exists(struct store *store, const char *sql, const char *a, const char *b, const char *c,
		  bool *is, char **error)
{
	struct store_rows *rows = store_query(store, sql, "sss", a, b, c);

	*is = store_next(rows);
	return store_end(rows, error);
}

/*
 * Only where it is certain: a fault of several statuses does not tell which of them it injected,
 * but "ok" is none of them, and numbers are weights.
 */
static const char exercised[] =
    "SELECT 1 FROM site JOIN temp.chosen USING (run) WHERE injected > 0 AND site = ?1 AND context ="
    " ?2 AND (status = ?3 OR status LIKE ?3 || ', ok%' OR status LIKE ?3 || ' _, ok%')"
    " UNION ALL SELECT 1 FROM fault_case JOIN temp.chosen USING (run) WHERE site = ?1 AND"
    " context = ?2 AND status = ?3 AND outcome != 'not reached'";

static int add_contracts(struct store *store, struct table *t, char **error)
{
	unsigned int n = 0, all = 0;

	for (const struct site *s = sites; s->name; s++)
		for (const struct context *c = s->contexts; c->name; c++)
			for (const struct status *st = c->statuses; st->name; st++) {
				bool is;

				if (st->contract == CONTRACT_NEVER)
					continue;
				if (exists(store, exercised, s->name, c->name, st->name, &is,
					   error))
					return -1;
				all++;
				n += is;
			}
	table_add(t, "contracts exercised (site, context, status)");
	table_addf(t, "%u", n);
	table_addf(t, "%u", all);
	return 0;
}

static const char met[] = "SELECT 1 FROM window JOIN temp.chosen USING (run) WHERE op = ?1 AND"
			  " level = ?2 AND met = ?3 AND times > 0";

static int add_windows(struct store *store, struct table *t, char **error)
{
	unsigned int n = 0, all = 0;

	for (const char *const *o = window_openers; *o; o++)
		for (const char *const *l = window_levels; *l; l++)
			for (const char *const *a = window_arrivals; *a; a++) {
				bool is;

				if (window_forbidden(*o, *l, *a))
					continue;
				if (exists(store, met, *o, *l, *a, &is, error))
					return -1;
				all++;
				n += is;
			}
	table_add(t, "window pairs hit");
	table_addf(t, "%u", n);
	table_addf(t, "%u", all);
	return 0;
}

/* Rows of two numbers, the second of which may be NULL. */
static const struct {
	const char *what, *sql;
} numbers[] = {
    {"cases of enumerations as their contract says",
     "SELECT count(*) FILTER (WHERE ok), count(*) FROM fault_case JOIN temp.chosen USING (run)"
     " WHERE outcome IS NOT NULL AND outcome != 'not reached'"},
    {"oracles active",
     "SELECT count(DISTINCT oracle) FILTER (WHERE count > 0), count(DISTINCT oracle) FROM looked"
     " JOIN temp.chosen USING (run)"},
    {"findings (signatures)",
     "SELECT count(DISTINCT signature), NULL FROM finding JOIN temp.chosen USING (run)"
     " WHERE counts"},
};

static int add_numbers(struct store *store, struct table *t, char **error)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct store_rows *rows = store_query(store, numbers[i].sql, "");

		if (store_next(rows)) {
			table_add(t, numbers[i].what);
			table_addf(t, "%" PRId64, store_number(rows, 0));
			table_add(t, store_string(rows, 1));
		}
		if (store_end(rows, error))
			return -1;
	}
	return 0;
}

int proof_table(struct store *store, struct table *t, char **error)
{
	t->ncols = 3;
	table_add(t, "WHAT");
	table_add(t, "SEEN");
	table_add(t, "OF");
	if (add_contracts(store, t, error) || add_windows(store, t, error))
		return -1;
	return add_numbers(store, t, error);
}
