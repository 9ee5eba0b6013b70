/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TDs with one vCPU and little memory, which live for some milliseconds beside the TD at work. */
#ifndef SEPTORTURE_SMALL_TD_H
#define SEPTORTURE_SMALL_TD_H

#include <stdbool.h>
#include <stdint.h>

struct plan;
struct td;
struct worker;

/*
 * A stressor's check(): what is injected hits these TDs, too, but what is promised is judged by
 * the TD at work; so only what user space never sees may be.
 */
const char *small_td_check(const struct plan *plan, const uint64_t *opts);

/* A stressor's init() and fini(): its state is the plan of small TDs beside TD. */
int small_td_init(struct td *td, const uint64_t *opts, void **state);
void small_td_fini(struct td *td, void *state);

/*
 * A TD of that plan. NULL: none, and *FULL says whether that is for lack of an HKID; with a FULL
 * of NULL, that is a finding.
 */
struct td *small_td_create(struct worker *w, bool *full);

/* Lets it work and end at any point of its life; true if it was finalized. td_destroy() is left. */
bool small_td_live(struct worker *w, struct td *td);

#endif
