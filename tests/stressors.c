// SPDX-License-Identifier: GPL-2.0-or-later
/* Stressors and oracles that do nothing, for tests of plans and lists. */
#include "oracle.h"
#include "plan.h"
#include "stressor.h"

static const char *const colours[] = {"red", "green", NULL};

static const struct stress_option tide_options[] = {
    {"workers", "how many threads", UNIT_COUNT, NULL, 1, 1, 8},
    {"pause", "between two rounds", UNIT_TIME, NULL, 1000, 10, 1000000},
    {"chunk", "touched in one round", UNIT_SIZE, NULL, 4096, 4096, 1ull << 30},
    {"share", "of the rounds", UNIT_PERCENT, NULL, 50, 0, 100},
    {"colour", "of the water", UNIT_CHOICE, colours, 1, 0, 0},
    {0},
};

STRESSOR(tide, .help = "comes and goes", .paths = "none", .options = tide_options);
STRESSOR(calm, .help = "has no options", .paths = "none");

static const struct stress_option rider_options[] = {
    STRESS_VCPUS,
    {"uphill", "needs a second CPU", UNIT_COUNT, NULL, 0, 0, 1},
    {0},
};

static const char *rider_check(const struct plan *plan, const uint64_t *opts)
{
	return opts[1] && plan->cpus < 2 ? "cannot go uphill on one CPU; raise cpus in [plan]"
					 : NULL;
}

STRESSOR(rider, .help = "runs vCPUs", .paths = "none", .options = rider_options, .vcpus = true,
	 .check = rider_check);

static const struct stress_option walker_options[] = {STRESS_VCPUS, {0}};

STRESSOR(walker, .help = "runs others", .paths = "none", .options = walker_options, .vcpus = true);

static const struct stress_option band_options[] = {
    {"players", "how many", UNIT_COUNT, NULL, 0, 0, 8},
    {0},
};

static const char *check_band(const struct plan *plan, const uint64_t *opts)
{
	(void)plan;
	return opts[0] ? NULL : "nobody plays; write 'players = 1'";
}

STRESSOR_NAMED(band, "big-band", .help = "is a program", .paths = "none", .options = band_options,
	       .check = check_band, .program = "septorture-band",
	       .program_variable = "SEPTORTURE_BAND");

static bool sees_nothing(unsigned int td)
{
	(void)td;
	return true;
}

ORACLE(owl, "owl", .help = "sees at night", .gone = sees_nothing);
ORACLE(sharp_eye, "sharp-eye", .help = "sees it all", .gone = sees_nothing);
ORACLE(mole, "mole", .help = "sees nothing", .gone = sees_nothing);
