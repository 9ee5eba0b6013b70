// SPDX-License-Identifier: GPL-2.0-or-later
#include "helper.h"

#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contracts_page.h"
#include "site.h"
#include "xmem.h"

#define for_each_site(s)       for (const struct site *s = sites; s->name; s++)
#define for_each_context(c, s) for (const struct context *c = (s)->contexts; c->name; c++)
#define for_each_status(st, c) for (const struct status *st = (c)->statuses; st->name; st++)

#define fail_at(site, ctx, text) fail_msg("%s, %s: %s", (site)->name, (ctx)->name, text)

/* ---- names ---- */

static void names_resolve(void **state)
{
	(void)state;
	for_each_site(s)
	{
		assert_ptr_equal(site_find(s->name), s);
		assert_non_null(s->contexts[0].name);
		for_each_context(c, s)
		{
			assert_ptr_equal(site_context(s, c->name), c);
			assert_non_null(c->statuses[0].name);
			for_each_status(st, c) assert_ptr_equal(context_status(c, st->name), st);
		}
	}
	assert_null(site_find("tdh_mem_sept_rd"));
	assert_null(site_context(&sites[0], "nosuch"));
	assert_null(context_status(&sites[0].contexts[0], "TDX_OPERAND_BUSY"));
}

/* A name means one value everywhere, and a value has one name. */
static void status_means_the_same(void **state)
{
	(void)state;
	for_each_site(s) for_each_context(c, s) for_each_status(st, c)
	    assert_string_equal(status_name(st->value), st->name);
	for_each_site(s) for_each_context(c, s) for_each_status(st, c) for_each_site(s2)
	    for_each_context(c2, s2) for_each_status(st2, c2) if (!strcmp(st->name, st2->name))
		assert_true(st->value == st2->value);
	assert_null(status_name(0));
}

static void plans_names_stay(void **state)
{
	static const struct {
		const char *site, *context, *status;
		enum contract contract;
	} known[] = {
	    {"tdp_mmu_set_external_spte", "map", "-EBUSY", CONTRACT_RETRY},
	    {"tdp_mmu_set_external_spte", "map", "-EIO", CONTRACT_RETRY},
	    {"tdp_mmu_set_external_spte", "remove", "-EBUSY", CONTRACT_VM_FATAL},
	    {"tdh_mem_page_add", "map", "TDX_OPERAND_BUSY", CONTRACT_RETRY},
	    {"tdh_mem_page_aug", "map", "TDX_OPERAND_BUSY_RCX", CONTRACT_RETRY},
	    {"tdh_mem_sept_add", "map", "TDX_OPERAND_BUSY_SEPT", CONTRACT_RETRY},
	    {"tdh_mem_range_block", "remove", "TDX_OPERAND_BUSY", CONTRACT_ONCE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct site *s = site_find(known[i].site);
		const struct status *st =
		    context_status(site_context(s, known[i].context), known[i].status);

		assert_non_null(st);
		assert_int_equal(st->contract, known[i].contract);
	}
	assert_string_equal(sites[0].contexts[0].name, "map");
	assert_string_equal(status_name((uint64_t)-16), "-EBUSY");
	assert_string_equal(status_name(0x8000020000000092), "TDX_OPERAND_BUSY_SEPT");
}

/* ---- contracts ---- */

static void contracts_are_complete(void **state)
{
	(void)state;
	for_each_site(s) for_each_context(c, s) for_each_status(st, c)
	{
		if (!st->decider || !*st->decider || !st->why || !*st->why)
			fail_at(s, c, st->name);
		if ((st->contract == CONTRACT_USER_ERROR) != (st->err > 0))
			fail_at(s, c, st->name);
		if ((st->contract == CONTRACT_LEAK) && !st->leaks)
			fail_at(s, c, st->name);
		if (st->leaks & ~(LEAK_HKID | LEAK_PAGES))
			fail_at(s, c, st->name);
		/* What is left behind or kills the VM is not left unsaid. */
		if ((st->leaks || st->contract == CONTRACT_VM_FATAL) && !st->warns)
			fail_at(s, c, st->name);
		assert_string_not_equal(contract_name(st->contract), "");
	}
}

/* After two of the class "once" the VM is dead: how, a status of the same context tells. */
static void once_has_a_fatal_sibling(void **state)
{
	(void)state;
	for_each_site(s) for_each_context(c, s)
	{
		bool once = false, fatal = false;

		for_each_status(st, c)
		{
			once |= st->contract == CONTRACT_ONCE;
			fatal |= st->contract == CONTRACT_VM_FATAL;
		}
		if (once && !fatal)
			fail_at(s, c, "no VM-fatal status");
	}
}

/* The kernel puts its default in the place of what it takes for success. */
static void kernel_takes_the_values(void **state)
{
	(void)state;
	for_each_site(s) for_each_context(c, s) for_each_status(st, c)
	{
		uint64_t code = st->value >> 32 << 32;
		bool is_errno = (int64_t)st->value < 0 && (int64_t)st->value >= -4095;

		if (st->name[0] == '-')
			assert_true(is_errno);
		else if (!(st->value >> 63))
			assert_true(code == 0x0000081500000000 || code == 0x0000082100000000 ||
				    code == 0x00000b0700000000);
		else
			assert_false(is_errno);
	}
}

/* ---- contexts ---- */

static bool is_word(const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)word[i]) && word[i] != '_')
			return false;
	return len > 0;
}

/* Blanks only between words; with '!' one may be forbidden. Returns how many; -1: malformed. */
static int count_words(const char *list, bool may_forbid, int *forbidden)
{
	int n = 0;

	*forbidden = 0;
	while (*list) {
		size_t len = strcspn(list, " ");
		bool no = may_forbid && *list == '!';

		if (!is_word(list + no, len - no))
			return -1;
		n++;
		*forbidden += no;
		list += len;
		if (*list && !*++list)
			return -1;
	}
	return n ? n : -1;
}

static void predicates_are_well_formed(void **state)
{
	int n, forbidden;

	(void)state;
	for_each_site(s) for_each_context(c, s)
	{
		for (size_t i = 0; i < SITE_MAX_CLAUSES && c->args[i].mask; i++) {
			const struct site_clause *a = &c->args[i];

			/* As many as are passed in registers. */
			assert_true(a->arg < 6);
			assert_true((a->value & ~a->mask) == 0);
			assert_true(s->engine == ENGINE_FAIL_FUNCTION);
		}
		assert_true(c->args[SITE_MAX_CLAUSES].mask == 0);
		if (!c->callers)
			continue;
		n = count_words(c->callers, true, &forbidden);
		if (n < 1 || n == forbidden)
			fail_at(s, c, "callers");
		/* One range of addresses of each kind is all that these can filter by. */
		if (s->engine == ENGINE_FAILSLAB || s->engine == ENGINE_FAIL_PAGE_ALLOC)
			assert_true(n - forbidden == 1 && forbidden <= 1);
		assert_true(s->engine != ENGINE_SOFTSEAM);
	}
}

static void warns_are_functions(void **state)
{
	int forbidden;

	(void)state;
	for_each_site(s) for_each_context(c, s) for_each_status(st, c)
	{
		assert_true(is_word(st->decider, strlen(st->decider)));
		if (st->warns && count_words(st->warns, false, &forbidden) < 1)
			fail_at(s, c, st->warns);
	}
}

static void first_context_is_the_widest(void **state)
{
	(void)state;
	/* Plans that name no context are about the map path, which may fail at any time. */
	for_each_site(s) if (site_context(s, "map"))
	    assert_string_equal(s->contexts[0].name, "map");
	for_each_site(s) if (site_context(s, "remove"))
	    assert_null(site_context(s, "remove")->callers);
}

/* ---- the kernel ---- */

/* All that the patches add, in one, and our own points in SPTE updates as if they did. */
static char *patches(void)
{
	char *own = read_text(SRCDIR "/kernel/overlay/arch/x86/virt/vmx/soft/spte_points.c");
	char *all = xstrdup("");
	glob_t g;

	assert_int_equal(glob(SRCDIR "/kernel/patches/upstream/*.patch", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		char *text = read_text(g.gl_pathv[i]);
		char *longer = xasprintf("%s%s", all, text);

		free(text);
		free(all);
		all = longer;
	}
	globfree(&g);
	for (char *line = strtok(own, "\n"); line; line = strtok(NULL, "\n")) {
		char *longer = xasprintf("%s\n+%s\n", all, line);

		free(all);
		all = longer;
	}
	free(own);
	return all;
}

static void kernel_lets_them_fail(void **state)
{
	char *text = patches(), want[128];

	(void)state;
	for_each_site(s)
	{
		bool is_errno = s->contexts[0].statuses[0].name[0] == '-';

		snprintf(want, sizeof(want), "\n+ALLOW_ERROR_INJECTION(%s, %s);\n", s->name,
			 is_errno ? "ERRNO" : "STATUS");
		if (s->engine == ENGINE_FAIL_FUNCTION)
			assert_true(strstr(text, want));
		else
			assert_null(strstr(text, want));
	}
	free(text);
}

/* Those that the compiler put into others can't be seen on the stack. */
static void callers_are_functions_of_the_kernel(void **state)
{
	char *map = read_text(SRCDIR "/build/kernel/clean/out.race/System.map"), word[128],
	     name[64];

	(void)state;
	if (!*map) {
		free(map);
		skip();
	}
	for_each_site(s)
	    for_each_context(c, s) for (const char *p = c->callers; p && *p; p += strspn(p, " !"))
	{
		size_t len;

		p += *p == '!';
		len = strcspn(p, " ");
		snprintf(name, sizeof(name), "%.*s", (int)len, p);
		p += len;
		snprintf(word, sizeof(word), " %s\n", name);
		if (!strstr(map, word))
			fail_at(s, c, name);
	}
	free(map);
}

/* ---- docs ---- */

static void page_is_up_to_date(void **state)
{
	char *want, *got = read_text(SRCDIR "/docs/contracts.md");
	size_t size;
	FILE *out = open_memstream(&want, &size);

	(void)state;
	contracts_page(out);
	fclose(out);
	if (strcmp(want, got))
		fail_msg("docs/contracts.md is not what lib/ has: run 'make docs'");
	free(want);
	free(got);
}

static void page_says_it_all(void **state)
{
	char *page = read_text(SRCDIR "/docs/contracts.md"), want[128];

	(void)state;
	for_each_site(s)
	{
		snprintf(want, sizeof(want), "\n## %s\n", s->name);
		assert_contains(page, want);
		for_each_context(c, s)
		{
			snprintf(want, sizeof(want), "\n* **%s**: ", c->name);
			assert_contains(page, want);
			for_each_status(st, c) assert_contains(page, st->name);
		}
	}
	for (int c = CONTRACT_RETRY; c <= CONTRACT_NEVER; c++) {
		snprintf(want, sizeof(want), "\n| %s | ", contract_name((enum contract)c));
		assert_contains(page, want);
	}
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_resolve),
	    cmocka_unit_test(status_means_the_same),
	    cmocka_unit_test(plans_names_stay),
	    cmocka_unit_test(contracts_are_complete),
	    cmocka_unit_test(once_has_a_fatal_sibling),
	    cmocka_unit_test(kernel_takes_the_values),
	    cmocka_unit_test(predicates_are_well_formed),
	    cmocka_unit_test(warns_are_functions),
	    cmocka_unit_test(first_context_is_the_widest),
	    cmocka_unit_test(kernel_lets_them_fail),
	    cmocka_unit_test(callers_are_functions_of_the_kernel),
	    cmocka_unit_test(page_is_up_to_date),
	    cmocka_unit_test(page_says_it_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
