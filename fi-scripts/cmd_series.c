// SPDX-License-Identifier: GPL-2.0-or-later
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "commit.h"
#include "draft.h"
#include "gittree.h"
#include "options.h"
#include "plan.h"
#include "run_plan.h"
#include "rundir.h"
#include "signals.h"
#include "table.h"
#include "xmem.h"

#define FOLDER "series"
/* Of each site and context: what a commit breaks there, it breaks at the first. */
#define CALLS 1
/* New cases that are not as the contract says, until it is enough. */
#define MAX_BROKEN 5

/* Bugs that every kernel with a mirror MMU can have, and that a quick run finds in seconds. */
static const char *const self_tests[] = {"stats-before-external", "no-restore-on-failure"};

struct series_args {
	const char *what; /* BASE..TIP, or a commit */
	const char *tree, *plan, *plan_word; /* the plan, and how it was given */
	uint64_t duration_us, calls;
	bool json;
	enum accel_wish accel;
	bool one; /* one commit only */
};

/* ---- arguments ---- */

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct series_args *args = state->input;

	switch (key) {
	case 't':
		args->tree = arg;
		return 0;
	case 'p':
		args->plan = option_plan(arg);
		args->plan_word = arg;
		return 0;
	case 'd':
		args->duration_us = option_duration(state, "--duration", arg);
		return 0;
	case 'n':
		args->calls = option_value(state, "--calls", UNIT_COUNT, arg, 1, UINT32_MAX);
		return 0;
	case 'a':
		args->accel = option_accel(state, arg);
		return 0;
	case 'j':
		args->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (args->what)
			argp_error(state, "'%s' is one too many", arg);
		args->what = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		if (!args->one)
			argp_error(state, "say which commits: BASE..TIP");
		args->what = "HEAD";
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
    {"tree", 't', "DIR", 0, "The kernel's git tree (KSRC, or else where you are)", 0},
    {"plan", 'p', "PLAN", 0, "Run this one instead of quick", 0},
    {"duration", 'd', "TIME", 0, "Length of its load, instead of the plan's", 0},
    {"calls", 'n', "N", 0, "Let the first N calls of each site and context fail (1)", 0},
    {"accel", 'a', "WHAT", 0, "As for 'run'", 0},
    {"json", 'j', NULL, 0, "Print JSON instead of text", 0},
    {0},
};

#define STATUSES                                                                                   \
	"Exit status: 0 clean; 1 there is something new, or a commit does not compile; 2 wrong "   \
	"usage; 3 some of it is no result."

static const struct argp series_argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "BASE..TIP",
    .doc = "Builds, runs and enumerates BASE and each commit up to TIP, of a kernel's git tree, "
	   "which is only read, and shows what each of them brings. Everything is kept in "
	   "build/series/latest. " STATUSES "\n\nExample: septorture series --tree ~/linux "
	   "v7.3..my-branch",
};

static const struct argp check_argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "[COMMIT]",
    .doc = "Builds, runs and enumerates one commit (HEAD) of a kernel's git tree, which is only "
	   "read, puts bugs into it to see that they are found, and prints all of it as a mail. "
	   "Everything is kept in build/series/latest. " STATUSES
	   "\n\nExample: septorture check-commit --tree ~/linux HEAD",
};

/* ---- the command ---- */

struct job {
	const struct series_args *args;
	struct gittree tree;
	struct plan *plan;
	char *src, *plan_path, *cases_path;
	struct rundir dir;
	struct series record;
};

static int find_commits(struct job *j)
{
	struct series *s = &j->record;
	struct git_commit *found = NULL;
	char *error = NULL;

	if (j->args->one) {
		found = xgrow(NULL, 0, sizeof(*found));
		s->n = gittree_commit(&j->tree, j->args->what, found, &error);
	} else {
		s->n = gittree_range(&j->tree, j->args->what, &found, &error);
	}
	if (!s->n) {
		free(found);
		return say_error(error, EXIT_USAGE);
	}
	s->range = xstrdup(j->args->what);
	s->has_base = !j->args->one;
	s->dirty = gittree_is_dirty(&j->tree);
	s->commits = xcalloc(s->n, sizeof(*s->commits));
	for (size_t i = 0; i < s->n; i++) {
		s->commits[i].id = found[i].id;
		s->commits[i].subject = found[i].subject;
	}
	free(found);
	return EXIT_CLEAN;
}

static int check(struct job *j)
{
	const char *ksrc = getenv("KSRC"), *tree = ksrc && *ksrc ? ksrc : ".";
	char *error;
	int status;

	j->src = run_source();
	if (!j->src)
		return EXIT_INFRA;
	j->plan_path = j->args->plan ? xstrdup(j->args->plan)
				     : xasprintf("%s/configs/plans/quick.ini", shown_path(j->src));
	j->cases_path = xasprintf("%s/configs/plans/enumerate.ini", shown_path(j->src));
	j->plan = run_read_plan(j->plan_path);
	if (!j->plan)
		return EXIT_USAGE;
	status = run_check_known(j->src);
	if (!status)
		status = run_draw_seed(&j->plan->seed);
	if (status)
		return status;
	status = gittree_open(&j->tree, j->src, j->args->tree ? j->args->tree : tree, &error);
	return status ? say_error(error, status) : find_commits(j);
}

/* The record and the text of all that is known so far. */
static int save(const struct job *j)
{
	const struct {
		const char *name;
		void (*write)(const struct series *s, FILE *out);
	} files[] = {{"series.json", series_json},
		     {"series.txt", j->args->one ? series_mail : series_text}};
	int status = EXIT_CLEAN;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *path = xasprintf("%s/%s", j->dir.path, files[i].name), *error;
		FILE *f = draft_open(path);

		if (f)
			files[i].write(&j->record, f);
		if (draft_close(f, path, &error))
			status = say_error(error, EXIT_INFRA);
		free(path);
	}
	return status;
}

static void say_begin(const struct job *j, size_t i)
{
	char *line = xasprintf("[%zu/%zu] %.12s %s", i + 1, j->record.n, j->record.commits[i].id,
			       j->record.commits[i].subject);

	table_line(line, "", stderr);
	free(line);
}

static void say_end(const struct job *j, size_t i)
{
	char *text = commit_verdict_text(&j->record, i);

	fprintf(stderr, "[%zu/%zu] %s\n", i + 1, j->record.n, text);
	free(text);
}

/* Enough to see what is wrong: each may cost a boot. What BASE has hides nothing. */
static uint64_t max_broken(const struct series *s, size_t i)
{
	if (s->has_base && !i)
		return 0;
	return MAX_BROKEN + (s->has_base ? enumeration_broken(&s->commits[0].cases) : 0);
}

static int try_commit(struct job *j, struct commit_args *args, size_t i)
{
	char *error;

	args->max_broken = max_broken(&j->record, i);
	say_begin(j, i);
	if (gittree_checkout(&j->tree, j->record.commits[i].id, &error))
		return say_error(error, EXIT_INFRA);
	commit_check(args, &j->record.commits[i]);
	series_judge(&j->record);
	say_end(j, i);
	return save(j);
}

static int try_tests(struct job *j, const struct commit_args *args)
{
	struct series *s = &j->record;
	size_t n = sizeof(self_tests) / sizeof(self_tests[0]);

	if (s->commits[0].built != COMMIT_BUILT)
		return EXIT_CLEAN;
	s->tests = xcalloc(n, sizeof(*s->tests));
	while (s->ntests < n && !signals_stop()) {
		struct self_test *t = &s->tests[s->ntests++];

		t->mutant = xstrdup(self_tests[s->ntests - 1]);
		commit_self_test(args, t);
		fprintf(stderr, "[self-test %zu/%zu] %s: %s\n", s->ntests, n, t->mutant, t->what);
	}
	return save(j);
}

static void run_all(struct job *j)
{
	struct series *s = &j->record;
	struct commit_args args = {
	    .src = j->src,
	    .plan = j->plan_path,
	    .plan_word = j->args->plan_word,
	    .kernel = j->plan->kernel,
	    .duration_us = j->args->duration_us,
	    .seed = j->plan->seed,
	    .cases = j->cases_path,
	    .calls = j->args->calls,
	    .accel = j->args->accel,
	};
	int status = save(j);

	rundir_publish(&j->dir);
	for (size_t i = 0; !status && !signals_stop() && i < s->n; i++)
		status = try_commit(j, &args, i);
	if (!status && !signals_stop() && j->args->one)
		status = try_tests(j, &args);
	if (signals_stop())
		s->stopped =
		    xasprintf("by signal %d (%s)", signals_stop(), strsignal(signals_stop()));
	else if (status)
		s->stopped = xstrdup("it could not go on, see above");
	save(j);
}

static int exit_status(const struct series *s)
{
	int status = s->stopped || !series_tool_works(s) ? EXIT_INFRA : EXIT_CLEAN;

	for (size_t i = 0; i < s->n; i++)
		switch (commit_verdict(s, i)) {
		case VERDICT_NEW:
		case VERDICT_BROKEN:
			return EXIT_FINDINGS;
		case VERDICT_NONE:
			status = EXIT_INFRA;
			break;
		default:
			break;
		}
	return status;
}

static int run_checked(struct job *j)
{
	struct series *s = &j->record;
	char *error;

	signals_catch();
	if (rundir_make(&j->dir, j->src, FOLDER, j->plan->name, NULL, &error))
		return say_error(error, EXIT_INFRA);
	s->id = xstrdup(j->dir.id);
	s->dir = xstrdup(shown_path(j->dir.path));
	/* What is built from now on. */
	setenv("KSRC", j->tree.ours, 1);
	run_all(j);
	if (j->args->json)
		series_json(s, stdout);
	else if (j->args->one)
		series_mail(s, stdout);
	else
		series_text(s, stdout);
	rundir_end(&j->dir);
	return exit_status(s);
}

static int series(const struct argp *argp, int argc, char **argv, bool one)
{
	struct series_args args = {.plan_word = "quick", .calls = CALLS, .one = one};
	struct job j = {.args = &args, .tree.lock = -1};
	int status;

	argp_parse(argp, argc, argv, 0, NULL, &args);
	signals_prepare();
	status = check(&j);
	if (!status)
		status = run_checked(&j);
	gittree_close(&j.tree);
	plan_free(j.plan);
	free(j.src);
	free(j.plan_path);
	free(j.cases_path);
	series_free(&j.record);
	return status;
}

int cmd_series(int argc, char **argv)
{
	return series(&series_argp, argc, argv, false);
}

int cmd_check_commit(int argc, char **argv)
{
	return series(&check_argp, argc, argv, true);
}
