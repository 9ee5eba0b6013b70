// SPDX-License-Identifier: GPL-2.0-or-later
#include "reproduce.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "stressor.h"
#include "units.h"
#include "xmem.h"

char *reproduce_word(const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789_-./:=,+@%";
	char *text, *out;

	if (*word && !word[strspn(word, plain)])
		return xstrdup(word);
	/* A quote becomes four characters. */
	out = text = xcalloc(4 * strlen(word) + 3, 1);
	*out++ = '\'';
	for (; *word; word++) {
		if (*word == '\'')
			out = stpcpy(out, "'\\'");
		*out++ = *word;
	}
	*out = '\'';
	return text;
}

/* Adds BEFORE and WORD to *LINE; frees WORD. */
static void add(char **line, const char *before, char *word)
{
	char *text = reproduce_word(word), *longer = xasprintf("%s%s%s", *line, before, text);

	free(word);
	free(text);
	free(*line);
	*line = longer;
}

/* As --mutant takes it from there: without a '/' it would be a name. */
static char *mutant_word(const char *src, const char *mutant)
{
	char *path = strchr(mutant, '/') ? files_from_source(src, mutant) : NULL, *word;

	if (!path)
		return xstrdup(mutant);
	word = xasprintf("%s%s", strchr(path, '/') ? "" : "./", path);
	free(path);
	return word;
}

/* What says which kernel it is (kernel/fetch.sh). */
static void add_environment(char **line, const char *src)
{
	static const char *const variables[] = {"KSRC", "KERNEL_VERSION"};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *value = getenv(variables[i]);

		if (!value || !*value)
			continue;
		add(line, **line ? " " : "", xstrdup(variables[i]));
		add(line, "=", i ? xstrdup(value) : files_from_source(src, value));
	}
}

char *reproduce_command(const struct run_args *args, const char *src, uint64_t seed)
{
	char *line = xstrdup("");

	add_environment(&line, src);
	add(&line, *line ? " " : "", xstrdup("build/septorture"));
	add(&line, " run --seed ", xasprintf("%" PRIu64, seed));
	if (args->kernel)
		add(&line, " --kernel ", xstrdup(args->kernel));
	if (args->platform)
		add(&line, " --platform ", xstrdup(platform_name(args->platform)));
	if (args->mutant)
		add(&line, " --mutant ", mutant_word(src, args->mutant));
	if (args->no_faults)
		add(&line, " ", xstrdup("--no-faults"));
	if (args->duration_us)
		add(&line, " --duration ", unit_format(UNIT_TIME, args->duration_us));
	add(&line, " ", files_from_source(src, args->plan));
	return line;
}
