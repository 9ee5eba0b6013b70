// SPDX-License-Identifier: GPL-2.0-or-later
#include "enumeration.h"

#include <stdlib.h>

#include "fields.h"
#include "xmem.h"

#define ENUMERATION_VERSION 1

void enumeration_free(struct enumeration *e)
{
	for (size_t i = 0; i < e->nfindings; i++) {
		free(e->findings[i].run);
		free(e->findings[i].title);
		free(e->findings[i].signature);
	}
	free(e->findings);
	cases_free(&e->cases);
	free(e->id);
	free(e->dir);
	free(e->plan);
	free(e->mutant);
	free(e->kernel);
	free(e->sites);
	free(e->contracts);
	free(e->stopped);
	*e = (struct enumeration){0};
}

size_t enumeration_done(const struct enumeration *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->cases.n; i++)
		n += e->cases.list[i].done;
	return n;
}

size_t enumeration_broken(const struct enumeration *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->cases.n; i++)
		n += e->cases.list[i].done && !e->cases.list[i].ok;
	return n;
}

void enumeration_json(const struct enumeration *e, FILE *out)
{
	json_t *o = json_object(), *findings = json_array();

	for (size_t i = 0; i < e->nfindings; i++) {
		json_t *f = json_object();

		set_string(f, "run", e->findings[i].run);
		set_string(f, "title", e->findings[i].title);
		set_string(f, "signature", e->findings[i].signature);
		json_array_append_new(findings, f);
	}
	set_number(o, "v", ENUMERATION_VERSION);
	set_string(o, "id", e->id);
	set_string(o, "plan", e->plan);
	set_string(o, "mutant", e->mutant);
	set_string(o, "kernel", e->kernel);
	set_string(o, "sites", e->sites);
	set_string(o, "contracts", e->contracts);
	set_number(o, "calls", e->calls);
	set_number(o, "boots", e->boots);
	set_number(o, "wall_ms", e->wall_ms);
	set_number(o, "done", enumeration_done(e));
	set_number(o, "broken", enumeration_broken(e));
	set_string(o, "stopped", e->stopped);
	json_object_set_new(o, "findings", findings);
	json_object_set_new(o, "enumeration", cases_json(&e->cases));
	json_dumpf(o, out, JSON_INDENT(1));
	fputc('\n', out);
	json_decref(o);
}

/* NULL for what is null or absent. */
static char *load_string(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? xstrdup(s) : NULL;
}

bool enumeration_load(struct enumeration *e, const json_t *o)
{
	json_t *f;
	size_t i;

	if (get_number(o, "v") != ENUMERATION_VERSION)
		return false;
	e->plan = load_string(o, "plan");
	e->mutant = load_string(o, "mutant");
	e->kernel = load_string(o, "kernel");
	e->sites = load_string(o, "sites");
	e->contracts = load_string(o, "contracts");
	e->calls = get_number(o, "calls");
	e->boots = (unsigned int)get_number(o, "boots");
	e->wall_ms = get_number(o, "wall_ms");
	json_array_foreach(json_object_get(o, "findings"), i, f)
	{
		e->findings = xgrow(e->findings, e->nfindings, sizeof(*e->findings));
		e->findings[e->nfindings++] = (struct boot_finding){
		    .run = xstrdup(get_string(f, "run")),
		    .title = xstrdup(get_string(f, "title")),
		    .signature = xstrdup(get_string(f, "signature")),
		};
	}
	return e->plan && cases_load(&e->cases, json_object_get(o, "enumeration"));
}
