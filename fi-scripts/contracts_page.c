// SPDX-License-Identifier: GPL-2.0-or-later
#include "contracts_page.h"

#include <inttypes.h>
#include <string.h>

static const char head[] =
    "# Contracts\n"
    "\n"
    "What KVM (Linux 7.2 and 7.3) promises when a call fails that septorture can make fail.\n"
    "Any other outcome is a finding. `make docs` renders this page from lib/contracts_*.c;\n"
    "`build/septorture list statuses` shows the same as a table, with the values, and\n"
    "`--json` has it all.\n"
    "\n"
    "A *site* is a kernel function or a fault capability, a *context* says which of its calls\n"
    "are meant: by the values of arguments (counted from 0) and by the functions on the stack.\n"
    "The first context of a site and the first status of a context are the defaults of a plan.\n"
    "\n"
    "A call that is made to fail does nothing. That is how the TDX module fails, too, with one\n"
    "exception: TDX_INTERRUPTED_RESUMABLE. But what the call should have undone stays as it is,\n"
    "so a status that KVM tolerates can still cost the TD its HKID.\n"
    "\n"
    "| class | KVM's promise |\n"
    "|---|---|\n"
    "| retry | the operation is tried again, the VM lives, nothing is left behind |\n"
    "| absorbed | a bounded loop inside the kernel hides it |\n"
    "| once | one is hidden; a second in a row is VM-fatal, and leaks as the context's fatal "
    "statuses do |\n"
    "| ignored | nobody cares |\n"
    "| user-error | the ioctl fails with the errno, the VM lives |\n"
    "| leak | what is named is never freed; the rest goes on |\n"
    "| VM-fatal | the VM is bugged: its ioctls give EIO from then on; the host is sound |\n"
    "| never | KVM says that it can't happen; not injected unless asked for by name |\n"
    "\n"
    "*Leaks HKID*: the TD's key ID is never used again, and all pages that the module holds for\n"
    "the TD are lost. *Leaks pages*: single pages are lost, and the TD's TDR, as it still has\n"
    "pages. A page whose removal from a TD failed is worse than lost: guest_memfd frees it, and\n"
    "when another TD gets it, TDX_PAGE_METADATA_INCORRECT bugs that one.\n"
    "\n"
    "*WARNs in* names the functions that the kernel's splat may name: the one that has the WARN\n"
    "and those that the compiler may have put it into.\n"
    "\n"
    "| engine | how a call is made to fail |\n"
    "|---|---|\n"
    "| fail_function | the function is not run, its caller gets the status |\n"
    "| softseam | softseam answers so: the function can't be probed |\n"
    "| failslab, fail_page_alloc | an allocation below the functions named fails |\n";

const char *engine_name(enum site_engine engine)
{
	static const char *const names[] = {
	    [ENGINE_FAIL_FUNCTION] = "fail_function",
	    [ENGINE_SOFTSEAM] = "softseam",
	    [ENGINE_FAILSLAB] = "failslab",
	    [ENGINE_FAIL_PAGE_ALLOC] = "fail_page_alloc",
	};

	return names[engine];
}

const char *errno_name(int err)
{
	return err ? strerrorname_np(err) : "";
}

const char *leaks_name(unsigned int leaks)
{
	static const char *const names[] = {
	    [LEAK_NOTHING] = "",
	    [LEAK_HKID] = "HKID",
	    [LEAK_PAGES] = "pages",
	    [LEAK_HKID | LEAK_PAGES] = "HKID, pages",
	};

	return names[leaks];
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* The rest of the row is the same: all but the status itself. */
static bool is_same_row(const struct status *a, const struct status *b)
{
	return a->contract == b->contract && a->err == b->err && a->leaks == b->leaks &&
	       is_same(a->decider, b->decider) && is_same(a->why, b->why) &&
	       is_same(a->warns, b->warns);
}

static void write_statuses(const struct status *s, FILE *out)
{
	fputs("\n| status | contract | decided by | what it does | WARNs in "
	      "|\n|---|---|---|---|---|\n",
	      out);
	for (; s->name; s++) {
		fprintf(out, "| %s", s->name);
		for (; s[1].name && is_same_row(s, s + 1); s++)
			fprintf(out, ", %s", s[1].name);
		fprintf(out, " | %s", contract_name(s->contract));
		if (s->err)
			fprintf(out, " %s", errno_name(s->err));
		if (s->leaks)
			fprintf(out, ", leaks %s", leaks_name(s->leaks));
		fprintf(out, " | %s | %s | %s |\n", s->decider, s->why, s->warns ? s->warns : "");
	}
}

static void write_clause(const struct site_clause *c, FILE *out)
{
	const char *op = c->op == SITE_EQ ? "is" : "is not";

	if (c->mask == UINT64_MAX)
		fprintf(out, "argument %u %s 0x%" PRIx64, c->arg, op, c->value);
	else
		fprintf(out, "argument %u & 0x%" PRIx64 " %s 0x%" PRIx64, c->arg, c->mask, op,
			c->value);
}

/* "kvm_x !kvm_y" as "below kvm_x, not below kvm_y". */
static void write_callers(const char *callers, const char *separator, FILE *out)
{
	for (size_t len; *callers; callers += len + strspn(callers + len, " ")) {
		bool no = *callers == '!';

		len = strcspn(callers, " ");
		fprintf(out, "%s%sbelow %.*s", separator, no ? "not " : "", (int)(len - no),
			callers + no);
		separator = ", ";
	}
}

static void write_context(const struct context *c, FILE *out)
{
	const char *separator = "";

	fprintf(out, "* **%s**: ", c->name);
	for (const struct site_clause *a = c->args; a->mask; a++) {
		fputs(separator, out);
		write_clause(a, out);
		separator = ", ";
	}
	if (c->callers)
		write_callers(c->callers, separator, out);
	else if (!*separator)
		fputs("all calls", out);
	fputc('\n', out);
}

/* Contexts in a row that have their statuses in common come together. */
static void write_site(const struct site *site, FILE *out)
{
	fprintf(out, "\n## %s\n\n%s (%s)\n", site->name, site->what, engine_name(site->engine));
	for (const struct context *c = site->contexts; c->name; c++) {
		fputc('\n', out);
		write_context(c, out);
		for (; c[1].name && c[1].statuses == c->statuses; c++)
			write_context(c + 1, out);
		write_statuses(c->statuses, out);
	}
}

void contracts_page(FILE *out)
{
	fputs(head, out);
	for (const struct site *s = sites; s->name; s++)
		write_site(s, out);
}
