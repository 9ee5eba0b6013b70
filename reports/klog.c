// SPDX-License-Identifier: GPL-2.0-or-later
#include "klog.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "splat.h"
#include "xmem.h"

#define MAX_LINE   512 /* of a line that is kept */
#define MAX_CALLER 16

/* Two CPUs may write at once: their lines mix, but each names its caller. */
struct klog {
	struct splat_sink sink;
	struct source {
		char
		    caller[MAX_CALLER]; /* "T123": task; "C1": an interrupt on CPU 1; "": unknown */
		struct splat_stream *splats;
	} * sources;
	size_t n;
};

/* "[   12.345678] " with the time in *us, or "[  T123] ", the caller; 0 if it is neither. */
static size_t prefix_length(const char *s, uint64_t *us, char caller[MAX_CALLER])
{
	size_t blanks = *s == '[' ? 1 + strspn(s + 1, " ") : 0;
	size_t digits, fraction;

	if (!blanks)
		return 0;
	if ((s[blanks] == 'T' || s[blanks] == 'C') && isdigit((unsigned char)s[blanks + 1])) {
		digits = strspn(s + blanks + 1, "0123456789");
		if (s[blanks + 1 + digits] != ']' || digits + 1 >= MAX_CALLER)
			return 0;
		memcpy(caller, s + blanks, 1 + digits);
		caller[1 + digits] = '\0';
		return blanks + digits + 2;
	}
	digits = strspn(s + blanks, "0123456789");
	if (!digits || s[blanks + digits] != '.')
		return 0;
	fraction = strspn(s + blanks + digits + 1, "0123456789");
	if (fraction != 6 || s[blanks + digits + 1 + fraction] != ']')
		return 0;
	*us =
	    strtoull(s + blanks, NULL, 10) * 1000000 + strtoull(s + blanks + digits + 1, NULL, 10);
	return blanks + digits + fraction + 2;
}

static const char *skip_prefix(const char *s, uint64_t *us, int *pri, char caller[MAX_CALLER])
{
	bool seen = false;

	if (*s == '<' && isdigit((unsigned char)s[1]) && s[2] == '>') {
		*pri = s[1] - '0';
		s += 3;
	}
	for (;;) {
		const char *next = s + (seen && *s == ' ');
		size_t len = prefix_length(next, us, caller);

		if (!len)
			return next;
		s = next + len;
		seen = true;
	}
}

static bool starts(const char *line, const char *prefix)
{
	return !strncmp(line, prefix, strlen(prefix));
}

static const char *skip_subsystem(const char *line)
{
	static const char *const names[] = {"watchdog: ", "NMI watchdog: ", "rcu: ", "kmemleak: "};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (starts(line, names[i]))
			return line + strlen(names[i]);
	return line;
}

static struct source *source_of(struct klog *k, const char *caller)
{
	struct source *free_one = NULL;

	for (size_t i = 0; i < k->n; i++) {
		if (!strcmp(k->sources[i].caller, caller))
			return &k->sources[i];
		if (splat_is_idle(k->sources[i].splats))
			free_one = &k->sources[i];
	}
	if (!free_one) {
		k->sources = xgrow(k->sources, k->n, sizeof(*k->sources));
		free_one = &k->sources[k->n++];
		free_one->splats = splat_stream_new(&k->sink);
	}
	strcpy(free_one->caller, caller);
	return free_one;
}

/* The backtrace that another CPU was asked for belongs to the stall that asked. */
static void add_to_others(struct klog *k, const struct source *from, const char *line)
{
	for (size_t i = 0; splat_is_idle(from->splats) && i < k->n; i++)
		if (splat_shows_others(k->sources[i].splats))
			splat_add_text(k->sources[i].splats, line);
}

struct klog *klog_new(klog_fn fn, void *arg)
{
	struct klog *k = xcalloc(1, sizeof(*k));

	k->sink = (struct splat_sink){.fn = fn, .arg = arg};
	return k;
}

void klog_line(struct klog *k, uint64_t us, int pri, const char *caller, const char *raw)
{
	char line[MAX_LINE], name[MAX_CALLER] = "";
	struct source *s;
	size_t len = 0;

	if (strlen(caller) < sizeof(name))
		strcpy(name, caller);
	raw = skip_subsystem(skip_prefix(raw, &us, &pri, name));
	/* Only text: it goes to terminals and into JSON. */
	for (; *raw && *raw != '\n' && *raw != '\r' && len < sizeof(line) - 1; raw++)
		line[len++] = (*raw < ' ' && *raw != '\t') || *raw > '~' ? '?' : *raw;
	line[len] = '\0';

	s = source_of(k, name);
	splat_line(s->splats, us, pri, line);
	add_to_others(k, s, line);
}

uint64_t klog_begun(const struct klog *k)
{
	return k->sink.begun;
}

void klog_end(struct klog *k)
{
	for (size_t i = 0; i < k->n; i++)
		splat_stream_end(k->sources[i].splats);
	splat_sink_end(&k->sink);
	free(k->sources);
	free(k);
}
