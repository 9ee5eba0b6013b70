// SPDX-License-Identifier: GPL-2.0-or-later
#include <argp.h>
#include <stdlib.h>

#include "command.h"
#include "compare.h"
#include "results.h"
#include "selection.h"

struct compare_args {
	const char *side[2];
	const char *database;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct compare_args *args = state->input;

	switch (key) {
	case 'd':
		args->database = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num >= 2)
			argp_error(state, "'%s' is one too many; put commas between conditions",
				   arg);
		args->side[state->arg_num] = arg;
		return 0;
	case ARGP_KEY_END:
		if (state->arg_num < 2)
			argp_error(state, "two sides are needed, A and B");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
    {"db", 'd', "FILE", 0, "The database (build/results.sqlite)", 0},
    {0},
};

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "A B",
    .doc = "Shows what the runs of B have that those of A have not, and the other way round: "
	   "findings, injected faults, window pairs, rates. A and B are each a run (an id, "
	   "'latest', the path of a directory) or KEY=PATTERN[,KEY=PATTERN]... with the "
	   "keys " SELECTION_KEYS ". Runs that are no result are left out. Exit status: 1 if B is "
	   "worse: a new finding, a fault that all runs of A injected and none of B, or, with 3 "
	   "runs or more on each side, every one of B slower than any of A; 0 if not, 2 wrong "
	   "usage, 3 the database cannot be used.\n\nExample: septorture compare "
	   "config=race,mutant= latest",
};

static int show(struct store *store, const struct compare_args *args)
{
	char *error, *side[2] = {0};
	int bad = 0, worse = 0;

	for (int i = 0; i < 2 && !bad; i++) {
		side[i] = results_select(store, args->side[i], &error);
		bad = side[i] ? 0 : 1;
	}
	if (!bad)
		bad = compare(store, side[0], side[1], stdout, &worse, &error);
	for (int i = 0; i < 2; i++)
		free(side[i]);
	if (bad)
		return say_error(error, bad > 0 ? EXIT_USAGE : EXIT_INFRA);
	return worse ? EXIT_FINDINGS : EXIT_CLEAN;
}

int cmd_compare(int argc, char **argv)
{
	struct compare_args args = {0};
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
