// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xmem.h"

#define REPORT "build/runs/latest/report.json"

/* The last command was a run: the report is its. */
static bool was_run;

/* Runs septorture with ENV before and ARGS behind; its exit status. */
int septorture(const char *env, const char *args)
{
	char *command = xasprintf("%s build/septorture %s >build/vm-test.out 2>&1", env, args);
	int status = system(command);

	was_run = false;
	free(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int run(const char *env, const char *args)
{
	char *all = xasprintf("run %s", args);
	int status = septorture(env, all);

	was_run = true;
	free(all);
	return status;
}

/* First, as only the first lines of a failure come into the summary of tests/run. */
static void say_findings(void)
{
	json_t *r = json_load_file(REPORT, 0, NULL), *f;
	size_t i;

	if (*string(r, "invalid"))
		print_error("invalid: %s\n", string(r, "invalid"));
	json_array_foreach(json_object_get(r, "findings"), i, f)
	    print_error("%s/%s: %s\n", string(f, "oracle"), string(f, "kind"), string(f, "title"));
	json_decref(r);
}

bool found_only_races(void)
{
	json_t *r = json_load_file(REPORT, 0, NULL), *f;
	bool only = json_array_size(json_object_get(r, "findings")) > 0;
	size_t i;

	json_array_foreach(json_object_get(r, "findings"), i, f)
	{
		if (json_is_null(json_object_get(f, "known")) &&
		    strcmp(string(f, "scope"), "elsewhere") && strcmp(string(f, "kind"), "kcsan"))
			only = false;
	}
	json_decref(r);
	return only;
}

void want(int status, int expected)
{
	char *out;

	if (status == expected)
		return;
	if (was_run && status == 1 && !expected && found_only_races()) {
		print_message("# a new data race, to be written up:\n");
		say_findings();
		return;
	}
	say_findings();
	out = read_text("build/vm-test.out");
	fail_msg("exit status %d, not %d; it printed:\n%s", status, expected, out);
}

json_t *report(void)
{
	json_t *r = json_load_file(REPORT, 0, NULL);

	assert_non_null(r);
	return r;
}

json_int_t number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

const char *string(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* The finding of that oracle and kind whose signature holds WORD. */
const json_t *finding(const json_t *r, const char *oracle, const char *kind, const char *word)
{
	size_t i;
	json_t *f;

	json_array_foreach(json_object_get(r, "findings"), i, f)
	{
		if (!strcmp(string(f, "oracle"), oracle) && !strcmp(string(f, "kind"), kind) &&
		    strstr(string(f, "signature"), word))
			return f;
	}
	return NULL;
}

int to_source(void **state)
{
	(void)state;
	return chdir(SRCDIR);
}

/*
 * A kernel on which not all is well (tests/mutants/blind.mutant says how), and
 * of which septorture must not say that it is; its report.
 */
json_t *run_blind(const char *how, int status)
{
	char *append = xasprintf("SEPTORTURE_APPEND=septorture_test=%s", how);

	want(run(append, "--duration 2s --mutant tests/mutants/blind.mutant "
			 "configs/plans/quick.ini"),
	     status);
	free(append);
	return report();
}

bool was_restored(const char *id)
{
	char *path = xasprintf("build/runs/%s/qemu.log", id), *log = read_text(path);
	bool restored = strstr(log, "-incoming");

	free(path);
	free(log);
	return restored;
}

void assert_works(const json_t *r, const json_t *stressor)
{
	const char *name = string(stressor, "name"), *counter;
	json_t *value;

	if (!strcmp(name, "stress-ng")) {
		assert_true(json_is_object(json_object_get(r, "stress_ng")));
		return;
	}
	json_object_foreach(json_object_get(stressor, "counters"), counter,
			    value) if (json_integer_value(value) > 0) return;
	fail_msg("the stressor '%s' did nothing", name);
}

bool mutant_seen_by(const json_t *campaign, const char *name, const char *oracle)
{
	const char *by;
	json_t *m, *r, *f;
	size_t i, j, k;

	json_array_foreach(json_object_get(campaign, "mutants"), i, m)
	{
		if (strcmp(string(m, "mutant"), name))
			continue;
		json_array_foreach(json_object_get(m, "runs"), j, r)
		    json_array_foreach(json_object_get(r, "findings"), k, f)
		{
			by = string(f, "oracle");
			if (!json_is_true(json_object_get(f, "counts")) ||
			    (oracle ? strcmp(by, oracle) : !strcmp(by, "klog/kcsan")))
				continue;
			print_message("# %s: %s: %s\n", name, by, string(f, "title"));
			return true;
		}
	}
	return false;
}

json_t *campaign_of(const char *args)
{
	json_t *campaign;

	want(septorture("", args) > 1, 0);
	campaign = json_load_file("build/mutants/latest/mutants.json", 0, NULL);
	assert_non_null(campaign);
	return campaign;
}

bool mutant_seen_later(const char *mutant, const char *oracle)
{
	char *args = xasprintf("mutants --accel tcg --budget 90s --only %s", mutant);
	json_t *campaign = campaign_of(args);
	bool seen = mutant_seen_by(campaign, mutant, oracle);

	json_decref(campaign);
	free(args);
	return seen;
}

int vm_main(int argc, char **argv, const struct CMUnitTest *tests, size_t n)
{
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return _cmocka_run_group_tests("vm", tests, n, to_source, NULL);
}
