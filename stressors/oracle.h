/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an oracle is. One file per oracle (stressors/oracle_NAME.c), which ends
 * with ORACLE(...); nothing else has to be touched. As with stressors, the host
 * links the same objects, to list them and to check plans.
 */
#ifndef SEPTORTURE_ORACLE_H
#define SEPTORTURE_ORACLE_H

#include <stdbool.h>

#include "platform.h"

struct plan;
struct td;

/*
 * quiesce() is called with all vCPUs and stressors out of the kernel, gone()
 * after a TD was destroyed. Either may be NULL.
 */
struct oracle {
	const char *name;
	const char *help; /* one line */
	enum platform only; /* 0: it looks on all */
	/* Returns NULL if it can look under PLAN, else why not. */
	const char *(*needs)(const struct plan *plan);
	void (*quiesce)(struct td *td);
	bool (*gone)(unsigned int td); /* false: no further TD can be watched */
};

#define ORACLE(id, oracle_name, ...)                                                               \
	static const struct oracle oracle_##id = {.name = oracle_name, __VA_ARGS__};               \
	static const struct oracle *const oracle_ptr_##id                                          \
	    __attribute__((used, section("oracles"))) = &oracle_##id

/* Bounds of the linker's "oracles" section. */
extern const struct oracle *const __start_oracles[];
extern const struct oracle *const __stop_oracles[];

#define for_each_oracle(o)                                                                         \
	for (const struct oracle *const *o##_p = __start_oracles, *o;                              \
	     o##_p < __stop_oracles && (o = *o##_p); o##_p++)

#endif
