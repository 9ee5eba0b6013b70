// SPDX-License-Identifier: GPL-2.0-or-later
#include "mutant.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "files.h"
#include "suggest.h"
#include "xmem.h"

#define FOLDER "kernel/mutants"
#define SUFFIX ".mutant"

char *mutant_name(const char *given)
{
	const char *slash = strrchr(given, '/'), *base = slash ? slash + 1 : given;
	size_t len = strlen(base), tail = strlen(SUFFIX);

	if (slash && len > tail && !strcmp(base + len - tail, SUFFIX))
		len -= tail;
	return xasprintf("%.*s", (int)len, base);
}

/* Consumes FILE. Each of several needs a name of its own: it is that of its kernel tree. */
static int add(struct mutants *m, char *file, const char *path, char **error)
{
	char *name = mutant_name(file);

	for (size_t i = 0; i < m->n; i++) {
		if (strcmp(m->list[i].name, name))
			continue;
		*error = xasprintf("the mutant '%s' is given twice: %s and %s", name,
				   m->list[i].file, file);
		free(name);
		free(file);
		return -1;
	}
	m->list = xgrow(m->list, m->n, sizeof(*m->list));
	m->list[m->n++] = (struct mutant){
	    .name = name,
	    .file = file,
	    .family = files_comment(path, "family:"),
	    .plan = files_comment(path, "plan:"),
	    .expect = files_comment(path, "expect:"),
	    .trigger = files_comment(path, "trigger:"),
	    .source = files_comment(path, "source:"),
	};
	return 0;
}

static int add_named(struct mutants *m, const char *name, char **error)
{
	char *path = xasprintf("%s/" FOLDER "/%s" SUFFIX, source_dir(), name);
	int ret = add(m, xstrdup(name), path, error);

	free(path);
	return ret;
}

int mutants_add_all(struct mutants *m, char **error)
{
	struct names names;
	int ret = files_list(&names, FOLDER, SUFFIX, error);

	for (size_t i = 0; !ret && i < names.n; i++)
		ret = add_named(m, names.v[i], error);
	names_free(&names);
	return ret;
}

int mutants_add_name(struct mutants *m, const char *name, char **error)
{
	struct suggest s = {.word = name};
	struct names names;
	bool found = false;
	char *hint;

	if (files_list(&names, FOLDER, SUFFIX, error))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		found |= !strcmp(names.v[i], name);
		suggest_try(&s, names.v[i]);
	}
	if (!found) {
		hint = suggest_text(&s, "'septorture list mutants' shows them");
		*error = xasprintf("there is no mutant '%s'%s", name, hint);
		free(hint);
	}
	names_free(&names);
	return found ? add_named(m, name, error) : -1;
}

int mutants_add_file(struct mutants *m, const char *path, char **error)
{
	char *file = realpath(path, NULL);

	if (!file || access(file, R_OK)) {
		*error = xasprintf("cannot read the mutant file %s: %s", path, strerror(errno));
		free(file);
		return -1;
	}
	return add(m, file, file, error);
}

void mutants_free(struct mutants *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->list[i].name);
		free(m->list[i].file);
		free(m->list[i].family);
		free(m->list[i].plan);
		free(m->list[i].expect);
		free(m->list[i].trigger);
		free(m->list[i].source);
	}
	free(m->list);
	*m = (struct mutants){0};
}

bool mutant_is_control(const struct mutant *m)
{
	return !strcmp(m->family, "control");
}
