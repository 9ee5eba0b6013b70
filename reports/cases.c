// SPDX-License-Identifier: GPL-2.0-or-later
#include "cases.h"

#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "xmem.h"

/* ---- from events ---- */

void cases_on_calls(struct cases *c, const json_t *event)
{
	c->calls = xgrow(c->calls, c->ncalls, sizeof(*c->calls));
	c->calls[c->ncalls++] = (struct context_calls){
	    .site = xstrdup(get_string(event, "site")),
	    .context = xstrdup(get_string(event, "context")),
	    .calls = get_number(event, "calls"),
	};
}

void cases_on_total(struct cases *c, const json_t *event)
{
	c->total = get_number(event, "total");
}

static struct fault_case *add(struct cases *c)
{
	c->list = xgrow(c->list, c->n, sizeof(*c->list));
	return &c->list[c->n++];
}

void cases_on_begin(struct cases *c, const json_t *event)
{
	*add(c) = (struct fault_case){
	    .number = get_number(event, "n"),
	    .site = xstrdup(get_string(event, "site")),
	    .context = xstrdup(get_string(event, "context")),
	    .status = xstrdup(get_string(event, "status")),
	    .contract = xstrdup(get_string(event, "contract")),
	    .nth = get_number(event, "nth"),
	};
}

const struct fault_case *cases_on_end(struct cases *c, const json_t *event)
{
	struct fault_case *last = c->n ? &c->list[c->n - 1] : NULL;

	if (!last || last->done || last->number != get_number(event, "n"))
		return NULL;
	last->done = true;
	last->outcome = xstrdup(get_string(event, "outcome"));
	last->ok = json_is_true(json_object_get(event, "ok"));
	last->took_us = get_number(event, "took_us");
	return last;
}

const struct fault_case *cases_find(const struct cases *c, uint64_t number)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].number == number)
			return &c->list[i];
	return NULL;
}

/* ---- several runs together ---- */

static struct fault_case copy_of(const struct fault_case *f, const char *run)
{
	return (struct fault_case){
	    .number = f->number,
	    .site = xstrdup(f->site),
	    .context = xstrdup(f->context),
	    .status = xstrdup(f->status),
	    .contract = xstrdup(f->contract),
	    .nth = f->nth,
	    .done = f->done,
	    .outcome = xstrdup(f->outcome),
	    .ok = f->ok,
	    .took_us = f->took_us,
	    .run = xstrdup(run),
	};
}

static void take_calls(struct cases *c, const struct cases *run)
{
	/* The scenario is the same every time: the first count will do. */
	for (size_t i = 0; !c->total && i < run->ncalls; i++) {
		c->calls = xgrow(c->calls, c->ncalls, sizeof(*c->calls));
		c->calls[c->ncalls++] = (struct context_calls){
		    .site = xstrdup(run->calls[i].site),
		    .context = xstrdup(run->calls[i].context),
		    .calls = run->calls[i].calls,
		};
	}
	if (!c->total)
		c->total = run->total;
}

uint64_t cases_merge(struct cases *c, const struct cases *run, const char *id, const char *outcome)
{
	struct fault_case *last = NULL;

	take_calls(c, run);
	for (size_t i = 0; i < run->n; i++) {
		last = add(c);
		*last = copy_of(&run->list[i], id);
	}
	if (!last)
		return 0;
	if (!last->done) {
		last->done = true;
		last->outcome = xstrdup(outcome);
	}
	return last->number;
}

static void free_case(struct fault_case *f)
{
	free(f->site);
	free(f->context);
	free(f->status);
	free(f->contract);
	free(f->outcome);
	free(f->run);
}

void cases_free(struct cases *c)
{
	for (size_t i = 0; i < c->n; i++)
		free_case(&c->list[i]);
	for (size_t i = 0; i < c->ncalls; i++) {
		free(c->calls[i].site);
		free(c->calls[i].context);
	}
	free(c->list);
	free(c->calls);
	*c = (struct cases){0};
}

/* ---- JSON: the events' own fields ---- */

static json_t *case_json(const struct fault_case *f)
{
	json_t *o = json_object();

	set_number(o, "n", f->number);
	set_string(o, "site", f->site);
	set_string(o, "context", f->context);
	set_string(o, "status", f->status);
	set_string(o, "contract", f->contract);
	set_number(o, "nth", f->nth);
	set_string(o, "outcome", f->outcome);
	json_object_set_new(o, "ok", json_boolean(f->ok));
	set_number(o, "took_us", f->took_us);
	set_string(o, "run", f->run);
	return o;
}

json_t *cases_json(const struct cases *c)
{
	json_t *o = json_object(), *calls = json_array(), *list = json_array();

	for (size_t i = 0; i < c->ncalls; i++) {
		json_t *one = json_object();

		set_string(one, "site", c->calls[i].site);
		set_string(one, "context", c->calls[i].context);
		set_number(one, "calls", c->calls[i].calls);
		json_array_append_new(calls, one);
	}
	for (size_t i = 0; i < c->n; i++)
		json_array_append_new(list, case_json(&c->list[i]));
	set_number(o, "total", c->total);
	json_object_set_new(o, "calls", calls);
	json_object_set_new(o, "cases", list);
	return o;
}

bool cases_load(struct cases *c, const json_t *o)
{
	const json_t *calls = json_object_get(o, "calls"), *list = json_object_get(o, "cases");
	json_t *one;
	size_t i;

	if (!json_is_array(calls) || !json_is_array(list))
		return false;
	cases_on_total(c, o);
	json_array_foreach(calls, i, one) cases_on_calls(c, one);
	json_array_foreach(list, i, one)
	{
		cases_on_begin(c, one);
		if (!cases_on_end(c, one))
			return false;
		c->list[c->n - 1].run = xstrdup(get_string(one, "run"));
	}
	return true;
}
