// SPDX-License-Identifier: GPL-2.0-or-later
#include "timeline.h"

#include <inttypes.h>

#include "markup.h"

/* In units of the drawing. */
#define WIDTH  900
#define HEIGHT 120
#define LEFT   70 /* room for the scale */
#define MARKS  14 /* the row of findings below */

struct curve {
	const char *name, *class;
	uint64_t (*value)(const struct moment *m);
};

static uint64_t faults(const struct moment *m)
{
	return m->faults;
}

static uint64_t injected(const struct moment *m)
{
	return m->injected;
}

static const struct curve curves[] = {
    {"faults per second", "faults", faults},
    {"injections per second", "injections", injected},
};

static uint64_t begin_of(const struct run_report *run)
{
	return run->moments[0].us;
}

static double x_of(const struct run_report *run, uint64_t us)
{
	uint64_t begin = begin_of(run), end = run->moments[run->nmoments - 1].us;

	if (us < begin)
		return 0;
	return us > end ? WIDTH : (double)WIDTH * (double)(us - begin) / (double)(end - begin);
}

/* Between two moments, the second of which is the Ith. Counters may have begun anew. */
static double rate(const struct run_report *run, const struct curve *c, size_t i)
{
	const struct moment *m = &run->moments[i - 1];
	uint64_t before = c->value(m), after = c->value(m + 1), us = m[1].us - m->us;

	return after > before && us ? (double)(after - before) * 1e6 / (double)us : 0;
}

static void write_curve(const struct run_report *run, const struct finding *const *sorted,
			const struct curve *c, FILE *out)
{
	double most = 1;

	for (size_t i = 1; i < run->nmoments; i++)
		if (rate(run, c, i) > most)
			most = rate(run, c, i);
	fprintf(out,
		"<figure><figcaption>%s</figcaption>"
		"<svg viewBox=\"-%d -10 %d %d\" role=\"img\" aria-label=\"%s\">"
		"<text x=\"-8\" y=\"4\">%.0f</text><text x=\"-8\" y=\"%d\">0</text>"
		"<path class=\"axis\" d=\"M0 0V%dH%d\"/><polyline class=\"%s\" points=\"",
		c->name, LEFT, WIDTH + LEFT + 10, HEIGHT + MARKS + 20, c->name, most, HEIGHT,
		HEIGHT, WIDTH, c->class);
	for (size_t i = 1; i < run->nmoments; i++) {
		double y = HEIGHT * (1 - rate(run, c, i) / most);

		/* A rate holds from one moment to the next. */
		fprintf(out, "%.1f,%.1f %.1f,%.1f ", x_of(run, run->moments[i - 1].us), y,
			x_of(run, run->moments[i].us), y);
	}
	fputs("\"/>", out);
	for (size_t i = 0; i < run->nfindings; i++) {
		const struct finding *f = sorted[i];
		double x = x_of(run, f->first_us);

		if (!f->first_us || !run_counts(f))
			continue;
		fprintf(out,
			"<a href=\"#finding-%zu\"><path class=\"mark\" d=\"M%.1f 0V%d\"/>"
			"<circle class=\"mark\" cx=\"%.1f\" cy=\"%d\" r=\"4\"><title>",
			i + 1, x, HEIGHT, x, HEIGHT + MARKS / 2);
		markup_put(f->title, out);
		fputs("</title></circle></a>", out);
	}
	fprintf(out, "<text class=\"time\" x=\"0\" y=\"%d\">%.1f s after boot</text>",
		HEIGHT + MARKS + 8, (double)begin_of(run) / 1e6);
	fprintf(out, "<text x=\"%d\" y=\"%d\">%.1f s</text></svg></figure>\n", WIDTH,
		HEIGHT + MARKS + 8, (double)run->moments[run->nmoments - 1].us / 1e6);
}

void timeline_write(const struct run_report *run, const struct finding *const *sorted, FILE *out)
{
	if (run->nmoments < 2 || run->moments[run->nmoments - 1].us <= begin_of(run))
		return;
	fputs("<h2>Timeline</h2>\n", out);
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		write_curve(run, sorted, &curves[i], out);
}
