// SPDX-License-Identifier: GPL-2.0-or-later
#include "direct_shutdown.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent.h"
#include "xmem.h"

#define INSTANCE "/sys/kernel/tracing/instances/septorture-shutdown"
#define KVM_EXIT INSTANCE "/events/kvm/kvm_exit"

/* SVM_EXIT_SHUTDOWN (arch/x86/include/uapi/asm/svm.h); VMX has no such exit reason. */
#define FILTER "exit_reason == 0x7f"

void shutdown_watch(void)
{
	if (mkdir(INSTANCE, 0700))
		return;
	file_write(INSTANCE "/buffer_size_kb", "4");
	if (!file_write(KVM_EXIT "/filter", FILTER))
		file_write(KVM_EXIT "/enable", "1");
}

char *shutdown_last(void)
{
	char *text = file_read(INSTANCE "/trace"), *line, *rest = text, *last = NULL;

	while ((line = strsep(&rest, "\n")))
		if (*line && *line != '#')
			last = line;
	/* Behind task, CPU, flags and time. */
	line = last ? strstr(last, "kvm_exit: ") : NULL;
	last = line ? xstrdup(line) : NULL;
	free(text);
	return last;
}
