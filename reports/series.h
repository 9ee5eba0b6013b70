/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of the commits of a kernel tree (docs/series.md). */
#ifndef SEPTORTURE_SERIES_H
#define SEPTORTURE_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "enumeration.h"
#include "run.h"

enum commit_built {
	COMMIT_UNTRIED,
	COMMIT_BUILT,
	COMMIT_BROKEN, /* it does not compile */
	COMMIT_REFUSED, /* one of our patches does not apply, or an option cannot be had */
	COMMIT_UNBUILT, /* nobody knows: no room, a signal */
};

/* All owned. */
struct commit {
	char *id; /* 40 digits */
	char *subject;
	enum commit_built built;
	uint64_t took_ms;
	char *again, *cases_again; /* shell commands for the kernel's tree that do it again */
	struct run_report *run; /* NULL: none */
	struct enumeration cases;
	bool enumerated; /* all of them */
	char *problem; /* why there is no run or enumeration, or NULL */
	size_t nnew;
	char **new; /* findings and broken promises that no commit before it has */
};

/* A seeded bug that the tool must find on this kernel, or its silence means nothing. */
struct self_test {
	char *mutant;
	bool found, missed; /* neither: it could not be tried on this kernel */
	char *what; /* by which oracle and when, or why not */
};

struct series {
	char *id, *dir; /* of the record, as people are to see it */
	char *range;
	bool has_base; /* the first commit is what the others are compared with */
	bool dirty; /* the tree has what is not committed */
	size_t n;
	struct commit *commits;
	size_t ntests;
	struct self_test *tests;
	char *stopped; /* why it is not complete, or NULL */
};

enum commit_verdict {
	VERDICT_NONE, /* it is no result */
	VERDICT_CLEAN,
	VERDICT_BROKEN, /* it does not compile, and the one before it does */
	VERDICT_NEW, /* findings */
};

/* What is new in each of them. After the last was taken in, or any time before. */
void series_judge(struct series *s);
enum commit_verdict commit_verdict(const struct series *s, size_t i);
/* A few words; free() them. */
char *commit_verdict_text(const struct series *s, size_t i);
/* Whether some seeded bug was found and none missed, if there were to be any. */
bool series_tool_works(const struct series *s);

/* A row per commit, and what is new in each. */
void series_text(const struct series *s, FILE *out);
/* The one commit as a mail, 72 columns. */
void series_mail(const struct series *s, FILE *out);
/* The record. */
void series_json(const struct series *s, FILE *out);

void series_free(struct series *s);

#endif
