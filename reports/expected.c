// SPDX-License-Identifier: GPL-2.0-or-later
#include "expected.h"

#include <stdlib.h>
#include <string.h>

#include "kvm_lines.h"
#include "site.h"
#include "xmem.h"

static void add(struct run_report *run, const struct site *site, const struct context *c,
		const struct status *st)
{
	if (!st->warns && !st->leaks)
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

	for (const char *s = words; s && (s = strstr(s, word)); s += len)
		if ((s == words || s[-1] == ' ') && (!s[len] || s[len] == ' '))
			return true;
	return false;
}

static void mark_by(struct finding *f, const struct expected_warn *e)
{
	f->known = xasprintf("expected: %s of %s (%s) is %s by contract", e->status->name,
			     e->site->name, e->context->name, contract_name(e->status->contract));
}

static void mark(struct run_report *run, struct finding *f)
{
	for (size_t i = 0; i < run->nexpected && !f->known; i++)
		if (has_word(run->expected[i].status->warns, f->function))
			mark_by(f, &run->expected[i]);
}

/* ---- lines of KVM ---- */

/* "tdh_phymem_page_wbinvd" is what KVM calls each of two wrappers. */
static bool is_of(const struct site *site, const char *seamcall)
{
	size_t len = strlen(seamcall);

	return !strncmp(site->name, seamcall, len) && strchr("_", site->name[len]);
}

/* Whether a failure that ST describes may come after E. */
static bool may_follow(const struct expected_warn *e, const struct status *st)
{
	/* What the TDX module still owns it refuses to give back. */
	if (e->status->leaks && st->contract == CONTRACT_LEAK)
		return true;
	/* KVM logs it where it decides, and there E promises a WARN, too. */
	return has_word(e->status->warns, st->decider);
}

static bool promises_seamcall(const struct expected_warn *e, const char *seamcall)
{
	for (const struct site *s = sites; s->name; s++) {
		if (!is_of(s, seamcall))
			continue;
		if (s == e->site)
			return true;
		for (const struct context *c = s->contexts; c->name; c++)
			for (const struct status *st = c->statuses; st->name; st++)
				if (may_follow(e, st))
					return true;
	}
	return false;
}

/* Lines of which nobody knows what they mean are shown, but do not count. */
static void mark_error(struct run_report *run, struct finding *f)
{
	char *seamcall = kvm_line_seamcall(f->title);
	const char *function = kvm_line_function(f->title);

	if (!seamcall && !function)
		f->scope = SCOPE_ELSEWHERE;
	for (size_t i = 0; i < run->nexpected && !f->known; i++) {
		const struct expected_warn *e = &run->expected[i];

		if ((seamcall && promises_seamcall(e, seamcall)) ||
		    (function && has_word(e->status->warns, function)))
			mark_by(f, e);
	}
	free(seamcall);
}

void expected_mark(struct run_report *run)
{
	for (size_t i = 0; i < run->nfindings; i++) {
		struct finding *f = &run->findings[i];

		if (!strcmp(f->kind, "kvm-error")) {
			mark_error(run, f);
			continue;
		}
		/* A splat that was cut may be another one that begins alike. */
		if (f->function && !f->cut && !strcmp(f->kind, "warn"))
			mark(run, f);
	}
}
