/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside plan_read(): what its files share. */
#ifndef SEPTORTURE_PLAN_PARSE_H
#define SEPTORTURE_PLAN_PARSE_H

#include "plan.h"
#include "suggest.h"

#define KIB  1024ull
#define MIB  (1024 * KIB)
#define GIB  (1024 * MIB)
#define MS   1000ull
#define SEC  (1000 * MS)
#define MIN  (60 * SEC)
#define HOUR (60 * MIN)

/* Longer than any list that is allowed. */
#define PLAN_MAX_LINE 2000

enum section_kind { SECTION_NONE, SECTION_PLAN, SECTION_TD, SECTION_FAULT, SECTION_STRESSOR };

/* Keys that may be looked for later to say where something was set. */
enum key_id {
	KEY_KERNEL,
	KEY_PLATFORM,
	KEY_SEED,
	KEY_DURATION,
	KEY_CPUS,
	KEY_MEMORY,
	KEY_ORACLES,
	KEY_VCPUS,
	KEY_TD_MEMORY,
	KEY_BACKING,
	KEY_SLOTS,
	KEY_AIM,
	KEY_HOT,
	KEY_LIFETIME,
	KEY_QUIESCE,
	KEY_MIGRATE,
	KEY_STATUS,
	KEY_SEQUENCE,
	KEY_CONTEXT,
	KEY_PROBABILITY,
	KEY_TIMES,
	KEY_NTH,
	KEY_EVERY,
	KEY_BURST,
	KEY_START,
	KEY_STOP,
	KEY_DELAY_BEFORE,
	KEY_DELAY_AFTER,
	NR_KEYS
};

struct parser {
	const char *file;
	char *text;
	size_t len, pos;
	unsigned int line;
	char *value; /* of the key in this line */
	char *error; /* the first one; parsing stops there */
	struct plan *plan;

	enum section_kind section;
	unsigned int section_line;
	unsigned int td_line; /* 0: no such section yet */
	unsigned int plan_line;
	unsigned int fault_line[PLAN_MAX_FAULTS]; /* where each begins */
	unsigned int key_line[NR_KEYS]; /* 0: not given; those of [fault] in this section only */
	char
	    *words[NR_KEYS]; /* names in this [fault]: one needs the other to be looked up; owned */
	uint64_t options_seen; /* of this stressor */
};

/* Keeps the first error, "FILE:LINE: KEY: what"; always 0, inih's "stop". */
__attribute__((format(printf, 4, 5))) int fail_at(struct parser *p, unsigned int line,
						  const char *key, const char *fmt, ...);
/* An unknown WORD of some KIND: with the nearest known one, or where to look. */
int fail_unknown(struct parser *p, unsigned int line, const char *key, const char *kind,
		 const struct suggest *s, const char *look);

/* A number of key NAME in LINE; 0 after fail_at(). */
int read_number(struct parser *p, unsigned int line, const char *name, enum stress_unit unit,
		uint64_t min, uint64_t max, const char *text, uint64_t *value);

/* Cuts blanks off both ends, in place. */
char *trim(char *s);
/* The next item of a list that *REST points into, or NULL. */
char *next_item(char **rest);

/* plan_keys.c: section headers and keys. */

/* HEADER is a section's line without comment: "[fault tdh_mem_page_aug]". */
void begin_section(struct parser *p, char *header);
void end_section(struct parser *p);
int handle_key(struct parser *p, const char *name, char *value);

/* plan_fault.c: the end of a fault section, where its keys are looked at together. */
void end_fault(struct parser *p);

/* How many calls in a row are chosen at a time. */
size_t fault_length(const struct plan_fault *f);
/* What `every` is if it is not given. */
unsigned int fault_default_every(const struct plan_fault *f);
/* The word for a call that runs. */
#define PLAN_OK "ok"
/* What the TD's memory may be. */
#define PLAN_GUEST_MEMFD "guest_memfd"
#define PLAN_ANONYMOUS	 "anonymous"

size_t count_options(const struct stressor *st);

#endif
