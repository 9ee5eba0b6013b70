// SPDX-License-Identifier: GPL-2.0-or-later
/* KVM's binary statistics (Documentation/virt/kvm/api.rst, KVM_GET_STATS_FD). */
#include "agent.h"

#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool kvm_stat(int stats_fd, const char *name, uint64_t *value)
{
	struct kvm_stats_header h;
	char desc[sizeof(struct kvm_stats_desc) + 256];
	struct kvm_stats_desc *d = (void *)desc;
	size_t size;

	if (pread(stats_fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h))
		return false;
	size = sizeof(*d) + h.name_size;
	if (size >= sizeof(desc))
		return false;
	for (uint32_t i = 0; i < h.num_desc; i++) {
		off_t at = h.desc_offset + (off_t)(i * size);

		if (pread(stats_fd, desc, size, at) != (ssize_t)size)
			return false;
		desc[size] = '\0';
		if (!strcmp(d->name, name))
			return pread(stats_fd, value, sizeof(*value), h.data_offset + d->offset) ==
			       (ssize_t)sizeof(*value);
	}
	return false;
}
