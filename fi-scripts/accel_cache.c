// SPDX-License-Identifier: GPL-2.0-or-later
#include "accel_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "accel.h"
#include "command.h"
#include "xmem.h"

#define MAX_BYTES (1 << 20) /* of the file: what is longer was not written by us */
#define MAX_LINES 100 /* every kernel build has its own; the newest stay */

/* ---- the key ---- */

/* The rest of the first line of the file PATH that begins with PREFIX, or "". */
static char *line_of(const char *path, const char *prefix)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, *found = NULL;
	size_t size = 0, len = strlen(prefix);

	while (f && !found && getline(&line, &size, f) > 0)
		if (!strncmp(line, prefix, len))
			found = xstrdup(line + len);
	if (found)
		found[strcspn(found, "\n")] = '\0';
	free(line);
	if (f)
		fclose(f);
	return found ? found : xstrdup("");
}

static bool is_plain(char c)
{
	return c >= ' ' && c <= '~';
}

char *accel_plain(char *text)
{
	for (char *s = text; *s; s++)
		if (!is_plain(*s))
			*s = ' ';
	return text;
}

char *accel_key(const char *kernel, const char *qemu)
{
	char *id = line_of("/etc/machine-id", ""), *cpu = line_of("/proc/cpuinfo", "model name");
	struct stat st = {0};
	struct utsname host = {0};
	char *key;

	stat(kernel, &st);
	uname(&host);
	key = xasprintf("%s %lld %lld.%09ld|%s|%s|%s|%s", kernel, (long long)st.st_size,
			(long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, qemu, host.release, id,
			cpu + strspn(cpu, "\t :"));
	free(id);
	free(cpu);
	return accel_plain(key);
}

/* ---- the file ---- */

/* Its directory; NULL if there is no place for it. */
static char *cache_dir(void)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	/* The specification wants relative ones ignored. */
	if (cache && *cache == '/')
		return xasprintf("%s/septorture", cache);
	return home && *home == '/' ? xasprintf("%s/.cache/septorture", home) : NULL;
}

struct lines {
	char **v; /* without line ends; owned */
	size_t n;
};

static void free_lines(struct lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		free(lines->v[i]);
	free(lines->v);
}

static bool is_line_of(const char *line, const char *key)
{
	size_t len = strlen(key);

	return !strncmp(line, key, len) && line[len] == '\t';
}

/* Takes a line apart: false if it is damaged. */
static bool parse_line(const char *line, enum accel *accel, const char **why)
{
	const char *word = strchr(line, '\t');

	if (!word || word == line)
		return false;
	if (!strncmp(word, "\tkvm\t", 5))
		*accel = ACCEL_KVM;
	else if (!strncmp(word, "\ttcg\t", 5))
		*accel = ACCEL_TCG;
	else
		return false;
	*why = word + 5;
	for (const char *s = *why; *s; s++)
		if (!is_plain(*s))
			return false;
	return **why;
}

/* Cuts the line end off; false if LINE, of LEN bytes, is not a whole and sound line. */
static bool is_sound(char *line, size_t len)
{
	enum accel accel;
	const char *why;

	if (strlen(line) != len || !len || line[len - 1] != '\n')
		return false;
	line[len - 1] = '\0';
	return parse_line(line, &accel, &why);
}

/* All sound lines; a file that can't be read has none. */
static struct lines read_lines(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct lines lines = {0};
	char *line = NULL;
	struct stat st;
	size_t size = 0;
	ssize_t len;
	FILE *f;

	if (fd < 0)
		return lines;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > MAX_BYTES ||
	    !(f = fdopen(fd, "r"))) {
		close(fd);
		return lines;
	}
	while ((len = getline(&line, &size, f)) > 0) {
		if (!is_sound(line, (size_t)len))
			continue;
		lines.v = xgrow(lines.v, lines.n, sizeof(*lines.v));
		lines.v[lines.n++] = xstrdup(line);
	}
	free(line);
	fclose(f);
	return lines;
}

bool accel_recall(const char *key, enum accel *accel, char **why)
{
	char *dir = cache_dir(), *path = xasprintf("%s/accel", dir ? dir : "");
	struct lines lines = dir ? read_lines(path) : (struct lines){0};
	const char *text = NULL;

	for (size_t i = 0; i < lines.n; i++)
		if (is_line_of(lines.v[i], key))
			parse_line(lines.v[i], accel, &text);
	*why = xstrdup(text);
	free_lines(&lines);
	free(path);
	free(dir);
	return *why;
}

/* Makes DIR and what is above it. */
static int make_dirs(const char *dir)
{
	char *path = xstrdup(dir);
	int ret;

	for (char *s = strchr(path + 1, '/'); s; s = strchr(s + 1, '/')) {
		*s = '\0';
		mkdir(path, 0700);
		*s = '/';
	}
	ret = mkdir(path, 0700);
	free(path);
	return ret && errno != EEXIST ? -1 : 0;
}

/* Writes all lines but those of KEY, then NEW_LINE unless it is NULL. */
static bool write_lines(const char *path, const struct lines *lines, const char *key,
			const char *new_line)
{
	FILE *f = fopen(path, "we");
	size_t first = lines->n >= MAX_LINES ? lines->n - MAX_LINES + 1 : 0;
	bool bad;

	if (!f)
		return false;
	for (size_t i = first; i < lines->n; i++)
		if (!is_line_of(lines->v[i], key))
			fprintf(f, "%s\n", lines->v[i]);
	if (new_line)
		fprintf(f, "%s\n", new_line);
	bad = ferror(f);
	bad |= fclose(f) != 0;
	return !bad;
}

/* By way of a rename: two runs may do it at once, and one line may get lost then. */
static void update(const char *key, const char *new_line)
{
	char *dir = cache_dir(), *path, *draft;
	struct lines lines;

	if (!dir) {
		say("cannot remember whether KVM works: neither XDG_CACHE_HOME nor HOME is set");
		return;
	}
	path = xasprintf("%s/accel", dir);
	draft = xasprintf("%s.%d", path, (int)getpid());
	lines = read_lines(path);
	if (make_dirs(dir) || !write_lines(draft, &lines, key, new_line) || rename(draft, path)) {
		say("cannot remember whether KVM works: %s: %s", path, strerror(errno));
		unlink(draft);
	}
	free_lines(&lines);
	free(draft);
	free(path);
	free(dir);
}

void accel_remember(const char *key, enum accel accel, const char *why)
{
	char *reason = accel_plain(xstrdup(why));
	char *line = xasprintf("%s\t%s\t%s", key, accel_name(accel), reason);

	update(key, line);
	free(line);
	free(reason);
}

void accel_forget(const char *key)
{
	update(key, NULL);
}
