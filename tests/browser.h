/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages in a browser: Debian's chromium, without a network. A script that is put into a copy of
 * the page clicks on everything and leaves behind what it saw.
 */
#ifndef SEPTORTURE_TESTS_BROWSER_H
#define SEPTORTURE_TESTS_BROWSER_H

#include <stdbool.h>

bool browser_is_there(void);

/*
 * What becomes of the page PATH in the browser, in the current directory; free() it. It holds
 * CHECKED and as JSON: `seen`, what is wrong with it (columns that do not sort, dead links, errors
 * of scripts, anything it would load), whether it has more than 4 columns that sort (`sorts`) and
 * 2 `links`, how many drawings (`drawn`) and `scripts`, two of them ours, and its `title`.
 */
char *browser_check(const char *path);

#endif
