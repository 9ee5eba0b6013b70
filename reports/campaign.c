// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign.h"

#include <stdlib.h>
#include <string.h>

#include "xmem.h"

struct campaign *campaign_new(void)
{
	return xcalloc(1, sizeof(struct campaign));
}

static void free_run(struct trial_run *r)
{
	for (size_t i = 0; i < r->nsightings; i++) {
		free(r->sightings[i].oracle);
		free(r->sightings[i].title);
		free(r->sightings[i].signature);
	}
	free(r->sightings);
	free(r->id);
	free(r->invalid);
}

static void free_trial(struct trial *t)
{
	for (size_t i = 0; i < t->nruns; i++)
		free_run(&t->runs[i]);
	free(t->runs);
	free(t->name);
	free(t->family);
	free(t->plan);
	free(t->expect);
	free(t->trigger);
	free(t->source);
}

void campaign_free(struct campaign *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->ntrials; i++)
		free_trial(&c->trials[i]);
	free(c->trials);
	free(c->id);
	free(c->dir);
	free(c->plan);
	free(c->kernel);
	free(c->accel);
	free(c->stopped);
	free(c);
}

struct trial *campaign_add(struct campaign *c)
{
	c->trials = xgrow(c->trials, c->ntrials, sizeof(*c->trials));
	return &c->trials[c->ntrials++];
}

static struct sighting sight(const struct run_report *report, const struct finding *f)
{
	struct sighting s = {
	    /* The kernel log is many oracles. */
	    .oracle =
		strcmp(f->oracle, "klog") ? xstrdup(f->oracle) : xasprintf("klog/%s", f->kind),
	    .title = xstrdup(f->title),
	    .signature = xstrdup(f->signature),
	    .counts = run_counts(f),
	    .count = f->count,
	    .first_us = f->first_us,
	    .has_injected = f->injected.known,
	    .injected = f->injected.total,
	};

	s.has_since = run_since_load(report, f, &s.since_load_us);
	return s;
}

const struct trial_run *trial_record(struct trial *t, const struct run_report *report)
{
	struct trial_run *r;

	t->runs = xgrow(t->runs, t->nruns, sizeof(*t->runs));
	r = &t->runs[t->nruns++];
	*r = (struct trial_run){
	    .id = xstrdup(report->id),
	    .seed = report->seed,
	    .faults = !report->no_faults,
	    .loaded = report->has_load,
	    .verdict = run_verdict_word(report),
	    .invalid = run_invalid(report),
	};
	for (size_t i = 0; i < report->nfindings; i++) {
		r->sightings = xgrow(r->sightings, r->nsightings, sizeof(*r->sightings));
		r->sightings[r->nsightings++] = sight(report, &report->findings[i]);
	}
	return r;
}
