// SPDX-License-Identifier: GPL-2.0-or-later
#include <argp.h>
#include <stdbool.h>
#include <stdlib.h>

#include "command.h"
#include "history.h"
#include "options.h"
#include "results.h"
#include "selection.h"
#include "xmem.h"

#define DEFAULT_LAST 20
#define MAX_LAST     1000000

struct history_args {
	const char *where; /* as it was typed; NULL: all */
	const char *part; /* of signatures */
	const char *database;
	uint64_t last;
	bool findings;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct history_args *args = state->input;

	switch (key) {
	case 'l':
		args->last = option_value(state, "--last", UNIT_COUNT, arg, 1, MAX_LAST);
		return 0;
	case 's':
		args->part = arg;
		args->findings = true;
		return 0;
	case 'f':
		args->findings = true;
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
    {"last", 'l', "N", 0, "Only the last N of these runs (20; all with --findings)", 0},
    {"findings", 'f', NULL, 0, "What they found: how often, in which run first and last", 0},
    {"signature", 's', "PART", 0, "The same of findings with PART in their signature", 0},
    {"db", 'd', "FILE", 0, "The database (build/results.sqlite)", 0},
    {0},
};

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "[KEY=PATTERN[,KEY=PATTERN]...]",
    .doc = "Shows the runs of the past, those alone that have all these properties. Keys "
	   "are " SELECTION_KEYS ". Patterns are those of file names: 'plan=mutants*,config=race'; "
	   "'mutant=' are runs without one.\n\nExample: septorture history --findings config=race",
};

static int show(struct store *store, const struct history_args *args)
{
	char *error,
	    *where = args->where ? results_select(store, args->where, &error) : xstrdup("1");
	uint64_t last = args->last ? args->last : args->findings ? MAX_LAST : DEFAULT_LAST;
	int bad;

	if (!where)
		return say_error(error, EXIT_USAGE);
	bad = args->findings ? history_findings(store, where, last, args->part, stdout, &error)
			     : history_runs(store, where, last, stdout, &error);
	free(where);
	return bad ? say_error(error, EXIT_INFRA) : EXIT_CLEAN;
}

int cmd_history(int argc, char **argv)
{
	struct history_args args = {0};
	struct store *store;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	store = results_open(args.database);
	if (!store)
		return EXIT_INFRA;
	status = show(store, &args);
	store_close(store);
	return status;
}
