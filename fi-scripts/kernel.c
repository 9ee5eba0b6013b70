// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "xmem.h"

static pid_t start_build(const char *src, const char *config, const char *mutant, int out)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	failing_writes_kill(true);
	if (getppid() == parent && !chdir(src) && dup2(out, STDOUT_FILENO) >= 0)
		execl("kernel/build.sh", "kernel/build.sh", config, mutant, NULL);
	fprintf(stderr, "septorture: cannot run %s/kernel/build.sh: %s\n", src, strerror(errno));
	_exit(127);
}

/* All that FD gives, up to a length that no path has. */
static char *read_all(int fd)
{
	size_t len = 0, size = 8192;
	char *text = xcalloc(1, size + 1);
	ssize_t n;

	while (len < size &&
	       ((n = read(fd, text + len, size - len)) > 0 || (n < 0 && errno == EINTR)))
		len += n > 0 ? (size_t)n : 0;
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
	const char *path = getenv("PATH");
	bool found = strchr(name, '/') && !access(name, X_OK);

	while (!found && path && *path) {
		size_t len = strcspn(path, ":");
		char *file = xasprintf("%.*s/%s", (int)len, path, name);

		found = len && !access(file, X_OK);
		free(file);
		path += len + (path[len] == ':');
	}
	return found;
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

int kernel_build(const char *src, const char *config, const char *mutant, char **image)
{
	int out[2], status = -1;
	char *text;
	pid_t pid;
	char *file = NULL;

	/* The build runs elsewhere. */
	if (mutant && strchr(mutant, '/')) {
		file = realpath(mutant, NULL);
		if (!file) {
			say("cannot find the mutant file %s: %s", mutant, strerror(errno));
			return EXIT_USAGE;
		}
	}
	if (pipe2(out, O_CLOEXEC)) {
		say("cannot make a pipe: %s", strerror(errno));
		free(file);
		return EXIT_INFRA;
	}
	pid = start_build(src, config, file ? file : mutant, out[1]);
	free(file);
	close(out[1]);
	text = read_all(out[0]);
	close(out[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*image = status ? NULL : image_path(src, text);
	free(text);
	if (*image)
		return EXIT_CLEAN;
	if (!status)
		say("kernel/build.sh did not print the path of a bzImage; run it by hand");
	else
		say_why_not_built(config);
	return WIFEXITED(status) && WEXITSTATUS(status) == 2 ? EXIT_USAGE : EXIT_INFRA;
}
