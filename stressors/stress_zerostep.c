// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A vCPU does not get on at one RIP, as the page that it reads is taken away again and again.
 * After some EPT violations the module suspects the host of single-stepping it: from then on
 * TDH.VP.ENTER looks at the S-EPT, under the tree lock, before the vCPU goes on. Meanwhile
 * another vCPU makes KVM map pages, and frees the first one now and then.
 */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNTS "/sys/kernel/debug/softseam/counts"

enum { OPT_VCPUS, OPT_GAP, OPT_PAGES };
enum { COUNT_EXITS, COUNT_HOLES, COUNT_ENTERS };

static const struct stress_option options[] = {
    STRESS_VCPUS,
    {"gap", "pause between two holes below the vCPUs that wait", UNIT_TIME, NULL, 200, 0, 60000000},
    {"pages", "pages that the other vCPUs touch before they free them", UNIT_COUNT, NULL, 32, 1,
     512},
    {0},
};

static const char *const counters[] = {STRESS_EXITS, "holes", "mitigated"};

/* In the last 2 MiB; the pages that the others touch are the ones before. */
static uint64_t spin_gpa(const struct td *td, unsigned int pair)
{
	return TD_MEM_GPA + td->mem_size - TD_TABLE + pair * TD_PAGE;
}

/* The even ones wait, the odd ones free the one before. */
static int program(struct td *td, const uint64_t *opts, unsigned int vcpu, unsigned int nth,
		   unsigned int n)
{
	uint64_t gpa = spin_gpa(td, nth / 2), others = td->mem_size / TD_PAGE;

	(void)n;
	if (nth % 2 == 0)
		return td_set_program(td, vcpu,
				      "      set r1, %" PRIu64 "\n"
				      "again: spin [r1]\n"
				      "      jmp again\n",
				      gpa);
	if (others > TD_TABLE / TD_PAGE)
		others -= TD_TABLE / TD_PAGE;
	return td_set_program(td, vcpu,
			      "      seed r0, %" PRIu64 "\n"
			      "round: set r3, %" PRIu64 "\n"
			      "next: walk-random r1, %llu, %" PRIu64 "\n"
			      "      accept r1\n"
			      "      write [r1], r1\n"
			      "      add r3, -1\n"
			      "      jnz r3, next\n"
			      "      set r1, %" PRIu64 "\n"
			      "      accept r1\n"
			      "      write [r1], r1\n"
			      "      jmp round\n",
			      td->seed, opts[OPT_PAGES], TD_MEM_GPA, others, gpa);
}

static const char *check(const struct plan *plan, const uint64_t *opts)
{
	(void)plan;
	return opts[OPT_VCPUS] < 2 || opts[OPT_VCPUS] % 2
		   ? "it wants its vCPUs in pairs, one that waits and one that frees it; say "
		     "'vcpus = 2'"
		   : NULL;
}

/* How often the module looked at the S-EPT before an entry, since boot. */
static uint64_t read_enters(void)
{
	char *text = file_read(COUNTS);
	const char *line = text ? strstr(text, "zero_step_enters ") : NULL;
	uint64_t n = 0;

	if (line)
		sscanf(line, "%*s %" SCNu64, &n);
	free(text);
	return n;
}

static unsigned int threads(const struct td *td, const uint64_t *opts)
{
	(void)td;
	(void)opts;
	return 1;
}

static void run(struct worker *w)
{
	uint64_t before = read_enters(), now;

	while (worker_go(w)) {
		off_t at = (off_t)(w->td->mem_size - TD_TABLE);
		off_t size = (off_t)(w->opts[OPT_VCPUS] / 2 * TD_PAGE);

		if (fallocate(w->td->mem_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at,
			      size)) {
			if (errno != EINTR && td_must(w->td, -1, "PUNCH_HOLE"))
				return;
			continue;
		}
		worker_count(w, COUNT_HOLES, 1);
		now = read_enters();
		worker_count(w, COUNT_ENTERS, now - before);
		before = now;
		if (w->opts[OPT_GAP])
			sleep_us(w->opts[OPT_GAP]);
	}
}

STRESSOR(zerostep, .help = "vCPUs wait at one RIP until the module's zero-step mitigation is on",
	 .only = PLATFORM_MIRROR,
	 .paths = "tdx_handle_ept_violation, tdx_vcpu_run (TDX_OPERAND_BUSY_SEPT of others' "
		  "tdh_mem_page_aug and tdh_mem_sept_add)",
	 .options = options, .vcpus = true, .check = check, .vcpu_program = program,
	 .threads = threads, .run = run, .ncounters = 3, .counters = counters);
