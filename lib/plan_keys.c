// SPDX-License-Identifier: GPL-2.0-or-later
/* The sections of a plan and the keys in them. */
#include <stdlib.h>
#include <string.h>

#include "plan_parse.h"
#include "xmem.h"

static const struct key {
	enum section_kind section;
	const char *name;
	enum stress_unit unit; /* UNIT_CHOICE: names, not a number */
	uint64_t min, max;
} keys[NR_KEYS] = {
    [KEY_KERNEL] = {SECTION_PLAN, "kernel", UNIT_CHOICE, 0, 0},
    [KEY_PLATFORM] = {SECTION_PLAN, "platform", UNIT_CHOICE, 0, 0},
    [KEY_SEED] = {SECTION_PLAN, "seed", UNIT_COUNT, 0, UINT64_MAX},
    [KEY_DURATION] = {SECTION_PLAN, "duration", UNIT_TIME, PLAN_MIN_DURATION_US,
		      PLAN_MAX_DURATION_US},
    [KEY_CPUS] = {SECTION_PLAN, "cpus", UNIT_COUNT, 1, 16},
    [KEY_MEMORY] = {SECTION_PLAN, "memory", UNIT_SIZE, 256 * MIB, 64 * GIB},
    [KEY_ORACLES] = {SECTION_PLAN, "oracles", UNIT_CHOICE, 0, 0},
    [KEY_VCPUS] = {SECTION_TD, "vcpus", UNIT_COUNT, 1, 16},
    [KEY_TD_MEMORY] = {SECTION_TD, "memory", UNIT_SIZE, 4 * MIB, 64 * GIB},
    [KEY_BACKING] = {SECTION_TD, "backing", UNIT_CHOICE, 0, 0},
    [KEY_SLOTS] = {SECTION_TD, "slots", UNIT_COUNT, 1, 64},
    [KEY_AIM] = {SECTION_TD, "aim", UNIT_PERCENT, 0, 100},
    [KEY_HOT] = {SECTION_TD, "hot", UNIT_COUNT, 0, 512},
    [KEY_LIFETIME] = {SECTION_TD, "lifetime", UNIT_TIME, 100 * MS, 24 * HOUR},
    [KEY_QUIESCE] = {SECTION_TD, "quiesce", UNIT_TIME, 50 * MS, HOUR},
    [KEY_MIGRATE] = {SECTION_TD, "migrate", UNIT_TIME, 0, SEC},
    [KEY_STATUS] = {SECTION_FAULT, "status", UNIT_CHOICE, 0, 0},
    [KEY_SEQUENCE] = {SECTION_FAULT, "sequence", UNIT_CHOICE, 0, 0},
    [KEY_CONTEXT] = {SECTION_FAULT, "context", UNIT_CHOICE, 0, 0},
    [KEY_PROBABILITY] = {SECTION_FAULT, "probability", UNIT_PERCENT, 0, 100},
    [KEY_TIMES] = {SECTION_FAULT, "times", UNIT_COUNT, 0, 1000000000},
    [KEY_NTH] = {SECTION_FAULT, "nth", UNIT_CHOICE, 0, 0},
    [KEY_EVERY] = {SECTION_FAULT, "every", UNIT_COUNT, 1, 1000000},
    [KEY_BURST] = {SECTION_FAULT, "burst", UNIT_COUNT, 1, 1000},
    [KEY_START] = {SECTION_FAULT, "start", UNIT_TIME, 0, PLAN_MAX_DURATION_US},
    [KEY_STOP] = {SECTION_FAULT, "stop", UNIT_TIME, 0, PLAN_MAX_DURATION_US},
    [KEY_DELAY_BEFORE] = {SECTION_FAULT, "delay_before", UNIT_TIME, 0, 10 * MS},
    [KEY_DELAY_AFTER] = {SECTION_FAULT, "delay_after", UNIT_TIME, 0, 10 * MS},
};

static struct plan_fault *this_fault(struct parser *p)
{
	return &p->plan->faults[p->plan->nfaults - 1];
}

static struct plan_stressor *this_stressor(struct parser *p)
{
	return &p->plan->stressors[p->plan->nstressors - 1];
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
				"section [fault %s] is given twice, first in line %u; a function "
				"can be armed once, so merge them",
				name, p->fault_line[i]);
			return;
		}
	if (plan->nfaults == PLAN_MAX_FAULTS) {
		fail_at(p, p->line, NULL, "more than %d fault sections; remove some",
			PLAN_MAX_FAULTS);
		return;
	}
	p->fault_line[plan->nfaults] = p->line;
	plan->faults[plan->nfaults++] = (struct plan_fault){.site = site, .every = 1, .burst = 1};
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

size_t count_options(const struct stressor *st)
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
	this_stressor(p)->line = p->line;
	this_stressor(p)->opts = xcalloc(count_options(st), sizeof(uint64_t));
	for (size_t i = 0; i < count_options(st); i++)
		this_stressor(p)->opts[i] = st->options[i].def;
	p->section = SECTION_STRESSOR;
}

void end_section(struct parser *p)
{
	if (p->section == SECTION_FAULT)
		end_fault(p);
	p->section = SECTION_NONE;
	p->options_seen = 0;
}

void begin_section(struct parser *p, char *header)
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
	if (!plan_set_kernel(p->plan, value))
		return fail_at(p, p->line, "kernel",
			       "'%s' is not a name; use one of configs/kernel, without '.config'",
			       value);
	return 1;
}

static int add_oracle(struct parser *p, const char *name)
{
	struct plan *plan = p->plan;
	struct suggest s = {.word = name};

	for (size_t i = 0; i < plan->noracles; i++)
		if (!strcmp(plan->oracles[i]->name, name))
			return fail_at(p, p->line, "oracles", "'%s' is given twice; remove one",
				       name);
	if (plan->noracles == PLAN_MAX_ORACLES)
		return fail_at(p, p->line, "oracles", "more than %d names; remove some",
			       PLAN_MAX_ORACLES);
	for_each_oracle (o) {
		suggest_try(&s, o->name);
		if (strcmp(o->name, name))
			continue;
		plan->oracles[plan->noracles++] = o;
		return 1;
	}
	return fail_unknown(p, p->line, "oracles", "oracle", &s,
			    "'septorture list oracles' shows them");
}

static int set_oracles(struct parser *p, char *list)
{
	char *item;

	while ((item = next_item(&list)))
		if (!add_oracle(p, item))
			return 0;
	return 1;
}

static int set_platform(struct parser *p, const char *value)
{
	p->plan->platform = platform_find(value);
	if (p->plan->platform)
		return 1;
	return fail_at(p, p->line, "platform", "'%s' is none; there are mirror, direct and both",
		       value);
}

static int set_backing(struct parser *p, const char *value)
{
	p->plan->td_anonymous = !strcmp(value, PLAN_ANONYMOUS);
	if (p->plan->td_anonymous || !strcmp(value, PLAN_GUEST_MEMFD))
		return 1;
	return fail_at(p, p->line, "backing",
		       "'%s' is none; there are " PLAN_GUEST_MEMFD " and " PLAN_ANONYMOUS, value);
}

static int set_text(struct parser *p, enum key_id id, char *value)
{
	if (id == KEY_KERNEL)
		return set_kernel(p, value);
	if (id == KEY_ORACLES)
		return set_oracles(p, value);
	if (id == KEY_PLATFORM)
		return set_platform(p, value);
	if (id == KEY_BACKING)
		return set_backing(p, value);
	p->words[id] = xstrdup(value);
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
	case KEY_SLOTS:
		plan->td_slots = value;
		break;
	case KEY_HOT:
		plan->td_hot = (unsigned int)value;
		break;
	case KEY_AIM:
		plan->td_aim = (unsigned int)value;
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
	case KEY_EVERY:
		this_fault(p)->every = value;
		break;
	case KEY_BURST:
		this_fault(p)->burst = value;
		break;
	case KEY_START:
		this_fault(p)->start_us = value;
		break;
	case KEY_STOP:
		this_fault(p)->stop_us = value;
		break;
	case KEY_DELAY_BEFORE:
		this_fault(p)->delay_before_us = value;
		break;
	case KEY_DELAY_AFTER:
		this_fault(p)->delay_after_us = value;
		break;
	default:
		break;
	}
}

static int handle_section_key(struct parser *p, const char *name, char *text)
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
		if (!read_number(p, p->line, name, k->unit, k->min, k->max, text, &value))
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
		return read_number(p, p->line, name, o->unit, o->min, o->max, text, &ps->opts[i]);
	}
	return fail_unknown(p, p->line, NULL, "option", &s,
			    "'septorture list stressors' shows those of each stressor");
}

int handle_key(struct parser *p, const char *name, char *value)
{
	if (p->section == SECTION_NONE)
		return fail_at(p, p->line, name, "stands before any section; begin with '[plan]'");
	if (p->section == SECTION_STRESSOR)
		return handle_option(p, name, value);
	return handle_section_key(p, name, value);
}
