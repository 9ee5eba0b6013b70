// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "plan_parse.h"
#include "units.h"
#include "xmem.h"

#define PLAN_MAX_BYTES (1u << 20)

/* ---- errors ---- */

int fail_at(struct parser *p, unsigned int line, const char *key, const char *fmt, ...)
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

int fail_unknown(struct parser *p, unsigned int line, const char *key, const char *kind,
		 const struct suggest *s, const char *look)
{
	char *hint = suggest_text(s, look);

	fail_at(p, line, key, "unknown %s '%s'%s", kind, s->word, hint);
	free(hint);
	return 0;
}

int read_number(struct parser *p, unsigned int line, const char *name, enum stress_unit unit,
		uint64_t min, uint64_t max, const char *text, uint64_t *value)
{
	char *error = unit_parse_range(unit, text, min, max, value);

	if (!error)
		return 1;
	fail_at(p, line, name, "%s", error);
	free(error);
	return 0;
}

/* ---- words ---- */

char *trim(char *s)
{
	size_t len;

	s += strspn(s, " \t");
	len = strlen(s);
	while (len && strchr(" \t\r\n", s[len - 1]))
		s[--len] = '\0';
	return s;
}

char *next_item(char **rest)
{
	char *item = strsep(rest, ",");

	return item ? trim(item) : NULL;
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

/* Cuts "key = value" in two: *VALUE is what follows the first '=' or ':'. */
static char *cut_value(char *line)
{
	char *value = line + strcspn(line, "=:");

	if (*value)
		*value++ = '\0';
	return trim(value);
}

/*
 * inih's reader. It does what inih can't: counts lines, sees sections that
 * have no keys, takes lines that are longer than its buffer. What inih then gets
 * is the key alone, so its settings don't matter.
 */
static char *read_line(char *buf, int size, void *stream)
{
	struct parser *p = stream;
	size_t len;
	char *line = next_line(p, &len);

	if (!line)
		return NULL;
	if (len > PLAN_MAX_LINE) {
		fail_at(p, p->line, NULL, "the line has %zu characters; at most %d are allowed",
			len, PLAN_MAX_LINE);
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
	snprintf(buf, size, "\n");
	if (*line) {
		p->value = cut_value(line);
		line = trim(line);
		if (snprintf(buf, size, "%s=\n", line) >= size)
			fail_at(p, p->line, NULL, "unknown key '%s'", line);
	}
	return p->error ? NULL : buf;
}

static int handle_pair(void *user, const char *section, const char *name, const char *value)
{
	struct parser *p = user;

	(void)section; /* begin_section() and read_line() know better: inih cuts what is long */
	(void)value;
	return p->error ? 0 : handle_key(p, name, p->value);
}

/* ---- the whole file ---- */

static bool load_file(struct parser *p)
{
	FILE *f = fopen(p->file, "re");
	bool bad;

	if (!f) {
		p->error = xasprintf("%s: cannot be opened: %s; give the path of a plan, or a name "
				     "('septorture list plans')",
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
	plan->platform = PLATFORM_MIRROR;
	plan->duration_us = 20 * SEC;
	plan->cpus = 2;
	plan->memory = GIB;
	plan->td_vcpus = 2;
	plan->td_memory = 256 * MIB;
	plan->td_slots = 1;
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

/* How many vCPUs a stressor wants; 0: a share of the rest. */
static unsigned int wanted(const struct plan_stressor *ps)
{
	return ps->stressor->vcpus ? (unsigned int)ps->opts[0] : 0;
}

static bool shares(const struct plan_stressor *ps)
{
	return ps->stressor->vcpus && !wanted(ps);
}

unsigned int plan_least_vcpus(const struct plan *plan)
{
	unsigned int n = 0;

	for (size_t i = 0; i < plan->nstressors; i++)
		n += shares(&plan->stressors[i]) ? 1 : wanted(&plan->stressors[i]);
	return n ? n : 1;
}

void plan_deal_vcpus(struct plan *plan)
{
	unsigned int left = plan->td_vcpus, sharers = 0, next = 0;

	for (size_t i = 0; i < plan->nstressors; i++) {
		left -= wanted(&plan->stressors[i]);
		sharers += shares(&plan->stressors[i]);
	}
	for (size_t i = 0; i < plan->nstressors; i++) {
		struct plan_stressor *ps = &plan->stressors[i];

		ps->nvcpus = wanted(ps);
		if (shares(ps)) {
			/* Rounded up: the first ones have one more. */
			ps->nvcpus = (left + sharers - 1) / sharers;
			left -= ps->nvcpus;
			sharers--;
		}
		ps->first_vcpu = next;
		next += ps->nvcpus;
	}
}

/* WHAT, of KIND, is there for ONLY. */
static void check_platform(struct parser *p, unsigned int line, const char *kind, const char *what,
			   enum platform only)
{
	if (p->plan->platform & ~platforms_of(only))
		fail_at(p, line, NULL,
			"the %s '%s' is there for platform %s alone, and the plan is for %s; leave "
			"it out, or set platform in [plan]",
			kind, what, platform_name(only), platform_name(p->plan->platform));
}

static void check_platforms(struct parser *p)
{
	const struct plan *plan = p->plan;

	for (size_t i = 0; i < plan->nfaults; i++) {
		const struct plan_fault *f = &plan->faults[i];

		char *what = xasprintf("%s of %s", f->context->name, f->site->name);

		check_platform(p, p->fault_line[i], "context", what, context_platform(f->context));
		free(what);
	}
	for (size_t i = 0; i < plan->nstressors; i++) {
		const struct plan_stressor *ps = &plan->stressors[i];

		check_platform(p, ps->line, "stressor", ps->stressor->name, ps->stressor->only);
	}
	for (size_t i = 0; i < plan->noracles; i++)
		check_platform(p, p->key_line[KEY_ORACLES], "oracle", plan->oracles[i]->name,
			       plan->oracles[i]->only);
	if (plan->td_anonymous && plan->platform != PLATFORM_DIRECT)
		fail_at(p, p->key_line[KEY_BACKING], "backing",
			"a TD's memory is a guest_memfd; " PLAN_ANONYMOUS
			" is there for platform direct alone");
}

static void check_stressors(struct parser *p)
{
	unsigned int least = plan_least_vcpus(p->plan);

	if (least > p->plan->td_vcpus) {
		fail_at(p, line_of(p, KEY_VCPUS, KEY_CPUS), "vcpus",
			"the TD has %u vCPUs, but the stressors want at least %u; raise it in [td]",
			p->plan->td_vcpus, least);
		return;
	}
	plan_deal_vcpus(p->plan);
	for (size_t i = 0; i < p->plan->nstressors; i++) {
		const struct plan_stressor *ps = &p->plan->stressors[i];
		const char *wrong = NULL;

		if (ps->stressor->check)
			wrong = ps->stressor->check(p->plan, ps->opts);
		if (wrong)
			fail_at(p, ps->line, NULL, "[stressor %s]: %s", ps->stressor->name, wrong);
	}
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
	if (plan->td_memory % (plan->td_slots * 4 * KIB))
		fail_at(p, line_of(p, KEY_SLOTS, KEY_TD_MEMORY), "slots",
			"the TD's memory can't be divided into %u slots of whole pages",
			plan->td_slots);
	if (plan->td_hot > plan->td_memory / (2 * MIB))
		fail_at(p, p->key_line[KEY_HOT], "hot",
			"the TD's memory has a hot page in every 2 MiB, so at most %u",
			(unsigned int)(plan->td_memory / (2 * MIB)));
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
	if (!p->error)
		check_platforms(p);
	if (!p->error)
		check_stressors(p);
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
	for (enum key_id id = 0; id < NR_KEYS; id++)
		free(p.words[id]);
	*error = p.error;
	if (!p.error)
		return p.plan;
	plan_free(p.plan);
	return NULL;
}

bool plan_wants_oracle(const struct plan *plan, const struct oracle *o)
{
	for (size_t i = 0; i < plan->noracles; i++)
		if (plan->oracles[i] == o)
			return true;
	return !plan->noracles && plan->platform & platforms_of(o->only);
}

bool plan_set_kernel(struct plan *plan, const char *name)
{
	/* It becomes a file name: only words. */
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-";

	if (!*name || name[strspn(name, allowed)])
		return false;
	free(plan->kernel);
	plan->kernel = xstrdup(name);
	return true;
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

struct plan *plan_copy(const struct plan *plan)
{
	struct plan *copy = xcalloc(1, sizeof(*copy));

	*copy = *plan;
	copy->name = xstrdup(plan->name);
	copy->kernel = xstrdup(plan->kernel);
	for (size_t i = 0; i < plan->nstressors; i++) {
		size_t n = count_options(plan->stressors[i].stressor);

		copy->stressors[i].opts = xcalloc(n, sizeof(uint64_t));
		memcpy(copy->stressors[i].opts, plan->stressors[i].opts, n * sizeof(uint64_t));
	}
	return copy;
}
