// SPDX-License-Identifier: GPL-2.0-or-later
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "xmem.h"

/* ---- folders ---- */

static bool has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), slen = strlen(suffix);

	return len > slen && *name != '.' && !strcmp(name + len - slen, suffix);
}

int files_list(struct names *names, const char *folder, const char *suffix, char **error)
{
	char *dir = xasprintf("%s/%s", source_dir(), folder);
	struct dirent **found = NULL;
	int n = scandir(dir, &found, NULL, alphasort);

	*names = (struct names){0};
	if (n < 0)
		*error = xasprintf("cannot read %s: %s; set SEPTORTURE_SRC to the source tree", dir,
				   strerror(errno));
	for (int i = 0; i < n; i++) {
		const char *name = found[i]->d_name;

		if (has_suffix(name, suffix)) {
			names->v = xgrow(names->v, names->n, sizeof(*names->v));
			names->v[names->n++] =
			    xasprintf("%.*s", (int)(strlen(name) - strlen(suffix)), name);
		}
		free(found[i]);
	}
	free(found);
	free(dir);
	return n < 0 ? -1 : 0;
}

void names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
	*names = (struct names){0};
}

/* ---- comments ---- */

/* Makes plain what is no text: it goes to terminals and into JSON. */
static char *plain(char *s)
{
	json_t *text = json_string(s);

	for (char *c = s; *c; c++)
		if ((*c >= 0 && *c < ' ' && *c != '\t') || *c == 0x7f || (*c & 0x80 && !text))
			*c = '?';
	json_decref(text);
	return s;
}

/* The licence is no description. */
static bool begins(const char *line, const char *prefix)
{
	return !strncmp(line, prefix, strlen(prefix)) && strncmp(line, "SPDX", 4);
}

char *files_comment(const char *path, const char *prefix)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, *found = NULL;
	size_t size = 0;

	while (f && !found && getline(&line, &size, f) > 0 && strchr("#;", *line)) {
		char *text = line + 1 + strspn(line + 1, " \t");

		text[strcspn(text, "\r\n")] = '\0';
		if (*text && begins(text, prefix))
			found = xstrdup(text + strlen(prefix) + strspn(text + strlen(prefix), " "));
	}
	free(line);
	if (f)
		fclose(f);
	return found ? plain(found) : xstrdup("");
}

/* ---- paths ---- */

char *files_from_source(const char *src, const char *path)
{
	char *real = realpath(path, NULL), *below;
	size_t n = strlen(src);

	if (!real)
		return xstrdup(path);
	if (strncmp(real, src, n) || real[n] != '/')
		return real;
	below = xstrdup(real + n + 1);
	free(real);
	return below;
}
