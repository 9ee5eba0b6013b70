// SPDX-License-Identifier: GPL-2.0-or-later
#include "httpd.h"

#include "helper.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "xmem.h"

struct request {
	char path[512];
	char if_range[64];
	long from;
};

static void read_request(FILE *in, struct request *r)
{
	char line[1024];

	while (fgets(line, sizeof(line), in) && strcmp(line, "\r\n")) {
		sscanf(line, "GET /%511[^ ]", r->path);
		sscanf(line, "Range: bytes=%ld-", &r->from);
		sscanf(line, "If-Range: %63[^\r]", r->if_range);
	}
}

static void note(const struct request *r)
{
	FILE *f = fopen("requests", "a");

	fprintf(f, "%s %ld\n", r->path, r->from);
	fclose(f);
}

static off_t limit(const char *path, off_t length)
{
	char *text = read_text("cut");
	long cut = atol(text);

	free(text);
	return strstr(path, ".deb") && cut && cut < length ? cut : length;
}

/* A line of status, and the end of the head if there is no body. */
static void head(int out, const char *status, const char *more)
{
	dprintf(out, "HTTP/1.1 %s\r\n%sConnection: close\r\n\r\n", status, more);
}

static void send_file(int out, int file, const struct request *r, off_t size, const char *date)
{
	off_t at = r->from, end = at + limit(r->path, size - at);
	char *more = xasprintf("Last-Modified: %s\r\nContent-Length: %ld\r\n"
			       "Content-Range: bytes %ld-%ld/%ld\r\n",
			       date, (long)(size - at), (long)at, (long)size - 1, (long)size);

	head(out, at ? "206 Part" : "200 OK", more);
	free(more);
	while (at < end && sendfile(out, file, &at, (size_t)(end - at)) > 0)
		;
}

static void answer(int out, struct request *r)
{
	int file = open(r->path, O_RDONLY | O_CLOEXEC);
	struct stat st = {0};
	char date[64], *more;

	if (file >= 0)
		fstat(file, &st);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime(&st.st_mtime));
	/* What the client has a part of is another file. */
	if (strcmp(r->if_range, date))
		r->from = 0;
	note(r);
	if (file < 0) {
		head(out, "404 None", "Content-Length: 0\r\n");
		return;
	}
	if (r->from && r->from >= st.st_size) {
		more = xasprintf("Content-Length: 0\r\nContent-Range: bytes */%ld\r\n",
				 (long)st.st_size);
		head(out, "416 Beyond", more);
		free(more);
	} else {
		send_file(out, file, r, st.st_size, date);
	}
	close(file);
}

static void serve(int client)
{
	struct request r = {0};
	FILE *in;
	char rest[512];

	if (!access("silent", F_OK))
		return; /* stays open */
	in = fdopen(client, "r");
	read_request(in, &r);
	answer(client, &r);
	shutdown(client, SHUT_WR);
	/* Closed with a request unread, the connection would be reset: the answer may get
	 * lost. */
	while (read(client, rest, sizeof(rest)) > 0)
		;
	fclose(in);
}

unsigned int httpd_start(pid_t *pid)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t parent = getpid();

	assert_int_equal(bind(s, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(s, 64), 0);
	assert_int_equal(getsockname(s, (struct sockaddr *)&address, &len), 0);
	*pid = fork();
	assert_true(*pid >= 0);
	if (!*pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		while (getppid() == parent)
			serve(accept(s, NULL, NULL));
		_exit(0);
	}
	close(s);
	return ntohs(address.sin_port);
}
