// SPDX-License-Identifier: GPL-2.0-or-later
#include "fault.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "xmem.h"

const struct fault_engine *fault_engine(const struct plan_fault *f)
{
	switch (f->site->engine) {
	case ENGINE_SOFTSEAM:
		return &fault_softseam;
	case ENGINE_FAILSLAB:
	case ENGINE_FAIL_PAGE_ALLOC:
		return &fault_alloc;
	default:
		return &fault_function;
	}
}

char *fault_statuses(const struct plan_fault *f)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < f->nvalues; i++) {
		const struct plan_value *v = &f->values[i];
		const char *name = v->status ? v->status->name : "ok";
		char *longer = v->weight > 1
				   ? xasprintf("%s%s%s %u", text, i ? ", " : "", name, v->weight)
				   : xasprintf("%s%s%s", text, i ? ", " : "", name);

		free(text);
		text = longer;
	}
	return text;
}

int fault_write(const char *path, const char *format, ...)
{
	va_list ap;
	char *text;
	int err;

	va_start(ap, format);
	text = xvasprintf(format, ap);
	va_end(ap);
	err = file_write(path, text);
	if (err)
		event_fail("writing '%s' to %s failed: %s", text, path, strerror(-err));
	free(text);
	return err ? -1 : 0;
}
