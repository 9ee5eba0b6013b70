// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Instead of the agent: holes are punched into a TD's image while KVM_TDX_FINALIZE_VM is under
 * way, which holds neither mmu_lock nor guest_memfd's lock (K11 in docs/kernel-findings.md).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>

#include "agent.h"
#include "kvm_tdx.h"
#include "outcome.h"
#include "plan.h"

#define TDS   400
#define PAGES 64 /* of an image */

static atomic_bool go, over;

static void *punch(void *arg)
{
	struct td *td = arg;

	while (!atomic_load(&go))
		;
	for (unsigned int i = 0; i < PAGES && !atomic_load(&over); i++)
		if (fallocate(td->mem_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      (off_t)(i * TD_PAGE), TD_PAGE))
			td_must(td, -1, "PUNCH_HOLE");
	return NULL;
}

/* Whether it did what it should. */
static bool race(struct td *td)
{
	static char image[PAGES * TD_PAGE] __attribute__((aligned(4096)));
	struct kvm_tdx_cmd cmd = {.id = KVM_TDX_FINALIZE_VM};
	pthread_t thread;
	int ret;

	if (td_add_pages(td, TD_MEM_GPA, image, PAGES, false))
		return false;
	atomic_store(&go, false);
	atomic_store(&over, false);
	if (pthread_create(&thread, NULL, punch, td)) {
		event_fail("a thread cannot be started");
		return false;
	}
	atomic_store(&go, true);
	sleep_us(td->number * 37 % 2000);
	/* The module's locks are tried once: EBUSY is what a hole may do to it. */
	do
		ret = ioctl(td->vm_fd, KVM_MEMORY_ENCRYPT_OP, &cmd);
	while (ret && errno == EBUSY && !(cmd.hw_error = 0));
	td_must(td, ret, "KVM_TDX_FINALIZE_VM");
	sleep_us(1000);
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	/* A dead VM refuses all. */
	return !ret && !td_set_private(td, TD_MEM_GPA, TD_PAGE, false);
}

static void run(void)
{
	static struct plan plan = {.td_vcpus = 1, .td_memory = 512 << 10, .td_slots = 1};
	uint64_t start = now_us();
	bool ok = true;

	outcome_begin(&plan);
	for (unsigned int i = 1; ok && i <= TDS && now_us() - start < 60000000; i++) {
		struct td *td = td_create(&plan, i, i);

		ok = td && race(td);
		if (td)
			td_destroy(td);
		event_check("finalize", i, ok, NULL);
	}
}

int main(void)
{
	const char *port;

	init_mount();
	port = init_port("septorture.events");
	if (port && !event_open(port)) {
		event_emit("hello", "{s:i, s:s, s:s, s:s}", "v", 1, "agent", "finalize", "kernel",
			   "test", "platform", "soft");
		kmsg_start();
		file_write(KCSAN, "on");
		selftest(true);
		run();
		kmsg_stop();
		event_end(false);
	}
	init_go_down();
}
