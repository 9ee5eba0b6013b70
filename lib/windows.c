// SPDX-License-Identifier: GPL-2.0-or-later
#include "windows.h"

#include <stddef.h>
#include <string.h>

const char *const window_openers[] = {"fault", "accept", "prefault", "image", NULL};
const char *const window_levels[] = {"leaf", "table", NULL};
const char *const window_arrivals[] = {"fault",	  "accept", "prefault", "image", "punch",
				       "convert", "slot",   "lockless", NULL};

/* The first that fits counts; NULL fits all. */
static const struct {
	const char *opener, *level, *arrival, *why;
} forbidden[] = {
    {NULL, NULL, "lockless",
     "walks without mmu_lock (fast page faults, kvm_tdp_mmu_get_walk, ageing) go through the "
     "direct "
     "root, or are not taken as accessed and dirty bits are on"},
    {"image", NULL, "image", "KVM_TDX_INIT_MEM_REGION holds slots_lock"},
    {"image", NULL, "punch", "the image is added under the guest_memfd's invalidate lock"},
    {"image", NULL, "convert",
     "the image is added under slots_lock, and memory is converted under it"},
    {"image", NULL, "slot", "the image is added under slots_lock, and slots are changed under it"},
    {"image", NULL, NULL,
     "before the TD is finalized no vCPU runs, and KVM_PRE_FAULT_MEMORY is refused"},
    {NULL, "leaf", "slot",
     "a slot's pages are zapped after it was marked invalid and SRCU waited for all that map"},
    {NULL, NULL, "image", "KVM_TDX_INIT_MEM_REGION is refused once the TD is finalized"},
};

static int fits(const char *pattern, const char *name)
{
	return !pattern || !strcmp(pattern, name);
}

const char *window_forbidden(const char *opener, const char *level, const char *arrival)
{
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		if (fits(forbidden[i].opener, opener) && fits(forbidden[i].level, level) &&
		    fits(forbidden[i].arrival, arrival))
			return forbidden[i].why;
	return NULL;
}
