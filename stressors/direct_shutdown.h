/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exit of a vCPU that shut down, as KVM's tracepoint kvm_exit had it. */
#ifndef SEPTORTURE_DIRECT_SHUTDOWN_H
#define SEPTORTURE_DIRECT_SHUTDOWN_H

/* From now on they are kept, in a trace instance of its own. A kernel without it keeps none. */
void shutdown_watch(void);

/*
 * The last one: its RIP, and what was being delivered, of which KVM's reset leaves nothing. NULL
 * if there is none; the caller's.
 */
char *shutdown_last(void);

#endif
