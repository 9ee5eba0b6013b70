// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbols.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"
#include "xmem.h"

#define IMAGE	    "arch/x86/boot/bzImage" /* below the directory that holds vmlinux */
#define MAX_PADDING 64 /* between a function's end and the next symbol */
#define MAX_FRAMES  200 /* of one finding */

struct symbols {
	int fd;
	Elf *elf;
	Dwarf *dwarf;
	Elf_Data *table; /* the symbol table, of N entries; names are in section STRINGS */
	size_t n, strings;
	char *problem;
};

/* ---- the file ---- */

static char *vmlinux_path(const char *image)
{
	size_t len = strlen(image), tail = strlen(IMAGE);
	const char *slash = strrchr(image, '/');

	if (len > tail && !strcmp(image + len - tail, IMAGE))
		len -= tail;
	else
		len = slash ? (size_t)(slash + 1 - image) : 0;
	return xasprintf("%.*svmlinux", (int)len, image);
}

static void find_table(struct symbols *s)
{
	Elf_Scn *section = NULL;
	GElf_Shdr h;

	while ((section = elf_nextscn(s->elf, section))) {
		if (!gelf_getshdr(section, &h) || h.sh_type != SHT_SYMTAB || !h.sh_entsize)
			continue;
		s->table = elf_getdata(section, NULL);
		s->n = s->table ? h.sh_size / h.sh_entsize : 0;
		s->strings = h.sh_link;
	}
}

static bool has_lines(Dwarf *dwarf)
{
	Dwarf_Off next;
	size_t header;

	return dwarf && !dwarf_nextcu(dwarf, 0, &next, &header, NULL, NULL, NULL);
}

static char *open_file(struct symbols *s, const char *path)
{
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return xasprintf("cannot read %s: %s", path, strerror(errno));
	elf_version(EV_CURRENT);
	s->elf = elf_begin(s->fd, ELF_C_READ_MMAP, NULL);
	if (!s->elf || elf_kind(s->elf) != ELF_K_ELF)
		return xasprintf("%s is no ELF file", path);
	s->dwarf = dwarf_begin_elf(s->elf, DWARF_C_READ, NULL);
	if (!has_lines(s->dwarf))
		return xasprintf("%s has no debug information (CONFIG_DEBUG_INFO_DWARF5)", path);
	find_table(s);
	return s->n ? NULL : xasprintf("%s has no symbols", path);
}

struct symbols *symbols_open(const char *image)
{
	struct symbols *s = xcalloc(1, sizeof(*s));
	char *path = vmlinux_path(image);

	s->problem = open_file(s, path);
	free(path);
	return s;
}

void symbols_close(struct symbols *s)
{
	if (s->dwarf)
		dwarf_end(s->dwarf);
	if (s->elf)
		elf_end(s->elf);
	if (s->fd >= 0)
		close(s->fd);
	free(s->problem);
	free(s);
}

const char *symbols_problem(const struct symbols *s)
{
	return s->problem;
}

/* ---- names to addresses ---- */

/* "function+0x1f/0x130" */
struct place {
	const char *name;
	size_t len; /* of the name */
	uint64_t offset, size;
};

static bool is_named(const struct symbols *s, const GElf_Sym *symbol, const struct place *p)
{
	const char *name = elf_strptr(s->elf, s->strings, symbol->st_name);

	return name && !strncmp(name, p->name, p->len) && !name[p->len];
}

/* To kallsyms, a function ends where the next symbol begins. */
static bool has_size(const GElf_Sym *symbol, const struct place *p)
{
	return symbol->st_size <= p->size && p->size - symbol->st_size < MAX_PADDING;
}

/* The begin of the function; 0: there is none, or nobody can tell which of several. */
static uint64_t address_of(const struct symbols *s, const struct place *p)
{
	uint64_t found = 0;
	GElf_Sym symbol;

	for (size_t i = 0; i < s->n; i++) {
		if (!gelf_getsym(s->table, (int)i, &symbol) || !symbol.st_value ||
		    !is_named(s, &symbol, p) || (symbol.st_size && !has_size(&symbol, p)))
			continue;
		if (found && found != symbol.st_value)
			return 0;
		found = symbol.st_value;
	}
	return found;
}

/* ---- addresses to lines ---- */

/* Takes "." and "directory/.." out of PATH, in place. */
static char *normalise(char *path)
{
	char *copy = xstrdup(path), *rest = copy, *part, *end = path;

	*end = '\0';
	while ((part = strsep(&rest, "/"))) {
		char *slash;

		if (!*part || !strcmp(part, "."))
			continue;
		if (strcmp(part, "..")) {
			end += sprintf(end, "%s%s", end == path ? "" : "/", part);
			continue;
		}
		/* Out of the build directory is into the kernel's root. */
		slash = strrchr(path, '/');
		end = slash ? slash : path;
		*end = '\0';
	}
	free(copy);
	return path;
}

/* From the kernel's root: the build directory, and where that is, is the machine's. */
static char *source_path(Dwarf_Die *cu, const char *file)
{
	Dwarf_Attribute attr;
	const char *dir = dwarf_formstring(dwarf_attr(cu, DW_AT_comp_dir, &attr));
	size_t len = dir ? strlen(dir) : 0;
	char *path, *parent;

	if (!file)
		return NULL;
	if (len && !strncmp(file, dir, len) && file[len] == '/')
		return normalise(xstrdup(file + len + 1));
	path = normalise(xasprintf("/%s", file));
	parent = dir ? normalise(xasprintf("%s/..", dir)) : xstrdup("");
	len = strlen(parent);
	if (*file == '/' && len && !strncmp(path, parent, len) && path[len] == '/')
		memmove(path, path + len + 1, strlen(path + len + 1) + 1);
	free(parent);
	return path;
}

struct frames {
	struct frame *list;
	size_t n;
};

/* FILE is the frame's from now on. */
static void add_frame(struct frames *f, const char *function, size_t len, char *file,
		      unsigned int line, bool inlined)
{
	f->list = xgrow(f->list, f->n, sizeof(*f->list));
	f->list[f->n++] = (struct frame){
	    .function = xasprintf("%.*s", (int)len, function),
	    .file = file,
	    .line = line,
	    .inlined = inlined,
	};
}

/* Where the line table says that ADDRESS is. */
static char *line_of(Dwarf_Die *cu, uint64_t address, unsigned int *number)
{
	Dwarf_Line *line = dwarf_getsrc_die(cu, address);
	int n = 0;

	if (!line || dwarf_lineno(line, &n) || n <= 0)
		return NULL;
	*number = (unsigned int)n;
	return source_path(cu, dwarf_linesrc(line, NULL, NULL));
}

/* Where DIE, which was inlined, was called. */
static char *call_of(Dwarf_Die *cu, Dwarf_Die *die, unsigned int *number)
{
	Dwarf_Attribute attr;
	Dwarf_Files *files;
	Dwarf_Word file, line;

	if (dwarf_getsrcfiles(cu, &files, NULL) ||
	    dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attr), &file) ||
	    dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attr), &line))
		return NULL;
	*number = (unsigned int)line;
	return source_path(cu, dwarf_filesrc(files, file, NULL, NULL));
}

/* The scopes of the code itself, not of its source: the innermost first. */
static int scopes_at(Dwarf_Die *cu, uint64_t address, Dwarf_Die **scopes)
{
	Dwarf_Die innermost;

	if (dwarf_getscopes(cu, address, scopes) <= 0)
		return 0;
	innermost = (*scopes)[0];
	free(*scopes);
	*scopes = NULL;
	return dwarf_getscopes_die(&innermost, scopes);
}

static void add_frames(struct frames *f, Dwarf_Die *cu, uint64_t address, const struct place *p)
{
	Dwarf_Die *scopes = NULL;
	unsigned int line = 0;
	int n = scopes_at(cu, address, &scopes);
	char *file = line_of(cu, address, &line);

	for (int i = 0; i < n && file; i++) {
		const char *name = dwarf_diename(&scopes[i]);

		if (dwarf_tag(&scopes[i]) != DW_TAG_inlined_subroutine || !name)
			continue;
		add_frame(f, name, strlen(name), file, line, true);
		file = call_of(cu, &scopes[i], &line);
	}
	/* "f.isra.0" is what the compiler made of f. */
	if (file)
		add_frame(f, p->name, strcspn(p->name, ".+"), file, line, false);
	free(scopes);
}

/* clang writes no index of addresses. */
static bool find_unit(Dwarf *dwarf, uint64_t address, Dwarf_Die *cu)
{
	Dwarf_Off at = 0, next;
	size_t header;

	if (dwarf_addrdie(dwarf, address, cu))
		return true;
	for (; !dwarf_nextcu(dwarf, at, &next, &header, NULL, NULL, NULL); at = next)
		if (dwarf_offdie(dwarf, at + header, cu) && dwarf_haspc(cu, address) == 1)
			return true;
	return false;
}

static void look_up(const struct symbols *s, const struct place *p, bool returns, struct frames *f)
{
	uint64_t start = address_of(s, p);
	Dwarf_Die cu;

	if (!start || (returns && !p->offset))
		return;
	/* The call is before the address to which it returns. */
	start += p->offset - returns;
	if (find_unit(s->dwarf, start, &cu))
		add_frames(f, &cu, start, p);
}

/* ---- texts ---- */

static bool is_name(char c)
{
	return c == '_' || c == '.' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* The first "name+0x1/0x2" of LINE, up to END. */
static bool find_place(const char *line, const char *end, struct place *p)
{
	for (const char *plus = line; (plus = memchr(plus, '+', (size_t)(end - plus))); plus++) {
		const char *name = plus;
		char *rest;

		while (name > line && is_name(name[-1]))
			name--;
		if (name == plus || strncmp(plus, "+0x", 3))
			continue;
		p->name = name;
		p->len = (size_t)(plus - name);
		p->offset = strtoull(plus + 1, &rest, 16);
		if (strncmp(rest, "/0x", 3))
			continue;
		p->size = strtoull(rest + 1, NULL, 16);
		return p->offset <= p->size;
	}
	return false;
}

/* A frame of a backtrace is where a call returns to; anything else is where the CPU was. */
static bool is_return(const char *line)
{
	return *line == ' ' || *line == '\t';
}

/* Nobody wants to know of "? f+0x1/0x2", a leftover, or who last enabled interrupts. */
static bool is_beside(const char *line)
{
	return line[strspn(line, " \t")] == '?' || !strncmp(line, "hardirqs last ", 14) ||
	       !strncmp(line, "softirqs last ", 14);
}

void symbols_of_text(const struct symbols *s, const char *text, struct frame **frames, size_t *n)
{
	struct frames f = {*frames, *n};
	const char *end;

	for (size_t i = 0; *text && !s->problem && f.n < MAX_FRAMES; i++, text = end + !!*end) {
		struct place p;
		size_t first = f.n;

		end = text + strcspn(text, "\n");
		if (is_beside(text) || !find_place(text, end, &p))
			continue;
		look_up(s, &p, is_return(text), &f);
		while (first < f.n)
			f.list[first++].text_line = i;
	}
	*frames = f.list;
	*n = f.n;
}

/* ---- a run ---- */

static bool is_splat(const struct finding *f)
{
	return f->header && f->text && strstr(f->text, "+0x");
}

void symbols_mark(struct run_report *run, const char *image)
{
	struct symbols *s = NULL;

	for (size_t i = 0; i < run->nfindings; i++) {
		struct finding *f = &run->findings[i];

		if (!is_splat(f))
			continue;
		if (!s)
			s = symbols_open(image);
		symbols_of_text(s, f->text, &f->frames, &f->nframes);
	}
	if (!s)
		return;
	run->no_lines = xstrdup(symbols_problem(s));
	symbols_close(s);
}

void frames_free(struct frame *frames, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(frames[i].function);
		free(frames[i].file);
	}
	free(frames);
}
