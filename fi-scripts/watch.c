// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "signals.h"
#include "xmem.h"

#define POLL_MS	    200
#define MAX_PARTIAL (1u << 20) /* of a line without an end: no event is that long */
#define POWEROFF_MS 10000 /* between the agent's `end` and QEMU's */
#define MIN_ROOM    (1u << 20) /* bytes of disk: the report needs some */

struct watch {
	pid_t pid;
	uint64_t start, last_byte, ended; /* ms of the monotonic clock; 0: not yet */
	uint64_t begun; /* the VM, or this round: ms of that clock */
	uint64_t boot_ms, silence_ms, overall_ms, poweroff_ms; /* deadlines */
	const char *dir;
	char *path; /* of events.jsonl */
	int fd; /* -1 while it does not exist */
	char *partial; /* the line that is being written */
	size_t partial_len;
	off_t line, after; /* where the line at hand begins, and the next one */
	struct vm_round round; /* the one under way */
	const sigset_t *signals;
	bool show; /* a terminal is looking */
	json_int_t first_case; /* of an enumeration, in this boot; 0: none yet */
	uint64_t first_case_ms;
	bool stop; /* the VM is not to go on with another round */
	const struct vm_rounds *rounds;
	int tell; /* QEMU's monitor; -1: there is none */
	struct vm_result *result;
};

/* ---- the events, as they come ---- */

static void show_progress(const struct watch *w, const json_t *event)
{
	json_int_t faults = json_integer_value(json_object_get(event, "faults"));
	json_int_t ms = json_integer_value(json_object_get(event, "running_ms"));

	fprintf(stderr, "\r%4" PRIu64 " s  %lld faults (%.0f per second), %lld injected\033[K",
		(now_ms() - w->start) / 1000, (long long)faults,
		ms > 0 ? (double)faults * 1000 / (double)ms : 0.0,
		(long long)json_integer_value(json_object_get(event, "injected")));
}

/* The cases of one boot take about the same time each. */
static void show_case(struct watch *w, const json_t *event)
{
	json_int_t n = json_integer_value(json_object_get(event, "n"));
	json_int_t total = json_integer_value(json_object_get(event, "total"));
	uint64_t now = now_ms(), left = 0;

	if (!w->first_case) {
		w->first_case = n;
		w->first_case_ms = now;
	}
	if (n > w->first_case && total >= n)
		left = (now - w->first_case_ms) * (uint64_t)(total - n + 1) /
		       (uint64_t)(n - w->first_case);
	fprintf(stderr, "\rcase %lld of %lld, %" PRIu64 " s left: %s\033[K", (long long)n,
		(long long)total, left / 1000, json_string_value(json_object_get(event, "site")));
}

static void on_round(struct watch *w, const json_t *event)
{
	if (!w->round.number)
		w->round.head = w->round.from = w->line;
	w->round.number = (uint64_t)json_integer_value(json_object_get(event, "n"));
}

/* The most of it that was resident, in KiB; 0: it is gone. */
static uint64_t resident_kib(pid_t pid)
{
	char *path = xasprintf("/proc/%d/status", (int)pid), *line = NULL;
	FILE *f = fopen(path, "re");
	uint64_t kib = 0;
	size_t size = 0;

	while (f && !kib && getline(&line, &size, f) > 0)
		sscanf(line, "VmHWM: %" SCNu64, &kib);
	if (f)
		fclose(f);
	free(line);
	free(path);
	return kib;
}

/* What is made of it takes its time, in which a signal may come. */
static bool round_over(struct watch *w, const struct vm_result *result)
{
	bool go_on;

	if (!w->rounds->over)
		return false;
	sigprocmask(SIG_UNBLOCK, w->signals, NULL);
	go_on = w->rounds->over(w->rounds->arg, &w->round, result);
	sigprocmask(SIG_BLOCK, w->signals, NULL);
	return go_on;
}

static void on_end(struct watch *w, const json_t *event)
{
	uint64_t now = now_ms();

	if (w->ended)
		return;
	w->ended = now;
	if (!w->rounds)
		return;
	w->round.more = json_is_true(json_object_get(event, "more"));
	w->round.end = w->after;
	w->stop = !round_over(w, &(struct vm_result){
				     .reported = true,
				     .ended = true,
				     .wall_ms = now - w->begun,
				     .rss_kib = resident_kib(w->pid),
				 });
	if (w->stop || !w->round.more)
		return;
	/* What comes now is the next one's, also before it says so. */
	w->round.number++;
	w->round.from = w->after;
	w->begun = now;
	w->ended = 0;
	/* A long report is no silence of the VM's. */
	w->last_byte = now_ms();
}

/* One after another; what becomes of it is for those to say who restore it. */
static void save_vm(const struct watch *w)
{
	dprintf(w->tell,
		"migrate_set_parameter max-bandwidth 100G\nmigrate \"exec:cat >'%s'\"\n"
		"info migrate\nquit\n",
		w->rounds->save);
}

static void on_line(struct watch *w, const char *line)
{
	json_t *event;
	const char *name;

	/* Most lines are kernel log. */
	if (!strstr(line, "\"progress\"") && !strstr(line, "\"end\"") &&
	    !strstr(line, "\"round\"") && !strstr(line, "\"ready\"") &&
	    !strstr(line, "\"case_begin\""))
		return;
	event = json_loads(line, 0, NULL);
	name = json_string_value(json_object_get(event, "e"));
	if (name && !strcmp(name, "end"))
		on_end(w, event);
	if (name && !strcmp(name, "round") && w->rounds && !w->stop)
		on_round(w, event);
	if (name && !strcmp(name, "ready") && w->tell >= 0)
		save_vm(w);
	if (name && !strcmp(name, "progress") && w->show)
		show_progress(w, event);
	if (name && !strcmp(name, "case_begin") && w->show)
		show_case(w, event);
	json_decref(event);
}

static void on_bytes(struct watch *w, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		w->after++;
		if (bytes[i] == '\n') {
			w->partial[w->partial_len] = '\0';
			on_line(w, w->partial);
			w->partial_len = 0;
			w->line = w->after;
		} else if (w->partial_len < MAX_PARTIAL - 1) {
			w->partial[w->partial_len++] = bytes[i];
		}
	}
}

static void read_events(struct watch *w)
{
	char buf[65536];
	ssize_t len;

	if (w->fd < 0)
		w->fd = open(w->path, O_RDONLY | O_CLOEXEC);
	while (w->fd >= 0 && (len = read(w->fd, buf, sizeof(buf))) > 0) {
		w->last_byte = now_ms();
		on_bytes(w, buf, (size_t)len);
	}
}

/* ---- the end ---- */

/* Says why the VM has to go now, or NULL. */
static char *past_deadline(const struct watch *w, uint64_t now)
{
	if (w->ended)
		return NULL;
	if (!w->last_byte && now - w->start > w->boot_ms)
		return xasprintf("the VM did not report within %" PRIu64 " s of its start",
				 w->boot_ms / 1000);
	if (w->last_byte && now - w->last_byte > w->silence_ms)
		return xasprintf("the VM fell silent for %" PRIu64 " s", w->silence_ms / 1000);
	if (now - w->begun > w->overall_ms)
		return xasprintf("the VM did not end within %" PRIu64 " s of %s",
				 w->overall_ms / 1000,
				 w->round.number ? "its last round's begin" : "its start");
	return NULL;
}

static void end_vm(struct watch *w, char *why)
{
	if (!w->result->why)
		w->result->why = why;
	else
		free(why);
	kill(-w->pid, SIGKILL);
}

/* Waits for a child's end, a wish to stop, or the next poll. */
static void pause_watching(struct watch *w, const sigset_t *signals)
{
	struct timespec poll = {.tv_nsec = POLL_MS * 1000000};
	int sig = sigtimedwait(signals, NULL, &poll);

	if (sig > 0 && sig != SIGCHLD)
		signals_note(sig);
	/* It may have come before we began to watch. */
	sig = signals_stop();
	if (!sig)
		return;
	w->result->interrupted = true;
	end_vm(w, w->ended ? NULL
			   : xasprintf("it was stopped by signal %d (%s)", sig, strsignal(sig)));
}

/* What is written to a full disk is lost without a word from QEMU. */
static bool disk_is_full(const struct watch *w)
{
	struct statvfs fs;
	uint64_t blocks;

	if (statvfs(w->dir, &fs) || !fs.f_blocks)
		return false;
	blocks = geteuid() ? fs.f_bavail : fs.f_bfree;
	return blocks * fs.f_frsize < MIN_ROOM;
}

/* Says that the disk is full, or returns NULL. */
static char *out_of_room(struct watch *w)
{
	if (w->ended || !disk_is_full(w))
		return NULL;
	w->result->no_room = true;
	return xasprintf("the disk is full: there is no room left in %s", shown_path(w->dir));
}

static void why_it_went(struct watch *w, int status)
{
	struct vm_result *r = w->result;

	if (w->ended || r->why)
		return;
	r->why = out_of_room(w);
	if (r->why)
		return;
	if (WIFSIGNALED(status))
		r->why = xasprintf("QEMU was killed by signal %d (%s) before the agent's 'end'",
				   WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		r->why = xasprintf("the VM went down before the agent's 'end' (QEMU's exit status "
				   "was %d)",
				   WEXITSTATUS(status));
}

/* Ends the VM if it may not go on. */
static void look(struct watch *w)
{
	uint64_t now = now_ms();
	char *why;

	if (w->result->why || w->stop || (w->ended && now - w->ended >= w->poweroff_ms)) {
		end_vm(w, NULL);
		return;
	}
	why = past_deadline(w, now);
	if (why)
		w->result->late = true;
	else
		why = out_of_room(w);
	if (why)
		end_vm(w, why);
}

static void watch_until_gone(struct watch *w, const sigset_t *signals)
{
	struct rusage used = {0};
	int status = 0;

	for (;;) {
		pid_t gone = wait4(w->pid, &status, WNOHANG, &used);

		/* After the wait: what it wrote last is then read, too. */
		read_events(w);
		if (gone == w->pid || (gone < 0 && errno == ECHILD))
			break;
		look(w);
		pause_watching(w, signals);
	}
	w->result->rss_kib = (uint64_t)used.ru_maxrss;
	why_it_went(w, status);
}

static void set_deadlines(struct watch *w, const struct vm_config *config)
{
	if (config->probe_ms) {
		w->boot_ms = w->silence_ms = w->overall_ms = config->probe_ms;
		return;
	}
	w->boot_ms = env_seconds_ms("SEPTORTURE_BOOT_TIMEOUT", 90);
	w->silence_ms = env_seconds_ms("SEPTORTURE_SILENCE_TIMEOUT", 60);
	w->overall_ms =
	    config->duration_us / 1000 + env_seconds_ms("SEPTORTURE_EXTRA_TIMEOUT", 180);
	w->poweroff_ms = POWEROFF_MS;
}

void watch_vm(pid_t pid, const struct vm_config *config, int tell, const sigset_t *signals,
	      struct vm_result *result)
{
	struct watch w = {
	    .pid = pid,
	    .start = now_ms(),
	    .begun = now_ms(),
	    .dir = config->dir,
	    .path = xasprintf("%s/events.jsonl", config->dir),
	    .fd = -1,
	    .partial = xcalloc(1, MAX_PARTIAL),
	    .show = isatty(STDERR_FILENO) && !config->probe_ms,
	    .signals = signals,
	    .rounds = config->rounds,
	    .tell = tell,
	    .result = result,
	};

	set_deadlines(&w, config);
	watch_until_gone(&w, signals);
	if (w.show)
		fputs("\r\033[K", stderr);
	result->reported = w.last_byte;
	result->ended = w.ended;
	result->wall_ms = now_ms() - w.begun;
	if (w.rounds && !w.ended) {
		w.round.more = false;
		w.round.end = w.after;
		round_over(&w, result);
	}
	if (w.fd >= 0)
		close(w.fd);
	free(w.path);
	free(w.partial);
}
