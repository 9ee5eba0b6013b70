// SPDX-License-Identifier: GPL-2.0-or-later
/* Soaks on real VMs, which are restored, and do many runs each. */
#include "vm_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xmem.h"

#define DIR_ "build/soak/latest/"

/* The journal's lines; json_decref() it. */
static json_t *soak(const char *args)
{
	char *all = xasprintf("soak --accel tcg --jobs 1 %s", args), *line = NULL;
	json_t *lines = json_array();
	size_t size = 0;
	FILE *f;

	/* What was found, the caller looks at. */
	want(septorture("", all) > 1, 0);
	f = fopen(DIR_ "soak.jsonl", "re");
	assert_non_null(f);
	while (getline(&line, &size, f) > 0)
		json_array_append_new(lines, json_loads(line, 0, NULL));
	fclose(f);
	free(line);
	free(all);
	return lines;
}

/* The `round` event of run ID; json_decref() it. */
static json_t *round_of(const char *id)
{
	char *path = xasprintf("build/runs/%s/events.jsonl", id), *line = NULL;
	FILE *f = fopen(path, "re");
	json_t *event = NULL;
	size_t size = 0;

	assert_non_null(f);
	while (!event && getline(&line, &size, f) > 0)
		if (strstr(line, "{\"e\":\"round\","))
			event = json_loads(line, 0, NULL);
	fclose(f);
	free(line);
	free(path);
	assert_non_null(event);
	return event;
}

static bool is_kept(const char *id)
{
	char *path = xasprintf("build/runs/%s", id);
	bool kept = !access(path, F_OK);

	free(path);
	return kept;
}

/* Of a later round no trace was lost: what oracles read begins anew with it. */
static void assert_nothing_lost(const char *id)
{
	char *path = xasprintf("build/runs/%s/events.jsonl", id), *events = read_text(path);

	assert_contains(events, "\"oracle\":\"trace-replay\"");
	for (const char *s = events; (s = strstr(s, "\"lost\":")); s++)
		assert_true(!strncmp(s, "\"lost\":0}", 9));
	free(path);
	free(events);
}

/* No VM does what another one did, though they all begin as the same. */
static void restored_vms_differ(void **state)
{
	json_t *lines = soak("--for 60s --rounds 2 --duration 3s quick"), *line,
	       *seen = json_object();
	json_t *round;
	char *log = read_text(DIR_ "runs.log");
	json_int_t most = 0, vms = 0;
	bool restored = false;
	size_t i;

	(void)state;
	assert_lacks(log, "booted instead");
	json_array_foreach(lines, i, line)
	{
		if (number(line, "round") > most)
			most = number(line, "round");
		vms += number(line, "round") == 1;
		if (strcmp(string(line, "e"), "end") != 0)
			continue;
		if (!strcmp(string(line, "verdict"), "invalid"))
			fail_msg("invalid: %s", string(line, "why"));
		/* Only the last ones are kept. */
		if (!is_kept(string(line, "id")))
			continue;
		restored |= was_restored(string(line, "id"));
		assert_nothing_lost(string(line, "id"));
		round = round_of(string(line, "id"));
		assert_null(json_object_get(seen, string(round, "drawn")));
		assert_null(json_object_get(seen, string(round, "seed")));
		json_object_set(seen, string(round, "drawn"), json_true());
		json_object_set(seen, string(round, "seed"), json_true());
		json_decref(round);
	}
	assert_int_equal(most, 2);
	assert_true(vms > 1);
	assert_true(restored);
	json_decref(seen);
	json_decref(lines);
	free(log);
}

/* K1, or whatever else there was: the kernel is not what it was. */
static void finding_ends_a_vm(void **state)
{
	json_t *lines = soak("--for 30s --rounds 9 --duration 4s cache-drain"), *line;
	bool found = false;
	size_t i, n = 0;

	(void)state;
	json_array_foreach(lines, i, line)
	{
		if (!strcmp(string(line, "e"), "begin") && found)
			assert_int_equal(number(line, "round"), 1);
		found = json_array_size(json_object_get(line, "findings")) > 0;
		n += found;
	}
	json_decref(lines);
	/* Without K1 there may be nothing to find. */
	if (!n)
		skip();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(restored_vms_differ),
	    cmocka_unit_test(finding_ends_a_vm),
	};

	return vm_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
