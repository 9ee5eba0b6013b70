// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "xmem.h"

char *out, *err;

void set_qemu(const char *events, const char *console)
{
	write_text("events", events);
	write_text("console", console);
}

int run(const char *args)
{
	char *command = xasprintf("%s %s >out 2>err </dev/null", TOOL, args);
	int status = system(command);

	free(command);
	free(out);
	free(err);
	out = read_text("out");
	err = read_text("err");
	if (!WIFEXITED(status))
		fail_msg("'%s' was killed:\n%s%s", args, out, err);
	return WEXITSTATUS(status);
}

void want(int status, int expected)
{
	if (status != expected)
		fail_msg("exit status %d, not %d; it printed:\n%s%s", status, expected, out, err);
}

static void make_tree(void)
{
	static const char build[] = "#!/bin/sh\n"
				    "echo \"building $*\" >&2\n"
				    "[ \"$1\" != nosuch ] || exit 2\n"
				    "[ \"$2\" != nosuch ] || { echo no such mutant >&2; exit 2; }\n"
				    "[ \"$2\" != broken ] || exit 3\n"
				    "[ \"$2\" != chatty ] || echo kernel/bzImage\n"
				    "[ \"$2\" != silent ] || exit 0\n"
				    "echo kernel/bzImage\n";

	assert_int_equal(system("mkdir -p tree/kernel/mutants tree/configs/plans tree/build"), 0);
	write_text("tree/configs/known-findings.txt",
		   "# none but\nwarn: known_one  # for a reason\n");
	write_text("tree/kernel/build.sh", build);
	assert_int_equal(chmod("tree/kernel/build.sh", 0755), 0);
	write_text("tree/kernel/bzImage", "kernel");
	write_text("tree/kernel/functions.txt", "foo a/b.o\nbar c/d.o\nwrong a/own/e.o\n");
	write_text("tree/configs/scope.txt", "test a\nown a/own\n");
	write_text("tree/build/agent", "agent");
	write_text("tree/kernel/mutants/early-stats.mutant",
		   "# family: too-early\n# expect: stats klog\n# trigger: any failure\n"
		   "# source: a mail\nFILE x\n# trigger: late\n");
	write_text("tree/kernel/mutants/nameless.mutant", "# trigger: no\xff"
							  "e\nFILE x\n# family: late\n");
	write_text("tree/configs/plans/quick.ini", "# SPDX-License-Identifier: x\n"
						   "# A short look.\n[stressor calm]\n");
	write_text("tree/configs/plans/README", "no plan");
	write_text("p.ini", "[plan]\nseed = 7\nduration = 1 s\n[stressor calm]\n");
}

/* Lets VARIABLE name FILE in the scratch directory, from wherever it is looked at. */
static void set_path(const char *variable, const char *file)
{
	char *path = scratch_path(file);

	setenv(variable, path, 1);
	free(path);
}

int cli_set_up(void **state)
{
	if (enter_scratch(state))
		return -1;
	make_tree();
	setenv("SEPTORTURE_SRC", "tree", 1);
	setenv("QEMU", SRCDIR "/tests/fake-qemu", 1);
	set_path("FAKE_EVENTS", "events");
	set_path("FAKE_CONSOLE", "console");
	set_path("FAKE_ARGS", "args");
	set_path("FAKE_PROBES", "probes");
	set_path("SEPTORTURE_KVM", "kvm");
	set_path("XDG_CACHE_HOME", "cache");
	return 0;
}

int cli_tear_down(void **state)
{
	free(out);
	free(err);
	return leave_scratch(state);
}

int cli_reset(void **state)
{
	static const char *const unset[] = {
	    "FAKE_HANG",
	    "FAKE_EXIT",
	    "FAKE_DELAY",
	    "FAKE_FILL",
	    "FAKE_PROBE",
	    "FAKE_VERSION",
	    "SEPTORTURE_BOOT_TIMEOUT",
	    "SEPTORTURE_SILENCE_TIMEOUT",
	    "SEPTORTURE_EXTRA_TIMEOUT",
	    "SEPTORTURE_PROBE_TIMEOUT",
	};

	(void)state;
	set_qemu(HELLO END1, "booting\n");
	for (size_t i = 0; i < sizeof(unset) / sizeof(unset[0]); i++)
		unsetenv(unset[i]);
	return system("rm -rf tree/build/runs tree/build/mutants hang kvm cache probes args");
}

int lines_with(const char *file, const char *word)
{
	char *command = xasprintf("grep -c '%s' %s >count 2>/dev/null || true", word, file), *text;
	int n;

	assert_int_equal(system(command), 0);
	text = read_text("count");
	n = atoi(text);
	free(text);
	free(command);
	return n;
}

/* ---- processes ---- */

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* A zombie is as good as gone: this container's init may not reap. */
static bool is_gone(pid_t pid)
{
	char *path = xasprintf("/proc/%d/stat", (int)pid), *stat = read_text(path);
	const char *state = strrchr(stat, ')');
	bool gone = !*stat || (state && state[2] == 'Z');

	free(path);
	free(stat);
	return gone;
}

/* A signal is not instant for the one who is not its parent. */
void assert_gone(pid_t pid)
{
	for (double start = now(); !is_gone(pid) && now() - start < 5;)
		usleep(20000);
	assert_true(is_gone(pid));
}

void hang(void)
{
	set_path("FAKE_HANG", "hang");
}

pid_t hung_pid(void)
{
	char *text = read_text("hang");
	pid_t pid = atoi(text);

	free(text);
	return pid;
}

pid_t spawn_args(const char *args)
{
	char *command = xasprintf("exec " TOOL " %s >out 2>err </dev/null", args);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(98);
	}
	free(command);
	return pid;
}

pid_t spawn(void)
{
	return spawn_args("run p.ini");
}

pid_t start_hanging(void)
{
	pid_t pid;

	hang();
	set_qemu(HELLO, WARN);
	pid = spawn();
	await_hang();
	return pid;
}

void await(const char *path)
{
	for (double start = now(); access(path, F_OK) && now() - start < 10;)
		usleep(20000);
	if (access(path, F_OK))
		fail_msg("there is no %s", path);
}

void await_hang(void)
{
	for (double start = now(); !hung_pid() && now() - start < 10;)
		usleep(20000);
	assert_true(hung_pid() > 0);
}

int wait_for(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

char *scratch_path(const char *file)
{
	char *cwd = getcwd(NULL, 0), *path = xasprintf("%s/%s", cwd, file);

	free(cwd);
	return path;
}

/* The emulator itself, the fake's shell: the parent of the pid that it wrote down. */
pid_t parent_of(pid_t pid)
{
	char *path = xasprintf("/proc/%d/stat", (int)pid), *stat = read_text(path);
	const char *rest = strrchr(stat, ')');
	int parent = 0;

	assert_non_null(rest);
	assert_int_equal(sscanf(rest, ") %*c %d", &parent), 1);
	free(path);
	free(stat);
	return parent;
}

int soak_until(const char *file, const char *word, const char *args)
{
	char *all = xasprintf("soak --accel tcg --for 1h %s", args);
	pid_t pid;
	int status;

	/* That of another one says nothing about this. */
	unlink("tree/build/soak/latest");
	pid = spawn_args(all);
	for (int i = 0; i < 600 && !lines_with(file, word); i++)
		usleep(100000);
	kill(pid, SIGTERM);
	status = wait_for(pid);
	free(all);
	free(out);
	free(err);
	out = read_text("out");
	err = read_text("err");
	return status;
}
