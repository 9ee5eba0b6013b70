// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIN_READ 4096

/* Appends what FD gives to *DATA, of which LEN bytes are used; the new length, or -1. */
static ssize_t read_rest(int fd, char **data, size_t len)
{
	size_t size = 0;

	for (;;) {
		ssize_t n;

		/* A file of records ends early if there is no room for one. */
		if (size - len < MIN_READ) {
			char *bigger = realloc(*data, (size = len + 65536 + len / 2) + 1);

			if (!bigger)
				return -1;
			*data = bigger;
		}
		n = read(fd, *data + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -1 : (ssize_t)len;
		len += (size_t)n;
	}
}

char *file_read_bytes(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *data = NULL;
	ssize_t n;

	if (fd < 0)
		return NULL;
	n = read_rest(fd, &data, 0);
	close(fd);
	if (n < 0) {
		free(data);
		return NULL;
	}
	data[n] = '\0';
	*len = (size_t)n;
	return data;
}

char *file_read(const char *path)
{
	size_t len;

	return file_read_bytes(path, &len);
}

int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int err = 0;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	if (n < 0)
		err = -errno;
	else if ((size_t)n != strlen(text))
		err = -EIO;
	close(fd);
	return err;
}
