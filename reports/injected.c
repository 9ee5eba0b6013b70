// SPDX-License-Identifier: GPL-2.0-or-later
#include "injected.h"

#include <inttypes.h>
#include <stdlib.h>

#include "fields.h"
#include "site.h"
#include "table.h"
#include "xmem.h"

/* What plans call the status that is TEXT, or NULL. */
static const char *name_of(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 16);

	return *text && !*end ? status_name(value) : NULL;
}

static struct injection read_one(const json_t *o)
{
	const char *status = get_string(o, "status");

	return (struct injection){
	    .us = get_number(o, "us"),
	    .site = xstrdup(get_string(o, "site")),
	    .status = xstrdup(status),
	    .name = name_of(status),
	    .tag = get_number(o, "tag"),
	    .call = get_number(o, "call"),
	    .caller = xstrdup(get_string(o, "caller")),
	};
}

struct injected injected_read(const json_t *event)
{
	const json_t *recent = json_object_get(event, "recent");
	size_t n = json_array_size(recent);
	struct injected in = {
	    .known = has_number(event, "injected"),
	    .total = get_number(event, "injected"),
	    .listed = json_is_array(recent),
	};

	for (size_t i = n > INJECTED_MAX ? n - INJECTED_MAX : 0; i < n; i++) {
		in.recent = xgrow(in.recent, in.n, sizeof(*in.recent));
		in.recent[in.n++] = read_one(json_array_get(recent, i));
	}
	return in;
}

void injected_free(struct injected *in)
{
	for (size_t i = 0; i < in->n; i++) {
		free(in->recent[i].site);
		free(in->recent[i].status);
		free(in->recent[i].caller);
	}
	free(in->recent);
	*in = (struct injected){0};
}

json_t *injected_json(const struct injected *in)
{
	json_t *list = in->listed ? json_array() : json_null();

	for (size_t i = 0; i < in->n; i++) {
		const struct injection *j = &in->recent[i];
		json_t *o = json_object();

		set_number(o, "us", j->us);
		set_string(o, "site", j->site);
		set_string(o, "status", j->status);
		set_string(o, "status_name", j->name);
		set_number(o, "tag", j->tag);
		set_number(o, "call", j->call);
		set_string(o, "caller", j->caller);
		json_array_append_new(list, o);
	}
	return list;
}

static const char *or_unknown(const char *s)
{
	return *s ? s : "?";
}

void injected_print(const struct injected *in, const char *indent, FILE *out)
{
	struct table t = {.ncols = 4};

	if (!in->n)
		return;
	table_add(&t, "SITE");
	table_add(&t, "STATUS");
	table_add(&t, "CALL");
	table_add(&t, "CALLER");
	for (size_t i = 0; i < in->n; i++) {
		const struct injection *j = &in->recent[i];

		table_add(&t, or_unknown(j->site));
		table_add(&t, or_unknown(j->name ? j->name : j->status));
		table_addf(&t, "%" PRIu64 ":%" PRIu64, j->tag, j->call);
		table_add(&t, or_unknown(j->caller));
	}
	table_print(&t, indent, out);
}
