// SPDX-License-Identifier: GPL-2.0-or-later
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xmem.h"

char *tool_path(const char *name)
{
	const char *path = getenv("PATH");
	char *file = NULL;

	if (strchr(name, '/'))
		return access(name, X_OK) ? NULL : xstrdup(name);
	while (!file && path && *path) {
		size_t len = strcspn(path, ":");

		file = len ? xasprintf("%.*s/%s", (int)len, path, name) : NULL;
		if (file && access(file, X_OK)) {
			free(file);
			file = NULL;
		}
		path += len + (path[len] == ':');
	}
	return file;
}

/* Starts ARGV with its output in OUT; returns an errno. */
static int spawn(char *const argv[], int out, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	int err;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	err = posix_spawnp(pid, argv[0], &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	return err;
}

/* All that FD gives; closes it. */
static char *read_all(int fd)
{
	FILE *f = fdopen(fd, "r");
	char *text = NULL;
	size_t size = 0;

	/* No program that we ask writes a NUL. */
	if (f && getdelim(&text, &size, '\0', f) <= 0 && text)
		*text = '\0';
	if (f)
		fclose(f);
	else
		close(fd);
	return text ? text : xstrdup("");
}

char *tool_output(char *const argv[], int *status)
{
	char *text;
	pid_t pid;
	int out[2], err;

	if (pipe2(out, O_CLOEXEC))
		return NULL;
	err = spawn(argv, out[1], &pid);
	close(out[1]);
	text = read_all(out[0]);
	while (!err && waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	if (!err)
		return text;
	free(text);
	errno = err;
	return NULL;
}
