// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest_asm.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suggest.h"

#define MAX_LINE     256 /* without blanks around it and comment */
#define MAX_LABEL    32
#define MAX_OPERANDS 8
#define MAX_PATTERN  16
#define PAGE_4K	     4096
#define PAGE_2M	     (2u << 20)

/* ---- the language ---- */

enum syntax {
	REG,
	OTHER_REG, /* than the first operand */
	SAME_REG, /* as the first operand */
	MEM, /* [REG] */
	NUM,
	VALUE, /* REG or NUM */
	LABEL,
	PAGE_SIZE, /* 4k, 2m: 0, 1 */
	WORD, /* the name itself: sets a flag */
	ASSIGN, /* the name up to its '=', then NUM */
};

/* Where an operand goes. Those of a macro go nowhere, but are handed on. */
enum field { F_NONE, F_OP, F_RD, F_RS, F_FLAGS, F_MASK, F_IMM };

static const struct kind {
	char letter;
	const char *name; /* in errors */
	enum syntax syntax;
	enum field field;
	uint64_t min, max;
} kinds[] = {
    {'d', "rd", REG, F_RD, 0, GP_NR_REGS - 1},
    {'s', "rs", REG, F_RS, 0, GP_NR_REGS - 1},
    {'D', "[rd]", MEM, F_RD, 0, GP_NR_REGS - 1},
    {'S', "[rs]", MEM, F_RS, 0, GP_NR_REGS - 1},
    {'i', "number", NUM, F_IMM, 0, UINT64_MAX},
    {'n', "number from 1", NUM, F_IMM, 1, UINT64_MAX},
    {'l', "label", LABEL, F_IMM, 0, GP_MAX_OPS - 1},
    {'p', "4k|2m", PAGE_SIZE, F_IMM, 0, 1},
    {'z', "or-zero", WORD, F_FLAGS, GP_OR_ZERO, GP_OR_ZERO},
    {'q', "r4-r7", WORD, F_FLAGS, GP_RESULT4, GP_RESULT4},
    {'m', "mask=number", ASSIGN, F_MASK, 0, UINT32_MAX},
    /* of macros */
    {'r', "rd", REG, F_NONE, 0, GP_NR_REGS - 1},
    {'x', "rs", OTHER_REG, F_NONE, 0, GP_NR_REGS - 1},
    {'e', "rd", SAME_REG, F_NONE, 0, GP_NR_REGS - 1},
    {'v', "rs|number", VALUE, F_NONE, 0, UINT64_MAX},
    /* of "raw" */
    {'O', "op", NUM, F_OP, 0, UINT8_MAX},
    {'E', "rd", NUM, F_RD, 0, UINT8_MAX},
    {'T', "rs", NUM, F_RS, 0, UINT8_MAX},
    {'F', "flags", NUM, F_FLAGS, 0, UINT8_MAX},
    {'M', "mask", NUM, F_MASK, 0, UINT32_MAX},
};

/*
 * The instructions, as docs/guest-programs.md has them. A mnemonic has one line for each list of
 * operands it takes. A kind with '?' may be missing, one with '=' and a digit then is this digit.
 * The text of a macro holds ops and other macros; $1 is its first operand, and $* the two
 * registers, "rd, rs, ", that may stand before the operands of every macro with $*.
 */
static const struct form {
	const char *name, *operands;
	struct gp_op op;
	const char *macro;
} forms[] = {
    {"end", "", {.op = GP_END}, NULL},
    {"set", "di", {.op = GP_SET}, NULL},
    {"set", "re", {0}, ""},
    {"set", "rx", {0}, "set $1, 0\nadd $1, $2"},
    {"add", "di", {.op = GP_ADD}, NULL},
    {"add", "ds", {.op = GP_ADDR}, NULL},
    {"mul", "di", {.op = GP_MUL}, NULL},
    {"mod", "dn", {.op = GP_MOD}, NULL},
    {"rand", "d", {.op = GP_RAND}, NULL},
    {"seed", "si", {.op = GP_SEED}, NULL},
    {"jmp", "l", {.op = GP_JMP}, NULL},
    {"jnz", "sl", {.op = GP_JNZ}, NULL},
    {"accept", "sp?", {.op = GP_ACCEPT}, NULL},
    {"accept", "dsp?", {.op = GP_ACCEPT, .flags = GP_RESULT}, NULL},
    {"read", "dS", {.op = GP_READ}, NULL},
    {"write", "Ds", {.op = GP_WRITE}, NULL},
    {"out", "is", {.op = GP_OUT}, NULL},
    {"verify", "Dsz?", {.op = GP_VERIFY}, NULL},
    {"spin", "S", {.op = GP_SPIN}, NULL},
    {"exec", "S", {.op = GP_EXEC}, NULL},
    {"fill", "Dsi", {.op = GP_FILL}, NULL},
    {"tdvmcall", "im?q?", {.op = GP_VMCALL}, NULL},
    {"tdvmcall", "dsim?q?", {.op = GP_VMCALL, .flags = GP_RESULT}, NULL},
    {"hypercall", "nm?q?", {.op = GP_VMCALL, .flags = GP_HYPERCALL}, NULL},
    {"hypercall", "dsnm?q?", {.op = GP_VMCALL, .flags = GP_HYPERCALL | GP_RESULT}, NULL},
    {"raw", "OETFMi", {0}, NULL}, /* last of the ops: what no other form can say */

    {"walk-random", "rin", {0}, "rand $1\nmod $1, $3\nmul $1, 4096\nadd $1, $2"},
    {"walk-seq", "rxin", {0}, "mod $2, $4\nset $1, $2\nmul $1, 4096\nadd $1, $3\nadd $2, 1"},

    {"cpuid", "vv=0", {0}, "set r4, $1\nset r5, $2\ntdvmcall $*10, r4-r7"},
    {"hlt", "v=0", {0}, "set r4, $1\ntdvmcall $*12"},
    {"in", "vv=4", {0}, "set r4, $2\nset r5, 0\nset r6, $1\ntdvmcall $*30"},
    {"rdmsr", "v", {0}, "set r4, $1\ntdvmcall $*31"},
    {"wrmsr", "vv", {0}, "set r4, $1\nset r5, $2\ntdvmcall $*32"},
    {"mmio-read", "vv=8", {0}, "set r4, $2\nset r5, 0\nset r6, $1\ntdvmcall $*48"},
    {"mmio-write", "vvv=8", {0}, "set r4, $3\nset r5, 1\nset r6, $1\nset r7, $2\ntdvmcall $*48"},
    {"get-tdvmcall-info", "v=0", {0}, "set r4, $1\ntdvmcall $*0x10000, r4-r7"},
    {"mapgpa", "vv", {0}, "set r4, $1\nset r5, $2\ntdvmcall $*0x10001"},
    {"get-quote", "vv", {0}, "set r4, $1\nset r5, $2\ntdvmcall $*0x10002"},
    {"report-fatal-error", "vv=0", {0}, "set r4, $1\nset r5, $2\ntdvmcall $*0x10003"},
    {"setup-event-notify", "v", {0}, "set r4, $1\ntdvmcall $*0x10004"},
};

#define for_each_form(f)                                                                           \
	for (const struct form *f = forms; f < forms + sizeof(forms) / sizeof(*forms); f++)

static const struct kind *kind_of(char letter)
{
	const struct kind *k = kinds;

	while (k->letter != letter)
		k++;
	return k;
}

/* The next kind of *PATTERN; *MISSING is what it is without an operand, -1: there must be one. */
static const struct kind *next_kind(const char **pattern, int *missing)
{
	const struct kind *k = kind_of(*(*pattern)++);

	*missing = -1;
	if (**pattern == '?') {
		*missing = 0;
		(*pattern)++;
	} else if (**pattern == '=') {
		*missing = (*pattern)[1] - '0';
		*pattern += 2;
	}
	return k;
}

static bool takes_results(const struct form *f)
{
	return f->macro && strstr(f->macro, "$*");
}

static void store(struct gp_op *op, const struct kind *k, uint64_t value)
{
	switch (k->field) {
	case F_NONE:
		break;
	case F_OP:
		op->op = (uint8_t)value;
		break;
	case F_RD:
		op->rd = (uint8_t)value;
		break;
	case F_RS:
		op->rs = (uint8_t)value;
		break;
	case F_FLAGS:
		op->flags |= (uint8_t)value;
		break;
	case F_MASK:
		op->mask = (uint32_t)value;
		break;
	case F_IMM:
		op->imm = value;
		break;
	}
}

static uint64_t load(const struct gp_op *op, const struct kind *k)
{
	switch (k->field) {
	case F_OP:
		return op->op;
	case F_RD:
		return op->rd;
	case F_RS:
		return op->rs;
	case F_FLAGS:
		return op->flags & k->max;
	case F_MASK:
		return op->mask;
	case F_IMM:
		return op->imm;
	default:
		return 0;
	}
}

/* Why the results of OP, written as F, overwrite each other, or NULL. "raw" may say that, too. */
static const char *clash(const struct form *f, const struct gp_op *op)
{
	if (f->op.op != GP_VMCALL || !(op->flags & GP_RESULT))
		return NULL;
	if (op->rd == op->rs)
		return "two results cannot go to one register";
	if (op->flags & GP_RESULT4 && (op->rd >= 4 || op->rs >= 4))
		return "the first two results cannot go to r4 to r7, where the others go";
	return NULL;
}

/* ---- text, into which nothing is written behind its end ---- */

struct out {
	char *buf;
	size_t size, len;
};

__attribute__((format(printf, 2, 3))) static void put(struct out *o, const char *format, ...)
{
	bool room = o->len < o->size;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(room ? o->buf + o->len : NULL, room ? o->size - o->len : 0, format, ap);
	va_end(ap);
	if (n > 0)
		o->len += (size_t)n;
}

static void put_number(struct out *o, uint64_t value)
{
	put(o, value < 1000 ? "%" PRIu64 : "0x%" PRIx64, value);
}

/* "add rd, number or add rd, rs" */
static void put_usage(struct out *o, const char *name)
{
	const char *before = "";

	for_each_form (f) {
		const char *p = f->operands, *comma = "";

		if (strcmp(f->name, name) || (f->macro && !*f->macro))
			continue;
		put(o, "%s%s%s", before, name, *p || takes_results(f) ? " " : "");
		before = " or ";
		if (takes_results(f))
			put(o, "[rd, rs,] ");
		while (*p) {
			int missing;
			const struct kind *k = next_kind(&p, &missing);

			put(o, missing < 0 ? "%s%s" : "[%s%s]", comma, k->name);
			comma = ", ";
		}
	}
}

/* ---- operands ---- */

enum number { NUMBER_OK, NUMBER_NONE, NUMBER_LARGE };

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

static unsigned int suffix_shift(char c)
{
	switch (c) {
	case 'k':
	case 'K':
		return 10;
	case 'm':
	case 'M':
		return 20;
	case 'g':
	case 'G':
		return 30;
	default:
		return 0;
	}
}

/* "5", "0x1f", "4K", "-1"; a negative one has to fit in 64 bits as such. */
static enum number read_number(const char *s, uint64_t *value)
{
	bool negative = *s == '-', large = false;
	int base = 10;
	unsigned int shift;
	const char *digits;

	s += negative;
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	}
	*value = 0;
	for (digits = s; digit(*s) < base; s++)
		if (__builtin_mul_overflow(*value, (uint64_t)base, value) ||
		    __builtin_add_overflow(*value, (uint64_t)digit(*s), value))
			large = true;
	shift = suffix_shift(*s);
	if (s == digits || s[shift != 0])
		return NUMBER_NONE;
	if (large || __builtin_mul_overflow(*value, 1ull << shift, value) ||
	    (negative && *value > 1ull << 63))
		return NUMBER_LARGE;
	if (negative)
		*value = -*value;
	return NUMBER_OK;
}

static bool read_reg(const char *s, size_t len, uint64_t *value)
{
	if (len != 2 || s[0] != 'r' || s[1] < '0' || s[1] >= '0' + GP_NR_REGS)
		return false;
	*value = (uint64_t)(s[1] - '0');
	return true;
}

static bool label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_label(const char *s, size_t len)
{
	if (!len || len >= MAX_LABEL || !label_char(*s))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!label_char(s[i]) && !(s[i] >= '0' && s[i] <= '9') && s[i] != '-')
			return false;
	return true;
}

struct operand {
	bool reg;
	uint64_t value;
};

/* The operands of an instruction, as a form has them. */
struct match {
	struct gp_op op;
	const char *label; /* that op.imm is to become */
	struct operand args[MAX_OPERANDS]; /* of a macro, without the result registers */
	size_t nargs;

	size_t reached; /* how many fitted */
	bool bad; /* the next one doesn't; else there are too few or too many */
	const char *why; /* it doesn't; NULL: wrong kind */
};

static bool read_in_range(struct match *m, const struct kind *k, const char *s, uint64_t *value)
{
	switch (read_number(s, value)) {
	case NUMBER_NONE:
		return false;
	case NUMBER_LARGE:
		m->why = "does not fit in 64 bits";
		return false;
	case NUMBER_OK:
		break;
	}
	if (*value > k->max)
		m->why = k->max == UINT8_MAX ? "does not fit in 8 bits" : "does not fit in 32 bits";
	return *value >= k->min && *value <= k->max;
}

static bool read_page_size(const char *s, uint64_t *value)
{
	if (read_number(s, value) != NUMBER_OK || (*value != PAGE_4K && *value != PAGE_2M))
		return false;
	*value = *value == PAGE_2M;
	return true;
}

static bool read_operand(struct match *m, const struct kind *k, const char *s, struct operand *o)
{
	size_t len = strlen(s);

	o->reg = read_reg(s, len, &o->value);
	switch (k->syntax) {
	case REG:
		return o->reg;
	case OTHER_REG:
		return o->reg && o->value != m->args[0].value;
	case SAME_REG:
		return o->reg && o->value == m->args[0].value;
	case MEM:
		return len > 2 && s[0] == '[' && s[len - 1] == ']' &&
		       read_reg(s + 1, len - 2, &o->value);
	case VALUE:
		return o->reg || read_in_range(m, k, s, &o->value);
	case NUM:
		return read_in_range(m, k, s, &o->value);
	case LABEL:
		m->label = s;
		return is_label(s, len);
	case PAGE_SIZE:
		return read_page_size(s, &o->value);
	case WORD:
		o->value = k->max;
		return !strcmp(s, k->name);
	case ASSIGN:
		len = (size_t)(strchr(k->name, '=') + 1 - k->name);
		return !strncmp(s, k->name, len) && read_in_range(m, k, s + len, &o->value);
	}
	return false;
}

/*
 * A macro fills r4 to r7 one after the other: what is in them may only go where it
 * already is.
 */
static bool overwritten(const struct form *f, size_t arg, uint64_t reg)
{
	char move[32];

	if (!takes_results(f) || reg < 4)
		return false;
	snprintf(move, sizeof(move), "set r%u, $%zu\n", (unsigned int)reg, arg + 1);
	return !strstr(f->macro, move);
}

/* Whether the N operands in TEXTS fit to F; RESULTS: the first two are $*. */
static bool match(const struct form *f, bool results, char *const *texts, size_t n, struct match *m)
{
	char pattern[MAX_PATTERN];
	const char *p = pattern;

	*m = (struct match){.op = f->op};
	snprintf(pattern, sizeof(pattern), "%s%s", results ? "ds" : "", f->operands);
	while (*p) {
		int missing;
		const struct kind *k = next_kind(&p, &missing);
		struct operand o = {0};

		if (m->reached < n && read_operand(m, k, texts[m->reached], &o)) {
			m->bad = false;
			if (k->syntax == VALUE && o.reg && overwritten(f, m->nargs, o.value)) {
				m->bad = true;
				m->why = "is overwritten before it is read";
				return false;
			}
			m->reached++;
		} else {
			m->bad = m->reached < n;
			if (missing < 0)
				return false;
			o = (struct operand){.value = (uint64_t)missing};
		}
		store(&m->op, k, o.value);
		if (!results || p > pattern + 2)
			m->args[m->nargs++] = o;
	}
	return m->reached == n;
}

/* ---- the assembler ---- */

struct label {
	char name[MAX_LABEL];
	size_t at; /* op */
	unsigned int line;
};

struct assembler {
	struct gp_op *ops;
	size_t n, max;
	struct out err;
	unsigned int line;
	struct label labels[GP_MAX_OPS]; /* that there are */
	struct label jumps[GP_MAX_OPS]; /* ops that jump to one */
	size_t nlabels, njumps;
};

/* Sets the error; always false. */
__attribute__((format(printf, 2, 3))) static bool fail(struct assembler *a, const char *format, ...)
{
	char what[GP_ASM_ERROR];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	put(&a->err, "line %u: %s", a->line, what);
	return false;
}

static bool fail_unknown(struct assembler *a, const char *name)
{
	struct suggest s = {.word = name};
	char *hint;

	for_each_form (f)
		suggest_try(&s, f->name);
	hint = suggest_text(&s, "see docs/guest-programs.md");
	fail(a, "unknown instruction '%s'%s", name, hint);
	free(hint);
	return false;
}

static bool fail_operands(struct assembler *a, const char *name, const struct match *m,
			  const char *text)
{
	char buf[GP_ASM_ERROR] = "";
	struct out usage = {.buf = buf, .size = sizeof(buf)};

	put_usage(&usage, name);
	if (m->bad && m->why)
		return fail(a, "operand %zu of '%s', '%s', %s", m->reached + 1, name, text, m->why);
	if (m->bad)
		return fail(a, "operand %zu of '%s' cannot be '%s'; the form is %s", m->reached + 1,
			    name, text, buf);
	return fail(a, "'%s' has too %s operands; the form is %s", name, text ? "many" : "few",
		    buf);
}

static struct label *find_label(struct assembler *a, const char *name)
{
	for (size_t i = 0; i < a->nlabels; i++)
		if (!strcmp(a->labels[i].name, name))
			return &a->labels[i];
	return NULL;
}

static bool add_label(struct assembler *a, const char *s, size_t len)
{
	struct label l = {.at = a->n, .line = a->line}, *old;

	if (!is_label(s, len))
		return fail(a,
			    "'%.*s' cannot be a label; it has letters, digits, '_' and '-', at "
			    "most %d, and begins with a letter",
			    (int)len, s, MAX_LABEL - 1);
	memcpy(l.name, s, len);
	old = find_label(a, l.name);
	if (old)
		return fail(a, "label '%s' is in line %u, too", l.name, old->line);
	if (a->nlabels == GP_MAX_OPS)
		return fail(a, "a program has at most %d labels", GP_MAX_OPS);
	a->labels[a->nlabels++] = l;
	return true;
}

static bool emit(struct assembler *a, const struct form *f, const struct match *m)
{
	const char *why = clash(f, &m->op);

	if (why)
		return fail(a, "%s", why);
	if (a->n == a->max)
		return fail(a, "a program has at most %zu ops", a->max);
	if (m->label) {
		struct label *jump = &a->jumps[a->njumps++];

		*jump = (struct label){.at = a->n, .line = a->line};
		snprintf(jump->name, sizeof(jump->name), "%s", m->label);
	}
	a->ops[a->n++] = m->op;
	return true;
}

static void put_operand(struct out *o, const struct operand *arg)
{
	if (arg->reg)
		put(o, "r%u", (unsigned int)arg->value);
	else
		put_number(o, arg->value);
}

static bool instruction(struct assembler *a, char *s);

static bool expand(struct assembler *a, const struct form *f, bool results, const struct match *m)
{
	for (const char *p = f->macro; *p; p += *p == '\n') {
		char line[MAX_LINE] = "";
		struct out o = {.buf = line, .size = sizeof(line)};

		for (; *p && *p != '\n'; p++) {
			if (*p != '$') {
				put(&o, "%c", *p);
				continue;
			}
			if (*++p != '*')
				put_operand(&o, &m->args[*p - '1']);
			else if (results)
				put(&o, "r%u, r%u, ", m->op.rd, m->op.rs);
		}
		if (!instruction(a, line))
			return false;
	}
	return true;
}

/* Cuts blanks off both ends, in place. */
static char *trim(char *s)
{
	size_t len;

	s += strspn(s, " ");
	len = strlen(s);
	while (len && s[len - 1] == ' ')
		len--;
	s[len] = '\0';
	return s;
}

/* Cuts the list S at its commas. No instruction takes MAX_OPERANDS: the rest is dropped. */
static size_t split(char *s, char *items[MAX_OPERANDS])
{
	size_t n = 0;
	char *item;

	while (n < MAX_OPERANDS && (item = strsep(&s, ",")))
		items[n++] = trim(item);
	return n;
}

/* One op or macro, without blanks around it: behind its first one there is an operand. */
static bool instruction(struct assembler *a, char *s)
{
	char *name = strsep(&s, " "), *texts[MAX_OPERANDS];
	size_t n = s ? split(trim(s), texts) : 0;
	bool known = false, have_best = false;
	struct match m, best = {0};

	for_each_form (f) {
		if (strcmp(f->name, name))
			continue;
		known = true;
		for (int results = 0; results <= takes_results(f); results++) {
			if (match(f, results, texts, n, &m))
				return f->macro ? expand(a, f, results, &m) : emit(a, f, &m);
			/* The form that comes closest is what was meant. */
			if (!have_best || (!best.why && (m.why || m.reached > best.reached)))
				best = m;
			have_best = true;
		}
	}
	if (!known)
		return fail_unknown(a, name);
	return fail_operands(a, name, &best, best.reached < n ? texts[best.reached] : NULL);
}

static bool assemble_line(struct assembler *a, char *s)
{
	for (;;) {
		size_t len;

		s = trim(s);
		len = strcspn(s, " ,:");
		if (s[len] != ':')
			return !*s || instruction(a, s);
		if (!add_label(a, s, len))
			return false;
		s += len + 1;
	}
}

/* Copies what is to be assembled of the line at S, its tabs as blanks. */
static bool copy_line(struct assembler *a, const char *s, char line[MAX_LINE])
{
	size_t len;

	s += strspn(s, " \t");
	len = strcspn(s, "#\n");
	while (len && strchr(" \t", s[len - 1]))
		len--;
	if (len >= MAX_LINE)
		return fail(a, "without its comment it is longer than %d characters", MAX_LINE - 1);
	/* Errors quote it, and are part of a JSON text. */
	for (size_t i = 0; i < len; i++) {
		line[i] = s[i] == '\t' ? ' ' : s[i];
		if (line[i] < ' ' || line[i] > '~')
			return fail(a, "byte 0x%02x is not allowed", (unsigned char)s[i]);
	}
	line[len] = '\0';
	return true;
}

static bool link_jumps(struct assembler *a)
{
	for (size_t i = 0; i < a->njumps; i++) {
		const struct label *to = find_label(a, a->jumps[i].name);
		struct suggest s = {.word = a->jumps[i].name};
		char *hint;

		a->line = a->jumps[i].line;
		if (to && to->at >= GP_MAX_OPS)
			return fail(a, "label '%s' is behind the last op that can be", to->name);
		if (to) {
			a->ops[a->jumps[i].at].imm = to->at;
			continue;
		}
		for (size_t j = 0; j < a->nlabels; j++)
			suggest_try(&s, a->labels[j].name);
		hint = suggest_text(&s, "one is written as in 'loop:'");
		fail(a, "there is no label '%s'%s", s.word, hint);
		free(hint);
		return false;
	}
	return true;
}

int gp_assemble(const char *text, struct gp_op *ops, size_t max, char *err, size_t errlen)
{
	struct assembler a = {
	    .ops = ops,
	    .max = max < GP_MAX_OPS ? max : GP_MAX_OPS,
	    .err = {.buf = err, .size = errlen},
	};
	char line[MAX_LINE];

	for (;;) {
		a.line++;
		if (!copy_line(&a, text, line) || !assemble_line(&a, line))
			return -1;
		text += strcspn(text, "\n");
		if (!*text++)
			break;
	}
	return link_jumps(&a) ? (int)a.n : -1;
}

/* ---- the disassembler ---- */

static void put_kind(struct out *o, const struct kind *k, uint64_t value)
{
	switch (k->syntax) {
	case MEM:
		put(o, "[r%u]", (unsigned int)value);
		break;
	case LABEL:
		put(o, "op%u", (unsigned int)value);
		break;
	case PAGE_SIZE:
		put(o, "%s", value ? "2m" : "4k");
		break;
	case WORD:
		put(o, "%s", k->name);
		break;
	case ASSIGN:
		put(o, "%.*s0x%" PRIx64, (int)(strchr(k->name, '=') + 1 - k->name), k->name, value);
		break;
	case NUM:
		put_number(o, value);
		break;
	default:
		put(o, "r%u", (unsigned int)value);
	}
}

/* Whether F says all that is in OP, one of N ops. */
static bool says(const struct form *f, const struct gp_op *op, size_t n)
{
	const char *p = f->operands;
	struct gp_op said = f->op;
	int missing;

	while (*p) {
		const struct kind *k = next_kind(&p, &missing);
		uint64_t value = load(op, k);

		if (!value && missing == 0)
			continue;
		if (value < k->min || value > k->max || (k->syntax == LABEL && value > n))
			return false;
		store(&said, k, value);
	}
	return !memcmp(&said, op, sizeof(said)) && !clash(f, op);
}

static const struct form *find_form(const struct gp_op *op, size_t n)
{
	const struct form *f = forms;

	while (f->macro || !says(f, op, n))
		f++;
	return f;
}

static bool is_target(const struct gp_op *ops, size_t n, size_t at)
{
	for (size_t i = 0; i < n; i++)
		if (ops[i].imm == at && strchr(find_form(&ops[i], n)->operands, 'l'))
			return true;
	return false;
}

static void put_op(struct out *o, const struct gp_op *op, size_t n)
{
	const struct form *f = find_form(op, n);
	const char *p = f->operands, *before = " ";
	int missing;

	put(o, "\t%s", f->name);
	while (*p) {
		const struct kind *k = next_kind(&p, &missing);
		uint64_t value = load(op, k);

		if (!value && missing == 0)
			continue;
		put(o, "%s", before);
		put_kind(o, k, value);
		before = ", ";
	}
	put(o, "\n");
}

size_t gp_disassemble(const struct gp_op *ops, size_t n, char *buf, size_t len)
{
	struct out o = {.buf = buf, .size = len};

	if (len)
		*buf = '\0';
	for (size_t i = 0; i <= n; i++) {
		/* Behind the last op, too: there the page is 0, which is "end". */
		if (is_target(ops, n, i))
			put(&o, "op%zu:\n", i);
		if (i < n)
			put_op(&o, &ops[i], n);
	}
	return o.len;
}
