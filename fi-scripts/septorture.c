// SPDX-License-Identifier: GPL-2.0-or-later
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "suggest.h"
#include "xmem.h"

static const struct command commands[] = {
    {"run", "boot a test kernel under a plan and report what broke", cmd_run},
    {"soak", "run plans in turn for hours, several VMs at a time", cmd_soak},
    {"mutants", "run seeded bugs and show which of them are found, and by what", cmd_mutants},
    {"replay", "repeat a run and say whether its finding comes back", cmd_replay},
    {"bisect-step", "the same for 'git bisect run', in a kernel tree", cmd_bisect_step},
    {"series", "try each commit of a kernel tree, and show what it brings", cmd_series},
    {"check-commit", "try one, and print the verdict as a mail", cmd_check_commit},
    {"minimise", "find the smallest plan with which a finding comes back", cmd_minimise},
    {"enumerate", "fail each call of each site once, with each error, and see what comes of it",
     cmd_enumerate},
    {"report", "show the report of a run once more, in another format", cmd_report},
    {"history", "show the runs of the past and what they found", cmd_history},
    {"compare", "show what one set of runs has that another has not", cmd_compare},
    {"coverage", "show which failure branches of the kernel were taken", cmd_coverage},
    {"doctor", "show what this machine can do, and how to mend what is missing", cmd_doctor},
    {"list", "show sites, statuses, stressors, oracles, plans and mutants", cmd_list},
    {0},
};

static void usage(FILE *out)
{
	fputs("usage: septorture COMMAND [ARGUMENT...]\n\n", out);
	for (const struct command *c = commands; c->name; c++)
		fprintf(out, "  %-13s%s\n", c->name, c->help);
	fputs("\n'septorture COMMAND --help' shows the arguments of each.\n"
	      "Exit status: 0 clean, 1 findings, 2 wrong usage or plan, 3 the run is no result;\n"
	      "of 'enumerate': 0 all as the contracts say, 1 not all, 2 and 3 alike;\n"
	      "of 'mutants': 0 all found, 1 not all, or a control flagged, 2 and 3 alike;\n"
	      "of 'replay' and 'minimise': 0 it never came back, 1 it did, 2 and 3 alike;\n"
	      "of 'series' and 'check-commit': 0 clean, 1 something new, 2 and 3 alike;\n"
	      "of 'bisect-step': those that git wants.\n",
	      out);
}

static int unknown(const char *name)
{
	struct suggest s = {.word = name};
	char *hint;

	for (const struct command *c = commands; c->name; c++)
		suggest_try(&s, c->name);
	hint = suggest_text(&s, "'septorture help' shows them");
	say("unknown command '%s'%s", name, hint);
	free(hint);
	return EXIT_USAGE;
}

static int call(const struct command *c, int argc, char **argv)
{
	char *name = xasprintf("septorture %s", c->name);
	int ret;

	/* argp names the program by argv[0]. */
	argv[0] = name;
	ret = c->run(argc, argv);
	free(name);
	return ret;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	argp_err_exit_status = EXIT_USAGE;
	if (!*name) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(name, "help") || !strcmp(name, "--help") || !strcmp(name, "-h")) {
		usage(stdout);
		return EXIT_CLEAN;
	}
	if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
		puts("septorture " SEPTORTURE_VERSION);
		return EXIT_CLEAN;
	}
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return call(c, argc - 1, argv + 1);
	return unknown(name);
}
