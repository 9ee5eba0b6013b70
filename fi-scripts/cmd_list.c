// SPDX-License-Identifier: GPL-2.0-or-later
#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "site.h"
#include "stressor.h"
#include "suggest.h"
#include "table.h"
#include "units.h"
#include "xmem.h"

/*
 * Every list is an array of flat objects: --json prints it as it is, else its
 * strings become a table with the keys as columns.
 */
static json_t *row(json_t *list)
{
	json_t *o = json_object();

	json_array_append_new(list, o);
	return o;
}

static void set(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key, json_string(value));
}

static void set_owned(json_t *o, const char *key, char *value)
{
	set(o, key, value);
	free(value);
}

/* ---- what the code knows ---- */

static json_t *list_sites(void)
{
	json_t *list = json_array();

	for (const struct site *s = sites; s->name; s++) {
		json_t *o = row(list);

		set(o, "site", s->name);
		set(o, "what", s->what);
	}
	return list;
}

static json_t *list_statuses(void)
{
	json_t *list = json_array();

	for (const struct site *s = sites; s->name; s++)
		for (const struct context *c = s->contexts; c->name; c++)
			for (const struct status *st = c->statuses; st->name; st++) {
				json_t *o = row(list);

				set(o, "site", s->name);
				set(o, "context", c->name);
				set(o, "status", st->name);
				set_owned(o, "value", xasprintf("0x%016" PRIx64, st->value));
				set(o, "contract", contract_name(st->contract));
			}
	return list;
}

static char *option_range(const struct stress_option *opt)
{
	char *lo, *hi, *range;

	if (opt->unit == UNIT_CHOICE) {
		range = xstrdup(opt->choices[0]);
		for (size_t i = 1; opt->choices[i]; i++) {
			char *longer = xasprintf("%s, %s", range, opt->choices[i]);

			free(range);
			range = longer;
		}
		return range;
	}
	lo = unit_format(opt->unit, opt->min);
	hi = unit_format(opt->unit, opt->max);
	range = xasprintf("%s .. %s", lo, hi);
	free(lo);
	free(hi);
	return range;
}

static json_t *list_options(const struct stressor *st)
{
	json_t *list = json_array();

	for (const struct stress_option *opt = st->options; opt && opt->key; opt++) {
		json_t *o = row(list);

		set(o, "option", opt->key);
		if (opt->unit == UNIT_CHOICE)
			set(o, "default", opt->choices[opt->def]);
		else
			set_owned(o, "default", unit_format(opt->unit, opt->def));
		set_owned(o, "range", option_range(opt));
		set(o, "help", opt->help ? opt->help : "");
	}
	return list;
}

static json_t *list_stressors(void)
{
	json_t *list = json_array();

	for_each_stressor (st) {
		json_t *o = row(list);

		set(o, "stressor", st->name);
		set(o, "help", st->help ? st->help : "");
		set(o, "paths", st->paths ? st->paths : "");
		json_object_set_new(o, "options", list_options(st));
	}
	return list;
}

/* ---- what lies in the tree ---- */

/* The text after PREFIX in the comment at the top of FILE that has it, or "". */
static char *top_comment(const char *path, const char *prefix)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, *found = NULL;
	size_t size = 0;

	while (f && !found && getline(&line, &size, f) > 0 && strchr("#;", *line)) {
		const char *s = line + 1 + strspn(line + 1, " \t");
		size_t len = strcspn(s, "\r\n");

		/* The licence is no description. */
		if (len && !strncmp(s, prefix, strlen(prefix)) && strncmp(s, "SPDX", 4)) {
			s += strlen(prefix);
			found = xasprintf("%.*s", (int)(len - strlen(prefix)), s + strspn(s, " "));
			found[strcspn(found, "\r\n")] = '\0';
		}
	}
	free(line);
	if (f)
		fclose(f);
	return found ? found : xstrdup("");
}

static int with_suffix(const struct dirent *d, const char *suffix)
{
	size_t len = strlen(d->d_name), slen = strlen(suffix);

	return len > slen && *d->d_name != '.' && !strcmp(d->d_name + len - slen, suffix);
}

static int is_plan(const struct dirent *d)
{
	return with_suffix(d, ".ini");
}

static int is_mutant(const struct dirent *d)
{
	return with_suffix(d, ".mutant");
}

/* The files of a folder of the source tree as {KEY: stem, ...}; NULL after say(). */
static json_t *list_files(const char *folder, int (*filter)(const struct dirent *),
			  void (*describe)(json_t *o, const char *path), const char *key)
{
	char *dir = xasprintf("%s/%s", source_dir(), folder);
	struct dirent **found;
	int n = scandir(dir, &found, filter, alphasort);
	json_t *list = n < 0 ? NULL : json_array();

	if (n < 0)
		say("cannot read %s: %s; set SEPTORTURE_SRC to the source tree", dir,
		    strerror(errno));
	for (int i = 0; i < n; i++) {
		char *path = xasprintf("%s/%s", dir, found[i]->d_name);
		json_t *o = row(list);

		*strrchr(found[i]->d_name, '.') = '\0';
		set(o, key, found[i]->d_name);
		describe(o, path);
		free(path);
		free(found[i]);
	}
	if (n >= 0)
		free(found);
	free(dir);
	return list;
}

static void describe_plan(json_t *o, const char *path)
{
	set_owned(o, "about", top_comment(path, ""));
}

static json_t *list_plans(void)
{
	return list_files("configs/plans", is_plan, describe_plan, "plan");
}

static void describe_mutant(json_t *o, const char *path)
{
	set_owned(o, "family", top_comment(path, "family:"));
	set_owned(o, "trigger", top_comment(path, "trigger:"));
}

static json_t *list_mutants(void)
{
	return list_files("kernel/mutants", is_mutant, describe_mutant, "mutant");
}

/* ---- the command ---- */

static const struct list {
	const char *name;
	json_t *(*make)(void);
} lists[] = {
    {"sites", list_sites}, {"statuses", list_statuses}, {"stressors", list_stressors},
    {"plans", list_plans}, {"mutants", list_mutants},	{0},
};

static void print_table(json_t *list, const char *indent)
{
	struct table t = {0};
	const char *key;
	json_t *o, *value;
	size_t i;

	json_object_foreach(json_array_get(list, 0), key, value)
	{
		char *upper = xstrdup(key);

		for (char *s = upper; *s; s++)
			*s -= *s >= 'a' && *s <= 'z' ? 'a' - 'A' : 0;
		if (json_is_string(value)) {
			table_add(&t, upper);
			t.ncols++;
		}
		free(upper);
	}
	json_array_foreach(list, i, o) json_object_foreach(o, key, value) if (json_is_string(value))
	    table_add(&t, json_string_value(value));
	if (t.ncols)
		table_print(&t, indent, stdout);
}

static void print_options(json_t *list)
{
	json_t *o;
	size_t i;

	json_array_foreach(list, i, o)
	{
		json_t *options = json_object_get(o, "options");

		if (!json_array_size(options))
			continue;
		printf("\noptions of %s:\n", json_string_value(json_object_get(o, "stressor")));
		print_table(options, "  ");
	}
}

struct list_args {
	const char *what;
	bool json;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct list_args *args = state->input;

	switch (key) {
	case 'j':
		args->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (args->what)
			argp_error(state, "one list at a time; '%s' is one too many", arg);
		args->what = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "say what to list: sites, statuses, stressors, plans or mutants");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "Print JSON instead of a table", 0},
    {0},
};

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "sites|statuses|stressors|plans|mutants",
    .doc = "Shows what plans can name, and what is in the source tree.",
};

static int unknown_list(const char *name)
{
	struct suggest s = {.word = name};
	char *hint;

	for (const struct list *l = lists; l->name; l++)
		suggest_try(&s, l->name);
	hint = suggest_text(&s, "there are sites, statuses, stressors, plans and mutants");
	say("unknown list '%s'%s", name, hint);
	free(hint);
	return EXIT_USAGE;
}

int cmd_list(int argc, char **argv)
{
	struct list_args args = {0};
	const struct list *l = lists;
	json_t *list;

	if (argp_parse(&argp, argc, argv, 0, NULL, &args))
		return EXIT_USAGE;
	while (l->name && strcmp(l->name, args.what))
		l++;
	if (!l->name)
		return unknown_list(args.what);
	list = l->make();
	if (!list)
		return EXIT_INFRA;
	if (args.json) {
		json_dumpf(list, stdout, JSON_INDENT(1));
		putchar('\n');
	} else {
		print_table(list, "");
		print_options(list);
	}
	json_decref(list);
	return EXIT_CLEAN;
}
