// SPDX-License-Identifier: GPL-2.0-or-later
#include "ingest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expected.h"
#include "fields.h"
#include "klog.h"
#include "xmem.h"

#define SCHEMA_VERSION 1
#define REPLAYING      "** replaying previous printk message **"

/* A splat that the agent provoked: it must arrive, and is no finding. */
struct proof {
	const char *kind; /* as the event and klog.h call it */
	const char *missing; /* what it means if it did not arrive */
	bool announced, arrived;
};

#define NR_PROOFS 2

struct ingest {
	struct run_report *run;
	struct klog *klog;
	uint64_t end_line; /* lines before the `end` event */
	uint64_t end_events; /* what it said that number is */
	char *fail; /* the agent's own words */
	struct proof proofs[NR_PROOFS];
	bool lockdep_off; /* at the end of the load */

	/* Splats by number (klog.h), as what was injected is told beside them. */
	uint64_t told; /* the last of which it is known */
	struct injected injected; /* before that one, until it is kept */
	uint64_t kept; /* the last that was kept */
	bool is_new; /* it was a new finding */
	size_t finding; /* its index then */
};

/* ---- events ---- */

static void on_hello(struct ingest *in, const json_t *e)
{
	struct run_report *run = in->run;

	if (run->kernel)
		return;
	run->version = get_number(e, "v");
	run->kernel = xstrdup(get_string(e, "kernel"));
	run->agent = xstrdup(get_string(e, "agent"));
	run->platform = xstrdup(get_string(e, "platform"));
	run->cpus = get_number(e, "cpus");
	run->mem_kib = get_number(e, "mem_kib");
}

static void on_klog(struct ingest *in, const json_t *e)
{
	const json_t *pri = json_object_get(e, "pri");

	klog_line(in->klog, get_number(e, "kus"), pri ? (int)json_integer_value(pri) : -1,
		  get_string(e, "caller"), get_string(e, "text"));
}

static void on_kmemleak(struct ingest *in, const json_t *e)
{
	klog_line(in->klog, get_number(e, "us"), -1, "kmemleak", get_string(e, "text"));
}

static void on_klog_lost(struct ingest *in, const json_t *e)
{
	in->run->lost_records += get_number(e, "records");
	run_invalidate(in->run,
		       "%" PRIu64 " records of the kernel log were lost, splats may be missing; "
		       "lower the load or raise CONFIG_LOG_BUF_SHIFT",
		       in->run->lost_records);
}

static void on_phase(struct ingest *in, const json_t *e)
{
	struct run_report *run = in->run;

	if (run->has_load || strcmp(get_string(e, "name"), "load") || !get_number(e, "us"))
		return;
	run->has_load = true;
	run->load_us = get_number(e, "us");
}

static void on_first_fault(struct ingest *in, const json_t *e)
{
	in->run->has_boot_us = true;
	in->run->boot_us = get_number(e, "boot_us");
}

#define MAX_MOMENTS 4096

/* Of a long run every second one is forgotten, again and again. */
static void add_moment(struct run_report *run, const struct moment *m)
{
	if (run->nmoments && m->us < run->moments[run->nmoments - 1].us)
		return;
	if (run->nmoments == MAX_MOMENTS) {
		run->nmoments /= 2;
		for (size_t i = 0; i < run->nmoments; i++)
			run->moments[i] = run->moments[2 * i];
	}
	if (!run->moments)
		run->moments = xcalloc(MAX_MOMENTS, sizeof(*run->moments));
	run->moments[run->nmoments++] = *m;
}

static void on_progress(struct ingest *in, const json_t *e)
{
	struct moment m = {get_number(e, "us"), get_number(e, "faults"), get_number(e, "injected")};

	in->run->faults = get_number(e, "faults");
	in->run->injected = get_number(e, "injected");
	in->run->tds = get_number(e, "tds");
	in->run->load_ms = get_number(e, "elapsed_ms");
	in->run->running_ms = get_number(e, "running_ms");
	in->run->agent_kib = get_number(e, "agent_kib");
	in->run->vm_used_kib = get_number(e, "vm_used_kib");
	add_moment(in->run, &m);
}

static void on_check(struct ingest *in, const json_t *e)
{
	struct run_report *run = in->run;
	const char *oracle = get_string(e, "oracle");
	struct check_stat *c = NULL;

	for (size_t i = 0; i < run->nchecks && !c; i++)
		if (!strcmp(run->checks[i].oracle, oracle))
			c = &run->checks[i];
	if (!c) {
		run->checks = xgrow(run->checks, run->nchecks, sizeof(*c));
		c = &run->checks[run->nchecks++];
		c->oracle = xstrdup(oracle);
	}
	c->count++;
	c->failures += !json_is_true(json_object_get(e, "ok"));
}

static void on_kcsan(struct ingest *in, const json_t *e)
{
	in->run->kcsan_watchpoints = get_number(e, "watchpoints");
}

static void on_provoked(struct ingest *in, const json_t *e)
{
	json_t *what;
	size_t i;

	json_array_foreach(json_object_get(e, "what"), i, what)
	{
		const char *kind = json_string_value(what);

		for (size_t j = 0; kind && j < NR_PROOFS; j++)
			in->proofs[j].announced |= !strcmp(in->proofs[j].kind, kind);
	}
}

static void on_lockdep(struct ingest *in, const json_t *e)
{
	in->lockdep_off = !get_number(e, "debug_locks");
}

/* {"drift": 3, "what": "x"} as "drift 3, what x". */
static char *facts_line(json_t *facts)
{
	char *line = xstrdup("");
	const char *name;
	json_t *value;

	json_object_foreach(facts, name, value)
	{
		char *v = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		char *longer = xasprintf("%s%s%s %s", line, *line ? ", " : "", name, v);

		free(v);
		free(line);
		line = longer;
	}
	return line;
}

static void on_finding(struct ingest *in, const json_t *e)
{
	const char *oracle = get_string(e, "oracle");
	const char *kind = get_string(e, "kind");
	const char *title = get_string(e, "title");
	char *signature = xasprintf("%s: %s: %s", oracle, kind, title);
	struct finding *f =
	    run_finding(in->run, oracle, kind, title, signature, get_number(e, "us"));

	if (f->count == 1)
		f->injected = injected_read(e);
	if (!f->text) {
		f->text = json_dumps(json_object_get(e, "facts"), JSON_INDENT(1));
		f->detail = facts_line(json_object_get(e, "facts"));
	}
	free(signature);
}

/* The splat that began last is told what had been injected then; the first word counts. */
static void on_injections(struct ingest *in, const json_t *e)
{
	uint64_t begun = klog_begun(in->klog);

	if (begun == in->told)
		return;
	in->told = begun;
	injected_free(&in->injected);
	if (begun != in->kept)
		in->injected = injected_read(e);
	else if (in->is_new)
		in->run->findings[in->finding].injected = injected_read(e);
}

static void on_site(struct ingest *in, const json_t *e)
{
	struct run_report *run = in->run;
	struct site_stat *s;

	run->sites = xgrow(run->sites, run->nsites, sizeof(*s));
	s = &run->sites[run->nsites++];
	s->site = xstrdup(get_string(e, "site"));
	s->status = xstrdup(get_string(e, "status"));
	s->context = xstrdup(get_string(e, "context"));
	s->calls = get_number(e, "calls");
	s->matched = get_number(e, "matched");
	s->injected = get_number(e, "injected");
	s->contract = xstrdup(get_string(e, "contract"));
	if (s->injected)
		expected_add(run, s->site, s->context, s->status, s->contract);
}

static void on_calls(struct ingest *in, const json_t *e)
{
	cases_on_calls(&in->run->cases, e);
}

static void on_cases(struct ingest *in, const json_t *e)
{
	cases_on_total(&in->run->cases, e);
}

static void on_case_begin(struct ingest *in, const json_t *e)
{
	cases_on_begin(&in->run->cases, e);
	/* Also if the VM does not survive it. */
	expected_add(in->run, get_string(e, "site"), get_string(e, "context"),
		     get_string(e, "status"), get_string(e, "contract"));
}

static void on_case_end(struct ingest *in, const json_t *e)
{
	cases_on_end(&in->run->cases, e);
	/* It has no `progress` events that would say so. */
	in->run->injected += get_number(e, "injected");
}

static void read_counters(const json_t *o, struct counter_stat **list, size_t *n)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)o, name, value)
	{
		*list = xgrow(*list, *n, sizeof(**list));
		(*list)[*n].name = xstrdup(name);
		(*list)[(*n)++].value = get_number(o, name);
	}
}

static void on_stressor(struct ingest *in, const json_t *e)
{
	struct run_report *run = in->run;
	struct stressor_stat *s;

	run->stressors = xgrow(run->stressors, run->nstressors, sizeof(*s));
	s = &run->stressors[run->nstressors++];
	*s = (struct stressor_stat){.name = xstrdup(get_string(e, "name"))};
	if (*get_string(e, "skipped"))
		s->skipped = xstrdup(get_string(e, "skipped"));
	read_counters(json_object_get(e, "counters"), &s->counters, &s->ncounters);
}

static void on_stress_ng(struct ingest *in, const json_t *e)
{
	struct stress_ng *ng = &in->run->stress_ng;
	json_t *value;
	size_t i;

	/* There is one at most. */
	if (ng->ran)
		return;
	ng->ran = true;
	ng->status = get_number(e, "status");
	json_array_foreach(json_object_get(e, "stressors"), i, value)
	{
		ng->stats = xgrow(ng->stats, ng->n, sizeof(*ng->stats));
		ng->stats[ng->n++] = (struct stress_ng_stat){
		    .name = xstrdup(get_string(value, "name")),
		    .instances = get_number(value, "instances"),
		    .bogo_ops = get_number(value, "bogo_ops"),
		};
	}
	json_array_foreach(json_object_get(e, "failures"), i, value)
	{
		if (!json_is_string(value))
			continue;
		ng->failures = xgrow(ng->failures, ng->nfailures, sizeof(*ng->failures));
		ng->failures[ng->nfailures++] = xstrdup(json_string_value(value));
	}
	read_counters(json_object_get(e, "pressure"), &ng->pressure, &ng->npressure);
}

static void on_window(struct ingest *in, const json_t *e)
{
	struct run_report *run = in->run;
	struct window_stat *w;
	json_t *value;
	size_t i;

	if (!*get_string(e, "op"))
		return;
	run->windows = xgrow(run->windows, run->nwindows, sizeof(*w));
	w = &run->windows[run->nwindows++];
	*w = (struct window_stat){
	    .op = xstrdup(get_string(e, "op")),
	    .level = xstrdup(get_string(e, "level")),
	    .opened = get_number(e, "opened"),
	};
	json_array_foreach(json_object_get(e, "met"), i, value)
	{
		w->met = xgrow(w->met, w->nmet, sizeof(*w->met));
		w->met[w->nmet++] = (struct window_met){
		    .op = xstrdup(get_string(value, "op")),
		    .how = xstrdup(get_string(value, "how")),
		    .times = get_number(value, "times"),
		};
	}
}

static void on_race(struct ingest *in, const json_t *e)
{
	struct run_report *run = in->run;

	run->races = xgrow(run->races, run->nraces, sizeof(*run->races));
	run->races[run->nraces++] = (struct race_stat){
	    .winner = xstrdup(get_string(e, "winner")),
	    .level = xstrdup(get_string(e, "level")),
	    .loser = xstrdup(get_string(e, "loser")),
	    .times = get_number(e, "times"),
	};
}

static void on_gcov(struct ingest *in, const json_t *e)
{
	coverage_on_gcov(&in->run->coverage, e);
}

static void on_stacks(struct ingest *in, const json_t *e)
{
	coverage_on_stacks(&in->run->coverage, e);
}

static void on_fail(struct ingest *in, const json_t *e)
{
	if (in->fail)
		return;
	in->fail = xstrdup(get_string(e, "text"));
	in->run->bad_plan = json_is_true(json_object_get(e, "plan"));
}

static void on_end(struct ingest *in, const json_t *e)
{
	const char *status = get_string(e, "status");

	in->run->ended = true;
	in->end_line = in->run->lines - 1;
	in->end_events = get_number(e, "events");
	if (strcmp(status, "done") && !in->fail)
		in->fail = xasprintf("it ended with status '%s'", status);
}

static const struct {
	const char *name;
	void (*handle)(struct ingest *in, const json_t *event);
} handlers[] = {
    {"hello", on_hello},
    {"klog", on_klog},
    {"kmemleak", on_kmemleak},
    {"klog_lost", on_klog_lost},
    {"first_fault", on_first_fault},
    {"progress", on_progress},
    {"check", on_check},
    {"finding", on_finding},
    {"site", on_site},
    {"stressor", on_stressor},
    {"window", on_window},
    {"race", on_race},
    {"stress_ng", on_stress_ng},
    {"kcsan", on_kcsan},
    {"fail", on_fail},
    {"end", on_end},
    {"provoked", on_provoked},
    {"lockdep", on_lockdep},
    {"phase", on_phase},
    {"injections", on_injections},
    {"calls", on_calls},
    {"cases", on_cases},
    {"case_begin", on_case_begin},
    {"case_end", on_case_end},
    {"gcov", on_gcov},
    {"stacks", on_stacks},
};

static void on_line(struct ingest *in, const char *line, size_t len)
{
	json_t *event = json_loadb(line, len, 0, NULL);
	const char *name = get_string(event, "e");

	in->run->lines++;
	if (!*name)
		in->run->bad_lines++;
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (!strcmp(name, handlers[i].name))
			handlers[i].handle(in, event);
	json_decref(event);
}

/* ---- splats ---- */

/* Whether it is a new finding, the last one then. */
static bool keep_splat(struct run_report *run, const struct klog_splat *s)
{
	struct finding *f = run_finding(run, "klog", s->kind, s->title, s->signature, s->us);
	enum scope_class scope = scope_of_splat(run->scope, s);

	if (f->count > 1) {
		f->scope = scope < f->scope ? scope : f->scope;
		return false;
	}
	f->scope = scope;
	f->text = xstrdup(s->text);
	f->header = xstrdup(s->header);
	f->function = xstrdup(s->function);
	f->cut = s->cut;
	return true;
}

static void event_splat(void *arg, const struct klog_splat *s)
{
	struct ingest *in = arg;

	for (size_t i = 0; s->provoked && i < NR_PROOFS; i++)
		in->proofs[i].arrived |= !strcmp(in->proofs[i].kind, s->provoked);
	in->kept = s->number;
	in->is_new = !s->provoked && keep_splat(in->run, s);
	if (!in->is_new)
		return;
	in->finding = in->run->nfindings - 1;
	if (in->told == s->number) {
		in->run->findings[in->finding].injected = in->injected;
		in->injected = (struct injected){0};
	}
}

/* A console tells what the events told, and what came after them. */
struct console {
	struct ingest *in;
	struct run_report *run;
	size_t nevents; /* how many findings the events gave */
};

static struct finding *told_by_events(struct console *c, const struct klog_splat *s)
{
	for (size_t i = 0; i < c->nevents; i++) {
		struct finding *f = &c->run->findings[i];

		if (!strcmp(f->signature, s->signature))
			return f;
		/* Only the events have kmemleak's records; the console, that there are some. */
		if (!strcmp(s->kind, "kmemleak") && !strcmp(f->kind, s->kind))
			return f;
		/* Cut short, the signature of the same splat may differ. */
		if (f->header && (f->cut || s->cut) && !strcmp(f->header, s->header))
			return f;
	}
	return NULL;
}

/* The agent is init: when it dies, the kernel panics. That is not the kernel's fault. */
static bool is_agents_death(struct ingest *in, const struct klog_splat *s)
{
	const char *death = strstr(s->title, "Attempted to kill init! exitcode=");
	unsigned int code;

	if (!death || sscanf(death, "%*[^=]=%x", &code) != 1)
		return false;
	/* An oops kills it, too. */
	for (size_t i = 0; i < in->run->nfindings; i++)
		if (!strcmp(in->run->findings[i].kind, "oops") ||
		    !strcmp(in->run->findings[i].kind, "bug"))
			return false;
	if (!in->fail)
		in->fail =
		    xasprintf("it died, %s %u, most likely by its own fault. What was found until "
			      "then is kept",
			      code & 0x7f ? "of signal" : "with exit status",
			      code & 0x7f ? code & 0x7f : code >> 8);
	return true;
}

static void console_splat(void *arg, const struct klog_splat *s)
{
	struct console *c = arg;
	struct finding *f;

	/* It is no proof, either, that the events tell what the console tells. */
	if (s->provoked || is_agents_death(c->in, s))
		return;
	f = told_by_events(c, s);
	if (!f) {
		keep_splat(c->run, s);
		return;
	}
	if (!f->cut || s->cut)
		return;
	/* The console has the whole of what the agent could only begin to send. */
	free(f->title);
	free(f->signature);
	free(f->text);
	f->title = xstrdup(s->title);
	f->signature = xstrdup(s->signature);
	f->text = xstrdup(s->text);
	f->scope = scope_of_splat(c->run->scope, s);
	f->cut = false;
}

/* ---- files ---- */

static FILE *open_in(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "re");

	free(path);
	return f;
}

static void read_events(struct ingest *in, const char *dir)
{
	FILE *f = open_in(dir, "events.jsonl");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	in->klog = klog_new(event_splat, in);
	while (f && (len = getline(&line, &size, f)) > 0)
		on_line(in, line, (size_t)len);
	klog_end(in->klog);
	injected_free(&in->injected);
	free(line);
	if (f)
		fclose(f);
}

/* The next line in *LINE, without NULs; false: there is none. */
static bool next_line(FILE *f, char **line, size_t *size)
{
	ssize_t len = f ? getline(line, size, f) : -1;

	for (ssize_t i = 0; i < len; i++)
		if (!(*line)[i])
			(*line)[i] = '?';
	return len > 0;
}

/* Another CPU took the console over in the middle of a line, and writes all of it. */
static bool begins_anew(const char *line)
{
	return !strncmp(line, REPLAYING, strlen(REPLAYING));
}

static void read_console(struct ingest *in, const char *dir)
{
	FILE *f = open_in(dir, "console.log");
	struct console c = {.in = in, .run = in->run, .nevents = in->run->nfindings};
	struct klog *klog = klog_new(console_splat, &c);
	/* The one at hand is only good if the next one does not say that it is broken off. */
	char *line = NULL, *next = NULL;
	size_t size = 0, next_size = 0;
	bool more = next_line(f, &next, &next_size);

	while (more) {
		char *swap = line;
		size_t swap_size = size;

		line = next;
		size = next_size;
		next = swap;
		next_size = swap_size;
		more = next_line(f, &next, &next_size);
		if (!begins_anew(line) && !(more && begins_anew(next)))
			klog_line(klog, 0, -1, "", line);
	}
	klog_end(klog);
	free(line);
	free(next);
	if (f)
		fclose(f);
}

/* ---- judgement ---- */

/* An oracle that says no has found something, even if it did not say what. */
static void count_silent_failures(struct run_report *run)
{
	for (size_t i = 0; i < run->nchecks; i++) {
		const struct check_stat *c = &run->checks[i];
		bool told = !c->failures;
		char *signature;

		for (size_t j = 0; j < run->nfindings; j++)
			told |= !strcmp(run->findings[j].oracle, c->oracle);
		if (told)
			continue;
		signature = xasprintf("%s: check-failed", c->oracle);
		run_finding(run, c->oracle, "check-failed", "a check failed without a finding",
			    signature, 0)
		    ->count = c->failures;
		free(signature);
	}
}

/* Without this, nobody knows whether a splat would have been seen. */
static void judge_proofs(struct ingest *in)
{
	bool announced = false;

	for (size_t i = 0; i < NR_PROOFS; i++) {
		const struct proof *p = &in->proofs[i];

		announced |= p->announced;
		if (p->announced && !p->arrived)
			run_invalidate(in->run, "%s", p->missing);
	}
	if (!announced)
		run_invalidate(in->run, "the agent did not prove that splats are seen");
}

/* Whether after such a splat lockdep is off: its own, and whatever kills a task. */
static bool stops_lockdep(const struct finding *f)
{
	static const char *const kinds[] = {"lockdep", "bug", "oops", "panic", "kasan"};

	for (size_t i = 0; f->header && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(f->kind, kinds[i]))
			return true;
	/* DEBUG_LOCKS_WARN_ON() */
	return f->header && strstr(f->signature, "kernel/locking/");
}

static void judge_lockdep(struct ingest *in)
{
	bool told = !in->lockdep_off;

	for (size_t i = 0; i < in->run->nfindings; i++)
		told |= stops_lockdep(&in->run->findings[i]);
	if (!told)
		run_invalidate(in->run, "lockdep switched itself off and no splat of it was seen");
}

static void judge_ended(struct ingest *in)
{
	struct run_report *run = in->run;

	if (run->bad_lines)
		run_invalidate(run,
			       "%" PRIu64 " of %" PRIu64 " lines of events.jsonl are no events",
			       run->bad_lines, run->lines);
	if (in->end_events != in->end_line)
		run_invalidate(run,
			       "the agent wrote %" PRIu64 " events but %" PRIu64 " arrived before "
			       "its 'end'",
			       in->end_events, in->end_line);
	if (!run->kernel)
		run_invalidate(run, "there is no 'hello' event");
	else if (run->version != SCHEMA_VERSION)
		run_invalidate(run,
			       "the events are of schema version %" PRIu64
			       ", this septorture reads "
			       "%d; rebuild the agent with 'make'",
			       run->version, SCHEMA_VERSION);
	judge_proofs(in);
	judge_lockdep(in);
}

static void judge(struct ingest *in)
{
	struct run_report *run = in->run;

	if (in->fail) {
		/* Ahead of any other reason: it is the cause of the others. */
		free(run->invalid);
		run->invalid = xasprintf("the agent failed: %s", in->fail);
	} else if (run->ended) {
		judge_ended(in);
	} else if (run->nfindings) {
		/* What cut the run short is in the findings: a result, if an early one. */
		free(run->invalid);
		run->invalid = NULL;
		if (!run->vm_end)
			run->vm_end = xstrdup("the events stop without an 'end'");
	} else {
		run_invalidate(run, "%s",
			       run->vm_end ? run->vm_end : "the events stop without an 'end'");
	}
}

void ingest_run(struct run_report *run, const char *dir)
{
	struct ingest in = {
	    .run = run,
	    .proofs =
		{
		    {.kind = "warn",
		     .missing = "the provoked WARN did not reach the report: the kernel log is not "
				"being seen"},
		    {.kind = "kcsan",
		     .missing = "the provoked KCSAN race did not reach the report: KCSAN is not "
				"looking, or the kernel log is not being seen"},
		},
	};

	read_events(&in, dir);
	read_console(&in, dir);
	expected_mark(run);
	count_silent_failures(run);
	judge(&in);
	free(in.fail);
}
