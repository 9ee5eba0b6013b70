// SPDX-License-Identifier: GPL-2.0-or-later
#include "scope.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xmem.h"

#define IMAGE "arch/x86/boot/bzImage" /* below the directory that holds functions.txt */

struct rule {
	char *prefix;
	enum scope_class class;
};

struct function {
	char *name;
	enum scope_class class;
};

struct scope {
	size_t nrules;
	struct rule *rules;
	size_t nfunctions; /* those that a rule covers */
	struct function *functions; /* sorted by name, then class */
	char *problem;
};

const char *scope_name(enum scope_class class)
{
	static const char *const names[] = {
	    [SCOPE_TEST] = "test",
	    [SCOPE_OWN] = "own",
	    [SCOPE_ELSEWHERE] = "elsewhere",
	};

	return names[class];
}

/* ---- the files ---- */

/* Cuts LINE into two words in place; false unless it is exactly two. */
static bool two_words(char *line, char **first, char **second)
{
	char *save;

	*first = strtok_r(line, " \t\r\n", &save);
	*second = strtok_r(NULL, " \t\r\n", &save);
	return *second && !strtok_r(NULL, " \t\r\n", &save);
}

static bool add_rule(struct scope *s, char *line)
{
	char *word, *prefix;
	struct rule *r;
	size_t len;

	line[strcspn(line, "#")] = '\0';
	if (!line[strspn(line, " \t\r\n")])
		return true;
	if (!two_words(line, &word, &prefix) || (strcmp(word, "test") && strcmp(word, "own")))
		return false;
	for (len = strlen(prefix); len && prefix[len - 1] == '/'; len--)
		prefix[len - 1] = '\0';
	s->rules = xgrow(s->rules, s->nrules, sizeof(*r));
	r = &s->rules[s->nrules++];
	r->prefix = xstrdup(prefix);
	r->class = strcmp(word, "own") ? SCOPE_TEST : SCOPE_OWN;
	return len;
}

static enum scope_class class_of_object(const struct scope *s, const char *object)
{
	enum scope_class class = SCOPE_ELSEWHERE;
	size_t longest = 0;

	for (size_t i = 0; i < s->nrules; i++) {
		size_t len = strlen(s->rules[i].prefix);

		/* Whole names only: kernel/fail_function.o, but not kernel/fail_functions.o. */
		if (len > longest && !strncmp(object, s->rules[i].prefix, len) &&
		    strchr("/.", object[len])) {
			longest = len;
			class = s->rules[i].class;
		}
	}
	return class;
}

static bool add_function(struct scope *s, char *line)
{
	char *name, *object;
	enum scope_class class;

	if (!two_words(line, &name, &object))
		return false;
	class = class_of_object(s, object);
	if (class == SCOPE_ELSEWHERE)
		return true;
	name[strcspn(name, ".")] = '\0';
	s->functions = xgrow(s->functions, s->nfunctions, sizeof(*s->functions));
	s->functions[s->nfunctions++] = (struct function){xstrdup(name), class};
	return true;
}

static void read_lines(struct scope *s, const char *path, bool (*add)(struct scope *s, char *line),
		       const char *format)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	int n = 0;

	while (f && !s->problem && getline(&line, &size, f) > 0) {
		n++;
		if (!add(s, line))
			s->problem = xasprintf("%s:%d: not '%s'", path, n, format);
	}
	if (!f || (!s->problem && ferror(f)))
		s->problem = xasprintf("cannot read %s: %s", path, strerror(errno));
	free(line);
	if (f)
		fclose(f);
}

static int compare(const void *a, const void *b)
{
	const struct function *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (int)x->class - (int)y->class;
}

static int compare_name(const void *name, const void *function)
{
	return strcmp(name, ((const struct function *)function)->name);
}

/* Several objects may have a function of that name: the strongest class is kept. */
static void sort_functions(struct scope *s)
{
	size_t n = 0;

	if (s->nfunctions)
		qsort(s->functions, s->nfunctions, sizeof(*s->functions), compare);
	for (size_t i = 0; i < s->nfunctions; i++) {
		if (n && !strcmp(s->functions[n - 1].name, s->functions[i].name))
			free(s->functions[i].name);
		else
			s->functions[n++] = s->functions[i];
	}
	s->nfunctions = n;
}

/* Where kernel/build.sh puts the list: at the top of the build, else beside the image. */
static char *functions_path(const char *image)
{
	size_t len = strlen(image), tail = strlen(IMAGE);
	const char *slash = strrchr(image, '/');

	if (len > tail && !strcmp(image + len - tail, IMAGE))
		len -= tail;
	else
		len = slash ? (size_t)(slash + 1 - image) : 0;
	return xasprintf("%.*sfunctions.txt", (int)len, image);
}

struct scope *scope_load(const char *src, const char *image)
{
	struct scope *s = xcalloc(1, sizeof(*s));
	char *list = xasprintf("%s/configs/scope.txt", src);
	char *functions = functions_path(image);

	read_lines(s, list, add_rule, "test PREFIX' or 'own PREFIX");
	if (!s->problem)
		read_lines(s, functions, add_function, "FUNCTION OBJECT");
	sort_functions(s);
	/* Of another kernel, or cut short: nothing can be told from it. */
	if (!s->problem && !s->nfunctions)
		s->problem = xasprintf("%s names no function that is under test", functions);
	free(list);
	free(functions);
	return s;
}

void scope_free(struct scope *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->nrules; i++)
		free(s->rules[i].prefix);
	for (size_t i = 0; i < s->nfunctions; i++)
		free(s->functions[i].name);
	free(s->rules);
	free(s->functions);
	free(s->problem);
	free(s);
}

const char *scope_problem(const struct scope *s)
{
	return s ? s->problem : "no scope was loaded";
}

/* ---- splats ---- */

enum scope_class scope_of_function(const struct scope *s, const char *function)
{
	char *name;
	const struct function *f;

	if (scope_problem(s))
		return SCOPE_TEST;
	name = xasprintf("%.*s", (int)strcspn(function, "."), function);
	f = bsearch(name, s->functions, s->nfunctions, sizeof(*f), compare_name);
	free(name);
	return f ? f->class : SCOPE_ELSEWHERE;
}

static enum scope_class scope_of_race(const struct scope *s, const struct klog_splat *splat)
{
	enum scope_class race = SCOPE_ELSEWHERE;

	/* The frames that show whose it is may be those that are missing. */
	if (!splat->whole || !splat->nframes)
		return SCOPE_TEST;
	for (size_t i = 0; i < splat->nframes; i++) {
		enum scope_class class = scope_of_function(s, splat->frames[i].function);

		if (splat->frames[i].top && class == SCOPE_OWN)
			return SCOPE_OWN;
		/* What our own files only call, such as the scheduler, is not ours. */
		if (class == SCOPE_TEST)
			race = SCOPE_TEST;
	}
	return race;
}

enum scope_class scope_of_splat(const struct scope *s, const struct klog_splat *splat)
{
	if (!strcmp(splat->kind, "kcsan"))
		return scope_of_race(s, splat);
	if (splat->function && scope_of_function(s, splat->function) == SCOPE_OWN)
		return SCOPE_OWN;
	return SCOPE_TEST;
}
