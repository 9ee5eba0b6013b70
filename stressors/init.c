// SPDX-License-Identifier: GPL-2.0-or-later
/* What a program needs to be the init of our VM. */
#include "agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_here;

bool init_is_here(void)
{
	return is_here;
}

void init_mount(void)
{
	is_here = true;
	mkdir("/dev", 0755);
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL);
	mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
}

char *init_port(const char *wanted)
{
	char path[64];

	for (int i = 0; i < 8; i++) {
		char *name;
		bool found;

		snprintf(path, sizeof(path), "/sys/class/virtio-ports/vport0p%d/name", i);
		name = file_read(path);
		if (name)
			name[strcspn(name, "\n")] = '\0';
		found = name && !strcmp(name, wanted);
		free(name);
		if (found) {
			snprintf(path, sizeof(path), "/dev/vport0p%d", i);
			return strdup(path);
		}
	}
	return NULL;
}

void init_go_down(void)
{
	sync();
	reboot(RB_AUTOBOOT);
	_exit(1);
}
