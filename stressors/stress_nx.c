// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vCPUs execute here and there in memory that is mapped by large pages which must not be
 * executable (kvm.nx_huge_pages): each time KVM splits one, and its recovery thread zaps the
 * small ones again. A dirty log, which splits all of them, comes and goes.
 */
#include "agent.h"
#include "side.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { OPT_VCPUS, OPT_SIZE, OPT_EVERY, OPT_PERIOD, OPT_RATIO, OPT_LOG };
enum { COUNT_LOGS = 1 };

static const struct stress_option options[] = {
    STRESS_VCPUS,
    {"size", "of the memory", UNIT_SIZE, NULL, 16 << 20, 2 << 20, 1 << 30},
    {"every", "so many pages are read and written before one is executed", UNIT_COUNT, NULL, 64, 1,
     100000},
    {"period", "between two recoveries", UNIT_TIME, NULL, 20000, 1000, 60000000},
    {"ratio", "the part of the split pages that is recovered each time: 1 all, 2 a half",
     UNIT_COUNT, NULL, 1, 1, 100},
    {"log", "between the switches of the memory's dirty log; 0: it stays off", UNIT_TIME, NULL, 0,
     0, 60000000},
    {0},
};

static const char *const counters[] = {STRESS_EXITS, "logs"};

#define SLOT 102

#define PARAMETERS "/sys/module/kvm/parameters/nx_huge_pages"
#define PERIOD	   PARAMETERS "_recovery_period_ms"
#define RATIO	   PARAMETERS "_recovery_ratio"

static const char *check(const struct plan *plan, const uint64_t *opts)
{
	(void)plan;
	return opts[OPT_SIZE] % TD_TABLE ? "size has to be a multiple of 2 MiB" : NULL;
}

static const char *lacks(void)
{
	return access(PARAMETERS, W_OK) ? "KVM's parameter " PARAMETERS " cannot be written to"
					: NULL;
}

static int program(struct td *td, const uint64_t *opts, unsigned int vcpu, unsigned int nth,
		   unsigned int n)
{
	uint64_t pages = opts[OPT_SIZE] / TD_PAGE;

	(void)nth;
	(void)n;
	return td_set_program(td, vcpu,
			      "      seed r0, %" PRIu64 "\n"
			      "next: walk-random r1, %" PRIu64 ", %" PRIu64 "\n"
			      "      exec [r1]\n"
			      "      set r2, %" PRIu64 "\n"
			      "data: walk-random r1, %" PRIu64 ", %" PRIu64 "\n"
			      "      verify [r1], r1, or-zero\n"
			      "      write [r1], r1\n"
			      "      add r2, -1\n"
			      "      jnz r2, data\n"
			      "      jmp next\n",
			      td->seed, side_gpa(SLOT), pages, opts[OPT_EVERY], side_gpa(SLOT),
			      pages);
}

static char before[3][24];

static int write_number(const char *path, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	return file_write(path, text);
}

static void remember(const char *path, char text[24])
{
	char *now = file_read(path);

	snprintf(text, 24, "%s", now ? now : "");
	text[strcspn(text, "\n")] = '\0';
	free(now);
}

static void end(void)
{
	file_write(PARAMETERS, *before[0] == 'Y' ? "force" : "off");
	file_write(PERIOD, before[1]);
	file_write(RATIO, before[2]);
}

static int begin(const struct plan *plan, const uint64_t *opts)
{
	(void)plan;
	remember(PARAMETERS, before[0]);
	remember(PERIOD, before[1]);
	remember(RATIO, before[2]);
	if (!write_number(PERIOD, opts[OPT_PERIOD] / 1000) &&
	    !write_number(RATIO, opts[OPT_RATIO]) && !file_write(PARAMETERS, "force"))
		return 0;
	event_fail("NX huge pages cannot be switched on (" PARAMETERS "): %s", strerror(errno));
	end();
	return -1;
}

static int init(struct td *td, const uint64_t *opts, void **state)
{
	struct side *side;

	if (side_init(td, SLOT, opts[OPT_SIZE], NULL, state))
		return -1;
	side = *state;
	madvise(side->p, side->size, MADV_HUGEPAGE);
	side_fill(side, TD_PAGE);
	return 0;
}

static unsigned int threads(const struct td *td, const uint64_t *opts)
{
	(void)td;
	return opts[OPT_LOG] > 0;
}

static void run(struct worker *w)
{
	while (worker_go(w) && !atomic_load(&w->td->dead)) {
		if (side_set(w->td, w->state, KVM_MEM_LOG_DIRTY_PAGES))
			return;
		worker_count(w, COUNT_LOGS, 1);
		sleep_us(w->opts[OPT_LOG]);
		if (side_set(w->td, w->state, 0))
			return;
		sleep_us(w->opts[OPT_LOG]);
	}
}

STRESSOR(nx, .help = "vCPUs execute where large pages are not executable, and KVM recovers those",
	 .paths = "disallowed_hugepage_adjust, track_possible_nx_huge_page, "
		  "kvm_recover_nx_huge_pages, kvm_tdp_mmu_zap_possible_nx_huge_page",
	 .only = PLATFORM_DIRECT, .options = options, .vcpus = true, .vcpu_program = program,
	 .check = check, .lacks = lacks, .begin = begin, .end = end, .threads = threads,
	 .init = init, .run = run, .fini = side_fini, .ncounters = 2, .counters = counters);
