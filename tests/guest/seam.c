// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs as init of a VM instead of the agent: softseam under the real KVM. What it
 * does by itself the tests in tests/softseam show; this is what takes both.
 */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/falloc.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "guest_prog.h"
#include "kvm_tdx.h"
#include "outcome.h"

#define DIR    "/sys/kernel/debug/softseam/"
#define SHARED (1ull << 47)
#define MMIO   0xd0000000ull /* no memory slot is there */
#define PORT   0x60
#define TABLE  (2ull << 20)

static void check(bool ok, const char *what)
{
	event_check("softseam", 0, ok, json_pack("{s:s}", "what", what));
	if (!ok)
		event_finding("softseam", "softseam", 0, what, NULL);
}

/* The number behind NAME in a file of softseam's; UINT64_MAX: not there. */
static uint64_t count(const char *file, const char *name)
{
	char path[64], *text, *at;
	uint64_t n = UINT64_MAX;

	snprintf(path, sizeof(path), DIR "%s", file);
	text = file_read(path);
	at = text ? strstr(text, name) : NULL;
	if (at)
		sscanf(at + strlen(name), " %" SCNu64, &n);
	free(text);
	return n;
}

static struct td *new_td(const struct plan *plan, const struct gp_op *ops, size_t n)
{
	static char page[TD_PAGE] __attribute__((aligned(4096)));
	struct td *td = td_create(plan, 1, 1);

	memset(page, 0, sizeof(page));
	memcpy(page, ops, n * sizeof(*ops));
	if (td && (td_add_pages(td, TD_PROG_GPA, page, 1, false) ||
		   td_add_pages(td, TD_PROG_GPA + TD_PAGE, page, 1, false) || td_finalize(td))) {
		td_destroy(td);
		td = NULL;
	}
	check(td, "a TD");
	return td;
}

#define NEW_TD(plan, ops) new_td((plan), (ops), sizeof(ops) / sizeof(*(ops)))

/* Runs vCPU I until it leaves to user space; its exit reason. */
static uint32_t run(struct td *td, unsigned int i)
{
	struct td_vcpu *v = &td->vcpus[i];

	v->run->exit_reason = KVM_EXIT_UNKNOWN;
	while (ioctl(v->fd, KVM_RUN, 0) < 0)
		if (errno != EINTR && errno != EAGAIN)
			break;
	return v->run->exit_reason;
}

/* Whether the next thing that vCPU 0 does is to write VALUE to the port. */
static bool says(struct td *td, uint32_t value)
{
	struct kvm_run *r = td->vcpus[0].run;
	uint32_t data, reason = run(td, 0);

	if (reason != KVM_EXIT_IO || r->io.port != PORT) {
		event_emit("says", "{s:i}", "exit", (int)reason);
		return false;
	}
	memcpy(&data, (char *)r + r->io.data_offset, sizeof(data));
	if (data != value)
		event_emit("says", "{s:I, s:I}", "want", (json_int_t)value, "have",
			   (json_int_t)data);
	return data == value;
}

static int set_attributes(struct td *td, uint64_t gpa, uint64_t size, uint64_t attributes)
{
	struct kvm_memory_attributes a = {.address = gpa, .size = size, .attributes = attributes};

	return ioctl(td->vm_fd, KVM_SET_MEMORY_ATTRIBUTES, &a);
}

#define SAY(r)                                                                                     \
	{                                                                                          \
		.op = GP_OUT, .rs = (r), .imm = PORT                                               \
	}

/* A vCPU that moves to another CPU has an empty TLB there. */
static void stay_on_cpu(bool stay)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	for (int cpu = 0; cpu < (stay ? 1 : CPU_SETSIZE); cpu++)
		CPU_SET(cpu, &cpus);
	check(!sched_setaffinity(0, sizeof(cpus), &cpus), "the vCPU stays where it is");
}

/* Reads and writes of the guest reach the host's page, until KVM says that it is another one. */
static void check_shared(const struct plan *plan)
{
	static const struct gp_op ops[] = {
	    {.op = GP_SET, .rd = 1, .imm = TD_MEM_GPA | SHARED},
	    {.op = GP_SET, .rd = 2, .imm = 0x22222222},
	    {.op = GP_READ, .rd = 3, .rs = 1},
	    SAY(3),
	    {.op = GP_WRITE, .rd = 1, .rs = 2},
	    SAY(2),
	    {.op = GP_READ, .rd = 3, .rs = 1},
	    SAY(3),
	};
	struct td *td = NEW_TD(plan, ops);
	uint64_t hits;

	if (!td)
		return;
	stay_on_cpu(true);
	check(!set_attributes(td, TD_MEM_GPA, TD_PAGE, 0), "a page becomes shared");
	*(volatile uint64_t *)td->mem_shared = 0x11111111;
	check(says(td, 0x11111111), "the guest reads shared memory");
	hits = count("counts", "tlb_hits");
	check(says(td, 0x22222222) && *(volatile uint64_t *)td->mem_shared == 0x22222222,
	      "the guest writes shared memory");
	check(count("counts", "tlb_hits") > hits, "by way of its TLB");
	/* All of it: a part of a huge page would not be freed. */
	madvise(td->mem_shared, td->mem_size, MADV_DONTNEED);
	check(says(td, 0), "KVM's INVEPT reaches the TLB");
	check(!count("findings", "stale_shared"), "no translation was stale");
	stay_on_cpu(false);
	td_destroy(td);
}

/* A 2M ACCEPT where KVM has 4K pages; conversion as the guest asks for it; MMIO. */
static void check_calls(const struct plan *plan)
{
	struct kvm_enable_cap hypercalls = {.cap = KVM_CAP_EXIT_HYPERCALL, .args = {1 << 12}};
	static const struct gp_op ops[] = {
	    {.op = GP_SET, .rd = 1, .imm = TD_MEM_GPA},
	    {.op = GP_WRITE, .rd = 1, .rs = 1},
	    {.op = GP_ACCEPT, .rd = 2, .rs = 1, .imm = 1, .flags = GP_RESULT},
	    SAY(2),
	    {.op = GP_ACCEPT, .rd = 2, .rs = 1, .flags = GP_RESULT},
	    SAY(2),
	    {.op = GP_SET, .rd = 4, .imm = TD_MEM_GPA | SHARED},
	    {.op = GP_SET, .rd = 5, .imm = TD_PAGE},
	    {.op = GP_VMCALL, .rd = 2, .rs = 3, .imm = 0x10001, .flags = GP_RESULT},
	    SAY(2),
	    {.op = GP_SET, .rd = 4, .imm = 0},
	    {.op = GP_SET, .rd = 5, .imm = 0},
	    {.op = GP_VMCALL, .imm = 10, .flags = GP_RESULT4, .rd = 2, .rs = 3},
	    {.op = GP_SET, .rd = 1, .imm = MMIO | SHARED},
	    {.op = GP_READ, .rd = 2, .rs = 1},
	    SAY(2),
	};
	struct td *td = NEW_TD(plan, ops);
	struct kvm_run *r;
	uint64_t value = 0x33333333;

	if (!td)
		return;
	r = td->vcpus[0].run;
	check(!ioctl(td->vm_fd, KVM_ENABLE_CAP, &hypercalls), "KVM_CAP_EXIT_HYPERCALL");
	check(says(td, 0xc0000b0b), "a 2M ACCEPT of 4K pages is PAGE_SIZE_MISMATCH");
	check(says(td, 0x00000b0a), "an accepted page is PAGE_ALREADY_ACCEPTED");
	check(run(td, 0) == KVM_EXIT_HYPERCALL && r->hypercall.nr == 12 &&
		  r->hypercall.args[0] == TD_MEM_GPA && r->hypercall.args[1] == 1,
	      "MAPGPA reaches user space");
	r->hypercall.ret = 0;
	check(says(td, 0), "MAPGPA is answered");
	check(run(td, 0) == KVM_EXIT_MMIO && r->mmio.phys_addr == MMIO && !r->mmio.is_write &&
		  r->mmio.len == 8,
	      "MMIO reaches user space");
	memcpy(r->mmio.data, &value, sizeof(value));
	check(says(td, 0x33333333), "MMIO is answered");
	td_destroy(td);
}

/* What a vCPU can't do ends it; the log says why; the other one lives. */
static void check_deaths(const struct plan *plan)
{
	static const struct {
		struct gp_op op;
		const char *why;
	} deaths[] = {
	    {{.op = 99}, "illegal op"},
	    {{.op = GP_READ, .rs = 7, .rd = 1}, "address not aligned"},
	    {{.op = GP_JMP, .imm = 256}, "past the end"},
	    {{.op = GP_JMP, .imm = 3}, "endless loop"},
	    {{.op = GP_MOD, .rd = 1, .imm = 0}, "division by 0"},
	};

	for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++) {
		const struct gp_op ops[] = {
		    {.op = GP_SET, .rd = 7, .imm = 1},
		    {.op = GP_JNZ, .rs = 0, .imm = 4},
		    SAY(7),
		    deaths[i].op,
		    SAY(7),
		    {.op = GP_END},
		};
		struct td *td = NEW_TD(plan, ops);
		json_t *log;

		if (!td)
			return;
		check(says(td, 1) && run(td, 0) == KVM_EXIT_SHUTDOWN, deaths[i].why);
		log = seam_log_last();
		check(log && strstr(json_string_value(log), deaths[i].why), "the log says so");
		json_decref(log);
		check(run(td, 1) == KVM_EXIT_IO, "the other vCPU goes on");
		td_destroy(td);
	}
}

static void *run_0(void *arg)
{
	run(arg, 0);
	return NULL;
}

static void *run_1(void *arg)
{
	run(arg, 1);
	return NULL;
}

static bool punch(struct td *td)
{
	return !fallocate(td->mem_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, TD_PAGE);
}

/* vCPU 0 waits at one RIP for what is taken away again and again, until vCPU 1 accepts it. */
static void check_zero_step(const struct plan *plan)
{
	static const struct gp_op ops[] = {
	    {.op = GP_SET, .rd = 1, .imm = TD_MEM_GPA},
	    {.op = GP_JNZ, .rs = 0, .imm = 4},
	    {.op = GP_SPIN, .rs = 1},
	    SAY(1),
	    {.op = GP_ACCEPT, .rs = 1}, /* 4: vCPU 1 */
	    {.op = GP_WRITE, .rd = 1, .rs = 1},
	    SAY(1),
	};
	struct td *td = NEW_TD(plan, ops);
	pthread_t thread;
	uint64_t start;

	if (!td)
		return;
	check(!pthread_create(&thread, NULL, run_0, td), "a thread");
	for (start = now_us(); !count("counts", "zero_step_exits") && now_us() - start < 20000000;)
		if (!punch(td))
			break;
	check(count("counts", "zero_step_enters") > 0, "the S-EPT is checked before an entry");
	check(count("counts", "zero_step_exits") > 0,
	      "a vCPU that would not get on is not entered");
	check(run(td, 1) == KVM_EXIT_IO, "another vCPU accepts the page");
	pthread_join(thread, NULL);
	check(td->vcpus[0].run->exit_reason == KVM_EXIT_IO, "and it goes on");
	td_destroy(td);
}

/* Busy now and then: KVM lives with that where it maps, and the counters tell it from others. */
static void check_latent(const struct plan *plan)
{
	static const struct gp_op ops[] = {
	    {.op = GP_SET, .rd = 1, .imm = TD_MEM_GPA},
	    {.op = GP_SET, .rd = 2, .imm = 512},
	    {.op = GP_SET, .rd = 3, .imm = TD_MEM_GPA + 600 * TD_PAGE},
	    {.op = GP_JNZ, .rs = 0, .imm = 11},
	    {.op = GP_ACCEPT, .rs = 1}, /* 4: */
	    {.op = GP_WRITE, .rd = 1, .rs = 1},
	    {.op = GP_ADD, .rd = 1, .imm = TD_PAGE},
	    {.op = GP_ADD, .rd = 2, .imm = -1ull},
	    {.op = GP_JNZ, .rs = 2, .imm = 4},
	    {.op = GP_WRITE, .rd = 3, .rs = 1},
	    SAY(2),
	    /* 11: vCPU 1, which is in the module most of the time. */
	    {.op = GP_SPIN, .rs = 3},
	    SAY(1),
	};
	struct td *td = NEW_TD(plan, ops);
	pthread_t thread;

	if (!td)
		return;
	check(!pthread_create(&thread, NULL, run_1, td), "a thread");
	check(!file_write(DIR "latent", "sept_tree 300000 7") &&
		  !file_write(DIR "latent", "TDH.MEM.PAGE.AUG 20000"),
	      "latent failures on");
	check(file_write(DIR "latent", "sept_tree 1000001 7") == -EINVAL &&
		  file_write(DIR "latent", "none 1 7") == -EINVAL &&
		  file_write(DIR "latent", "TDH.MEM.PAGE.AUG 1000001") == -EINVAL &&
		  file_write(DIR "latent", "x") == -EINVAL,
	      "latent failures that there are not");
	check(says(td, 0), "KVM lives with a busy S-EPT tree");
	pthread_join(thread, NULL);
	check(!file_write(DIR "latent", "off"), "latent failures off");
	check(count("statuses", "TDH.MEM.PAGE.AUG 0x8000020000000092 natural 0 provoked") > 0,
	      "provoked statuses are told from natural ones");
	td_destroy(td);
}

static void check_audit(const struct plan *plan)
{
	static const struct gp_op ops[] = {
	    {.op = GP_SET, .rd = 1, .imm = TD_MEM_GPA},
	    {.op = GP_WRITE, .rd = 1, .rs = 1},
	    SAY(1),
	};
	struct td *td = NEW_TD(plan, ops);

	if (!td)
		return;
	check(says(td, (uint32_t)TD_MEM_GPA), "a page is written");
	check(count("tds", "mapped") == 3 && count("tds", "L1") == 3, "the pages are there");
	check(count("tds", "tables") == 5 && count("pamt", "ept") == 5, "and their tables");
	check(count("pamt", "tdr") == 1 && count("pamt", "tdcx") == 16 &&
		  count("pamt", "tdvpr") == 2 && count("pamt", "reg") == 3,
	      "pages by type");
	check(count("vcpus", "vcpu 1 tdvpr") != UINT64_MAX, "the vCPUs are there");
	check(count("hkids", "assigned") == 0 || count("hkids", "hkid") >= 32,
	      "the HKIDs are there");
	td_destroy(td);
	check(!count("pamt", "ept") && !count("pamt", "reg") && !count("pamt", "tdr"),
	      "nothing is left");
}

/* All checks, or with the kernel parameter seam_shared=1 that one alone. */
static void check_all(const struct plan *plan)
{
	check_shared(plan);
	if (getenv("seam_shared"))
		return;
	check_audit(plan);
	check_calls(plan);
	check_deaths(plan);
	check_latent(plan);
	check_zero_step(plan);
}

int main(void)
{
	static struct plan plan = {.td_vcpus = 2, .td_memory = 2 * TABLE, .td_slots = 1};
	const char *port;

	init_mount();
	port = init_port("septorture.events");
	if (port && !event_open(port)) {
		event_emit("hello", "{s:i, s:s, s:s, s:s}", "v", 1, "agent", "seam", "kernel",
			   "test", "platform", "soft");
		kmsg_start();
		outcome_begin(&plan);
		tag_thread(TAG_MAIN);
		file_write(KCSAN, "on");
		selftest(true);
		check_all(&plan);
		kmsg_stop();
		event_end(false);
	}
	init_go_down();
}
