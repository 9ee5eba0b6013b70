// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Roots of shared memory become obsolete at any time: to switch KVM's nx_huge_pages makes it
 * begin anew with the page tables of every VM. Mirror roots stay.
 */
#include "agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NX "/sys/module/kvm/parameters/nx_huge_pages"

enum { OPT_GAP };
enum { COUNT_SWITCHES };

static const struct stress_option options[] = {
    {"gap", "between two switches", UNIT_TIME, NULL, 100000, 0, 60000000},
    {0},
};

static const char *const counters[] = {"switches"};

static const char *lacks(void)
{
	char *now = file_read(NX);
	const char *why = !now		     ? "KVM has no parameter " NX
			  : *now == 'n'	     ? "KVM's nx_huge_pages is 'never'"
			  : access(NX, W_OK) ? NX " cannot be written to"
					     : NULL;

	free(now);
	return why;
}

static bool before; /* the load */

static int begin(const struct plan *plan, const uint64_t *opts)
{
	char *now = file_read(NX);

	(void)plan;
	(void)opts;
	before = now && *now == 'Y';
	free(now);
	return 0;
}

static void end(void)
{
	file_write(NX, before ? "force" : "off");
}

static void run(struct worker *w)
{
	bool on = before;

	while (worker_go(w)) {
		int err = file_write(NX, (on = !on) ? "force" : "off");

		if (err) {
			event_fail(NX " cannot be switched: %s", strerror(-err));
			return;
		}
		worker_count(w, COUNT_SWITCHES, 1);
		sleep_us(w->opts[OPT_GAP]);
	}
}

STRESSOR(roots, .help = "KVM throws the roots of shared memory away, as nx_huge_pages is switched",
	 .paths = "kvm_mmu_zap_all_fast, kvm_tdp_mmu_invalidate_roots, is_page_fault_stale, "
		  "kvm_mmu_free_obsolete_roots",
	 .options = options, .lacks = lacks, .begin = begin, .end = end, .run = run, .ncounters = 1,
	 .counters = counters);
