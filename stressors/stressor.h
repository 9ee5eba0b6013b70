/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a stressor is. One file per stressor (stressors/stress_NAME.c), which
 * ends with STRESSOR(...); nothing else has to be touched. The same objects are
 * linked into the agent, which runs them, and into the host tool, which lists
 * them and checks plans.
 */
#ifndef SEPTORTURE_STRESSOR_H
#define SEPTORTURE_STRESSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform.h"

struct plan;
struct td;
struct worker;

enum stress_unit {
	UNIT_COUNT, /* a plain number */
	UNIT_TIME, /* base unit: microseconds */
	UNIT_SIZE, /* base unit: bytes */
	UNIT_PERCENT, /* base unit: whole percent */
	UNIT_CHOICE, /* one of ->choices; the value is its index */
};

struct stress_option {
	const char *key; /* as in a plan */
	const char *help; /* one line */
	enum stress_unit unit;
	const char *const *choices; /* UNIT_CHOICE: ends with NULL */
	uint64_t def, min, max; /* in base units */
};

struct stress_counter {
	const char *name;
	uint64_t value;
};

#define STRESS_MAX_COUNTERS 16

/*
 * The first option, and counter, of a stressor that has vCPUs. Those that want a number
 * have the TD's first vCPUs, in the plan's order; the others share what is left.
 */
#define STRESS_VCPUS                                                                               \
	{                                                                                          \
		"vcpus", "vCPUs that it has; 0: an even share of those that others leave",         \
		    UNIT_COUNT, NULL, 0, 0, 16                                                     \
	}
#define STRESS_EXITS "exits"

/*
 * begin() and end() stand around the whole load, all else around one TD.
 * init() runs before the vCPUs start, with the TD built but not finalized, so
 * that it can add pages; run() is then called in `threads` threads (if there is
 * no such hook 1, or none beside those of its vCPUs), each with its own worker,
 * and returns when worker_go() says so; fini() follows when all have returned.
 * A hook may be NULL. begin() and init() return 0 or -1 after event_fail();
 * end() follows only a begin() that returned 0.
 */
struct stressor {
	const char *name;
	const char *help; /* one line */
	const char *paths; /* the KVM functions it is there for */
	enum platform only; /* 0: there for all */
	const struct stress_option *options; /* ends with a NULL key; may be NULL */
	bool vcpus; /* it has vCPUs: STRESS_VCPUS is its first option */
	/*
	 * Gives VCPU, the NTH of N that it has, its guest program (td_set_program()); the agent
	 * then runs it, STRESS_EXITS being the stressor's first counter. NULL: run() gets a
	 * thread for each of its vCPUs, to do with them what it likes.
	 * Called before init(), which may add pages that it needs. Returns as init().
	 */
	int (*vcpu_program)(struct td *td, const uint64_t *opts, unsigned int vcpu,
			    unsigned int nth, unsigned int n);
	/*
	 * What is wrong with the options together, or with the plan round them: a sentence
	 * without its full stop; NULL: nothing.
	 */
	const char *(*check)(const struct plan *plan, const uint64_t *opts);
	/* Why it can't be at work on this machine, as a sentence; NULL: it can. Else it is skipped.
	 */
	const char *(*lacks)(void);
	/* What it runs in the VM: /usr/bin/PROGRAM, of the Debian package of that name; or NULL. */
	const char *program;
	const char *program_variable; /* of the environment: the path of another one to take */
	int (*begin)(const struct plan *plan, const uint64_t *opts);
	void (*end)(void);
	unsigned int (*threads)(const struct td *td, const uint64_t *opts);
	int (*init)(struct td *td, const uint64_t *opts, void **state);
	void (*run)(struct worker *w);
	void (*fini)(struct td *td, void *state);
	size_t ncounters;
	const char *const *counters; /* names; values live in the worker */
};

static inline const char *stressor_lacks(const struct stressor *s)
{
	return s->lacks ? s->lacks() : NULL;
}

/* STRESSOR(): the name, as in a plan, is the id. */
#define STRESSOR(id, ...) STRESSOR_NAMED(id, #id, __VA_ARGS__)
#define STRESSOR_NAMED(id, stressor_name, ...)                                                     \
	static const struct stressor stressor_##id = {.name = stressor_name, __VA_ARGS__};         \
	static const struct stressor *const stressor_ptr_##id                                      \
	    __attribute__((used, section("stressors"))) = &stressor_##id

/* Bounds of the linker's "stressors" section. */
extern const struct stressor *const __start_stressors[];
extern const struct stressor *const __stop_stressors[];

#define for_each_stressor(s)                                                                       \
	for (const struct stressor *const *s##_p = __start_stressors, *s;                          \
	     s##_p < __stop_stressors && (s = *s##_p); s##_p++)

#endif
