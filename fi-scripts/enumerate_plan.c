// SPDX-License-Identifier: GPL-2.0-or-later
#include "enumerate_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "draft.h"
#include "files.h"
#include "kernel.h"
#include "plan.h"
#include "run_plan.h"
#include "rundir.h"
#include "signals.h"
#include "site.h"
#include "suggest.h"
#include "table.h"
#include "xmem.h"

#define FOLDER "enumerate"
#define RECORD "enumeration.json"
/* Of one boot: the agent ends it when it is through. */
#define BOOT_US (2 * 3600 * 1000000ull)

struct job {
	const struct enumerate_args *args;
	char *src, *plan_path, *image;
	struct plan *plan;
	char *qemu; /* its version */
	struct accel_choice accel;
	struct rundir dir;
	struct enumeration *record;
};

/* What goes onto the kernel's command line must be one word there. */
static bool is_word_list(const char *option, const char *list)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-,*?[]";

	if (*list && !list[strspn(list, allowed)])
		return true;
	say("%s: '%s' is not a list of names, separated by commas", option, list);
	return false;
}

static bool contracts_exist(const char *list)
{
	char *copy = xstrdup(list), *rest = copy, *word;
	bool ok = true;

	while (ok && (word = strsep(&rest, ","))) {
		struct suggest s = {.word = word};
		char *hint;

		ok = false;
		for (enum contract c = CONTRACT_RETRY; c <= CONTRACT_NEVER; c++) {
			ok |= !strcmp(contract_name(c), word);
			suggest_try(&s, contract_name(c));
		}
		if (ok)
			continue;
		hint = suggest_text(&s, "docs/contracts.md shows them");
		say("--contracts: unknown class '%s'%s", word, hint);
		free(hint);
	}
	free(copy);
	return ok;
}

/* ---- before anything that takes long; each returns an EXIT_ status ---- */

static int check_lists(const struct enumerate_args *args)
{
	if (args->sites && !is_word_list("--sites", args->sites))
		return EXIT_USAGE;
	if (args->contracts &&
	    (!is_word_list("--contracts", args->contracts) || !contracts_exist(args->contracts)))
		return EXIT_USAGE;
	return EXIT_CLEAN;
}

static int read_plan(struct job *j)
{
	j->plan = run_read_plan(j->args->plan);
	j->plan_path = j->plan ? realpath(j->args->plan, NULL) : NULL;
	return j->plan_path ? EXIT_CLEAN : EXIT_USAGE;
}

static char *copy_or_null(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static int begin_record(struct job *j)
{
	struct enumeration *e = j->record;

	e->plan = files_from_source(j->src, j->plan_path);
	e->mutant = copy_or_null(j->args->mutant);
	e->sites = copy_or_null(j->args->sites);
	e->contracts = copy_or_null(j->args->contracts);
	e->calls = j->args->calls;
	return EXIT_CLEAN;
}

/* What was asked for then must be what is asked for now: numbers of cases depend on it. */
static int resume_record(struct job *j)
{
	char *path = xasprintf("%s/build/" FOLDER "/%s/" RECORD, j->src, j->args->resume);
	char *plan = files_from_source(j->src, j->plan_path);
	struct enumeration *e = j->record;
	json_error_t error;
	json_t *o = json_load_file(path, 0, &error);
	int status = EXIT_USAGE;

	if (!o)
		say("cannot resume '%s': %s: %s", j->args->resume, path, error.text);
	else if (!enumeration_load(e, o))
		say("cannot resume '%s': %s is not the record of an enumeration", j->args->resume,
		    path);
	else if (!same(e->plan, plan) || !same(e->mutant, j->args->mutant) ||
		 !same(e->sites, j->args->sites) || !same(e->contracts, j->args->contracts) ||
		 e->calls != j->args->calls)
		say("cannot resume '%s': it was of %s%s%s%s%s%s%s, %" PRIu64 " calls of each (0: "
		    "all); give the same, or begin anew without --resume",
		    j->args->resume, e->plan, e->sites ? " --sites " : "", e->sites ? e->sites : "",
		    e->contracts ? " --contracts " : "", e->contracts ? e->contracts : "",
		    e->mutant ? " --mutant " : "", e->mutant ? e->mutant : "", e->calls);
	else
		status = EXIT_CLEAN;
	json_decref(o);
	free(plan);
	free(path);
	return status;
}

static int check(struct job *j)
{
	int status = check_lists(j->args);

	j->src = status ? NULL : run_source();
	if (!status && !j->src)
		status = EXIT_INFRA;
	if (!status)
		status = read_plan(j);
	if (!status)
		status = j->args->resume ? resume_record(j) : begin_record(j);
	if (status)
		return status;
	j->qemu = run_emulator();
	return j->qemu ? EXIT_CLEAN : EXIT_INFRA;
}

static int choose_accel(struct job *j)
{
	char *agent = run_agent(j->src);
	int status = accel_choose(&j->accel, &(struct accel_subject){
						 .kernel = j->image,
						 .agent = agent,
						 .plan = j->plan_path,
						 .qemu = j->qemu,
						 .dir = j->dir.path,
					     });

	free(agent);
	return status;
}

static int begin(struct job *j)
{
	char *error;
	int status =
	    build_status(kernel_build(j->src, j->plan->kernel, j->args->mutant, &j->image));

	if (!status && rundir_make(&j->dir, j->src, FOLDER, j->plan->name, NULL, &error))
		status = say_error(error, EXIT_INFRA);
	if (status)
		return status;
	j->record->id = xstrdup(j->dir.id);
	j->record->dir = xstrdup(shown_path(j->dir.path));
	return choose_accel(j);
}

/* ---- the boots ---- */

static int save(const struct job *j)
{
	char *path = xasprintf("%s/" RECORD, j->dir.path), *error;
	FILE *f = draft_open(path);
	int bad;

	if (f)
		enumeration_json(j->record, f);
	bad = draft_close(f, path, &error);
	free(path);
	return bad ? say_error(error, EXIT_INFRA) : EXIT_CLEAN;
}

/* The same for each VM: where it begins, it is told when it is up. */
static char *parameters(const struct job *j)
{
	const struct enumerate_args *a = j->args;

	return xasprintf("septorture_enumerate=1 septorture_calls=%" PRIu64 "%s%s%s%s", a->calls,
			 a->sites ? " septorture_sites=" : "", a->sites ? a->sites : "",
			 a->contracts ? " septorture_contracts=" : "",
			 a->contracts ? a->contracts : "");
}

static void take_findings(struct enumeration *e, const struct run_report *report)
{
	for (size_t i = 0; i < report->nfindings; i++) {
		if (!run_counts(&report->findings[i]))
			continue;
		e->findings = xgrow(e->findings, e->nfindings, sizeof(*e->findings));
		e->findings[e->nfindings++] = (struct boot_finding){
		    .run = xstrdup(report->id),
		    .title = xstrdup(report->findings[i].title),
		    .signature = xstrdup(report->findings[i].signature),
		};
	}
}

/* A case that took the VM with it is a result; one that a signal cut short is none. */
static bool drop_unfinished(struct run_report *report)
{
	return signals_stop() && report->cases.n && !report->cases.list[report->cases.n - 1].done;
}

static uint64_t take(struct job *j, struct run_report *report)
{
	struct enumeration *e = j->record;

	if (drop_unfinished(report))
		report->cases.n--;
	if (!e->kernel)
		e->kernel = copy_or_null(report->kernel);
	e->boots++;
	e->wall_ms += report->wall_ms;
	take_findings(e, report);
	return cases_merge(&e->cases, &report->cases, report->id, "the VM did not survive");
}

static void say_boot(const struct job *j, uint64_t first, uint64_t last)
{
	char *line = xasprintf(
	    "[boot %u] cases %" PRIu64 " to %" PRIu64 " of %" PRIu64 ", %zu not as promised so far",
	    j->record->boots, first, last, j->record->cases.total, enumeration_broken(j->record));

	table_line(line, "", stderr);
	free(line);
}

/* One VM, of which one run takes as many cases as it can. */
struct boot {
	struct job *job;
	uint64_t first, last; /* cases; last is 0 if there was none */
	bool ran; /* there was a report */
	int status; /* that it could not be written down */
};

static bool on_run(void *arg, struct run_report *report, bool more)
{
	struct boot *b = arg;

	(void)more;
	b->ran = true;
	b->last = take(b->job, report);
	if (b->last)
		say_boot(b->job, b->first, b->last);
	else if (!signals_stop())
		say("no case was run in this boot: %s (%s)",
		    report->invalid ? report->invalid : "see there", report->dir);
	b->status = save(b->job);
	return false;
}

/* Runs the cases from *NEXT on in one boot; other than 0 if nothing more can be run. */
static int boot_once(struct job *j, uint64_t *next)
{
	char *more = parameters(j), *saved = xasprintf("%s/" RUNDIR_VM "1", j->dir.path);
	struct run_args args = {
	    .plan = j->plan_path,
	    .mutant = j->args->mutant,
	    .image = j->image,
	    .duration_us = BOOT_US,
	    .seed = 1,
	    .parameters = more,
	    .quiet = true,
	    .chosen = &j->accel,
	};
	struct boot b = {.job = j, .first = *next};
	int status = run_rounds(&args, &(struct run_rounds){
					   .n = 1,
					   .first = *next,
					   /* Only once one is spent it is worth it. */
					   .snapshot = j->record->boots ? saved : NULL,
					   .on_run = on_run,
					   .arg = &b,
				       });

	free(more);
	free(saved);
	if (!b.ran)
		return status;
	*next = b.last + 1;
	/* A boot that is no result says so after its cases; one without any would be repeated. */
	if (b.last || signals_stop())
		status = signals_stop() ? EXIT_INFRA : EXIT_CLEAN;
	else
		status = status ? status : EXIT_INFRA;
	return b.status ? b.status : status;
}

static uint64_t first_undone(const struct enumeration *e)
{
	return e->cases.n ? e->cases.list[e->cases.n - 1].number + 1 : 1;
}

static bool is_enough(const struct job *j)
{
	return j->args->stop && enumeration_broken(j->record) >= j->args->stop;
}

static int run_all(struct job *j)
{
	struct enumeration *e = j->record;
	uint64_t next = first_undone(e);
	int status = save(j);

	rundir_publish(&j->dir);
	while (!status && !is_enough(j) && (!e->cases.total || next <= e->cases.total))
		status = boot_once(j, &next);
	if (is_enough(j))
		e->stopped = xasprintf("after %zu cases that were not as promised (--stop); go on "
				       "with --resume %s",
				       enumeration_broken(e), e->id);
	else if (signals_stop())
		e->stopped = xasprintf("by signal %d (%s); go on with --resume %s", signals_stop(),
				       strsignal(signals_stop()), e->id);
	else if (status)
		e->stopped = xstrdup("no more runs were possible, see above");
	return save(j) || status;
}

static int run_checked(struct job *j)
{
	const struct enumeration *e = j->record;
	int status;

	signals_catch();
	j->accel.wish = j->args->accel;
	status = begin(j);
	if (status) {
		rundir_discard(&j->dir);
		free(j->record->dir);
		j->record->dir = NULL;
		return status;
	}
	status = run_all(j);
	rundir_clear(&j->dir);
	rundir_end(&j->dir);
	if (status)
		return e->cases.total ? EXIT_INFRA : status;
	return enumeration_broken(e) || e->nfindings ? EXIT_FINDINGS : EXIT_CLEAN;
}

int enumerate_plan(const struct enumerate_args *args, struct enumeration *record)
{
	struct job j = {.args = args, .record = record};
	int status = check(&j);

	if (!status)
		status = run_checked(&j);
	free(j.src);
	free(j.plan_path);
	free(j.image);
	plan_free(j.plan);
	free(j.qemu);
	accel_free(&j.accel);
	return status;
}
