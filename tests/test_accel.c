// SPDX-License-Identifier: GPL-2.0-or-later
/* septorture run --accel: the choice, the probe, and what is remembered. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xmem.h"

#define CACHE "cache/septorture/accel"
#define LATE  " is there, but our kernel did not get past boot within 1 s"

static void make_device(void)
{
	write_text("kvm", "");
}

/* How often TEXT holds WORD. */
static int times(const char *text, const char *word)
{
	int n = 0;

	while ((text = strstr(text, word))) {
		text += strlen(word);
		n++;
	}
	return n;
}

static void assert_probes(int n)
{
	char *probes = read_text("probes");

	assert_int_equal(times(probes, "septorture_probe=1\n"), n);
	free(probes);
}

static void assert_file(const char *path, const char *words)
{
	char *text = read_text(path);

	assert_contains(text, words);
	free(text);
}

/* The run was done with ACCEL, and the report says so. */
static void assert_ran_with(const char *accel, const char *why)
{
	char *line = xasprintf("\n \"accel\": \"%s\",\n \"accel_why\": \"", accel);

	assert_file("args", !strcmp(accel, "kvm") ? "-accel\nkvm\n" : "-accel\ntcg,thread=multi\n");
	assert_file("tree/build/runs/latest/report.json", line);
	assert_file("tree/build/runs/latest/report.json", why);
	assert_contains(out, !strcmp(accel, "kvm") ? "on QEMU KVM," : "on QEMU TCG,");
	free(line);
}

static void usage(void **state)
{
	(void)state;
	want(run("run --accel hvf p.ini"), 2);
	assert_contains(err, "--accel: 'hvf' is not one of auto, kvm and tcg");
	want(run("run --help"), 0);
	assert_contains(out, "--accel=WHAT");
}

static void no_device(void **state)
{
	(void)state;
	run("run p.ini");
	assert_contains(err, "septorture: using TCG: /tmp/");
	assert_contains(err, "/kvm cannot be opened: No such file or directory\n");
	assert_ran_with("tcg", "/kvm cannot be opened: No such file or directory\"");
	/* There, but of no use. */
	assert_int_equal(mkdir("kvm", 0755), 0);
	run("run --accel auto p.ini");
	assert_int_equal(rmdir("kvm"), 0);
	assert_contains(err, "/kvm cannot be opened: Is a directory\n");
	assert_probes(0);
	assert_int_not_equal(access("cache", F_OK), 0);
}

static void probe_works(void **state)
{
	(void)state;
	make_device();
	run("run --keep p.ini");
	assert_contains(err, "septorture: trying KVM: our kernel has 15 s to boot with it\n");
	assert_contains(err, "septorture: using KVM: our kernel boots with it\n");
	assert_ran_with("kvm", "\"our kernel boots with it\"");
	assert_probes(1);
	assert_file(CACHE, "\tkvm\tour kernel boots with it\n");
	assert_int_not_equal(access("tree/build/runs/latest/probe", F_OK), 0);

	run("run p.ini");
	assert_lacks(err, "trying KVM");
	assert_contains(err, "septorture: using KVM: our kernel boots with it (remembered)\n");
	assert_ran_with("kvm", "\"our kernel boots with it (remembered)\"");
	assert_probes(1);
}

/* What the two boots have in common, and what not. */
static void configuration(void **state)
{
	static const char *const same[] = {
	    "-accel\nkvm\n-cpu\nmax,vendor=GenuineIntel,svm=off,xlevel=0x80000008,",
	    ",phys-bits=52,family=6,model=122,stepping=1,vmx=off,arch-capabilities=off\n",
	    "-machine\nmicrovm,", "tsc=reliable no_timer_check no5lvl kcsan.early_enable=0 ",
	    "softvmx kvm_intel.tdx=1 kvm_intel.nested=0 "};

	(void)state;
	make_device();
	setenv("SEPTORTURE_APPEND", "of_the_run", 1);
	run("run p.ini");
	unsetenv("SEPTORTURE_APPEND");
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_file("probes", same[i]);
		assert_file("args", same[i]);
	}
	assert_file("probes", "\n-smp\n1\n-m\n512M\n");
	assert_file("probes", "/probe/initramfs.cpio\n");
	assert_file("probes", "septorture_duration_us=0 septorture_probe=1\n");
	assert_file("args", "\n-smp\n2\n-m\n1024M\n");
	assert_file("args", " of_the_run\n");
}

static void probe_times_out(void **state)
{
	(void)state;
	make_device();
	setenv("FAKE_PROBE", "hangs", 1);
	setenv("SEPTORTURE_PROBE_TIMEOUT", "1", 1);
	run("run p.ini");
	assert_contains(err, "septorture: trying KVM: our kernel has 1 s to boot with it\n");
	assert_contains(err, "septorture: using TCG: /tmp/");
	assert_contains(err, "/kvm" LATE "\n");
	assert_ran_with("tcg", "/kvm" LATE "\"");
	assert_file(CACHE, "/kvm" LATE "\n");
	assert_file("args", "tsc_early_khz=");
	run("run p.ini");
	assert_lacks(err, "trying KVM");
	assert_contains(err, "/kvm" LATE " (remembered; --accel kvm tries again)\n");
	assert_ran_with("tcg", LATE " (remembered");
	assert_probes(1);
}

static void probe_dies(void **state)
{
	(void)state;
	make_device();
	setenv("FAKE_PROBE", "dies", 1);
	run("run p.ini");
	assert_contains(err, "/kvm is there, but the VM went down before the agent's 'end' (QEMU's "
			     "exit status was 1): no such luck\n");
	assert_ran_with("tcg", "went down");
	assert_file(CACHE, "exit status was 1): no such luck\n");
	run("run p.ini");
	assert_contains(err, "no such luck (remembered; ");
}

/* Another kernel image or emulator is another question. */
static void other_subjects(void **state)
{
	(void)state;
	make_device();
	run("run p.ini");
	setenv("FAKE_VERSION", "2", 1);
	run("run p.ini");
	assert_probes(2);
	/* Of another length; then of another age. */
	assert_int_equal(system("cd tree/kernel; cp -p bzImage old; echo longer >>bzImage; "
				"touch -r old bzImage"),
			 0);
	run("run p.ini");
	assert_probes(3);
	write_text("tree/kernel/bzImage", "kernel");
	run("run p.ini");
	assert_probes(4);
	run("run p.ini");
	assert_probes(4);
	assert_int_equal(unlink("tree/kernel/old"), 0);
}

static void forced(void **state)
{
	(void)state;
	want(run("run --accel kvm p.ini"), 3);
	assert_contains(err, "septorture: --accel kvm is not possible: /tmp/");
	assert_contains(err, "/kvm cannot be opened: No such file or directory\n");

	/* It comes up: that is remembered, against what was thought before. */
	make_device();
	setenv("FAKE_PROBE", "dies", 1);
	run("run p.ini");
	run("run --accel kvm p.ini");
	assert_ran_with("kvm", "\"--accel kvm\"");
	assert_probes(1);
	run("run p.ini");
	assert_ran_with("kvm", "(remembered)");

	/* It does not: no fall-back, and what is known stays. */
	set_qemu("", "");
	hang();
	setenv("SEPTORTURE_BOOT_TIMEOUT", "1", 1);
	want(run("run --accel kvm p.ini"), 3);
	assert_contains(out, "INVALID: the VM did not report within 1 s of its start\n");
	assert_ran_with("kvm", "\"--accel kvm\"");
	assert_gone(hung_pid());
	assert_file(CACHE, "\tkvm\t");

	unlink("args");
	unsetenv("FAKE_HANG");
	run("run --accel tcg p.ini");
	assert_ran_with("tcg", "\"--accel tcg\"");
	assert_lacks(err, "using ");
}

/* What was remembered of KVM did not hold. */
static void disproved(void **state)
{
	(void)state;
	make_device();
	run("run p.ini");
	set_qemu("", "");
	hang();
	setenv("SEPTORTURE_BOOT_TIMEOUT", "1", 1);
	want(run("run p.ini"), 3);
	assert_contains(err, "the next run tries KVM again; --accel tcg does without\n");
	unsetenv("FAKE_HANG");
	set_qemu(HELLO END1, "");
	run("run p.ini");
	assert_contains(err, "trying KVM");
	assert_probes(2);
}

/* Spoils the cache by a piece of SHELL with the file as $f: then there is one more probe. */
static void spoil(const char *shell)
{
	char *command = xasprintf("f=" CACHE "; %s", shell);

	unlink("probes");
	assert_int_equal(system(command), 0);
	free(command);
	run("run p.ini");
	assert_probes(1);
	assert_ran_with("kvm", "\"our kernel boots with it\"");
}

static void damaged_cache(void **state)
{
	(void)state;
	make_device();
	run("run p.ini");
	spoil("rm $f");
	spoil("rm -r cache");
	spoil(": >$f");
	spoil("truncate -s -1 $f");
	spoil("sed -i 's/kvm/kvn/g' $f");
	spoil("sed -i 's/\\t[^\\t]*$/\\t/' $f");
	spoil("sed -i 's/our/\\o33[2Jour/' $f");
	spoil("sed -i 's/our/o\\o0r/' $f");
	spoil("sed -i 's/\\t/ /g' $f");
	spoil("head -c 100000 /dev/urandom >$f");
	spoil("cat $f /dev/zero | head -c 2000000 >big; mv big $f");
	/* A sound line among damaged ones holds. */
	assert_int_equal(system("f=" CACHE "; { echo x; cat $f; printf 'y\\tkvm'; } >n; mv n $f"),
			 0);
	run("run p.ini");
	assert_probes(1);
}

/* Where nothing can be remembered the run goes on. */
static void no_cache(void **state)
{
	char *cwd = getcwd(NULL, 0), *home = xasprintf("%s/cache/home", cwd);

	(void)state;
	make_device();
	write_text("cache", "a file");
	run("run p.ini");
	assert_contains(err, "septorture: cannot remember whether KVM works: /tmp/");
	assert_contains(err, "/cache/septorture/accel: Not a directory\n");
	assert_ran_with("kvm", "boots");
	run("run p.ini");
	assert_probes(2);

	/* Without XDG_CACHE_HOME, or with a relative one, it is below HOME. */
	assert_int_equal(unlink("cache"), 0);
	setenv("XDG_CACHE_HOME", "here", 1);
	setenv("HOME", home, 1);
	run("run p.ini");
	assert_file("cache/home/.cache/septorture/accel", "\tkvm\t");
	unsetenv("HOME");
	run("run p.ini");
	assert_contains(err, "neither XDG_CACHE_HOME nor HOME is set\n");
	free(home);
	home = xasprintf("%s/cache", cwd);
	setenv("XDG_CACHE_HOME", home, 1);
	free(home);
	free(cwd);
}

/* Every kernel build leaves a line: the oldest go. */
static void many_lines(void **state)
{
	char *text;

	(void)state;
	make_device();
	assert_int_equal(system("mkdir -p cache/septorture; for i in $(seq 150); do "
				"printf 'key%d\\ttcg\\tno\\n' $i; done >" CACHE),
			 0);
	run("run p.ini");
	text = read_text(CACHE);
	assert_int_equal(times(text, "\n"), 100);
	assert_lacks(text, "key51\t");
	assert_contains(text, "key52\t");
	assert_contains(text, "\tkvm\t");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(usage),	   TEST(no_device),	TEST(probe_works),    TEST(configuration),
	    TEST(probe_times_out), TEST(probe_dies),	TEST(other_subjects), TEST(forced),
	    TEST(disproved),	   TEST(damaged_cache), TEST(no_cache),	      TEST(many_lines),
	};

	return cmocka_run_group_tests_name("accel", tests, cli_set_up, cli_tear_down);
}
