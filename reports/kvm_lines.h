/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The error lines of KVM and of the kernel's TDX code: pr_err() without a splat. */
#ifndef SEPTORTURE_KVM_LINES_H
#define SEPTORTURE_KVM_LINES_H

#include <stdbool.h>

/*
 * Whether LINE is one, by its syslog level PRI. A console does not tell the level
 * (-1): then only a line that says what went wrong as below.
 */
bool kvm_line_is_error(const char *line, int pri);

/*
 * Of which the tables (site.h) can tell whether an injected fault explains it:
 * it names a SEAMCALL that failed (the begin of its wrapper's name, "tdh_mem_track",
 * free() it), or it is one that a certain function prints. NULL: neither.
 */
char *kvm_line_seamcall(const char *line);
const char *kvm_line_function(const char *line);

/* Whether it is one of these. */
bool kvm_line_is_judged(const char *line);

#endif
