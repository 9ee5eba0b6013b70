// SPDX-License-Identifier: GPL-2.0-or-later
#include "commit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "enumerate_plan.h"
#include "kernel.h"
#include "run_plan.h"
#include "signals.h"
#include "xmem.h"

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

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
/* Enough to see what is wrong: each may cost a boot. */
#define MAX_BROKEN 5

static void run_cases(const struct commit_args *args, struct commit *c)
{
	struct enumerate_args cases = {
	    .plan = args->cases,
	    .calls = args->calls,
	    .contracts = CONTRACTS,
	    .stop = MAX_BROKEN,
	    .accel = args->accel,
	};
	int status = enumerate_plan(&cases, &c->cases);

	c->enumerated = status == EXIT_CLEAN || status == EXIT_FINDINGS;
	if (!c->enumerated)
		c->problem = xasprintf("the cases were not all run: %s",
				       c->cases.stopped ? c->cases.stopped : "see above");
}

void commit_check(const struct commit_args *args, struct commit *c)
{
	static const char *const problems[] = {
	    [COMMIT_BROKEN] = "it does not compile, with our patches in it",
	    [COMMIT_REFUSED] = "one of our patches does not apply to it, or a configuration option "
			       "cannot be had (docs/series.md)",
	    [COMMIT_UNBUILT] = "it was not built",
	};
	uint64_t begin = now_ms();
	char *image;

	c->plan = xstrdup(args->plan_word);
	c->built = build(args, NULL, &image);
	if (c->built != COMMIT_BUILT)
		c->problem = xstrdup(problems[c->built]);
	else if (!(c->run = run(args, NULL, image)))
		c->problem = xstrdup("the VM was not run, see above");
	else if (run_verdict(c->run) == RUN_INVALID)
		c->problem = run_invalid(c->run);
	else if (!signals_stop())
		run_cases(args, c);
	c->took_ms = now_ms() - begin;
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
