// SPDX-License-Identifier: GPL-2.0-or-later
/* stress-ng beside the load, with shell scripts in its place. */
#include "helper.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char fake[PATH_MAX + 16], yaml_path[PATH_MAX + 16];

#define STRESS_NG	    fake
#define YAML		    yaml_path
#define PROGRAM_PATIENCE_US 500000
#define PROGRAM_KILL_US	    5000000

/* The agent's own code, which no host program links. */
#include "../stressors/program.c"
#include "../stressors/stress_ng.c"

static char failed[512]; /* the first word of event_fail() */
static json_t *said; /* the last event */

void event_fail(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	if (!*failed)
		vsnprintf(failed, sizeof(failed), format, ap);
	va_end(ap);
}

void event_emit(const char *kind, const char *format, ...)
{
	va_list ap;

	assert_string_equal(kind, "stress_ng");
	va_start(ap, format);
	said = json_vpack_ex(NULL, 0, format, ap);
	va_end(ap);
	assert_non_null(said);
}

bool init_is_here(void)
{
	return false;
}

uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

void sleep_us(uint64_t us)
{
	usleep((useconds_t)us);
}

char *file_read(const char *path)
{
	return access(path, F_OK) ? NULL : read_text(path);
}

/* The test runs on as it is. */
int file_write(const char *path, const char *text)
{
	(void)path;
	(void)text;
	return 0;
}

static const struct stressor *ng(void)
{
	for_each_stressor (st)
		if (!strcmp(st->name, "stress-ng"))
			return st;
	return NULL;
}

static uint64_t opts[NR_OPTIONS];

static uint64_t *opt(const char *key)
{
	for (size_t i = 0; i < NR_OPTIONS; i++)
		if (!strcmp(options[i].key, key))
			return &opts[i];
	fail_msg("no option %s", key);
	return NULL;
}

/* SCRIPT is stress-ng; two of its stressors are to run. */
static int start(const char *script)
{
	static const struct plan plan = {.seed = 7};
	char cwd[PATH_MAX];

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(fake, sizeof(fake), "%s/fake", cwd);
	snprintf(yaml_path, sizeof(yaml_path), "%s/yaml", cwd);
	unlink("args");
	unlink("fake");
	if (script) {
		write_text("fake", script);
		assert_int_equal(chmod("fake", 0755), 0);
	}
	memset(opts, 0, sizeof(opts));
	*opt("vm") = 1;
	*opt("vm-bytes") = 4096;
	*opt("fork") = 2;
	*failed = '\0';
	said = NULL;
	return ng()->begin(&plan, opts);
}

/* Waits until the program has made the file FILE. */
static void await_file(const char *file)
{
	for (int i = 0; i < 500 && access(file, F_OK); i++)
		usleep(10000);
	assert_int_equal(access(file, F_OK), 0);
}

static void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static uint64_t number(const json_t *o, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(o, key));
}

/* Runs until SIGINT, then does $1. It goes to /tmp first, as all programs. */
#define UNTIL_INT(what)                                                                            \
	"#!/bin/sh\n"                                                                              \
	"pwd >\"${0%/*}/cwd\"; printf '%s\\n' \"$@\" >\"${0%/*}/args.new\"\n"                      \
	"trap '" what "' INT\n"                                                                    \
	"mv \"${0%/*}/args.new\" \"${0%/*}/args\"\n"                                               \
	"while :; do sleep 0.02; done\n"

static void plain(void **state)
{
	json_t *list, *one;
	char *text;

	(void)state;
	assert_int_equal(start(UNTIL_INT("printf \"metrics:\\n    - stressor: forkheavy\\n      "
					 "bogo-ops: 1\\n    - stressor: "
					 "vm\\n      bogo-ops-per-second: 3\\n      bogo-ops: "
					 "12\\n\" >\"${0%/*}/yaml\"; echo "
					 "\"stress-ng: fail:  [3] vm: one bit\"; exit 2")),
			 0);
	await_file("args");
	ng()->end();
	assert_string_equal(failed, "");
	assert_int_equal(number(said, "status"), 2);
	list = json_object_get(said, "stressors");
	assert_int_equal(json_array_size(list), 2);
	one = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(one, "name")), "fork");
	assert_int_equal(number(one, "instances"), 2);
	assert_int_equal(number(one, "bogo_ops"), 0);
	one = json_array_get(list, 1);
	assert_string_equal(json_string_value(json_object_get(one, "name")), "vm");
	assert_int_equal(number(one, "instances"), 1);
	assert_int_equal(number(one, "bogo_ops"), 12);
	list = json_object_get(said, "failures");
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(json_string_value(json_array_get(list, 0)), "fail:  [3] vm: one bit");
	json_decref(said);
	text = read_text("cwd");
	assert_string_equal(text, "/tmp\n");
	free(text);
	text = read_text("args");
	assert_contains(text, "--timeout\n0\n");
	assert_contains(text, "--seed\n7\n--fork\n2\n--vm\n1\n--vm-bytes\n4096\n");
	assert_lacks(text, "swap");
	free(text);
	assert_no_children();
}

static void dies_early(void **state)
{
	(void)state;
	assert_int_equal(start("#!/bin/sh\necho one\necho two >&2\nprintf 'no more'\n"
			       "printf '\\nstress-ng: metrc: [1] vm\\n'\n"
			       "echo 'stress-ng: info:  [1] unsuccessful run completed in 1s'\n"
			       "exit 3\n"),
			 0);
	for (int i = 0; i < 500 && !*failed; i++)
		usleep(10000);
	ng()->end();
	assert_string_equal(
	    failed, "fake ended before the load did, with status 3; its last words: no more");
	assert_int_equal(number(said, "status"), 3);
	json_decref(said);
	assert_no_children();

	assert_int_equal(start("#!/bin/sh\nkill -SEGV $$\n"), 0);
	for (int i = 0; i < 500 && !*failed; i++)
		usleep(10000);
	ng()->end();
	assert_string_equal(
	    failed, "fake ended before the load did, with status 139; its last words: (none)");
	json_decref(said);
}

static void is_missing(void **state)
{
	(void)state;
	assert_int_equal(start(NULL), 0);
	for (int i = 0; i < 500 && !*failed; i++)
		usleep(10000);
	ng()->end();
	assert_contains(failed,
			"fake ended before the load did, with status 127; its last words: ");
	assert_contains(failed, "fake cannot be run: No such file or directory");
	json_decref(said);
}

/* Nothing of it is left, whatever it does. */
static void has_to_be_killed(void **state)
{
	(void)state;
	assert_int_equal(start(UNTIL_INT("echo never")), 0);
	await_file("args");
	ng()->end();
	assert_string_equal(
	    failed, "fake did not end within 0 s of SIGINT and was killed; its last words: never");
	assert_int_equal(number(said, "status"), 137);
	json_decref(said);
	assert_no_children();
}

static void leaves_a_child(void **state)
{
	(void)state;
	assert_int_equal(start(UNTIL_INT("(trap \"\" INT; exec sleep 1000) & exit 0")), 0);
	await_file("args");
	ng()->end();
	assert_string_equal(failed, "");
	assert_int_equal(number(said, "status"), 0);
	json_decref(said);
	assert_no_children();
}

static void plans(void **state)
{
	struct plan *plan;
	char *error;

	(void)state;
	write_text("p.ini", "[plan]\n[stressor stress-ng]\nvm-bytes = 8 MiB\nswap = 1 MiB\n");
	assert_null(plan_read("p.ini", &error));
	assert_string_equal(error,
			    "p.ini:2: [stressor stress-ng]: it has nothing to run; give one of its "
			    "stressors a number of instances, such as 'vm = 1'");
	free(error);
	write_text("p.ini", "[stressor stress-ng]\ntlb-shootdown = 1\n");
	plan = plan_read("p.ini", &error);
	assert_non_null(plan);
	plan_free(plan);
	write_text("p.ini", "[stressor stress-ng]\nvm = 65\n");
	assert_null(plan_read("p.ini", &error));
	assert_contains(error, "p.ini:2: vm: ");
	free(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain),	      cmocka_unit_test(dies_early),
	    cmocka_unit_test(is_missing),     cmocka_unit_test(has_to_be_killed),
	    cmocka_unit_test(leaves_a_child), cmocka_unit_test(plans),
	};

	return cmocka_run_group_tests_name("stress-ng", tests, enter_scratch, leave_scratch);
}
