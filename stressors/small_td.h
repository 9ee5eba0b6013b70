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

/* The plan of small TDs beside a TD of PLAN; free() it when they are gone. NULL after event_fail().
 */
struct plan *small_td_plan(const struct plan *plan);

/*
 * A TD of that PLAN. NULL: none, and *FULL says whether that is for lack of an HKID; with a FULL
 * of NULL, that is a finding.
 */
struct td *small_td_create(struct worker *w, const struct plan *plan, bool *full);

/* Lets it work and end at any point of its life; true if it was finalized. td_destroy() is left. */
bool small_td_live(struct worker *w, struct td *td);

#endif
