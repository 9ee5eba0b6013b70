// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent.h"
#include "mirror.h"

extern const struct oracle *const __start_oracles[];
extern const struct oracle *const __stop_oracles[];
static const struct oracle *const *last = __stop_oracles;

void oracles_off(void)
{
	last = __start_oracles;
}

void oracles_start(void)
{
	for (const struct oracle *const *o = __start_oracles; o < last; o++) {
		const char *why = (*o)->needs ? (*o)->needs() : NULL;

		if (why)
			event_fail("the oracle '%s' cannot look: %s", (*o)->name, why);
	}
}

void oracles_quiesce(struct td *td)
{
	for (const struct oracle *const *o = __start_oracles; o < last; o++)
		if ((*o)->quiesce)
			(*o)->quiesce(td);
	mirror_forget();
}

bool oracles_gone(unsigned int td)
{
	bool go_on = true;

	for (const struct oracle *const *o = __start_oracles; o < last; o++)
		if ((*o)->gone && !(*o)->gone(td))
			go_on = false;
	return go_on;
}

void oracles_end(void)
{
	if (last == __start_oracles)
		event_fail("the oracles were switched off, so nothing can be said");
}
