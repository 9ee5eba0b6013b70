// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where an SPTE's update can be delayed, or one of the map path made to lose: functions for
 * fail_function that do nothing. See kvm/mmu/spte_watch.h.
 */
#include <linux/error-injection.h>

#include "mmu/mmu_internal.h"
#include "mmu/spte_watch.h"

noinline int spte_cmpxchg_window(u64 *sptep, u64 old_spte, u64 new_spte)
{
	/* Or the compiler would leave the call out. */
	barrier();
	return 0;
}
ALLOW_ERROR_INJECTION(spte_cmpxchg_window, ERRNO);

noinline int spte_changed_window(u64 *sptep, u64 old_spte, u64 new_spte)
{
	barrier();
	return 0;
}
ALLOW_ERROR_INJECTION(spte_changed_window, ERRNO);
