// SPDX-License-Identifier: GPL-2.0-or-later
/* Moves the other stressors' threads, vCPUs among them, from CPU to CPU. */
#include "agent.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OPT_GAP, OPT_HOTPLUG };
enum { COUNT_MOVES, COUNT_OFFLINE, COUNT_REFUSED };

static const struct stress_option options[] = {
    {"gap", "pause between two moves; drawn evenly from 0 up", UNIT_TIME, NULL, 2000, 0, 60000000},
    {"hotplug", "of the moves take a CPU other than the first offline and back", UNIT_PERCENT, NULL,
     0, 0, 100},
    {0},
};

static const char *const counters[] = {"moves", "offline", "refused"};

static long ncpus(void)
{
	return sysconf(_SC_NPROCESSORS_CONF);
}

static void move(struct worker *w)
{
	pid_t tid = worker_other(w);
	cpu_set_t one;

	if (!tid)
		return;
	CPU_ZERO(&one);
	CPU_SET(worker_random(w, (uint64_t)ncpus()), &one);
	if (!sched_setaffinity(tid, sizeof(one), &one))
		worker_count(w, COUNT_MOVES, 1);
}

/* KVM refuses to lose the last CPU of a package while a TD has an HKID. */
static void hotplug(struct worker *w)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online",
		 1 + (unsigned int)worker_random(w, (uint64_t)ncpus() - 1));
	if (file_write(path, "0")) {
		worker_count(w, COUNT_REFUSED, 1);
		return;
	}
	worker_count(w, COUNT_OFFLINE, 1);
	if (file_write(path, "1"))
		event_fail("the CPU of %s cannot be taken online again: %s", path, strerror(errno));
}

static void run(struct worker *w)
{
	while (worker_go(w)) {
		if (worker_random(w, 100) < w->opts[OPT_HOTPLUG])
			hotplug(w);
		else
			move(w);
		sleep_us(worker_random(w, w->opts[OPT_GAP] + 1));
	}
}

static const char *check(const struct plan *plan, const uint64_t *opts)
{
	(void)opts;
	return plan->cpus < 2 ? "it has no other CPU to move to; raise cpus in [plan]" : NULL;
}

STRESSOR(migrate, .help = "vCPU threads, and others, move from CPU to CPU",
	 .paths = "tdx_vcpu_load, tdx_flush_vp_on_cpu, tdx_disassociate_vp; with hotplug "
		  "tdx_offline_cpu, tdx_online_cpu, kvm_online_cpu",
	 .options = options, .check = check, .run = run, .ncounters = 3, .counters = counters);
