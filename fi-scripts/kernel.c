// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "signals.h"
#include "tool.h"
#include "xmem.h"

#define IMAGE "/arch/x86/boot/bzImage" /* below the build directory */

static pid_t start_build(const char *src, const char *config, const char *mutant, int out,
			 const sigset_t *mask)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	failing_writes_kill(true);
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (getppid() == parent && !chdir(src) && dup2(out, STDOUT_FILENO) >= 0)
		execl("kernel/build.sh", "kernel/build.sh", config, mutant, NULL);
	fprintf(stderr, "septorture: cannot run %s/kernel/build.sh: %s\n", src, strerror(errno));
	_exit(127);
}

/* Until FD has something to read; PID is ended if we are to stop. */
static void await_output(int fd, pid_t pid, const sigset_t *mask)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	bool told = false;

	do {
		if (signals_stop() && !told) {
			kill(pid, SIGTERM);
			told = true;
		}
	} while (ppoll(&p, 1, NULL, mask) < 0 && errno == EINTR);
}

/* All that FD, PID's output, gives, up to a length that no path has. */
static char *read_all(int fd, pid_t pid, const sigset_t *mask)
{
	size_t len = 0, size = 8192;
	char *text = xcalloc(1, size + 1);
	ssize_t n;

	do {
		await_output(fd, pid, mask);
		n = read(fd, text + len, size - len);
		len += n > 0 ? (size_t)n : 0;
	} while (len < size && (n > 0 || (n < 0 && errno == EINTR)));
	return text;
}

/* The one line that was printed, as a path that holds from any directory. */
static char *image_path(const char *src, char *text)
{
	char *end = strchr(text, '\n');
	char *path, *real;

	if (!*text || (end && end[1]))
		return NULL;
	if (end)
		*end = '\0';
	path = *text == '/' ? xstrdup(text) : xasprintf("%s/%s", src, text);
	real = realpath(path, NULL);
	free(path);
	return real;
}

static bool is_in_path(const char *name)
{
	char *path = tool_path(name);

	free(path);
	return path;
}

/* What a kernel is built with, most missed first. */
static const char *missing_tool(void)
{
	static const char *const tools[] = {"make", "flex", "bison", "bc", "patch", "xz"};
	const char *cc = getenv("KERNEL_CC");

	if (!cc || !*cc)
		cc = "gcc";
	if (!is_in_path(cc))
		return cc;
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		if (!is_in_path(tools[i]))
			return tools[i];
	return NULL;
}

static void say_why_not_built(const char *config)
{
	const char *tool = missing_tool();

	if (tool)
		say("the kernel '%s' could not be built: there is no %s; fi-scripts/install.sh "
		    "installs what is missing",
		    config, tool);
	else
		say("the kernel '%s' could not be built, see above", config);
}

/* kernel/build.sh says what its statuses mean. */
static enum build judge(int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
		return BUILD_REFUSED;
	return WIFEXITED(status) && WEXITSTATUS(status) == 3 ? BUILD_BROKEN : BUILD_FAILED;
}

/* Signals that end us wait, but while there is nothing to read: then none is missed. */
static char *run_build(const char *src, const char *config, const char *mutant, int *status)
{
	sigset_t ending, mask;
	char *text = NULL;
	int out[2];
	pid_t pid;

	if (pipe2(out, O_CLOEXEC)) {
		say("cannot make a pipe: %s", strerror(errno));
		return NULL;
	}
	signals_ending(&ending);
	sigprocmask(SIG_BLOCK, &ending, &mask);
	pid = start_build(src, config, mutant, out[1], &mask);
	close(out[1]);
	if (pid > 0)
		text = read_all(out[0], pid, &mask);
	else
		say("cannot start kernel/build.sh: %s", strerror(errno));
	close(out[0]);
	while (pid > 0 && waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return text;
}

static enum build build(const char *src, const char *config, const char *mutant, char **image)
{
	int status = -1;
	char *text = run_build(src, config, mutant, &status);

	if (text && !status)
		*image = image_path(src, text);
	if (text && !status && !*image)
		say("kernel/build.sh did not print the path of a bzImage; run it by hand");
	else if (text && status && !signals_stop())
		say_why_not_built(config);
	free(text);
	return *image ? BUILD_DONE : judge(status);
}

enum build kernel_build(const char *src, const char *config, const char *mutant, char **image)
{
	char *file = NULL;
	enum build result;

	*image = NULL;
	/* The build runs elsewhere. */
	if (mutant && strchr(mutant, '/')) {
		file = realpath(mutant, NULL);
		if (!file) {
			say("cannot find the mutant file %s: %s", mutant, strerror(errno));
			return BUILD_REFUSED;
		}
	}
	result = build(src, config, file ? file : mutant, image);
	free(file);
	return result;
}

int build_status(enum build build)
{
	if (build == BUILD_DONE)
		return EXIT_CLEAN;
	return build == BUILD_REFUSED ? EXIT_USAGE : EXIT_INFRA;
}

/* ---- what was built ---- */

char *kernel_out(const char *image)
{
	char *path = realpath(image, NULL);
	size_t len = path ? strlen(path) : 0, tail = strlen(IMAGE);

	if (len > tail && !strcmp(path + len - tail, IMAGE)) {
		path[len - tail] = '\0';
		return path;
	}
	free(path);
	return NULL;
}

char *kernel_id(const char *image)
{
	char *out = kernel_out(image), *path = xasprintf("%s/.septorture-built", out ? out : "");
	FILE *f = fopen(path, "r");
	char tree[9], config[9], *id = NULL;

	/* What kernel/build.sh knows a build by: two hashes, of the tree and of the rest. */
	if (f && fscanf(f, "%8[0-9a-f]%*[0-9a-f] %8[0-9a-f]", tree, config) == 2)
		id = xasprintf("%s-%s", tree, config);
	if (f)
		fclose(f);
	free(path);
	free(out);
	return id;
}
