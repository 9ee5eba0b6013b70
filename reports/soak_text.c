// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdlib.h>

#include "fields.h"
#include "soak.h"
#include "table.h"
#include "xmem.h"

/* ---- for people ---- */

static void put_head(const struct soak *s, FILE *out)
{
	struct table t = {.ncols = 2};
	char *elapsed = soak_time(s->elapsed_ms), *goal = soak_time(s->goal_ms);

	table_add(&t, "soak");
	table_add(&t, s->id);
	table_add(&t, "time");
	table_addf(&t, "%s of %s, %" PRIu64 " VM%s at a time, on %s", elapsed, goal, s->jobs,
		   s->jobs == 1 ? "" : "s", s->accel ? s->accel : "unknown");
	table_add(&t, "runs");
	table_addf(&t, "%" PRIu64 " in %" PRIu64 " VMs, %" PRIu64 " no result, %" PRIu64 " cut off",
		   s->runs, s->vms, soak_invalid(s), s->lost);
	table_add(&t, "proved");
	table_addf(&t, "%zu faults injected or window pairs hit", s->nproved);
	table_print(&t, "", out);
	free(elapsed);
	free(goal);
}

static void put_plans(const struct soak *s, FILE *out)
{
	static const char *const head[] = {"PLAN",   "RUNS",	 "INVALID", "FINDINGS",
					   "FAULTS", "INJECTED", "TDS",	    "LOAD"};
	struct table t = {.ncols = sizeof(head) / sizeof(head[0])};

	for (size_t i = 0; i < t.ncols; i++)
		table_add(&t, head[i]);
	for (size_t i = 0; i < s->nplans; i++) {
		const struct soak_plan *p = &s->plans[i];
		char *load;

		table_add(&t, soak_plan_name(s, i));
		table_addf(&t, "%" PRIu64, p->runs);
		table_addf(&t, "%" PRIu64, p->invalid);
		table_addf(&t, "%" PRIu64, p->with_findings);
		table_addf(&t, "%" PRIu64, p->faults);
		table_addf(&t, "%" PRIu64, p->injected);
		table_addf(&t, "%" PRIu64, p->tds);
		load = soak_time(p->load_ms);
		table_add(&t, load);
		free(load);
	}
	fputc('\n', out);
	table_print(&t, "", out);
}

static void put_findings(const struct soak *s, FILE *out)
{
	struct table t = {.ncols = 4};

	if (!s->nfindings)
		return;
	table_add(&t, "RUNS");
	table_add(&t, "FIRST");
	table_add(&t, "LAST");
	table_add(&t, "FINDING");
	for (int counts = 1; counts >= 0; counts--)
		for (size_t i = 0; i < s->nfindings; i++) {
			const struct soak_finding *f = &s->findings[i];

			if (f->counts != counts)
				continue;
			table_addf(&t, "%" PRIu64, f->runs);
			table_add(&t, f->first);
			table_add(&t, f->last);
			table_addf(&t, "%s%s", f->title, f->counts ? "" : " (does not count)");
		}
	fputc('\n', out);
	table_print(&t, "", out);
}

void soak_text(const struct soak *s, FILE *out)
{
	size_t n = soak_new_findings(s);

	put_head(s, out);
	put_plans(s, out);
	put_findings(s, out);
	fputc('\n', out);
	if (s->stopped)
		table_line(s->stopped, "stopped: ", out);
	if (n)
		fprintf(out, "%zu FINDING%s\n", n, n == 1 ? "" : "S");
	else if (s->runs > soak_invalid(s))
		fputs("CLEAN\n", out);
	else
		fputs("INVALID: no run was a result\n", out);
}

/* ---- for programs ---- */

static json_t *plans_json(const struct soak *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->nplans; i++) {
		const struct soak_plan *p = &s->plans[i];
		json_t *o = json_object();

		set_string(o, "plan", p->path);
		set_number(o, "runs", p->runs);
		set_number(o, "invalid", p->invalid);
		set_number(o, "with_findings", p->with_findings);
		set_number(o, "faults", p->faults);
		set_number(o, "injected", p->injected);
		set_number(o, "tds", p->tds);
		set_number(o, "load_ms", p->load_ms);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *findings_json(const struct soak *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->nfindings; i++) {
		const struct soak_finding *f = &s->findings[i];
		json_t *o = json_object();

		set_string(o, "signature", f->signature);
		set_string(o, "title", f->title);
		json_object_set_new(o, "counts", json_boolean(f->counts));
		set_number(o, "runs", f->runs);
		set_string(o, "first", f->first);
		set_string(o, "last", f->last);
		json_array_append_new(list, o);
	}
	return list;
}

void soak_json(const struct soak *s, FILE *out)
{
	json_t *o = json_object(), *proved = json_array();

	for (size_t i = 0; i < s->nproved; i++)
		json_array_append_new(proved, json_string(s->proved[i]));
	set_number(o, "v", 1);
	set_string(o, "id", s->id);
	set_number(o, "goal_ms", s->goal_ms);
	set_number(o, "elapsed_ms", s->elapsed_ms);
	set_number(o, "runs", s->runs);
	set_number(o, "invalid", soak_invalid(s));
	set_number(o, "lost", s->lost);
	set_number(o, "rounds", s->rounds);
	set_number(o, "vms", s->vms);
	set_string(o, "stopped", s->stopped);
	json_object_set_new(o, "plans", plans_json(s));
	json_object_set_new(o, "findings", findings_json(s));
	json_object_set_new(o, "proved", proved);
	json_dumpf(o, out, JSON_INDENT(1));
	fputc('\n', out);
	json_decref(o);
}
