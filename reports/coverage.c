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

bool coverage_add(struct coverage *c, const char *json, const char *root)
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

static int by_place(const void *a, const void *b)
{
	const struct coverage_arc *const *x = a, *const *y = b;
	int files = strcmp((*x)->file, (*y)->file);

	return files ? files : ((*x)->line > (*y)->line) - ((*x)->line < (*y)->line);
}

/* The lines of one file, of N arcs of it in their order. */
static int add_file(struct coverage *c, const char *root, const struct coverage_arc **arcs,
		    size_t n)
{
	char *path = xasprintf("%s/%s", root, arcs[0]->file), *text = NULL;
	FILE *f = fopen(path, "r");
	uint64_t at = 0;
	size_t size = 0;

	free(path);
	if (!f)
		return -1;
	for (size_t i = 0; i < n; i++) {
		size_t len;

		if (arcs[i]->line <= at)
			continue;
		while (at < arcs[i]->line && getline(&text, &size, f) > 0)
			at++;
		if (at < arcs[i]->line)
			break;
		len = strcspn(text, "\n");
		while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
			len--;
		text[len] = '\0';
		c->lines = xgrow(c->lines, c->nlines, sizeof(*c->lines));
		c->lines[c->nlines++] = (struct coverage_line){
		    .file = xstrdup(arcs[i]->file),
		    .line = at,
		    .text = xstrdup(text + strspn(text, " \t")),
		};
	}
	free(text);
	fclose(f);
	return 0;
}

int coverage_add_lines(struct coverage *c, const char *root)
{
	const struct coverage_arc **arcs = xcalloc(c->narcs, sizeof(const struct coverage_arc *));
	int bad = 0;

	for (size_t i = 0; i < c->narcs; i++)
		arcs[i] = &c->arcs[i];
	qsort(arcs, c->narcs, sizeof(*arcs), by_place);
	for (size_t begin = 0, end; begin < c->narcs && !bad; begin = end) {
		for (end = begin; end < c->narcs && !strcmp(arcs[end]->file, arcs[begin]->file);)
			end++;
		bad = add_file(c, root, arcs + begin, end - begin);
	}
	free(arcs);
	return bad;
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

json_t *coverage_json(const struct coverage *c, const char *id)
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
		set_number(one, "calls", f->calls);
		json_object_set_new(one, "on_stack", json_boolean(f->on_stack));
		json_array_append_new(functions, one);
	}
	for (size_t i = 0; i < c->narcs; i++) {
		const struct coverage_arc *a = &c->arcs[i];
		json_t *one = json_object();

		set_string(one, "file", a->file);
		set_string(one, "function", a->function);
		set_number(one, "line", a->line);
		set_number(one, "n", a->n);
		set_number(one, "count", a->count);
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
	for (size_t i = 0; i < c->nfunctions; i++) {
		free(c->functions[i].file);
		free(c->functions[i].name);
	}
	for (size_t i = 0; i < c->narcs; i++) {
		free(c->arcs[i].file);
		free(c->arcs[i].function);
	}
	for (size_t i = 0; i < c->nlines; i++) {
		free(c->lines[i].file);
		free(c->lines[i].text);
	}
	free(c->lines);
	free(c->data);
	free(c->frames);
	free(c->functions);
	free(c->arcs);
	free(c->problem);
	*c = (struct coverage){0};
}
