/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the recorded runs of mutants come to. Pure functions: nothing but the records counts. */
#ifndef SEPTORTURE_JUDGE_H
#define SEPTORTURE_JUDGE_H

#include "campaign.h"

/* Words that belong to someone else, each of them once. */
struct words {
	size_t n;
	const char **v;
};

enum outcome {
	OUTCOME_OPEN, /* not all of its runs were done, and none has found it */
	OUTCOME_FOUND, /* a control: flagged */
	OUTCOME_MISSED, /* a control: quiet */
	OUTCOME_INVALID, /* not found, but a run was no result */
	OUTCOME_REFUSED,
	OUTCOME_BROKEN,
	OUTCOME_UNBUILT,
};

/* Of one mutant. */
struct judgement {
	enum outcome outcome;
	size_t runs, found; /* with faults: how many, and how many of them found it */
	/* That fired with faults; the one that was the first in most runs comes first. */
	struct words oracles;
	/* Medians over the runs that found it, of the finding that was first. */
	bool has_since, has_injected;
	uint64_t since_us, injected;
	bool early; /* in some of them that was before the load */
	bool surprising; /* it has runs, and none of the oracles that it names fired */
	/* Without faults. */
	bool base_done; /* all of these runs were, and each is a result */
	bool base_found; /* by whatever oracle */
	struct words base_klog; /* what the kernel log showed */
};

/* Of all. */
struct score {
	const char *oracle;
	size_t found; /* mutants */
	size_t alone; /* that no other oracle found */
};

struct summary {
	size_t mutants, found, controls, flagged;
	size_t outcomes[OUTCOME_UNBUILT + 1]; /* controls, too */
	size_t invalid_runs;
	size_t nscores;
	struct score *scores; /* the best first */
	/* Names of mutants that were found: */
	struct words injection; /* with faults, but not without */
	struct words klog; /* by the kernel log, with faults */
	struct words baseline; /* by the kernel log, without */
};

/* Free them with judgement_free() and summary_free(). */
struct judgement judge_trial(const struct campaign *c, const struct trial *t);
struct summary judge_campaign(const struct campaign *c);
void judgement_free(struct judgement *j);
void summary_free(struct summary *s);

/* The finding of a run that counts and came first, or NULL. */
const struct sighting *judge_first(const struct trial_run *r);
/* Whether it was before the load. */
bool judge_early(const struct trial_run *r, const struct sighting *s);
/* Whether the run says nothing: it is invalid and found nothing that counts. */
bool judge_void(const struct trial_run *r);

/* "found", "quiet", "does not compile", ... */
const char *outcome_word(const struct trial *t, enum outcome outcome);

#endif
