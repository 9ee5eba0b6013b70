/*
 * build/mutate on scratch files: what it applies, what it refuses, and that a
 * hard link in the output folder is replaced, not written through.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRISTINE	"one\n\ttwo\nthree\ntwo\nfour\nfive\n"
#define BLOCK(old, new) "<<<<\n" old "====\n" new ">>>>\n"

static char dir[] = "/tmp/test_mutate.XXXXXX";
static char messages[8192];

static char *at(const char *name)
{
	static char path[4][PATH_MAX];
	static unsigned int turn;
	char *p = path[turn++ % 4];

	snprintf(p, PATH_MAX, "%s/%s", dir, name);
	return p;
}

static void put_bytes(const char *name, const void *bytes, size_t len)
{
	FILE *f = fopen(at(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void put(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

static void assert_holds(const char *name, const char *want)
{
	char got[4096];
	FILE *f = fopen(at(name), "r");
	size_t n;

	assert_non_null(f);
	n = fread(got, 1, sizeof(got) - 1, f);
	fclose(f);
	got[n] = '\0';
	assert_string_equal(got, want);
}

static void read_messages(int fd)
{
	size_t got = 0;
	ssize_t n;

	while ((n = read(fd, messages + got, sizeof(messages) - 1 - got)) > 0)
		got += (size_t)n;
	messages[got] = '\0';
	close(fd);
}

/* Exit status of mutate on m.mutant; its words are in messages. */
static int mutate(const char *option)
{
	const char *tool = getenv("MUTATE") ? getenv("MUTATE") : "build/mutate";
	int fds[2], status;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		execl(tool, tool, at("m.mutant"), at("in"), at("out"), option, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	read_messages(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void assert_refused(const char *mutant, const char *why)
{
	put("m.mutant", mutant);
	assert_int_equal(mutate(NULL), 2);
	if (!strstr(messages, why))
		fail_msg("'%s' is not in: %s", why, messages);
	assert_holds("out/sub/a.c", PRISTINE);
}

static void applies_several_blocks(void **state)
{
	(void)state;
	put("m.mutant", "# family: test\n\nFILE sub/a.c\n" BLOCK("four\n", "4\n4b\n")
			    BLOCK("one\n", "") "FILE sub/b.c\n" BLOCK("b\n", "B\n"));
	assert_int_equal(mutate(NULL), 0);
	assert_string_equal(messages, "");
	assert_holds("out/sub/a.c", "\ttwo\nthree\ntwo\n4\n4b\nfive\n");
	assert_holds("out/sub/b.c", "B\n");
	assert_holds("in/sub/a.c", PRISTINE);
}

static void replaces_a_hard_link(void **state)
{
	struct stat st;

	(void)state;
	unlink(at("out/sub/a.c"));
	assert_int_equal(link(at("in/sub/a.c"), at("out/sub/a.c")), 0);
	assert_int_equal(chmod(at("in/sub/a.c"), 0751), 0);
	put("m.mutant", "FILE sub/a.c\n" BLOCK("one\n", "1\n"));
	assert_int_equal(mutate(NULL), 0);
	assert_holds("in/sub/a.c", PRISTINE);
	assert_holds("out/sub/a.c", "1\n\ttwo\nthree\ntwo\nfour\nfive\n");
	assert_int_equal(stat(at("out/sub/a.c"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0751);
}

static void check_writes_nothing(void **state)
{
	(void)state;
	put("m.mutant", "FILE sub/a.c\n" BLOCK("one\n", "1\n"));
	assert_int_equal(mutate("--check"), 0);
	assert_holds("out/sub/a.c", PRISTINE);
}

static void refuses_a_block_that_is_not_there(void **state)
{
	(void)state;
	assert_refused("# x\nFILE sub/a.c\n" BLOCK("zero\n", "0\n"),
		       "m.mutant:3: the old lines of this block occur 0 times in sub/a.c");
	/* part of a line is no match, nor is other white space */
	assert_refused("FILE sub/a.c\n" BLOCK("hree\n", "3\n"), "occur 0 times");
	assert_refused("FILE sub/a.c\n" BLOCK("  two\n", "2\n"), "occur 0 times");
}

static void refuses_a_block_that_is_there_twice(void **state)
{
	(void)state;
	put("in/sub/b.c", "b\nx\nb\n");
	assert_refused("FILE sub/b.c\n" BLOCK("b\n", "B\n"),
		       "m.mutant:2: the old lines of this block occur 2 times in sub/b.c");
}

static void writes_nothing_if_a_later_file_fails(void **state)
{
	(void)state;
	assert_refused("FILE sub/a.c\n" BLOCK("one\n", "1\n") "FILE sub/b.c\n" BLOCK("no\n", "\n"),
		       "occur 0 times in sub/b.c");
	assert_refused("FILE sub/a.c\n" BLOCK("one\n", "1\n") "FILE sub/c.c\n" BLOCK("c\n", "\n"),
		       "can't read sub/c.c");
}

static void refuses_overlapping_blocks(void **state)
{
	(void)state;
	assert_refused("FILE sub/a.c\n" BLOCK("four\nfive\n", "") BLOCK("five\n", "5\n"),
		       "overlaps");
	assert_refused("FILE sub/a.c\n" BLOCK("one\n", "1\n") BLOCK("one\n", "I\n"), "overlaps");
}

static void refuses_paths_out_of_the_tree(void **state)
{
	static const char *const paths[] = {"../in/sub/a.c", "sub/../sub/a.c", "/etc/passwd", "..",
					    "./sub/a.c",     "sub//a.c",       "sub/a.c/",    ""};
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		snprintf(text, sizeof(text), "FILE %s\n" BLOCK("one\n", "1\n"), paths[i]);
		assert_refused(text, "m.mutant:1: ");
	}
}

static void refuses_bad_format(void **state)
{
	(void)state;
	assert_refused("", "has no <<<< block");
	assert_refused("# only a header\n", "has no <<<< block");
	assert_refused(BLOCK("one\n", "1\n"), "m.mutant:1: a block needs a FILE line");
	assert_refused("FILE sub/a.c\n<<<<\none\n", "m.mutant:2: this block has no ==== line");
	assert_refused("FILE sub/a.c\n<<<<\none\n====\n1",
		       "m.mutant:2: this block has no >>>> line");
	assert_refused("FILE sub/a.c\n" BLOCK("", "1\n"),
		       "m.mutant:2: this block has no old lines");
	assert_refused("FILE sub/a.c\nhello\n", "m.mutant:2: expected");
}

static void survives_junk(void **state)
{
	const size_t len = 1 << 20;
	char *junk = malloc(len);
	unsigned int seed = 1;
	size_t i;

	(void)state;
	assert_non_null(junk);
	for (i = 0; i < len; i++)
		junk[i] = (char)rand_r(&seed);
	put_bytes("m.mutant", junk, len);
	assert_int_equal(mutate(NULL), 2);
	for (i = 0; i < len; i++)
		junk[i] = "<=>\n"[rand_r(&seed) % 4];
	put_bytes("m.mutant", junk, len);
	assert_int_equal(mutate(NULL), 2);
	memset(junk, 'x', len);
	put_bytes("m.mutant", junk, len);
	assert_int_equal(mutate(NULL), 2);
	put_bytes("m.mutant", "FILE sub/a.c\n\0", 14);
	assert_int_equal(mutate(NULL), 2);
	assert_non_null(strstr(messages, "NUL"));
	free(junk);
}

static int set_up(void **state)
{
	(void)state;
	put("in/sub/a.c", PRISTINE);
	put("in/sub/b.c", "b\n");
	unlink(at("out/sub/a.c"));
	put("out/sub/a.c", PRISTINE);
	return 0;
}

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	return mkdir(at("in"), 0700) || mkdir(at("in/sub"), 0700) || mkdir(at("out"), 0700) ||
	       mkdir(at("out/sub"), 0700);
}

static int remove_dir(void **state)
{
	static const char *const names[] = {"in/sub/a.c",  "in/sub/b.c", "out/sub/a.c",
					    "out/sub/b.c", "in/sub",	 "out/sub",
					    "in",	   "out",	 "m.mutant"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		remove(at(names[i]));
	return rmdir(dir);
}

#define TEST(fn) cmocka_unit_test_setup(fn, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(applies_several_blocks),
	    TEST(replaces_a_hard_link),
	    TEST(check_writes_nothing),
	    TEST(refuses_a_block_that_is_not_there),
	    TEST(refuses_a_block_that_is_there_twice),
	    TEST(writes_nothing_if_a_later_file_fails),
	    TEST(refuses_overlapping_blocks),
	    TEST(refuses_paths_out_of_the_tree),
	    TEST(refuses_bad_format),
	    TEST(survives_junk),
	};

	return cmocka_run_group_tests_name("mutate", tests, make_dir, remove_dir);
}
