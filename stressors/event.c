// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int fd = -1;
static struct event_note *muted; /* only this is left of what is said */

struct state {
	uint64_t written;
	atomic_bool failed;
	atomic_uint findings;
};
static struct state own;
static struct state *state = &own;

uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

void sleep_us(uint64_t us)
{
	struct timespec ts = {(time_t)(us / 1000000), (long)(us % 1000000 * 1000)};

	nanosleep(&ts, NULL);
}

int event_open(const char *path)
{
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0644);
	return fd < 0 ? -errno : 0;
}

static void write_all(const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return; /* the host sees the gap: `end` counts the events */
		p += done;
		n -= (size_t)done;
	}
}

int event_share(void)
{
	struct state *shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return -errno;
	*shared = *state;
	state = shared;
	return 0;
}

uint64_t event_written(void)
{
	return state->written;
}

void event_begin_at(uint64_t written)
{
	state->written = written;
}

void event_mute(struct event_note *said)
{
	muted = said;
	/* Its parent's may be shared. */
	own = (struct state){0};
	state = &own;
}

/* Consumes EVENT. */
static void emit(const char *kind, json_t *event)
{
	json_t *line = json_pack("{s:s, s:I}", "e", kind, "us", (json_int_t)now_us());
	char *text;

	if (muted) {
		json_decref(line);
		json_decref(event);
		return;
	}
	json_object_update(line, event);
	json_decref(event);
	text = json_dumps(line, JSON_COMPACT);
	json_decref(line);
	if (!text)
		return;
	pthread_mutex_lock(&lock);
	write_all(text, strlen(text));
	write_all("\n", 1);
	state->written++;
	pthread_mutex_unlock(&lock);
	free(text);
}

void event_emit(const char *kind, const char *format, ...)
{
	json_error_t error;
	json_t *event;
	va_list ap;

	va_start(ap, format);
	event = json_vpack_ex(&error, 0, format, ap);
	va_end(ap);
	if (event)
		emit(kind, event);
	else
		event_fail("event '%s' could not be written: %s", kind, error.text);
}

void event_check(const char *oracle, unsigned int td, bool ok, json_t *facts)
{
	event_emit("check", "{s:s, s:i, s:b, s:o}", "oracle", oracle, "td", (int)td, "ok", ok,
		   "facts", facts ? facts : json_object());
}

void event_finding(const char *oracle, const char *kind, unsigned int td, const char *title,
		   json_t *facts)
{
	uint64_t injected;
	json_t *recent;

	if (!atomic_fetch_add(&state->findings, 1) && muted) {
		snprintf(muted->title, sizeof(muted->title), "%s", title);
		snprintf(muted->kind, sizeof(muted->kind), "%s", kind);
		/* Last: the child may be killed meanwhile. */
		snprintf(muted->oracle, sizeof(muted->oracle), "%s", oracle);
	}
	recent = inject_recent(&injected);
	event_emit("finding", "{s:s, s:s, s:i, s:s, s:o, s:I, s:o}", "oracle", oracle, "kind", kind,
		   "td", (int)td, "title", title, "facts", facts ? facts : json_object(),
		   "injected", (json_int_t)injected, "recent", recent);
}

static void fail(bool plan, const char *format, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof(text), format, ap);
	atomic_store(&state->failed, true);
	fprintf(stderr, "septorture: %s\n", text);
	emit("fail", json_pack("{s:s, s:b}", "text", text, "plan", plan));
}

void event_fail(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fail(false, format, ap);
	va_end(ap);
}

void event_fail_plan(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fail(true, format, ap);
	va_end(ap);
}

bool event_failed(void)
{
	return atomic_load(&state->failed);
}

unsigned int event_findings(void)
{
	return atomic_load(&state->findings);
}

void event_end(bool more)
{
	event_emit("end", "{s:s, s:I, s:b}", "status", event_failed() ? "failed" : "done", "events",
		   (json_int_t)state->written, "more", more);
	fsync(fd);
}
