// SPDX-License-Identifier: GPL-2.0-or-later
#include "soak.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "seed.h"
#include "xmem.h"

#define SOAK_VERSION 1

/* ---- lines ---- */

static json_t *line_of(const char *kind)
{
	json_t *o = json_object();

	set_number(o, "v", SOAK_VERSION);
	set_string(o, "e", kind);
	return o;
}

json_t *soak_first(const struct soak *s, const char *const *plans)
{
	json_t *o = line_of("soak"), *list = json_array();
	char *seed = xasprintf("%" PRIu64, s->seed);

	for (; *plans; plans++)
		json_array_append_new(list, json_string(*plans));
	set_string(o, "id", s->id);
	set_string(o, "kernel", s->kernel);
	set_string(o, "accel", s->accel);
	/* A string: half of all seeds are no JSON integers. */
	set_string(o, "seed", seed);
	set_number(o, "jobs", s->jobs);
	set_number(o, "goal_ms", s->goal_ms);
	set_number(o, "duration_us", s->duration_us);
	set_number(o, "rounds", s->rounds);
	json_object_set_new(o, "plans", list);
	free(seed);
	return o;
}

json_t *soak_begin(uint64_t number, uint64_t round)
{
	json_t *o = line_of("begin");

	set_number(o, "n", number);
	set_number(o, "round", round);
	return o;
}

json_t *soak_resume(uint64_t goal_ms)
{
	json_t *o = line_of("resume");

	set_number(o, "goal_ms", goal_ms);
	return o;
}

json_t *soak_stop(const char *why)
{
	json_t *o = line_of("stop");

	set_string(o, "why", why);
	return o;
}

static json_t *findings_of(const struct run_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->nfindings; i++) {
		const struct finding *f = &report->findings[i];
		json_t *o = json_object();

		set_string(o, "signature", f->signature);
		set_string(o, "title", f->title);
		json_object_set_new(o, "counts", json_boolean(run_counts(f)));
		json_array_append_new(list, o);
	}
	return list;
}

/* In words, as they only have to differ. */
static json_t *proved_by(const struct run_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->nwindows; i++) {
		const struct window_stat *w = &report->windows[i];

		for (size_t j = 0; j < w->nmet; j++)
			if (w->met[j].times)
				json_array_append_new(
				    list,
				    json_sprintf("%s at %s %s", w->met[j].op, w->op, w->level));
	}
	for (size_t i = 0; i < report->nsites; i++) {
		const struct site_stat *s = &report->sites[i];

		if (s->injected)
			json_array_append_new(
			    list, json_sprintf("%s=%s (%s)", s->site, s->status, s->context));
	}
	return list;
}

json_t *soak_end(uint64_t number, size_t plan, const struct run_report *report, const char *why)
{
	json_t *o = line_of("end");
	char *invalid = report ? run_invalid(report) : NULL;

	set_number(o, "n", number);
	set_number(o, "plan", plan);
	set_string(o, "id", report ? report->id : NULL);
	set_string(o, "verdict", report ? run_verdict_word(report) : "invalid");
	set_string(o, "why", report ? invalid : why);
	json_object_set_new(o, "loaded", json_boolean(report && report->has_load));
	set_number(o, "faults", report ? report->faults : 0);
	set_number(o, "injected", report ? report->injected : 0);
	set_number(o, "tds", report ? report->tds : 0);
	set_number(o, "load_ms", report ? report->load_ms : 0);
	json_object_set_new(o, "findings", report ? findings_of(report) : json_array());
	json_object_set_new(o, "proved", report ? proved_by(report) : json_array());
	free(invalid);
	return o;
}

/* ---- what they come to ---- */

static char *copy(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? xstrdup(s) : NULL;
}

static bool take_first(struct soak *s, const json_t *o)
{
	const json_t *plans = json_object_get(o, "plans");
	json_t *plan;
	size_t i;

	if (s->id || !*get_string(o, "id") || !json_array_size(plans))
		return false;
	s->id = copy(o, "id");
	s->kernel = copy(o, "kernel");
	s->accel = copy(o, "accel");
	s->seed = strtoull(get_string(o, "seed"), NULL, 10);
	s->jobs = get_number(o, "jobs");
	s->goal_ms = get_number(o, "goal_ms");
	s->duration_us = get_number(o, "duration_us");
	/* Journals from before there were rounds do not tell. */
	s->rounds = get_number(o, "rounds") ? get_number(o, "rounds") : 1;
	json_array_foreach(plans, i, plan)
	{
		const char *path = json_string_value(plan);

		s->plans = xgrow(s->plans, s->nplans, sizeof(*s->plans));
		s->plans[s->nplans++] = (struct soak_plan){.path = xstrdup(path ? path : "")};
	}
	return true;
}

static void take_finding(struct soak *s, const json_t *o, const char *id)
{
	const char *signature = get_string(o, "signature");
	struct soak_finding *f = NULL;

	for (size_t i = 0; !f && i < s->nfindings; i++)
		if (!strcmp(s->findings[i].signature, signature))
			f = &s->findings[i];
	if (!f) {
		s->findings = xgrow(s->findings, s->nfindings, sizeof(*f));
		f = &s->findings[s->nfindings++];
		*f = (struct soak_finding){
		    .signature = xstrdup(signature),
		    .title = xstrdup(get_string(o, "title")),
		    .first = xstrdup(id),
		    .last = xstrdup(id),
		};
	}
	f->runs++;
	f->counts |= json_is_true(json_object_get(o, "counts"));
	free(f->last);
	f->last = xstrdup(id);
}

static void take_proved(struct soak *s, const char *what)
{
	for (size_t i = 0; i < s->nproved; i++)
		if (!strcmp(s->proved[i], what))
			return;
	s->proved = xgrow(s->proved, s->nproved, sizeof(*s->proved));
	s->proved[s->nproved++] = xstrdup(what);
}

static bool take_end(struct soak *s, const json_t *o)
{
	size_t at = get_number(o, "plan"), i;
	const char *verdict = get_string(o, "verdict"), *id = get_string(o, "id");
	struct soak_plan *plan;
	json_t *value;

	if (at >= s->nplans)
		return false;
	plan = &s->plans[at];
	s->runs++;
	s->lost -= s->lost > 0;
	plan->runs++;
	plan->invalid += !strcmp(verdict, "invalid");
	plan->with_findings += !strcmp(verdict, "findings");
	plan->faults += get_number(o, "faults");
	plan->injected += get_number(o, "injected");
	plan->tds += get_number(o, "tds");
	plan->load_ms += get_number(o, "load_ms");
	if (*id) {
		s->ids = xgrow(s->ids, s->nids, sizeof(*s->ids));
		s->ids[s->nids++] = xstrdup(id);
	}
	/* What a run says that is no result is no finding. */
	json_array_foreach(json_object_get(o, "findings"), i, value)
	{
		if (strcmp(verdict, "invalid") != 0)
			take_finding(s, value, id);
	}
	json_array_foreach(json_object_get(o, "proved"), i, value)
	{
		if (json_is_string(value))
			take_proved(s, json_string_value(value));
	}
	return true;
}

bool soak_take(struct soak *s, const json_t *o)
{
	const char *kind = get_string(o, "e");
	bool good = get_number(o, "v") == SOAK_VERSION;

	if (good && !strcmp(kind, "soak"))
		good = take_first(s, o);
	else if (good && !s->id)
		good = false;
	else if (good && !strcmp(kind, "begin")) {
		s->begun = get_number(o, "n");
		s->vms += get_number(o, "round") < 2;
		s->lost++;
	} else if (good && !strcmp(kind, "end"))
		good = take_end(s, o);
	else if (good && !strcmp(kind, "stop")) {
		free(s->stopped);
		s->stopped = copy(o, "why");
	} else if (good && !strcmp(kind, "resume")) {
		free(s->stopped);
		s->stopped = NULL;
		s->goal_ms = get_number(o, "goal_ms");
	}
	if (good && get_number(o, "elapsed_ms") > s->elapsed_ms)
		s->elapsed_ms = get_number(o, "elapsed_ms");
	return good;
}

size_t soak_new_findings(const struct soak *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nfindings; i++)
		n += s->findings[i].counts;
	return n;
}

uint64_t soak_invalid(const struct soak *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->nplans; i++)
		n += s->plans[i].invalid;
	return n;
}

uint64_t soak_seed(const struct soak *s, uint64_t number)
{
	return seed_draw(s->seed, number);
}

bool soak_is_example(const struct soak *s, const char *id)
{
	for (size_t i = 0; i < s->nfindings; i++)
		if (s->findings[i].counts &&
		    (!strcmp(s->findings[i].first, id) || !strcmp(s->findings[i].last, id)))
			return true;
	return false;
}

const char *soak_plan_name(const struct soak *s, size_t plan)
{
	const char *path = s->plans[plan].path, *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *soak_time(uint64_t ms)
{
	return xasprintf("%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, ms / 3600000, ms / 60000 % 60,
			 ms / 1000 % 60);
}

void soak_free(struct soak *s)
{
	for (size_t i = 0; i < s->nplans; i++)
		free(s->plans[i].path);
	for (size_t i = 0; i < s->nfindings; i++) {
		free(s->findings[i].signature);
		free(s->findings[i].title);
		free(s->findings[i].first);
		free(s->findings[i].last);
	}
	for (size_t i = 0; i < s->nproved; i++)
		free(s->proved[i]);
	for (size_t i = 0; i < s->nids; i++)
		free(s->ids[i]);
	free(s->plans);
	free(s->findings);
	free(s->proved);
	free(s->ids);
	free(s->id);
	free(s->kernel);
	free(s->accel);
	free(s->stopped);
	*s = (struct soak){0};
}
