/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The septorture command from outside, on a scratch source tree: with a fake
 * kernel/build.sh, tests/fake-qemu instead of QEMU, the file kvm (which does not
 * exist) instead of /dev/kvm, and a cache of its own.
 */
#ifndef SEPTORTURE_TESTS_CLI_H
#define SEPTORTURE_TESTS_CLI_H

#include "helper.h"

#include <sys/types.h>

#define TOOL BUILDDIR "/tests/septorture"
/* With the proof that splats are seen. */
#define HELLO                                                                                      \
	"{\"e\":\"hello\",\"us\":1,\"v\":1,\"kernel\":\"7.3.4-x\",\"cpus\":2}\n"                   \
	"{\"e\":\"klog\",\"us\":1,\"text\":\"WARNING: at septorture_provoked_warn+0x1/0x2\"}\n"    \
	"{\"e\":\"provoked\",\"us\":1,\"what\":[\"warn\"]}\n"
#define END1 "{\"e\":\"end\",\"us\":9,\"status\":\"done\",\"events\":3}\n"
#define RACE                                                                                       \
	"BUG: KCSAN: data-race in bar / bar\n"                                                     \
	"read to 0xff11000004249df8 of 8 bytes by task 46 on cpu 1:\n bar+0x1/0x2\n"               \
	"write to 0xff11000004249df8 of 8 bytes by task 49 on cpu 0:\n bar+0x1/0x2\n"              \
	"Reported by Kernel Concurrency Sanitizer on:\n"
#define WARN  "WARNING: a/b.c:5 at foo+0x1/0x2, CPU#0: x/1\n"
#define PANIC "Kernel panic - not syncing: out of luck\n"

/* What the last command printed. */
extern char *out, *err;

/* Group fixtures. */
int cli_set_up(void **state);
int cli_tear_down(void **state);
/* Each test begins with a clean guest, ordinary deadlines and no other runs. */
int cli_reset(void **state);
#define TEST(f) cmocka_unit_test_setup(f, cli_reset)

/* What the guest writes. */
void set_qemu(const char *events, const char *console);
/* Runs the command with ARGS, a piece of shell, and gives its exit status. */
int run(const char *args);
void want(int status, int expected);

double now(void);
void assert_gone(pid_t pid);

/* The emulator stays from now on. */
void hang(void);
/* The child that the hanging emulator had; 0: not yet. */
pid_t hung_pid(void);
pid_t parent_of(pid_t pid);
/* Starts a run whose VM hangs after a splat; returns its pid once the VM is up. */
pid_t start_hanging(void);

/* Waits for a file, at most 10 s. */
void await(const char *path);
/* Waits until the emulator hangs; the same. */
void await_hang(void);

/* Starts `run p.ini` in the background, its output in the files out and err. */
pid_t spawn(void);
/* The same with other arguments, a piece of shell. */
pid_t spawn_args(const char *args);
/* Waits for its end: the exit status, or 128 + the signal that killed it. */
int wait_for(pid_t pid);

/* How many lines of FILE (none, if it is not there) hold WORD. */
int lines_with(const char *file, const char *word);

/*
 * Runs a soak, with ARGS as well, until FILE has a line with WORD, at most a minute: its exit
 * status. What it printed is in out and err.
 */
int soak_until(const char *file, const char *word, const char *args);

/* FILE of the scratch directory as an absolute path; free() it. */
char *scratch_path(const char *file);

#endif
