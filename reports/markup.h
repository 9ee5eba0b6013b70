/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SEPTORTURE_MARKUP_H
#define SEPTORTURE_MARKUP_H

#include <stdio.h>

/*
 * Writes TEXT as the content of an element or of an attribute in double quotes, of HTML or XML:
 * logs and plans may hold anything. Control characters, which XML 1.0 does not have, become '?'.
 */
void markup_put(const char *text, FILE *out);

#endif
