// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest programs: text to ops and back, errors, and hostile text. */
#include "helper.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest_asm.h"
#include "xmem.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const char *op_text(const struct gp_op *op)
{
	static char text[2][96];
	static unsigned int turn;
	char *s = text[turn++ % 2];

	snprintf(s, sizeof(*text), "op %u rd %u rs %u flags %u mask 0x%x imm 0x%llx", op->op,
		 op->rd, op->rs, op->flags, op->mask, (unsigned long long)op->imm);
	return s;
}

/* TEXT is assembled to these N ops. */
static void gives(const char *text, const struct gp_op *want, size_t n)
{
	struct gp_op ops[GP_MAX_OPS];
	char err[GP_ASM_ERROR];
	int got = gp_assemble(text, ops, COUNT(ops), err, sizeof(err));

	if (got < 0)
		fail_msg("%s: %s", text, err);
	if ((size_t)got != n)
		fail_msg("%s: %d ops, not %zu", text, got, n);
	for (size_t i = 0; i < n; i++)
		if (memcmp(&ops[i], &want[i], sizeof(*want)))
			fail_msg("%s: op %zu is %s, not %s", text, i, op_text(&ops[i]),
				 op_text(&want[i]));
}

#define GIVES(text, ...)                                                                           \
	do {                                                                                       \
		const struct gp_op want[] = {__VA_ARGS__};                                         \
		gives(text, want, COUNT(want));                                                    \
	} while (0)

static void refuses(const char *text, const char *want)
{
	struct gp_op ops[GP_MAX_OPS];
	char err[GP_ASM_ERROR] = "";
	int got = gp_assemble(text, ops, COUNT(ops), err, sizeof(err));

	if (got != -1)
		fail_msg("%s: was accepted", text);
	assert_string_equal(err, want);
}

/* ---- ops ---- */

static void plain_ops(void **state)
{
	(void)state;
	GIVES("end", {.op = GP_END});
	GIVES("set r1, 5", {.op = GP_SET, .rd = 1, .imm = 5});
	GIVES("add r2, 7", {.op = GP_ADD, .rd = 2, .imm = 7});
	GIVES("add r2, r3", {.op = GP_ADDR, .rd = 2, .rs = 3});
	GIVES("add r2, r2", {.op = GP_ADDR, .rd = 2, .rs = 2});
	GIVES("mul r7, 3", {.op = GP_MUL, .rd = 7, .imm = 3});
	GIVES("mod r7, 3", {.op = GP_MOD, .rd = 7, .imm = 3});
	GIVES("rand r4", {.op = GP_RAND, .rd = 4});
	GIVES("seed r0, 9", {.op = GP_SEED, .rs = 0, .imm = 9});
	GIVES("seed r6, 9", {.op = GP_SEED, .rs = 6, .imm = 9});
	GIVES("read r1, [r2]", {.op = GP_READ, .rd = 1, .rs = 2});
	GIVES("write [r1], r2", {.op = GP_WRITE, .rd = 1, .rs = 2});
	GIVES("out 0x64, r3", {.op = GP_OUT, .rs = 3, .imm = 0x64});
	GIVES("spin [r5]", {.op = GP_SPIN, .rs = 5});
	GIVES("fill [r1], r2, 4K", {.op = GP_FILL, .rd = 1, .rs = 2, .imm = 4096});
}

static void jumps(void **state)
{
	(void)state;
	GIVES("a: jmp a", {.op = GP_JMP, .imm = 0});
	GIVES("rand r1\nb:\njnz r1, b", {.op = GP_RAND, .rd = 1},
	      {.op = GP_JNZ, .rs = 1, .imm = 1});
	GIVES("jmp over\nset r1, r2\nover: end", {.op = GP_JMP, .imm = 3}, {.op = GP_SET, .rd = 1},
	      {.op = GP_ADDR, .rd = 1, .rs = 2}, {.op = GP_END});
	/* Two at one op, in one line; one behind the last op; one that nobody wants. */
	GIVES("a: b:\nc: jnz r2, b\njmp out\nout:", {.op = GP_JNZ, .rs = 2, .imm = 0},
	      {.op = GP_JMP, .imm = 2});
	/* A label may be called as a register or an instruction. */
	GIVES("r1: set: jmp r1\njmp set", {.op = GP_JMP}, {.op = GP_JMP});
}

static void accepts_and_verifies(void **state)
{
	(void)state;
	GIVES("accept r1", {.op = GP_ACCEPT, .rs = 1});
	GIVES("accept r1, 4k", {.op = GP_ACCEPT, .rs = 1});
	GIVES("accept r1, 2m", {.op = GP_ACCEPT, .rs = 1, .imm = 1});
	GIVES("accept r2, r1", {.op = GP_ACCEPT, .rd = 2, .rs = 1, .flags = GP_RESULT});
	GIVES("accept r2, r1, 2M",
	      {.op = GP_ACCEPT, .rd = 2, .rs = 1, .flags = GP_RESULT, .imm = 1});
	GIVES("verify [r1], r2", {.op = GP_VERIFY, .rd = 1, .rs = 2});
	GIVES("verify [r1], r2, or-zero", {.op = GP_VERIFY, .rd = 1, .rs = 2, .flags = GP_OR_ZERO});
}

static void vmcalls(void **state)
{
	(void)state;
	GIVES("tdvmcall 10", {.op = GP_VMCALL, .imm = 10});
	GIVES("tdvmcall 10, mask=0xfc00", {.op = GP_VMCALL, .mask = 0xfc00, .imm = 10});
	GIVES("tdvmcall 10, mask=1, r4-r7",
	      {.op = GP_VMCALL, .flags = GP_RESULT4, .mask = 1, .imm = 10});
	GIVES("tdvmcall 10, r4-r7", {.op = GP_VMCALL, .flags = GP_RESULT4, .imm = 10});
	GIVES("tdvmcall r1, r2, 10, mask=12, r4-r7", {.op = GP_VMCALL,
						      .rd = 1,
						      .rs = 2,
						      .flags = GP_RESULT | GP_RESULT4,
						      .mask = 12,
						      .imm = 10});
	GIVES("tdvmcall r5, r4, 10",
	      {.op = GP_VMCALL, .rd = 5, .rs = 4, .flags = GP_RESULT, .imm = 10});
	GIVES("hypercall 12", {.op = GP_VMCALL, .flags = GP_HYPERCALL, .imm = 12});
	GIVES("hypercall r1, r2, 12, mask=0xffffffff", {.op = GP_VMCALL,
							.rd = 1,
							.rs = 2,
							.flags = GP_HYPERCALL | GP_RESULT,
							.mask = UINT32_MAX,
							.imm = 12});
}

static void raw(void **state)
{
	(void)state;
	GIVES("raw 99, 8, 255, 128, 0xffffffff, -1",
	      {.op = 99, .rd = 8, .rs = 255, .flags = 128, .mask = UINT32_MAX, .imm = UINT64_MAX});
	/* What is refused elsewhere. */
	GIVES("raw 5, 1, 0, 0, 0, 0", {.op = GP_MOD, .rd = 1});
	GIVES("raw 17, 1, 1, 1, 0, 0", {.op = GP_VMCALL, .rd = 1, .rs = 1, .flags = GP_RESULT});
}

/* ---- macros ---- */

#define SET(r, value)                                                                              \
	{                                                                                          \
		.op = GP_SET, .rd = (r), .imm = (value)                                            \
	}
#define MOVE(r, s)                                                                                 \
	SET(r, 0),                                                                                 \
	{                                                                                          \
		.op = GP_ADDR, .rd = (r), .rs = (s)                                                \
	}
#define CALL(leaf)                                                                                 \
	{                                                                                          \
		.op = GP_VMCALL, .imm = (leaf)                                                     \
	}
#define RESULTS(leaf, d, s, also)                                                                  \
	{                                                                                          \
		.op = GP_VMCALL, .rd = (d), .rs = (s), .flags = GP_RESULT | (also), .imm = (leaf)  \
	}

static void moves(void **state)
{
	(void)state;
	GIVES("set r1, r2", MOVE(1, 2));
	gives("set r1, r1", NULL, 0);
}

static void walks(void **state)
{
	(void)state;
	GIVES("walk-random r1, 4G, 1000", {.op = GP_RAND, .rd = 1},
	      {.op = GP_MOD, .rd = 1, .imm = 1000}, {.op = GP_MUL, .rd = 1, .imm = 4096},
	      {.op = GP_ADD, .rd = 1, .imm = 1ull << 32});
	GIVES("walk-seq r1, r3, 4G, 1000", {.op = GP_MOD, .rd = 3, .imm = 1000}, MOVE(1, 3),
	      {.op = GP_MUL, .rd = 1, .imm = 4096}, {.op = GP_ADD, .rd = 1, .imm = 1ull << 32},
	      {.op = GP_ADD, .rd = 3, .imm = 1});
}

static void calls(void **state)
{
	(void)state;
	GIVES("cpuid 0x80000008", SET(4, 0x80000008), SET(5, 0),
	      {.op = GP_VMCALL, .flags = GP_RESULT4, .imm = 10});
	GIVES("cpuid r2, r3, 4, r1", SET(4, 4), MOVE(5, 1), RESULTS(10, 2, 3, GP_RESULT4));
	GIVES("hlt", SET(4, 0), CALL(12));
	GIVES("hlt 1", SET(4, 1), CALL(12));
	GIVES("hlt r1, r2", SET(4, 0), RESULTS(12, 1, 2, 0));
	GIVES("in 0x60", SET(4, 4), SET(5, 0), SET(6, 0x60), CALL(30));
	GIVES("in r1, r2, 0x60, 1", SET(4, 1), SET(5, 0), SET(6, 0x60), RESULTS(30, 1, 2, 0));
	GIVES("rdmsr r1, r2, 0x10", SET(4, 0x10), RESULTS(31, 1, 2, 0));
	GIVES("wrmsr 0x10, r3", SET(4, 0x10), MOVE(5, 3), CALL(32));
	GIVES("mmio-read r1", SET(4, 8), SET(5, 0), MOVE(6, 1), CALL(48));
	GIVES("mmio-read r1, r2, r3, 4", SET(4, 4), SET(5, 0), MOVE(6, 3), RESULTS(48, 1, 2, 0));
	GIVES("mmio-write 1M, 2, 1", SET(4, 1), SET(5, 1), SET(6, 1 << 20), SET(7, 2), CALL(48));
	GIVES("get-tdvmcall-info", SET(4, 0),
	      {.op = GP_VMCALL, .flags = GP_RESULT4, .imm = 0x10000});
	GIVES("get-tdvmcall-info r1, r2, 1", SET(4, 1), RESULTS(0x10000, 1, 2, GP_RESULT4));
	GIVES("mapgpa r1, r2, 4G, 2M", SET(4, 1ull << 32), SET(5, 2 << 20),
	      RESULTS(0x10001, 1, 2, 0));
	GIVES("get-quote r1, 4K", MOVE(4, 1), SET(5, 4096), CALL(0x10002));
	GIVES("report-fatal-error 5", SET(4, 5), SET(5, 0), CALL(0x10003));
	GIVES("setup-event-notify 32", SET(4, 32), CALL(0x10004));
	/* What is in its place already is left there. */
	GIVES("mapgpa r4, r5", CALL(0x10001));
	GIVES("mapgpa r4, r5, r4, r5", RESULTS(0x10001, 4, 5, 0));
}

/* ---- text ---- */

static void layout(void **state)
{
	(void)state;
	gives("", NULL, 0);
	gives("\n\n \t\n# end\n   # ü: any byte\n", NULL, 0);
	gives("here: # nobody jumps there", NULL, 0);
	GIVES("\t add\tr1 ,\t2#3\n\nl:set r2,0x3", {.op = GP_ADD, .rd = 1, .imm = 2}, SET(2, 3));
}

static void numbers(void **state)
{
	(void)state;
	GIVES("set r1, 0", SET(1, 0));
	GIVES("set r1, 007", SET(1, 7));
	GIVES("set r1, 0xfFfFfFfFfFfFfFfF", SET(1, UINT64_MAX));
	GIVES("set r1, 18446744073709551615", SET(1, UINT64_MAX));
	GIVES("set r1, 4k", SET(1, 4096));
	GIVES("set r1, 0x10M", SET(1, 16 << 20));
	GIVES("set r1, 17179869183G", SET(1, 17179869183ull << 30));
	GIVES("add r1, -1", {.op = GP_ADD, .rd = 1, .imm = UINT64_MAX});
	GIVES("add r1, -4K", {.op = GP_ADD, .rd = 1, .imm = (uint64_t)-4096});
	GIVES("add r1, -0x8000000000000000", {.op = GP_ADD, .rd = 1, .imm = 1ull << 63});
}

/* ---- errors ---- */

static void unknown_instruction(void **state)
{
	(void)state;
	refuses("end\nacept r1", "line 2: unknown instruction 'acept'; did you mean 'accept'?");
	refuses("frobnicate",
		"line 1: unknown instruction 'frobnicate'; see docs/guest-programs.md");
	refuses("END", "line 1: unknown instruction 'END'; see docs/guest-programs.md");
	refuses("add, r1", "line 1: unknown instruction 'add,'; did you mean 'add'?");
}

static void missing_operands(void **state)
{
	(void)state;
	refuses("set",
		"line 1: 'set' has too few operands; the form is set rd, number or set rd, rs");
	refuses("set r1",
		"line 1: 'set' has too few operands; the form is set rd, number or set rd, rs");
	refuses("\n\njnz r1", "line 3: 'jnz' has too few operands; the form is jnz rs, label");
	refuses("mapgpa 1", "line 1: 'mapgpa' has too few operands; the form is mapgpa [rd, rs,] "
			    "rs|number, rs|number");
	refuses(
	    "add r1,",
	    "line 1: operand 2 of 'add' cannot be ''; the form is add rd, number or add rd, rs");
}

static void too_many_operands(void **state)
{
	(void)state;
	refuses("end r1", "line 1: 'end' has too many operands; the form is end");
	refuses("rand r1, r2", "line 1: 'rand' has too many operands; the form is rand rd");
	refuses("set r1, 2, 3",
		"line 1: 'set' has too many operands; the form is set rd, number or set rd, rs");
	refuses(
	    "raw 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1",
	    "line 1: 'raw' has too many operands; the form is raw op, rd, rs, flags, mask, number");
	/* In this order only. */
	refuses("tdvmcall 1, r4-r7, mask=1",
		"line 1: 'tdvmcall' has too many operands; the form is tdvmcall number[, "
		"mask=number][, r4-r7] or tdvmcall rd, rs, number[, mask=number][, r4-r7]");
	refuses("hlt 1, 2, 3, 4",
		"line 1: 'hlt' has too many operands; the form is hlt [rd, rs,] [rs|number]");
}

static void wrong_operands(void **state)
{
	(void)state;
	refuses(
	    "set r8, 1",
	    "line 1: operand 1 of 'set' cannot be 'r8'; the form is set rd, number or set rd, rs");
	refuses("mul r1, r2",
		"line 1: operand 2 of 'mul' cannot be 'r2'; the form is mul rd, number");
	refuses("write r1, r2",
		"line 1: operand 1 of 'write' cannot be 'r1'; the form is write [rd], rs");
	refuses("spin [r9]", "line 1: operand 1 of 'spin' cannot be '[r9]'; the form is spin [rs]");
	/* Number 0 in R10 would be a TDVMCALL. */
	refuses(
	    "hypercall 0",
	    "line 1: operand 1 of 'hypercall' cannot be '0'; the form is "
	    "hypercall number from 1[, mask=number][, r4-r7] or hypercall rd, rs, number from 1[, "
	    "mask=number][, r4-r7]");
	refuses("spin [r1)", "line 1: operand 1 of 'spin' cannot be '[r1)'; the form is spin [rs]");
	refuses("mod r1, 0",
		"line 1: operand 2 of 'mod' cannot be '0'; the form is mod rd, number from 1");
	refuses("walk-random r1, 4G, 0", "line 1: operand 3 of 'walk-random' cannot be '0'; the "
					 "form is walk-random rd, number, number from 1");
	refuses("walk-seq r1, r1, 4G, 2", "line 1: operand 2 of 'walk-seq' cannot be 'r1'; the "
					  "form is walk-seq rd, rs, number, number from 1");
	refuses("accept r1, 1g", "line 1: operand 2 of 'accept' cannot be '1g'; the form is accept "
				 "rs[, 4k|2m] or accept rd, rs[, 4k|2m]");
	refuses("verify [r1], r2, or-one", "line 1: operand 3 of 'verify' cannot be 'or-one'; the "
					   "form is verify [rd], rs[, or-zero]");
	refuses("jmp 3", "line 1: operand 1 of 'jmp' cannot be '3'; the form is jmp label");
	refuses(
	    "set r1, 5x",
	    "line 1: operand 2 of 'set' cannot be '5x'; the form is set rd, number or set rd, rs");
	refuses(
	    "set r1, 0x",
	    "line 1: operand 2 of 'set' cannot be '0x'; the form is set rd, number or set rd, rs");
	refuses("in 0x60, four", "line 1: operand 2 of 'in' cannot be 'four'; the form is in [rd, "
				 "rs,] rs|number[, rs|number]");
}

static void large_numbers(void **state)
{
	const char *const too_large[] = {"18446744073709551616", "0x10000000000000000",
					 "99999999999999999999999", "17179869184G",
					 "-0x8000000000000001"};

	(void)state;
	for (size_t i = 0; i < COUNT(too_large); i++) {
		char *text = xasprintf("set r1, %s", too_large[i]);
		char *want = xasprintf("line 1: operand 2 of 'set', '%s', does not fit in 64 bits",
				       too_large[i]);

		refuses(text, want);
		free(text);
		free(want);
	}
	refuses("tdvmcall 1, mask=4G",
		"line 1: operand 2 of 'tdvmcall', 'mask=4G', does not fit in 32 bits");
	refuses("raw 256, 1, 1, 1, 1, 1",
		"line 1: operand 1 of 'raw', '256', does not fit in 8 bits");
}

static void labels(void **state)
{
	(void)state;
	refuses("loop: end\nend\nloop: end", "line 3: label 'loop' is in line 1, too");
	refuses("end\njmp loop", "line 2: there is no label 'loop'; one is written as in 'loop:'");
	refuses("jmp loop\nlop:", "line 1: there is no label 'loop'; did you mean 'lop'?");
	refuses("1st: end", "line 1: '1st' cannot be a label; it has letters, digits, '_' and '-', "
			    "at most 31, and begins with a letter");
	refuses(": end", "line 1: '' cannot be a label; it has letters, digits, '_' and '-', at "
			 "most 31, and begins with a letter");
	refuses("abcdefghijklmnopqrstuvwxyzabcdef: end",
		"line 1: 'abcdefghijklmnopqrstuvwxyzabcdef' cannot be a label; it has letters, "
		"digits, '_' and '-', at most 31, and begins with a letter");
	refuses("jmp a b", "line 1: operand 1 of 'jmp' cannot be 'a b'; the form is jmp label");
}

static void results_that_clash(void **state)
{
	(void)state;
	refuses("tdvmcall r1, r1, 10", "line 1: two results cannot go to one register");
	refuses("mapgpa r1, r1, 4G, 4K", "line 1: two results cannot go to one register");
	refuses("cpuid r3, r4, 1",
		"line 1: the first two results cannot go to r4 to r7, where the others go");
}

static void overwritten_operands(void **state)
{
	(void)state;
	refuses("mapgpa r5, r4",
		"line 1: operand 1 of 'mapgpa', 'r5', is overwritten before it is read");
	refuses("mapgpa 1, r4",
		"line 1: operand 2 of 'mapgpa', 'r4', is overwritten before it is read");
	/* It needs r5 itself. */
	refuses("mmio-read r5",
		"line 1: operand 1 of 'mmio-read', 'r5', is overwritten before it is read");
	refuses("mmio-read r1, r2, r7",
		"line 1: operand 3 of 'mmio-read', 'r7', is overwritten before it is read");
}

/* N times LINE. */
static char *repeat(const char *line, size_t n)
{
	size_t len = strlen(line);
	char *text = xcalloc(n * len + 1, 1);

	for (size_t i = 0; i < n; i++)
		memcpy(text + i * len, line, len);
	return text;
}

static void long_programs(void **state)
{
	char *longest = repeat("end\n", GP_MAX_OPS), *longer = repeat("end\n", GP_MAX_OPS + 1);
	char *by_macro = repeat("mapgpa 1, 2\n", GP_MAX_OPS / 3 + 1);
	char *behind = xasprintf("jmp last\n%slast:", longest + 4);
	struct gp_op ops[GP_MAX_OPS] = {0};
	char err[GP_ASM_ERROR];

	(void)state;
	gives(longest, ops, GP_MAX_OPS);
	refuses(longer, "line 257: a program has at most 256 ops");
	refuses(by_macro, "line 86: a program has at most 256 ops");
	refuses(behind, "line 1: label 'last' is behind the last op that can be");
	memset(ops, 0x55, sizeof(ops));
	assert_int_equal(gp_assemble("end\nend\nend", ops, 2, err, sizeof(err)), -1);
	assert_string_equal(err, "line 3: a program has at most 2 ops");
	assert_int_equal(ops[2].op, 0x55);
	free(longest);
	free(longer);
	free(by_macro);
	free(behind);
}

static void many_labels(void **state)
{
	char text[16 * (GP_MAX_OPS + 1) + 1], *end = text;

	(void)state;
	for (int i = 0; i <= GP_MAX_OPS; i++) {
		if (i == GP_MAX_OPS)
			gives(text, NULL, 0);
		end += sprintf(end, "l%d:\n", i);
	}
	refuses(text, "line 257: a program has at most 256 labels");
}

static void lines(void **state)
{
	char *blanks = repeat(" ", 100000), *as = repeat("a", 300), *comment = repeat("#", 100000);
	char *longest = xasprintf("set r1, %0247d", 7);
	char *padded = xasprintf("%send%s", blanks, blanks), *after = xasprintf("end%s", comment);

	(void)state;
	GIVES(padded, {.op = GP_END});
	GIVES(after, {.op = GP_END});
	refuses(as, "line 1: without its comment it is longer than 255 characters");
	/* One more than there may be, and as many. */
	refuses(as + 300 - 256, "line 1: without its comment it is longer than 255 characters");
	GIVES(longest, SET(1, 7));
	as[255] = '\0';
	refuses(as + 110, "line 1: unknown instruction 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'; see docs/guest-programs.md");
	refuses("end\r\n", "line 1: byte 0x0d is not allowed");
	refuses("end\n\x80", "line 2: byte 0x80 is not allowed");
	free(blanks);
	free(as);
	free(comment);
	free(longest);
	free(padded);
	free(after);
}

static void small_error_buffers(void **state)
{
	struct gp_op ops[3];
	char err[8] = "1234567";

	(void)state;
	assert_int_equal(gp_assemble("end\nend\nfoo", ops, 3, NULL, 0), -1);
	assert_int_equal(gp_assemble("foo", ops, 1, err, 4), -1);
	assert_memory_equal(err,
			    "lin\0"
			    "567",
			    8);
}

/* Those in docs/guest-programs.md are right. */
static void examples(void **state)
{
	char *page = read_text(SRCDIR "/docs/guest-programs.md"), *s = page;
	struct gp_op ops[GP_MAX_OPS];
	char err[GP_ASM_ERROR];
	int n = 0;

	(void)state;
	while ((s = strstr(s, "```gp\n"))) {
		char *text = s + strlen("```gp\n");

		s = strstr(text, "```");
		assert_non_null(s);
		*s++ = '\0';
		if (gp_assemble(text, ops, COUNT(ops), err, sizeof(err)) <= 0)
			fail_msg("%s\n%s", text, err);
		n++;
	}
	assert_int_equal(n, 3);
	free(page);
}

/* ---- and back ---- */

/* What the disassembler writes is assembled to the same ops; free() it. */
static char *round_trip(const struct gp_op *ops, size_t n)
{
	size_t len = gp_disassemble(ops, n, NULL, 0);
	char *text = xcalloc(len + 1, 1);

	assert_int_equal(gp_disassemble(ops, n, text, len + 1), len);
	assert_int_equal(strlen(text), len);
	gives(text, ops, n);
	return text;
}

static void disassembles(void **state)
{
	static const char program[] = "op0:\n"
				      "\tset r1, 0x100000000\n"
				      "\taccept r1\n"
				      "\taccept r2, r1, 2m\n"
				      "\tverify [r1], r1, or-zero\n"
				      "op4:\n"
				      "\ttdvmcall r1, r2, 0x10001, mask=0xfc00, r4-r7\n"
				      "\thypercall 12\n"
				      "\tfill [r1], r2, 8\n"
				      "\tjnz r1, op4\n"
				      "\tjmp op11\n"
				      "\traw 2, 1, 0, 4, 0, 999\n"
				      "\tjmp op0\n"
				      "op11:\n";
	struct gp_op ops[GP_MAX_OPS];
	char text[sizeof(program)], cut[8];
	int n = gp_assemble(program, ops, COUNT(ops), NULL, 0);

	(void)state;
	assert_int_equal(n, 11);
	assert_int_equal(gp_disassemble(ops, 11, text, sizeof(text)), sizeof(program) - 1);
	assert_string_equal(text, program);
	assert_int_equal(gp_disassemble(ops, 11, cut, sizeof(cut)), sizeof(program) - 1);
	assert_string_equal(cut, "op0:\n\ts");
	assert_int_equal(gp_disassemble(ops, 0, cut, sizeof(cut)), 0);
	assert_string_equal(cut, "");
}

/* Always the same: a failure has to come again. */
static uint64_t draw(uint64_t below)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (state >> 33) % below;
}

/* Often what an op can be, so that not all of them are "raw". */
static struct gp_op random_op(size_t n)
{
	struct gp_op op = {.op = (uint8_t)draw(GP_NR_OPS)};
	bool wild = !draw(10);

	if (draw(2))
		op.rd = (uint8_t)draw(wild ? 256 : GP_NR_REGS);
	if (draw(2))
		op.rs = (uint8_t)draw(wild ? 256 : GP_NR_REGS);
	if (draw(2))
		op.imm = draw(2) ? draw(n + 2) : draw(UINT32_MAX) * draw(UINT32_MAX) * 5;
	if (wild || draw(2))
		op.flags = (uint8_t)draw(wild ? 256 : GP_FLAGS + 1);
	if (wild || !draw(4))
		op.mask = (uint32_t)draw(UINT32_MAX);
	if (wild)
		op.op = (uint8_t)draw(256);
	return op;
}

static void random_ops(void **state)
{
	const char *const names[] = {"end",  "set",	 "add",	      "mul",	"mod",
				     "rand", "seed",	 "jmp",	      "jnz",	"accept",
				     "read", "write",	 "out",	      "verify", "spin",
				     "fill", "tdvmcall", "hypercall", "raw"};
	size_t seen[COUNT(names)] = {0};

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct gp_op ops[GP_MAX_OPS];
		size_t n = draw(i % 20 ? 20 : GP_MAX_OPS + 1);
		char *text, *line;

		for (size_t j = 0; j < n; j++)
			ops[j] = random_op(n);
		text = line = round_trip(ops, n);
		while ((line = strchr(line, '\t'))) {
			line++;
			for (size_t j = 0; j < COUNT(names); j++)
				seen[j] += !strncmp(line, names[j], strlen(names[j]));
		}
		free(text);
	}
	for (size_t j = 0; j < COUNT(names); j++)
		if (seen[j] < 10)
			fail_msg("'%s' was drawn only %zu times", names[j], seen[j]);
}

static void every_value_of_a_field(void **state)
{
	(void)state;
	for (unsigned int op = 0; op < 256; op++)
		for (unsigned int value = 0; value < 256; value++) {
			const struct gp_op ops[] = {
			    {.op = (uint8_t)op, .rd = (uint8_t)value},
			    {.op = (uint8_t)op, .rs = (uint8_t)value},
			    {.op = (uint8_t)op, .rd = 1, .flags = (uint8_t)value},
			    {.op = (uint8_t)op, .imm = value},
			};

			free(round_trip(ops, COUNT(ops)));
		}
}

/* ---- hostile text ---- */

static const char valid[] = "# a bit of all\n"
			    "\tseed r0, 0x1234\n"
			    "loop:\twalk-random r1, 4G, 1000\n"
			    "\twalk-seq r2, r3, 0x100000000, 64K\n"
			    "\taccept r4, r1, 2m\n"
			    "\tverify [r1], r1, or-zero\n"
			    "\tmapgpa r1, r2, r3, 2M\n"
			    "\tjnz r1, loop\n"
			    "\tcpuid 1\n"
			    "\ttdvmcall r1, r2, 10, mask=0xfc00, r4-r7\n"
			    "\tfill [r1], r2, 8\n"
			    "\tspin [r5]\n"
			    "\traw 99, 1, 2, 3, 4, -5\n"
			    "\tjmp loop\n";

/* Assembles TEXT from memory of its own, at whose end a sanitizer looks, too. */
static void survives(const char *bytes, size_t len)
{
	char *text = malloc(len + 1), err[GP_ASM_ERROR] = "";
	struct gp_op *ops = malloc(GP_MAX_OPS * sizeof(*ops));
	int n;

	assert_non_null(text);
	assert_non_null(ops);
	memcpy(text, bytes, len);
	text[len] = '\0';
	n = gp_assemble(text, ops, GP_MAX_OPS, err, sizeof(err));
	assert_in_range(n + 1, 0, GP_MAX_OPS + 1);
	if (n < 0) {
		assert_memory_equal(err, "line ", 5);
		for (const char *s = err; *s; s++)
			assert_true(*s >= ' ' && *s <= '~');
	} else {
		free(round_trip(ops, (size_t)n));
	}
	free(text);
	free(ops);
}

static void random_bytes(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		char bytes[300];
		size_t len = draw(sizeof(bytes));

		for (size_t j = 0; j < len; j++)
			bytes[j] = (char)(1 + draw(i % 2 ? 255 : 126));
		survives(bytes, len);
	}
}

static void huge_texts(void **state)
{
	const char *const lines[] = {"a",	"a:",	 "a:\n",    "\n",   ",",    "set r1,",
				     "r1, ",	"[",	 "0x",	    "9",    " ",    "#",
				     "a: b:\n", "end\n", "jmp a\n", "$1\n", "%s%n", ":"};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		char *text = repeat(lines[i], 300000), *operand = xasprintf("set r1, %s", text);

		survives(text, strlen(text));
		survives(operand, strlen(operand));
		free(text);
		free(operand);
	}
}

/* Changes, drops, doubles or moves bytes. */
static size_t mutate(char *text, size_t len, size_t max)
{
	static const char bytes[] = "r[]:,#\n\t 019xkKMG=-_$*%az\x80\x01";
	size_t at = draw(len), n = draw(len - at) % 32;

	switch (draw(4)) {
	case 0:
		text[at] = bytes[draw(sizeof(bytes) - 1)];
		return len;
	case 1:
		memmove(text + at, text + at + n, len - at - n);
		return len - n;
	case 2:
		if (len + n > max)
			return len;
		memmove(text + at + n, text + at, len - at);
		return len + n;
	default:
		memmove(text + draw(len - n), text + at, n);
		return len;
	}
}

static void mutations(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		char text[2 * sizeof(valid)];
		size_t len = sizeof(valid) - 1;

		memcpy(text, valid, len);
		for (uint64_t n = 1 + draw(4); n && len; n--)
			len = mutate(text, len, sizeof(text));
		survives(text, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_ops),
	    cmocka_unit_test(jumps),
	    cmocka_unit_test(accepts_and_verifies),
	    cmocka_unit_test(vmcalls),
	    cmocka_unit_test(raw),
	    cmocka_unit_test(moves),
	    cmocka_unit_test(walks),
	    cmocka_unit_test(calls),
	    cmocka_unit_test(layout),
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(unknown_instruction),
	    cmocka_unit_test(missing_operands),
	    cmocka_unit_test(too_many_operands),
	    cmocka_unit_test(wrong_operands),
	    cmocka_unit_test(large_numbers),
	    cmocka_unit_test(labels),
	    cmocka_unit_test(results_that_clash),
	    cmocka_unit_test(overwritten_operands),
	    cmocka_unit_test(long_programs),
	    cmocka_unit_test(many_labels),
	    cmocka_unit_test(lines),
	    cmocka_unit_test(small_error_buffers),
	    cmocka_unit_test(examples),
	    cmocka_unit_test(disassembles),
	    cmocka_unit_test(random_ops),
	    cmocka_unit_test(every_value_of_a_field),
	    cmocka_unit_test(random_bytes),
	    cmocka_unit_test(huge_texts),
	    cmocka_unit_test(mutations),
	};

	return cmocka_run_group_tests_name("guest programs", tests, NULL, NULL);
}
