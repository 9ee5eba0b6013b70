/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What runs found, over time, in an SQLite database (docs/store.md). It only repeats
 * what the runs' report.json say, and can be made anew from them.
 */
#ifndef SEPTORTURE_STORE_H
#define SEPTORTURE_STORE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/*
 * Opens the database PATH; without one it is made. One that cannot be written is opened for
 * reading. NULL with *error set to a sentence (free() it).
 */
struct store *store_open(const char *path, char **error);
void store_close(struct store *store);
bool store_read_only(const struct store *store);

enum store_result {
	STORE_ADDED,
	STORE_KNOWN, /* it is there as it is */
	STORE_REFUSED, /* no report that can be read; nothing was changed */
	STORE_FAILED, /* the database cannot be written */
};

/* Takes the run in DIR, all of it or nothing of it; *error is set if it is not taken. */
enum store_result store_add(struct store *store, const char *dir, char **error);

/* What store_sync() came across. */
struct store_news {
	size_t added, refused;
	char *first; /* why the first one was refused, or NULL; free() it */
};

/*
 * Takes all runs below RUNS that are not there yet. Returns 0, or -1 with *error set if the
 * database cannot be written.
 */
int store_sync(struct store *store, const char *runs, struct store_news *news, char **error);

/*
 * A query. ARGS is a letter per parameter that follows: 's' a string or NULL, 'i' an int64_t.
 * A failure ends the rows; store_end() returns it.
 */
struct store_rows *store_query(struct store *store, const char *sql, const char *args, ...);
bool store_next(struct store_rows *rows);
/* Of the row at hand, columns from 0; the string is valid until the next row, "" for NULL. */
const char *store_string(struct store_rows *rows, int column);
int64_t store_number(struct store_rows *rows, int column);
double store_real(struct store_rows *rows, int column);
bool store_null(struct store_rows *rows, int column);
/* A statement that gives none, and has no parameters. Returns 0, or -1 with *error set. */
int store_execute(struct store *store, const char *sql, char **error);
/* Returns 0, or -1 with *error set. */
int store_end(struct store_rows *rows, char **error);

#endif
