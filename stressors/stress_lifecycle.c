// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Small TDs come and go beside the TD at work, and end at any point of their life. While a
 * worker is parked it has none, so what oracles see then is the TD at work alone.
 */
#include "agent.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OPT_THREADS, OPT_UNTIL_FULL, OPT_KILL };
enum { COUNT_LIFECYCLES, COUNT_FINALIZED, COUNT_FULL, COUNT_KILLED };

static const struct stress_option options[] = {
    {"threads", "that create and destroy TDs", UNIT_COUNT, NULL, 2, 1, 16},
    {"until_full", "now and then until no HKID is left: 1 yes, 0 no", UNIT_COUNT, NULL, 0, 0, 1},
    {"kill", "of the lifecycles are those of a process that is killed", UNIT_PERCENT, NULL, 0, 0,
     100},
    {0},
};

static const char *const counters[] = {"lifecycles", "finalized", "full", "killed"};

#define MEMORY                                                                                     \
	(512ull << 10) /* the more, the fewer lifecycles: KVM keeps attributes page by page */
#define MAX_TDS	 64 /* more than there are HKIDs */
#define FILL_ONE 32 /* of so many lifecycles goes on until no HKID is left */
#define PORT	 0x64 /* any that nobody emulates: the guest says there that it touched a page */

#define MAX_FAULTS   32
#define MAX_STORM_US 20000
#define MAX_FILL_US  8000000 /* workers have to come to their next step within 20 s */
#define MAX_CHILD_US 300000 /* some lifecycles, as often as not */

/*
 * What is injected hits these TDs, too, but what is promised is judged by the TD at work: so
 * only what user space never sees.
 */
static const char *check(const struct plan *plan, const uint64_t *opts)
{
	(void)opts;
	for (size_t i = 0; i < plan->nfaults; i++)
		if (plan_fault_contract(&plan->faults[i]) > CONTRACT_IGNORED)
			return "its TDs would be hit by faults that fail an ioctl or end a VM; "
			       "only faults that KVM hides may be injected beside it";
	return NULL;
}

/* The plan of its TDs. */
static int init(struct td *td, const uint64_t *opts, void **state)
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
	*state = small;
	return 0;
}

static void fini(struct td *td, void *state)
{
	(void)td;
	free(state);
}

static unsigned int threads(const struct td *td, const uint64_t *opts)
{
	(void)td;
	return (unsigned int)opts[OPT_THREADS];
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

/* NULL: none, and *FULL says whether that is for lack of an HKID. */
static struct td *create(struct worker *w, bool *full)
{
	/* A child keeps what it inherited of other threads' TDs until it is killed. */
	bool may_lack = w->opts[OPT_UNTIL_FULL] || w->opts[OPT_KILL];
	struct td *td;

	*full = false;
	signals(SIG_BLOCK);
	td = td_try_create(w->state, w->td->number, worker_random(w, UINT64_MAX),
			   may_lack ? full : NULL);
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

static int make_runnable(struct worker *w, struct td *td)
{
	int ret;

	signals(SIG_BLOCK);
	ret = add_image(w, td);
	if (!ret && worker_random(w, 4)) {
		ret = td_finalize(td);
		if (!ret)
			worker_count(w, COUNT_FINALIZED, 1);
	} else {
		ret = -1; /* it ends here */
	}
	signals(SIG_UNBLOCK);
	return ret;
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

static void live(struct worker *w, struct td *td)
{
	if (!worker_random(w, 8) || make_runnable(w, td))
		return;
	if (worker_random(w, 2)) {
		storm(w, td);
		return;
	}
	for (uint64_t n = worker_random(w, MAX_FAULTS); n && td_run_vcpu(td, 0); n--)
		;
}

/* False: the TD at work is of no use any more, or could not be made. */
static bool lifecycle(struct worker *w)
{
	struct td *td;
	bool full;

	td = create(w, &full);
	if (!td) {
		worker_count(w, COUNT_FULL, full);
		return full;
	}
	live(w, td);
	td_destroy(td);
	worker_count(w, COUNT_LIFECYCLES, 1);
	return true;
}

/* As many as there can be, gone in another order than they came. */
static bool fill(struct worker *w)
{
	struct td *tds[MAX_TDS];
	uint64_t end = now_us() + MAX_FILL_US;
	unsigned int n = 0;
	bool full = false, failed = false;

	while (n < MAX_TDS && !full && !failed && now_us() < end) {
		tds[n] = create(w, &full);
		failed = !tds[n] && !full;
		n += tds[n] != NULL;
	}
	worker_count(w, COUNT_FULL, full);
	worker_count(w, COUNT_LIFECYCLES, n);
	while (n) {
		unsigned int i = (unsigned int)worker_random(w, n);

		td_destroy(tds[i]);
		tds[i] = tds[--n];
	}
	return !failed;
}

/*
 * Lifecycles of a child that is killed, so that its TD, and what it inherited of others, is torn
 * down as it exits. All that happens there works after fork() with glibc, even beside threads.
 */
static bool be_killed(struct worker *w)
{
	uint64_t patience = worker_random(w, MAX_CHILD_US), until;
	pid_t pid = fork();

	if (pid < 0) {
		event_fail("no child whose TD would be torn down by its death: fork() failed with "
			   "%s",
			   strerrorname_np(errno));
		return false;
	}
	if (!pid) {
		event_mute();
		while (lifecycle(w))
			;
		for (;;)
			pause();
	}
	until = now_us() + patience;
	while (now_us() < until) /* signals end a sleep */
		sleep_us(until - now_us());
	kill(pid, SIGKILL);
	/* ECHILD: the agent, being init, has reaped it. */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	worker_count(w, COUNT_KILLED, 1);
	return true;
}

static void run(struct worker *w)
{
	bool go_on = true;

	while (worker_go(w) && go_on) {
		if (worker_random(w, 100) < w->opts[OPT_KILL])
			go_on = be_killed(w);
		else if (w->opts[OPT_UNTIL_FULL] && !worker_random(w, FILL_ONE))
			go_on = fill(w);
		else
			go_on = lifecycle(w);
	}
}

STRESSOR(lifecycle, .help = "other TDs are created and destroyed at any point of their life",
	 .paths = "__tdx_td_init, tdx_mmu_release_hkid, tdx_vcpu_free, tdx_vm_destroy, "
		  "kvm_gmem_release, kvm_mmu_uninit_tdp_mmu",
	 .options = options, .check = check, .init = init, .threads = threads, .run = run,
	 .fini = fini, .ncounters = 4, .counters = counters);
