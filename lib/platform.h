/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which MMU is under test: that of private memory, mirror SPTEs beside an external table, or the
 * direct TDP MMU. What offers which is a matter of the machine (docs/architecture.md).
 */
#ifndef SEPTORTURE_PLATFORM_H
#define SEPTORTURE_PLATFORM_H

/* A set of bits. */
enum platform {
	PLATFORM_MIRROR = 1, /* TDs */
	PLATFORM_DIRECT = 2, /* VMs whose guests run on nested paging */
	PLATFORM_BOTH = 3, /* each by itself: two runs */
};

/* As in a plan. */
const char *platform_name(enum platform p);
/* 0: there is none of that name. */
enum platform platform_find(const char *name);

/* Those of something that is there for ONLY, 0 for both. */
static inline enum platform platforms_of(enum platform only)
{
	return only ? only : PLATFORM_BOTH;
}

#endif
