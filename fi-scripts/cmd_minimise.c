// SPDX-License-Identifier: GPL-2.0-or-later
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "again.h"
#include "command.h"
#include "minimise.h"
#include "signals.h"
#include "table.h"
#include "xmem.h"

#define DEFAULT_TRIES 2

struct minimise_args {
	struct again_args again;
	const char *out; /* NULL: below build/minimised */
};

/* ---- arguments ---- */

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct minimise_args *args = state->input;

	if (key != 'o')
		return again_option(&args->again, key, arg, state);
	args->out = arg;
	return 0;
}

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "Write the plan there instead of to build/minimised/ID.ini", 0},
    {"tries", 't', "N", 0, "How often to try each candidate (2)", 0},
    {"accel", 'a', "WHAT", 0, "As for 'run'; by default what ran it then", 0},
    {0},
};

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "RUN[:FINDING]",
    .doc = "Leaves out fault sections, stressors, CPUs, delays and injections of a run's plan for "
	   "as long as its finding comes back (each candidate is tried twice), and writes the "
	   "smallest plan. RUN and FINDING are those of 'replay'. Exit status: 1 it came back, 0 "
	   "it did not, 2 wrong usage, 3 no try was a result.\n\nExample: septorture minimise "
	   "latest:1",
};

/* ---- where it goes ---- */

static int make_folder(const char *path)
{
	if (!mkdir(path, 0777) || errno == EEXIST)
		return EXIT_CLEAN;
	say("cannot make %s: %s", path, strerror(errno));
	return EXIT_INFRA;
}

/* Hours later would be late to learn that nothing can be written there. */
static int check_output(const char *out)
{
	const char *slash = strrchr(out, '/');
	char *folder = slash ? xasprintf("%.*s", (int)(slash - out) + 1, out) : xstrdup(".");
	int status = EXIT_CLEAN;
	int err = access(folder, W_OK | X_OK) ? errno : 0;
	struct stat st;

	if (!err && !stat(out, &st) && S_ISDIR(st.st_mode))
		err = EISDIR;
	if (err) {
		say("cannot write %s: %s; give --output the name of a file", out, strerror(err));
		status = EXIT_USAGE;
	}
	free(folder);
	return status;
}

/* ---- what is shown ---- */

static void size_row(struct table *t, const char *what, uint64_t before, uint64_t after)
{
	table_add(t, what);
	table_addf(t, "%" PRIu64, before);
	table_addf(t, "%" PRIu64, after);
}

static void show_sizes(const struct plan_size *before, const struct plan_size *after)
{
	struct table t = {.ncols = 3};

	table_add(&t, "");
	table_add(&t, "BEFORE");
	table_add(&t, "AFTER");
	size_row(&t, "fault sections", before->faults, after->faults);
	size_row(&t, "stressors", before->stressors, after->stressors);
	size_row(&t, "vCPUs", before->vcpus, after->vcpus);
	size_row(&t, "CPUs", before->cpus, after->cpus);
	size_row(&t, "injections", before->injected, after->injected);
	size_row(&t, "load in ms", before->load_us / 1000, after->load_us / 1000);
	fputc('\n', stdout);
	table_print(&t, "", stdout);
	fputc('\n', stdout);
}

static void show(const struct minimise *m)
{
	char *command;

	if (m->shown) {
		show_sizes(&m->before, &m->after);
		command = minimise_command(m);
		printf("plan: %s\nrun it: %s\n", shown_path(m->out), command);
		free(command);
	} else if (!signals_stop() && !m->status) {
		puts(m->results ? "it did not come back: there is nothing to make smaller"
				: "no try was a result");
	}
	if (signals_stop())
		printf("stopped by signal %d (%s)%s\n", signals_stop(), strsignal(signals_stop()),
		       m->shown ? ": this is the smallest so far" : "");
	else if (m->status && m->shown)
		puts("no more runs were possible: this is the smallest so far");
}

static int exit_status(const struct minimise *m)
{
	if (m->status)
		return m->status;
	if (m->shown)
		return EXIT_FINDINGS;
	return signals_stop() || !m->results ? EXIT_INFRA : EXIT_CLEAN;
}

/* ---- the command ---- */

static int search(const struct again *a, const char *out, unsigned int tries)
{
	struct minimise m = {
	    .again = a,
	    .tries = tries,
	    .out = out,
	    .candidate =
		xasprintf("%s/build/minimised/.%s-%d.ini", a->src, a->run.id, (int)getpid()),
	};
	int status;

	again_describe(a, stdout);
	minimise(&m);
	show(&m);
	status = exit_status(&m);
	shrink_end(&m.search);
	free(m.candidate);
	return status;
}

static int run_search(const struct again *a, const struct minimise_args *args)
{
	char *folder = xasprintf("%s/build/minimised", a->src);
	char *out = args->out ? xstrdup(args->out) : xasprintf("%s/%s.ini", folder, a->run.id);
	int status = make_folder(folder);

	if (!status)
		status = check_output(out);
	if (!status)
		status = search(a, out, args->again.tries);
	free(folder);
	free(out);
	return status;
}

int cmd_minimise(int argc, char **argv)
{
	struct minimise_args args = {.again.tries = DEFAULT_TRIES};
	struct again a = {0};
	int status;

	if (argp_parse(&argp, argc, argv, 0, NULL, &args))
		return EXIT_USAGE;
	status = again_begin(&a, &args.again);
	if (!status)
		status = run_search(&a, &args);
	again_end(&a);
	return status;
}
