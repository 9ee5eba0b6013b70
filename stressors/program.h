/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that runs beside the load. */
#ifndef SEPTORTURE_PROGRAM_H
#define SEPTORTURE_PROGRAM_H

#include <stdbool.h>

struct program;

/*
 * Starts ARGV in a process group of its own, as nice to others as NICE_BY says and
 * with /tmp as its directory. LINE is called, in another thread, for each line that
 * it writes, and says whether it may be the program's last words. That it ends before
 * program_stop() is event_fail()ed, with these. NULL after event_fail().
 */
struct program *program_start(char *const argv[], int nice_by, bool (*line)(const char *line));

/*
 * Asks it to end (SIGINT) and leaves no process of it; event_fail()s if it has to
 * be killed. Frees P. Returns what it ended with: an exit status, or 128 + the
 * signal that ended it; -1: not even that helped, and P stays.
 */
int program_stop(struct program *p);

#endif
