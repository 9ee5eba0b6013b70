/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The signals by which the user ends us: SIGINT, SIGTERM and SIGHUP, unless we ignore them. */
#ifndef SEPTORTURE_SIGNALS_H
#define SEPTORTURE_SIGNALS_H

#include <signal.h>

/* Undoes what we may have inherited, or have by default, and does not suit us. */
void signals_prepare(void);

/* The set of them. */
void signals_ending(sigset_t *set);

/* From now on they do not end us, but are remembered. */
void signals_catch(void);

/* Remembers one that was taken in another way. */
void signals_note(int sig);

/* The first that came, or 0. */
int signals_stop(void);

#endif
