// SPDX-License-Identifier: GPL-2.0-or-later
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fields.h"
#include "xmem.h"

#define FILE_VERSION 1 /* of what runs leave behind */
/* How long others may hold the database, in ms. */
#define PATIENCE_MS 5000

struct store {
	sqlite3 *db;
	char *path;
	bool read_only;
};

/* What makes a database of version I one of version I + 1; of later ones it is not touched. */
static const char *const steps[] = {
    "CREATE TABLE run(id TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER, plan TEXT,"
    " config TEXT, mutant TEXT, no_faults INTEGER, seed TEXT, accel TEXT, kernel TEXT,"
    " kernel_id TEXT, cpus INTEGER, verdict TEXT, invalid TEXT, duration_us INTEGER,"
    " running_ms INTEGER, wall_ms INTEGER, faults INTEGER, faults_per_s INTEGER,"
    " injected INTEGER, tds INTEGER);"
    "CREATE TABLE site(run TEXT REFERENCES run ON DELETE CASCADE, site TEXT, status TEXT,"
    " context TEXT, contract TEXT, calls INTEGER, matched INTEGER, injected INTEGER);"
    "CREATE TABLE counter(run TEXT REFERENCES run ON DELETE CASCADE, stressor TEXT, name TEXT,"
    " value INTEGER);"
    "CREATE TABLE window(run TEXT REFERENCES run ON DELETE CASCADE, op TEXT, level TEXT,"
    " met TEXT, how TEXT, times INTEGER);"
    "CREATE TABLE looked(run TEXT REFERENCES run ON DELETE CASCADE, oracle TEXT, count INTEGER,"
    " failures INTEGER);"
    "CREATE TABLE finding(run TEXT REFERENCES run ON DELETE CASCADE, oracle TEXT, kind TEXT,"
    " title TEXT, signature TEXT, counts INTEGER, known TEXT, scope TEXT, times INTEGER,"
    " since_load_us INTEGER, injected_before INTEGER);"
    "CREATE TABLE function(run TEXT REFERENCES run ON DELETE CASCADE, file TEXT, name TEXT,"
    " line INTEGER, calls INTEGER, on_stack INTEGER);"
    "CREATE TABLE arc(run TEXT REFERENCES run ON DELETE CASCADE, file TEXT, function TEXT,"
    " line INTEGER, n INTEGER, count INTEGER);"
    "CREATE TABLE way(kernel_id TEXT, file TEXT, function TEXT, line INTEGER, n INTEGER,"
    " PRIMARY KEY(kernel_id, file, function, line, n)) WITHOUT ROWID;"
    "CREATE TABLE line(kernel_id TEXT, file TEXT, line INTEGER, text TEXT,"
    " PRIMARY KEY(kernel_id, file, line)) WITHOUT ROWID;"
    "CREATE INDEX function_run ON function(run);"
    "CREATE INDEX arc_run ON arc(run);"
    "CREATE INDEX site_run ON site(run);"
    "CREATE INDEX counter_run ON counter(run);"
    "CREATE INDEX window_run ON window(run);"
    "CREATE INDEX looked_run ON looked(run);"
    "CREATE INDEX finding_run ON finding(run);"
    "CREATE INDEX finding_signature ON finding(signature);",

    "CREATE TABLE case_arc(run TEXT REFERENCES run ON DELETE CASCADE, site TEXT, context TEXT,"
    " status TEXT, nth INTEGER, outcome TEXT, file TEXT, function TEXT, line INTEGER,"
    " n INTEGER, count INTEGER);"
    "CREATE INDEX case_arc_run ON case_arc(run);"
    "CREATE TABLE fault_case(run TEXT REFERENCES run ON DELETE CASCADE, site TEXT, context TEXT,"
    " status TEXT, contract TEXT, nth INTEGER, outcome TEXT, ok INTEGER);"
    "CREATE INDEX fault_case_run ON fault_case(run);"
    "ALTER TABLE function ADD COLUMN last INTEGER;"
    "ALTER TABLE arc ADD COLUMN calm INTEGER;",
};

#define STORE_VERSION ((int64_t)(sizeof(steps) / sizeof(steps[0])))

/* ---- the database ---- */

static char *explain(const struct store *store, int code)
{
	const char *text = store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(code);

	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return xasprintf("another program holds %s and does not let go; end it or try "
				 "again",
				 store->path);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return xasprintf("%s is no database, or a damaged one (%s); remove it, and it is "
				 "made anew from the runs that are still there",
				 store->path, text);
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return xasprintf("%s cannot be written; it, and its directory, have to be writable",
				 store->path);
	case SQLITE_CANTOPEN:
		return xasprintf("cannot open or make %s: %s", store->path, text);
	case SQLITE_FULL:
		return xasprintf("no room for %s on its disk", store->path);
	default:
		return xasprintf("%s: %s", store->path, text);
	}
}

int store_execute(struct store *store, const char *sql, char **error)
{
	int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

	if (code == SQLITE_OK)
		return 0;
	*error = explain(store, code);
	return -1;
}

static int read_version(struct store *store, int64_t *version, char **error)
{
	struct store_rows *rows = store_query(store, "PRAGMA user_version", "");

	*version = store_next(rows) ? store_number(rows, 0) : 0;
	return store_end(rows, error);
}

/* Of several that find it empty, or old, the first makes the tables. */
static int make_tables(struct store *store, char **error)
{
	char *version = xasprintf("PRAGMA user_version = %" PRId64, STORE_VERSION);
	int64_t now = 0;
	int bad = store_execute(store, "BEGIN IMMEDIATE", error);

	if (!bad)
		bad = read_version(store, &now, error);
	for (; !bad && now < STORE_VERSION; now++)
		bad = store_execute(store, steps[now], error);
	if (!bad)
		bad = store_execute(store, version, error);
	if (!bad)
		bad = store_execute(store, "COMMIT", error);
	free(version);
	return bad;
}

static int prepare(struct store *store, char **error)
{
	int64_t version;

	sqlite3_busy_timeout(store->db, PATIENCE_MS);
	store->read_only = sqlite3_db_readonly(store->db, "main") == 1;
	if (read_version(store, &version, error))
		return -1;
	if (version < 0 || version > STORE_VERSION) {
		*error = xasprintf("%s is of another septorture (its version is %" PRId64
				   ", ours %" PRId64
				   "); remove it, and it is made anew from the runs that "
				   "are still there",
				   store->path, version, STORE_VERSION);
		return -1;
	}
	if (version < STORE_VERSION && make_tables(store, error))
		return -1;
	return store->read_only ? 0 : store_execute(store, "PRAGMA foreign_keys = ON", error);
}

struct store *store_open(const char *path, char **error)
{
	struct store *store = xcalloc(1, sizeof(*store));
	int code = sqlite3_open(path, &store->db);

	store->path = xstrdup(path);
	if (code != SQLITE_OK)
		*error = explain(store, code);
	else if (!prepare(store, error))
		return store;
	store_close(store);
	return NULL;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	sqlite3_close(store->db);
	free(store->path);
	free(store);
}

bool store_read_only(const struct store *store)
{
	return store->read_only;
}

/* ---- queries ---- */

struct store_rows {
	struct store *store;
	sqlite3_stmt *stmt;
	int code;
};

static struct store_rows *start(struct store *store, const char *sql, const char *args, va_list ap)
{
	struct store_rows *rows = xcalloc(1, sizeof(*rows));

	rows->store = store;
	rows->code = sqlite3_prepare_v2(store->db, sql, -1, &rows->stmt, NULL);
	for (int i = 1; *args; i++) {
		if (*args++ == 's')
			sqlite3_bind_text(rows->stmt, i, va_arg(ap, const char *), -1,
					  SQLITE_TRANSIENT);
		else
			sqlite3_bind_int64(rows->stmt, i, va_arg(ap, int64_t));
	}
	return rows;
}

struct store_rows *store_query(struct store *store, const char *sql, const char *args, ...)
{
	struct store_rows *rows;
	va_list ap;

	va_start(ap, args);
	rows = start(store, sql, args, ap);
	va_end(ap);
	return rows;
}

bool store_next(struct store_rows *rows)
{
	if (rows->code != SQLITE_OK && rows->code != SQLITE_ROW)
		return false;
	rows->code = sqlite3_step(rows->stmt);
	return rows->code == SQLITE_ROW;
}

const char *store_string(struct store_rows *rows, int column)
{
	const char *s = (const char *)sqlite3_column_text(rows->stmt, column);

	return s ? s : "";
}

int64_t store_number(struct store_rows *rows, int column)
{
	return sqlite3_column_int64(rows->stmt, column);
}

double store_real(struct store_rows *rows, int column)
{
	return sqlite3_column_double(rows->stmt, column);
}

bool store_null(struct store_rows *rows, int column)
{
	return sqlite3_column_type(rows->stmt, column) == SQLITE_NULL;
}

int store_end(struct store_rows *rows, char **error)
{
	int code = rows->code;
	bool bad = code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE;

	if (bad)
		*error = explain(rows->store, code);
	sqlite3_finalize(rows->stmt);
	free(rows);
	return bad ? -1 : 0;
}

/* ---- a report into the tables ---- */

/*
 * ?1 is the report, as text, ?2 its run, ?3 and ?4 size and time of its file. A run may be taken
 * once more: what it said before goes first.
 */
static const char *const taking[] = {
    "DELETE FROM run WHERE run.id = ?2",

    "INSERT INTO run SELECT ?2, ?3, ?4, ?1->>'plan', ?1->>'config', ?1->>'mutant',"
    " ?1->>'no_faults', ?1->>'seed', ?1->>'accel', ?1->>'kernel', ?1->>'kernel_id',"
    " ?1->>'cpus', ?1->>'verdict', ?1->>'invalid', ?1->>'duration_us', ?1->>'running_ms',"
    " ?1->>'wall_ms', ?1->>'faults', ?1->>'faults_per_s', ?1->>'injected', ?1->>'tds'",

    "INSERT INTO site SELECT ?2, value->>'site', value->>'status', value->>'context',"
    " value->>'contract', value->>'calls', value->>'matched', value->>'injected'"
    " FROM json_each(?1, '$.sites')",

    "INSERT INTO counter SELECT ?2, stressor.value->>'name', counter.key, counter.value"
    " FROM json_each(?1, '$.stressors') AS stressor,"
    " json_each(stressor.value, '$.counters') AS counter",

    "INSERT INTO window SELECT ?2, w.value->>'op', w.value->>'level', m.value->>'op',"
    " m.value->>'how', m.value->>'times'"
    " FROM json_each(?1, '$.windows') AS w, json_each(w.value, '$.met') AS m",

    "INSERT INTO looked SELECT ?2, value->>'oracle', value->>'count', value->>'failures'"
    " FROM json_each(?1, '$.checks')",

    /* What counts, as run_counts() has it. */
    "INSERT INTO finding SELECT ?2, value->>'oracle', value->>'kind', value->>'title',"
    " value->>'signature',"
    " value->>'known' IS NULL AND coalesce(value->>'scope', 'test') = 'test',"
    " value->>'known', value->>'scope', value->>'count', value->>'since_load_us',"
    " value->>'injected_before' FROM json_each(?1, '$.findings')",

    "INSERT INTO fault_case SELECT ?2, value->>'site', value->>'context', value->>'status',"
    " value->>'contract', value->>'nth', value->>'outcome', value->>'ok'"
    " FROM json_each(?1, '$.enumeration.cases')",
};

/* Of a file: it is another one if one of these differs. */
struct stamp {
	int64_t size, mtime_ns;
};

static struct stamp stamp_of(const struct stat *st)
{
	return (struct stamp){st->st_size,
			      (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec};
}

/* The same of coverage.json. All arcs there are are the kernel's, and a run's are those it took. */
static const char *const taking_coverage[] = {
    "INSERT INTO function SELECT ?2, value->>'file', value->>'name', value->>'line',"
    " value->>'calls', value->>'on_stack', value->>'end' FROM json_each(?1, '$.functions')",

    "INSERT OR IGNORE INTO line SELECT coalesce(kernel_id, ''), l.value->>'file', l.value->>'line',"
    " l.value->>'text' FROM json_each(?1, '$.lines') AS l, run WHERE run.id = ?2",

    "INSERT OR IGNORE INTO way SELECT coalesce(kernel_id, ''), a.value->>'file',"
    " a.value->>'function', a.value->>'line', a.value->>'n'"
    " FROM json_each(?1, '$.arcs') AS a, run WHERE run.id = ?2",

    "INSERT INTO arc SELECT ?2, value->>'file', value->>'function', value->>'line',"
    " value->>'n', value->>'count', coalesce(value->>'calm', 0) FROM json_each(?1, '$.arcs') WHERE "
    "value->>'count' > 0",

    "INSERT INTO case_arc SELECT ?2, c.value->>'site', c.value->>'context', c.value->>'status',"
    " c.value->>'nth', c.value->>'outcome', a.value->>'file', a.value->>'function',"
    " a.value->>'line', a.value->>'n', a.value->>'count'"
    " FROM json_each(?1, '$.cases') AS c, json_each(c.value, '$.arcs') AS a",
};

/* What a run left behind. */
struct leftover {
	const char *id;
	char *report, *coverage; /* as JSON; NULL: there is none */
	struct stamp stamp;
};

static int take_all(struct store *store, const char *const *sql, size_t n, const char *json,
		    const struct leftover *run, char **error)
{
	int bad = 0;

	for (size_t i = 0; !bad && i < n; i++) {
		struct store_rows *rows = store_query(store, sql[i], "ssii", json, run->id,
						      run->stamp.size, run->stamp.mtime_ns);

		store_next(rows);
		bad = store_end(rows, error);
	}
	return bad;
}

static int take(struct store *store, const struct leftover *run, char **error)
{
	int bad = store_execute(store, "BEGIN IMMEDIATE", error);

	if (bad)
		return -1;
	bad = take_all(store, taking, sizeof(taking) / sizeof(taking[0]), run->report, run, error);
	if (!bad && run->coverage)
		bad = take_all(store, taking_coverage,
			       sizeof(taking_coverage) / sizeof(taking_coverage[0]), run->coverage,
			       run, error);
	if (!bad)
		bad = store_execute(store, "COMMIT", error);
	if (bad)
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return bad;
}

static enum store_result is_known(struct store *store, const char *id, struct stamp stamp,
				  char **error)
{
	struct store_rows *rows =
	    store_query(store, "SELECT 1 FROM run WHERE id = ?1 AND size = ?2 AND mtime_ns = ?3",
			"sii", id, stamp.size, stamp.mtime_ns);
	bool known = store_next(rows);

	if (store_end(rows, error))
		return STORE_FAILED;
	return known ? STORE_KNOWN : STORE_ADDED;
}

/* The file PATH of version 1 as JSON, or NULL with *error set. */
static json_t *read_file(const char *path, char **error)
{
	json_error_t where;
	json_t *o = json_load_file(path, 0, &where), *v = json_object_get(o, "v");

	if (!o)
		*error = xasprintf("%s:%d: is no JSON, or cut: %s", path, where.line, where.text);
	else if (!json_is_integer(v) || !*get_string(o, "id"))
		*error = xasprintf("%s is no report of a run", path);
	else if (json_integer_value(v) != FILE_VERSION)
		*error = xasprintf("%s is of another septorture: its version is %lld, ours %d",
				   path, (long long)json_integer_value(v), FILE_VERSION);
	else
		return o;
	json_decref(o);
	return NULL;
}

/* DIR/NAME as JSON; NULL with *error set, or without, if it is not there. */
static json_t *read_part(const char *dir, const char *name, char **error)
{
	char *path = xasprintf("%s/%s", dir, name);
	struct stat st;
	json_t *o = NULL;

	*error = NULL;
	if (!stat(path, &st))
		o = read_file(path, error);
	free(path);
	return o;
}

static enum store_result add_parts(struct store *store, const char *dir, struct stamp stamp,
				   char **error)
{
	enum store_result result = STORE_REFUSED;
	json_t *report = read_part(dir, "report.json", error);
	json_t *coverage = report ? read_part(dir, "coverage.json", error) : NULL;

	if (report && !*error) {
		struct leftover run = {
		    .id = get_string(report, "id"),
		    .report = json_dumps(report, JSON_COMPACT),
		    .coverage = coverage ? json_dumps(coverage, JSON_COMPACT) : NULL,
		    .stamp = stamp,
		};

		result = take(store, &run, error) ? STORE_FAILED : STORE_ADDED;
		free(run.report);
		free(run.coverage);
	}
	json_decref(report);
	json_decref(coverage);
	return result;
}

enum store_result store_add(struct store *store, const char *dir, char **error)
{
	char *path = xasprintf("%s/report.json", dir);
	const char *slash = strrchr(dir, '/');
	enum store_result result = STORE_REFUSED;
	struct stat st;

	if (stat(path, &st))
		*error =
		    xasprintf("cannot read %s: %s%s", path, strerror(errno),
			      errno == ENOENT ? "; the run is under way, or was cut short" : "");
	else
		result = is_known(store, slash ? slash + 1 : dir, stamp_of(&st), error);
	if (result == STORE_ADDED)
		result = add_parts(store, dir, stamp_of(&st), error);
	free(path);
	return result;
}
/* A directory without a report: a run that is under way, or was killed. */
static int is_run(const char *runs, const char *name)
{
	char *path = xasprintf("%s/%s/report.json", runs, name);
	struct stat st;
	int is = *name != '.' && strcmp(name, "latest") && !stat(path, &st);

	free(path);
	return is;
}

int store_sync(struct store *store, const char *runs, struct store_news *news, char **error)
{
	struct dirent **list = NULL;
	int n = scandir(runs, &list, NULL, alphasort), bad = 0;

	*news = (struct store_news){0};
	for (int i = 0; i < n; i++) {
		if (!bad && is_run(runs, list[i]->d_name)) {
			char *dir = xasprintf("%s/%s", runs, list[i]->d_name), *why = NULL;
			enum store_result result = store_add(store, dir, &why);

			news->added += result == STORE_ADDED;
			news->refused += result == STORE_REFUSED;
			bad = result == STORE_FAILED;
			if (bad)
				*error = why;
			else if (!news->first)
				news->first = why;
			else
				free(why);
			free(dir);
		}
		free(list[i]);
	}
	free(list);
	return bad ? -1 : 0;
}
