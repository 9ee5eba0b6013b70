// SPDX-License-Identifier: GPL-2.0-or-later
#include <argp.h>
#include <stdint.h>
#include <stdio.h>

#include "command.h"
#include "enumerate_plan.h"
#include "options.h"
#include "signals.h"

struct enumerate_words {
	struct enumerate_args args;
	bool json;
};

/* ---- arguments ---- */

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct enumerate_words *words = state->input;
	struct enumerate_args *args = &words->args;

	switch (key) {
	case 'm':
		args->mutant = arg;
		return 0;
	case 's':
		args->sites = arg;
		return 0;
	case 'c':
		args->contracts = arg;
		return 0;
	case 'n':
		args->calls = option_value(state, "--calls", UNIT_COUNT, arg, 1, UINT32_MAX);
		return 0;
	case 'x':
		args->stop = option_value(state, "--stop", UNIT_COUNT, arg, 1, UINT32_MAX);
		return 0;
	case 'r':
		args->resume = arg;
		return 0;
	case 'a':
		args->accel = option_accel(state, arg);
		return 0;
	case 'j':
		words->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (args->plan)
			argp_error(state, "one plan at a time; '%s' is one too many", arg);
		args->plan = option_plan(arg);
		return 0;
	case ARGP_KEY_END:
		if (!args->plan)
			argp_error(state, "say which plan, such as enumerate");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
    {"sites", 's', "PATTERN[,...]", 0, "Only sites with such names, e.g. 'tdh_mem_*'", 0},
    {"contracts", 'c', "CLASS[,...]", 0,
     "Only failures of these classes, e.g. 'retry,once' (all but never; docs/contracts.md)", 0},
    {"calls", 'n', "N", 0, "Only the first N calls of each site and context", 0},
    {"mutant", 'm', "NAME", 0, "As for 'run'", 0},
    {"stop", 'x', "N", 0, "Stop after N cases that are not as the contract says", 0},
    {"resume", 'r', "ID", 0, "Go on with this enumeration, or with the 'latest'", 0},
    {"accel", 'a', "WHAT", 0, "As for 'run'", 0},
    {"json", 'j', NULL, 0, "Print JSON instead of a table", 0},
    {0},
};

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "PLAN",
    .doc = "Counts the calls of each site in a scenario that always goes the same way, then runs "
	   "it once for each of these calls and each error it can return. Contracts and oracles "
	   "judge what comes of it. The plan says which kernel, and how large VM and TD are. "
	   "Everything is kept in build/enumerate/latest.\n\nExample: septorture enumerate "
	   "--contracts retry,once enumerate",
};

int cmd_enumerate(int argc, char **argv)
{
	struct enumerate_words words = {0};
	struct enumeration record = {0};
	int status;

	if (argp_parse(&argp, argc, argv, 0, NULL, &words))
		return EXIT_USAGE;
	signals_prepare();
	status = enumerate_plan(&words.args, &record);
	if (record.dir && words.json)
		enumeration_json(&record, stdout);
	else if (record.dir)
		enumeration_text(&record, stdout);
	enumeration_free(&record);
	return status;
}
