/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which paths of the kernel a run took, of a kernel with gcov (docs/coverage.md). */
#ifndef SEPTORTURE_COVERAGE_H
#define SEPTORTURE_COVERAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cases.h"

/* What came from the VM: the counters of an object, as gcov writes them. */
struct coverage_data {
	char *path; /* of the .gcda, as the kernel has it */
	int64_t number; /* of the case of an enumeration; -1: of none */
	unsigned char *bytes;
	size_t len;
};

struct coverage_function {
	char *file; /* from the kernel's root */
	char *name;
	uint64_t line, end; /* its first and last */
	uint64_t calls;
	bool on_stack; /* as a call was made to fail */
};

/* A line of the source: of functions that were called, and those that branch. */
struct coverage_line {
	char *file;
	uint64_t line;
	char *text;
};

/* One way out of a branch. */
struct coverage_arc {
	char *file, *function;
	uint64_t line;
	uint64_t n; /* which one of that line in that function, from 0 */
	uint64_t count;
};

/* A way that a case of an enumeration took, and that is not taken when nothing fails. */
struct coverage_way {
	uint64_t number; /* of the case */
	size_t arc;
	uint64_t count;
};

/* The arcs and functions of an object: an array of each, and where its part begins. */
struct coverage_object {
	char *path;
	size_t arc, narcs, function, nfunctions;
};

struct coverage {
	size_t ndata;
	struct coverage_data *data;
	size_t nframes;
	char **frames; /* "function+0x1f/0x130", of the stacks */
	size_t nfunctions;
	struct coverage_function *functions;
	size_t narcs;
	struct coverage_arc *arcs;
	bool *calm; /* for each arc: it was taken in case 0, in which nothing fails */
	size_t nobjects;
	struct coverage_object *objects;
	size_t nways;
	struct coverage_way *ways;
	size_t nlines;
	struct coverage_line *lines;
	char *problem; /* why there are none though there were counters, or NULL */
};

/* The events `gcov` and `stacks`. */
void coverage_on_gcov(struct coverage *c, const json_t *event);
void coverage_on_stacks(struct coverage *c, const json_t *event);

/*
 * Adds what `gcov --json-format` says of the object that DATA is of. ROOT is the kernel's, whose
 * part of paths is left out. False if it is not understood. Case 0 comes before the others.
 */
bool coverage_add(struct coverage *c, const struct coverage_data *data, const char *json,
		  const char *root);

/* Adds the lines of the source, which is below ROOT. Returns 0, or -1 with errno set. */
int coverage_add_lines(struct coverage *c, const char *root);

/* Marks the functions of that name. */
void coverage_mark(struct coverage *c, const char *function);

/* How many arcs were taken. */
size_t coverage_taken(const struct coverage *c);

/* coverage.json (docs/coverage.md), of a run with these CASES; release it. */
json_t *coverage_json(const struct coverage *c, const char *id, const struct cases *cases);

void coverage_free(struct coverage *c);

#endif
