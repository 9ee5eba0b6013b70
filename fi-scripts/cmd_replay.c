// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "again.h"
#include "command.h"
#include "signals.h"
#include "table.h"
#include "xmem.h"

#define DEFAULT_TRIES 3

/* What came of the tries so far. */
struct tally {
	unsigned int tries; /* those that ended */
	unsigned int back, no_result;
	int status; /* not 0: no more were possible */
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	return again_option(state->input, key, arg, state);
}

static const struct argp_option options[] = {
    {"tries", 't', "N", 0, "How often to try (3)", 0},
    {"accel", 'a', "WHAT", 0, "As for 'run'; by default what ran it then", 0},
    {0},
};

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "RUN[:FINDING]",
    .doc = "Repeats a run with its seed, its plan and its mutant (3 times) and says whether its "
	   "finding comes back. RUN is an id of build/runs, the path of a run's directory, or "
	   "'latest'; FINDING is a number, from 1, of those that count, or a part of a signature "
	   "(the first that counts). Exit status: 1 it came back, 0 it did not, 2 wrong usage, 3 "
	   "no try was a result.\n\nExample: septorture replay latest:1 --tries 5",
};

/* False if there is no point in another. */
static bool try_once(const struct again *a, unsigned int i, unsigned int n, struct tally *tally)
{
	const struct past_finding *f = a->finding;
	uint64_t load = again_load(a->run.duration_us, f->since_known, f->since_us);
	struct attempt t;
	char *text, *line;

	again_try(a, a->run.plan_path, load, &t);
	if (t.outcome == TRY_IMPOSSIBLE) {
		tally->status = t.status ? t.status : EXIT_INFRA;
	} else if (t.outcome != TRY_STOPPED) {
		text = attempt_text(&t);
		line = xasprintf("[%u/%u] %s", i, n, text);
		table_line(line, "", stderr);
		free(line);
		free(text);
		tally->tries++;
		tally->back += t.outcome == TRY_BACK;
		tally->no_result += t.outcome == TRY_NO_RESULT;
	}
	attempt_free(&t);
	return !tally->status && !signals_stop();
}

static void close_tally(const struct tally *tally)
{
	printf("came back in %u of %u tries", tally->back, tally->tries);
	if (tally->no_result)
		printf(", %u no result", tally->no_result);
	if (signals_stop())
		printf(", stopped by signal %d (%s)", signals_stop(), strsignal(signals_stop()));
	else if (tally->status)
		printf(", no more were possible");
	putchar('\n');
}

static int exit_status(const struct tally *tally)
{
	if (tally->back)
		return EXIT_FINDINGS;
	if (tally->status)
		return tally->status;
	return signals_stop() || tally->no_result == tally->tries ? EXIT_INFRA : EXIT_CLEAN;
}

static int replay(const struct again *a, unsigned int n)
{
	struct tally tally = {0};
	unsigned int i = 1;

	again_describe(a, stdout);
	while (i <= n && try_once(a, i, n, &tally))
		i++;
	close_tally(&tally);
	return exit_status(&tally);
}

/* ---- for git bisect run ---- */

#define BISECT_SKIP  125
#define BISECT_ABORT 128

static const struct argp bisect_argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "RUN[:FINDING]",
    .doc = "As 'replay', of the kernel tree in KSRC, with the statuses that 'git bisect run' "
	   "wants: 0 the finding does not come back, 1 it does, 125 nobody knows (the kernel does "
	   "not build, one of our patches does not apply, no try was a result), 128 give up "
	   "(wrong usage, no emulator, a signal).\n\n"
	   "Example: septorture bisect-step latest:1; in a kernel tree: KSRC=$PWD git bisect "
	   "run septorture bisect-step latest:1",
};

int cmd_bisect_step(int argc, char **argv)
{
	struct again_args args = {.tries = DEFAULT_TRIES};
	struct again a = {0};
	int status;

	/* Any other number below 128 would be taken for a bad commit. */
	argp_err_exit_status = BISECT_ABORT;
	argp_parse(&bisect_argp, argc, argv, 0, NULL, &args);
	status = again_begin(&a, &args);
	if (!status)
		status = replay(&a, args.tries);
	if (!a.ready || signals_stop())
		status = BISECT_ABORT;
	else if (status != EXIT_CLEAN && status != EXIT_FINDINGS)
		status = BISECT_SKIP;
	again_end(&a);
	return status;
}

int cmd_replay(int argc, char **argv)
{
	struct again_args args = {.tries = DEFAULT_TRIES};
	struct again a = {0};
	int status;

	if (argp_parse(&argp, argc, argv, 0, NULL, &args))
		return EXIT_USAGE;
	status = again_begin(&a, &args);
	if (!status)
		status = replay(&a, args.tries);
	again_end(&a);
	return status;
}
