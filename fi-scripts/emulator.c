// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"
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

/* What the emulator PATH says; NULL if it did not work. */
static char *ask(const char *path, char **error)
{
	char *argv[] = {(char *)path, "--version", NULL}, *line;
	int status = -1;

	line = tool_output(argv, &status);
	if (!line) {
		*error = xasprintf("cannot start %s: %s; " WHAT_TO_DO, path, strerror(errno));
		return NULL;
	}
	line[strcspn(line, "\r\n")] = '\0';
	if (!status && *line)
		return line;
	*error = xasprintf("%s --version does not work; " WHAT_TO_DO, path);
	free(line);
	return NULL;
}

char *emulator_version(char **error)
{
	char *path = emulator_path(), *version = ask(path, error);

	free(path);
	return version;
}
