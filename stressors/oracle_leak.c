// SPDX-License-Identifier: GPL-2.0-or-later
/* What a TD had must be back when it is gone: its page tables and its HKID. */
#include "agent.h"
#include "outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TDS "/sys/kernel/debug/softseam/tds"
/* KVM has one object per page table; shrinking the cache makes its count exact. */
#define SLAB "/sys/kernel/slab/kvm_mmu_page_header/"

#define PATIENCE_US 2000000 /* RCU frees them */

static uint64_t baseline; /* objects that were lost before, or belong to nobody */

static bool objects(uint64_t *n)
{
	char *text;
	bool ok;

	file_write(SLAB "shrink", "1");
	text = file_read(SLAB "objects");
	ok = text && sscanf(text, "%" SCNu64, n) == 1;
	free(text);
	return ok;
}

static const char *needs(void)
{
	if (access(TDS, R_OK))
		return "softseam's audit (" TDS ") is not there";
	return objects(&baseline) ? NULL
				  : "the number of slab objects (" SLAB "objects) is not there";
}

static bool tables_are_back(unsigned int td)
{
	uint64_t n = 0, start = now_us();

	while (objects(&n) && n > baseline && now_us() - start < PATIENCE_US)
		sleep_us(10000);
	if (n <= baseline)
		return true;
	event_finding("leak", "page-tables", td, "page tables of a destroyed TD were never freed",
		      json_pack("{s:I}", "tables", (json_int_t)(n - baseline)));
	baseline = n;
	return false;
}

/* A TD whose HKID was not given back would also be mistaken for the next one. */
static bool hkid_is_back(unsigned int td)
{
	char *text = file_read(TDS);
	bool none = text && !*text;

	free(text);
	if (!none && !(outcome_leaks() & LEAK_HKID))
		event_finding("leak", "hkid", td, "a destroyed TD still holds its HKID", NULL);
	return none;
}

static bool gone(unsigned int td)
{
	bool hkid = hkid_is_back(td), tables = tables_are_back(td);

	event_check("leak", td, (hkid || outcome_leaks() & LEAK_HKID) && tables, NULL);
	return hkid;
}

ORACLE(leak, "leak", .help = "a destroyed TD leaves no page table and no HKID behind",
       .needs = needs, .gone = gone);
