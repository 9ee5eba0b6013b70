// SPDX-License-Identifier: GPL-2.0-or-later
#include "soak_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "xmem.h"

/* Takes all whole lines; where they end. -1 with *error set if one of them is none of ours. */
static off_t read_lines(const struct soak_log *log, struct soak *s, char **error)
{
	FILE *f = fopen(log->path, "re");
	char *line = NULL;
	size_t size = 0, number = 0;
	off_t end = 0;
	ssize_t len;

	while (f && (len = getline(&line, &size, f)) > 0 && line[len - 1] == '\n') {
		json_t *o = json_loads(line, 0, NULL);
		bool good = soak_take(s, o);

		number++;
		json_decref(o);
		if (!good) {
			*error = xasprintf("%s:%zu: is no line of a soak's journal, or one of "
					   "another septorture",
					   log->path, number);
			end = -1;
			break;
		}
		end += len;
	}
	if (f)
		fclose(f);
	free(line);
	return end;
}

static int open_locked(struct soak_log *log, char **error)
{
	log->fd = open(log->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (log->fd < 0)
		*error = xasprintf("cannot open %s: %s", log->path, strerror(errno));
	else if (flock(log->fd, LOCK_EX | LOCK_NB))
		*error = xasprintf("another soak is at work in %.*s: end it, or wait for it",
				   (int)(strrchr(log->path, '/') - log->path), log->path);
	else
		return 0;
	return -1;
}

int soak_log_open(struct soak_log *log, const char *dir, struct soak *s, char **error)
{
	off_t end;

	*log = (struct soak_log){.path = xasprintf("%s/soak.jsonl", dir), .fd = -1};
	if (open_locked(log, error))
		return -1;
	end = read_lines(log, s, error);
	if (end < 0)
		return -1;
	if (!ftruncate(log->fd, end))
		return 0;
	*error = xasprintf("cannot cut off the half line at the end of %s: %s", log->path,
			   strerror(errno));
	return -1;
}

/* All of it, or nothing that would be taken for a line. */
static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return fdatasync(fd);
}

int soak_log_add(struct soak_log *log, struct soak *s, json_t *line, char **error)
{
	char *json = json_dumps(line, JSON_COMPACT), *text = xasprintf("%s\n", json);
	int bad = write_all(log->fd, text, strlen(text));

	/* A half line is cut off when the journal is read. */
	if (bad)
		*error = xasprintf("cannot write %s: %s", log->path, strerror(errno));
	else
		soak_take(s, line);
	free(json);
	free(text);
	json_decref(line);
	return bad;
}

void soak_log_close(struct soak_log *log)
{
	if (log->fd >= 0)
		close(log->fd);
	free(log->path);
	*log = (struct soak_log){.fd = -1};
}
