// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulator.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xmem.h"

#define WHAT_TO_DO "fi-scripts/install.sh installs it (qemu-system-x86), or set QEMU to another"

char *emulator_path(void)
{
	const char *name = getenv("QEMU");
	char *path;

	if (!name || !*name)
		return xstrdup("qemu-system-x86_64");
	path = strchr(name, '/') ? realpath(name, NULL) : NULL;
	return path ? path : xstrdup(name);
}

/* Starts PATH --version with its output in OUT; returns an errno. */
static int spawn(const char *path, int out, pid_t *pid)
{
	char *argv[] = {(char *)path, "--version", NULL};
	posix_spawn_file_actions_t files;
	int err;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	err = posix_spawnp(pid, path, &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	return err;
}

/* The first line that FD gives; the rest is read, so that the writer can end. */
static char *first_line(int fd)
{
	FILE *f = fdopen(fd, "r");
	char *line = NULL, rest[4096];
	size_t size = 0;

	if (f && getline(&line, &size, f) > 0)
		line[strcspn(line, "\r\n")] = '\0';
	else if (line)
		*line = '\0';
	while (f && fread(rest, 1, sizeof(rest), f) > 0)
		;
	if (f)
		fclose(f);
	return line;
}

/* What the emulator PATH says; NULL if it did not work. */
static char *ask(const char *path, char **error)
{
	int out[2], err, status = -1;
	char *line = NULL;
	pid_t pid;

	err = pipe2(out, O_CLOEXEC) ? errno : 0;
	if (!err) {
		err = spawn(path, out[1], &pid);
		close(out[1]);
		line = first_line(out[0]);
	}
	while (!err && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (err)
		*error = xasprintf("cannot start %s: %s; " WHAT_TO_DO, path, strerror(err));
	else if (status || !line || !*line)
		*error = xasprintf("%s --version does not work; " WHAT_TO_DO, path);
	else
		return line;
	free(line);
	return NULL;
}

char *emulator_version(char **error)
{
	char *path = emulator_path(), *version = ask(path, error);

	free(path);
	return version;
}
