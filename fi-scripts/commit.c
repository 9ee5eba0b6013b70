// SPDX-License-Identifier: GPL-2.0-or-later
#include "commit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "enumerate_plan.h"
#include "kernel.h"
#include "reproduce.h"
#include "run_plan.h"
#include "signals.h"
#include "units.h"
#include "xmem.h"

static enum commit_built build(const struct commit_args *args, const char *mutant, char **image)
{
	switch (kernel_build(args->src, args->kernel, mutant, image)) {
	case BUILD_DONE:
		return COMMIT_BUILT;
	case BUILD_BROKEN:
		return COMMIT_BROKEN;
	case BUILD_REFUSED:
		return COMMIT_REFUSED;
	default:
		return COMMIT_UNBUILT;
	}
}

static struct run_report *run(const struct commit_args *args, const char *mutant, const char *image)
{
	struct run_args run_args = {
	    .plan = args->plan,
	    .mutant = mutant,
	    .image = image,
	    .seed = args->seed,
	    .duration_us = args->duration_us,
	    .quiet = true,
	    .accel = args->accel,
	};
	struct run_report *report;

	run_plan(&run_args, &report);
	return report;
}

/* The rest ends a TD or spoils a boot: that takes half an hour, these take a minute. */
#define CONTRACTS "retry,once,user-error,ignored"

static void run_cases(const struct commit_args *args, struct commit *c)
{
	struct enumerate_args cases = {
	    .plan = args->cases,
	    .calls = args->calls,
	    .contracts = CONTRACTS,
	    .stop = args->max_broken,
	    .accel = args->accel,
	};
	int status = enumerate_plan(&cases, &c->cases);

	c->enumerated = (status == EXIT_CLEAN || status == EXIT_FINDINGS) &&
			enumeration_done(&c->cases) == c->cases.cases.total;
	if (!c->enumerated)
		c->problem = xasprintf("the cases were not all run: %s",
				       c->cases.stopped ? c->cases.stopped : "see above");
}

/* For who has the commit in the tree that it is from. */
static void set_again(const struct commit_args *args, struct commit *c)
{
	char *plan = reproduce_word(args->plan_word);
	char *load = args->duration_us ? unit_format(UNIT_TIME, args->duration_us) : NULL;

	c->again = xasprintf("KSRC=$PWD septorture run --seed %" PRIu64 "%s%s%s %s", args->seed,
			     load ? " --duration '" : "", load ? load : "", load ? "'" : "", plan);
	c->cases_again = xasprintf("KSRC=$PWD septorture enumerate --calls %" PRIu64
				   " --contracts " CONTRACTS " enumerate",
				   args->calls);
	free(load);
	free(plan);
}

/* Other commands build in the same place. */
static void check_image(struct commit *c, const char *image, const char *id)
{
	char *now = id ? kernel_id(image) : NULL;

	if (id && (!now || strcmp(now, id))) {
		free(c->problem);
		c->problem = xstrdup("another septorture has built another kernel in its place "
				     "meanwhile; run one at a time");
		run_free(c->run);
		c->run = NULL;
		enumeration_free(&c->cases);
		c->cases = (struct enumeration){0};
		c->enumerated = false;
	}
	free(now);
}

void commit_check(const struct commit_args *args, struct commit *c)
{
	static const char *const problems[] = {
	    [COMMIT_BROKEN] = "it does not compile, with our patches in it",
	    [COMMIT_REFUSED] = "the build refuses it, see above: a patch of ours that does not "
			       "apply (docs/series.md), no TDX code, an option that cannot be had",
	    [COMMIT_UNBUILT] = "it was not built",
	};
	uint64_t begin = now_ms();
	char *image, *id;

	set_again(args, c);
	c->built = build(args, NULL, &image);
	id = image ? kernel_id(image) : NULL;
	if (c->built != COMMIT_BUILT)
		c->problem = xstrdup(problems[c->built]);
	else if (!(c->run = run(args, NULL, image)))
		c->problem = xstrdup("the VM was not run, see above");
	else if (run_verdict(c->run) == RUN_INVALID)
		c->problem = run_invalid(c->run);
	else if (!signals_stop())
		run_cases(args, c);
	c->took_ms = now_ms() - begin;
	/* Where it was checked out, others follow. */
	if (c->run) {
		free(c->run->reproduce);
		c->run->reproduce = NULL;
	}
	check_image(c, image, id);
	free(id);
	free(image);
}

/* The finding that came first of those that count. */
static const struct finding *first_finding(const struct run_report *report)
{
	const struct finding *first = NULL;

	for (size_t i = 0; i < report->nfindings; i++) {
		const struct finding *f = &report->findings[i];

		if (run_counts(f) && (!first || f->first_us < first->first_us))
			first = f;
	}
	return first;
}

static void judge_test(struct self_test *t, const struct run_report *report)
{
	const struct finding *f = report ? first_finding(report) : NULL;
	uint64_t us;

	if (f && run_since_load(report, f, &us)) {
		t->what = xasprintf("found by %s after %.1f s", f->oracle, (double)us / 1e6);
	} else if (f) {
		t->what = xasprintf("found by %s", f->oracle);
	} else if (!report) {
		t->what = xstrdup("the VM was not run, see above");
	} else if (run_verdict(report) == RUN_INVALID) {
		t->what = run_invalid(report);
	} else {
		t->what = xstrdup("NOT FOUND");
		t->missed = true;
	}
	t->found = f;
}

void commit_self_test(const struct commit_args *args, struct self_test *t)
{
	struct run_report *report;
	char *image;

	if (build(args, t->mutant, &image) == COMMIT_BUILT) {
		report = run(args, t->mutant, image);
		judge_test(t, report);
		run_free(report);
	} else {
		t->what = xstrdup("cannot be put into this kernel, see above");
	}
	free(image);
}
