// SPDX-License-Identifier: GPL-2.0-or-later
#include "helper.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scope.h"
#include "xmem.h"

#define LIST                                                                                       \
	"# whose is what\n\n"                                                                      \
	"test arch/x86/kvm  # comment\n"                                                           \
	"own\tarch/x86/virt/vmx/soft/\n"                                                           \
	"test arch/x86/virt\n"                                                                     \
	"own kernel/fail_function\n"
#define FUNCTIONS                                                                                  \
	"map arch/x86/kvm/mmu/tdp_mmu.o\n"                                                         \
	"clone.isra.0 arch/x86/kvm/x86.o\n"                                                        \
	"seamcall arch/x86/virt/vmx/tdx/tdx.o\n"                                                   \
	"answer arch/x86/virt/vmx/soft/seam.o\n"                                                   \
	"inject kernel/fail_function.o\n"                                                          \
	"near kernel/fail_functions.o\n"                                                           \
	"near2 arch/x86/kvmclock.o\n"                                                              \
	"tick kernel/time/tick.o\n"                                                                \
	"helper kernel/time/tick.o\nhelper arch/x86/virt/vmx/soft/seam.o\n"                        \
	"helper arch/x86/kvm/x86.o\n"                                                              \
	"own_helper arch/x86/virt/vmx/soft/seam.o\nown_helper mm/gup.o\n"

static struct scope *load(const char *list, const char *functions)
{
	write_text("configs/scope.txt", list);
	write_text("out/functions.txt", functions);
	return scope_load(".", "out/arch/x86/boot/bzImage");
}

static int make_tree(void **state)
{
	return enter_scratch(state) || mkdir("configs", 0755) || mkdir("out", 0755);
}

static void function_is(const struct scope *s, const char *function, const char *want)
{
	const char *is = scope_name(scope_of_function(s, function));

	if (strcmp(is, want))
		fail_msg("%s is %s, not %s", function, is, want);
}

static void functions(void **state)
{
	struct scope *s = load(LIST, FUNCTIONS);

	(void)state;
	assert_null(scope_problem(s));
	function_is(s, "map", "test");
	function_is(s, "map.constprop.0.cold", "test");
	function_is(s, "clone", "test");
	function_is(s, "seamcall", "test");
	function_is(s, "answer", "own");
	function_is(s, "inject", "own");
	function_is(s, "near", "elsewhere");
	function_is(s, "near2", "elsewhere");
	function_is(s, "tick", "elsewhere");
	function_is(s, "nowhere", "elsewhere");
	function_is(s, "ma", "elsewhere");
	function_is(s, "", "elsewhere");
	/* In several objects. */
	function_is(s, "helper", "test");
	function_is(s, "own_helper", "own");
	scope_free(s);
}

static void longest_prefix(void **state)
{
	static const char *const lists[] = {"test a\nown a/b\ntest a/b/c\n",
					    "test a/b/c\nown a/b\ntest a\n"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct scope *s = load(lists[i], "one a/x.o\ntwo a/b/x.o\nthree a/b/c/x.o\n");

		function_is(s, "one", "test");
		function_is(s, "two", "own");
		function_is(s, "three", "test");
		scope_free(s);
	}
}

/* ---- splats ---- */

/* STACKS is "a! b c! d", ! marks the accessing ones. */
static void splat_is(const struct scope *s, const char *kind, const char *function,
		     const char *stacks, bool whole, const char *want)
{
	struct klog_frame frames[8] = {0};
	struct klog_splat splat = {
	    .kind = kind, .function = function, .whole = whole, .frames = frames};
	char *copy = xstrdup(stacks), *save;

	for (char *f = strtok_r(copy, " ", &save); f; f = strtok_r(NULL, " ", &save)) {
		struct klog_frame *frame = &frames[splat.nframes++];

		frame->function = f;
		frame->top = f[strlen(f) - 1] == '!';
		f[strcspn(f, "!")] = '\0';
	}
	if (strcmp(scope_name(scope_of_splat(s, &splat)), want))
		fail_msg("%s of %s (%s) is not %s", kind, function, stacks, want);
	free(copy);
}

static void races(void **state)
{
	struct scope *s = load(LIST, FUNCTIONS);

	(void)state;
	splat_is(s, "kcsan", NULL, "tick! x tick! y", true, "elsewhere");
	splat_is(s, "kcsan", NULL, "tick! x tick! map", true, "test");
	splat_is(s, "kcsan", NULL, "map! x tick! x", true, "test");
	splat_is(s, "kcsan", NULL, "answer! map tick! x", true, "own");
	splat_is(s, "kcsan", NULL, "map! x answer! map", true, "own");
	/* Ours is only on the way. */
	splat_is(s, "kcsan", NULL, "tick! answer tick! x", true, "elsewhere");
	splat_is(s, "kcsan", NULL, "tick! inject tick! inject", true, "elsewhere");
	/* A stack may be missing. */
	splat_is(s, "kcsan", NULL, "tick! x", false, "test");
	splat_is(s, "kcsan", NULL, "answer! x", false, "test");
	splat_is(s, "kcsan", NULL, "", true, "test");
	scope_free(s);
}

static void other_splats(void **state)
{
	static const char *const kinds[] = {"warn", "bug", "oops", "lockdep", "soft-lockup"};
	struct scope *s = load(LIST, FUNCTIONS);

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		splat_is(s, kinds[i], "answer", "map", true, "own");
		splat_is(s, kinds[i], "map", "answer", true, "test");
		splat_is(s, kinds[i], "tick", "answer! answer", true, "test");
		splat_is(s, kinds[i], NULL, "answer", true, "test");
	}
	scope_free(s);
}

/* ---- what is missing or broken ---- */

static void unknown_because(struct scope *s, const char *why)
{
	assert_non_null(scope_problem(s));
	assert_contains(scope_problem(s), why);
	function_is(s, "answer", "test");
	function_is(s, "tick", "test");
	splat_is(s, "kcsan", NULL, "tick! x tick! y", true, "test");
	splat_is(s, "warn", "answer", "", true, "test");
	scope_free(s);
}

static void unknown(void **state)
{
	static const char *const bad_lists[] = {"test\n", "tests a\n", "own a b\n", "a/b\n",
						"test /\n"};
	static const char *const bad_functions[] = {"alone\n", "one two three\n", "\n"};

	(void)state;
	unknown_because(NULL, "no scope was loaded");
	for (size_t i = 0; i < sizeof(bad_lists) / sizeof(bad_lists[0]); i++)
		unknown_because(load(bad_lists[i], FUNCTIONS),
				"./configs/scope.txt:1: not 'test PREFIX' or 'own PREFIX'");
	for (size_t i = 0; i < sizeof(bad_functions) / sizeof(bad_functions[0]); i++) {
		char *all = xasprintf("map arch/x86/kvm/x86.o\n%s", bad_functions[i]);

		unknown_because(load(LIST, all), "out/functions.txt:2: not 'FUNCTION OBJECT'");
		free(all);
	}
	unknown_because(load(LIST, ""), "out/functions.txt names no function that is under test");
	unknown_because(load(LIST, "tick kernel/time/tick.o\n"), "names no function that is under");
	unknown_because(scope_load(".", "nowhere/arch/x86/boot/bzImage"),
			"cannot read nowhere/functions.txt: No such file or directory");
	unlink("out/functions.txt");
	assert_int_equal(mkdir("out/functions.txt", 0755), 0);
	unknown_because(scope_load(".", "out/bzImage"),
			"cannot read out/functions.txt: Is a directory");
	assert_int_equal(rmdir("out/functions.txt"), 0);
	unlink("configs/scope.txt");
	unknown_because(scope_load(".", "out/bzImage"), "cannot read ./configs/scope.txt: No such");
}

/* ---- the real ones ---- */

static void real_list(void **state)
{
	static const char objects[] = "kvm arch/x86/kvm/vmx/tdx.o\ngmem virt/kvm/guest_memfd.o\n"
				      "tdx arch/x86/virt/vmx/tdx/tdx.o\nhw arch/x86/virt/hw.o\n"
				      "soft arch/x86/virt/vmx/soft/seam_sept.o\n"
				      "fei kernel/fail_function.o\nshould lib/fault-inject.o\n"
				      "list lib/error-inject.o\nmm mm/memory.o\n"
				      "lib virt/lib/irqbypass.o\n";
	struct scope *s;

	(void)state;
	write_text("out/functions.txt", objects);
	s = scope_load(SRCDIR, "out/bzImage");
	assert_null(scope_problem(s));
	function_is(s, "kvm", "test");
	function_is(s, "gmem", "test");
	function_is(s, "tdx", "test");
	function_is(s, "hw", "test");
	function_is(s, "soft", "own");
	function_is(s, "fei", "own");
	function_is(s, "should", "own");
	function_is(s, "list", "own");
	function_is(s, "mm", "elsewhere");
	function_is(s, "lib", "elsewhere");
	scope_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(functions), cmocka_unit_test(longest_prefix),
	    cmocka_unit_test(races),	 cmocka_unit_test(other_splats),
	    cmocka_unit_test(unknown),	 cmocka_unit_test(real_list),
	};

	return cmocka_run_group_tests_name("scope", tests, make_tree, leave_scratch);
}
