// SPDX-License-Identifier: GPL-2.0-or-later
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "format.h"
#include "past_run.h"
#include "text.h"
#include "xmem.h"

#define FORMAT_KEY 0x100 /* of the first format; no character */

struct report_args {
	const char *run;
	const struct report_format *format;
	bool summary; /* only what is above the first finding */
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct report_args *args = state->input;

	switch (key) {
	case 't':
		args->format = &text_format;
		args->summary = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num)
			argp_error(state, "'%s' is one too many; one run at a time", arg);
		args->run = arg;
		return 0;
	}
	if (key < FORMAT_KEY || key >= FORMAT_KEY + (int)report_nformats())
		return ARGP_ERR_UNKNOWN;
	args->format = report_formats[key - FORMAT_KEY];
	args->summary = false;
	return 0;
}

/* free() it. */
static struct argp_option *make_options(void)
{
	struct argp_option *options = xcalloc(report_nformats() + 2, sizeof(*options));

	options[0] = (struct argp_option){
	    "text", 't', NULL, 0, "The summary that the run ended with (the default)", 0};
	for (int i = 0; report_formats[i]; i++)
		options[i + 1] = (struct argp_option){
		    report_formats[i]->name, FORMAT_KEY + i, NULL, 0, report_formats[i]->help, 0};
	return options;
}

static void parse(struct report_args *args, int argc, char **argv)
{
	struct argp_option *options = make_options();
	struct argp argp = {
	    .options = options,
	    .parser = parse_option,
	    .args_doc = "[RUN]",
	    .doc = "Shows the report of a run of the past: an id of build/runs, the path of a "
		   "run's directory, or 'latest', the default. Of several formats the last "
		   "counts.\n\nExample: septorture report latest --mail",
	};

	argp_parse(&argp, argc, argv, 0, NULL, args);
	free(options);
}

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

	parse(&args, argc, argv);
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
