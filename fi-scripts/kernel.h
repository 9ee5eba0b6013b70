/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SEPTORTURE_KERNEL_H
#define SEPTORTURE_KERNEL_H

enum build {
	BUILD_DONE,
	BUILD_REFUSED, /* there is no such configuration or mutant, or it does not apply */
	BUILD_BROKEN, /* the kernel does not compile */
	BUILD_FAILED, /* nothing is known: no source, no room, it was stopped */
};

/*
 * Builds CONFIG (with MUTANT, unless NULL) by kernel/build.sh of the source
 * tree SRC and sets *image to the path of its bzImage (free() it; NULL: there is
 * none). MUTANT is a name, or with a '/' the path of a mutant file. What went
 * wrong has been said.
 */
enum build kernel_build(const char *src, const char *config, const char *mutant, char **image);

/* The build directory that the kernel IMAGE lies in, absolute (free() it); NULL: in none. */
char *kernel_out(const char *image);

/*
 * What tells the kernel IMAGE from others: it changes with the source, the mutant, the
 * configuration and the compiler (free() it). NULL: it was not built by us.
 */
char *kernel_id(const char *image);

/* The EXIT_ status that it means. */
int build_status(enum build build);

#endif
