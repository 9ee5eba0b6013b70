// SPDX-License-Identifier: GPL-2.0-or-later
#include <argp.h>
#include <stdlib.h>

#include "branches.h"
#include "command.h"
#include "draft.h"
#include "proof.h"
#include "results.h"
#include "selection.h"
#include "xmem.h"

struct coverage_args {
	const char *where; /* as it was typed; NULL: all */
	const char *database, *waivers;
	const char *html; /* where the page goes; NULL: nowhere */
	bool list;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct coverage_args *args = state->input;

	switch (key) {
	case 'l':
		args->list = true;
		return 0;
	case 'h':
		args->html = arg;
		return 0;
	case 'w':
		args->waivers = arg;
		return 0;
	case 'd':
		args->database = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num)
			argp_error(state, "'%s' is one too many; put commas between conditions",
				   arg);
		args->where = arg;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
    {"list", 'l', NULL, 0, "Every branch with its source line, not only sums per function", 0},
    {"html", 'h', "FILE", 0, "Write a page with the annotated source there, too", 0},
    {"waivers", 'w', "FILE", 0, "Branches that no fault can turn (configs/coverage-waivers.txt)",
     0},
    {"db", 'd', "FILE", 0, "The database (build/results.sqlite)", 0},
    {0},
};

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "[KEY=PATTERN[,KEY=PATTERN]...]",
    .doc = "Shows which failure branches were taken, by all runs of a kernel with gcov that have "
	   "these properties; of several kernels the one that ran last counts. Runs without "
	   "injections are what they are held against. Keys are " SELECTION_KEYS
	   ". Exit status: 0, 1 a waiver is stale, 2 wrong usage or no such runs, 3 the database "
	   "cannot be used.\n\nExample: septorture coverage --list plan=coverage-*",
};

static int write_page(const struct branches *b, const char *path, char **error)
{
	char *page = NULL;
	size_t size;
	FILE *f = open_memstream(&page, &size);
	int bad = f ? branches_html(b, f, error) : 0;

	if (f)
		fclose(f);
	if (!bad) {
		f = draft_open(path);
		if (f)
			fputs(page ? page : "", f);
		bad = draft_close(f, path, error);
	}
	free(page);
	return bad;
}

/* Returns how many waivers are stale, or -1 with *error set. */
static int print(struct store *store, const struct branches *b, bool list, char **error)
{
	struct table t = {0};
	char *words = branches_words(b);
	int bad = proof_table(store, &t, error), stale;

	branches_text(b, list, stdout);
	fputc('\n', stdout);
	table_print(&t, "", stdout);
	stale = (int)branches_stale(b, stdout);
	printf("\n%s\n", words);
	free(words);
	return bad ? -1 : stale;
}

static int show(struct store *store, const struct coverage_args *args, struct waivers *waivers)
{
	char *error,
	    *where = args->where ? results_select(store, args->where, &error) : xstrdup("1");
	struct branches b;
	int bad, stale = 0;

	if (!where)
		return say_error(error, EXIT_USAGE);
	bad = branches_read(&b, store, where, waivers, &error);
	free(where);
	if (!bad)
		stale = print(store, &b, args->list, &error);
	if (!bad && stale >= 0 && args->html && write_page(&b, args->html, &error))
		stale = -1;
	branches_free(&b);
	if (bad || stale < 0)
		return say_error(error, bad > 0 ? EXIT_USAGE : EXIT_INFRA);
	return stale ? EXIT_FINDINGS : EXIT_CLEAN;
}

int cmd_coverage(int argc, char **argv)
{
	struct coverage_args args = {0};
	struct waivers waivers;
	struct store *store;
	char *usual, *error;
	int status, bad;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	usual = xasprintf("%s/configs/coverage-waivers.txt", shown_path(source_dir()));
	bad = waivers_read(&waivers, args.waivers ? args.waivers : usual, &error);
	free(usual);
	if (bad) {
		waivers_free(&waivers);
		return say_error(error, EXIT_USAGE);
	}
	store = results_open(args.database);
	status = store ? show(store, &args, &waivers) : EXIT_INFRA;
	store_close(store);
	waivers_free(&waivers);
	return status;
}
