/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All cases of an enumeration, whatever number of boots it takes. */
#ifndef SEPTORTURE_ENUMERATION_H
#define SEPTORTURE_ENUMERATION_H

#include <stdbool.h>
#include <stdio.h>

#include "cases.h"

struct boot_finding {
	char *run; /* id */
	char *title, *signature;
};

struct enumeration {
	char *id; /* owned, like all the rest */
	char *dir; /* as people are to see it */
	char *plan;
	char *mutant; /* NULL: none */
	char *kernel; /* NULL: not known yet */
	uint64_t calls; /* so many of each site and context, at most; 0: all */
	char *sites, *contracts; /* as the agent takes them; NULL: all */
	unsigned int boots;
	uint64_t wall_ms;
	struct cases cases;
	size_t nfindings; /* that count */
	struct boot_finding *findings;
	char *stopped; /* why it is not complete; NULL: it is, or it goes on */
};

void enumeration_free(struct enumeration *e);

/* How many cases are done, and how many of them were not as the contract says. */
size_t enumeration_done(const struct enumeration *e);
size_t enumeration_broken(const struct enumeration *e);

/* The record, and a record read again: false if FILE's content is something else. */
void enumeration_json(const struct enumeration *e, FILE *out);
bool enumeration_load(struct enumeration *e, const json_t *o);
/* The closing table. */
void enumeration_text(const struct enumeration *e, FILE *out);

#endif
