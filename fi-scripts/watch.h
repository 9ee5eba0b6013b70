/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watches a running VM through its events file. */
#ifndef SEPTORTURE_WATCH_H
#define SEPTORTURE_WATCH_H

#include <signal.h>

#include "vm.h"

/*
 * TELL is QEMU's monitor, if the VM is to be saved. Returns when PID is gone and reaped; kills its
 * process group at a deadline or on a signal. SIGNALS, SIGCHLD among them, are blocked by the
 * caller.
 */
void watch_vm(pid_t pid, const struct vm_config *config, int tell, const sigset_t *signals,
	      struct vm_result *result);

#endif
