// SPDX-License-Identifier: GPL-2.0-or-later
#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "emulator.h"
#include "files.h"
#include "store.h"
#include "table.h"
#include "tool.h"
#include "xmem.h"

#define GIB (1ull << 30)
/* A VM of the larger plans, with its QEMU. */
#define VM_MEMORY (5 * GIB / 2)
/* A kernel's build directory, with its debug information; runs need less. */
#define BUILD_ROOM (4 * GIB)

enum state {
	STATE_OK,
	STATE_NOTE, /* it works without, or is made when it is needed */
	STATE_MISSING,
};

/* What a check found: two sentences' worth of text, both owned; FIX is NULL if there is none. */
struct result {
	enum state state;
	char *what, *fix;
};

/* Whether PATH, from the source tree, is there. */
static bool is_there(const char *path)
{
	char *all = xasprintf("%s/%s", source_dir(), path);
	bool there = !access(all, R_OK);

	free(all);
	return there;
}

/* An installed septorture has no Makefile, but what that would run. */
static char *mend_with(const char *target, const char *script)
{
	return is_there("Makefile") ? xasprintf("make %s", target)
				    : xasprintf("%s/%s", shown_path(source_dir()), script);
}

static char *install(void)
{
	return mend_with("deps", "fi-scripts/install.sh");
}

static struct result packages(void)
{
	char *script =
	    xasprintf("NO_INSTALL=1 '%s/fi-scripts/install.sh' 2>&1", shown_path(source_dir()));
	char *argv[] = {"sh", "-c", script, NULL};
	int status = 0;
	char *said = tool_output(argv, &status);
	struct result r = {STATE_OK, NULL, NULL};

	if (said && WIFEXITED(status) && !WEXITSTATUS(status)) {
		r.what = xstrdup("all of fi-scripts/packages.txt");
	} else {
		r.state = STATE_MISSING;
		r.what = xasprintf("%.*s", said ? (int)strcspn(said, "\n") : 0, said ? said : "");
		r.fix = install();
	}
	free(said);
	free(script);
	return r;
}

static struct result emulator(void)
{
	char *error = NULL, *version = emulator_version(&error);

	if (version)
		return (struct result){STATE_OK, version, NULL};
	return (struct result){STATE_MISSING, error, install()};
}

static struct result kvm(void)
{
	const char *path = getenv("SEPTORTURE_KVM"); /* tests */
	int fd = open(path && *path ? path : "/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return (struct result){
		    STATE_NOTE,
		    xasprintf("/dev/kvm cannot be opened (%s): VMs run with TCG", strerror(errno)),
		    NULL};
	close(fd);
	return (struct result){
	    STATE_OK, xstrdup("/dev/kvm is there; a run's first boot shows whether it is of use"),
	    NULL};
}

/* What softseam stands in for: nobody has tried this tool with the real one. */
static struct result tdx(void)
{
	FILE *f = fopen("/sys/module/kvm_intel/parameters/tdx", "re");
	int c = f ? fgetc(f) : 'N';

	if (f)
		fclose(f);
	return (struct result){STATE_NOTE,
			       xstrdup(c == 'Y' ? "the host's KVM has it; it is not used yet"
						: "not here; softseam needs none"),
			       NULL};
}

static struct result memory(void)
{
	uint64_t cores = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t have = (uint64_t)sysconf(_SC_AVPHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	char *what =
	    xasprintf("%" PRIu64 " cores, %.1f GiB free", cores, (double)have / (double)GIB);

	if (have >= VM_MEMORY)
		return (struct result){STATE_OK, what, NULL};
	return (struct result){STATE_MISSING, what,
			       xstrdup("end something: a VM may want 2.5 GiB")};
}

static struct result disk(void)
{
	struct statvfs fs;
	uint64_t have;
	char *what;

	if (statvfs(source_dir(), &fs))
		return (struct result){STATE_MISSING,
				       xasprintf("%s: %s", source_dir(), strerror(errno)),
				       xstrdup("set SEPTORTURE_SRC to the source tree")};
	have = (uint64_t)fs.f_bavail * fs.f_frsize;
	what = xasprintf("%.1f GiB free below %s", (double)have / (double)GIB,
			 shown_path(source_dir()));
	if (have >= BUILD_ROOM)
		return (struct result){STATE_OK, what, NULL};
	return (struct result){STATE_MISSING, what,
			       xstrdup("make room: a kernel's build takes 4 GiB")};
}

static struct result programs(void)
{
	if (is_there("build/agent"))
		return (struct result){STATE_OK, xstrdup("build/agent is built"), NULL};
	return (struct result){STATE_MISSING, xstrdup("build/agent is not built"), xstrdup("make")};
}

static struct result kernels(void)
{
	struct names configs = {0};
	char *built = xstrdup(""), *error;
	struct result r = {STATE_OK, NULL, NULL};

	if (files_list(&configs, "configs/kernel", ".config", &error))
		return (struct result){STATE_MISSING, error, NULL};
	for (size_t i = 0; i < configs.n; i++) {
		char *image =
		    xasprintf("build/kernel/clean/out.%s/arch/x86/boot/bzImage", configs.v[i]);

		if (is_there(image)) {
			char *longer = xasprintf("%s%s%s", built, *built ? ", " : "", configs.v[i]);

			free(built);
			built = longer;
		}
		free(image);
	}
	names_free(&configs);
	if (*built) {
		r.what = xasprintf("built: %s", built);
	} else {
		r.state = STATE_NOTE;
		r.what = xstrdup("none is built; the first run does that, in some minutes");
		r.fix = mend_with("kernel", "kernel/build.sh race");
	}
	free(built);
	return r;
}

static struct result results(void)
{
	char *path = xasprintf("%s/build/results.sqlite", shown_path(source_dir())), *error;
	struct store *store;
	struct result r = {STATE_OK, NULL, NULL};

	if (access(path, F_OK)) {
		r.state = STATE_NOTE;
		r.what = xstrdup("no database yet; the first run makes it");
	} else if (!(store = store_open(path, &error))) {
		r.state = STATE_MISSING;
		r.what = error;
	} else {
		r.what = xasprintf("%s can be used", path);
		store_close(store);
	}
	free(path);
	return r;
}

static const struct {
	const char *name;
	struct result (*look)(void);
} checks[] = {
    {"packages", packages}, {"QEMU", emulator},	  {"KVM", kvm},
    {"TDX", tdx},	    {"memory", memory},	  {"disk", disk},
    {"programs", programs}, {"kernels", kernels}, {"results", results},
};

static const struct argp argp = {
    .doc = "Says what this machine can do, what is missing, and the command that mends it. Exit "
	   "status: 0 a run is possible, 3 it is not.\n\nExample: septorture doctor",
};

int cmd_doctor(int argc, char **argv)
{
	static const char *const words[] = {"ok", "-", "MISSING"};
	struct table t = {.ncols = 4};
	int status = EXIT_CLEAN;

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	table_add(&t, "CHECK");
	table_add(&t, "STATE");
	table_add(&t, "WHAT");
	table_add(&t, "MEND");
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct result r = checks[i].look();

		table_add(&t, checks[i].name);
		table_add(&t, words[r.state]);
		table_add(&t, r.what);
		table_add(&t, r.fix ? r.fix : "");
		if (r.state == STATE_MISSING)
			status = EXIT_INFRA;
		free(r.what);
		free(r.fix);
	}
	table_print(&t, "", stdout);
	return status;
}
