// SPDX-License-Identifier: GPL-2.0-or-later
#include "waivers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xmem.h"

/* Takes the blanks off both ends of S, in place. */
static char *strip(char *s)
{
	size_t len;

	s += strspn(s, " \t");
	for (len = strlen(s); len && strchr(" \t\n", s[len - 1]); len--)
		;
	s[len] = '\0';
	return s;
}

/* "FUNCTION: TEXT  # REASON"; false if it is none. */
static bool parse(struct waivers *w, char *line, unsigned int number)
{
	char *reason = strstr(line, "  #"), *text = strstr(line, ": ");

	if (!reason || !text || text > reason)
		return false;
	*reason = *text = '\0';
	w->v = xgrow(w->v, w->n, sizeof(*w->v));
	w->v[w->n++] = (struct waiver){
	    .line = number,
	    .function = xstrdup(strip(line)),
	    .text = xstrdup(strip(text + 2)),
	    .reason = xstrdup(strip(reason + 3)),
	};
	return *w->v[w->n - 1].function && *w->v[w->n - 1].text && *w->v[w->n - 1].reason;
}

int waivers_read(struct waivers *w, const char *path, char **error)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	unsigned int number = 0;
	int bad = 0;

	*w = (struct waivers){.path = xstrdup(path)};
	if (!f) {
		*error = xasprintf("cannot read %s: %s", path, strerror(errno));
		return -1;
	}
	while (!bad && getline(&line, &size, f) > 0) {
		char *start = strip(line);

		number++;
		bad = *start && *start != '#' && !parse(w, start, number);
	}
	if (bad)
		*error = xasprintf("%s:%u: is not 'FUNCTION: SOURCE LINE  # reason'", path, number);
	free(line);
	fclose(f);
	return bad ? -1 : 0;
}

/* Whether S is PATTERN, where '*' stands for anything and nothing else is special. */
static bool matches(const char *pattern, const char *s)
{
	const char *star = NULL, *again = NULL;

	while (*s) {
		if (*pattern == '*') {
			star = pattern++;
			again = s;
		} else if (*pattern == *s) {
			pattern++;
			s++;
		} else if (star) {
			pattern = star + 1;
			s = ++again;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

void waivers_mark(struct waivers *w, const char *function)
{
	for (size_t i = 0; i < w->n; i++)
		w->v[i].is_here |= !strcmp(w->v[i].function, function);
}

struct waiver *waivers_find(struct waivers *w, const char *function, const char *text)
{
	for (size_t i = 0; i < w->n; i++)
		if (matches(w->v[i].function, function) && matches(w->v[i].text, text))
			return &w->v[i];
	return NULL;
}

void waivers_free(struct waivers *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free(w->v[i].function);
		free(w->v[i].text);
		free(w->v[i].reason);
	}
	free(w->v);
	free(w->path);
}
