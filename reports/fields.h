/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of JSON objects: read from events, where anything may stand, and written to reports.
 */
#ifndef SEPTORTURE_FIELDS_H
#define SEPTORTURE_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Absent, negative or of a wrong type: 0. */
uint64_t get_number(const json_t *o, const char *key);
/* Absent or of a wrong type: "". */
const char *get_string(const json_t *o, const char *key);
/* Whether there is a number that get_number() can give. */
bool has_number(const json_t *o, const char *key);

void set_number(json_t *o, const char *key, uint64_t value);
/* null unless KNOWN. */
void set_known(json_t *o, const char *key, bool known, uint64_t value);
/* NULL gives null; what is not UTF-8 is replaced. */
void set_string(json_t *o, const char *key, const char *value);

#endif
