// SPDX-License-Identifier: GPL-2.0-or-later
/* Source lines of splats, from the debug information of this very program. */
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "run.h"
#include "symbols.h"
#include "text.h"
#include "xmem.h"

/* ---- what is looked up ---- */

enum { INNER_LINE = __LINE__ + 4 };
static inline __attribute__((always_inline)) int symbols_inner(volatile int *p)
{
	/* One access, so that the compiler can't move it. */
	return *p + 1;
}

enum { MIDDLE_LINE = __LINE__ + 3 };
static inline __attribute__((always_inline)) int symbols_middle(volatile int *p)
{
	return symbols_inner(p) * 3;
}

int symbols_outer(volatile int *p);

enum { OUTER_LINE = __LINE__ + 3 };
__attribute__((noinline)) int symbols_outer(volatile int *p)
{
	return symbols_middle(p) - 7;
}

/* ---- how ---- */

#define IMAGE "out/arch/x86/boot/bzImage"

static char *vmlinux; /* this program */

static void link_vmlinux(const char *target)
{
	assert_int_equal(system("mkdir -p out && rm -f out/vmlinux"), 0);
	if (target)
		assert_int_equal(symlink(target, "out/vmlinux"), 0);
}

/* Frames of FORMAT, in which the offset into symbols_outer() and its size are missing. */
static size_t frames_at(const struct symbols *s, const char *format, unsigned int offset,
			unsigned int size, struct frame **frames)
{
	char *place = xasprintf("symbols_outer+0x%x/0x%x", offset, size);
	char *text = xasprintf(format, place);
	size_t n = 0;

	*frames = NULL;
	symbols_of_text(s, text, frames, &n);
	free(text);
	free(place);
	return n;
}

/* Where the inlined access is, as the compiler has placed it. */
static bool find_access(const struct symbols *s, unsigned int *offset, unsigned int *size)
{
	struct frame *frames;

	for (*size = 1; *size < 4096; (*size)++)
		for (*offset = 0; *offset < *size; (*offset)++) {
			size_t n = frames_at(s, "RIP: 0010:%s\n", *offset, *size, &frames);

			frames_free(frames, n);
			if (n == 3)
				return true;
			if (!n && !*offset)
				break; /* not of that size */
		}
	return false;
}

static void assert_frame(const struct frame *f, const char *function, int line, bool inlined)
{
	assert_string_equal(f->function, function);
	assert_string_equal(f->file, "tests/test_symbols.c");
	assert_int_equal(f->line, line);
	assert_int_equal(f->inlined, inlined);
}

static void inlines_are_resolved(void **state)
{
	struct symbols *s;
	unsigned int offset, size;
	struct frame *frames;
	size_t n;

	(void)state;
	link_vmlinux(vmlinux);
	s = symbols_open(IMAGE);
	assert_null(symbols_problem(s));
	assert_true(find_access(s, &offset, &size));
	n = frames_at(s, "first\n? %1$s\nRIP: 0010:%1$s and more\n%1$s\n", offset, size, &frames);
	assert_int_equal(n, 6);
	assert_frame(&frames[0], "symbols_inner", INNER_LINE, true);
	assert_frame(&frames[1], "symbols_middle", MIDDLE_LINE, true);
	assert_frame(&frames[2], "symbols_outer", OUTER_LINE, false);
	assert_int_equal(frames[0].text_line, 2);
	assert_int_equal(frames[2].text_line, 2);
	assert_int_equal(frames[3].text_line, 3);
	frames_free(frames, n);
	/* A call returns behind itself: one byte later is the same place. */
	n = frames_at(s, " %s\n", offset + 1, size, &frames);
	assert_int_equal(n, 3);
	assert_frame(&frames[0], "symbols_inner", INNER_LINE, true);
	frames_free(frames, n);
	symbols_close(s);
}

static void strange_texts_have_no_lines(void **state)
{
	static const char *const texts[] = {
	    "",
	    "\n\n",
	    "symbols_outer",
	    "symbols_outer+0x",
	    "symbols_outer+0x1",
	    "symbols_outer+0x1/",
	    "symbols_outer+0x1/0x",
	    "symbols_outer+0x1/0x1000000", /* another function of that name */
	    "symbols_outer+0x20000/0x10",
	    " symbols_outer+0x0/0x40", /* nothing returns to a begin */
	    "symbols_oute+0x1/0x20",
	    "+0x1/0x20",
	    " ? symbols_outer+0x1/0x20",
	    "symbols_outer+0xffffffffffffffffffff/0xffffffffffffffffffff",
	};
	struct symbols *s;

	(void)state;
	link_vmlinux(vmlinux);
	s = symbols_open(IMAGE);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct frame *frames = NULL;
		size_t n = 0;

		symbols_of_text(s, texts[i], &frames, &n);
		if (n)
			fail_msg("'%s' has %zu frames", texts[i], n);
	}
	symbols_close(s);
}

static void assert_problem(const char *problem)
{
	struct symbols *s = symbols_open(IMAGE);
	struct frame *frames = NULL;
	size_t n = 0;

	assert_string_equal(symbols_problem(s), problem);
	symbols_of_text(s, "main+0x1/0x2", &frames, &n);
	assert_int_equal(n, 0);
	symbols_close(s);
}

static void problems_are_said(void **state)
{
	(void)state;
	link_vmlinux(NULL);
	assert_problem("cannot read out/vmlinux: No such file or directory");
	write_text("out/vmlinux", "not that\n");
	assert_problem("out/vmlinux is no ELF file");
	write_text("out/vmlinux", "");
	assert_problem("out/vmlinux is no ELF file");
	link_vmlinux(NULL);
	assert_int_equal(
	    system("echo 'int main(void){return 0;}' >m.c && ${CC:-cc} -s -o out/vmlinux m.c"), 0);
	assert_problem("out/vmlinux has no debug information (CONFIG_DEBUG_INFO_DWARF5)");
}

/* ---- reports ---- */

static struct run_report *run_with(const char *text)
{
	struct run_report *run = run_new();
	struct finding *f = run_finding(run, "klog", "warn", "t", "warn: x", 1);

	f->header = xstrdup("h");
	f->text = xstrdup(text);
	f = run_finding(run, "stats", "drift", "t", "stats: y", 1);
	f->text = xstrdup("\"main+0x1/0x2\"");
	return run;
}

static char *written(const struct run_report *run, const struct report_format *format)
{
	FILE *out = fopen("written", "w");

	format->write(run, out);
	fclose(out);
	return read_text("written");
}

static void reports_have_lines(void **state)
{
	unsigned int offset, size;
	struct symbols *s;
	struct run_report *run;
	char *text, *want;

	(void)state;
	link_vmlinux(vmlinux);
	s = symbols_open(IMAGE);
	assert_true(find_access(s, &offset, &size));
	symbols_close(s);
	text = xasprintf("WARNING: x\n symbols_outer+0x%x/0x%x\nthe end\n", offset + 1, size);
	run = run_with(text);
	symbols_mark(run, IMAGE);
	assert_null(run->no_lines);
	assert_int_equal(run->findings[1].nframes, 0);
	free(text);

	want = xasprintf("WARNING: x\n"
			 " symbols_inner tests/test_symbols.c:%d [inline]\n"
			 " symbols_middle tests/test_symbols.c:%d [inline]\n"
			 " symbols_outer+0x%x/0x%x tests/test_symbols.c:%d\nthe end\n",
			 INNER_LINE, MIDDLE_LINE, offset + 1, size, OUTER_LINE);
	text = written(run, &text_format);
	assert_contains(text, want);
	assert_lacks(text, "no source lines");
	free(text);
	free(want);
	text = written(run, &json_format);
	want =
	    xasprintf("\"function\": \"symbols_outer\",\n     \"file\": \"tests/test_symbols.c\",\n"
		      "     \"line\": %d,\n     \"inlined\": false",
		      OUTER_LINE);
	assert_contains(text, want);
	assert_contains(text, "\"no_lines\": null");
	free(text);
	free(want);
	run_free(run);
}

static void missing_lines_are_told_once(void **state)
{
	struct run_report *run = run_with("RIP: 0010:a+0x1/0x2\nthe end");
	char *text;

	(void)state;
	link_vmlinux(NULL);
	symbols_mark(run, IMAGE);
	text = written(run, &text_format);
	assert_contains(text, "no source lines: cannot read out/vmlinux: No such");
	assert_contains(text, "\nRIP: 0010:a+0x1/0x2\nthe end\n");
	free(text);
	run_free(run);
	/* Nothing to look up: nothing to complain of. */
	run = run_with("no address");
	symbols_mark(run, IMAGE);
	assert_null(run->no_lines);
	run_free(run);
}

static int set_up(void **state)
{
	vmlinux = realpath("/proc/self/exe", NULL);
	return enter_scratch(state);
}

static int tear_down(void **state)
{
	free(vmlinux);
	return leave_scratch(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(inlines_are_resolved),
	    cmocka_unit_test(strange_texts_have_no_lines),
	    cmocka_unit_test(problems_are_said),
	    cmocka_unit_test(reports_have_lines),
	    cmocka_unit_test(missing_lines_are_told_once),
	};

	return cmocka_run_group_tests_name("symbols", tests, set_up, tear_down);
}
