// SPDX-License-Identifier: GPL-2.0-or-later
#include "selection.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "suggest.h"
#include "xmem.h"

/* Columns of `run`, the same as SELECTION_KEYS. */
static const char *const keys[] = {"accel",  "config",	  "id",	  "kernel", "kernel_id",
				   "mutant", "no_faults", "plan", "seed",   "verdict"};

/* KEY, of LEN bytes, if it is one; else NULL with *error set. */
static const char *find_key(const char *key, size_t len, char **error)
{
	char *word = xasprintf("%.*s", (int)len, key), *hint;
	struct suggest s = {.word = word};
	const char *found = NULL;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		suggest_try(&s, keys[i]);
		if (!strcmp(keys[i], word))
			found = keys[i];
	}
	if (!found) {
		hint = suggest_text(&s, "these are: " SELECTION_KEYS);
		*error = xasprintf("runs have no '%s'%s", word, hint);
		free(hint);
	}
	free(word);
	return found;
}

/* One KEY=PATTERN of LEN bytes. */
static char *condition(const char *part, size_t len, char **error)
{
	const char *equals = memchr(part, '=', len), *key;
	char *pattern, *quoted, *sql;

	if (!equals) {
		*error = xasprintf("'%.*s' is no KEY=PATTERN, like plan=quick", (int)len, part);
		return NULL;
	}
	key = find_key(part, (size_t)(equals - part), error);
	if (!key)
		return NULL;
	pattern = xasprintf("%.*s", (int)(part + len - equals - 1), equals + 1);
	quoted = sqlite3_mprintf("%Q", pattern);
	sql = xasprintf("coalesce(run.%s, '') GLOB %s", key, quoted);
	sqlite3_free(quoted);
	free(pattern);
	return sql;
}

char *selection_sql(const char *word, char **error)
{
	char *all = xstrdup("");

	for (const char *part = word;; part++) {
		size_t len = strcspn(part, ",");
		char *sql = condition(part, len, error), *longer;

		if (!sql) {
			free(all);
			return NULL;
		}
		longer = xasprintf("%s%s%s", all, *all ? " AND " : "", sql);
		free(all);
		free(sql);
		all = longer;
		part += len;
		if (!*part)
			return all;
	}
}

char *selection_run(const char *id)
{
	char *quoted = sqlite3_mprintf("run.id = %Q", id), *sql = xstrdup(quoted);

	sqlite3_free(quoted);
	return sql;
}
