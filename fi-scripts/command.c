// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"

#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "installed.h"
#include "units.h"

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("septorture: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

int say_error(char *error, int status)
{
	say("%s", error);
	free(error);
	return status;
}

uint64_t env_number(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);
	uint64_t given = otherwise;
	char *error = text ? unit_parse_range(UNIT_COUNT, text, 1, 1000000, &given) : NULL;

	if (error)
		say("%s is ignored: %s", variable, error);
	else
		otherwise = given;
	free(error);
	return otherwise;
}

uint64_t env_seconds_ms(const char *variable, uint64_t seconds)
{
	return env_number(variable, seconds) * 1000;
}

uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void failing_writes_kill(bool kill)
{
	signal(SIGPIPE, kill ? SIG_DFL : SIG_IGN);
	signal(SIGXFSZ, kill ? SIG_DFL : SIG_IGN);
}

const char *source_dir(void)
{
	static char *installed;
	static bool looked;
	const char *dir = getenv("SEPTORTURE_SRC");

	if (dir && *dir)
		return dir;
	if (!looked)
		installed = installed_home();
	looked = true;
	return installed ? installed : SRCDIR;
}

const char *shown_path(const char *path)
{
	char cwd[PATH_MAX];
	size_t n;

	if (!getcwd(cwd, sizeof(cwd)))
		return path;
	n = strlen(cwd);
	return !strncmp(path, cwd, n) && path[n] == '/' ? path + n + 1 : path;
}
