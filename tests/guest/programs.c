// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs as init of a VM instead of the agent: guest programs do the same on both platforms, in
 * softseam's guests and on real vCPUs. What they write to a port is what is compared.
 */
#include "agent.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "outcome.h"
#include "payload.h"
#include "payload/payload.h"
#include "seam_findings.h"
#include "td_kind.h"

#define PORT 0x60
#define MAX  4

static const struct {
	const char *what, *program;
	size_t n;
	uint32_t says[MAX];
} programs[] = {
    {"registers",
     "set r1, 5\nadd r1, -2\nmul r1, 7\nmod r1, 10\nset r2, r1\nadd r2, r1\n"
     "out 0x60, r1\nout 0x60, r2\nout 0x60, r0\nout 0x60, r7\n",
     4,
     {1, 2, 0, 0}},
    {"loops",
     "set r1, 3\nagain: out 0x60, r1\nadd r1, -1\njnz r1, again\njmp over\nout 0x60, r0\n"
     "over: set r1, 77\nout 0x60, r1\n",
     4,
     {3, 2, 1, 77}},
    /* splitmix64, seeded with 12345 */
    {"random numbers",
     "seed r0, 12345\nrand r1\nmod r1, 1000000\nout 0x60, r1\n"
     "walk-random r2, 4G, 1000\nadd r2, -4G\nout 0x60, r2\n"
     "set r3, 998\nwalk-seq r4, r3, 4G, 1000\nwalk-seq r4, r3, 4G, 1000\n"
     "add r4, -4G\nout 0x60, r4\nout 0x60, r3\n",
     4,
     {414944, 2445312, 4091904, 1000}},
    {"memory",
     "set r1, 4G\naccept r1\nread r2, [r1]\nout 0x60, r2\nwrite [r1], r1\nread r2, [r1]\n"
     "verify [r1], r1\nadd r2, -4G\nadd r2, 9\nout 0x60, r2\nadd r1, 1M\naccept r2, r1\n"
     "out 0x60, r2\nverify [r1], r1, or-zero\nout 0x60, r0\n",
     4,
     {0, 9, 0, 0}},
    {"filled memory",
     "set r1, 4G\naccept r1\nset r2, 16\nfill [r1], r2, 8\nadd r1, -4G\nout 0x60, r1\n"
     "out 0x60, r2\nset r1, 4G\nadd r1, 120\nread r3, [r1]\nadd r3, -4G\nout 0x60, r3\n"
     "set r1, 4G\nspin [r1]\nout 0x60, r0\n",
     4,
     {128, 0, 120, 0}},
    {"executed memory",
     "set r1, 4G\naccept r1\nwrite [r1], r1\nexec [r1]\nverify [r1], r1\nset r2, 3\n"
     "out 0x60, r2\n",
     1,
     {3}},
    {"converted memory",
     "set r2, 4G\nset r1, r2\nadd r1, 0x800000000000\nmapgpa r1, 8K\nset r3, 5\n"
     "write [r1], r3\nread r3, [r1]\nout 0x60, r3\nmapgpa r2, 8K\naccept r2\nread r3, [r2]\n"
     "out 0x60, r3\n",
     2,
     {5, 0}},
};

static void check(bool ok, const char *what)
{
	event_check("programs", 0, ok, json_pack("{s:s}", "what", what));
	if (!ok)
		event_finding("programs", "programs", 0, what, NULL);
}

static struct td *new_td(const struct plan *plan, const char *program)
{
	struct td *td = td_create(plan, 1, 1);

	if (td && (td_set_program(td, 0, "%s", program) || td_finalize(td))) {
		td_destroy(td);
		td = NULL;
	}
	check(td, "a VM");
	if (td)
		atomic_store(&td->may, TD_MAY_CONVERT);
	return td;
}

static uint32_t said(const struct td *td)
{
	const struct kvm_run *r = td->vcpus[0].run;
	uint32_t value;

	memcpy(&value, (const char *)r + r->io.data_offset, sizeof(value));
	return value;
}

static void check_programs(const struct plan *plan)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct td *td = new_td(plan, programs[i].program);
		bool ok = td;

		for (size_t k = 0; ok && k < programs[i].n; k++) {
			ok = td_run_until_out(td, 0, PORT);
			if (!ok || said(td) == programs[i].says[k])
				continue;
			ok = false;
			event_emit("said", "{s:s, s:i, s:I, s:I}", "program", programs[i].what,
				   "nth", (int)k, "want", (json_int_t)programs[i].says[k], "have",
				   (json_int_t)said(td));
		}
		check(ok, programs[i].what);
		if (td)
			td_destroy(td);
	}
}

/* Only on real vCPUs: softseam's own log has them (tests/softseam). */
static void check_mismatch(const struct plan *plan)
{
	struct td *td = new_td(plan, "set r1, 4G\nset r2, 7\nwrite [r1], r2\nverify [r1], r1\n"
				     "verify [r1], r2\nout 0x60, r2\n");
	json_t *last;

	if (!td)
		return;
	check(td_run_until_out(td, 0, PORT), "a vCPU goes on after a mismatch");
	check(payload_mismatches(&last) == 1 &&
		  !strcmp(json_string_value(json_object_get(last, "have")), "0x7") &&
		  !strcmp(json_string_value(json_object_get(last, "want")), "0x100000000"),
	      "a mismatch is counted, and what it was is known");
	json_decref(last);
	td_destroy(td);
}

/* How the one vCPU of a VM with that PROGRAM dies; NULL: it does not. */
static json_t *death_of(const struct plan *plan, const char *program)
{
	struct td *td = new_td(plan, program);
	json_t *died = NULL;

	if (!td)
		return NULL;
	while (ioctl(td->vcpus[0].fd, KVM_RUN, 0) < 0 && errno == EINTR)
		;
	if (td->vcpus[0].run->exit_reason == KVM_EXIT_IO && payload_speaks(td, 0))
		died = payload_hear(td, 0);
	td_destroy(td);
	return died;
}

/* Nor is there a code segment any more: the exception can't be delivered. */
static void check_shutdown(const struct plan *plan)
{
	struct td *td = new_td(plan, "set r1, 0x381960\nset r2, 0\nwrite [r1], r2\n"
				     "set r1, 0x371008\nwrite [r1], r2\nset r1, 300G\n"
				     "read r2, [r1]\n");
	const char *exit, *changed;
	json_t *facts;

	if (!td)
		return;
	while (ioctl(td->vcpus[0].fd, KVM_RUN, 0) < 0 && errno == EINTR)
		;
	check(td->vcpus[0].run->exit_reason == KVM_EXIT_SHUTDOWN, "a vCPU shuts down");
	facts = td->kind->shutdown_facts(td, 0);
	exit = json_string_value(json_object_get(facts, "exit"));
	changed = json_string_value(json_object_get(facts, "changed"));
	fprintf(stderr, "exit: %s\n", exit ? exit : "none");
	check(json_integer_value(json_object_get(facts, "rip")) == 0xfff0, "KVM resets it");
	check(exit && strstr(exit, "reason shutdown rip 0x300"), "its exit is told all the same");
	check(changed && !strcmp(changed, "page tables"), "and what it had changed");
	json_decref(facts);
	td_destroy(td);
}

static void check_deaths(const struct plan *plan)
{
	/* An op that there is not, a register that is odd, the end of the page, a jump behind it.
	 */
	static const char *const bad[] = {
	    "raw 200, 0, 0, 0, 0, 0\n", "set r1, 4G\nadd r1, 3\nread r2, [r1]\n",
	    "set r1, 512G\nread r2, [r1]\n", "raw 8, 0, 0, 0, 0, 4096\n",
	    "again: add r1, 1\njmp again\n"};
	json_t *died;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		died = death_of(plan, bad[i]);
		check(died && json_object_get(died, "op"), bad[i]);
		json_decref(died);
	}
	/* The guest's own page tables lose a GiB. */
	died = death_of(plan, "set r1, 0x381960\nset r2, 0\nwrite [r1], r2\nset r1, 300G\n"
			      "read r2, [r1]\n");
	check(died && json_integer_value(json_object_get(died, "vector")) == 14 &&
		  !strcmp(json_string_value(json_object_get(died, "cr2")), "0x4b00000000"),
	      "an exception is told with its vector and its address");
	json_decref(died);
	check_shutdown(plan);
}

int main(void)
{
	static struct plan plan = {
	    .platform = PLATFORM_MIRROR, .td_vcpus = 1, .td_memory = 2 * TD_TABLE, .td_slots = 1};
	const char *port;

	init_mount();
	port = init_port("septorture.events");
	if (port && !event_open(port)) {
		if (getenv("septorture_platform"))
			plan.platform = platform_find(getenv("septorture_platform"));
		payload_prepare();
		event_emit("hello", "{s:i, s:s, s:s, s:s}", "v", 1, "agent", "programs", "kernel",
			   "test", "platform", seam_is_here() ? "soft" : "npt");
		kmsg_start();
		outcome_begin(&plan);
		tag_thread(TAG_MAIN);
		file_write(KCSAN, "on");
		selftest(true);
		check_programs(&plan);
		if (plan.platform == PLATFORM_DIRECT) {
			check_mismatch(&plan);
			check_deaths(&plan);
		}
		kmsg_stop();
		event_end(false);
	}
	init_go_down();
}
