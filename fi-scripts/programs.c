// SPDX-License-Identifier: GPL-2.0-or-later
#include "programs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"
#include "xmem.h"

#define WHAT_TO_DO "fi-scripts/install.sh installs it (package %s), or set %s to another"

/*
 * A line of ldd: "\tNAME => PATH (0xADDRESS)", for the loader itself only "\tPATH
 * (0xADDRESS)", for the vDSO no path. The VM's loader looks where the host's did.
 */
static int add_library(struct initramfs_files *files, const char *program, char *line, char **error)
{
	char *arrow = strstr(line, " => ");
	char *path = arrow ? arrow + 4 : line + strspn(line, " \t");

	if (arrow && !strncmp(path, "not found", 9)) {
		*arrow = '\0';
		*error = xasprintf("%s cannot run: its library %s is not found; install its "
				   "package again",
				   program, line + strspn(line, " \t"));
		return -1;
	}
	path[strcspn(path, " \r\n")] = '\0';
	if (*path == '/')
		initramfs_files_add(files, xstrdup(path), xstrdup(path));
	return 0;
}

/* ldd fails, and prints nothing, for a program that is linked statically: it needs none. */
static int add_libraries(struct initramfs_files *files, const char *program, char **error)
{
	char *argv[] = {"ldd", (char *)program, NULL};
	int status, ret = 0;
	char *text = tool_output(argv, &status), *rest = text, *line;

	if (!text) {
		*error = xasprintf("cannot start ldd, which says which libraries %s needs: %s; "
				   "it is part of the package libc-bin",
				   program, strerror(errno));
		return -1;
	}
	while (!ret && (line = strsep(&rest, "\n")))
		ret = add_library(files, program, line, error);
	free(text);
	return ret;
}

static int add_program(struct initramfs_files *files, const struct stressor *s, char **error)
{
	const char *other = getenv(s->program_variable);
	char *path = tool_path(other && *other ? other : s->program);
	int ret;

	if (!path) {
		*error = xasprintf("[stressor %s] needs %s, which is not there; " WHAT_TO_DO,
				   s->name, other && *other ? other : s->program, s->program,
				   s->program_variable);
		return -1;
	}
	ret = add_libraries(files, path, error);
	initramfs_files_add(files, xasprintf("/usr/bin/%s", s->program), path);
	return ret;
}

int programs_add(struct initramfs_files *files, const struct plan *plan, char **error)
{
	for (size_t i = 0; i < plan->nstressors; i++) {
		const struct stressor *s = plan->stressors[i].stressor;

		if (s->program && add_program(files, s, error))
			return -1;
	}
	return 0;
}
