// SPDX-License-Identifier: GPL-2.0-or-later
/* The matrix of window pairs (docs/windows.md). */
#include "windows_text.h"

#include <inttypes.h>
#include <string.h>

#include "windows.h"

static const struct window_stat *find(const struct run_report *run, const char *op,
				      const char *level)
{
	for (size_t i = 0; i < run->nwindows; i++)
		if (!strcmp(run->windows[i].op, op) && !strcmp(run->windows[i].level, level))
			return &run->windows[i];
	return NULL;
}

/* How often ARRIVAL came there, however it came. */
static uint64_t times(const struct window_stat *w, const char *arrival)
{
	uint64_t sum = 0;

	for (size_t i = 0; w && i < w->nmet; i++)
		if (!strcmp(w->met[i].op, arrival))
			sum += w->met[i].times;
	return sum;
}

void window_pairs(const struct run_report *run, unsigned int *hit, unsigned int *all)
{
	*hit = *all = 0;
	for (const char *const *o = window_openers; *o; o++)
		for (const char *const *a = window_arrivals; *a; a++)
			for (const char *const *l = window_levels; *l; l++) {
				if (window_forbidden(*o, *l, *a))
					continue;
				++*all;
				*hit += times(find(run, *o, *l), *a) > 0;
			}
}

static void add_row(struct table *t, const struct window_stat *w)
{
	table_addf(t, "%s %s", w->op, w->level);
	table_addf(t, "%" PRIu64, w->opened);
	for (const char *const *a = window_arrivals; *a; a++) {
		uint64_t n = times(w, *a);

		/* What can't be, but is, has to be seen. */
		if (!n && window_forbidden(w->op, w->level, *a))
			table_add(t, "-");
		else
			table_addf(t, "%" PRIu64, n);
	}
}

void windows_table(const struct run_report *run, struct table *t)
{
	t->ncols = 2;
	if (!run->nwindows)
		return;
	for (const char *const *a = window_arrivals; *a; a++)
		t->ncols++;
	table_add(t, "FROZEN BY");
	table_add(t, "OPEN");
	for (const char *const *a = window_arrivals; *a; a++)
		table_add(t, *a);
	for (size_t i = 0; i < run->nwindows; i++)
		add_row(t, &run->windows[i]);
}

void windows_write(const struct run_report *run, FILE *out)
{
	struct table t = {0};
	unsigned int hit, all;

	windows_table(run, &t);
	if (!t.ncells)
		return;
	fputc('\n', out);
	table_fit(&t, "", out);
	window_pairs(run, &hit, &all);
	fprintf(out, "window pairs: %u of %u hit (-: they cannot meet)\n", hit, all);
}
