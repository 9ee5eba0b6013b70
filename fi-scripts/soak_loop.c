// SPDX-License-Identifier: GPL-2.0-or-later
#include "soak_loop.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "command.h"
#include "draft.h"
#include "fields.h"
#include "rundir.h"
#include "signals.h"
#include "soak_run.h"
#include "table.h"
#include "xmem.h"

/* So many runs in a row that never came to their load, and the machine or the kernel is to blame.
 */
#define MAX_STILLBORN 5
/* Half of the first pause after such a run; each is twice as long as the one before. */
#define PAUSE_MS 1000
/* Runs that stay whole though they have nothing to show, the last ones. */
#define KEPT 10
/* A run needs less. */
#define ROOM_MIB 256

struct state {
	struct soak_loop *loop;
	struct soak_run *runs; /* as many as there are jobs */
	uint64_t base_ms; /* what was worked before */
	int64_t start_ms;
	int64_t pause_ms; /* until then nothing begins */
	unsigned int stillborn; /* runs in a row */
	bool ending; /* nothing begins any more */
	int status;
	bool show; /* a terminal is looking */
};

static uint64_t elapsed_ms(const struct state *st)
{
	return st->base_ms + (uint64_t)((int64_t)now_ms() - st->start_ms);
}

static size_t under_way(const struct state *st)
{
	size_t n = 0;

	for (size_t i = 0; i < st->loop->soak->jobs; i++)
		n += st->runs[i].pid != 0;
	return n;
}

/* ---- the record ---- */

static int save_as(const struct soak_loop *loop, const char *name,
		   void (*write)(const struct soak *, FILE *))
{
	char *path = xasprintf("%s/%s", loop->dir, name), *error;
	FILE *f = draft_open(path);
	int bad;

	if (f)
		write(loop->soak, f);
	bad = draft_close(f, path, &error);
	free(path);
	return bad ? say_error(error, EXIT_INFRA) : EXIT_CLEAN;
}

int soak_save(const struct soak_loop *loop)
{
	int status = save_as(loop, "soak.txt", soak_text);

	return status ? status : save_as(loop, "soak.json", soak_json);
}

static void add(struct state *st, json_t *line)
{
	char *error;

	set_number(line, "elapsed_ms", elapsed_ms(st));
	if (soak_log_add(st->loop->log, st->loop->soak, line, &error)) {
		st->status = say_error(error, EXIT_INFRA);
		st->ending = true;
	}
}

/* Nothing more begins; WHY (freed) goes into the journal. */
static void end_early(struct state *st, char *why)
{
	if (!st->ending) {
		add(st, soak_stop(why));
		st->ending = true;
	}
	free(why);
}

/* What nobody will look at goes: the journal knows what it was. */
static void sweep(struct state *st)
{
	const struct soak *s = st->loop->soak;

	/* Again from the begin: the last example of a finding may be another one by now. */
	for (size_t i = 0; i + KEPT < s->nids; i++) {
		char *path;

		if (soak_is_example(s, s->ids[i]))
			continue;
		path = xasprintf("%s/build/runs/%s", st->loop->src, s->ids[i]);
		remove_tree(path);
		free(path);
	}
}

/* ---- what is shown ---- */

static void clear_line(const struct state *st)
{
	if (st->show)
		fputs("\r\033[K", stderr);
}

static void say_end(const struct state *st, const json_t *line, size_t findings_before)
{
	const struct soak *s = st->loop->soak;
	const char *why = get_string(line, "why"), *id = get_string(line, "id");
	char *text = xasprintf(
	    "[%" PRIu64 "] %s: %s%s%s, %" PRIu64 " faults, %" PRIu64 " injections%s%s",
	    get_number(line, "n"), soak_plan_name(s, get_number(line, "plan")),
	    get_string(line, "verdict"), *why ? ": " : "", why, get_number(line, "faults"),
	    get_number(line, "injected"), *id ? ", " : "", id);

	clear_line(st);
	table_line(text, "", stderr);
	free(text);
	for (size_t i = findings_before; i < s->nfindings; i++)
		if (s->findings[i].counts) {
			text = xasprintf("new finding: %s", s->findings[i].title);
			table_line(text, "", stderr);
			free(text);
		}
}

static void view(const struct state *st)
{
	const struct soak *s = st->loop->soak;
	uint64_t now = elapsed_ms(st), faults = 0, injected = 0, load = 1;

	char *elapsed, *left;

	if (!st->show)
		return;
	elapsed = soak_time(now);
	left = soak_time(s->goal_ms > now ? s->goal_ms - now : 0);
	for (size_t i = 0; i < s->nplans; i++) {
		faults += s->plans[i].faults;
		injected += s->plans[i].injected;
		load += s->plans[i].load_ms;
	}
	clear_line(st);
	fprintf(stderr,
		"%s, %" PRIu64 " runs, %" PRIu64 " faults/s, %" PRIu64
		" injections/s, %zu findings, "
		"%zu proved, ",
		elapsed, s->runs, faults * 1000 / load, injected * 1000 / load,
		soak_new_findings(s), s->nproved);
	for (size_t i = 0; i < s->jobs; i++)
		if (st->runs[i].pid)
			fprintf(stderr, "%s %" PRId64 " s, ", soak_plan_name(s, st->runs[i].plan),
				((int64_t)now_ms() - st->runs[i].start_ms) / 1000);
	fprintf(stderr, "left %s", left);
	fflush(stderr);
	free(elapsed);
	free(left);
}

/* ---- runs ---- */

static bool has_room(const struct state *st)
{
	uint64_t wanted = env_number("SEPTORTURE_ROOM_MIB", ROOM_MIB) << 20;
	struct statvfs fs;

	return statvfs(st->loop->dir, &fs) || (uint64_t)fs.f_bavail * fs.f_frsize >= wanted;
}

/* Whether it may. */
static bool begin(struct state *st, struct soak_run *run, uint64_t number, uint64_t round)
{
	if (!st->ending && !has_room(st))
		end_early(st, xasprintf("there is too little room left on the disk of %s; make "
					"some, and go on with --resume %s",
					shown_path(st->loop->dir), st->loop->soak->id));
	if (!st->ending)
		add(st, soak_begin(number, round));
	if (st->ending)
		return false;
	run->number = number;
	run->round = round;
	run->start_ms = (int64_t)now_ms();
	return true;
}

static void start(struct state *st, struct soak_run *run)
{
	struct soak_loop *loop = st->loop;
	struct soak *s = loop->soak;
	uint64_t number = s->begun + 1;
	size_t plan = (size_t)(s->vms % s->nplans);
	uint64_t worked = elapsed_ms(st);
	uint64_t until = now_ms() + (s->goal_ms > worked ? s->goal_ms - worked : 0);
	/* Of both, one after the other. */
	bool both = loop->platforms[plan] == PLATFORM_BOTH, direct = both && s->vms / s->nplans % 2;
	struct run_args args = {
	    .plan = loop->plans[plan],
	    .platform = !both	 ? 0
			: direct ? PLATFORM_DIRECT
				 : PLATFORM_MIRROR,
	    .kernel = s->kernel,
	    .image = loop->images[plan],
	    .seed = soak_seed(s, number),
	    .duration_us = s->duration_us,
	    .quiet = true,
	    .chosen = loop->accel,
	};
	char *log, *snapshot = NULL, *error;

	if (!begin(st, run, number, 1))
		return;
	log = xasprintf("%s/runs.log", loop->dir);
	run->plan = plan;
	if (!loop->boot)
		snapshot = xasprintf("%s/" RUNDIR_VM "%zu", loop->dir,
				     plan + 1 + (direct ? s->nplans : 0));
	if (soak_run_start(run, &args, s->rounds, until, snapshot, log, &error))
		end_early(st, error);
	free(snapshot);
	free(log);
}

/* Longer and longer, as what is wrong may pass. */
static void learn(struct state *st, const json_t *line)
{
	if (json_is_true(json_object_get(line, "loaded"))) {
		st->stillborn = 0;
		return;
	}
	st->stillborn++;
	st->pause_ms = (int64_t)now_ms() +
		       (int64_t)(env_number("SEPTORTURE_SOAK_PAUSE_MS", PAUSE_MS) << st->stillborn);
	if (st->stillborn >= MAX_STILLBORN)
		end_early(st, xasprintf("%u runs in a row never came to their load, the last one "
					"as: %s; see %s/runs.log",
					st->stillborn,
					*get_string(line, "why") ? get_string(line, "why")
								 : get_string(line, "verdict"),
					shown_path(st->loop->dir)));
}

/* LINE (released) says how a run ended. */
static void finish(struct state *st, json_t *line)
{
	size_t before = st->loop->soak->nfindings;

	/* We cut it off ourselves. */
	if (!line || (signals_stop() && !strcmp(get_string(line, "verdict"), "invalid"))) {
		json_decref(line);
		return;
	}
	add(st, json_incref(line));
	if (!st->status) {
		say_end(st, line, before);
		st->status = soak_save(st->loop);
		learn(st, line);
		sweep(st);
	}
	st->ending |= st->status != EXIT_CLEAN;
	json_decref(line);
}

/* What its process has said, up to its end if that is ALL. */
static void listen(struct state *st, struct soak_run *run, bool all)
{
	bool more = false;
	json_t *line;

	while ((line = soak_run_line(run, &more))) {
		bool known = get_number(line, "n");

		/* Of one that did not begin, as we were ending, we know nothing. */
		finish(st, known ? line : NULL);
		if (!known)
			json_decref(line);
		if (more && !begin(st, run, st->loop->soak->begun + 1, run->round + 1))
			kill(run->pid, SIGTERM);
	}
	if (all)
		finish(st, soak_run_end(run));
}

static void wait_a_little(struct state *st)
{
	size_t n = st->loop->soak->jobs;
	struct pollfd *fds = xcalloc(n, sizeof(*fds));

	for (size_t i = 0; i < n; i++)
		fds[i] =
		    (struct pollfd){.fd = st->runs[i].pid ? st->runs[i].fd : -1, .events = POLLIN};
	poll(fds, n, st->pause_ms > (int64_t)now_ms() ? 100 : 1000);
	for (size_t i = 0; i < n; i++)
		if (st->runs[i].pid && fds[i].revents)
			listen(st, &st->runs[i], soak_run_read(&st->runs[i]));
	free(fds);
}

static void stop_all(struct state *st)
{
	end_early(st, xasprintf("by signal %d (%s); go on with --resume %s", signals_stop(),
				strsignal(signals_stop()), st->loop->soak->id));
	for (size_t i = 0; i < st->loop->soak->jobs; i++)
		if (st->runs[i].pid)
			kill(st->runs[i].pid, SIGTERM);
}

int soak_work(struct soak_loop *loop)
{
	struct state st = {
	    .loop = loop,
	    .runs = xcalloc(loop->soak->jobs, sizeof(struct soak_run)),
	    .base_ms = loop->soak->elapsed_ms,
	    .start_ms = (int64_t)now_ms(),
	    .show = isatty(STDERR_FILENO),
	};
	bool stopped = false;

	st.status = soak_save(loop);
	st.ending = st.status != EXIT_CLEAN;
	while (under_way(&st) || (!st.ending && elapsed_ms(&st) < loop->soak->goal_ms)) {
		if (signals_stop() && !stopped) {
			stop_all(&st);
			stopped = true;
		}
		for (size_t i = 0; i < loop->soak->jobs; i++)
			if (!st.runs[i].pid && !st.ending && (int64_t)now_ms() >= st.pause_ms &&
			    elapsed_ms(&st) < loop->soak->goal_ms)
				start(&st, &st.runs[i]);
		wait_a_little(&st);
		view(&st);
	}
	clear_line(&st);
	free(st.runs);
	return st.status ? st.status : soak_save(loop);
}
