// SPDX-License-Identifier: GPL-2.0-or-later
#include "splat.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kvm_lines.h"
#include "xmem.h"

#define MAX_OPEN	400 /* lines after which a splat without an end is taken as over */
#define MAX_BEFORE	8 /* lines between "cut here" and the header */
#define MAX_LEAK_FRAMES 3 /* of a signature */

enum kind {
	WARN,
	BUG,
	OOPS,
	KCSAN,
	LOCKDEP,
	HUNG_TASK,
	SOFT_LOCKUP,
	RCU_STALL,
	ATOMIC_SLEEP,
	PANIC,
	KASAN,
	KMEMLEAK,
	KVM_ERROR,
};

static const char *const kind_names[] = {
    [WARN] = "warn",
    [BUG] = "bug",
    [OOPS] = "oops",
    [KCSAN] = "kcsan",
    [LOCKDEP] = "lockdep",
    [HUNG_TASK] = "hung-task",
    [SOFT_LOCKUP] = "soft-lockup",
    [RCU_STALL] = "rcu-stall",
    [ATOMIC_SLEEP] = "atomic-sleep",
    [PANIC] = "panic",
    [KASAN] = "kasan",
    [KMEMLEAK] = "kmemleak",
    [KVM_ERROR] = "kvm-error",
};

struct text {
	char *buf; /* NULL: empty */
	size_t len;
};

struct splat_stream {
	struct splat_sink *sink;
	struct text before; /* from "cut here" or "=====" on, until the header comes */
	unsigned int nbefore;
	uint64_t number; /* of the open splat */

	bool open;
	enum kind kind;
	uint64_t us;
	char *header;
	char *what; /* the problem, without numbers: "src/file.c", "A / B" */
	char *where; /* function or lock; "" until it is known */
	char *function; /* NULL until it is known */
	struct klog_frame *frames;
	size_t nframes;
	bool access; /* KCSAN: the next frame made the access */
	bool by_interrupt, interrupted; /* ... by an interrupt; the frames are below its entry */
	bool whole;
	bool died; /* its "Oops:" line was seen */
	bool after_error; /* the last line was an error of KVM: the next may belong to it */
	struct text text;
	unsigned int lines;
};

/*
 * What a header looks like, the special before the general; WHAT and WHERE
 * are the groups that hold the problem and its place (0: none).
 */
static const struct header {
	enum kind kind;
	const char *regex;
	int what, where;
} headers[] = {
    {KCSAN, "^BUG: KCSAN: .* in (.*)$", 1, 0},
    {KASAN, "^BUG: KASAN: ([a-z -]*[a-z]) in ([A-Za-z0-9_]+)", 1, 2},
    {KASAN, "^BUG: KASAN: (.*)$", 1, 0},
    {KMEMLEAK, "^(unreferenced object)( \\([a-z ]+\\))? 0x", 1, 0},
    {ATOMIC_SLEEP, "^BUG: (sleeping function called from invalid context at [^: ]+)", 1, 0},
    {ATOMIC_SLEEP, "^BUG: (scheduling while atomic|scheduling in a non-blocking section)", 1, 0},
    {SOFT_LOCKUP, "^BUG: (soft lockup)", 1, 0},
    {OOPS, "^BUG: (unable to handle [a-zA-Z ]*[a-zA-Z]|kernel NULL pointer dereference)", 1, 0},
    {OOPS, "^BUG: .*(stack guard page was hit)", 1, 0},
    {LOCKDEP, "^BUG: (MAX_[A-Z_]+ too low|looking up invalid subclass)", 1, 0},
    {LOCKDEP, "^\\[ BUG: (.*) \\]", 1, 0},
    {BUG, "^kernel BUG at ([^ ]+):[0-9]+", 1, 0},
    {BUG, "^kernel BUG at ([A-Za-z0-9_]+)", 1, 0},
    {BUG, "^(.*hard LOCKUP) on cpu", 1, 0},
    {BUG, "^BUG: (.*)$", 1, 0},
    {BUG, "^BUG [^ ]+ \\([^)]*\\): (.*)$", 1, 0}, /* SLUB's: cache (taint) */
    {OOPS, "^(Oops: )?(general protection fault|unable to handle [a-z ]*[a-z])", 2, 0},
    {OOPS, "^Oops: ([^:0-9]*)", 1, 0},
    {WARN, "^WARNING: (\\[.*\\] )?([^ ]+):[0-9]+ at ([A-Za-z0-9_]+)", 2, 3},
    {WARN, "^WARNING: CPU: [0-9]+ PID: [0-9]+ at ([^ ]+):[0-9]+ ([A-Za-z0-9_]+)", 1, 2},
    {WARN, "^WARNING: (CPU: [0-9]+ PID: [0-9]+ )?at ([A-Za-z0-9_]+)", 0, 2},
    {LOCKDEP, "^WARNING: .*/[0-9]+ (still has locks held)!", 1, 0},
    {LOCKDEP, "^WARNING: (.*([Ll]ock|suspicious RCU|bad contention|chain_key).*)$", 1, 0},
    {WARN, "^WARNING: (.*)$", 1, 0},
    {LOCKDEP, "^INFO: (trying to register non-static key)", 1, 0},
    {HUNG_TASK, "^INFO: task (.*[^0-9])[0-9]*:[0-9]+ blocked.* for more than", 1, 0},
    {RCU_STALL, "^INFO: ([a-z_]+) (self-)?detected (expedited )?stall", 1, 0},
    {PANIC, "^Kernel panic - not syncing: (.*)$", 1, 0},
};

#define NR_HEADERS (sizeof(headers) / sizeof(headers[0]))

/* Panics that only say that another splat was one too many. */
#define CONSEQUENCE                                                                                \
	"^Kernel panic - not syncing: (Fatal exception|.*panic_on_warn|.*system warned too often|" \
	"hung_task: blocked|softlockup: hung|RCU Stall)"

/* Lines of a splat's body that say where it happened. */
#define FUNCTION "([A-Za-z0-9_]+)[A-Za-z0-9_.]*\\+0x[0-9a-f]+/0x"
#define AT_RIP	 "^RIP: 0010:" FUNCTION
#define AT_FRAME "^[ \t]+" FUNCTION
#define AT_LOCK	 "^( *#[0-9]+:)? *[0-9a-f]+ (\\([^ ]*\\))\\{.*, at: " FUNCTION
#define AT_RCU	 "^([^ ]+):[0-9]+ suspicious .* usage"
#define ACCESS	 " to 0x[0-9a-f]+ of [0-9]+ bytes by "

static struct {
	bool ready;
	regex_t headers[NR_HEADERS];
	regex_t consequence, rip, frame, lock, rcu, access;
} re;

static void compile(regex_t *r, const char *pattern)
{
	if (regcomp(r, pattern, REG_EXTENDED))
		abort(); /* the patterns above are constants */
}

static void compile_all(void)
{
	if (re.ready)
		return;
	for (size_t i = 0; i < NR_HEADERS; i++)
		compile(&re.headers[i], headers[i].regex);
	compile(&re.consequence, CONSEQUENCE);
	compile(&re.rip, AT_RIP);
	compile(&re.frame, AT_FRAME);
	compile(&re.lock, AT_LOCK);
	compile(&re.rcu, AT_RCU);
	compile(&re.access, ACCESS);
	re.ready = true;
}

static bool matches(const regex_t *r, const char *line, regmatch_t m[4])
{
	return !regexec(r, line, 4, m, 0);
}

static char *group(const char *line, const regmatch_t *m, int n)
{
	if (n == 0 || m[n].rm_so < 0)
		return xstrdup("");
	return xasprintf("%.*s", (int)(m[n].rm_eo - m[n].rm_so), line + m[n].rm_so);
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* How much of S, the start of a word, is an address or a number; *as stands for it. */
static size_t number_at(const char *s, const char **as)
{
	size_t hex = strspn(s, "0123456789abcdef");
	size_t dec = strspn(s, "0123456789");

	*as = "X";
	if (!strncmp(s, "0x", 2))
		return 2 + strspn(s + 2, "0123456789abcdef");
	if (hex >= 8 && !is_word(s[hex]))
		return hex;
	*as = "N";
	return dec;
}

/* Takes what differs from one occurrence to the next out of S, in place. */
static char *scrub(char *s)
{
	char *out = s;

	for (const char *in = s; *in;) {
		const char *as;
		size_t len;

		if (!strncmp(in, "+0x", 3)) {
			in += 1 + strspn(in + 1, "0123456789abcdefx/");
			continue;
		}
		len = in == s || !is_word(in[-1]) ? number_at(in, &as) : 0;
		*out++ = len ? *as : *in;
		in += len ? len : 1;
	}
	*out = '\0';
	return s;
}

/* ---- text that is gathered ---- */

static void text_add(struct text *t, const char *line)
{
	size_t len = strlen(line);

	t->buf = xgrow(t->buf, t->len + len + 1, 1);
	memcpy(t->buf + t->len, line, len);
	memcpy(t->buf + t->len + len, "\n", 2);
	t->len += len + 1;
}

static void text_clear(struct text *t)
{
	free(t->buf);
	*t = (struct text){0};
}

static const char *text_get(const struct text *t)
{
	return t->buf ? t->buf : "";
}

/* ---- one splat ---- */

/* What the debugging code itself calls on its way to a backtrace. */
static bool is_reporter(const char *function)
{
	static const char *const reporters[] = {
	    "dump_stack", "show_stack", "__might_", "___might_", "__schedule", "print_",
	    "check_",	  "lockdep_",	"__lock_",  "lock_",	 "validate_",  "mark_",
	    "debug_",	  "__warn",	"warn_",    "schedule",	 "report_",    "register_lock",
	};

	for (size_t i = 0; i < sizeof(reporters) / sizeof(reporters[0]); i++)
		if (!strncmp(function, reporters[i], strlen(reporters[i])))
			return true;
	return false;
}

/* Some show other tasks, or any place of a loop: then there is none. */
static bool has_place(enum kind kind)
{
	return kind != KCSAN && kind != HUNG_TASK && kind != RCU_STALL && kind != PANIC;
}

/* What only hands out memory, takes it back or copies it: the fault is its caller's. */
static bool is_memory_function(const char *function)
{
	static const char *const functions[] = {
	    "kasan_",
	    "__kasan",
	    "__asan",
	    "kfree",
	    "kvfree",
	    "vfree",
	    "__kmalloc",
	    "kmalloc",
	    "__do_kmalloc",
	    "kzalloc",
	    "kmem_cache",
	    "__kmem_cache",
	    "kvmalloc",
	    "__kvmalloc",
	    "vmalloc",
	    "__vmalloc",
	    "slab_",
	    "__slab_",
	    "krealloc",
	    "kmemdup",
	    "kstrdup",
	    "kmemleak",
	    "memcpy",
	    "memset",
	    "memmove",
	    "__mem",
	    "alloc_pages",
	    "__alloc_",
	    "___slab",
	    "str",
	    "new_slab",
	    "get_free_pages",
	    "__get_free_p",
	    "post_alloc",
	    "pcpu_alloc",
	    "free_to_partial_list",
	    "alloc_debug_processing",
	    "free_debug_processing",
	    "do_slab_free",
	    "alloc_single_from",
	    "get_from_partial",
	    "get_partial",
	};

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (!strncmp(function, functions[i], strlen(functions[i])))
			return true;
	return false;
}

/* What WARNs on behalf of whoever called it: else all such bugs would be one. */
static bool is_checker(const char *function)
{
	static const char *const checkers[] = {
	    "__list_add_valid_or_report",
	    "__list_del_entry_valid_or_report",
	    "refcount_warn_saturate",
	    "debug_print_object",
	    "usercopy_abort",
	    "object_err",
	    "slab_err",
	    "__might_fault",
	};

	for (size_t i = 0; i < sizeof(checkers) / sizeof(checkers[0]); i++)
		if (!strcmp(function, checkers[i]))
			return true;
	return false;
}

/* What waits for a lock, for another CPU or for time: for whom, its caller knows. */
static bool is_waiter(const char *function)
{
	static const char *const waiters[] = {
	    "delay_",	 "__delay",   "__udelay", "__const_udelay", "udelay",  "queued_",
	    "__queued_", "native_",   "__pv_",	  "_raw_",	    "__raw_",  "do_raw_",
	    "csd_",	 "smp_call_", "on_each_", "cpu_relax",	    "mutex_",  "__mutex_",
	    "down_",	 "__down",    "rwsem_",	  "wait_for_",	    "__wait_",
	};

	for (size_t i = 0; i < sizeof(waiters) / sizeof(waiters[0]); i++)
		if (!strncmp(function, waiters[i], strlen(waiters[i])))
			return true;
	return false;
}

/* Whether a frame of FUNCTION is not where a splat of that kind is from. */
static bool is_on_the_way(enum kind kind, const char *function)
{
	if (is_reporter(function) || is_checker(function))
		return true;
	if ((kind == SOFT_LOCKUP || kind == ATOMIC_SLEEP) && is_waiter(function))
		return true;
	return (kind == KASAN || kind == KMEMLEAK || kind == ATOMIC_SLEEP || kind == WARN) &&
	       is_memory_function(function);
}

static const char *find_function(const struct splat_stream *k)
{
	if (!has_place(k->kind) || k->function)
		return k->function;
	for (size_t i = 0; i < k->nframes; i++)
		if (!is_on_the_way(k->kind, k->frames[i].function))
			return k->frames[i].function;
	return NULL;
}

static char *make_title(const struct splat_stream *k)
{
	if (!*k->where || strstr(k->header, k->where) || k->kind == LOCKDEP)
		return xasprintf("%.200s", k->header);
	return xasprintf("%.200s in %s", k->header, k->where);
}

/* A leak is known by who allocated, and on whose behalf: "kmemleak: a < b < c". */
static char *make_leak_signature(const struct splat_stream *k)
{
	char *s = xasprintf("%s:", kind_names[k->kind]);
	size_t n = 0;

	for (size_t i = 0; i < k->nframes && n < MAX_LEAK_FRAMES; i++) {
		const char *function = k->frames[i].function;
		char *longer;

		if (!n && is_on_the_way(k->kind, function))
			continue;
		longer = xasprintf("%s%s %s", s, n++ ? " <" : "", function);
		free(s);
		s = longer;
	}
	return s;
}

static char *make_signature(const struct splat_stream *k)
{
	const char *join = *k->what && *k->where ? " in " : "";
	const char *function = find_function(k);

	if (k->kind == KMEMLEAK && function)
		return make_leak_signature(k);
	/* It names but the file. */
	if (k->kind == LOCKDEP && *k->where && !strcmp(k->what, "suspicious RCU usage") && function)
		return xasprintf("%s: %s in %s at %s", kind_names[k->kind], k->what, k->where,
				 function);
	return xasprintf("%s: %s%s%s", kind_names[k->kind], k->what, join, k->where);
}

static const char *find_provoked(const struct splat_stream *k)
{
	const char *function = find_function(k);

	if (k->kind == WARN && function && !strcmp(function, KLOG_PROVOKED_WARN))
		return kind_names[WARN];
	if (k->kind != KCSAN)
		return NULL;
	for (size_t i = 0; i < k->nframes; i++)
		if (k->frames[i].top && !strcmp(k->frames[i].function, KLOG_PROVOKED_RACE))
			return kind_names[KCSAN];
	return strstr(k->what, KLOG_PROVOKED_RACE) ? kind_names[KCSAN] : NULL;
}

static void clear_splat(struct splat_stream *k)
{
	free(k->header);
	free(k->what);
	free(k->where);
	free(k->function);
	for (size_t i = 0; i < k->nframes; i++)
		free(k->frames[i].function);
	free(k->frames);
	k->function = NULL;
	k->frames = NULL;
	k->nframes = 0;
	k->access = k->by_interrupt = k->interrupted = k->whole = false;
	text_clear(&k->text);
	k->open = false;
}

static void close_splat(struct splat_stream *k, bool cut)
{
	char *title, *signature, *header;
	const char *provoked;

	if (!k->open)
		return;
	provoked = find_provoked(k);
	/* One made on purpose explains nothing that comes later. */
	k->sink->seen |= !provoked;
	title = make_title(k);
	signature = make_signature(k);
	header = scrub(xstrdup(k->header));
	k->sink->fn(k->sink->arg, &(struct klog_splat){
				      .kind = kind_names[k->kind],
				      .title = title,
				      .signature = signature,
				      .header = header,
				      .text = text_get(&k->text),
				      .us = k->us,
				      .number = k->number,
				      .cut = cut,
				      .function = find_function(k),
				      .provoked = provoked,
				      .whole = k->whole,
				      .frames = k->frames,
				      .nframes = k->nframes,
				  });
	free(title);
	free(signature);
	free(header);
	clear_splat(k);
}

static void add_line(struct splat_stream *k, const char *line)
{
	if (++k->lines <= KLOG_MAX_LINES)
		text_add(&k->text, line);
}

/* "a.isra.N / b" -> "a / b": which copy of a function it is depends on the compiler. */
static char *strip_clones(char *names)
{
	char *out = names;

	for (const char *in = names; *in; *out++ = *in++)
		if (*in == '.') {
			in += strcspn(in, " ");
			if (!*in)
				break;
		}
	*out = '\0';
	return names;
}

/* "b+0x1/0x2 / a" -> "a / b": which side KCSAN names first is chance. */
static char *sort_pair(char *pair)
{
	char *slash = strstr(pair, " / ");
	char *sorted;

	if (!slash)
		return pair;
	*slash = '\0';
	if (strcmp(pair, slash + 3) <= 0) {
		*slash = ' ';
		return pair;
	}
	sorted = xasprintf("%s / %s", slash + 3, pair);
	free(pair);
	return sorted;
}

static void set_where(struct splat_stream *k, char *where)
{
	free(k->where);
	k->where = where;
}

static void open_splat(struct splat_stream *k, uint64_t us, const char *line,
		       const struct header *h, const regmatch_t *m)
{
	close_splat(k, false);
	k->open = true;
	k->number = ++k->sink->begun;
	k->kind = h->kind;
	k->us = us;
	k->header = xstrdup(line);
	k->what = scrub(group(line, m, h->what));
	k->where = group(line, m, h->where);
	if (is_checker(k->where) || (k->kind == KASAN && is_on_the_way(KASAN, k->where)))
		set_where(k, xstrdup(""));
	if (*k->where)
		k->function = xstrdup(k->where);
	k->died = strstr(line, "[#") != NULL;
	if (k->kind == KCSAN)
		k->what = sort_pair(strip_clones(k->what));
	if (k->kind == KMEMLEAK)
		k->sink->leaks_listed = true;
	/* What was printed before the header belongs to it. */
	k->text = k->before;
	k->lines = k->nbefore;
	k->before = (struct text){0};
	k->nbefore = 0;
	add_line(k, line);
}

/* " #0: ..." are all locks of the task: the problem itself, or just there. */
static bool is_about_held(const struct splat_stream *k)
{
	return strstr(k->what, "still has locks held") || strstr(k->what, "returning to user");
}

static void locate_lock(struct splat_stream *k, const char *line)
{
	regmatch_t m[4];
	char *class, *function;

	if (matches(&re.rcu, line, m)) {
		set_where(k, group(line, m, 1));
	} else if (matches(&re.lock, line, m) &&
		   (line[strspn(line, " ")] != '#' || is_about_held(k))) {
		class = scrub(group(line, m, 2));
		function = group(line, m, 3);
		set_where(k, xasprintf("%s at %s", class, function));
		free(class);
		k->function = function;
	}
}

/* Learns from a line of the body where the splat happened, if the header did not say. */
static void locate(struct splat_stream *k, const char *line)
{
	regmatch_t m[4];
	char *function;

	if (*k->where || !has_place(k->kind))
		return;
	if (k->kind == LOCKDEP)
		locate_lock(k, line);
	if (*k->where || !(matches(&re.rip, line, m) || matches(&re.frame, line, m)))
		return;
	function = group(line, m, 1);
	if (is_on_the_way(k->kind, function)) {
		free(function);
		return;
	}
	k->function = xstrdup(function);
	set_where(k, function);
}

static bool starts(const char *line, const char *prefix)
{
	return !strncmp(line, prefix, strlen(prefix));
}

/* Below the entry of an interrupt is what it interrupted, by chance. */
static bool enters_interrupt(const char *function)
{
	return starts(function, "asm_sysvec_") || !strcmp(function, "asm_common_interrupt");
}

static void note_frame(struct splat_stream *k, const char *line)
{
	regmatch_t m[4];
	struct klog_frame *f;

	if (matches(&re.frame, line, m)) {
		if (k->interrupted)
			return;
		k->frames = xgrow(k->frames, k->nframes, sizeof(*f));
		f = &k->frames[k->nframes++];
		f->function = group(line, m, 1);
		f->top = k->access;
		k->access = false;
		k->interrupted = k->by_interrupt && enters_interrupt(f->function);
	} else if (k->kind == KCSAN) {
		if (matches(&re.access, line, m)) {
			k->access = true;
			k->by_interrupt = strstr(line, " by interrupt on cpu ");
			k->interrupted = false;
		}
		k->whole |= starts(line, "Reported by Kernel Concurrency Sanitizer");
	}
}

static bool ends_splat(const struct splat_stream *k, const char *line)
{
	if (k->lines >= MAX_OPEN)
		return true;
	/* In a race, it is that of a splat of another CPU, whose lines are among ours. */
	if (k->kind != KCSAN && starts(line, "---[ end "))
		return true;
	switch (k->kind) {
	case KCSAN:
	case KASAN:
		return starts(line, "=====");
	case KMEMLEAK: /* the next line does */
		return false;
	case WARN:
	case BUG:
	case OOPS:
	case PANIC:
		return false;
	default: /* nothing but their backtrace ends them */
		return starts(line, "=====") || starts(line + strspn(line, " "), "</TASK>");
	}
}

static bool is_marker(const char *line)
{
	return starts(line, "=====") || starts(line, "------------[ cut here ]");
}

static void body_line(struct splat_stream *k, const char *line)
{
	add_line(k, line);
	locate(k, line);
	note_frame(k, line);
	if (ends_splat(k, line))
		close_splat(k, false);
}

static void between_lines(struct splat_stream *k, const char *line)
{
	if (is_marker(line) || k->nbefore >= MAX_BEFORE) {
		text_clear(&k->before);
		k->nbefore = 0;
	}
	if (is_marker(line) || k->nbefore) {
		text_add(&k->before, line);
		k->nbefore++;
	}
}

static const struct header *find_header(const char *line, regmatch_t m[4])
{
	static const char *const hints[] = {
	    "BUG",   "WARNING",	   "INFO: ",	"Oops",	       "LOCKUP",
	    "panic", "general pr", "unable to", "unreferenced"};
	bool hinted = false;

	/* Almost no line is a header: say so fast. */
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		hinted |= strstr(line, hints[i]) != NULL;
	for (size_t i = 0; hinted && i < NR_HEADERS; i++)
		if (matches(&re.headers[i], line, m))
			return &headers[i];
	return NULL;
}

/* Whether there was a splat of which a panic may be the consequence. */
static bool explains_panic(const struct splat_stream *k)
{
	return k->sink->seen || (k->open && !find_provoked(k));
}

/* A header that only carries on with what is already known. */
static bool is_continuation(struct splat_stream *k, const struct header *h, const char *line)
{
	regmatch_t m[4];

	if (h->kind == PANIC)
		return explains_panic(k) && matches(&re.consequence, line, m);
	if (h->kind != OOPS || !k->open || k->died || (k->kind != BUG && k->kind != OOPS))
		return false;
	k->died = true;
	return true;
}

struct splat_stream *splat_stream_new(struct splat_sink *sink)
{
	struct splat_stream *k = xcalloc(1, sizeof(*k));

	compile_all();
	k->sink = sink;
	return k;
}

/* A splat of one line, whatever else is open. */
static void report_line(struct splat_sink *sink, enum kind kind, uint64_t us, const char *line,
			const char *what)
{
	char *signature = xasprintf("%s: %s", kind_names[kind], what);
	char *title = xasprintf("%.200s", line);
	char *header = scrub(xstrdup(line)), *text = xasprintf("%s\n", line);

	sink->fn(sink->arg, &(struct klog_splat){
				.kind = kind_names[kind],
				.title = title,
				.signature = signature,
				.header = header,
				.text = text,
				.us = us,
				.number = ++sink->begun,
			    });
	free(signature);
	free(title);
	free(header);
	free(text);
}

/* "vcpu12" -> "vcpuN", in place: which one it was is chance. */
static char *scrub_vcpu(char *s)
{
	char *out = strstr(s, "vcpu");

	if (out) {
		size_t digits = strspn(out + 4, "0123456789");

		if (digits) {
			out[4] = 'N';
			memmove(out + 5, out + 4 + digits, strlen(out + 4 + digits) + 1);
		}
	}
	return s;
}

/* "kvm_intel: SEAMCALL TDH_MEM_TRACK failed: 0x..." */
static void report_error(struct splat_sink *sink, uint64_t us, const char *line)
{
	char *seamcall = kvm_line_seamcall(line), *what;
	const char *newline = strstr(line, "\\x0a"); /* as /dev/kmsg has it */
	int len = newline ? (int)(newline - line) : (int)strlen(line);

	what = seamcall ? xasprintf("%s failed", seamcall)
			: scrub_vcpu(scrub(xasprintf("%.*s", len, line)));
	report_line(sink, KVM_ERROR, us, line, what);
	free(what);
	free(seamcall);
}

/* An error that may be anything, right behind another one, only carries on. */
static void note_error(struct splat_stream *k, uint64_t us, int pri, const char *line)
{
	bool error = kvm_line_is_error(line, pri);

	if (error && !(k->after_error && !kvm_line_is_judged(line)))
		report_error(k->sink, us, line);
	k->after_error = error;
}

/* "N new suspected memory leaks" */
static bool says_leaks(const char *line)
{
	size_t digits = strspn(line, "0123456789");

	return digits && starts(line + digits, " new suspected memory leaks");
}

/* The records that may follow tell better. */
static void note_leaks(struct splat_sink *sink, uint64_t us, const char *line)
{
	if (!says_leaks(line) || sink->leaks)
		return;
	sink->leaks = xstrdup(line);
	sink->leaks_us = us;
}

/* Whether LINE may be behind a whole record: anything else may be where the log broke off. */
static bool follows_leak(const char *line)
{
	return !*line || starts(line, "unreferenced object") || says_leaks(line);
}

void splat_sink_end(struct splat_sink *sink)
{
	if (sink->leaks && !sink->leaks_listed)
		report_line(sink, KMEMLEAK, sink->leaks_us, sink->leaks,
			    "new suspected memory leaks");
	free(sink->leaks);
}

void splat_line(struct splat_stream *k, uint64_t us, int pri, const char *line)
{
	regmatch_t m[4];
	const struct header *h = find_header(line, m);

	note_error(k, us, pri, line);
	note_leaks(k->sink, us, line);
	if (k->open && k->kind == KMEMLEAK && !starts(line, "  "))
		close_splat(k, !follows_leak(line));
	if (h && !is_continuation(k, h, line)) {
		open_splat(k, us, line, h, m);
		return;
	}
	if (k->open && starts(line, "------------[ cut here ]"))
		close_splat(k, false);
	if (k->open)
		body_line(k, line);
	else
		between_lines(k, line);
}

bool splat_is_idle(const struct splat_stream *k)
{
	return !k->open && !k->nbefore;
}

bool splat_shows_others(const struct splat_stream *k)
{
	return k->open && (k->kind == RCU_STALL || k->kind == SOFT_LOCKUP || k->kind == HUNG_TASK);
}

void splat_add_text(struct splat_stream *k, const char *line)
{
	add_line(k, line);
}

void splat_stream_end(struct splat_stream *k)
{
	close_splat(k, true);
	text_clear(&k->before);
	free(k);
}
