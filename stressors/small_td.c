// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent.h"
#include "small_td.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define MEMORY                                                                                     \
	(512ull << 10) /* the more, the fewer lifecycles: KVM keeps attributes page by page */
#define PORT	     0x64 /* any that nobody emulates: the guest says there that it touched a page */
#define MAX_FAULTS   32
#define MAX_STORM_US 20000

const char *small_td_check(const struct plan *plan, const uint64_t *opts)
{
	(void)opts;
	for (size_t i = 0; i < plan->nfaults; i++)
		if (plan_fault_contract(&plan->faults[i]) > CONTRACT_IGNORED)
			return "its TDs would be hit by faults that fail an ioctl or end a VM; "
			       "only faults that KVM hides may be injected beside it";
	return NULL;
}

int small_td_init(struct td *td, const uint64_t *opts, void **state)
{
	struct plan *small = malloc(sizeof(*small));

	(void)opts;
	if (!small) {
		event_fail("no memory for the plan of small TDs");
		return -1;
	}
	*small = *td->plan;
	small->td_vcpus = 1;
	small->td_memory = MEMORY;
	small->td_slots = 1;
	small->td_migrate_us = 0;
	small->td_anonymous = false;
	*state = small;
	return 0;
}

void small_td_fini(struct td *td, void *state)
{
	(void)td;
	free(state);
}

/* Workers get signals, and building a TD does not take them (KVM_CREATE_VM: EINTR). */
static void signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(how, &set, NULL);
}

struct td *small_td_create(struct worker *w, bool *full)
{
	struct td *td;

	signals(SIG_BLOCK);
	td = td_try_create(w->state, w->td->number, worker_random(w, UINT64_MAX), full);
	signals(SIG_UNBLOCK);
	return td;
}

static int add_image(struct worker *w, struct td *td)
{
	static char image[8 * TD_PAGE] __attribute__((aligned(4096)));

	if (td_set_program(td, 0,
			   "      seed r0, %" PRIu64 "\n"
			   "next: walk-random r1, %llu, %llu\n"
			   "      accept r1\n"
			   "      verify [r1], r1, or-zero\n"
			   "      write [r1], r1\n"
			   "      out 0x%x, r0\n"
			   "      jmp next\n",
			   td->seed, TD_MEM_GPA, MEMORY / TD_PAGE, PORT))
		return -1;
	return td_add_pages(td, TD_MEM_GPA + worker_random(w, 100) * TD_PAGE, image,
			    1 + worker_random(w, sizeof(image) / TD_PAGE), worker_random(w, 2));
}

/* False: it ends here. */
static bool make_runnable(struct worker *w, struct td *td)
{
	bool ok;

	signals(SIG_BLOCK);
	ok = !add_image(w, td) && worker_random(w, 4) && !td_finalize(td);
	signals(SIG_UNBLOCK);
	return ok;
}

struct storm {
	struct td *td;
	pthread_t thread;
	atomic_bool over;
};

static void *run_vcpu(void *arg)
{
	struct storm *s = arg;

	while (td_run_vcpu(s->td, 0))
		;
	atomic_store(&s->over, true);
	return NULL;
}

static void close_now(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* A thread is in the middle of faults when it begins to end, or loses its memory even before. */
static void storm(struct worker *w, struct td *td)
{
	struct storm s = {.td = td};

	atomic_store(&td->may, TD_MAY_LOSE_SLOTS);
	if (pthread_create(&s.thread, NULL, run_vcpu, &s)) {
		event_fail("a thread that runs a vCPU cannot be started");
		return;
	}
	sleep_us(worker_random(w, MAX_STORM_US));
	if (worker_random(w, 2)) {
		close_now(&td->mem_fd);
		close_now(&td->vm_fd);
		sleep_us(worker_random(w, MAX_STORM_US / 10));
	}
	atomic_store(&td->dead, true);
	while (!atomic_load(&s.over)) {
		pthread_kill(s.thread, SIGUSR2);
		sleep_us(100);
	}
	pthread_join(s.thread, NULL);
}

bool small_td_live(struct worker *w, struct td *td)
{
	if (!worker_random(w, 8) || !make_runnable(w, td))
		return false;
	if (worker_random(w, 2)) {
		storm(w, td);
		return true;
	}
	for (uint64_t n = worker_random(w, MAX_FAULTS); n && td_run_vcpu(td, 0); n--)
		;
	return true;
}
