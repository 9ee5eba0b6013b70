/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What had been made to fail by the time that something was found. */
#ifndef SEPTORTURE_INJECTED_H
#define SEPTORTURE_INJECTED_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A call that was made to fail. */
struct injection {
	uint64_t us; /* since boot */
	char *site;
	char *status; /* the value, in hex */
	const char *name; /* of that value, as plans call it (lib/site.h), or NULL */
	uint64_t tag; /* of the task that made the call */
	uint64_t call; /* number of the call of this site with that tag */
	char *caller;
};

/* All zero: the events do not tell. */
struct injected {
	bool known;
	uint64_t total; /* so far in the run */
	bool listed;
	size_t n;
	struct injection *recent; /* the last ones, the oldest first */
};

#define INJECTED_MAX 8 /* that are kept; the last ones */

/* From the fields `injected` and `recent` of an event (docs/events.md). */
struct injected injected_read(const json_t *event);
void injected_free(struct injected *in);

/* The last ones as a JSON array, or null. */
json_t *injected_json(const struct injected *in);
/* The same as a table, each line after INDENT; nothing if there are none. */
void injected_print(const struct injected *in, const char *indent, FILE *out);

#endif
