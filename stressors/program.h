/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that runs beside the load. */
#ifndef SEPTORTURE_PROGRAM_H
#define SEPTORTURE_PROGRAM_H

struct program;

/*
 * Starts ARGV in a process group of its own, with /tmp as its directory. LINE is
 * called, in another thread, for each line that it writes. That it ends before
 * program_stop() is event_fail()ed, with the last of these. NULL after event_fail().
 */
struct program *program_start(char *const argv[], void (*line)(const char *line));

/*
 * Asks it to end (SIGINT) and leaves no process of it; event_fail()s if it has to
 * be killed. Frees P. Returns what it ended with: an exit status, or 128 + the
 * signal that ended it; -1: not even that helped, and P stays.
 */
int program_stop(struct program *p);

#endif
