/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which paths of the kernel a run took, of a kernel with gcov (docs/coverage.md). */
#ifndef SEPTORTURE_COVERAGE_H
#define SEPTORTURE_COVERAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What came from the VM: the counters of an object, as gcov writes them. */
struct coverage_data {
	char *path; /* of the .gcda, as the kernel has it */
	unsigned char *bytes;
	size_t len;
};

struct coverage_function {
	char *file; /* from the kernel's root */
	char *name;
	uint64_t line, calls;
	bool on_stack; /* as a call was made to fail */
};

/* A line of the source that branches. */
struct coverage_line {
	char *file;
	uint64_t line;
	char *text; /* without the blanks around it */
};

/* One way out of a branch. */
struct coverage_arc {
	char *file, *function;
	uint64_t line;
	uint64_t n; /* which one of that line in that function, from 0 */
	uint64_t count;
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
	size_t nlines;
	struct coverage_line *lines;
	char *problem; /* why there are none though there were counters, or NULL */
};

/* The events `gcov` and `stacks`. */
void coverage_on_gcov(struct coverage *c, const json_t *event);
void coverage_on_stacks(struct coverage *c, const json_t *event);

/*
 * Adds what `gcov --json-format` says of one object. ROOT is the kernel's, whose part of paths is
 * left out. False if it is not understood.
 */
bool coverage_add(struct coverage *c, const char *json, const char *root);

/* Adds the lines of the source, below ROOT, that arcs are of. Returns 0, or -1 with errno set. */
int coverage_add_lines(struct coverage *c, const char *root);

/* Marks the functions of that name. */
void coverage_mark(struct coverage *c, const char *function);

/* How many arcs were taken. */
size_t coverage_taken(const struct coverage *c);

/* coverage.json (docs/coverage.md); release it. */
json_t *coverage_json(const struct coverage *c, const char *id);

void coverage_free(struct coverage *c);

#endif
