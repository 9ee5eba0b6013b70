/*
 * mutate: seeds a known bug into kernel sources.
 *
 * usage: mutate MUTANT_FILE PRISTINE_DIR OUT_DIR [--check]
 *
 * A mutant is a text file: "# key: value" header lines, then blocks
 *
 *	FILE path/in/the/tree.c
 *	<<<<
 *	old lines
 *	====
 *	new lines
 *	>>>>
 *
 * The old lines must occur exactly once, as whole lines, in the pristine file.
 * The mutated file is put into OUT_DIR by rename, so that a hard link there is
 * replaced, never written through. --check only looks.
 *
 * exit: 0 applied, 1 the machine failed us (I/O), 2 the mutant does not apply
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE_BYTES (64u << 20)

enum { EXIT_IO = 1, EXIT_MUTANT = 2 };

/* Bytes of someone else's buffer; never NUL-terminated. */
struct span {
	const char *at;
	size_t len;
};

struct block {
	struct span file;
	struct span old, new;
	size_t line;
	const char *where; /* the match in the pristine file */
};

struct mutant {
	const char *name;
	struct span text;
	struct block *blocks;
	size_t nr, room;
};

struct reader {
	struct span rest;
	size_t line;
};

static void __attribute__((noreturn, format(printf, 2, 3))) die(int status, const char *fmt, ...)
{
	va_list args;

	fputs("mutate: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

static void *checked(void *p)
{
	if (!p)
		die(EXIT_IO, "out of memory");
	return p;
}

static bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && !memcmp(s.at, text, s.len);
}

static bool span_eq(struct span a, struct span b)
{
	return a.len == b.len && !memcmp(a.at, b.at, a.len);
}

/* Line with its newline (the last one may lack it). False at the end. */
static bool next_line(struct reader *r, struct span *line)
{
	const char *nl;

	if (!r->rest.len)
		return false;
	nl = memchr(r->rest.at, '\n', r->rest.len);
	line->at = r->rest.at;
	line->len = nl ? (size_t)(nl - line->at) + 1 : r->rest.len;
	r->rest.at += line->len;
	r->rest.len -= line->len;
	r->line++;
	return true;
}

static struct span chomp(struct span line)
{
	if (line.len && line.at[line.len - 1] == '\n')
		line.len--;
	return line;
}

/* ---- files ---- */

static char *read_fd(int fd, const char *path, size_t size)
{
	char *buf = checked(malloc(size + 1));
	size_t got = 0;
	ssize_t n;

	while (got < size) {
		n = read(fd, buf + got, size - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			die(EXIT_IO, "%s: %s", path,
			    n ? strerror(errno) : "got shorter while read");
		got += (size_t)n;
	}
	buf[size] = '\0';
	return buf;
}

/* Whole regular file, with its mode. errno says why on false. */
static bool read_file(const char *path, struct span *out, mode_t *mode)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return false;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (uintmax_t)st.st_size > MAX_FILE_BYTES) {
		close(fd);
		errno = EINVAL;
		return false;
	}
	out->len = (size_t)st.st_size;
	out->at = read_fd(fd, path, out->len);
	if (mode)
		*mode = st.st_mode & 0777;
	close(fd);
	return true;
}

static char *join(const char *dir, struct span file)
{
	char *path;

	if (asprintf(&path, "%s/%.*s", dir, (int)file.len, file.at) < 0)
		die(EXIT_IO, "out of memory");
	return path;
}

/* Makes the folders that lead to path, below base. */
static void make_parents(char *path, size_t base)
{
	size_t i;

	for (i = base + 1; path[i]; i++) {
		if (path[i] != '/')
			continue;
		path[i] = '\0';
		if (mkdir(path, 0777) && errno != EEXIST)
			die(EXIT_IO, "%s: %s", path, strerror(errno));
		path[i] = '/';
	}
}

static FILE *open_temp(const char *path, mode_t mode, char **temp)
{
	FILE *f;
	int fd;

	if (asprintf(temp, "%s.XXXXXX", path) < 0)
		die(EXIT_IO, "out of memory");
	fd = mkstemp(*temp);
	if (fd < 0)
		die(EXIT_IO, "%s: %s", *temp, strerror(errno));
	f = checked(fdopen(fd, "w"));
	if (fchmod(fd, mode))
		die(EXIT_IO, "%s: %s", *temp, strerror(errno));
	return f;
}

static void close_temp(FILE *f, char *temp, const char *path)
{
	bool bad = ferror(f);

	if (fclose(f) || bad || rename(temp, path)) {
		int err = errno;

		unlink(temp);
		die(EXIT_IO, "%s: %s", path, strerror(err));
	}
	free(temp);
}

/* ---- the mutant file ---- */

static void __attribute__((noreturn))
bad_format(const struct mutant *m, size_t line, const char *what)
{
	die(EXIT_MUTANT, "%s:%zu: %s", m->name, line, what);
}

/* A path must stay inside the tree: relative, without . and .. steps. */
static bool path_stays_inside(struct span path)
{
	const char *at = path.at, *end = path.at + path.len, *slash;
	struct span step;

	if (path.len >= PATH_MAX)
		return false;
	do {
		slash = memchr(at, '/', (size_t)(end - at));
		step.at = at;
		step.len = (size_t)((slash ? slash : end) - at);
		if (!step.len || span_is(step, ".") || span_is(step, ".."))
			return false;
		at = slash ? slash + 1 : end;
	} while (slash);
	return true;
}

static struct span parse_file_line(const struct mutant *m, const struct reader *r, struct span line)
{
	line.at += strlen("FILE ");
	line.len -= strlen("FILE ");
	if (!path_stays_inside(line))
		bad_format(m, r->line, "FILE must name a path inside the tree (relative, no ..)");
	return line;
}

/* Lines up to the one that is just `mark`. */
static struct span until(const struct mutant *m, struct reader *r, size_t start, const char *mark)
{
	struct span body = {r->rest.at, 0}, line;

	while (next_line(r, &line)) {
		if (span_is(chomp(line), mark))
			return body;
		body.len += line.len;
	}
	if (mark[0] == '=')
		bad_format(m, start, "this block has no ==== line");
	bad_format(m, start, "this block has no >>>> line");
}

static void add_block(struct mutant *m, struct reader *r, struct span file)
{
	struct block b = {.file = file, .line = r->line};

	if (!file.len)
		bad_format(m, r->line, "a block needs a FILE line before it");
	b.old = until(m, r, b.line, "====");
	b.new = until(m, r, b.line, ">>>>");
	if (!b.old.len)
		bad_format(m, b.line, "this block has no old lines to find");
	if (m->nr == m->room) {
		m->room = m->room ? 2 * m->room : 16;
		m->blocks = checked(realloc(m->blocks, m->room * sizeof(b)));
	}
	m->blocks[m->nr++] = b;
}

static void parse_line(struct mutant *m, struct reader *r, struct span line, struct span *file)
{
	if (!line.len || line.at[0] == '#')
		return;
	if (line.len > strlen("FILE ") && !memcmp(line.at, "FILE ", strlen("FILE ")))
		*file = parse_file_line(m, r, line);
	else if (span_is(line, "<<<<"))
		add_block(m, r, *file);
	else
		bad_format(m, r->line, "expected '# comment', 'FILE path' or '<<<<'");
}

static void parse_mutant(struct mutant *m)
{
	struct reader r = {m->text, 0};
	struct span line, file = {"", 0};

	if (memchr(m->text.at, '\0', m->text.len))
		die(EXIT_MUTANT, "%s: has NUL bytes, so it is not a mutant", m->name);
	while (next_line(&r, &line))
		parse_line(m, &r, chomp(line), &file);
	if (!m->nr)
		die(EXIT_MUTANT, "%s: has no <<<< block", m->name);
}

/* ---- matching ---- */

/* `old` at this line start, as whole lines: it ends in a newline itself. */
static bool matches_at(struct span text, size_t at, struct span old)
{
	return text.len - at >= old.len && !memcmp(text.at + at, old.at, old.len);
}

static size_t count_matches(struct span text, struct block *b)
{
	struct reader r = {text, 0};
	struct span line;
	size_t count = 0;

	while (next_line(&r, &line)) {
		if (!matches_at(text, (size_t)(line.at - text.at), b->old))
			continue;
		b->where = line.at;
		count++;
	}
	return count;
}

static void find_block(const struct mutant *m, struct span text, struct block *b)
{
	size_t count = count_matches(text, b);

	if (count != 1)
		die(EXIT_MUTANT,
		    "%s:%zu: the old lines of this block occur %zu times in %.*s, "
		    "they must occur exactly once",
		    m->name, b->line, count, (int)b->file.len, b->file.at);
}

static int by_place(const void *a, const void *b)
{
	const struct block *const *x = a, *const *y = b;

	return ((*x)->where > (*y)->where) - ((*x)->where < (*y)->where);
}

/* Blocks of one file in the order they stand in it. */
static struct block **sorted_blocks(const struct mutant *m, struct span file, size_t *nr)
{
	struct block **list = checked(calloc(m->nr, sizeof(*list)));
	size_t i;

	*nr = 0;
	for (i = 0; i < m->nr; i++) {
		if (span_eq(m->blocks[i].file, file))
			list[(*nr)++] = &m->blocks[i];
	}
	qsort(list, *nr, sizeof(*list), by_place);
	return list;
}

static void check_overlap(const struct mutant *m, struct block **list, size_t nr)
{
	size_t i;

	for (i = 1; i < nr; i++) {
		if (list[i - 1]->where + list[i - 1]->old.len > list[i]->where)
			die(EXIT_MUTANT, "%s:%zu: this block overlaps the one of line %zu in %.*s",
			    m->name, list[i]->line, list[i - 1]->line, (int)list[i]->file.len,
			    list[i]->file.at);
	}
}

/* ---- output ---- */

static void write_mutated(const char *out_dir, struct span file, mode_t mode, struct span text,
			  struct block **list, size_t nr)
{
	const char *done = text.at;
	char *path = join(out_dir, file), *temp;
	size_t i;
	FILE *f;

	make_parents(path, strlen(out_dir));
	f = open_temp(path, mode, &temp);
	for (i = 0; i < nr; i++) {
		fwrite(done, 1, (size_t)(list[i]->where - done), f);
		fwrite(list[i]->new.at, 1, list[i]->new.len, f);
		done = list[i]->where + list[i]->old.len;
	}
	fwrite(done, 1, (size_t)(text.at + text.len - done), f);
	close_temp(f, temp, path);
	free(path);
}

static void read_pristine(const struct mutant *m, const struct block *b, const char *dir,
			  struct span *text, mode_t *mode)
{
	char *path = join(dir, b->file);

	if (!read_file(path, text, mode))
		die(EXIT_MUTANT, "%s:%zu: can't read %.*s in the kernel tree: %s", m->name, b->line,
		    (int)b->file.len, b->file.at, strerror(errno));
	free(path);
}

/* All blocks of the file that block `first` is for; out_dir NULL: only check. */
static void do_file(struct mutant *m, size_t first, const char *dir, const char *out_dir)
{
	struct span file = m->blocks[first].file, text;
	struct block **list;
	mode_t mode;
	size_t i, nr;

	read_pristine(m, &m->blocks[first], dir, &text, &mode);
	for (i = first; i < m->nr; i++) {
		if (span_eq(m->blocks[i].file, file))
			find_block(m, text, &m->blocks[i]);
	}
	list = sorted_blocks(m, file, &nr);
	check_overlap(m, list, nr);
	if (out_dir)
		write_mutated(out_dir, file, mode, text, list, nr);
	free(list);
	free((char *)(uintptr_t)text.at);
}

static bool seen_before(const struct mutant *m, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++) {
		if (span_eq(m->blocks[j].file, m->blocks[i].file))
			return true;
	}
	return false;
}

static void do_all_files(struct mutant *m, const char *dir, const char *out_dir)
{
	size_t i;

	for (i = 0; i < m->nr; i++) {
		if (!seen_before(m, i))
			do_file(m, i, dir, out_dir);
	}
}

static const char *basename_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int main(int argc, char **argv)
{
	bool check = argc > 1 && !strcmp(argv[argc - 1], "--check");
	struct mutant m = {0};

	if (check)
		argc--;
	if (argc != 4)
		die(EXIT_MUTANT, "usage: mutate MUTANT_FILE PRISTINE_DIR OUT_DIR [--check]");
	m.name = basename_of(argv[1]);
	if (!read_file(argv[1], &m.text, NULL))
		die(EXIT_MUTANT, "%s: %s", argv[1], strerror(errno));
	parse_mutant(&m);
	/* Everything is found before anything is written. */
	do_all_files(&m, argv[2], NULL);
	if (!check)
		do_all_files(&m, argv[2], argv[3]);
	free(m.blocks);
	free((char *)(uintptr_t)m.text.at);
	return 0;
}
