// SPDX-License-Identifier: GPL-2.0-or-later
/* Each thing that can be missing, is seen. */
#include "cli.h"

#include <stdlib.h>
#include <unistd.h>

static void installs(const char *script)
{
	assert_int_equal(system("mkdir -p tree/fi-scripts tree/configs/kernel"), 0);
	write_text("tree/fi-scripts/install.sh", script);
	assert_int_equal(system("chmod +x tree/fi-scripts/install.sh"), 0);
}

static int heal(void **state)
{
	installs("#!/bin/sh\n");
	unlink("tree/build/results.sqlite");
	write_text("tree/build/agent", "an agent");
	return cli_reset(state);
}

static void healthy(void **state)
{
	(void)state;
	want(run("doctor"), 0);
	assert_contains(out, "packages  ok     all of fi-scripts/packages.txt\n");
	assert_contains(out, "QEMU      ok     Fake emulator version 1\n");
	assert_contains(out, "KVM       -      /dev/kvm cannot be opened (No such file");
	assert_contains(out, "results   -      no database yet; the first run makes it\n");
	assert_lacks(out, "MISSING");
	want(run("run --accel tcg p.ini"), 0);
	want(run("doctor"), 0);
	assert_contains(out, "results   ok     tree/build/results.sqlite can be used\n");
}

static void missing(void **state)
{
	(void)state;
	installs("#!/bin/sh\n[ \"$NO_INSTALL\" ] && echo 'apt-get install bc' >&2\nexit 1\n");
	want(run("doctor"), 3);
	assert_contains(out, "packages  MISSING  apt-get install bc");
	/* An installed one has no Makefile. */
	assert_contains(out, "  tree/fi-scripts/install.sh\n");
	write_text("tree/Makefile", "");
	want(run("doctor"), 3);
	assert_contains(out, "  make deps\n");
	unlink("tree/Makefile");
	installs("#!/bin/sh\n");
	unlink("tree/build/agent");
	want(run("doctor"), 3);
	assert_contains(out, "programs  MISSING  build/agent is not built");
	write_text("tree/build/agent", "an agent");
	write_text("tree/build/results.sqlite", "this is no database, though long enough for one");
	want(run("doctor"), 3);
	assert_contains(out, "results   MISSING  tree/build/results.sqlite is no database");
	unlink("tree/build/results.sqlite");
	want(run("doctor"), 0);
}

static void no_emulator(void **state)
{
	char *qemu = getenv("QEMU");

	(void)state;
	setenv("QEMU", "/no/qemu", 1);
	want(run("doctor"), 3);
	setenv("QEMU", qemu, 1);
	assert_contains(out, "QEMU      MISSING  cannot start /no/qemu: ");
	want(run("doctor x"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(healthy, heal),
	    cmocka_unit_test_setup(missing, heal),
	    cmocka_unit_test_setup(no_emulator, heal),
	};

	return cmocka_run_group_tests(tests, cli_set_up, cli_tear_down);
}
