// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Real splats (tests/splats/NAME.log, see `capture` there), and what becomes of them
 * on a bad way. NAME.expected has their signatures, one a line.
 */
#include "helper.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "klog.h"
#include "xmem.h"

#define MAX_SPLATS 32

struct log {
	char *name;
	size_t n;
	char **lines; /* without newlines */
	size_t nexpected;
	char **expected; /* signatures */
};

static size_t nlogs;
static struct log *logs;

/* ---- what a log gave: each finding once, as in a report ---- */

static struct seen {
	char *signature;
	bool cut;
} seen[MAX_SPLATS];
static size_t nseen;
static bool bounded; /* only as many splats as there is room for are wanted */

static void forget(void)
{
	for (size_t i = 0; i < nseen; i++)
		free(seen[i].signature);
	nseen = 0;
}

static void see(void *arg, const struct klog_splat *s)
{
	(void)arg;
	/* Only text goes out, and each says of which kind it is. */
	assert_int_equal(strncmp(s->signature, s->kind, strlen(s->kind)), 0);
	for (const char *c = s->text; *c; c++)
		assert_true((*c >= ' ' && *c <= '~') || *c == '\n' || *c == '\t');
	for (size_t i = 0; i < nseen; i++)
		if (!strcmp(seen[i].signature, s->signature)) {
			seen[i].cut &= s->cut;
			return;
		}
	if (nseen == MAX_SPLATS) {
		assert_true(bounded);
		return;
	}
	seen[nseen++] = (struct seen){xstrdup(s->signature), s->cut};
}

static struct klog *begin(void)
{
	forget();
	bounded = true;
	return klog_new(see, NULL);
}

static void feed(struct klog *k, const char *line, const char *ending)
{
	char *whole = xasprintf("%s%s", line, ending);

	klog_line(k, 7, -1, "", whole);
	free(whole);
}

/* ---- the logs ---- */

static size_t split(char *text, char ***lines)
{
	size_t n = 0;
	char *line;

	*lines = NULL;
	while ((line = strsep(&text, "\n"))) {
		if (!text && !*line)
			break;
		*lines = xgrow(*lines, n, sizeof(**lines));
		(*lines)[n++] = xstrdup(line);
	}
	return n;
}

static void load_log(const char *path)
{
	size_t len = strlen(path) - strlen(".log");
	char *expected = xasprintf("%.*s.expected", (int)len, path);
	char *text = read_text(path), *want = read_text(expected);
	struct log *l;

	logs = xgrow(logs, nlogs, sizeof(*logs));
	l = &logs[nlogs++];
	l->name = xasprintf("%.*s", (int)len, path);
	l->n = split(text, &l->lines);
	l->nexpected = split(want, &l->expected);
	if (!l->nexpected)
		fail_msg("%s is missing or empty", expected);
	free(expected);
	free(text);
	free(want);
}

static int load_logs(void **state)
{
	glob_t g;

	(void)state;
	if (glob(SRCDIR "/tests/splats/*.log", 0, NULL, &g))
		return -1;
	for (size_t i = 0; i < g.gl_pathc; i++)
		load_log(g.gl_pathv[i]);
	globfree(&g);
	return 0;
}

static void free_lines(char **lines, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(lines[i]);
	free(lines);
}

static int free_logs(void **state)
{
	(void)state;
	forget();
	for (size_t i = 0; i < nlogs; i++) {
		free(logs[i].name);
		free_lines(logs[i].lines, logs[i].n);
		free_lines(logs[i].expected, logs[i].nexpected);
	}
	free(logs);
	return 0;
}

static bool expects(const struct log *l, const char *signature)
{
	for (size_t i = 0; i < l->nexpected; i++)
		if (!strcmp(l->expected[i], signature))
			return true;
	return false;
}

/* All of L, in whatever order. */
static void assert_all_of(const struct log *l, const char *what)
{
	for (size_t i = 0; i < l->nexpected; i++) {
		bool found = false;

		for (size_t j = 0; j < nseen; j++)
			found |= !strcmp(seen[j].signature, l->expected[i]);
		if (!found)
			fail_msg("%s, %s: no '%s', but %zu splats, the first '%s'", l->name, what,
				 l->expected[i], nseen, nseen ? seen[0].signature : "");
	}
}

static void assert_exactly(const struct log *l, const char *what)
{
	assert_all_of(l, what);
	if (nseen != l->nexpected)
		fail_msg("%s, %s: %zu splats, the last '%s'", l->name, what, nseen,
			 seen[nseen - 1].signature);
}

/* ---- tests ---- */

static void there_is_every_kind(void **state)
{
	static const char *const kinds[] = {
	    "warn",	 "bug",		 "oops",  "kcsan", "lockdep",  "hung-task", "soft-lockup",
	    "rcu-stall", "atomic-sleep", "panic", "kasan", "kmemleak", "kvm-error",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char *prefix = xasprintf("%s: ", kinds[i]);
		size_t n = 0;

		for (size_t j = 0; j < nlogs; j++)
			for (size_t k = 0; k < logs[j].nexpected; k++)
				n += !strncmp(logs[j].expected[k], prefix, strlen(prefix));
		if (!n)
			fail_msg("there is no log of a splat of the kind %s", kinds[i]);
		free(prefix);
	}
}

static const char *without_prefix(const char *line)
{
	const char *end;

	while (*line == '[' && (end = strchr(line, ']')))
		line = end + 1;
	return *line == ' ' ? line + 1 : line;
}

static void whole_logs(void **state)
{
	static const char *const endings[] = {"", "\n", "\r\n"};

	(void)state;
	for (size_t i = 0; i < nlogs; i++)
		for (size_t e = 0; e < 3; e++) {
			struct klog *k = begin();

			for (size_t j = 0; j < logs[i].n; j++)
				feed(k, logs[i].lines[j], endings[e]);
			klog_end(k);
			assert_exactly(&logs[i], "as it is");
		}
}

static void logs_without_timestamps(void **state)
{
	(void)state;
	for (size_t i = 0; i < nlogs; i++) {
		struct klog *k = begin();

		for (size_t j = 0; j < logs[i].n; j++)
			feed(k, without_prefix(logs[i].lines[j]), "\n");
		klog_end(k);
		assert_exactly(&logs[i], "without timestamps");
	}
}

/* What the first N lines of L give, and LEN characters of the next. */
static void feed_begin(const struct log *l, size_t n, size_t len)
{
	struct klog *k = begin();
	char *part = xasprintf("%.*s", (int)len, l->lines[n < l->n ? n : 0]);

	for (size_t j = 0; j < n; j++)
		feed(k, l->lines[j], "\n");
	if (len)
		feed(k, part, "");
	klog_end(k);
	free(part);
}

static void assert_no_other(const struct log *l, const char *signature, size_t n)
{
	for (size_t i = 0; i < nlogs; i++)
		if (&logs[i] != l && !expects(l, signature) && expects(&logs[i], signature))
			fail_msg("%s, cut at line %zu, looks like %s: '%s'", l->name, n + 1,
				 logs[i].name, signature);
}

/* The line from which on anybody can tell that something is wrong, by no more than a word. */
static size_t first_header(const struct log *l)
{
	static const char *const words[] = {
	    "BUG: ",  "BUG ",	       "WARNING: ",    "Oops: ",
	    "INFO: ", "kernel BUG at", "Kernel panic", "unreferenced object"};

	for (size_t n = 0; n < l->n; n++)
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (strstr(l->lines[n], words[i]))
				return n;
	fail_msg("%s has no header", l->name);
	return 0;
}

/* Once a splat has begun, the log never becomes one without. */
static void cut_logs_are_no_pass(void **state)
{
	(void)state;
	for (size_t i = 0; i < nlogs; i++) {
		const struct log *l = &logs[i];
		size_t header = first_header(l);

		for (size_t n = 0; n <= l->n; n++) {
			for (size_t half = 0; half < 2 && n + half <= l->n; half++) {
				feed_begin(l, n, half ? strlen(l->lines[n]) / 2 : 0);
				if (n > header && !nseen)
					fail_msg("%s, cut at line %zu, has no splat", l->name,
						 n + 1);
				for (size_t s = 0; s < nseen; s++) {
					assert_no_other(l, seen[s].signature, n);
					if (!seen[s].cut && !expects(l, seen[s].signature))
						fail_msg("%s, cut at line %zu, is '%s'", l->name,
							 n + 1, seen[s].signature);
				}
			}
		}
	}
}

/* LINE as another task or CPU would have written it: "[  T45]" as "[T1045]". */
static char *by_another(const char *line)
{
	const char *end = strchr(line, ']'), *caller = end && end[1] == '[' ? end + 2 : NULL;
	size_t blanks = caller ? strspn(caller, " ") : 0;

	if (caller)
		return xasprintf("%.*s%c10%s", (int)(caller - line), line, caller[blanks],
				 caller + blanks + 1);
	/* Of a kernel that does not say who writes. */
	return end ? xasprintf("%.*s[T10]%s", (int)(end + 1 - line), line, end + 1) : xstrdup(line);
}

static void interleave(const struct log *a, const struct log *b)
{
	struct klog *k = begin();

	for (size_t j = 0; j < a->n || j < b->n; j++) {
		if (j < a->n)
			feed(k, a->lines[j], "\n");
		if (j < b->n) {
			char *line = by_another(b->lines[j]);

			feed(k, line, "\n");
			free(line);
		}
	}
	klog_end(k);
	assert_all_of(a, "interleaved");
	assert_all_of(b, "interleaved");
	if (nseen > a->nexpected + b->nexpected)
		fail_msg("%s and %s: %zu splats", a->name, b->name, nseen);
}

static void two_write_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < nlogs; i++)
		for (size_t j = 0; j < nlogs; j++)
			if (i != j)
				interleave(&logs[i], &logs[j]);
}

/* xorshift64 */
static uint64_t draw(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Nothing but that it holds: no crash, no endless output (see()). */
static void noise_is_survived(void **state)
{
	uint64_t seed = 20261126;

	(void)state;
	for (size_t round = 0; round < 50 * nlogs; round++) {
		const struct log *l = &logs[round % nlogs];
		struct klog *k = begin();

		for (size_t j = 0; j < l->n; j++) {
			char *line = xstrdup(l->lines[draw(&seed) % 16 ? j : draw(&seed) % l->n]);
			size_t len = strlen(line);

			for (size_t hits = draw(&seed) % 4; len && hits; hits--)
				line[draw(&seed) % len] = (char)draw(&seed);
			klog_line(k, draw(&seed), (int)(draw(&seed) % 9) - 1, "C0", line);
			free(line);
		}
		klog_end(k);
	}
}

/* ---- tests/bench ---- */

static void count(void *arg, const struct klog_splat *s)
{
	(void)s;
	++*(size_t *)arg;
}

static double parse_all(const struct log *l, size_t *splats)
{
	struct klog *k = klog_new(count, splats);
	struct timespec a, b;

	*splats = 0;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	for (size_t i = 0; i < l->n; i++)
		klog_line(k, 0, -1, "", l->lines[i]);
	klog_end(k);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

#define ROUNDS 11

/* The files, one behind the other, as one log. */
static int bench(char **files)
{
	struct log all = {0};
	double bytes = 0, rates[ROUNDS];
	size_t splats = 0;

	for (; *files; files++) {
		char *text = read_text(*files);
		char **lines;
		size_t n = split(text, &lines);

		for (size_t i = 0; i < n; i++) {
			all.lines = xgrow(all.lines, all.n, sizeof(*all.lines));
			all.lines[all.n++] = lines[i];
			bytes += (double)strlen(lines[i]) + 1;
		}
		free(lines);
		free(text);
	}
	for (int i = 0; i < ROUNDS; i++)
		rates[i] = bytes / 1e6 / parse_all(&all, &splats);
	qsort(rates, ROUNDS, sizeof(*rates), compare);
	printf("%.1f MB, %zu lines, %zu splats: median %.0f MB/s, range %.0f to %.0f\n",
	       bytes / 1e6, all.n, splats, rates[ROUNDS / 2], rates[0], rates[ROUNDS - 1]);
	free_lines(all.lines, all.n);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(there_is_every_kind),     cmocka_unit_test(whole_logs),
	    cmocka_unit_test(logs_without_timestamps), cmocka_unit_test(cut_logs_are_no_pass),
	    cmocka_unit_test(two_write_at_once),       cmocka_unit_test(noise_is_survived),
	};

	if (argc > 1 && !strcmp(argv[1], "--bench"))
		return bench(argv + 2);
	return cmocka_run_group_tests_name("splats", tests, load_logs, free_logs);
}
