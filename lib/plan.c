// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "suggest.h"
#include "units.h"
#include "xmem.h"

#define PLAN_MAX_BYTES (1u << 20)
#define KIB	       1024ull
#define MIB	       (1024 * KIB)
#define GIB	       (1024 * MIB)
#define MS	       1000ull
#define SEC	       (1000 * MS)
#define MIN	       (60 * SEC)
#define HOUR	       (60 * MIN)

enum section_kind { SECTION_NONE, SECTION_PLAN, SECTION_TD, SECTION_FAULT, SECTION_STRESSOR };

/* Sections and keys that may be looked for later to say where something was set. */
enum key_id {
	KEY_KERNEL,
	KEY_SEED,
	KEY_DURATION,
	KEY_CPUS,
	KEY_MEMORY,
	KEY_VCPUS,
	KEY_TD_MEMORY,
	KEY_LIFETIME,
	KEY_QUIESCE,
	KEY_MIGRATE,
	KEY_STATUS,
	KEY_CONTEXT,
	KEY_PROBABILITY,
	KEY_TIMES,
	NR_KEYS
};

struct parser {
	const char *file;
	char *text;
	size_t len, pos;
	unsigned int line;
	char *error; /* the first one; parsing stops there */
	struct plan *plan;

	enum section_kind section;
	unsigned int section_line;
	unsigned int td_line; /* 0: no such section yet */
	unsigned int plan_line;
	unsigned int key_line[NR_KEYS]; /* 0: not given; those of [fault] in this section only */
	uint64_t options_seen; /* of this stressor */
	char *status, *context; /* of this fault: one needs the other to be looked up */
};

static const struct key {
	enum section_kind section;
	const char *name;
	enum stress_unit unit; /* UNIT_CHOICE: a name, not a number */
	uint64_t min, max;
} keys[NR_KEYS] = {
    [KEY_KERNEL] = {SECTION_PLAN, "kernel", UNIT_CHOICE, 0, 0},
    [KEY_SEED] = {SECTION_PLAN, "seed", UNIT_COUNT, 0, UINT64_MAX},
    [KEY_DURATION] = {SECTION_PLAN, "duration", UNIT_TIME, PLAN_MIN_DURATION_US,
		      PLAN_MAX_DURATION_US},
    [KEY_CPUS] = {SECTION_PLAN, "cpus", UNIT_COUNT, 1, 16},
    [KEY_MEMORY] = {SECTION_PLAN, "memory", UNIT_SIZE, 256 * MIB, 64 * GIB},
    [KEY_VCPUS] = {SECTION_TD, "vcpus", UNIT_COUNT, 1, 16},
    [KEY_TD_MEMORY] = {SECTION_TD, "memory", UNIT_SIZE, 4 * MIB, 64 * GIB},
    [KEY_LIFETIME] = {SECTION_TD, "lifetime", UNIT_TIME, 100 * MS, 24 * HOUR},
    [KEY_QUIESCE] = {SECTION_TD, "quiesce", UNIT_TIME, 50 * MS, HOUR},
    [KEY_MIGRATE] = {SECTION_TD, "migrate", UNIT_TIME, 0, SEC},
    [KEY_STATUS] = {SECTION_FAULT, "status", UNIT_CHOICE, 0, 0},
    [KEY_CONTEXT] = {SECTION_FAULT, "context", UNIT_CHOICE, 0, 0},
    [KEY_PROBABILITY] = {SECTION_FAULT, "probability", UNIT_PERCENT, 0, 100},
    [KEY_TIMES] = {SECTION_FAULT, "times", UNIT_COUNT, 0, 1000000000},
};

/* Keeps the first error, "FILE:LINE: KEY: what"; always 0, inih's "stop". */
__attribute__((format(printf, 4, 5))) static int fail_at(struct parser *p, unsigned int line,
							 const char *key, const char *fmt, ...)
{
	va_list ap;
	char *what;

	if (p->error)
		return 0;
	va_start(ap, fmt);
	what = xvasprintf(fmt, ap);
	va_end(ap);
	p->error = xasprintf("%s:%u: %s%s%s", p->file, line, key ? key : "", key ? ": " : "", what);
	free(what);
	return 0;
}

/* An unknown WORD of some KIND: with the nearest known one, or where to look. */
static int fail_unknown(struct parser *p, unsigned int line, const char *key, const char *kind,
			const struct suggest *s, const char *look)
{
	char *hint = suggest_text(s, look);

	fail_at(p, line, key, "unknown %s '%s'%s", kind, s->word, hint);
	free(hint);
	return 0;
}

static struct plan_fault *this_fault(struct parser *p)
{
	return &p->plan->faults[p->plan->nfaults - 1];
}

static struct plan_stressor *this_stressor(struct parser *p)
{
	return &p->plan->stressors[p->plan->nstressors - 1];
}

/* ---- the end of a section, where its keys are looked at together ---- */

static int resolve_context(struct parser *p, struct plan_fault *f)
{
	struct suggest s = {.word = p->context};

	f->context = p->context ? site_context(f->site, p->context) : &f->site->contexts[0];
	if (f->context)
		return 1;
	for (const struct context *c = f->site->contexts; c->name; c++)
		suggest_try(&s, c->name);
	return fail_unknown(p, p->key_line[KEY_CONTEXT], "context", "context", &s,
			    "'septorture list statuses' shows the contexts of each site");
}

static int resolve_status(struct parser *p, struct plan_fault *f)
{
	struct suggest s = {.word = p->status};

	f->values[0].status =
	    p->status ? context_status(f->context, p->status) : &f->context->statuses[0];
	f->values[0].weight = 1;
	f->nvalues = f->every = f->burst = 1;
	if (f->values[0].status)
		return 1;
	for (const struct status *st = f->context->statuses; st->name; st++)
		suggest_try(&s, st->name);
	return fail_unknown(p, p->key_line[KEY_STATUS], "status", "status", &s,
			    "'septorture list statuses' shows those of each site");
}

static void end_fault(struct parser *p)
{
	struct plan_fault *f = this_fault(p);

	if (!p->key_line[KEY_PROBABILITY])
		fail_at(p, p->section_line, "probability",
			"missing in [fault %s]; add a line such as 'probability = 10 %%'",
			f->site->name);
	else if (resolve_context(p, f))
		resolve_status(p, f);
	free(p->status);
	free(p->context);
	p->status = p->context = NULL;
	p->key_line[KEY_STATUS] = p->key_line[KEY_CONTEXT] = 0;
	p->key_line[KEY_PROBABILITY] = p->key_line[KEY_TIMES] = 0;
}

static void end_section(struct parser *p)
{
	if (p->section == SECTION_FAULT)
		end_fault(p);
	p->section = SECTION_NONE;
	p->options_seen = 0;
}

/* ---- section headers ---- */

static void begin_single(struct parser *p, enum section_kind kind, const char *name,
			 unsigned int *first)
{
	if (*first)
		fail_at(p, p->line, NULL,
			"section [%s] is given twice, first in line %u; merge them", name, *first);
	*first = p->line;
	p->section = kind;
}

static void begin_fault(struct parser *p, const char *name)
{
	struct suggest s = {.word = name};
	const struct site *site = site_find(name);
	struct plan *plan = p->plan;

	if (!site) {
		for (const struct site *c = sites; c->name; c++)
			suggest_try(&s, c->name);
		fail_unknown(p, p->line, NULL, "site", &s, "'septorture list sites' shows them");
		return;
	}
	for (size_t i = 0; i < plan->nfaults; i++)
		if (plan->faults[i].site == site) {
			fail_at(p, p->line, NULL,
				"section [fault %s] is given twice; one per site is allowed", name);
			return;
		}
	if (plan->nfaults == PLAN_MAX_FAULTS) {
		fail_at(p, p->line, NULL, "more than %d fault sections; remove some",
			PLAN_MAX_FAULTS);
		return;
	}
	plan->faults[plan->nfaults++].site = site;
	p->section = SECTION_FAULT;
}

static const struct stressor *find_stressor(const char *name, struct suggest *s)
{
	for_each_stressor (st) {
		if (!strcmp(st->name, name))
			return st;
		suggest_try(s, st->name);
	}
	return NULL;
}

static size_t count_options(const struct stressor *st)
{
	size_t n = 0;

	while (st->options && st->options[n].key)
		n++;
	return n;
}

static void begin_stressor(struct parser *p, const char *name)
{
	struct suggest s = {.word = name};
	const struct stressor *st = find_stressor(name, &s);
	struct plan *plan = p->plan;

	if (!st) {
		fail_unknown(p, p->line, NULL, "stressor", &s,
			     "'septorture list stressors' shows them");
		return;
	}
	for (size_t i = 0; i < plan->nstressors; i++)
		if (plan->stressors[i].stressor == st) {
			fail_at(p, p->line, NULL,
				"section [stressor %s] is given twice; merge them", name);
			return;
		}
	if (plan->nstressors == PLAN_MAX_STRESSORS) {
		fail_at(p, p->line, NULL, "more than %d stressor sections; remove some",
			PLAN_MAX_STRESSORS);
		return;
	}
	plan->nstressors++;
	this_stressor(p)->stressor = st;
	this_stressor(p)->opts = xcalloc(count_options(st), sizeof(uint64_t));
	for (size_t i = 0; i < count_options(st); i++)
		this_stressor(p)->opts[i] = st->options[i].def;
	p->section = SECTION_STRESSOR;
}

/* Cuts blanks off both ends, in place. */
static char *trim(char *s)
{
	size_t len;

	s += strspn(s, " \t");
	len = strlen(s);
	while (len && strchr(" \t\r\n", s[len - 1]))
		s[--len] = '\0';
	return s;
}

/* HEADER is a section's line without comment: "[fault tdh_mem_page_aug]". */
static void begin_section(struct parser *p, char *header)
{
	char *end = strchr(header, ']');
	char *word, *name;

	end_section(p);
	if (p->error)
		return;
	p->section_line = p->line;
	if (!end || end[1]) {
		fail_at(p, p->line, NULL, "'%s' is not a section; write it as in '[plan]'", header);
		return;
	}
	*end = '\0';
	word = trim(header + 1);
	name = word + strcspn(word, " \t");
	if (*name)
		*name++ = '\0';
	name = trim(name);

	if (!strcmp(word, "plan") && !*name) {
		begin_single(p, SECTION_PLAN, "plan", &p->plan_line);
	} else if (!strcmp(word, "td") && !*name) {
		begin_single(p, SECTION_TD, "td", &p->td_line);
	} else if (!strcmp(word, "fault") && *name) {
		begin_fault(p, name);
	} else if (!strcmp(word, "stressor") && *name) {
		begin_stressor(p, name);
	} else {
		fail_at(p, p->line, NULL,
			"unknown section [%s%s%s]; there are [plan], [td], [fault SITE] and "
			"[stressor NAME]",
			word, *name ? " " : "", name);
	}
}

/* ---- keys ---- */

static int set_kernel(struct parser *p, const char *value)
{
	/* It becomes a file name: only words. */
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-";

	if (!*value || value[strspn(value, allowed)])
		return fail_at(p, p->line, "kernel",
			       "'%s' is not a name; use one of configs/kernel, without '.config'",
			       value);
	free(p->plan->kernel);
	p->plan->kernel = xstrdup(value);
	return 1;
}

static int set_text(struct parser *p, enum key_id id, const char *value)
{
	if (id == KEY_KERNEL)
		return set_kernel(p, value);
	if (id == KEY_STATUS)
		p->status = xstrdup(value);
	else
		p->context = xstrdup(value);
	return 1;
}

static void set_number(struct parser *p, enum key_id id, uint64_t value)
{
	struct plan *plan = p->plan;

	switch (id) {
	case KEY_SEED:
		plan->seed = value;
		break;
	case KEY_DURATION:
		plan->duration_us = value;
		break;
	case KEY_CPUS:
		plan->cpus = value;
		break;
	case KEY_MEMORY:
		plan->memory = value;
		break;
	case KEY_VCPUS:
		plan->td_vcpus = value;
		break;
	case KEY_TD_MEMORY:
		plan->td_memory = value;
		break;
	case KEY_LIFETIME:
		plan->td_lifetime_us = value;
		break;
	case KEY_QUIESCE:
		plan->td_quiesce_us = value;
		break;
	case KEY_MIGRATE:
		plan->td_migrate_us = value;
		break;
	case KEY_PROBABILITY:
		this_fault(p)->probability = value;
		break;
	case KEY_TIMES:
		this_fault(p)->times = value;
		break;
	default:
		break;
	}
}

/* A number; its error, if any, becomes the plan's. */
static int read_number(struct parser *p, const char *name, enum stress_unit unit, uint64_t min,
		       uint64_t max, const char *text, uint64_t *value)
{
	char *error = unit_parse_range(unit, text, min, max, value);

	if (!error)
		return 1;
	fail_at(p, p->line, name, "%s", error);
	free(error);
	return 0;
}

static int handle_key(struct parser *p, const char *name, const char *text)
{
	struct suggest s = {.word = name};
	uint64_t value;

	for (enum key_id id = 0; id < NR_KEYS; id++) {
		const struct key *k = &keys[id];

		if (k->section != p->section)
			continue;
		suggest_try(&s, k->name);
		if (strcmp(k->name, name))
			continue;
		if (p->key_line[id])
			return fail_at(p, p->line, name,
				       "given twice, first in line %u; remove one",
				       p->key_line[id]);
		p->key_line[id] = p->line;
		if (k->unit == UNIT_CHOICE)
			return set_text(p, id, text);
		if (!read_number(p, name, k->unit, k->min, k->max, text, &value))
			return 0;
		set_number(p, id, value);
		return 1;
	}
	return fail_unknown(p, p->line, NULL, "key", &s,
			    "docs/plans.md shows those of this section");
}

static int set_choice(struct parser *p, const struct stress_option *o, const char *text,
		      uint64_t *value)
{
	struct suggest s = {.word = text};

	for (size_t i = 0; o->choices[i]; i++) {
		if (!strcmp(o->choices[i], text)) {
			*value = i;
			return 1;
		}
		suggest_try(&s, o->choices[i]);
	}
	return fail_unknown(p, p->line, o->key, "choice", &s,
			    "'septorture list stressors' shows the choices");
}

static int handle_option(struct parser *p, const char *name, const char *text)
{
	struct plan_stressor *ps = this_stressor(p);
	struct suggest s = {.word = name};

	for (size_t i = 0; i < count_options(ps->stressor); i++) {
		const struct stress_option *o = &ps->stressor->options[i];

		suggest_try(&s, o->key);
		if (strcmp(o->key, name))
			continue;
		if (p->options_seen & 1ull << i)
			return fail_at(p, p->line, name, "given twice in this section; remove one");
		p->options_seen |= 1ull << i;
		if (o->unit == UNIT_CHOICE)
			return set_choice(p, o, text, &ps->opts[i]);
		return read_number(p, name, o->unit, o->min, o->max, text, &ps->opts[i]);
	}
	return fail_unknown(p, p->line, NULL, "option", &s,
			    "'septorture list stressors' shows those of each stressor");
}

static int handle_pair(void *user, const char *section, const char *name, const char *value)
{
	struct parser *p = user;

	(void)section; /* begin_section() knows better: inih cuts long names */
	if (p->error)
		return 0;
	if (p->section == SECTION_NONE)
		return fail_at(p, p->line, name, "stands before any section; begin with '[plan]'");
	if (p->section == SECTION_STRESSOR)
		return handle_option(p, name, value);
	return handle_key(p, name, value);
}

/* ---- lines ---- */

/* Cuts a comment: '#' or ';' that begins the line or follows a blank. */
static void cut_comment(char *line)
{
	for (char *s = line; *s; s++)
		if ((*s == '#' || *s == ';') && (s == line || s[-1] == ' ' || s[-1] == '\t')) {
			*s = '\0';
			return;
		}
}

static bool is_plain_text(struct parser *p, const char *line)
{
	for (const unsigned char *s = (const unsigned char *)line; *s; s++)
		if ((*s < ' ' && *s != '\t') || *s > '~') {
			fail_at(p, p->line, NULL,
				"byte 0x%02x at column %zu is not plain text; remove it", *s,
				(size_t)(s - (const unsigned char *)line) + 1);
			return false;
		}
	return true;
}

/* Takes the next line out of the file, without its end; NULL at the end or on an error. */
static char *next_line(struct parser *p, size_t *len)
{
	char *line = p->text + p->pos;
	char *end;

	if (p->error || p->pos >= p->len)
		return NULL;
	p->line++;
	end = memchr(line, '\n', p->len - p->pos);
	*len = end ? (size_t)(end - line) : p->len - p->pos;
	p->pos += *len + 1;
	line[*len] = '\0';
	if (strlen(line) != *len) {
		fail_at(p, p->line, NULL, "holds a NUL byte; a plan is a plain text file");
		return NULL;
	}
	if (*len && line[*len - 1] == '\r')
		line[--*len] = '\0';
	return line;
}

/*
 * inih's reader. It does what inih can't: counts lines, sees sections that
 * have no keys, refuses lines that inih would cut in two. What inih then gets
 * is free of blanks, comments and continuations, so its settings don't matter.
 */
static char *read_line(char *buf, int size, void *stream)
{
	struct parser *p = stream;
	size_t len;
	char *line = next_line(p, &len);

	if (!line)
		return NULL;
	if (len + 2 > (size_t)size) {
		fail_at(p, p->line, NULL, "the line has %zu characters; at most %d are allowed",
			len, size - 2);
		return NULL;
	}
	cut_comment(line);
	if (!is_plain_text(p, line))
		return NULL;
	line = trim(line);
	if (*line == '[') {
		begin_section(p, line);
		line = "";
	} else if (*line && !strpbrk(line, "=:")) {
		fail_at(p, p->line, NULL, "'%s' is neither a section nor 'key = value'", line);
	}
	if (p->error)
		return NULL;
	snprintf(buf, size, "%s\n", line);
	return buf;
}

/* ---- the whole file ---- */

static bool load_file(struct parser *p)
{
	FILE *f = fopen(p->file, "re");
	bool bad;

	if (!f) {
		p->error = xasprintf("%s: cannot be opened: %s; give the path of a plan, such as "
				     "configs/plans/quick.ini",
				     p->file, strerror(errno));
		return false;
	}
	p->text = xcalloc(1, PLAN_MAX_BYTES + 2);
	p->len = fread(p->text, 1, PLAN_MAX_BYTES + 1, f);
	bad = ferror(f);
	if (bad)
		p->error = xasprintf("%s: cannot be read: %s", p->file, strerror(errno));
	else if (p->len > PLAN_MAX_BYTES)
		p->error = xasprintf("%s: is larger than 1 MiB; that is no plan", p->file);
	fclose(f);
	if (p->len >= 3 && !memcmp(p->text, "\xef\xbb\xbf", 3))
		p->pos = 3;
	return !p->error;
}

static char *stem(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = xstrdup(slash ? slash + 1 : path);
	size_t len = strlen(name);

	if (len > 4 && !strcmp(name + len - 4, ".ini"))
		name[len - 4] = '\0';
	return name;
}

static struct plan *new_plan(const char *path)
{
	struct plan *plan = xcalloc(1, sizeof(*plan));

	plan->name = stem(path);
	plan->kernel = xstrdup("race");
	plan->duration_us = 20 * SEC;
	plan->cpus = 2;
	plan->memory = GIB;
	plan->td_vcpus = 2;
	plan->td_memory = 256 * MIB;
	plan->td_lifetime_us = 5 * SEC;
	plan->td_quiesce_us = SEC;
	return plan;
}

/* The line of the first of two keys that was given at all, to point at. */
static unsigned int line_of(const struct parser *p, enum key_id a, enum key_id b)
{
	if (p->key_line[a])
		return p->key_line[a];
	return p->key_line[b] ? p->key_line[b] : p->line;
}

static void check_whole(struct parser *p)
{
	const struct plan *plan = p->plan;

	if (plan->td_vcpus > plan->cpus)
		fail_at(p, line_of(p, KEY_VCPUS, KEY_CPUS), "vcpus",
			"the TD's %u vCPUs are more than the VM's %u CPUs; raise cpus in [plan] or "
			"lower vcpus in [td]",
			plan->td_vcpus, plan->cpus);
	if (plan->td_memory % (2 * MIB))
		fail_at(p, p->key_line[KEY_TD_MEMORY], "memory",
			"the TD's memory must be a multiple of 2 MiB");
	if (plan->td_memory > plan->memory / 2) {
		char *td = unit_format(UNIT_SIZE, plan->td_memory);
		char *vm = unit_format(UNIT_SIZE, plan->memory);

		fail_at(p, line_of(p, KEY_TD_MEMORY, KEY_MEMORY), "memory",
			"the TD's %s are more than half of the VM's %s; raise memory in [plan] or "
			"lower it in [td]",
			td, vm);
		free(td);
		free(vm);
	}
	if (!plan->nstressors)
		fail_at(p, p->line ? p->line : 1, NULL,
			"the plan has no stressor; add a section [stressor NAME] ('septorture list "
			"stressors' shows them)");
}

static void parse(struct parser *p)
{
	if (!load_file(p))
		return;
	if (ini_parse_stream(read_line, p, handle_pair, p) && !p->error)
		fail_at(p, p->line, NULL, "cannot be parsed; write lines as 'key = value'");
	if (p->error)
		return;
	end_section(p);
	if (!p->error)
		check_whole(p);
}

struct plan *plan_read(const char *path, char **error)
{
	struct parser p = {.file = path, .plan = new_plan(path)};

	parse(&p);
	free(p.text);
	free(p.status);
	free(p.context);
	*error = p.error;
	if (!p.error)
		return p.plan;
	plan_free(p.plan);
	return NULL;
}

enum contract plan_fault_contract(const struct plan_fault *fault)
{
	return fault->values[0].status->contract;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->nstressors; i++)
		free(plan->stressors[i].opts);
	free(plan->name);
	free(plan->kernel);
	free(plan);
}
