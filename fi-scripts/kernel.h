/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SEPTORTURE_KERNEL_H
#define SEPTORTURE_KERNEL_H

/*
 * Builds CONFIG (with MUTANT, unless NULL) by kernel/build.sh of the source
 * tree SRC and sets *image to the path of its bzImage (free() it). Returns an
 * EXIT_ status; what went wrong has been said.
 */
int kernel_build(const char *src, const char *config, const char *mutant, char **image);

#endif
