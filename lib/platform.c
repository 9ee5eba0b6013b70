// SPDX-License-Identifier: GPL-2.0-or-later
#include "platform.h"

#include <string.h>

static const char *const names[] = {
    [PLATFORM_MIRROR] = "mirror",
    [PLATFORM_DIRECT] = "direct",
    [PLATFORM_BOTH] = "both",
};

const char *platform_name(enum platform p)
{
	return names[p];
}

enum platform platform_find(const char *name)
{
	for (enum platform p = PLATFORM_MIRROR; p <= PLATFORM_BOTH; p++)
		if (!strcmp(names[p], name))
			return p;
	return 0;
}
