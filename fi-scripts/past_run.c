// SPDX-License-Identifier: GPL-2.0-or-later
#include "past_run.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "fields.h"
#include "plan.h"
#include "units.h"
#include "xmem.h"

#define REPORT "report.json"

/* ---- which directory ---- */

/* PATH without links if it is a directory, else NULL; frees PATH. */
static char *directory(char *path)
{
	struct stat st;
	char *real = stat(path, &st) || !S_ISDIR(st.st_mode) ? NULL : realpath(path, NULL);

	free(path);
	return real;
}

/* The directory of the run NAME, or NULL. */
static char *run_directory(const char *src, const char *name)
{
	char *dir;

	if (!*name)
		return NULL;
	if (!strchr(name, '/') && *name != '.') {
		dir = directory(xasprintf("%s/build/runs/%s", src, name));
		if (dir)
			return dir;
	}
	return directory(xstrdup(name));
}

/* Paths and signatures may have colons: the first that has a run in front of it parts them. */
static char *find_directory(const char *src, const char *word, const char **finding)
{
	const char *end = word;
	char *dir = NULL;

	*finding = NULL;
	do {
		size_t n = strcspn(end, ":");
		char *name;

		end += n;
		name = xasprintf("%.*s", (int)(end - word), word);
		dir = run_directory(src, name);
		free(name);
	} while (!dir && *end++);
	if (dir && *end == ':')
		*finding = end + 1;
	return dir;
}

char *past_run_directory(const char *src, const char *word, char **error)
{
	char *dir = run_directory(src, word);

	if (!dir)
		*error = xasprintf("there is no run '%s'; give an id of %s/build/runs, the path of "
				   "a run's directory, or 'latest'",
				   word, shown_path(src));
	return dir;
}

/* ---- what its report says ---- */

static bool read_seed(const json_t *o, uint64_t *seed)
{
	char *error = unit_parse_range(UNIT_COUNT, get_string(o, "seed"), 1, UINT64_MAX, seed);
	bool bad = error;

	free(error);
	return !bad;
}

/* As run_counts() has it. */
static bool counts(const json_t *f)
{
	const json_t *scope = json_object_get(f, "scope");

	return json_is_null(json_object_get(f, "known")) &&
	       (json_is_null(scope) || !strcmp(get_string(f, "scope"), "test"));
}

static void add_finding(struct past_run *run, const json_t *f)
{
	run->findings = xgrow(run->findings, run->nfindings, sizeof(*run->findings));
	run->findings[run->nfindings++] = (struct past_finding){
	    .signature = xstrdup(get_string(f, "signature")),
	    .title = xstrdup(get_string(f, "title")),
	    .counts = counts(f),
	    .since_known = has_number(f, "since_load_us"),
	    .since_us = get_number(f, "since_load_us"),
	};
}

/* False if the list is no list of findings. */
static bool read_findings(struct past_run *run, const json_t *list)
{
	const json_t *f;
	size_t i;

	if (!json_is_array(list))
		return false;
	json_array_foreach(list, i, f) if (!*get_string(f, "signature")) return false;
	for (int counting = 1; counting >= 0; counting--)
		json_array_foreach(list, i, f) if (counts(f) == counting) add_finding(run, f);
	return true;
}

static bool read_report(struct past_run *run, const json_t *o)
{
	const char *file = get_string(o, "mutant_file");
	const char *mutant = *file ? file : get_string(o, "mutant");

	if (get_number(o, "v") != 1 || !read_seed(o, &run->seed))
		return false;
	run->id = xstrdup(get_string(o, "id"));
	run->plan = xstrdup(get_string(o, "plan"));
	run->mutant = *mutant ? xstrdup(mutant) : NULL;
	run->config = xstrdup(get_string(o, "config"));
	run->accel = xstrdup(get_string(o, "accel"));
	run->platform = platform_find(get_string(o, "mmu"));
	run->no_faults = json_is_true(json_object_get(o, "no_faults"));
	run->duration_us = get_number(o, "duration_us");
	run->injected = get_number(o, "injected");
	/* The plan's name becomes part of a path, the id another. */
	if (!*run->id || strchr(run->id, '/') || !*run->plan || strchr(run->plan, '/'))
		return false;
	return run->duration_us >= PLAN_MIN_DURATION_US &&
	       run->duration_us <= PLAN_MAX_DURATION_US &&
	       read_findings(run, json_object_get(o, "findings"));
}

static int load_report(struct past_run *run, char **error)
{
	char *path = xasprintf("%s/" REPORT, run->dir);
	json_error_t where;
	json_t *o;
	int status = EXIT_INFRA, err = access(path, R_OK) ? errno : 0;

	if (err) {
		*error = xasprintf("cannot read %s: %s; it is no run, or one that was cut short",
				   shown_path(path), strerror(err));
		free(path);
		return err == ENOENT ? EXIT_USAGE : EXIT_INFRA;
	}
	o = json_load_file(path, 0, &where);
	if (!o)
		*error =
		    xasprintf("%s:%d: is no JSON: %s", shown_path(path), where.line, where.text);
	else if (!read_report(run, o))
		*error = xasprintf("%s is no report of a run (docs/report.md, version 1)",
				   shown_path(path));
	else
		status = EXIT_CLEAN;
	json_decref(o);
	free(path);
	return status;
}

static int find_plan(struct past_run *run, char **error)
{
	run->plan_path = xasprintf("%s/plan.ini", run->dir);
	if (!access(run->plan_path, R_OK))
		return EXIT_CLEAN;
	*error = xasprintf("cannot read %s: %s; without its plan a run can't be repeated",
			   shown_path(run->plan_path), strerror(errno));
	return EXIT_INFRA;
}

int past_run_read(struct past_run *run, const char *src, const char *word, const char **finding,
		  char **error)
{
	int status;

	*run = (struct past_run){.dir = find_directory(src, word, finding)};
	if (!run->dir) {
		*error = xasprintf("there is no run '%s'; give an id of %s/build/runs, the path of "
				   "a run's directory, or 'latest', and a finding behind a colon",
				   word, shown_path(src));
		return EXIT_USAGE;
	}
	status = load_report(run, error);
	return status ? status : find_plan(run, error);
}

/* ---- which finding ---- */

static size_t count_counting(const struct past_run *run)
{
	size_t n = 0;

	while (n < run->nfindings && run->findings[n].counts)
		n++;
	return n;
}

static const struct past_finding *by_number(const struct past_run *run, const char *word,
					    char **error)
{
	uint64_t n = 0;
	size_t max = count_counting(run);
	char *wrong = unit_parse(UNIT_COUNT, word, &n);

	free(wrong);
	if (!wrong && n >= 1 && n <= max)
		return &run->findings[n - 1];
	*error = xasprintf("the run %s has no finding %s; it has %zu that %s", run->id, word, max,
			   max == 1 ? "counts" : "count");
	return NULL;
}

static const struct past_finding *by_signature(const struct past_run *run, const char *word,
					       char **error)
{
	for (size_t i = 0; i < run->nfindings; i++)
		if (strstr(run->findings[i].signature, word))
			return &run->findings[i];
	*error =
	    xasprintf("no finding of the run %s has '%s' in its signature; its " REPORT " has them",
		      run->id, word);
	return NULL;
}

const struct past_finding *past_run_finding(const struct past_run *run, const char *word,
					    char **error)
{
	if (word && *word)
		return word[strspn(word, "0123456789")] ? by_signature(run, word, error)
							: by_number(run, word, error);
	if (count_counting(run))
		return &run->findings[0];
	*error = xasprintf("the run %s has no finding that counts%s", run->id,
			   run->nfindings ? "; name one by a part of its signature" : "");
	return NULL;
}

void past_run_free(struct past_run *run)
{
	for (size_t i = 0; i < run->nfindings; i++) {
		free(run->findings[i].signature);
		free(run->findings[i].title);
	}
	free(run->findings);
	free(run->dir);
	free(run->id);
	free(run->plan);
	free(run->plan_path);
	free(run->config);
	free(run->mutant);
	free(run->accel);
}
