// SPDX-License-Identifier: GPL-2.0-or-later
/* Every kernel message becomes an event; the host looks for splats in them. */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int fd = -1;
static pthread_t thread;
static atomic_bool stopping;
static uint64_t *next_seq; /* shared with children that read on */
static atomic_bool saw_provoked_race;
static atomic_uint splats;
static atomic_uint marks; /* of kmsg_splats() that came by */

#define MARK	     "septorture: mark"
#define MARK_WAIT_US 2000000 /* for one of our own lines to come back */

bool kmsg_saw_provoked_race(void)
{
	return atomic_load(&saw_provoked_race);
}

/* Whether a line of the kernel's log begins a splat; one too many does no harm. */
static bool begins_splat(const char *text)
{
	static const char *const words[] = {
	    "WARNING:", "BUG:", "INFO:", "Oops", "kernel BUG at", "Kernel panic"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

/* What was made to fail shortly before. */
static void emit_injections(void)
{
	uint64_t injected;
	json_t *recent = inject_recent(&injected);

	event_emit("injections", "{s:I, s:o}", "injected", (json_int_t)injected, "recent", recent);
}

/* "T123" or "C1" out of a record's ",caller=T123"; "" if it does not say. */
static void find_caller(const char *record, char caller[16])
{
	const char *c = strstr(record, ",caller=");

	caller[0] = '\0';
	if (c)
		sscanf(c, ",caller=%15[A-Z0-9]", caller);
}

/* A record reads "priority,sequence,microseconds,flags[,...];text\n[ key=value\n...]". */
static void forward(char *record)
{
	unsigned long long seq, kus;
	char *text = strchr(record, ';');
	unsigned int pri;
	char caller[16];

	if (!text || sscanf(record, "%u,%llu,%llu", &pri, &seq, &kus) != 3)
		return;
	*text++ = '\0';
	find_caller(record, caller);
	text[strcspn(text, "\n")] = '\0';
	/* On a machine that ran before us, the first record is where we begin. */
	if (!*next_seq && getpid() != 1)
		*next_seq = seq;
	if (seq != *next_seq)
		event_emit("klog_lost", "{s:I}", "records", (json_int_t)(seq - *next_seq));
	*next_seq = seq + 1;
	if (strstr(text, "KCSAN") && strstr(text, "septorture_provoked_race"))
		atomic_store(&saw_provoked_race, true);
	event_emit("klog", "{s:I, s:i, s:I, s:s, s:s}", "seq", (json_int_t)seq, "pri",
		   (int)(pri & 7), "kus", (json_int_t)kus, "caller", caller, "text", text);
	if (strstr(text, MARK))
		atomic_fetch_add(&marks, 1);
	if (begins_splat(text)) {
		atomic_fetch_add(&splats, 1);
		emit_injections();
	}
}

/* Forwards what is there now. */
static void drain(void)
{
	char record[8192 + 1];

	for (;;) {
		ssize_t n = read(fd, record, sizeof(record) - 1);

		if (n < 0 && (errno == EINTR || errno == EPIPE))
			continue; /* EPIPE: overwritten; the next record's number tells */
		if (n <= 0)
			return;
		record[n] = '\0';
		forward(record);
	}
}

static void *run(void *arg)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	(void)arg;
	while (!atomic_load(&stopping)) {
		poll(&p, 1, 100);
		drain();
	}
	drain();
	return NULL;
}

unsigned int kmsg_splats_read(void)
{
	return atomic_load(&splats);
}

unsigned int kmsg_splats(void)
{
	unsigned int before = atomic_load(&marks);
	uint64_t start = now_us();

	/* What was logged before our line has been read when that line has. */
	if (!file_write("/dev/kmsg", "<7>" MARK "\n"))
		while (atomic_load(&marks) == before && now_us() - start < MARK_WAIT_US)
			sleep_us(200);
	return kmsg_splats_read();
}

static int open_log(void)
{
	next_seq = mmap(NULL, sizeof(*next_seq), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && next_seq != MAP_FAILED)
		return 0;
	event_fail("/dev/kmsg cannot be read: %s", strerror(errno));
	return -1;
}

int kmsg_start(void)
{
	if (fd < 0 && open_log())
		return -1;
	atomic_store(&stopping, false);
	if (pthread_create(&thread, NULL, run, NULL)) {
		event_fail("the thread that reads /dev/kmsg cannot be started");
		return -1;
	}
	return 0;
}

void kmsg_stop(void)
{
	atomic_store(&stopping, true);
	pthread_join(thread, NULL);
}
