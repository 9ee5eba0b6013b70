/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the agent: events, the TD at work, worker threads, fault injection.
 * The agent is init in the VM, and an ordinary program on a TDX host.
 */
#ifndef SEPTORTURE_AGENT_H
#define SEPTORTURE_AGENT_H

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oracle.h"
#include "plan.h"
#include "stressor.h"

/* --- event.c: docs/events.md. All may be called from any thread. --- */

/* Opens the event stream; returns 0 or -errno. */
int event_open(const char *path);
/* Emits event KIND with the fields of FORMAT and what follows, as json_pack(). */
void event_emit(const char *kind, const char *format, ...);
/* A check that an oracle made; FACTS (may be NULL) is consumed. */
void event_check(const char *oracle, unsigned int td, bool ok, json_t *facts);
/*
 * Something an oracle found; FACTS (may be NULL) is consumed. The TITLE holds
 * no numbers that vary between runs: it identifies the finding.
 */
void event_finding(const char *oracle, const char *kind, unsigned int td, const char *title,
		   json_t *facts);
/* The agent could not do its work: the run is not a result. */
__attribute__((format(printf, 1, 2))) void event_fail(const char *format, ...);
/* The same, because of what the plan asks for. */
__attribute__((format(printf, 1, 2))) void event_fail_plan(const char *format, ...);
bool event_failed(void);
/* How many findings were emitted so far. */
unsigned int event_findings(void);
/* A finding that a child process leaves behind. */
struct event_note {
	char oracle[32]; /* "": there is none */
	char kind[32], title[192];
};
/*
 * For a child process, whose words would come in between: it says nothing from now on, but its
 * first finding is put into SAID.
 */
void event_mute(struct event_note *said);
/*
 * From now on what a child says counts here as well, and the other way round. No other thread may
 * say anything meanwhile. 0 or -errno.
 */
int event_share(void);
/* How many lines were written so far; and, the host cutting them into runs, a new beginning. */
uint64_t event_written(void);
void event_begin_at(uint64_t written);
/* The last line, of this round if there are MORE. */
void event_end(bool more);

/* Microseconds since boot. */
uint64_t now_us(void);
void sleep_us(uint64_t us);

/* --- file.c --- */

/* Reads a small text file; NULL with errno set on failure. Owned by the caller. */
char *file_read(const char *path);
/* The same for a file that may hold anything and be large; *LEN is its length. */
char *file_read_bytes(const char *path, size_t *len);
/* Writes TEXT to a file in one write(); 0 or -errno. */
int file_write(const char *path, const char *text);

/* --- init.c: for PID 1 of our VM --- */

/* Whether this is PID 1, or a child of it: all other processes are ours, too. */
bool init_is_here(void);
void init_mount(void);
/* The device of the VM's port NAME, as there is no udev; NULL: none. free() it. */
char *init_port(const char *name);
/* Everything is said. A reset ends QEMU (-no-reboot) on every machine type, power-off does not. */
__attribute__((noreturn)) void init_go_down(void);

/* --- kmsg.c --- */

/* Starts forwarding /dev/kmsg as events, from where this or a child of this stopped. */
int kmsg_start(void);
/* Forwards what is left and stops. */
void kmsg_stop(void);
/* How many splats began so far, all that is in the log by now considered. */
unsigned int kmsg_splats(void);
/* The same of what has been read. */
unsigned int kmsg_splats_read(void);
/* Whether KCSAN's report of the self-test's race came by. */
bool kmsg_saw_provoked_race(void);

/* --- kmemleak.c --- */

/* After the load: has kmemleak look, and forwards what it found. */
void kmemleak_report(void);

/* --- gcov.c: only in a kernel with gcov --- */

bool gcov_is_there(void);
/* Paths count from now on. */
void gcov_begin(void);
/* Emits what was counted, and a `stacks` event. */
void gcov_report(void);
/* The same of what case NUMBER of an enumeration took, 0 the one in which nothing fails. */
void gcov_case(uint64_t number);

/* --- rounds.c --- */

/* What one round is given. */
struct round_args {
	uint64_t seed;
	uint64_t first; /* the case that an enumeration begins with; 0: it knows by itself */
};

/*
 * Calls RUN(ARG, round) up to N times, each in a process of its own, which begins as this one is
 * now, with events of its own from `round` to `end` (docs/events.md). Ends with the first round
 * that found something, or after which the kernel has said that something is wrong: it may not
 * be what it was. What the first one is given comes from the host, who may have waited as long as
 * it likes: up to then, nothing depends on it. Needs kmsg_start(). Returns when all is said, the
 * `end` event too.
 */
void rounds_run(uint64_t n, void (*run)(void *arg, const struct round_args *args), void *arg);

/* --- selftest.c --- */

#define KCSAN "/sys/kernel/debug/kcsan"

/* Proves that splats are seen and, with FAULTS, that they can be injected, or event_fail()s. */
void selftest(bool faults);

/* --- inject.c: the plan's faults (fault.h) --- */

/* Arms the plan's faults; 0, or -1 after event_fail(). */
int inject_arm(const struct plan *plan);
/* softseam's TDH.MEM leaves wait for locks: none of them is busy by itself. */
void inject_calm(void);
/* Switches those on and off that have a start or stop; the load began US microseconds ago. */
void inject_tick(const struct plan *plan, uint64_t us);
/* Stops injecting, but keeps the counters. */
void inject_disarm(const struct plan *plan);
/* Gives the functions back, counters and all. */
void inject_remove(const struct plan *plan);
/* How many calls F made fail so far. */
uint64_t inject_count(const struct plan_fault *f);
/* The same of all faults. */
uint64_t inject_total(const struct plan *plan);
/* The last injections, oldest first (docs/events.md), and how many there were; never NULL. */
json_t *inject_recent(uint64_t *injected);
/* Emits a `site` event per fault of the plan. */
void inject_report(const struct plan *plan);

/* --- kvm_stats.c --- */

/*
 * Reads statistic NAME of the VM or vCPU behind FD (its KVM_GET_STATS_FD file
 * descriptor). False if there is none.
 */
bool kvm_stat(int stats_fd, const char *name, uint64_t *value);

/* --- windows.c --- */

/* Emits a `window` event for each kind of frozen window that there was. */
void windows_report(void);
/* Emits a `race` event for each kind of race at direct SPTEs that there was. */
void races_report(void);

/* --- seam_log.c --- */

/* The last that softseam logged of a guest; NULL: nothing, or no softseam. Owned by the caller. */
json_t *seam_log_last(void);

/* --- td.c: the trust domain at work --- */

#define TD_MAX_VCPUS 16
/*
 * The guest programs, a page per vCPU, have a memory slot of their own, which no
 * stressor touches.
 */
#define TD_PROG_GPA  0x200000ull
#define TD_PROG_SIZE 0x200000ull
#define TD_MEM_GPA   0x100000000ull
#define TD_AWAY	     (1ull << 38) /* from any slot's place to where none is */
#define TD_PAGE	     4096ull
#define TD_TABLE     0x200000ull /* what a page table of leaves maps */
/* Guest code: one of the N hot pages in r1. */
#define TD_HOT_PAGE                                                                                \
	"      rand r1\n"                                                                          \
	"      mod r1, %u\n"                                                                       \
	"      mul r1, 2M\n"                                                                       \
	"      add r1, 4G\n"

/* Set in the GPA of an access to shared memory. */
#define TD_SHARED_BIT (1ull << (TD_GPA_BITS - 1))
#define TD_GPA_BITS   48

/* What stressors do that is seen by the vCPUs (td.may). */
#define TD_MAY_CONVERT	  1 /* between private and shared: the agent follows the guest's wishes */
#define TD_MAY_LOSE_SLOTS 2 /* accesses may find no memory for a while */
#define TD_MAY_FAULT	  4 /* the memory behind a slot may be read-only, or not there, for a while */

struct td_vcpu {
	int fd, stats_fd;
	struct kvm_run *run;
};

struct td_kind;

struct td {
	const struct plan *plan;
	const struct td_kind *kind;
	unsigned int number; /* from 1 */
	uint64_t seed; /* of this TD, drawn from the plan's */
	int kvm_fd, vm_fd, stats_fd, prog_fd, mem_fd;
	void *prog_shared, *mem_shared; /* user addresses behind the slots */
	uint64_t mem_size; /* bytes, from TD_MEM_GPA; offset 0 of mem_fd, -1 if it is anonymous */
	unsigned int nvcpus;
	struct td_vcpu vcpus[TD_MAX_VCPUS];
	atomic_uint may; /* TD_MAY_*: set by a stressor's init() */
	atomic_uint_least64_t conversions; /* of ranges, because the guest wanted it */
	atomic_bool dead; /* KVM bugged the VM, or a vCPU can't go on */
	bool *full; /* td_try_create()'s */
};

/* Builds a TD up to, not including, its finalization; NULL after event_fail() or a finding. */
struct td *td_create(const struct plan *plan, unsigned int number, uint64_t seed);
/* The same; that no HKID is left is no finding, but makes *FULL true. */
struct td *td_try_create(const struct plan *plan, unsigned int number, uint64_t seed, bool *full);
/* Adds NPAGES pages with the content at SOURCE (page aligned) to the initial image. */
int td_add_pages(struct td *td, uint64_t gpa, void *source, uint64_t npages, bool measure);
/*
 * Puts the guest program of vCPU I into the initial image: what gp_assemble()
 * (guest_asm.h) makes of FORMAT and what follows, as printf(). Its r0 begins as I.
 * 0, or -1 after event_fail() or a finding.
 */
__attribute__((format(printf, 3, 4))) int td_set_program(struct td *td, unsigned int i,
							 const char *format, ...);
int td_finalize(struct td *td);
/*
 * From now on a call of this process that fails with ERR (below 64) is no finding, but ends its
 * TD, or is made again if it is KVM_RUN; *COUNT counts these.
 */
void td_tolerate(int err, uint64_t *count);
/* Whether that is so, and one more of them. */
bool td_tolerates(int err);
/* RET of an ioctl, after a finding if it is an error that no fault of the plan promises. */
int td_must(struct td *td, int ret, const char *what);
/* Makes SIZE bytes from GPA private or shared. 0, or -1 after a finding. */
int td_set_private(struct td *td, uint64_t gpa, uint64_t size, bool private);
/* The slot that has byte AT of the memory. */
unsigned int td_slot_of(const struct td *td, uint64_t at);
/* Ordinary memory, empty, in whole large pages if the kernel makes some; as mmap(). */
void *td_map(uint64_t size);
/* Makes or deletes the Ith of plan->td_slots memory slots. 0, or -1 after a finding. */
int td_set_slot(struct td *td, unsigned int i, bool present);
/* Moves it to where no guest program comes, or back; not possible with a guest_memfd. */
int td_move_slot(struct td *td, unsigned int i, bool away);
void td_destroy(struct td *td);

/* --- vcpu.c --- */

/* Faults that KVM fixed in the guest, all vCPUs together. */
uint64_t td_faults(const struct td *td);
/* Runs vCPU I until it leaves to user space; false if it can't go on (reported). */
bool td_run_vcpu(struct td *td, unsigned int i);
/* The same until the guest program writes to I/O port PORT. */
bool td_run_until_out(struct td *td, unsigned int i, unsigned int port);

/* --- worker.c: threads that can be paused --- */

struct worker {
	struct td *td;
	const struct stressor *stressor;
	const uint64_t *opts;
	void *state;
	unsigned int index; /* among the stressor's threads, vCPUs apart */
	int vcpu; /* that it runs; -1: none */
	uint64_t rng;
	uint64_t counters[STRESS_MAX_COUNTERS]; /* written by the worker's thread only */
	pthread_t thread;
	atomic_int tid; /* 0: not running yet */
	atomic_bool parked, evicted;
};

/*
 * Called by a stressor before each step: waits while the workers are paused,
 * and says whether to go on.
 */
bool worker_go(struct worker *w);
uint64_t worker_random(struct worker *w, uint64_t below);
/*
 * Draws a range of 1 to MAX pages of the TD's memory, every other time from a hot page on if
 * the plan has some, or where an SPTE is frozen if the plan has stressors aim: where it begins,
 * in bytes, and its pages in *N.
 */
uint64_t worker_range(struct worker *w, uint64_t max, uint64_t *n);
void worker_count(struct worker *w, unsigned int counter, uint64_t n);

/*
 * The thread of another worker, drawn among all; 0 if that one is parked, or no other. It
 * lives until the workers are stopped. SIGUSR2 does nothing but to interrupt it.
 */
pid_t worker_other(struct worker *w);

struct workers;

/*
 * Task tags, by which fail_function numbers calls: the agent's own thread, and
 * the first of the stressors' threads, which are counted in the plan's order.
 */
#define TAG_MAIN    1
#define TAG_WORKERS 2
#define TAG_MAX	    255
void tag_thread(unsigned int tag);

/* Starts all stressors of the plan on TD (finalized by this). NULL after event_fail() or a finding.
 */
struct workers *workers_start(struct td *td);
/* Until resumed, no worker is inside a system call; false if one does not come back. */
bool workers_pause(struct workers *ws);
void workers_resume(struct workers *ws);
/*
 * Ends the threads and adds their counters to TOTALS[stressor of the plan][counter].
 * False if one does not come back from the kernel: then nothing is freed, as it
 * may still use everything.
 */
bool workers_stop(struct workers *ws, uint64_t totals[][STRESS_MAX_COUNTERS]);

/* --- oracle.c: those that the plan wants --- */

/* From now on none of them looks, and the run will be no result. */
void oracles_off(void);
void oracles_start(const struct plan *plan);
void oracles_end(void);
void oracles_quiesce(struct td *td);
/* False if no further TD can be watched. */
bool oracles_gone(unsigned int td);

#endif
