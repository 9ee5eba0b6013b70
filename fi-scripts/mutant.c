// SPDX-License-Identifier: GPL-2.0-or-later
#include "mutant.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "files.h"
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

/* Consumes FILE. */
static void add(struct mutants *m, char *file, const char *path)
{
	struct mutant *mutant;

	m->list = xgrow(m->list, m->n, sizeof(*m->list));
	mutant = &m->list[m->n++];
	*mutant = (struct mutant){
	    .name = mutant_name(file),
	    .file = file,
	    .family = files_comment(path, "family:"),
	    .expect = files_comment(path, "expect:"),
	    .trigger = files_comment(path, "trigger:"),
	    .source = files_comment(path, "source:"),
	};
}

int mutants_add_all(struct mutants *m, char **error)
{
	struct names names;

	if (files_list(&names, FOLDER, SUFFIX, error))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		char *path = xasprintf("%s/" FOLDER "/%s" SUFFIX, source_dir(), names.v[i]);

		add(m, xstrdup(names.v[i]), path);
		free(path);
	}
	names_free(&names);
	return 0;
}

int mutants_add_file(struct mutants *m, const char *path, char **error)
{
	char *file = realpath(path, NULL);

	if (!file || access(file, R_OK)) {
		*error = xasprintf("cannot read the mutant file %s: %s", path, strerror(errno));
		free(file);
		return -1;
	}
	add(m, file, file);
	return 0;
}

void mutants_free(struct mutants *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->list[i].name);
		free(m->list[i].file);
		free(m->list[i].family);
		free(m->list[i].expect);
		free(m->list[i].trigger);
		free(m->list[i].source);
	}
	free(m->list);
	*m = (struct mutants){0};
}

const struct mutant *mutants_find(const struct mutants *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->list[i].name, name))
			return &m->list[i];
	return NULL;
}

bool mutant_is_control(const struct mutant *m)
{
	return !strcmp(m->family, "control");
}
