// SPDX-License-Identifier: GPL-2.0-or-later
/* Which oracles look: those that the plan names, or all. */
#include "helper.h"

#include <string.h>

/* The agent's own code, which no host program links. */
#include "../stressors/oracle.c"

static unsigned int looked, failures;

static const char *no_eyes(const struct plan *plan)
{
	(void)plan;
	return "it has no eyes";
}

static void look(struct td *td)
{
	(void)td;
	looked++;
}

static bool gone(unsigned int td)
{
	(void)td;
	looked++;
	return false;
}

ORACLE(watcher, "watcher", .quiesce = look, .gone = gone);
ORACLE(blind, "blind", .needs = no_eyes, .quiesce = look);

void mirror_forget(void)
{
}

void direct_forget(void)
{
}

void event_fail(const char *format, ...)
{
	(void)format;
	failures++;
}

static const struct oracle *find(const char *name)
{
	for_each_oracle (o)
		if (!strcmp(o->name, name))
			return o;
	return NULL;
}

/* What comes of one TD under PLAN. */
static void run_with(const struct plan *p)
{
	looked = failures = 0;
	off = false;
	oracles_start(p);
	oracles_quiesce(NULL);
}

static void all(void **state)
{
	static const struct plan p = {.platform = PLATFORM_MIRROR};

	(void)state;
	run_with(&p);
	assert_int_equal(failures, 1);
	assert_int_equal(looked, 2);
	assert_false(oracles_gone(1));
}

static void chosen(void **state)
{
	struct plan p = {.noracles = 1, .oracles = {find("watcher")}};

	(void)state;
	run_with(&p);
	assert_int_equal(failures, 0);
	assert_int_equal(looked, 1);
	assert_false(oracles_gone(1));
	assert_int_equal(looked, 2);
	oracles_end();
	assert_int_equal(failures, 0);
	/* The one that does not look has no say. */
	p.oracles[0] = find("owl");
	run_with(&p);
	assert_true(oracles_gone(1));
	assert_int_equal(looked, 0);
}

static void none(void **state)
{
	static const struct plan p;

	(void)state;
	run_with(&p);
	oracles_off();
	looked = failures = 0;
	oracles_quiesce(NULL);
	assert_true(oracles_gone(1));
	assert_int_equal(looked, 0);
	oracles_end();
	assert_int_equal(failures, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all),
	    cmocka_unit_test(chosen),
	    cmocka_unit_test(none),
	};

	return cmocka_run_group_tests_name("oracles", tests, NULL, NULL);
}
