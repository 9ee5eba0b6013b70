// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Instead of the agent: a TD in a cgroup that allows none (misc.max), K9 in
 * docs/kernel-findings.md. KVM_TDX_INIT_VM has to fail, and nothing else may happen.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "agent.h"
#include "outcome.h"
#include "plan.h"

#define ROOT "/sys/fs/cgroup/"

static void put(const char *path, const char *text)
{
	int err = file_write(path, text);

	if (err)
		event_fail("'%s' cannot be written to %s: %s", text, path, strerror(-err));
}

static void run(void)
{
	static struct plan plan = {.td_vcpus = 1, .td_memory = 2 * TD_TABLE, .td_slots = 1};
	struct td *td;

	outcome_begin(&plan);
	put(ROOT "cgroup.subtree_control", "+misc");
	mkdir(ROOT "none", 0755);
	put(ROOT "none/misc.max", "tdx 0");
	put(ROOT "none/cgroup.procs", "1");
	/* Its failure is reported as that of an ioctl. */
	td = td_create(&plan, 1, 1);
	event_check("misc", 1, !td, NULL);
	if (!td)
		td = td_create(&plan, 2, 2);
	if (!td)
		return;
	event_finding("misc", "limit", 2, "a TD was created that its cgroup does not allow", NULL);
	td_destroy(td);
}

int main(void)
{
	const char *port;

	init_mount();
	port = init_events_port();
	if (port && !event_open(port)) {
		event_emit("hello", "{s:i, s:s, s:s, s:s}", "v", 1, "agent", "miscmax", "kernel",
			   "test", "platform", "soft");
		kmsg_start();
		file_write(KCSAN, "on");
		selftest(true);
		run();
		kmsg_stop();
		event_end();
	}
	init_go_down();
}
