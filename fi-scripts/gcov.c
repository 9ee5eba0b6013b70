// SPDX-License-Identifier: GPL-2.0-or-later
#include "gcov.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "draft.h"
#include "kernel.h"
#include "symbols.h"
#include "tool.h"
#include "xmem.h"

#define GCOV "gcov"

/* magic, version, stamp: the same in counters and notes but for the magic. */
#define HEADER	12
#define VERSION 4

struct reader {
	struct coverage *coverage;
	char *out; /* the kernel's build directory, and its root */
	char *root;
	char *work; /* where gcov looks */
	size_t n; /* of objects that were read */
};

/* Keeps the first. */
static void problem(struct reader *r, char *why)
{
	if (!r->coverage->problem)
		r->coverage->problem = why;
	else
		free(why);
}

/* "OUT/x/y.gcda" as "OUT/x/y.gcno", or NULL if it is none of OUT. */
static char *notes_of(const struct reader *r, const char *path)
{
	size_t out = strlen(r->out), len = strlen(path);

	if (strncmp(path, r->out, out) || path[out] != '/' || len < out + 6 ||
	    strcmp(path + len - 5, ".gcda") || strstr(path, "/../"))
		return NULL;
	return xasprintf("%.*s.gcno", (int)len - 5, path);
}

/* Counters without the notes of the same compilation are numbers without a meaning. */
static bool belong_together(const struct coverage_data *d, const char *notes)
{
	unsigned char header[HEADER];
	FILE *f = fopen(notes, "r");
	bool read = f && fread(header, sizeof(header), 1, f) == 1;

	if (f)
		fclose(f);
	return read && d->len > HEADER &&
	       !memcmp(header + VERSION, d->bytes + VERSION, HEADER - VERSION);
}

/* Both under one name, as gcov wants them; the name of the counters, or NULL. */
static char *lay_out(struct reader *r, const struct coverage_data *d, const char *notes)
{
	char *data = xasprintf("%s/%zu.gcda", r->work, r->n);
	char *link = xasprintf("%s/%zu.gcno", r->work, r->n);
	FILE *f = fopen(data, "w");
	bool good = f && fwrite(d->bytes, d->len, 1, f) == 1 && !symlink(notes, link);

	if (f && fclose(f))
		good = false;
	free(link);
	if (good)
		return data;
	problem(r, xasprintf("cannot write %s: %s", data, strerror(errno)));
	free(data);
	return NULL;
}

/* Complaints come in front of the JSON, which is one line: then the numbers are not to be trusted.
 */
static void run_gcov(struct reader *r, const struct coverage_data *d, char *data)
{
	char *argv[] = {"sh", "-c",
			"LC_ALL=C exec " GCOV
			" --json-format --stdout --branch-probabilities \"$0\" 2>&1",
			data, NULL};
	int status = 0;
	char *text = tool_output(argv, &status);

	if (!text)
		problem(r, xasprintf("cannot start sh: %s", strerror(errno)));
	else if (!WIFEXITED(status) || WEXITSTATUS(status) ||
		 !coverage_add(r->coverage, d, text, r->root))
		problem(r, xasprintf(GCOV " does not understand the counters (it has to be of the "
					  "compiler that built the kernel): %.*s",
				     (int)strcspn(text, "\n"), text));
	free(text);
}

static void read_one(struct reader *r, const struct coverage_data *d)
{
	char *notes = notes_of(r, d->path), *data;

	r->n++;
	if (!notes || !belong_together(d, notes)) {
		problem(r, xasprintf("the counters %s are of another build than the kernel in %s; "
				     "run it again",
				     d->path, r->out));
	} else if ((data = lay_out(r, d, notes))) {
		run_gcov(r, d, data);
		free(data);
	}
	free(notes);
}

/* What was inlined into a function on the stack was there, too. */
static void mark_stacks(struct coverage *c, const char *image)
{
	struct symbols *s = symbols_open(image);

	for (size_t i = 0; i < c->nframes; i++) {
		struct frame *frames = NULL;
		size_t n = 0;
		char *name = xasprintf("%.*s", (int)strcspn(c->frames[i], "+. "), c->frames[i]);

		coverage_mark(c, name);
		free(name);
		symbols_of_text(s, c->frames[i], &frames, &n);
		for (size_t j = 0; j < n; j++)
			coverage_mark(c, frames[j].function);
		frames_free(frames, n);
	}
	symbols_close(s);
}

static void write_json(struct reader *r, const struct run_report *run, const char *dir)
{
	char *path = xasprintf("%s/coverage.json", dir), *error;
	json_t *o = coverage_json(r->coverage, run->id, &run->cases);
	FILE *f = draft_open(path);

	if (f)
		json_dumpf(o, f, JSON_COMPACT);
	if (draft_close(f, path, &error))
		problem(r, error);
	json_decref(o);
	free(path);
}

static void clear(struct reader *r)
{
	static const char *const suffixes[] = {"gcda", "gcno"};

	for (size_t i = 1; i <= r->n; i++)
		for (int s = 0; s < 2; s++) {
			char *path = xasprintf("%s/%zu.%s", r->work, i, suffixes[s]);

			unlink(path);
			free(path);
		}
	rmdir(r->work);
}

void gcov_read(struct run_report *run, const char *image, const char *dir)
{
	struct reader r = {.coverage = &run->coverage};

	if (!run->coverage.ndata)
		return;
	r.out = kernel_out(image);
	if (!r.out) {
		problem(&r, xasprintf("%s lies in no build directory of a kernel", image));
		return;
	}
	r.root = xasprintf("%.*s", (int)(strrchr(r.out, '/') - r.out), r.out);
	r.work = xasprintf("%s/gcov", dir);
	mkdir(r.work, 0777);
	for (size_t i = 0; i < run->coverage.ndata; i++)
		read_one(&r, &run->coverage.data[i]);
	clear(&r);
	mark_stacks(&run->coverage, image);
	if (coverage_add_lines(&run->coverage, r.root))
		problem(&r, xasprintf("cannot read the kernel's source in %s: %s", r.root,
				      strerror(errno)));
	if (!run->coverage.problem)
		write_json(&r, run, dir);
	free(r.out);
	free(r.root);
	free(r.work);
}
