// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent: runs a plan's load and watches. In the VM it is init: it mounts
 * what it needs, and the machine goes down when it is done.
 */
#include "agent.h"
#include "enumerate.h"
#include "outcome.h"
#include "payload.h"
#include "seam_findings.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#define EVENTS_VERSION 1
#define AGENT_VERSION  "0.1"

struct options {
	const char *plan;
	const char *events;
	uint64_t seed;
	uint64_t duration_us;
	uint64_t rounds; /* so many loads, one after another, each with a seed of its own; 0: one */
	bool probe; /* the host only wants to know whether the VM comes up */
	bool no_faults; /* the load without injections */
	const char *platform; /* of those that the plan is for; NULL: its own */
	bool no_oracles; /* to measure what they cost; such a run finds less */
	struct enumerate_args enumerate; /* ->first is 0: the plan's load instead */
};

static const struct argp_option argp_options[] = {
    {"plan", 'p', "FILE", 0, "The plan (default /plan.ini)", 0},
    {"events", 'e', "FILE", 0, "Where the events go (default the VM's virtio port)", 0},
    {"seed", 's', "N", 0, "Overrides the plan's seed", 0},
    {"duration-us", 'd', "US", 0, "Overrides the plan's duration", 0},
    {"no-faults", 'n', NULL, 0, "Injects nothing", 0},
    {0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'p':
		o->plan = arg;
		return 0;
	case 'e':
		o->events = arg;
		return 0;
	case 's':
		o->seed = strtoull(arg, NULL, 0);
		return 0;
	case 'd':
		o->duration_us = strtoull(arg, NULL, 0);
		return 0;
	case 'n':
		o->no_faults = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
    argp_options, parse_option, NULL, "Runs a septorture plan on this machine.", NULL, NULL, NULL};

/* Kernel parameters that the kernel does not know reach init as its environment. */
static void kernel_options(struct options *o)
{
	const char *seed = getenv("septorture_seed"), *duration = getenv("septorture_duration_us");

	o->probe = getenv("septorture_probe");
	o->no_faults = getenv("septorture_no_faults");
	o->no_oracles = getenv("septorture_no_oracles");
	if (getenv("septorture_enumerate"))
		o->enumerate.first = strtoull(getenv("septorture_enumerate"), NULL, 0);
	o->platform = getenv("septorture_platform");
	o->enumerate.sites = getenv("septorture_sites");
	if (getenv("septorture_calls"))
		o->enumerate.calls = strtoull(getenv("septorture_calls"), NULL, 0);
	o->enumerate.contracts = getenv("septorture_contracts");
	if (seed)
		o->seed = strtoull(seed, NULL, 0);
	if (duration)
		o->duration_us = strtoull(duration, NULL, 0);
	if (getenv("septorture_rounds"))
		o->rounds = strtoull(getenv("septorture_rounds"), NULL, 0);
}

/* What there is to run on (docs/architecture.md). */
static const char *platform_here(void)
{
	char *cpus = file_read("/proc/cpuinfo");
	bool svm = cpus && strstr(cpus, " svm ");

	free(cpus);
	return seam_is_here() ? "soft" : svm ? "npt" : "real";
}

static void hello(void)
{
	char *cmdline = file_read("/proc/cmdline");
	struct utsname u;

	uname(&u);
	if (cmdline)
		cmdline[strcspn(cmdline, "\n")] = '\0';
	event_emit("hello", "{s:i, s:s, s:s, s:s, s:I, s:I, s:s}", "v", EVENTS_VERSION, "agent",
		   AGENT_VERSION, "kernel", u.release, "cmdline", cmdline ? cmdline : "", "cpus",
		   (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "mem_kib",
		   (json_int_t)sysconf(_SC_PHYS_PAGES) * (sysconf(_SC_PAGESIZE) / 1024), "platform",
		   platform_here());
	free(cmdline);
}

/* The load in progress, over all TDs. */
struct load {
	const struct plan *plan;
	uint64_t start, end;
	uint64_t running_us; /* while the stressors were not parked */
	uint64_t faults; /* of TDs that are gone */
	unsigned int tds;
	bool saw_fault;
	uint64_t totals[PLAN_MAX_STRESSORS][STRESS_MAX_COUNTERS];
};

static void phase(const char *name, unsigned int td)
{
	event_emit("phase", "{s:s, s:i}", "name", name, "td", (int)td);
}

/* The most that was not to be had, in KiB, at any of its calls. */
static uint64_t vm_used_kib(void)
{
	static uint64_t most;
	char *text = file_read("/proc/meminfo");
	uint64_t total, available;

	if (text &&
	    sscanf(text, "MemTotal: %" SCNu64 " kB MemFree: %*u kB MemAvailable: %" SCNu64, &total,
		   &available) == 2 &&
	    total - available > most)
		most = total - available;
	free(text);
	return most;
}

static void progress(const struct load *l, const struct td *td)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	event_emit("progress", "{s:I, s:I, s:i, s:I, s:I, s:I, s:I}", "faults",
		   (json_int_t)(l->faults + (td ? td_faults(td) : 0)), "injected",
		   (json_int_t)inject_total(l->plan), "tds", (int)l->tds, "elapsed_ms",
		   (json_int_t)((now_us() - l->start) / 1000), "running_ms",
		   (json_int_t)(l->running_us / 1000), "agent_kib", (json_int_t)usage.ru_maxrss,
		   "vm_used_kib", (json_int_t)vm_used_kib());
}

/* Sleeps until UNTIL, looking out for the first fault. */
static void let_run(struct load *l, const struct td *td, uint64_t until)
{
	for (;;) {
		uint64_t now = now_us();

		inject_tick(l->plan, now - l->start);
		if (!l->saw_fault && td_faults(td)) {
			l->saw_fault = true;
			event_emit("first_fault", "{s:I}", "boot_us", (json_int_t)now_us());
		}
		if (now >= until || atomic_load(&td->dead))
			return;
		sleep_us(!l->saw_fault || until - now < 10000 ? 1000 : 10000);
	}
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * Runs the stressors, pausing for the oracles, until END, or until there will be no
 * result anyway; false if a thread is stuck.
 */
static bool run_stressors(struct load *l, struct td *td, struct workers *ws, uint64_t end)
{
	while (!atomic_load(&td->dead) && !event_failed() && now_us() < end) {
		uint64_t resumed = now_us();

		let_run(l, td, min_u64(end, resumed + l->plan->td_quiesce_us));
		if (!workers_pause(ws))
			return false;
		l->running_us += now_us() - resumed;
		oracles_quiesce(td);
		workers_resume(ws);
		progress(l, td);
	}
	phase("teardown", l->tds);
	return workers_stop(ws, l->totals);
}

/* One TD from its creation to its end; false if there is no point in another. */
static bool run_td(struct load *l)
{
	uint64_t end = min_u64(l->end, now_us() + l->plan->td_lifetime_us);
	struct workers *ws;
	struct td *td;
	bool go_on;

	phase("load", ++l->tds);
	outcome_begin(l->plan);
	td = td_create(l->plan, l->tds, l->plan->seed + l->tds * 0x9e3779b97f4a7c15ull);
	if (!td)
		return oracles_gone(l->tds) && outcome_ended() && outcome_is_over();
	ws = workers_start(td);
	if (ws && !run_stressors(l, td, ws, end)) {
		/* What it uses stays: the program ends soon, and the VM with it. */
		event_finding("liveness", "stuck", td->number,
			      "a thread did not return from the kernel", NULL);
		return false;
	}
	outcome_check(td);
	l->faults += td_faults(td);
	go_on = outcome_ended() || (ws && !atomic_load(&td->dead));
	td_destroy(td);
	return oracles_gone(l->tds) && go_on && outcome_is_over();
}

static void report_stressors(const struct load *l)
{
	for (size_t i = 0; i < l->plan->nstressors; i++) {
		const struct stressor *s = l->plan->stressors[i].stressor;
		json_t *counters = json_object();

		for (size_t c = 0; c < s->ncounters; c++)
			json_object_set_new(counters, s->counters[c],
					    json_integer((json_int_t)l->totals[i][c]));
		event_emit("stressor", "{s:s, s:o, s:s*}", "name", s->name, "counters", counters,
			   "skipped", stressor_lacks(s));
	}
}

/*
 * The VM boots with KCSAN off, which takes half as long and keeps races of
 * early boot out of the report. A kernel without KCSAN has no such file.
 */
static void kcsan_on(void)
{
	if (!access(KCSAN, F_OK) && file_write(KCSAN, "on"))
		event_fail("KCSAN cannot be switched on through " KCSAN);
}

/* The counter NAME of KCSAN's TEXT. */
static long long kcsan_counter(const char *text, const char *name)
{
	const char *s = strstr(text, name);
	long long n = 0;

	if (s)
		sscanf(s + strlen(name), ": %lld", &n);
	return n;
}

/* What KCSAN did since the last call; false: there is none. */
static bool kcsan_since(long long *watchpoints, long long *races, bool *on)
{
	static long long watchpoints_before, races_before;
	char *text = file_read(KCSAN);
	bool there = text;

	if (there) {
		*on = !strncmp(text, "enabled: 1", 10);
		*watchpoints = kcsan_counter(text, "setup_watchpoints") - watchpoints_before;
		*races = kcsan_counter(text, "data_races") - races_before;
		watchpoints_before += *watchpoints;
		races_before += *races;
	}
	free(text);
	return there;
}

/* What was before the load does not count. Not every kernel has all of these. */
static void counts_begin(void)
{
	static const char *const files[] = {"windows", "races", "journal", "injections", "stacks"};
	long long watchpoints, races;
	bool on;

	kcsan_since(&watchpoints, &races, &on);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "/sys/kernel/debug/septorture/%s", files[i]);
		if (!access(path, F_OK) && file_write(path, "0"))
			event_fail("what is in %s cannot be forgotten", path);
	}
}

/* A sanitizer that looked at nothing has found nothing for the wrong reason. */
static void kcsan_report(void)
{
	long long watchpoints, races;
	bool on;

	if (!kcsan_since(&watchpoints, &races, &on))
		return;
	event_emit("kcsan", "{s:I, s:I}", "watchpoints", (json_int_t)watchpoints, "races",
		   (json_int_t)races);
	if (!watchpoints || !on)
		event_fail("KCSAN did not look: " KCSAN " says it is off, or it set no watchpoint");
}

/* One splat switches lockdep off for the rest of the boot. */
static void lockdep_report(void)
{
	char *text = file_read("/proc/lockdep_stats");
	const char *s = text ? strstr(text, "debug_locks:") : NULL;
	int on = 0;

	if (s && sscanf(s, "debug_locks: %d", &on) == 1)
		event_emit("lockdep", "{s:i}", "debug_locks", on);
	free(text);
}

/* Whether the plan has a fault that makes calls fail, and not only delays them. */
static bool can_inject(const struct plan *plan)
{
	for (size_t i = 0; i < plan->nfaults; i++) {
		const struct plan_fault *f = &plan->faults[i];

		for (size_t v = 0; v < f->nvalues && (f->probability || f->ncalls); v++)
			if (f->values[v].status)
				return true;
	}
	return false;
}

/* What runs beside the load from its begin to its end; how many of the stressors began. */
static size_t begin_stressors(const struct plan *plan)
{
	size_t n;

	for (n = 0; n < plan->nstressors; n++) {
		const struct plan_stressor *ps = &plan->stressors[n];

		if (!stressor_lacks(ps->stressor) && ps->stressor->begin &&
		    ps->stressor->begin(plan, ps->opts))
			break;
	}
	return n;
}

static void end_stressors(const struct plan *plan, size_t n)
{
	while (n--)
		if (plan->stressors[n].stressor->end &&
		    !stressor_lacks(plan->stressors[n].stressor))
			plan->stressors[n].stressor->end();
}

static void run_load(const struct plan *plan)
{
	struct load l = {.plan = plan};
	size_t begun;

	if (event_failed() || inject_arm(plan))
		return;
	begun = begin_stressors(plan);
	/* Arming may take seconds. */
	l.start = now_us();
	l.end = l.start + plan->duration_us;
	/* A TD that dies as it is built never comes to where time is kept otherwise. */
	do
		inject_tick(plan, now_us() - l.start);
	while (!event_failed() && now_us() < l.end && run_td(&l));
	inject_disarm(plan);
	progress(&l, NULL);
	end_stressors(plan, begun);
	if (can_inject(plan) && !event_findings() && !inject_total(plan))
		event_fail("no fault was injected: the plan's sites were never called, or its "
			   "probabilities are too low for its duration");
	inject_report(plan);
	inject_remove(plan);
	report_stressors(&l);
	windows_report();
	races_report();
}

struct job {
	const struct options *options;
	struct plan *plan;
};

/* Up to the load, or loads; NULL after event_fail(). */
static struct plan *prepare(const struct options *o)
{
	struct plan *plan;
	char *error;

	phase("boot", 0);
	plan = plan_read(o->plan, &error);
	if (!plan) {
		event_fail("%s", error);
		free(error);
		return NULL;
	}
	if (o->seed)
		plan->seed = o->seed;
	if (o->duration_us)
		plan->duration_us = o->duration_us;
	if (o->platform && platform_find(o->platform))
		plan->platform = platform_find(o->platform);
	else if (plan->platform == PLATFORM_BOTH)
		plan->platform = PLATFORM_MIRROR;
	if (o->no_faults)
		plan->nfaults = 0;
	/* A baseline is to show what is done without any failure, those of the module's own too. */
	if (o->no_faults && gcov_is_there())
		inject_calm();
	if (o->no_oracles)
		oracles_off();
	if (plan->platform == PLATFORM_DIRECT && payload_prepare())
		return NULL;
	kcsan_on();
	selftest(plan->nfaults || o->enumerate.first);
	return plan;
}

static void run_once(void *arg, const struct round_args *round)
{
	const struct job *job = arg;
	const struct options *o = job->options;
	struct enumerate_args cases = o->enumerate;
	struct plan *plan = job->plan;

	plan->seed = round->seed;
	if (round->first)
		cases.first = round->first;
	tag_thread(TAG_MAIN);
	counts_begin();
	oracles_start(plan);
	gcov_begin();
	if (o->enumerate.first && !event_failed())
		enumerate(plan, &cases);
	else
		run_load(plan);
	gcov_report();
	kmemleak_report();
	kcsan_report();
	lockdep_report();
	oracles_end();
	phase("end", 0);
}

/* What there is to do between `hello` and the end. */
static void run_plan(const struct options *o)
{
	/* The plan is not freed: a thread that is stuck may still use it. */
	struct job job = {.options = o, .plan = prepare(o)};

	if (job.plan && o->rounds) {
		rounds_run(o->rounds, run_once, &job);
		return;
	}
	if (job.plan)
		run_once(&job, &(struct round_args){.seed = job.plan->seed});
	kmsg_stop();
	event_end(false);
}

int main(int argc, char **argv)
{
	struct options o = {.plan = "/plan.ini"};
	bool init = getpid() == 1;
	int err;

	if (init) {
		init_mount();
		kernel_options(&o);
	} else {
		argp_parse(&argp, argc, argv, 0, NULL, &o);
	}
	if (!o.events)
		o.events = init_port("septorture.events");
	err = o.events ? event_open(o.events) : -ENOENT;
	if (err) {
		fprintf(stderr, "septorture: the event stream %s cannot be opened: %s\n",
			o.events ? o.events : "(no virtio port)", strerror(-err));
		if (init)
			init_go_down();
		return 3;
	}
	hello();
	if (!o.probe && !kmsg_start())
		run_plan(&o);
	else
		event_end(false);
	if (init)
		init_go_down();
	return event_failed() ? 3 : 0;
}
