/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs of the host that we use. */
#ifndef SEPTORTURE_TOOL_H
#define SEPTORTURE_TOOL_H

/* Where the program NAME is: in PATH, or if it has a '/', there (free() it); NULL: nowhere. */
char *tool_path(const char *name);

/*
 * Runs ARGV (argv[0] is looked for in PATH) with nothing to read and gives what
 * it writes to stdout (free() it), and in *STATUS what waitpid() says; NULL with
 * errno set if it cannot be started.
 */
char *tool_output(char *const argv[], int *status);

#endif
