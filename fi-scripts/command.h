/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the subcommands of `septorture` share. */
#ifndef SEPTORTURE_COMMAND_H
#define SEPTORTURE_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#define SEPTORTURE_VERSION "0.1"

/* Exit statuses: the same for every subcommand. */
enum {
	EXIT_CLEAN = 0,
	EXIT_FINDINGS = 1,
	EXIT_USAGE = 2, /* of the command, or a wrong plan */
	EXIT_INFRA = 3, /* nothing can be said about the kernel */
};

struct command {
	const char *name;
	const char *help; /* one line */
	int (*run)(int argc, char **argv); /* argv[0] is "septorture NAME" */
};

int cmd_bisect_step(int argc, char **argv);
int cmd_check_commit(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_coverage(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_enumerate(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_minimise(int argc, char **argv);
int cmd_mutants(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_series(int argc, char **argv);
int cmd_soak(int argc, char **argv);

/* "septorture: ..." on stderr. */
__attribute__((format(printf, 1, 2))) void say(const char *fmt, ...);

/* The same with ERROR, which is freed; returns STATUS. */
int say_error(char *error, int status);

/* A number from the environment, for tests and odd machines: 1 to a million. */
uint64_t env_number(const char *variable, uint64_t otherwise);

/* The same of seconds, in ms. */
uint64_t env_seconds_ms(const char *variable, uint64_t seconds);

/* Of a clock that runs on: the time of day may jump. */
uint64_t now_ms(void);

/*
 * Whether writing to a pipe that nobody reads or a file that may not grow kills
 * us, as it does by default, or just fails. Programs that we start want the default.
 */
void failing_writes_kill(bool kill);

/* The root of the source tree: $SEPTORTURE_SRC, installed_home(), or where we were built. */
const char *source_dir(void);

/* PATH without the current directory in front of it, if that is where it lies. */
const char *shown_path(const char *path);

#endif
