// SPDX-License-Identifier: GPL-2.0-or-later
/* The septorture command: usage, lists, what runs come to, deadlines and signals. */
#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xmem.h"

/* ---- usage ---- */

/* Every subcommand that `help` names explains itself, with an example. */
static void each_has_help(void **state)
{
	char *list, *rest, *line;
	unsigned int n = 0;

	(void)state;
	want(run("help"), 0);
	list = rest = xstrdup(out);
	while ((line = strsep(&rest, "\n"))) {
		char *args, *example;

		if (strncmp(line, "  ", 2) != 0 || line[2] == ' ')
			continue;
		line[2 + strcspn(line + 2, " ")] = '\0';
		args = xasprintf("%s --help", line + 2);
		example = xasprintf("\nExample: septorture %s", line + 2);
		want(run(args), 0);
		assert_contains(out, example);
		free(example);
		free(args);
		n++;
	}
	assert_true(n >= 12);
	free(list);
}

/* What is no file may be the name of a plan. */
static void plan_names(void **state)
{
	(void)state;
	want(run("run quick"), 0);
	assert_contains(out, "plan         quick, seed ");
	want(run("run quack"), 2);
	assert_contains(err, "quack: cannot be opened: No such file or directory; give the path of "
			     "a plan, or a name ('septorture list plans')");
	write_text("quick", "[plan]\n[stressor nosuch]\n");
	want(run("run quick"), 2);
	assert_contains(err, "quick:2");
	assert_int_equal(unlink("quick"), 0);
}

static void usage(void **state)
{
	(void)state;
	want(run(""), 2);
	assert_contains(err, "usage: septorture COMMAND");
	want(run("help"), 0);
	assert_contains(out, "  run          boot a test kernel");
	want(run("--help"), 0);
	want(run("--version"), 0);
	assert_string_equal(out, "septorture 0.1\n");
	want(run("rnu"), 2);
	assert_string_equal(err, "septorture: unknown command 'rnu'; did you mean 'run'?\n");
	want(run("bananas"), 2);
	assert_string_equal(
	    err, "septorture: unknown command 'bananas'; 'septorture help' shows them\n");
	want(run("run"), 2);
	assert_contains(err, "septorture run: say which plan");
	want(run("run p.ini q.ini"), 2);
	assert_contains(err, "one plan at a time; 'q.ini' is one too many");
	want(run("run --bogus p.ini"), 2);
	want(run("run --help"), 0);
	assert_contains(out, "--mutant=NAME");
	want(run("run --seed 0 p.ini"), 2);
	assert_contains(err, "--seed: '0' is out of range");
	want(run("run --duration 5 p.ini"), 2);
	assert_contains(err, "--duration: '5' has no unit");
	want(run("run --duration '999 ms' p.ini"), 2);
}

static void lists(void **state)
{
	(void)state;
	want(run("list sites"), 0);
	assert_contains(out, "SITE  ");
	assert_contains(out, "\ntdh_mem_page_aug             fail_function    TDH.MEM.PAGE.AUG: ");
	assert_contains(out, " start resume\n");
	want(run("list sites --json"), 0);
	assert_contains(out, "  \"contexts\": [\n   \"map\",\n");
	want(run("list statuses"), 0);
	assert_contains(out, "LEAKS  DECIDER\n");
	assert_contains(out, "  0x8000020300000000  user-error  EAGAIN         __tdx_td_init\n");
	assert_contains(out, "  VM-fatal            pages  handle_changed_spte\n");
	want(run("list statuses --json"), 0);
	assert_contains(out, "\"errno\": \"EAGAIN\"");
	assert_contains(out, "\"warns\": [\n   \"tdx_read_cpuid\"\n");
	want(run("list statuses --markdown"), 0);
	assert_contains(out, "# Contracts\n");
	assert_contains(out,
			"\n* **remove-convert**: argument 2 & 0x800 is 0x800, below kvm_vm_ioctl, "
			"not below kvm_set_memslot\n");
	want(run("list sites --markdown"), 2);
	want(run("list statuses --json --markdown"), 2);
	assert_contains(err, "--markdown is for 'list statuses' alone");
	want(run("list stressors"), 0);
	assert_contains(out, "\nbig-band  both      is a program    none\n");
	assert_contains(out, "\n  colour   green    red, green      of the water\n");
	want(run("list plans"), 0);
	assert_string_equal(out, "PLAN   ABOUT\nquick  A short look.\n");
	want(run("list oracles"), 0);
	assert_contains(out, "ORACLE     PLATFORM  HELP\n");
	assert_contains(out, "\nsharp-eye  both      sees it all\n");
	want(run("list windows"), 0);
	assert_contains(out, "\nfault     leaf   punch\n");
	assert_contains(out,
			"\nimage     leaf   image     KVM_TDX_INIT_MEM_REGION holds slots_lock\n");
	want(run("list mutants"), 0);
	assert_string_equal(out, "MUTANT       FAMILY     EXPECT      TRIGGER\n"
				 "early-stats  too-early  stats klog  any failure\n"
				 "nameless                            no?e\n");
	want(run("list mutants --json"), 0);
	assert_contains(out, "\"source\": \"a mail\"\n");
	assert_contains(out, "\"trigger\": \"no?e\",\n  \"source\": \"\"\n");
	want(run("list --json plans"), 0);
	assert_string_equal(
	    out, "[\n {\n  \"plan\": \"quick\",\n  \"about\": \"A short look.\"\n }\n]\n");
	want(run("list stressors --json"), 0);
	assert_contains(out, "\"options\": [\n");
	want(run("list"), 2);
	want(run("list sites plans"), 2);
	want(run("list plan"), 2);
	assert_string_equal(err, "septorture: unknown list 'plan'; did you mean 'plans'?\n");
	want(run("list xyzzy"), 2);
	assert_contains(
	    err, "there are sites, statuses, stressors, oracles, windows, plans and mutants");
}

static void no_tree(void **state)
{
	(void)state;
	setenv("SEPTORTURE_SRC", "nowhere", 1);
	want(run("list plans"), 3);
	assert_string_equal(err, "septorture: cannot read nowhere/configs/plans: No such file or "
				 "directory; set SEPTORTURE_SRC to the source tree\n");
	want(run("run p.ini"), 3);
	assert_contains(err, "cannot find the source tree nowhere");
	setenv("SEPTORTURE_SRC", "tree", 1);
}

/* ---- before the boot ---- */

static void bad_plan(void **state)
{
	(void)state;
	write_text("bad.ini", "[plan]\ncpu = 2\n");
	want(run("run bad.ini"), 2);
	assert_string_equal(err, "bad.ini:2: unknown key 'cpu'; did you mean 'cpus'?\n");
	assert_string_equal(out, "");
	want(run("run none.ini"), 2);
	assert_contains(err, "none.ini: cannot be opened");
	assert_int_not_equal(access("tree/build/runs", F_OK), 0);
}

static void kernel_builds(void **state)
{
	(void)state;
	want(run("run --mutant nosuch p.ini"), 2);
	assert_contains(err, "building race nosuch\nno such mutant\n");
	assert_contains(err, "the kernel 'race' could not be built, see above");
	want(run("run --mutant broken p.ini"), 3);
	want(run("run --mutant chatty p.ini"), 3);
	assert_contains(err, "did not print the path of a bzImage");
	want(run("run --mutant silent p.ini"), 3);
	write_text("k.ini", "[plan]\nkernel = nosuch\n[stressor calm]\n");
	want(run("run k.ini"), 2);
	assert_int_not_equal(access("tree/build/runs", F_OK), 0);
	chmod("tree/kernel/build.sh", 0644);
	want(run("run p.ini"), 3);
	assert_contains(err, "/tree/kernel/build.sh: Permission denied");
	chmod("tree/kernel/build.sh", 0755);
}

static void no_agent(void **state)
{
	(void)state;
	assert_int_equal(rename("tree/build/agent", "agent.away"), 0);
	want(run("run p.ini"), 3);
	assert_int_equal(rename("agent.away", "tree/build/agent"), 0);
	assert_contains(err, "tree/build/agent: No such file or directory; run 'make'");
}

static void no_emulator(void **state)
{
	(void)state;
	setenv("QEMU", "no-such-emulator", 1);
	want(run("run p.ini"), 3);
	setenv("QEMU", SRCDIR "/tests/fake-qemu", 1);
	assert_contains(err, "cannot start no-such-emulator: No such file or directory; "
			     "fi-scripts/install.sh installs it");
	assert_int_not_equal(access("tree/build/runs", F_OK), 0);
}

static void programs(void **state)
{
	(void)state;
	write_text("b.ini", "[stressor big-band]\nplayers = 1\n");
	want(run("run b.ini"), 3);
	assert_contains(err, "[stressor big-band] needs septorture-band, which is not there; "
			     "fi-scripts/install.sh installs it");
	assert_lacks(err, "building");
	assert_int_not_equal(access("tree/build/runs", F_OK), 0);
	setenv("SEPTORTURE_BAND", "/bin/true", 1);
	want(run("run b.ini"), 0);
	unsetenv("SEPTORTURE_BAND");
	write_text("b.ini", "[stressor big-band]\n");
	want(run("run b.ini"), 2);
	assert_contains(err, "b.ini:1: [stressor big-band]: nobody plays");
}

/* ---- outcomes ---- */

static void clean(void **state)
{
	char *args, *plan;

	(void)state;
	want(run("run p.ini"), 0);
	assert_contains(out, "\nCLEAN\nreport: tree/build/runs/");
	assert_contains(out, "plan         p, seed 7\n");
	assert_contains(err, "building race\n");
	assert_contains(err, "septorture: booting p: 1 s of load, seed 7, in tree/build/runs/");
	assert_contains(err, "septorture: the VM is gone after 0 s\n");
	assert_lacks(err, "\r");
	assert_lacks(err, "last lines");
	assert_int_equal(access("tree/build/runs/latest/report.json", F_OK), 0);
	assert_int_equal(access("tree/build/runs/latest/report.txt", F_OK), 0);
	assert_int_not_equal(access("tree/build/runs/latest/initramfs.cpio", F_OK), 0);
	plan = read_text("tree/build/runs/latest/plan.ini");
	assert_string_equal(plan, "[plan]\nseed = 7\nduration = 1 s\n[stressor calm]\n");
	free(plan);

	args = read_text("args");
	assert_contains(args, "-accel\ntcg,thread=multi\n-cpu\nmax,vendor=GenuineIntel,svm=off,"
			      "xlevel=0x80000008,phys-bits=52,family=6,model=122,stepping=1\n");
	assert_contains(args, "-no-reboot\n-nodefaults\n-serial\nfile:console.log\n");
	assert_contains(args, "\n-smp\n2\n-m\n1024M\n-kernel\n/");
	assert_contains(args, "tree/kernel/bzImage\n-initrd\n/");
	assert_contains(args, "softvmx kvm_intel.tdx=1 kvm_intel.nested=0 "
			      "septorture_seed=7 septorture_duration_us=1000000 \n");
	free(args);
}

static void reports(void **state)
{
	static const char *const good[][2] = {
	    {"report", "run          "},
	    {"report latest --json", "{\n \"v\": 1,"},
	    {"report --junit", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"},
	    {"report --ktap", "KTAP version 1\n"},
	    {"report tree/build/runs/latest --junit --mail", "run          "},
	};

	(void)state;
	set_qemu(HELLO END1, WARN);
	want(run("run p.ini"), 1);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		want(run(good[i][0]), 0);
		assert_int_equal(strncmp(out, good[i][1], strlen(good[i][1])), 0);
	}
	assert_contains(out, "\nsignature   ");
	want(run("report --text"), 0);
	assert_contains(out, "\n1 FINDING\n");
	assert_lacks(out, "\nsignature   ");

	want(run("report nothing"), 2);
	assert_contains(err, "there is no run 'nothing'; give an id of tree/build/runs,");
	want(run("report latest again"), 2);
	assert_contains(err, "'again' is one too many; one run at a time");
	assert_int_equal(remove("tree/build/runs/latest/report.ktap"), 0);
	want(run("report --ktap"), 2);
	assert_contains(err, "report.ktap: No such file or directory; the run was cut short, or ");
}

static void run_options(void **state)
{
	char link[256] = "", *args;

	(void)state;
	assert_int_equal(system("mkdir -p m"), 0);
	write_text("m/x.y.mutant", "");
	want(run("run --keep --seed 18446744073709551615 --duration 2s --mutant m/x.y.mutant "
		 "p.ini"),
	     0);
	args = read_text("args");
	assert_contains(args,
			"septorture_seed=18446744073709551615 septorture_duration_us=2000000 \n");
	free(args);
	assert_contains(out, "plan         p, seed 18446744073709551615, mutant x.y\n");
	assert_contains(err, "building race /");
	assert_contains(err, "/m/x.y.mutant\n");
	assert_int_equal(access("tree/build/runs/latest/initramfs.cpio", F_OK), 0);
	assert_true(readlink("tree/build/runs/latest", link, sizeof(link) - 1) > 0);
	assert_contains(link, "-p-x.y-");
	want(run("run --mutant m/none.mutant p.ini"), 2);
	assert_contains(err, "cannot find the mutant file m/none.mutant: No such file");
}

static void no_faults(void **state)
{
	char *text;

	(void)state;
	want(run("run --no-faults p.ini"), 0);
	text = read_text("args");
	assert_contains(text, "septorture_seed=7 septorture_duration_us=1000000 "
			      "septorture_no_faults=1 \n");
	free(text);
	assert_contains(out, "plan         p, seed 7, without its faults\n");
	assert_contains(err, " of load, seed 7, without its faults, in tree");
	text = read_text("tree/build/runs/latest/report.json");
	assert_contains(text, "\"no_faults\": true");
	free(text);
	want(run("run p.ini"), 0);
	text = read_text("args");
	assert_lacks(text, "no_faults");
	free(text);
}

/* A finding tells how to do the run of ARGS again: by COMMAND, with @ for our directory. */
static void reproduced_by(const char *args, const char *command)
{
	char *cwd = getcwd(NULL, 0), *text, *line;
	const char *at = strchr(command, '@');

	line = at ? xasprintf("%.*s%s%s", (int)(at - command), command, cwd, at + 1)
		  : xstrdup(command);
	want(run(args), 1);
	text = read_text("tree/build/runs/latest/report.txt");
	assert_contains(text, "\nto reproduce it:\n  ");
	assert_string_equal(strstr(text, "reproduce it:\n  ") + strlen("reproduce it:\n  "), line);
	free(text);
	free(line);
	free(cwd);
}

static void reproduce(void **state)
{
	(void)state;
	set_qemu(HELLO END1, WARN);
	assert_int_equal(system("mkdir -p m; cp p.ini \"it's p.ini\"; cp p.ini tree/configs"), 0);
	write_text("m/x.mutant", "");
	write_text("tree/top.mutant", "");
	reproduced_by("run p.ini", "build/septorture run --seed 7 @/p.ini\n");
	reproduced_by("run --seed 9 --no-faults --duration 90s tree/configs/../configs/p.ini",
		      "build/septorture run --seed 9 --no-faults --duration '90 s' "
		      "configs/p.ini\n");
	reproduced_by("run --kernel mem tree/configs/p.ini",
		      "build/septorture run --seed 7 --kernel mem configs/p.ini\n");
	want(run("run --kernel ../x p.ini"), 2);
	assert_contains(err, "--kernel: '../x' is not a name");
	reproduced_by("run --mutant name tree/configs/p.ini",
		      "build/septorture run --seed 7 --mutant name configs/p.ini\n");
	reproduced_by("run --mutant m/x.mutant tree/configs/p.ini",
		      "build/septorture run --seed 7 --mutant @/m/x.mutant configs/p.ini\n");
	reproduced_by("run --mutant tree/top.mutant tree/configs/p.ini",
		      "build/septorture run --seed 7 --mutant ./top.mutant configs/p.ini\n");
	reproduced_by("run \"it's p.ini\"", "build/septorture run --seed 7 '@/it'\\''s p.ini'\n");
	setenv("KSRC", "/a tree", 1);
	setenv("KERNEL_VERSION", "7.2", 1);
	reproduced_by("run tree/configs/p.ini", "KSRC='/a tree' KERNEL_VERSION=7.2 "
						"build/septorture run --seed 7 configs/p.ini\n");
	unsetenv("KSRC");
	unsetenv("KERNEL_VERSION");
	assert_int_equal(system("rm -r m tree/configs/p.ini tree/top.mutant it*"), 0);
}

static void drawn_seed(void **state)
{
	char *first;

	(void)state;
	write_text("s.ini", "[stressor calm]\n");
	want(run("run s.ini"), 0);
	first = xstrdup(strstr(err, "seed "));
	assert_lacks(first, "seed 0,");
	want(run("run s.ini"), 0);
	assert_int_not_equal(strncmp(first, strstr(err, "seed "), 12), 0);
	free(first);
}

static void findings(void **state)
{
	(void)state;
	set_qemu(HELLO END1, WARN);
	want(run("run p.ini"), 1);
	assert_contains(out, "klog/warn      1  0.0 s     WARNING: a/b.c:5 at foo");
	assert_contains(out, "\n1 FINDING\nreport: ");
	assert_contains(out, "\nfindings to mail: tree/build/runs/");
	assert_lacks(err, "last lines");
}

static void scopes(void **state)
{
	(void)state;
	set_qemu(HELLO END1, RACE);
	want(run("run p.ini"), 0);
	assert_contains(out, "klog/kcsan (elsewhere)      1");
	assert_contains(out, "\nCLEAN, 1 elsewhere\n");
	assert_lacks(out, "\nscope");
	set_qemu(HELLO END1, "WARNING: a/own/e.c:5 at wrong+0x1/0x2\n");
	want(run("run p.ini"), 3);
	assert_contains(out, "\nINVALID: septorture's own fault: WARNING: a/own/e.c:5 at wrong");
	/* Without the list of functions, everything counts. */
	set_qemu(HELLO END1, RACE);
	assert_int_equal(rename("tree/kernel/functions.txt", "functions.away"), 0);
	want(run("run p.ini"), 1);
	assert_int_equal(rename("functions.away", "tree/kernel/functions.txt"), 0);
	assert_contains(out, "\nscope        unknown, every finding counts: cannot read ");
	assert_contains(out, "tree/kernel/functions.txt: No such file or directory\n");
	assert_contains(out, "\n1 FINDING\n");
}

static void panic(void **state)
{
	(void)state;
	set_qemu(HELLO, PANIC);
	want(run("run p.ini"), 1);
	assert_contains(out, "1 FINDING (the VM went down before the agent's 'end' (QEMU's exit "
			     "status was 0))\n");
	assert_contains(err, "console.log ----\nKernel panic - not syncing: out of luck \n");
	/* Even before the agent could say anything. */
	set_qemu("", PANIC);
	want(run("run p.ini"), 1);
}

static void died(void **state)
{
	(void)state;
	set_qemu(HELLO, "just words\n");
	setenv("FAKE_EXIT", "5", 1);
	want(run("run p.ini"), 3);
	assert_contains(out, "INVALID: the VM went down before the agent's 'end' (QEMU's exit "
			     "status was 5)\n");
	assert_contains(err, "just words");
	assert_contains(err, "qemu.log ----\n");
}

static void invalid(void **state)
{
	(void)state;
	set_qemu(HELLO "{\"e\":\"fail\",\"us\":1,\"text\":\"no kvm\"}\n", WARN);
	want(run("run p.ini"), 3);
	assert_contains(out, "WARNING: a/b.c:5 at foo");
	assert_contains(out, "\nINVALID: the agent failed: no kvm\n");
	set_qemu(HELLO HELLO END1, "");
	want(run("run p.ini"), 3);
}

/* ---- deadlines and signals ---- */

static void never_reports(void **state)
{
	double start = now();

	(void)state;
	hang();
	set_qemu("", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n21\n"
		     "\x1b[2Jlast\n");
	setenv("SEPTORTURE_BOOT_TIMEOUT", "1", 1);
	want(run("run p.ini"), 3);
	assert_true(now() - start < 5);
	assert_contains(out, "INVALID: the VM did not report within 1 s of its start\n");
	assert_contains(err, "----\n3 \n4 \n");
	assert_contains(err, "\n?[2Jlast \n");
	assert_gone(hung_pid());
	set_qemu("", PANIC);
	want(run("run p.ini"), 1);
	assert_contains(out, "1 FINDING (the VM did not report within 1 s of its start)\n");
}

static void falls_silent(void **state)
{
	(void)state;
	hang();
	set_qemu(HELLO, "");
	setenv("SEPTORTURE_SILENCE_TIMEOUT", "1", 1);
	want(run("run p.ini"), 3);
	assert_contains(out, "INVALID: the VM fell silent for 1 s\n");
	assert_gone(hung_pid());
}

static void never_ends(void **state)
{
	(void)state;
	hang();
	set_qemu(HELLO, "");
	setenv("SEPTORTURE_EXTRA_TIMEOUT", "1", 1);
	want(run("run p.ini"), 3);
	assert_contains(out, "INVALID: the VM did not end within 2 s of its start\n");
}

static void strange_deadline(void **state)
{
	(void)state;
	setenv("SEPTORTURE_BOOT_TIMEOUT", "soon", 1);
	setenv("FAKE_DELAY", "0.7", 1);
	want(run("run p.ini"), 0);
	assert_contains(err, "septorture: SEPTORTURE_BOOT_TIMEOUT is ignored: 'soon' is not a "
			     "whole number");
}

static void stopped_by(int sig, const char *line)
{
	pid_t pid = start_hanging();
	int status;

	kill(pid, sig);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1); /* there was a splat already */
	free(out);
	out = read_text("out");
	assert_contains(out, line);
	assert_gone(hung_pid());
	unlink("hang");
}

static void interrupted(void **state)
{
	(void)state;
	stopped_by(SIGINT, "1 FINDING (it was stopped by signal 2 (Interrupt))\n");
	stopped_by(SIGTERM, "1 FINDING (it was stopped by signal 15 (Terminated))\n");
	stopped_by(SIGHUP, "1 FINDING (it was stopped by signal 1 (Hangup))\n");
}

static void killed(void **state)
{
	pid_t pid = start_hanging(), child = hung_pid(), qemu = parent_of(child);

	(void)state;
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_gone(qemu);
	kill(child, SIGKILL);
}

/* A VM that has ended its run but stays is helped out; that is no fault of the run. */
static void lingers(void **state)
{
	double start = now();

	(void)state;
	hang();
	want(run("run p.ini"), 0);
	assert_true(now() - start > 9);
	assert_gone(hung_pid());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(usage),
	    TEST(plan_names),
	    TEST(each_has_help),
	    TEST(lists),
	    TEST(no_tree),
	    TEST(bad_plan),
	    TEST(kernel_builds),
	    TEST(no_agent),
	    TEST(no_emulator),
	    TEST(programs),
	    TEST(clean),
	    TEST(run_options),
	    TEST(reports),
	    TEST(drawn_seed),
	    TEST(no_faults),
	    TEST(reproduce),
	    TEST(findings),
	    TEST(scopes),
	    TEST(panic),
	    TEST(died),
	    TEST(invalid),
	    TEST(never_reports),
	    TEST(falls_silent),
	    TEST(never_ends),
	    TEST(strange_deadline),
	    TEST(interrupted),
	    TEST(killed),
	    TEST(lingers),
	};

	return cmocka_run_group_tests_name("cli", tests, cli_set_up, cli_tear_down);
}
