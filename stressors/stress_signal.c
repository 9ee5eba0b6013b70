// SPDX-License-Identifier: GPL-2.0-or-later
/* Interrupts the other stressors' threads, in KVM_RUN and in long ioctls. */
#include "agent.h"

#include <signal.h>
#include <unistd.h>

static const struct stress_option options[] = {
    {"gap", "pause between two signals; drawn evenly from 0 up", UNIT_TIME, NULL, 500, 0, 60000000},
    {0},
};

static const char *const counters[] = {"signals"};

static void run(struct worker *w)
{
	while (worker_go(w)) {
		pid_t tid = worker_other(w);

		if (tid && !tgkill(getpid(), tid, SIGUSR2))
			worker_count(w, 0, 1);
		sleep_us(worker_random(w, w->opts[0] + 1));
	}
}

STRESSOR(signal, .help = "signals interrupt the other stressors' threads",
	 .paths = "kvm_vcpu_check_block, tdx_vcpu_run, tdx_handle_ept_violation (signal_pending), "
		  "kvm_vcpu_pre_fault_memory, kvm_gmem_populate",
	 .options = options, .run = run, .ncounters = 1, .counters = counters);
