/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole tool on real VMs: what the programs that test it share. */
#ifndef SEPTORTURE_TESTS_VM_TEST_H
#define SEPTORTURE_TESTS_VM_TEST_H

#include "helper.h"

#include <jansson.h>
#include <stdbool.h>

/* Runs build/septorture with ENV before and ARGS behind; its exit status. */
int septorture(const char *env, const char *args);
/* The same for its 'run'. */
int run(const char *env, const char *args);
/*
 * Fails the test, and shows what septorture printed, unless STATUS is as EXPECTED. A run that is to
 * be clean may have found data races that are new.
 */
void want(int status, int expected);
/*
 * Whether the last run found nothing but data races: one that nobody has written up yet may come up
 * at any time.
 */
bool found_only_races(void);

/* The report of the last run; json_decref() it. */
json_t *report(void);
json_int_t number(const json_t *o, const char *key);
/* "" if there is none. */
const char *string(const json_t *o, const char *key);
/* The finding of that oracle and kind whose signature holds WORD, or NULL. */
const json_t *finding(const json_t *r, const char *oracle, const char *kind, const char *word);

/* Fails the test if the stressor of that `stressor` object of the report R did nothing. */
void assert_works(const json_t *r, const json_t *stressor);

/* The campaign of `septorture mutants ARGS`; what was found, the caller looks at. */
json_t *campaign_of(const char *args);
/*
 * Whether one of the runs of mutant NAME has a finding of ORACLE that counts; with NULL, any but
 * a data race: KVM has some that are not known yet (vm.c: want()).
 */
bool mutant_seen_by(const json_t *campaign, const char *name, const char *oracle);
/* The same of a run of its own, longer: on a machine that is busy elsewhere 20 s may be too short.
 */
bool mutant_seen_later(const char *mutant, const char *oracle);

/* Whether the VM of run ID was restored from a snapshot. */
bool was_restored(const char *id);

/*
 * Runs a kernel on which not all is well (tests/mutants/blind.mutant says how), and
 * of which septorture must not say that it is; its report.
 */
json_t *run_blind(const char *how, int status);

/* The rest of main(): all TESTS, or with a pattern as argument those with such names. */
int vm_main(int argc, char **argv, const struct CMUnitTest *tests, size_t n);

#endif
