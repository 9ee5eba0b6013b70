/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known about KVM, in $XDG_CACHE_HOME/septorture/accel or
 * ~/.cache/septorture/accel: one line per key, "KEY<TAB>kvm|tcg<TAB>REASON".
 * A line that is not like this is as good as none.
 */
#ifndef SEPTORTURE_ACCEL_CACHE_H
#define SEPTORTURE_ACCEL_CACHE_H

#include <stdbool.h>

#include "vm.h"

/*
 * In place: what is no printable ASCII becomes blanks, so that a line stays one
 * and no terminal or report is harmed. Returns TEXT.
 */
char *accel_plain(char *text);

/* What stands for this host with this emulator and this kernel image; free() it. */
char *accel_key(const char *kernel, const char *qemu);

/* Sets *accel and *why (free() it) if KEY is known. */
bool accel_recall(const char *key, enum accel *accel, char **why);

/* Both say so if they can't: there is nothing that depends on it. */
void accel_remember(const char *key, enum accel accel, const char *why);
void accel_forget(const char *key);

#endif
