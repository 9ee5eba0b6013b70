// SPDX-License-Identifier: GPL-2.0-or-later
#include "signals.h"

#include <stddef.h>

#include "command.h"

static volatile sig_atomic_t stopped;

void signals_prepare(void)
{
	/* Ignored, children would vanish without a status. */
	signal(SIGCHLD, SIG_DFL);
	/* A closed pipe or a file that may not grow is no reason to leave things behind. */
	failing_writes_kill(false);
}

void signals_ending(sigset_t *set)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction old;

	sigemptyset(set);
	/* Not what we were told to ignore, as under nohup. */
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (!sigaction(ends[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaddset(set, ends[i]);
}

void signals_note(int sig)
{
	if (!stopped)
		stopped = sig;
}

void signals_catch(void)
{
	struct sigaction action = {.sa_handler = signals_note, .sa_flags = SA_RESTART};
	sigset_t set;

	signals_ending(&set);
	for (int sig = 1; sig < NSIG; sig++)
		if (sigismember(&set, sig) == 1)
			sigaction(sig, &action, NULL);
}

int signals_stop(void)
{
	return stopped;
}
