// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs that end badly: killed, without a disk or a terminal. What is kept, what is removed. */
#include "cli.h"

#include <dirent.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xmem.h"

#define RUNS "tree/build/runs"
#define LEFT " was left by a septorture that was killed; what it has found is kept\n"

static void assert_there(const char *path)
{
	if (access(path, F_OK))
		fail_msg("there is no %s", path);
}

static void assert_not_there(const char *path)
{
	if (!access(path, F_OK))
		fail_msg("there is a %s", path);
}

/* How many runs have a directory. */
static int count_runs(void)
{
	DIR *d = opendir(RUNS);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		n += *e->d_name != '.' && strcmp(e->d_name, "latest");
	if (d)
		closedir(d);
	return n;
}

/* The directory of the run that was published last; free() it. */
static char *latest(void)
{
	char *path = realpath(RUNS "/latest", NULL);

	assert_non_null(path);
	return path;
}

static void assert_has(const char *dir, const char *file, bool there)
{
	char *path = xasprintf("%s/%s", dir, file);

	if (there)
		assert_there(path);
	else
		assert_not_there(path);
	free(path);
}

/* ---- killed ---- */

static void killed_run(void **state)
{
	pid_t pid = start_hanging(), child = hung_pid();
	char *dir = latest();

	(void)state;
	kill(pid, SIGKILL);
	assert_int_equal(wait_for(pid), 128 + SIGKILL);
	kill(child, SIGKILL);
	assert_has(dir, "initramfs.cpio", true);

	unsetenv("FAKE_HANG");
	run("run p.ini");
	assert_contains(err, LEFT);
	assert_has(dir, "initramfs.cpio", false);
	assert_has(dir, "lock", false);
	assert_has(dir, "report.json", false);
	assert_has(dir, "events.jsonl", true);
	assert_has(dir, "console.log", true);
	assert_has(dir, "plan.ini", true);
	assert_int_equal(count_runs(), 2);
	run("run p.ini");
	assert_lacks(err, LEFT);
	free(dir);
}

/* Starts a run that has to wait for its probe boot. */
static pid_t start_probing(void)
{
	pid_t pid;

	write_text("kvm", "");
	setenv("FAKE_PROBE", "hangs", 1);
	pid = spawn();
	await("probes");
	return pid;
}

static void killed_probe(void **state)
{
	pid_t pid = start_probing();

	(void)state;
	kill(pid, SIGKILL);
	assert_int_equal(wait_for(pid), 128 + SIGKILL);
	assert_int_equal(count_runs(), 1);
	unlink("kvm");
	run("run p.ini");
	assert_lacks(err, LEFT);
	assert_int_equal(count_runs(), 1);
	assert_there(RUNS "/latest/report.json");
}

static void stopped_probe(void **state)
{
	pid_t pid = start_probing();
	char *text;

	(void)state;
	kill(pid, SIGTERM);
	assert_int_equal(wait_for(pid), 3);
	text = read_text("err");
	assert_contains(text,
			"septorture: no VM was run: it was stopped by signal 15 (Terminated)");
	free(text);
	assert_int_equal(count_runs(), 0);
	assert_not_there("cache");
}

/* ---- two at once ---- */

static void two_at_once(void **state)
{
	pid_t pid = start_hanging(), child = hung_pid();
	char *dir = latest();

	(void)state;
	unsetenv("FAKE_HANG");
	run("run p.ini");
	assert_lacks(err, LEFT);
	assert_int_equal(count_runs(), 2);
	assert_has(dir, "initramfs.cpio", true);
	assert_has(dir, "lock", true);
	assert_int_equal(kill(pid, 0), 0);
	assert_there(RUNS "/latest/report.json");

	kill(pid, SIGTERM);
	assert_int_equal(wait_for(pid), 1);
	assert_gone(child);
	assert_has(dir, "report.json", true);
	assert_has(dir, "initramfs.cpio", false);
	assert_has(dir, "lock", false);
	free(dir);
}

/* Many that start and end at the same time, among what killed ones left. */
static void many_at_once(void **state)
{
	(void)state;
	assert_int_equal(system("mkdir -p " RUNS "/dead && cd " RUNS "/dead && "
				"touch lock qemu.log initramfs.cpio console.log"),
			 0);
	assert_int_equal(system("for i in 1 2 3 4 5 6 7 8; do " TOOL " run p.ini >out.$i 2>err.$i "
				"</dev/null & done; wait; cat err.* >err; rm out.* err.*"),
			 0);
	free(err);
	err = read_text("err");
	assert_contains(err, "dead" LEFT);
	assert_null(strstr(strstr(err, LEFT) + 1, LEFT));
	assert_lacks(err, "cannot lock");
	assert_lacks(err, "cannot update");
	assert_lacks(err, "cannot make");
	assert_int_equal(count_runs(), 9);
	assert_int_equal(system("test $(ls " RUNS "/*/report.json | wc -l) = 9"),
			 0); /* and latest */
	assert_int_equal(system("! ls " RUNS "/*/lock " RUNS "/*/initramfs.cpio 2>/dev/null"), 0);
}

/* Until a new run has locked its directory, nobody else looks for dead ones. */
static void begin_in_turns(void **state)
{
	double start;

	(void)state;
	assert_int_equal(system("mkdir -p " RUNS "; flock " RUNS "/.lock sh -c "
				"'echo >locked; sleep 1' </dev/null >/dev/null 2>&1 &"),
			 0);
	await("locked");
	start = now();
	want(run("run p.ini"), 0);
	assert_true(now() - start > 0.8);
	unlink("locked");
}

/* A run that never had a VM leaves nothing. */
static void no_run(void **state)
{
	(void)state;
	assert_int_equal(rename("tree/build/agent", "agent.away"), 0);
	want(run("run p.ini"), 3);
	assert_int_equal(rename("agent.away", "tree/build/agent"), 0);
	assert_int_equal(count_runs(), 0);
}

/* ---- disks ---- */

/* Runs SCRIPT in a mount namespace of its own, with tree/build as a disk of 3 MiB. */
static void on_small_disk(const char *script)
{
	char *command;

	if (system("unshare -m mount -t tmpfs none tree/build 2>/dev/null")) {
		print_message("no file systems can be mounted here\n");
		skip();
	}
	command =
	    xasprintf("unshare -m sh -c 'cp -r tree/build away && "
		      "mount -t tmpfs -o size=3m none tree/build && cp away/agent tree/build && "
		      "run() { " TOOL " run p.ini >out 2>err </dev/null; }; %s; "
		      "cp -r tree/build/runs disk 2>/dev/null'; rm -rf away",
		      script);
	assert_int_equal(system("rm -rf disk"), 0);
	assert_int_equal(system(command), 0);
	free(command);
	free(out);
	free(err);
	out = read_text("out");
	err = read_text("err");
}

static void full_disk(void **state)
{
	(void)state;
	hang();
	setenv("FAKE_FILL", "1", 1);
	set_qemu(HELLO, WARN);
	on_small_disk("run; echo $? >status; cp -r tree/build/runs disk; :");
	assert_gone(hung_pid());
	assert_contains(err, "septorture: the VM is gone after 0 s: the disk is full: there is no "
			     "room left in tree/build/runs/");
	assert_contains(out, "klog/warn ");
	assert_contains(out, "INVALID: the disk is full: there is no room left in ");
	assert_int_equal(system("test $(cat status) = 3"), 0);
	assert_int_equal(system("grep -q WARNING disk/latest/console.log"), 0);
	assert_int_equal(system("test -s disk/latest/events.jsonl"), 0);
	assert_int_equal(system("! ls disk/*/lock disk/*/initramfs.cpio 2>/dev/null"), 0);
}

/* The emulator may be gone before we look. */
static void full_disk_and_gone(void **state)
{
	(void)state;
	setenv("FAKE_FILL", "1", 1);
	set_qemu(HELLO, WARN);
	on_small_disk("run; test $? = 3");
	assert_contains(out, "INVALID: the disk is full: there is no room left in ");
}

static void full_from_the_start(void **state)
{
	(void)state;
	on_small_disk("cat /dev/zero >tree/build/zero 2>/dev/null; run; test $? = 3");
	assert_contains(err, ": No space left on device");
	assert_int_not_equal(system("ls disk/latest 2>/dev/null"), 0);
}

static void read_only(void **state)
{
	(void)state;
	on_small_disk("mount -o remount,ro tree/build; run; test $? = 3");
	assert_string_equal(strstr(err, "septorture: cannot"),
			    strstr(err, "septorture: cannot make the directory "));
	assert_contains(err, "tree/build/runs: Read-only file system\n");
	/* With runs of before in it. */
	on_small_disk("run; mount -o remount,ro tree/build; run; test $? = 3");
	assert_contains(err, "septorture: cannot lock ");
	assert_contains(err, "tree/build/runs/.lock: Read-only file system\n");
}

/* No file may grow beyond the limit: the same for the report as a full disk. */
static void file_size_limit(void **state)
{
	(void)state;
	/* Less than the report makes of it. */
	set_qemu(HELLO END1, "WARNING: at f1\nWARNING: at f2\nWARNING: at f3\nWARNING: at f4\n"
			     "WARNING: at f5\nWARNING: at f6\nWARNING: at f7\nWARNING: at f8\n");
	assert_int_equal(system("bash -c 'ulimit -f 2; " TOOL
				" run p.ini 2>&1 </dev/null | cat >err; "
				"exit ${PIPESTATUS[0]}'") >>
			     8,
			 3);
	free(err);
	err = read_text("err");
	assert_contains(err, ": File too large; is the disk full?\n");
}

/* ---- who listens ---- */

static void closed_pipe(void **state)
{
	(void)state;
	assert_int_equal(
	    system("{ " TOOL " run p.ini; echo $? >draft; mv draft status; } 2>err | :"), 0);
	await("status");
	assert_int_equal(system("test $(cat status) = 0"), 0);
	assert_there(RUNS "/latest/report.json");
	assert_not_there(RUNS "/latest/initramfs.cpio");
}

static void closed_terminal(void **state)
{
	int terminal, status;
	char *dir, *text;
	pid_t pid;

	(void)state;
	hang();
	set_qemu(HELLO, WARN);
	pid = forkpty(&terminal, NULL, NULL, NULL);
	if (pid < 0) {
		print_message("no terminal can be had here\n");
		skip();
	}
	if (!pid) {
		execl(TOOL, TOOL, "run", "p.ini", NULL);
		_exit(98);
	}
	await("hang");
	dir = latest();
	close(terminal);
	status = wait_for(pid);
	assert_int_equal(status, 1);
	assert_gone(hung_pid());
	text = xasprintf("%s/report.txt", dir);
	free(out);
	out = read_text(text);
	assert_contains(out, "1 FINDING (it was stopped by signal 1 (Hangup))\n");
	assert_has(dir, "initramfs.cpio", false);
	free(text);
	free(dir);
}

/* ---- what is not installed ---- */

static void no_compiler(void **state)
{
	(void)state;
	setenv("KERNEL_CC", "no-such-cc", 1);
	want(run("run --mutant broken p.ini"), 3);
	unsetenv("KERNEL_CC");
	assert_contains(err, "septorture: the kernel 'race' could not be built: there is no "
			     "no-such-cc; fi-scripts/install.sh installs what is missing\n");
}

static void broken_emulator(void **state)
{
	(void)state;
	setenv("QEMU", "false", 1);
	want(run("run p.ini"), 3);
	setenv("QEMU", SRCDIR "/tests/fake-qemu", 1);
	assert_contains(err, "septorture: false --version does not work; fi-scripts/install.sh "
			     "installs it");
	assert_int_equal(count_runs(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(killed_run),
	    TEST(killed_probe),
	    TEST(stopped_probe),
	    TEST(two_at_once),
	    TEST(many_at_once),
	    TEST(begin_in_turns),
	    TEST(no_run),
	    TEST(full_disk),
	    TEST(full_disk_and_gone),
	    TEST(full_from_the_start),
	    TEST(read_only),
	    TEST(file_size_limit),
	    TEST(closed_pipe),
	    TEST(closed_terminal),
	    TEST(no_compiler),
	    TEST(broken_emulator),
	};

	return cmocka_run_group_tests_name("ends", tests, cli_set_up, cli_tear_down);
}
