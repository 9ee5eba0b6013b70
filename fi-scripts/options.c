// SPDX-License-Identifier: GPL-2.0-or-later
#include "options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "plan.h"
#include "units.h"
#include "xmem.h"

uint64_t option_value(struct argp_state *state, const char *name, enum stress_unit unit,
		      const char *text, uint64_t min, uint64_t max)
{
	uint64_t value = 0;
	char *error = unit_parse_range(unit, text, min, max, &value);

	if (error)
		argp_error(state, "%s: %s", name, error);
	return value;
}

uint64_t option_duration(struct argp_state *state, const char *name, const char *text)
{
	return option_value(state, name, UNIT_TIME, text, PLAN_MIN_DURATION_US,
			    PLAN_MAX_DURATION_US);
}

const char *option_plan(const char *word)
{
	static char **paths; /* they live as long as the options */
	static size_t n;
	char *path;

	if (strchr(word, '/') || !access(word, F_OK))
		return word;
	path = xasprintf("%s/configs/plans/%s.ini", shown_path(source_dir()), word);
	if (access(path, F_OK)) {
		free(path);
		return word;
	}
	paths = xgrow(paths, n, sizeof(*paths));
	return paths[n++] = path;
}

enum platform option_platform(struct argp_state *state, const char *word)
{
	enum platform p = platform_find(word);

	if (!p || p == PLATFORM_BOTH)
		argp_error(state, "--platform: '%s' is not one of mirror and direct", word);
	return p;
}

enum accel_wish option_accel(struct argp_state *state, const char *word)
{
	if (!strcmp(word, "kvm"))
		return WISH_KVM;
	if (!strcmp(word, "tcg"))
		return WISH_TCG;
	if (strcmp(word, "auto"))
		argp_error(state, "--accel: '%s' is not one of auto, kvm and tcg", word);
	return WISH_AUTO;
}
