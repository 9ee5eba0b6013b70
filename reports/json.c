// SPDX-License-Identifier: GPL-2.0-or-later
#include "json.h"

#include <stdlib.h>

#include "fields.h"

#define REPORT_VERSION 1

static json_t *sites(const struct run_report *run)
{
	json_t *list = json_array();

	for (size_t i = 0; i < run->nsites; i++) {
		const struct site_stat *s = &run->sites[i];
		json_t *o = json_object();

		set_string(o, "site", s->site);
		set_string(o, "status", s->status);
		set_string(o, "context", s->context);
		set_string(o, "contract", s->contract);
		set_number(o, "calls", s->calls);
		set_number(o, "matched", s->matched);
		set_number(o, "injected", s->injected);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *counters(const struct counter_stat *list, size_t n)
{
	json_t *o = json_object();

	for (size_t i = 0; i < n; i++)
		set_number(o, list[i].name, list[i].value);
	return o;
}

static json_t *stressors(const struct run_report *run)
{
	json_t *list = json_array();

	for (size_t i = 0; i < run->nstressors; i++) {
		const struct stressor_stat *s = &run->stressors[i];
		json_t *o = json_object();

		set_string(o, "name", s->name);
		json_object_set_new(o, "counters", counters(s->counters, s->ncounters));
		json_object_set_new(o, "skipped",
				    s->skipped ? json_string(s->skipped) : json_null());
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *windows(const struct run_report *run)
{
	json_t *list = json_array();

	for (size_t i = 0; i < run->nwindows; i++) {
		const struct window_stat *w = &run->windows[i];
		json_t *o = json_object(), *met = json_array();

		set_string(o, "op", w->op);
		set_string(o, "level", w->level);
		set_number(o, "opened", w->opened);
		for (size_t m = 0; m < w->nmet; m++) {
			json_t *pair = json_object();

			set_string(pair, "op", w->met[m].op);
			set_string(pair, "how", w->met[m].how);
			set_number(pair, "times", w->met[m].times);
			json_array_append_new(met, pair);
		}
		json_object_set_new(o, "met", met);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *races(const struct run_report *run)
{
	json_t *list = json_array();

	for (size_t i = 0; i < run->nraces; i++) {
		json_t *o = json_object();

		set_string(o, "winner", run->races[i].winner);
		set_string(o, "level", run->races[i].level);
		set_string(o, "loser", run->races[i].loser);
		set_number(o, "times", run->races[i].times);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *stress_ng(const struct run_report *run)
{
	const struct stress_ng *ng = &run->stress_ng;
	json_t *o, *list = json_array(), *failures = json_array();

	if (!ng->ran) {
		json_decref(list);
		json_decref(failures);
		return json_null();
	}
	o = json_object();
	for (size_t i = 0; i < ng->n; i++) {
		json_t *stat = json_object();

		set_string(stat, "name", ng->stats[i].name);
		set_number(stat, "instances", ng->stats[i].instances);
		set_number(stat, "bogo_ops", ng->stats[i].bogo_ops);
		json_array_append_new(list, stat);
	}
	for (size_t i = 0; i < ng->nfailures; i++)
		json_array_append_new(failures, json_string(ng->failures[i]));
	set_number(o, "status", ng->status);
	json_object_set_new(o, "stressors", list);
	json_object_set_new(o, "failures", failures);
	json_object_set_new(o, "pressure", counters(ng->pressure, ng->npressure));
	return o;
}

static json_t *coverage(const struct coverage *c)
{
	json_t *o = c->ndata ? json_object() : json_null();

	if (!c->ndata)
		return o;
	set_number(o, "arcs", c->narcs);
	set_number(o, "taken", coverage_taken(c));
	set_string(o, "problem", c->problem);
	return o;
}

static json_t *checks(const struct run_report *run)
{
	json_t *list = json_array();

	for (size_t i = 0; i < run->nchecks; i++) {
		json_t *o = json_object();

		set_string(o, "oracle", run->checks[i].oracle);
		set_number(o, "count", run->checks[i].count);
		set_number(o, "failures", run->checks[i].failures);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *frames(const struct finding *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->nframes; i++) {
		json_t *o = json_object();

		set_string(o, "function", f->frames[i].function);
		set_string(o, "file", f->frames[i].file);
		set_number(o, "line", f->frames[i].line);
		json_object_set_new(o, "inlined", json_boolean(f->frames[i].inlined));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *findings(const struct run_report *run)
{
	json_t *list = json_array();

	for (size_t i = 0; i < run->nfindings; i++) {
		const struct finding *f = &run->findings[i];
		json_t *o = json_object();
		uint64_t since = 0;
		bool loaded = run_since_load(run, f, &since);

		set_string(o, "oracle", f->oracle);
		set_string(o, "kind", f->kind);
		set_string(o, "title", f->title);
		set_string(o, "signature", f->signature);
		set_number(o, "count", f->count);
		set_number(o, "first_us", f->first_us);
		set_known(o, "since_load_us", loaded, since);
		set_known(o, "injected_before", f->injected.known, f->injected.total);
		json_object_set_new(o, "recent", injected_json(&f->injected));
		json_object_set_new(o, "cut", json_boolean(f->cut));
		set_string(o, "known", f->known);
		set_string(o, "scope", f->header ? scope_name(f->scope) : NULL);
		set_string(o, "text", f->text);
		json_object_set_new(o, "frames", frames(f));
		set_string(o, "reproduce", run->reproduce);
		json_array_append_new(list, o);
	}
	return list;
}

/* What was run, and how it went as a whole. */
static json_t *head(const struct run_report *run)
{
	json_t *o = json_object();
	char *invalid = run_invalid(run);
	char seed[24];

	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)run->seed);
	set_number(o, "v", REPORT_VERSION);
	set_string(o, "verdict", run_verdict_word(run));
	set_string(o, "invalid", invalid);
	set_known(o, "round", run->round, run->round);
	set_string(o, "first_round", run->first_round);
	set_string(o, "vm_end", run->vm_end);
	set_string(o, "id", run->id);
	set_string(o, "plan", run->plan);
	set_string(o, "config", run->config);
	set_string(o, "mmu", run->mmu);
	set_string(o, "kernel_id", run->kernel_id);
	set_string(o, "mutant", run->mutant);
	set_string(o, "mutant_file", run->mutant_file);
	/* A string: half of all seeds are no JSON integers. */
	set_string(o, "seed", seed);
	json_object_set_new(o, "no_faults", json_boolean(run->no_faults));
	set_string(o, "accel", run->accel);
	set_string(o, "accel_why", run->accel_why);
	set_string(o, "kernel", run->kernel);
	set_string(o, "agent", run->agent);
	set_string(o, "platform", run->platform);
	set_number(o, "cpus", run->cpus);
	set_number(o, "mem_kib", run->mem_kib);
	set_number(o, "duration_us", run->duration_us);
	set_number(o, "wall_ms", run->wall_ms);
	json_object_set_new(o, "ended", json_boolean(run->ended));
	set_number(o, "events", run->lines);
	set_number(o, "bad_events", run->bad_lines);
	set_number(o, "klog_lost", run->lost_records);
	set_string(o, "scope_unknown", scope_problem(run->scope));
	set_string(o, "no_lines", run->no_lines);
	free(invalid);
	return o;
}

static void write_json(const struct run_report *run, FILE *out)
{
	json_t *o = head(run);

	set_known(o, "load_us", run->has_load, run->load_us);
	set_known(o, "first_fault_boot_us", run->has_boot_us, run->boot_us);
	set_number(o, "faults", run->faults);
	set_number(o, "faults_per_s", run_rate(run));
	set_number(o, "injected", run->injected);
	set_number(o, "tds", run->tds);
	set_number(o, "load_ms", run->load_ms);
	set_number(o, "running_ms", run->running_ms);
	set_number(o, "agent_kib", run->agent_kib);
	set_number(o, "vm_used_kib", run->vm_used_kib);
	set_number(o, "qemu_kib", run->qemu_kib);
	set_number(o, "kcsan_watchpoints", run->kcsan_watchpoints);
	json_object_set_new(o, "sites", sites(run));
	json_object_set_new(o, "stressors", stressors(run));
	json_object_set_new(o, "stress_ng", stress_ng(run));
	json_object_set_new(o, "windows", windows(run));
	json_object_set_new(o, "races", races(run));
	json_object_set_new(o, "coverage", coverage(&run->coverage));
	if (run->cases.total)
		json_object_set_new(o, "enumeration", cases_json(&run->cases));
	json_object_set_new(o, "checks", checks(run));
	json_object_set_new(o, "findings", findings(run));
	json_dumpf(o, out, JSON_INDENT(1));
	fputc('\n', out);
	json_decref(o);
}

const struct report_format json_format = {"json", "As JSON (docs/report.md)", "report.json",
					  write_json};
