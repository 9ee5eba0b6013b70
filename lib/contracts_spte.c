// SPDX-License-Identifier: GPL-2.0-or-later
/* What KVM promises at the points in SPTE updates that our test kernel has (spte_points.c). */
#include "contracts.h"
#include "status.h"

#define OLD_NOT_PRESENT 1, SITE_EQ, SPTE_MMU_PRESENT, 0
#define OLD_PRESENT	1, SITE_EQ, SPTE_MMU_PRESENT, SPTE_MMU_PRESENT
#define NEW_NOT_PRESENT 2, SITE_EQ, SPTE_MMU_PRESENT, 0
#define NEW_PRESENT	2, SITE_EQ, SPTE_MMU_PRESENT, SPTE_MMU_PRESENT

static const struct status map[] = {
    {ST_EBUSY, CONTRACT_RETRY, 0, LEAK_NOTHING, "tdp_mmu_set_spte_atomic",
     "as if another task had changed the SPTE: nothing is done, the fault is tried again", NULL},
    {0},
};

static const struct status lost[] = {
    {ST_EBUSY, CONTRACT_NEVER, 0, LEAK_NOTHING, "tdp_mmu_set_spte_atomic",
     "an update that lost, though nobody changed the SPTE: some callers know better", NULL},
    {0},
};

static const struct status changed[] = {
    {ST_EBUSY, CONTRACT_IGNORED, 0, LEAK_NOTHING, "spte_watch_cmpxchg", "nobody looks at it", NULL},
    {0},
};

const struct context ctx_cmpxchg_window[] = {
    {.name = "map",
     .args = {{OLD_NOT_PRESENT}},
     .callers = "kvm_tdp_mmu_map",
     .statuses = map,
     .platform = PLATFORM_BOTH},
    {.name = "zap",
     .args = {{OLD_PRESENT}, {NEW_NOT_PRESENT}},
     .statuses = lost,
     .platform = PLATFORM_BOTH},
    {.name = "change",
     .args = {{OLD_PRESENT}, {NEW_PRESENT}},
     .statuses = lost,
     .platform = PLATFORM_BOTH},
    {.name = "age",
     .args = {{OLD_PRESENT}, {NEW_PRESENT}},
     .callers = "kvm_age_gfn",
     .statuses = lost,
     .platform = PLATFORM_BOTH},
    {0},
};

const struct context ctx_changed_window[] = {
    {.name = "map",
     .args = {{OLD_NOT_PRESENT}, {NEW_PRESENT}},
     .statuses = changed,
     .platform = PLATFORM_BOTH},
    {.name = "link",
     .args = {{OLD_NOT_PRESENT}, {NEW_PRESENT}},
     .callers = "tdp_mmu_link_sp",
     .statuses = changed,
     .platform = PLATFORM_BOTH},
    {.name = "zap",
     .args = {{OLD_PRESENT}, {NEW_NOT_PRESENT}},
     .statuses = changed,
     .platform = PLATFORM_BOTH},
    {.name = "change",
     .args = {{OLD_PRESENT}, {NEW_PRESENT}},
     .statuses = changed,
     .platform = PLATFORM_BOTH},
    {0},
};
