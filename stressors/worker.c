// SPDX-License-Identifier: GPL-2.0-or-later
/* Worker threads: started per stressor, parked for the oracles, ended with the TD. */
#include "agent.h"

#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A worker that does not leave its system call for this long is stuck. */
#define PARK_TIMEOUT_US 20000000ull

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

/* The workers that a thread belongs to. */
static __thread struct workers *mine;

/*
 * SIGUSR1 makes a system call return. One that arrives just before KVM_RUN
 * would be lost; workers_pause() therefore repeats it until the thread parks.
 */
static void on_kick(int sig)
{
	(void)sig;
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

static void *worker_main(void *arg)
{
	struct start start = *(struct start *)arg;

	free(arg);
	mine = start.ws;
	tag_thread(TAG_WORKERS + (unsigned int)(start.w - start.ws->all));
	if (start.w->vcpu >= 0)
		run_vcpu(start.w);
	else
		start.w->stressor->run(start.w);
	/* Done early: parked for good, for the sake of workers_pause(). */
	atomic_store(&start.w->parked, true);
	return NULL;
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
	w->started = true;
	ws->n++;
	return 0;
}

static unsigned int threads_of(const struct td *td, const struct plan_stressor *ps)
{
	const struct stressor *s = ps->stressor;

	if (!s->run)
		return 0;
	return s->threads ? s->threads(td, ps->opts) : 1;
}

static int start_stressor(struct workers *ws, const struct plan_stressor *ps, void *state)
{
	unsigned int threads = threads_of(ws->td, ps);

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
	for (unsigned int i = 0; i < ps->nvcpus; i++)
		if (ps->stressor->program(td, ps->opts, ps->first_vcpu + i, i, ps->nvcpus))
			return -1;
	return 0;
}

struct workers *workers_start(struct td *td)
{
	struct sigaction sa = {.sa_handler = on_kick};
	const struct plan *plan = td->plan;
	struct workers *ws = calloc(1, sizeof(*ws));

	if (!ws) {
		event_fail("no memory for the stressors");
		return NULL;
	}
	ws->td = td;
	pthread_mutex_init(&ws->lock, NULL);
	pthread_cond_init(&ws->resumed, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	for (; ws->ninit < plan->nstressors; ws->ninit++) {
		const struct plan_stressor *ps = &plan->stressors[ws->ninit];

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

bool workers_pause(struct workers *ws)
{
	uint64_t deadline = now_us() + PARK_TIMEOUT_US;
	size_t parked;

	/* Under the lock: a worker that is just waking up either parks again or is not parked. */
	pthread_mutex_lock(&ws->lock);
	atomic_store(&ws->pause, true);
	pthread_mutex_unlock(&ws->lock);
	for (;;) {
		parked = 0;
		for (size_t i = 0; i < ws->n; i++) {
			if (atomic_load(&ws->all[i].parked))
				parked++;
			else
				pthread_kill(ws->all[i].thread, SIGUSR1);
		}
		if (parked == ws->n)
			return true;
		if (now_us() > deadline)
			return false;
		sleep_us(1000);
	}
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
	for (size_t i = 0; i < ws->ninit; i++)
		if (plan->stressors[i].stressor->fini)
			plan->stressors[i].stressor->fini(ws->td, ws->states[i]);
	if (totals)
		add_totals(ws, totals);
	free(ws->all);
	free(ws);
	return true;
}
