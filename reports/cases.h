/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cases of an enumeration: one call of one site fails with one error (docs/enumerate.md). */
#ifndef SEPTORTURE_CASES_H
#define SEPTORTURE_CASES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fault_case {
	uint64_t number; /* from 1, in the order of the agent */
	char *site, *context, *status, *contract;
	uint64_t nth; /* call that fails, from 1 */
	bool done;
	char *outcome; /* NULL unless done */
	bool ok; /* it was as the contract says */
	uint64_t took_us;
	char *run; /* id of the run that has its events; NULL until cases_merge() */
};

/* How often the scenario calls a site in a context. */
struct context_calls {
	char *site, *context;
	uint64_t calls;
};

struct cases {
	uint64_t total; /* 0: not known yet */
	size_t ncalls;
	struct context_calls *calls;
	size_t n;
	struct fault_case *list;
};

/* From events of these kinds (docs/events.md). */
void cases_on_calls(struct cases *c, const json_t *event);
void cases_on_total(struct cases *c, const json_t *event);
void cases_on_begin(struct cases *c, const json_t *event);
/* The case that it ends, or NULL if that never began. */
const struct fault_case *cases_on_end(struct cases *c, const json_t *event);

/* NULL if none has that number. */
const struct fault_case *cases_find(const struct cases *c, uint64_t number);

/*
 * Takes over what the run ID found out. Returns the number of the last case that
 * began in it, 0 if none did; if that one has no end, it is done with as OUTCOME.
 */
uint64_t cases_merge(struct cases *c, const struct cases *run, const char *id, const char *outcome);
void cases_free(struct cases *c);

json_t *cases_json(const struct cases *c);
/* From what cases_json() gave; false if it is something else. */
bool cases_load(struct cases *c, const json_t *o);

#endif
