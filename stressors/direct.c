// SPDX-License-Identifier: GPL-2.0-or-later
#include "direct.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "xmem.h"

static char *now;

const char *direct_now(void)
{
	if (now)
		return now;
	now = file_read(DIRECT);
	if (!now)
		event_fail(DIRECT " cannot be read: %s", strerror(errno));
	else if (strncmp(now, "vm ", 3) || strstr(now + 1, "\nvm "))
		event_fail(DIRECT " is not of one VM, the one at work");
	else
		return now;
	direct_forget();
	return NULL;
}

void direct_forget(void)
{
	free(now);
	now = NULL;
}

bool direct_number(const char *name, uint64_t *n)
{
	const char *text = direct_now();
	char *key = xasprintf(" %s ", name);
	const char *at = text ? strstr(text, key) : NULL;
	bool ok = at && sscanf(at + strlen(key), "%" SCNu64, n) == 1;

	if (text && !ok)
		event_fail(DIRECT " has no number %s", name);
	free(key);
	return ok;
}
