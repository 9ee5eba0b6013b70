// SPDX-License-Identifier: GPL-2.0-or-later
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "html.h"
#include "json.h"
#include "junit.h"
#include "ktap.h"
#include "past_run.h"
#include "text.h"
#include "xmem.h"

struct report_args {
	const char *run;
	const struct report_format *format;
	bool summary; /* only what is above the first finding */
};

static void choose(struct report_args *args, const struct report_format *format, bool summary)
{
	args->format = format;
	args->summary = summary;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct report_args *args = state->input;

	switch (key) {
	case 't':
		choose(args, &text_format, true);
		return 0;
	case 'm':
		choose(args, &text_format, false);
		return 0;
	case 'h':
		choose(args, &html_format, false);
		return 0;
	case 'j':
		choose(args, &json_format, false);
		return 0;
	case 'u':
		choose(args, &junit_format, false);
		return 0;
	case 'k':
		choose(args, &ktap_format, false);
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num)
			argp_error(state, "'%s' is one too many; one run at a time", arg);
		args->run = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
    {"text", 't', NULL, 0, "The summary that the run ended with (the default)", 0},
    {"mail", 'm', NULL, 0, "The summary and the findings, to be pasted into a mail", 0},
    {"html", 'h', NULL, 0, "HTML, one file", 0},
    {"json", 'j', NULL, 0, "report.json (docs/report.md)", 0},
    {"junit", 'u', NULL, 0, "JUnit's XML: a test for the run and for each oracle", 0},
    {"ktap", 'k', NULL, 0, "KTAP: the same", 0},
    {0},
};

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "[RUN]",
    .doc = "Shows the report of a run of the past: an id of build/runs, the path of a run's "
	   "directory, or 'latest', the default. Of several formats the last counts.",
};

static int show(FILE *f, bool summary)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, f) > 0 && !(summary && !strcmp(line, TEXT_RULE "\n")))
		fputs(line, stdout);
	free(line);
	return ferror(f) || fflush(stdout) ? -1 : 0;
}

int cmd_report(int argc, char **argv)
{
	struct report_args args = {.run = "latest", .format = &text_format, .summary = true};
	char *error, *dir, *path;
	int status = EXIT_CLEAN;
	FILE *f;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	dir = past_run_directory(source_dir(), args.run, &error);
	if (!dir)
		return say_error(error, EXIT_USAGE);
	path = xasprintf("%s/%s", dir, args.format->file);
	f = fopen(path, "r");
	if (!f) {
		status = errno == ENOENT ? EXIT_USAGE : EXIT_INFRA;
		say("cannot read %s: %s%s", shown_path(path), strerror(errno),
		    errno == ENOENT ? "; the run was cut short, or is of an older septorture" : "");
	} else if (show(f, args.summary)) {
		status = EXIT_INFRA;
		say("cannot show %s: %s", shown_path(path), strerror(errno));
	}
	if (f)
		fclose(f);
	free(path);
	free(dir);
	return status;
}
