// SPDX-License-Identifier: GPL-2.0-or-later
#include "expected.h"

#include <stdlib.h>
#include <string.h>

#include "site.h"
#include "xmem.h"

static void add(struct run_report *run, const struct site *site, const struct context *c,
		const struct status *st)
{
	if (!st->warns)
		return;
	run->expected = xgrow(run->expected, run->nexpected, sizeof(*run->expected));
	run->expected[run->nexpected++] = (struct expected_warn){
	    .site = site,
	    .context = c,
	    .status = st,
	};
}

/*
 * One failure of the class "once" is hidden, so it allows no WARN. Two in a row, which
 * is what CONTRACT then says, allow those of the context's fatal statuses.
 */
static void add_fatal(struct run_report *run, const struct site *site, const struct context *c)
{
	for (const struct status *st = c->statuses; st->name; st++)
		if (st->contract == CONTRACT_VM_FATAL)
			add(run, site, c, st);
}

/* "A 3, B": the words before the weights. */
static void add_statuses(struct run_report *run, const struct site *site, const struct context *c,
			 char *statuses, bool fatal)
{
	char *one;

	while ((one = strsep(&statuses, ","))) {
		const struct status *st;

		one += strspn(one, " ");
		one[strcspn(one, " ")] = '\0';
		st = context_status(c, one);
		if (!st)
			continue;
		add(run, site, c, st);
		if (st->contract == CONTRACT_ONCE && fatal)
			add_fatal(run, site, c);
	}
}

void expected_add(struct run_report *run, const char *site, const char *context,
		  const char *statuses, const char *contract)
{
	const struct site *s = site_find(site);
	const struct context *c = s ? site_context(s, context) : NULL;
	char *copy = xstrdup(statuses);

	if (c)
		add_statuses(run, s, c, copy, !strcmp(contract, contract_name(CONTRACT_VM_FATAL)));
	free(copy);
}

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *s = words; (s = strstr(s, word)); s += len)
		if ((s == words || s[-1] == ' ') && (!s[len] || s[len] == ' '))
			return true;
	return false;
}

static void mark(struct run_report *run, struct finding *f)
{
	for (size_t i = 0; i < run->nexpected && !f->known; i++) {
		const struct expected_warn *e = &run->expected[i];

		if (has_word(e->status->warns, f->function))
			f->known = xasprintf("expected: %s of %s (%s) is %s by contract",
					     e->status->name, e->site->name, e->context->name,
					     contract_name(e->status->contract));
	}
}

void expected_mark(struct run_report *run)
{
	for (size_t i = 0; i < run->nfindings; i++) {
		struct finding *f = &run->findings[i];

		/* A splat that was cut may be another one that begins alike. */
		if (f->function && !f->cut && !strcmp(f->kind, "warn"))
			mark(run, f);
	}
}
