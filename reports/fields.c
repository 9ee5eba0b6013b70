// SPDX-License-Identifier: GPL-2.0-or-later
#include "fields.h"

#include <stdlib.h>

#include "xmem.h"

bool has_number(const json_t *o, const char *key)
{
	const json_t *value = json_object_get(o, key);

	return json_is_integer(value) && json_integer_value(value) >= 0;
}

uint64_t get_number(const json_t *o, const char *key)
{
	return has_number(o, key) ? (uint64_t)json_integer_value(json_object_get(o, key)) : 0;
}

const char *get_string(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* JSON integers are signed; nothing that is counted here comes near the limit. */
void set_number(json_t *o, const char *key, uint64_t value)
{
	json_object_set_new(o, key,
			    json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value));
}

void set_known(json_t *o, const char *key, bool known, uint64_t value)
{
	if (known)
		set_number(o, key, value);
	else
		json_object_set_new(o, key, json_null());
}

/* Paths may be of any bytes, JSON may not. */
static json_t *plain_string(const char *value)
{
	char *plain = xstrdup(value);
	json_t *string;

	for (char *s = plain; *s; s++)
		if (*s & 0x80)
			*s = '?';
	string = json_string(plain);
	free(plain);
	return string;
}

void set_string(json_t *o, const char *key, const char *value)
{
	json_t *string = value ? json_string(value) : json_null();

	json_object_set_new(o, key, string ? string : plain_string(value));
}
