// SPDX-License-Identifier: GPL-2.0-or-later
#include "coverage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "xmem.h"

#define COVERAGE_VERSION 1

/* ---- events ---- */

/* What the digit C of base64 is worth, or -1. */
static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* free() it; what is no base64 ends it. */
static unsigned char *decode(const char *text, size_t *len)
{
	unsigned char *bytes = xcalloc(strlen(text) / 4 + 1, 3);
	unsigned int bits = 0, have = 0;

	for (*len = 0; digit(*text) >= 0; text++) {
		bits = bits << 6 | (unsigned int)digit(*text);
		have += 6;
		if (have >= 8) {
			have -= 8;
			bytes[(*len)++] = (unsigned char)(bits >> have);
		}
	}
	return bytes;
}

void coverage_on_gcov(struct coverage *c, const json_t *event)
{
	struct coverage_data *d;

	c->data = xgrow(c->data, c->ndata, sizeof(*d));
	d = &c->data[c->ndata++];
	d->path = xstrdup(get_string(event, "file"));
	d->number = json_object_get(event, "case") ? (int64_t)get_number(event, "case") : -1;
	d->bytes = decode(get_string(event, "data"), &d->len);
}

void coverage_on_stacks(struct coverage *c, const json_t *event)
{
	json_t *frame;
	size_t i;

	json_array_foreach(json_object_get(event, "frames"), i, frame)
	{
		if (!json_is_string(frame))
			continue;
		c->frames = xgrow(c->frames, c->nframes, sizeof(*c->frames));
		c->frames[c->nframes++] = xstrdup(json_string_value(frame));
	}
}

/* ---- what gcov says ---- */

/* PATH from the kernel's root, "x/../" left out (free() it), or NULL if it is not below. */
static char *from_root(const char *path, const char *root)
{
	size_t len = strlen(root), n = 0;
	char *clean;

	if (*path == '/' && strncmp(path, root, len))
		return NULL;
	path += *path == '/' ? len : 0;
	clean = xcalloc(strlen(path) + 2, 1);
	while (*path) {
		size_t part = strcspn(path, "/");

		if (part == 2 && !strncmp(path, "..", 2)) {
			n -= n > 0;
			while (n && clean[n - 1] != '/')
				n--;
		} else if (part && !(part == 1 && *path == '.')) {
			memcpy(clean + n, path, part);
			n += part;
			clean[n++] = '/';
		}
		path += part + (path[part] == '/');
	}
	clean[n ? n - 1 : 0] = '\0';
	return clean;
}

/* Headers of the kernel at large are in every object; what they branch on is not under test. */
static bool is_wanted(const char *file)
{
	return strncmp(file, "include/", 8) && strncmp(file, "arch/x86/include/", 17);
}

static void add_function(struct coverage *c, const char *file, const json_t *o)
{
	c->functions = xgrow(c->functions, c->nfunctions, sizeof(*c->functions));
	c->functions[c->nfunctions++] = (struct coverage_function){
	    .file = xstrdup(file),
	    .name = xstrdup(get_string(o, "name")),
	    .line = get_number(o, "start_line"),
	    .end = get_number(o, "end_line"),
	    .calls = get_number(o, "execution_count"),
	};
}

/* How many arcs of that line and function there are: they come one after the other. */
static uint64_t known_arcs(const struct coverage *c, const char *file, const char *function,
			   uint64_t line)
{
	const struct coverage_arc *last = c->narcs ? &c->arcs[c->narcs - 1] : NULL;

	return last && last->line == line && !strcmp(last->function, function) &&
		       !strcmp(last->file, file)
		   ? last->n + 1
		   : 0;
}

static void add_line(struct coverage *c, const char *file, const json_t *o)
{
	const char *function = get_string(o, "function_name");
	uint64_t line = get_number(o, "line_number");
	json_t *branch;
	size_t i;

	json_array_foreach(json_object_get(o, "branches"), i, branch)
	{
		uint64_t n = known_arcs(c, file, function, line);

		c->arcs = xgrow(c->arcs, c->narcs, sizeof(*c->arcs));
		c->arcs[c->narcs++] = (struct coverage_arc){
		    .file = xstrdup(file),
		    .function = xstrdup(function),
		    .line = line,
		    .n = n,
		    .count = get_number(branch, "count"),
		};
	}
}

static struct coverage_object *find_object(const struct coverage *c, const char *path)
{
	for (size_t i = 0; i < c->nobjects; i++)
		if (!strcmp(c->objects[i].path, path))
			return &c->objects[i];
	return NULL;
}

/* What came behind OLD is a new object. */
static struct coverage_object *add_object(struct coverage *c, const char *path,
					  const struct coverage_object *old)
{
	struct coverage_object *o;

	c->objects = xgrow(c->objects, c->nobjects, sizeof(*c->objects));
	o = &c->objects[c->nobjects++];
	*o = *old;
	o->path = xstrdup(path);
	o->narcs = c->narcs - o->arc;
	o->nfunctions = c->nfunctions - o->function;
	for (size_t i = o->arc; i < c->narcs; i++) {
		c->calm = xgrow(c->calm, i, sizeof(*c->calm));
		c->calm[i] = false;
	}
	return o;
}

static void free_functions(struct coverage *c, size_t from)
{
	for (size_t i = from; i < c->nfunctions; i++) {
		free(c->functions[i].file);
		free(c->functions[i].name);
	}
	c->nfunctions = from;
}

static void free_arcs(struct coverage *c, size_t from)
{
	for (size_t i = from; i < c->narcs; i++) {
		free(c->arcs[i].file);
		free(c->arcs[i].function);
	}
	c->narcs = from;
}

/* What came behind AT is of an object that is known: goes to its numbers. */
static bool add_up(struct coverage *c, const struct coverage_object *o,
		   const struct coverage_object *at)
{
	bool same = c->narcs - at->arc == o->narcs && c->nfunctions - at->function == o->nfunctions;

	for (size_t i = 0; same && i < o->narcs; i++)
		c->arcs[o->arc + i].count += c->arcs[at->arc + i].count;
	for (size_t i = 0; same && i < o->nfunctions; i++)
		c->functions[o->function + i].calls += c->functions[at->function + i].calls;
	return same;
}

/* Keeps which of O's arcs were taken in a case: their counts are those from FIRST on. */
static void note_ways(struct coverage *c, const struct coverage_object *o, size_t first,
		      int64_t number)
{
	for (size_t i = 0; i < o->narcs; i++) {
		uint64_t count = c->arcs[first + i].count;

		if (!count)
			continue;
		if (!number) {
			c->calm[o->arc + i] = true;
		} else if (!c->calm[o->arc + i]) {
			c->ways = xgrow(c->ways, c->nways, sizeof(*c->ways));
			c->ways[c->nways++] = (struct coverage_way){
			    .number = (uint64_t)number, .arc = o->arc + i, .count = count};
		}
	}
}

static bool add_files(struct coverage *c, const char *json, const char *root)
{
	json_t *o = json_loads(json, 0, NULL), *files = json_object_get(o, "files"), *f, *part;
	bool good = json_is_array(files);
	size_t i, j;

	json_array_foreach(files, i, f)
	{
		char *file = from_root(get_string(f, "file"), root);

		if (file && is_wanted(file)) {
			json_array_foreach(json_object_get(f, "functions"), j, part)
			    add_function(c, file, part);
			json_array_foreach(json_object_get(f, "lines"), j, part)
			    add_line(c, file, part);
		}
		free(file);
	}
	json_decref(o);
	return good;
}

bool coverage_add(struct coverage *c, const struct coverage_data *data, const char *json,
		  const char *root)
{
	const struct coverage_object at = {.arc = c->narcs, .function = c->nfunctions};
	struct coverage_object *o = find_object(c, data->path);
	bool is_new = !o, good = add_files(c, json, root);

	if (is_new)
		o = add_object(c, data->path, &at);
	else
		good = add_up(c, o, &at) && good;
	if (good && data->number >= 0)
		note_ways(c, o, at.arc, data->number);
	if (!is_new) {
		free_arcs(c, at.arc);
		free_functions(c, at.function);
	}
	return good;
}

/* Lines of FILE that are to be known: a flag each, up to *LAST; free() it. */
static bool *wanted_lines(const struct coverage *c, const char *file, uint64_t *last)
{
	bool *wanted;

	*last = 0;
	for (size_t i = 0; i < c->nfunctions; i++)
		if (c->functions[i].end > *last && !strcmp(c->functions[i].file, file))
			*last = c->functions[i].end;
	for (size_t i = 0; i < c->narcs; i++)
		if (c->arcs[i].line > *last && !strcmp(c->arcs[i].file, file))
			*last = c->arcs[i].line;
	wanted = xcalloc(*last + 1, sizeof(*wanted));
	for (size_t i = 0; i < c->narcs; i++)
		if (!strcmp(c->arcs[i].file, file))
			wanted[c->arcs[i].line] = true;
	for (size_t i = 0; i < c->nfunctions; i++) {
		const struct coverage_function *f = &c->functions[i];

		if (f->calls && !strcmp(f->file, file))
			for (uint64_t line = f->line; line <= f->end; line++)
				wanted[line] = true;
	}
	return wanted;
}

static int add_file(struct coverage *c, const char *root, const char *file)
{
	char *path = xasprintf("%s/%s", root, file), *text = NULL;
	FILE *f = fopen(path, "r");
	uint64_t last;
	bool *wanted;
	size_t size = 0;

	free(path);
	if (!f)
		return -1;
	wanted = wanted_lines(c, file, &last);
	for (uint64_t at = 1; at <= last && getline(&text, &size, f) > 0; at++) {
		if (!wanted[at])
			continue;
		text[strcspn(text, "\n")] = '\0';
		c->lines = xgrow(c->lines, c->nlines, sizeof(*c->lines));
		c->lines[c->nlines++] = (struct coverage_line){
		    .file = xstrdup(file),
		    .line = at,
		    .text = xstrdup(text),
		};
	}
	free(wanted);
	free(text);
	fclose(f);
	return 0;
}

/* Whether function I is the first of its file. */
static bool is_first(const struct coverage *c, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (!strcmp(c->functions[j].file, c->functions[i].file))
			return false;
	return true;
}

int coverage_add_lines(struct coverage *c, const char *root)
{
	for (size_t i = 0; i < c->nfunctions; i++)
		if (is_first(c, i) && add_file(c, root, c->functions[i].file))
			return -1;
	return 0;
}

void coverage_mark(struct coverage *c, const char *function)
{
	for (size_t i = 0; i < c->nfunctions; i++)
		c->functions[i].on_stack |= !strcmp(c->functions[i].name, function);
}

size_t coverage_taken(const struct coverage *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->narcs; i++)
		n += c->arcs[i].count > 0;
	return n;
}

/* ---- coverage.json ---- */

static void set_place(json_t *o, const struct coverage_arc *a)
{
	set_string(o, "file", a->file);
	set_string(o, "function", a->function);
	set_number(o, "line", a->line);
	set_number(o, "n", a->n);
}

/* What each case alone made KVM do. */
static json_t *cases_ways(const struct coverage *c, const struct cases *cases)
{
	json_t *list = json_array();

	for (size_t i = 0, j; i < c->nways; i = j) {
		const struct fault_case *one = cases_find(cases, c->ways[i].number);
		json_t *o = json_object(), *arcs = json_array();

		for (j = i; j < c->nways && c->ways[j].number == c->ways[i].number; j++) {
			json_t *arc = json_object();

			set_place(arc, &c->arcs[c->ways[j].arc]);
			set_number(arc, "count", c->ways[j].count);
			json_array_append_new(arcs, arc);
		}
		set_number(o, "n", c->ways[i].number);
		set_string(o, "site", one ? one->site : NULL);
		set_string(o, "context", one ? one->context : NULL);
		set_string(o, "status", one ? one->status : NULL);
		set_number(o, "nth", one ? one->nth : 0);
		set_string(o, "outcome", one ? one->outcome : NULL);
		json_object_set_new(o, "arcs", arcs);
		json_array_append_new(list, o);
	}
	return list;
}

json_t *coverage_json(const struct coverage *c, const char *id, const struct cases *cases)
{
	json_t *o = json_object(), *functions = json_array(), *arcs = json_array();
	json_t *lines = json_array();

	set_number(o, "v", COVERAGE_VERSION);
	set_string(o, "id", id);
	for (size_t i = 0; i < c->nfunctions; i++) {
		const struct coverage_function *f = &c->functions[i];
		json_t *one = json_object();

		set_string(one, "file", f->file);
		set_string(one, "name", f->name);
		set_number(one, "line", f->line);
		set_number(one, "end", f->end);
		set_number(one, "calls", f->calls);
		json_object_set_new(one, "on_stack", json_boolean(f->on_stack));
		json_array_append_new(functions, one);
	}
	for (size_t i = 0; i < c->narcs; i++) {
		const struct coverage_arc *a = &c->arcs[i];
		json_t *one = json_object();

		set_place(one, a);
		set_number(one, "count", a->count);
		if (c->calm[i])
			json_object_set_new(one, "calm", json_true());
		json_array_append_new(arcs, one);
	}
	for (size_t i = 0; i < c->nlines; i++) {
		const struct coverage_line *l = &c->lines[i];
		json_t *one = json_object();

		set_string(one, "file", l->file);
		set_number(one, "line", l->line);
		set_string(one, "text", l->text);
		json_array_append_new(lines, one);
	}
	json_object_set_new(o, "lines", lines);
	json_object_set_new(o, "functions", functions);
	json_object_set_new(o, "arcs", arcs);
	json_object_set_new(o, "cases", cases_ways(c, cases));
	return o;
}

void coverage_free(struct coverage *c)
{
	for (size_t i = 0; i < c->ndata; i++) {
		free(c->data[i].path);
		free(c->data[i].bytes);
	}
	for (size_t i = 0; i < c->nframes; i++)
		free(c->frames[i]);
	free_functions(c, 0);
	free_arcs(c, 0);
	for (size_t i = 0; i < c->nobjects; i++)
		free(c->objects[i].path);
	for (size_t i = 0; i < c->nlines; i++) {
		free(c->lines[i].file);
		free(c->lines[i].text);
	}
	free(c->lines);
	free(c->objects);
	free(c->ways);
	free(c->calm);
	free(c->data);
	free(c->frames);
	free(c->functions);
	free(c->arcs);
	free(c->problem);
	*c = (struct coverage){0};
}
