// SPDX-License-Identifier: GPL-2.0-or-later
#include "results.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "past_run.h"
#include "selection.h"
#include "xmem.h"

static char *usual_path(void)
{
	return xasprintf("%s/build/results.sqlite", shown_path(source_dir()));
}

/* Says what could not be taken; -1 if that was the database's fault. */
static int take_new(struct store *store)
{
	char *runs = xasprintf("%s/build/runs", source_dir()), *error;
	struct store_news news;
	int bad = store_sync(store, runs, &news, &error);

	if (news.refused)
		say("%zu %s left out: %s", news.refused, news.refused == 1 ? "run is" : "runs are",
		    news.first);
	free(news.first);
	free(runs);
	if (bad)
		say_error(error, EXIT_INFRA);
	return bad;
}

struct store *results_open(const char *path)
{
	char *usual = path ? NULL : usual_path(), *error;
	struct store *store = store_open(path ? path : usual, &error);

	if (!store)
		say_error(error, EXIT_INFRA);
	else if (store_read_only(store))
		say("%s cannot be written: runs that it does not have are left out",
		    path ? path : usual);
	else if (take_new(store)) {
		store_close(store);
		store = NULL;
	}
	free(usual);
	return store;
}

void results_add(const char *dir)
{
	char *path = usual_path(), *error;
	struct store *store = store_open(path, &error);
	enum store_result result = store ? store_add(store, dir, &error) : STORE_FAILED;

	if (result == STORE_REFUSED || result == STORE_FAILED) {
		say("the run is not among the results yet (`septorture history` tries again)");
		say_error(error, EXIT_INFRA);
	}
	store_close(store);
	free(path);
}

/* The last part of DIR is what the run is called. */
static char *select_directory(struct store *store, const char *dir, char **error)
{
	enum store_result result = store_add(store, dir, error);

	return result == STORE_REFUSED || result == STORE_FAILED
		   ? NULL
		   : selection_run(strrchr(dir, '/') + 1);
}

/* Its directory may be gone. */
static bool is_stored(struct store *store, const char *id)
{
	struct store_rows *rows = store_query(store, "SELECT 1 FROM run WHERE id = ?1", "s", id);
	bool is = store_next(rows);
	char *error = NULL;

	store_end(rows, &error);
	free(error);
	return is;
}

char *results_select(struct store *store, const char *word, char **error)
{
	char *dir, *sql;

	if (strchr(word, '='))
		return selection_sql(word, error);
	if (is_stored(store, word))
		return selection_run(word);
	dir = past_run_directory(source_dir(), word, error);
	if (!dir)
		return NULL;
	sql = select_directory(store, dir, error);
	free(dir);
	return sql;
}
