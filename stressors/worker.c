// SPDX-License-Identifier: GPL-2.0-or-later
/* Worker threads: started per stressor, parked for the oracles, ended with the TD. */
#include "agent.h"

#include <inttypes.h>
#include <linux/kvm.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A worker that has not parked after this long, but takes signals, hangs by its own fault and
 * is thrown out. One that is still there after twice that is stuck in the kernel.
 */
#define PARK_TIMEOUT_US 20000000ull

#define FROZEN	     "/sys/kernel/debug/septorture/frozen"
#define FROZEN_TRIES 20 /* in which it is looked for one ... */
#define FROZEN_US    200 /* ... that often */

struct workers {
	struct td *td;
	void *states[PLAN_MAX_STRESSORS];
	size_t ninit;
	struct worker *all;
	size_t n;
	atomic_bool pause, stop;
	pthread_mutex_t lock;
	pthread_cond_t resumed;
};

/* The workers that a thread belongs to, and which it is. */
static __thread struct workers *mine;
static __thread struct worker *volatile self; /* signal handlers look at it */
/* Where a worker goes on that crashed, or hangs. */
static __thread sigjmp_buf way_out;

/*
 * SIGUSR1 makes a system call return. One that arrives just before KVM_RUN
 * would be lost; workers_pause() therefore repeats it until the thread parks.
 */
static void on_kick(int sig)
{
	if (self && atomic_load(&self->evicted))
		siglongjmp(way_out, sig);
}

static void on_crash(int sig)
{
	if (self)
		siglongjmp(way_out, sig);
	/* The agent itself: as without a handler, and the VM with it. */
	signal(sig, SIG_DFL);
	raise(sig);
}

bool worker_go(struct worker *w)
{
	struct workers *ws = mine;

	if (atomic_load(&ws->pause)) {
		pthread_mutex_lock(&ws->lock);
		atomic_store(&w->parked, true);
		while (atomic_load(&ws->pause) && !atomic_load(&ws->stop))
			pthread_cond_wait(&ws->resumed, &ws->lock);
		atomic_store(&w->parked, false);
		pthread_mutex_unlock(&ws->lock);
	}
	return !atomic_load(&ws->stop);
}

uint64_t worker_random(struct worker *w, uint64_t below)
{
	uint64_t z = w->rng += 0x9e3779b97f4a7c15ull; /* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return (z ^ (z >> 31)) % below;
}

/* A page whose SPTE is frozen right now, or any below a table that is. */
static bool find_frozen(struct worker *w, uint64_t *at)
{
	char *text = file_read(FROZEN);
	const char *line = text;
	char place[8];
	uint64_t gfn;
	bool found = false;

	while (line && sscanf(line, "%" SCNx64 " %7s", &gfn, place) == 2 && !found) {
		*at = gfn * TD_PAGE - TD_MEM_GPA;
		if (!strcmp(place, "table"))
			*at += worker_random(w, TD_TABLE / TD_PAGE) * TD_PAGE;
		found = *at < w->td->mem_size;
		line = strchr(line, '\n');
		line += line != NULL;
	}
	free(text);
	return found;
}

static bool await_frozen(struct worker *w, uint64_t *at)
{
	for (int i = 0; i < FROZEN_TRIES; i++) {
		if (find_frozen(w, at))
			return true;
		sleep_us(FROZEN_US);
	}
	return false;
}

uint64_t worker_range(struct worker *w, uint64_t max, uint64_t *n)
{
	uint64_t at;
	uint64_t pages = w->td->mem_size / TD_PAGE, hot = w->td->plan->td_hot;
	bool prefer = hot && worker_random(w, 2);

	if (worker_random(w, 100) < w->td->plan->td_aim && await_frozen(w, &at)) {
		*n = 1;
		return at;
	}

	if (prefer)
		pages = TD_TABLE / TD_PAGE;
	*n = 1 + worker_random(w, max < pages ? max : pages);
	if (prefer)
		return worker_random(w, hot) * TD_TABLE;
	return worker_random(w, pages - *n + 1) * TD_PAGE;
}

void worker_count(struct worker *w, unsigned int counter, uint64_t n)
{
	w->counters[counter] += n;
}

void tag_thread(unsigned int tag)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", tag < TAG_MAX ? tag : TAG_MAX);
	/* A kernel without our series has no tags; then nothing can be armed either. */
	file_write("/proc/thread-self/fail-tag", text);
}

struct start {
	struct workers *ws;
	struct worker *w;
};

/* Counter 0 of a stressor that runs vCPUs is STRESS_EXITS. */
static void run_vcpu(struct worker *w)
{
	while (worker_go(w) && td_run_vcpu(w->td, (unsigned int)w->vcpu))
		worker_count(w, 0, 1);
}

/*
 * A stressor's own bug is no finding, and the others go on. From now on the thread takes
 * signals like any other: it must not be thrown out of event_fail(), which holds a lock.
 */
static void thrown_out(int sig)
{
	struct worker *w = self;
	const char *name = w->stressor->name;

	self = NULL;
	if (sig == SIGUSR1)
		event_fail("a thread of the stressor '%s' hangs: it did not come to its next step "
			   "within %llu s; it was ended. What was found until then is kept",
			   name, PARK_TIMEOUT_US / 1000000);
	else
		event_fail(
		    "a thread of the stressor '%s' crashed (SIG%s). What was found until then is "
		    "kept",
		    name, sigabbrev_np(sig));
	atomic_store(&w->parked, true);
}

static void *worker_main(void *arg)
{
	struct start start = *(struct start *)arg;
	int sig;

	free(arg);
	mine = start.ws;
	tag_thread(TAG_WORKERS + (unsigned int)(start.w - mine->all));
	atomic_store(&start.w->tid, gettid());
	self = start.w;
	sig = sigsetjmp(way_out, 1);
	if (sig) {
		thrown_out(sig);
		return NULL;
	}
	if (self->vcpu >= 0 && self->stressor->vcpu_program)
		run_vcpu(self);
	else
		self->stressor->run(self);
	/* Done early: parked for good, for the sake of workers_pause(). */
	atomic_store(&self->parked, true);
	self = NULL;
	return NULL;
}

pid_t worker_other(struct worker *w)
{
	struct workers *ws = mine;
	size_t i = worker_random(w, ws->n);
	const struct worker *other = &ws->all[i];

	return other == w || atomic_load(&other->parked) ? 0 : atomic_load(&other->tid);
}

static int start_worker(struct workers *ws, const struct plan_stressor *ps, void *state,
			unsigned int index, int vcpu)
{
	struct worker *w = &ws->all[ws->n];
	struct start *start = malloc(sizeof(*start));

	if (!start)
		return -1;
	w->td = ws->td;
	w->stressor = ps->stressor;
	w->opts = ps->opts;
	w->state = state;
	w->index = index;
	w->vcpu = vcpu;
	w->rng = ws->td->seed * 31 + ws->n;
	start->ws = ws;
	start->w = w;
	if (pthread_create(&w->thread, NULL, worker_main, start)) {
		free(start);
		return -1;
	}
	ws->n++;
	return 0;
}

static unsigned int threads_of(const struct td *td, const struct plan_stressor *ps)
{
	const struct stressor *s = ps->stressor;

	if (s->threads)
		return s->threads(td, ps->opts);
	return s->run && !s->vcpus;
}

static int start_stressor(struct workers *ws, const struct plan_stressor *ps, void *state)
{
	unsigned int threads = threads_of(ws->td, ps);

	if (stressor_lacks(ps->stressor))
		return 0;
	for (unsigned int i = 0; i < ps->nvcpus; i++)
		if (start_worker(ws, ps, state, i, (int)(ps->first_vcpu + i)))
			return -1;
	for (unsigned int i = 0; i < threads; i++)
		if (start_worker(ws, ps, state, i, -1))
			return -1;
	return 0;
}

static int start_all(struct workers *ws)
{
	const struct plan *plan = ws->td->plan;
	size_t total = 0;

	for (size_t i = 0; i < plan->nstressors; i++)
		total += plan->stressors[i].nvcpus + threads_of(ws->td, &plan->stressors[i]);
	ws->all = calloc(total ? total : 1, sizeof(*ws->all));
	if (!ws->all)
		return -1;
	for (size_t i = 0; i < plan->nstressors; i++)
		if (start_stressor(ws, &plan->stressors[i], ws->states[i]))
			return -1;
	return 0;
}

static int set_programs(struct td *td, const struct plan_stressor *ps)
{
	for (unsigned int i = 0; ps->stressor->vcpu_program && i < ps->nvcpus; i++)
		if (ps->stressor->vcpu_program(td, ps->opts, ps->first_vcpu + i, i, ps->nvcpus))
			return -1;
	return 0;
}

static void catch_signals(void)
{
	static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
	struct sigaction kick = {.sa_handler = on_kick}, crash = {.sa_handler = on_crash};

	sigaction(SIGUSR1, &kick, NULL);
	sigaction(SIGUSR2, &kick, NULL);
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		sigaction(crashes[i], &crash, NULL);
}

struct workers *workers_start(struct td *td)
{
	const struct plan *plan = td->plan;
	struct workers *ws = calloc(1, sizeof(*ws));

	if (!ws) {
		event_fail("no memory for the stressors");
		return NULL;
	}
	ws->td = td;
	pthread_mutex_init(&ws->lock, NULL);
	pthread_cond_init(&ws->resumed, NULL);
	catch_signals();
	for (; ws->ninit < plan->nstressors; ws->ninit++) {
		const struct plan_stressor *ps = &plan->stressors[ws->ninit];

		if (stressor_lacks(ps->stressor))
			continue;
		if (set_programs(td, ps) ||
		    (ps->stressor->init &&
		     ps->stressor->init(td, ps->opts, &ws->states[ws->ninit])))
			goto fail;
	}
	if (td_finalize(td))
		goto fail;
	if (start_all(ws)) {
		event_fail("a stressor's thread cannot be started");
		goto fail;
	}
	return ws;
fail:
	workers_stop(ws, NULL);
	return NULL;
}

/* How many are parked; the others are reminded. */
static size_t count_parked(struct workers *ws, bool evict)
{
	size_t parked = 0;

	for (size_t i = 0; i < ws->n; i++) {
		struct worker *w = &ws->all[i];

		if (atomic_load(&w->parked)) {
			parked++;
			continue;
		}
		if (evict)
			atomic_store(&w->evicted, true);
		pthread_kill(w->thread, SIGUSR1);
	}
	return parked;
}

bool workers_pause(struct workers *ws)
{
	uint64_t start = now_us(), waited = 0;

	/* Under the lock: a worker that is just waking up either parks again or is not parked. */
	pthread_mutex_lock(&ws->lock);
	atomic_store(&ws->pause, true);
	pthread_mutex_unlock(&ws->lock);
	while (count_parked(ws, waited > PARK_TIMEOUT_US) < ws->n) {
		if (waited > 2 * PARK_TIMEOUT_US)
			return false;
		sleep_us(1000);
		waited = now_us() - start;
	}
	return true;
}

void workers_resume(struct workers *ws)
{
	pthread_mutex_lock(&ws->lock);
	atomic_store(&ws->pause, false);
	pthread_cond_broadcast(&ws->resumed);
	pthread_mutex_unlock(&ws->lock);
}

static void add_totals(struct workers *ws, uint64_t totals[][STRESS_MAX_COUNTERS])
{
	const struct plan *plan = ws->td->plan;

	for (size_t i = 0; i < ws->n; i++)
		for (size_t s = 0; s < plan->nstressors; s++)
			if (plan->stressors[s].stressor == ws->all[i].stressor)
				for (size_t c = 0; c < ws->all[i].stressor->ncounters; c++)
					totals[s][c] += ws->all[i].counters[c];
}

bool workers_stop(struct workers *ws, uint64_t totals[][STRESS_MAX_COUNTERS])
{
	const struct plan *plan = ws->td->plan;

	/* A thread that is in the kernel must come out to see that it is over. */
	if (!workers_pause(ws))
		return false;
	atomic_store(&ws->stop, true);
	workers_resume(ws);
	for (size_t i = 0; i < ws->n; i++)
		pthread_join(ws->all[i].thread, NULL);
	for (size_t i = 0; i < ws->ninit; i++) {
		const struct stressor *s = plan->stressors[i].stressor;

		if (s->fini && !stressor_lacks(s))
			s->fini(ws->td, ws->states[i]);
	}
	if (totals)
		add_totals(ws, totals);
	free(ws->all);
	free(ws);
	return true;
}
