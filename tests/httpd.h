/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An HTTP server on 127.0.0.1 that behaves as badly as told, by files in the
 * working directory that are looked at for each request:
 *   silent	take the connection, never answer
 *   cut	holds a number: end the connection after so many bytes of a .deb
 * Each request that gets an answer adds a line "PATH FIRST-BYTE" to the file
 * requests.
 */
#ifndef SEPTORTURE_TESTS_HTTPD_H
#define SEPTORTURE_TESTS_HTTPD_H

#include <sys/types.h>

/* Serves the files of the working directory, until killed or until we end; returns its port. */
unsigned int httpd_start(pid_t *pid);

#endif
