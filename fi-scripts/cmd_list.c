// SPDX-License-Identifier: GPL-2.0-or-later
#include <argp.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "contracts_page.h"
#include "files.h"
#include "mutant.h"
#include "oracle.h"
#include "site.h"
#include "stressor.h"
#include "windows.h"
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

/* The words of TEXT (NULL: none), an array of strings. */
static json_t *words(const char *text)
{
	json_t *list = json_array();

	for (size_t len; text && *text; text += len + strspn(text + len, " ")) {
		len = strcspn(text, " ");
		json_array_append_new(list, json_stringn(text, len));
	}
	return list;
}

static json_t *list_sites(void)
{
	json_t *list = json_array();

	for (const struct site *s = sites; s->name; s++) {
		json_t *o = row(list);
		json_t *contexts = json_array();

		set(o, "site", s->name);
		set(o, "engine", engine_name(s->engine));
		set(o, "what", s->what);
		for (const struct context *c = s->contexts; c->name; c++)
			json_array_append_new(contexts, json_string(c->name));
		json_object_set_new(o, "contexts", contexts);
	}
	return list;
}

static void add_status(json_t *o, const struct status *st)
{
	set(o, "status", st->name);
	set_owned(o, "value", xasprintf("0x%016" PRIx64, st->value));
	set(o, "contract", contract_name(st->contract));
	set(o, "errno", errno_name(st->err));
	set(o, "leaks", leaks_name(st->leaks));
	set(o, "decider", st->decider);
	set(o, "why", st->why);
	json_object_set_new(o, "warns", words(st->warns));
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
				set(o, "platform", platform_name(context_platform(c)));
				add_status(o, st);
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
		set(o, "platform", platform_name(platforms_of(st->only)));
		set(o, "help", st->help ? st->help : "");
		set(o, "paths", st->paths ? st->paths : "");
		json_object_set_new(o, "options", list_options(st));
	}
	return list;
}

static json_t *list_windows(void)
{
	json_t *list = json_array();

	for (const char *const *op = window_openers; *op; op++)
		for (const char *const *level = window_levels; *level; level++)
			for (const char *const *arrival = window_arrivals; *arrival; arrival++) {
				const char *forbidden = window_forbidden(*op, *level, *arrival);
				json_t *o = row(list);

				set(o, "op", *op);
				set(o, "level", *level);
				set(o, "arrival", *arrival);
				set(o, "forbidden", forbidden ? forbidden : "");
			}
	return list;
}

static json_t *list_oracles(void)
{
	json_t *list = json_array();

	for_each_oracle (oracle) {
		json_t *o = row(list);

		set(o, "oracle", oracle->name);
		set(o, "platform", platform_name(platforms_of(oracle->only)));
		set(o, "help", oracle->help ? oracle->help : "");
	}
	return list;
}

/* ---- what lies in the tree ---- */

/* Consumes both. */
static json_t *no_list(json_t *list, char *error)
{
	say_error(error, EXIT_INFRA);
	json_decref(list);
	return NULL;
}

static json_t *list_plans(void)
{
	json_t *list = json_array();
	struct names names;
	char *error;

	if (files_list(&names, "configs/plans", ".ini", &error))
		return no_list(list, error);
	for (size_t i = 0; i < names.n; i++) {
		char *path = xasprintf("%s/configs/plans/%s.ini", source_dir(), names.v[i]);
		json_t *o = row(list);

		set(o, "plan", names.v[i]);
		set_owned(o, "about", files_comment(path, ""));
		free(path);
	}
	names_free(&names);
	return list;
}

static json_t *list_mutants(void)
{
	json_t *list = json_array();
	struct mutants mutants = {0};
	char *error;

	if (mutants_add_all(&mutants, &error))
		return no_list(list, error);
	for (size_t i = 0; i < mutants.n; i++) {
		const struct mutant *m = &mutants.list[i];
		json_t *o = row(list);

		set(o, "mutant", m->name);
		set(o, "family", m->family);
		set(o, "expect", m->expect);
		set(o, "trigger", m->trigger);
		set(o, "source", m->source);
	}
	mutants_free(&mutants);
	return list;
}

/* ---- the command ---- */

/* Strings and arrays of strings; some are too long for a table. */
static bool is_column(const char *key, const json_t *value)
{
	if (!strcmp(key, "source") || !strcmp(key, "why") || !strcmp(key, "warns"))
		return false;
	return json_is_string(value) || json_is_string(json_array_get(value, 0));
}

static void add_cell(struct table *t, const json_t *value)
{
	char *all, *longer;
	json_t *item;
	size_t i;

	if (json_is_string(value)) {
		table_add(t, json_string_value(value));
		return;
	}
	all = xstrdup("");
	json_array_foreach(value, i, item)
	{
		longer = xasprintf("%s%s%s", all, i ? " " : "", json_string_value(item));
		free(all);
		all = longer;
	}
	table_add(t, all);
	free(all);
}

static const struct list {
	const char *name;
	json_t *(*make)(void);
} lists[] = {
    {"sites", list_sites},	   {"statuses", list_statuses},
    {"stressors", list_stressors}, {"oracles", list_oracles},
    {"windows", list_windows},	   {"plans", list_plans},
    {"mutants", list_mutants},	   {0},
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
		if (is_column(key, value)) {
			table_add(&t, upper);
			t.ncols++;
		}
		free(upper);
	}
	json_array_foreach(list, i, o) json_object_foreach(o, key, value) if (is_column(key, value))
	    add_cell(&t, value);
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
	bool json, markdown;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct list_args *args = state->input;

	switch (key) {
	case 'j':
		args->json = true;
		return 0;
	case 'm':
		args->markdown = true;
		return 0;
	case ARGP_KEY_ARG:
		if (args->what)
			argp_error(state, "one list at a time; '%s' is one too many", arg);
		args->what = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(
		    state,
		    "say what to list: sites, statuses, stressors, oracles, windows, plans or "
		    "mutants");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "Print JSON instead of a table", 0},
    {"markdown", 'm', NULL, 0, "Print the statuses as docs/contracts.md has them", 0},
    {0},
};

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "sites|statuses|stressors|oracles|windows|plans|mutants",
    .doc = "Shows what plans can name, and what is in the source tree.\n\nExample: septorture list "
	   "plans",
};

static int unknown_list(const char *name)
{
	struct suggest s = {.word = name};
	char *hint;

	for (const struct list *l = lists; l->name; l++)
		suggest_try(&s, l->name);
	hint = suggest_text(&s, "there are sites, statuses, stressors, oracles, windows, "
				"plans and mutants");
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
	if (args.markdown && (args.json || l->make != list_statuses)) {
		say("--markdown is for 'list statuses' alone");
		return EXIT_USAGE;
	}
	if (args.markdown) {
		contracts_page(stdout);
		return EXIT_CLEAN;
	}
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
