// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent.h"
#include "direct.h"
#include "mirror.h"

static const struct plan *plan; /* NULL before oracles_start() */
static bool off;

static bool looks(const struct oracle *o)
{
	return !off && plan && plan_wants_oracle(plan, o);
}

void oracles_off(void)
{
	off = true;
}

void oracles_start(const struct plan *p)
{
	plan = p;
	for_each_oracle (o) {
		const char *why = looks(o) && o->needs ? o->needs(p) : NULL;

		if (why)
			event_fail("the oracle '%s' cannot look: %s", o->name, why);
	}
}

void oracles_quiesce(struct td *td)
{
	for_each_oracle (o)
		if (looks(o) && o->quiesce)
			o->quiesce(td);
	mirror_forget();
	direct_forget();
}

bool oracles_gone(unsigned int td)
{
	bool go_on = true;

	for_each_oracle (o)
		if (looks(o) && o->gone && !o->gone(td))
			go_on = false;
	return go_on;
}

void oracles_end(void)
{
	if (off)
		event_fail("the oracles were switched off, so nothing can be said");
}
