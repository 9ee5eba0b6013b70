/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where an installed septorture works: what it needs is read-only then, what it makes is not. */
#ifndef SEPTORTURE_INSTALLED_H
#define SEPTORTURE_INSTALLED_H

/*
 * If the program that runs is an installed one (../share/septorture lies beside it), makes
 * $XDG_DATA_HOME/septorture, or ~/.local/share/septorture, with links to what is there, and gives
 * its path (free() it). NULL: it is not. What cannot be made is said, and shows later.
 */
char *installed_home(void);

#endif
