// SPDX-License-Identifier: GPL-2.0-or-later
#include "by_oracle.h"

#include <string.h>

#include "xmem.h"

static struct oracle_test *get(struct oracle_test **tests, size_t *n, const char *name)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp((*tests)[i].name, name))
			return &(*tests)[i];
	*tests = xgrow(*tests, *n, sizeof(**tests));
	(*tests)[*n] = (struct oracle_test){.name = name};
	return &(*tests)[(*n)++];
}

struct oracle_test *tests_of_run(const struct run_report *run, size_t *n)
{
	struct oracle_test *tests = NULL;

	*n = 0;
	get(&tests, n, "run");
	get(&tests, n, "klog");
	for (size_t i = 0; i < run->nchecks; i++)
		get(&tests, n, run->checks[i].oracle)->checks = run->checks[i].count;
	for (size_t i = 0; i < run->nfindings; i++)
		if (run_counts(&run->findings[i]))
			get(&tests, n, run->findings[i].oracle)->failures++;
	return tests;
}
