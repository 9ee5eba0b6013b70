// SPDX-License-Identifier: GPL-2.0-or-later
/* septorture series and check-commit: a small git tree, a fake build and a fake guest. */
#include "cli.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xmem.h"

#define BEGIN	 HELLO "{\"e\":\"phase\",\"us\":1000000,\"name\":\"load\",\"td\":1}\n"
#define ENDED(n) "{\"e\":\"end\",\"us\":9000000,\"status\":\"done\",\"events\":" #n "}\n"
#define SEEN                                                                                       \
	"{\"e\":\"finding\",\"us\":1420000,\"oracle\":\"stats\",\"kind\":\"k\",\"title\":\"it is " \
	"wrong\",\"facts\":{},\"injected\":17,\"recent\":[]}\n"
#define CASES(ok)                                                                                  \
	HELLO "{\"e\":\"calls\",\"us\":3,\"site\":\"aug\",\"context\":\"map\",\"calls\":1}\n"      \
	      "{\"e\":\"cases\",\"us\":4,\"total\":1}\n"                                           \
	      "{\"e\":\"case_begin\",\"us\":4,\"n\":1,\"total\":1,\"site\":\"aug\",\"status\":"    \
	      "\"BUSY\",\"context\":\"map\",\"contract\":\"retry\",\"nth\":1}\n"                   \
	      "{\"e\":\"case_end\",\"us\":5,\"n\":1,\"outcome\":\"survived\",\"ok\":" ok           \
	      ",\"injected\":1}\n" ENDED(7)

/* Against the contract, each of them. */
#define ONE(n)                                                                                     \
	"{\"e\":\"case_begin\",\"us\":4,\"n\":" #n ",\"total\":6,\"site\":\"aug\",\"status\":"     \
	"\"S" #n "\",\"context\":\"map\",\"contract\":\"retry\",\"nth\":1}\n"                      \
	"{\"e\":\"case_end\",\"us\":5,\"n\":" #n ",\"outcome\":\"survived\",\"ok\":false,"         \
	"\"injected\":1}\n"
#define MANY                                                                                       \
	HELLO "{\"e\":\"cases\",\"us\":4,\"total\":6}\n" ONE(1) ONE(2) ONE(3) ONE(4) ONE(5) ONE(6) \
	    ENDED(16)

#define GIT    "git -C linux -c user.name=x -c user.email=x@y "
#define KVM    "linux/arch/x86/kvm/mmu/tdp_mmu.c"
#define LATEST "tree/build/series/latest/"

/* In KSRC it says what the build does: nothing, or its exit status. */
static const char build[] = "#!/bin/sh\n"
			    "echo \"$KSRC\" >ksrc\n"
			    "exit=$(cat \"$KSRC/exit\" 2>/dev/null)\n"
			    "[ -z \"$exit\" ] || exit \"$exit\"\n"
			    "[ -z \"$2\" ] || [ ! -f \"$KSRC/other\" ] || exit 2\n"
			    "echo kernel/bzImage\n";

/* A commit with FILE, unless NULL, in it. */
static void commit(const char *subject, const char *file, const char *text)
{
	char *path = xasprintf("linux/%s", file ? file : "README"), *command;

	write_text(path, file ? text : subject);
	command = xasprintf(GIT "add . && " GIT "commit -qm '%s'", subject);
	assert_int_equal(system(command), 0);
	free(command);
	free(path);
}

static int reset(void **state)
{
	if (cli_reset(state) ||
	    system("rm -rf linux tree/build/series tree/build/linux* tree/build/enumerate "
		   "tree/kernel/turns && git init -q linux && mkdir -p linux/arch/x86/kvm/mmu"))
		return -1;
	write_text("tree/kernel/build.sh", build);
	write_text("tree/configs/plans/enumerate.ini", "[stressor calm]\n");
	write_text("tree/kernel/events.clean", BEGIN ENDED(4));
	write_text("tree/kernel/events.hit", BEGIN SEEN ENDED(5));
	write_text("tree/kernel/events.cases", CASES("true"));
	write_text("tree/kernel/events.against", CASES("false"));
	write_text("tree/kernel/events.many", MANY);
	write_text("tree/kernel/events.invalid",
		   BEGIN "{\"e\":\"fail\",\"us\":1,\"text\":\"no kvm\"}\n" ENDED(5));
	commit("mmu: begin", "arch/x86/kvm/mmu/tdp_mmu.c", "map\n");
	return 0;
}

/* The guests of the next VMs, a line each. */
static void turns(const char *words)
{
	write_text("tree/kernel/turns", words);
}

static json_t *record(void)
{
	json_t *o = json_load_file(LATEST "series.json", 0, NULL);

	assert_non_null(o);
	return o;
}

static void assert_verdicts(const char *wanted)
{
	json_t *o = record(), *c;
	char *is = xstrdup("");
	size_t i;

	json_array_foreach(json_object_get(o, "commits"), i, c)
	{
		char *longer = xasprintf("%s%s%s", is, i ? " " : "",
					 json_string_value(json_object_get(c, "verdict")));

		free(is);
		is = longer;
	}
	assert_string_equal(is, wanted);
	free(is);
	json_decref(o);
}

/* What somebody else's tree is like, its index to the byte. free() it. */
static char *state_of_tree(void)
{
	assert_int_equal(system("(cksum linux/.git/index; ls -a linux/.git; " GIT
				"rev-parse HEAD; " GIT "--no-optional-locks status --porcelain) "
				">state"),
			 0);
	return read_text("state");
}

static void assert_untouched(const char *before)
{
	char *after = state_of_tree();

	assert_string_equal(before, after);
	free(after);
}

static void what_is_new(void **state)
{
	char *before, *ksrc;

	(void)state;
	commit("mmu: count first", NULL, NULL);
	commit("mmu: break it", "exit", "3\n");
	commit("mmu: mend it", "exit", "");
	commit("mmu: forget to retry", NULL, NULL);
	/* `git status` would write the index anew. */
	assert_int_equal(system("touch -d yesterday linux/arch/x86/kvm/mmu/tdp_mmu.c"), 0);
	before = state_of_tree();
	turns("clean\ncases\nhit\ncases\nhit\ncases\nclean\nagainst\n");
	want(run("series --tree linux HEAD~4..HEAD"), 1);
	assert_untouched(before);
	assert_verdicts("clean new broken clean new");
	assert_contains(out, " known from here on ");
	assert_contains(out, " 1 NEW ");
	assert_contains(out, " does not compile ");
	assert_contains(out, "\n  stats: k: it is wrong\n    git checkout ");
	assert_contains(out, "\n    KSRC=$PWD septorture run --seed ");
	assert_contains(out, " quick\n");
	assert_contains(out, "\n  aug fails with BUSY (map): survived, against the contract");
	assert_contains(err, "[5/5] ");
	ksrc = read_text("tree/ksrc");
	assert_contains(ksrc, "/tree/build/linux\n");
	free(ksrc);
	free(before);
}

/* What BASE has, the commits have from it. */
static void old_is_not_new(void **state)
{
	(void)state;
	commit("mmu: go on", NULL, NULL);
	turns("hit\nagainst\nhit\nagainst\n");
	want(run("series --tree linux HEAD~1.."), 0);
	assert_verdicts("clean clean");
	assert_contains(out, "2 known from here on");
	/* KSRC is the tree that is meant where none is given. */
	turns("hit\ncases\nclean\ncases\n");
	assert_int_equal(setenv("KSRC", "linux", 1), 0);
	want(run("series HEAD~1..HEAD --json"), 0);
	unsetenv("KSRC");
	assert_contains(out, "\"verdict\": \"clean\"");
}

/* Whose fault it is that something does not compile, nobody knows if what is before it does not. */
static void broken_base(void **state)
{
	(void)state;
	commit("mmu: break it", "exit", "3\n");
	commit("mmu: go on", NULL, NULL);
	commit("mmu: mend it", "exit", "");
	turns("clean\ncases\n");
	want(run("series --tree linux HEAD~2..HEAD"), 3);
	assert_verdicts("none none clean");
	assert_contains(out, " cannot be compiled ");
	assert_contains(out, "BASE has no result: ");
}

/* An enumeration that ended early may have missed what comes after. */
static void enough_is_no_verdict(void **state)
{
	(void)state;
	commit("mmu: go on", NULL, NULL);
	turns("clean\nmany\nclean\nmany\n");
	want(run("series --tree linux HEAD~1..HEAD"), 0);
	assert_verdicts("clean clean");
	turns("clean\ncases\nclean\nmany\n");
	want(run("series --tree linux HEAD~1..HEAD"), 1);
	assert_verdicts("clean new");
	assert_contains(out,
			"\n    KSRC=$PWD septorture enumerate --calls 1 --contracts retry,once,");
}

/* What a killed one has found out stays. */
static void killed(void **state)
{
	char *first;
	pid_t pid;

	(void)state;
	hang();
	turns("clean\n");
	pid = spawn_args("check-commit --tree linux");
	await_hang();
	kill(pid, SIGKILL);
	assert_int_equal(wait_for(pid), 128 + SIGKILL);
	unsetenv("FAKE_HANG");
	assert_int_equal(system("ls tree/build/series | grep -v latest >first"), 0);
	first = read_text("first");
	first[strcspn(first, "\n")] = '\0';
	turns("clean\ncases\nhit\nhit\n");
	want(run("check-commit --tree linux"), 0);
	assert_contains(err, "was left by a septorture that was killed");
	assert_contains(err, first);
	free(first);
	first = read_text(LATEST "series.txt");
	assert_string_equal(out, first);
	free(first);
}

/* A bare tree will do, and ours is none to be tested; what lies about in it is not compiled. */
static void trees(void **state)
{
	(void)state;
	assert_int_equal(system("git clone -q --bare linux bare.git"), 0);
	turns("clean\ncases\nhit\nhit\n");
	want(run("check-commit --tree bare.git"), 0);
	write_text("tree/build/linux/stray.c", "int stray;\n");
	turns("clean\ncases\nhit\nhit\n");
	want(run("check-commit --tree linux"), 0);
	assert_int_not_equal(access("tree/build/linux/stray.c", F_OK), 0);
	want(run("check-commit --tree tree/build/linux"), 2);
	assert_contains(err, "tree/build/linux is where commits are checked out");
	assert_int_equal(system(GIT "config extensions.partialClone x"), 0);
	want(run("check-commit --tree linux"), 2);
	assert_contains(err, " is a partial clone: ");
	assert_int_equal(system("rm -rf bare.git"), 0);
}

static void no_result(void **state)
{
	(void)state;
	commit("mmu: move it away", "exit", "2\n");
	turns("invalid\n");
	want(run("series --tree linux HEAD~1..HEAD"), 3);
	assert_verdicts("none none");
	assert_contains(out, "\n  no result: the agent failed: no kvm");
	assert_contains(
	    out, "\n  no result: the build refuses it, see above: a patch of ours that does not");
	assert_contains(out, "BASE has no result: ");
	/* A mail has no long lines, but for commands. */
	want(run("check-commit --tree linux"), 3);
	assert_contains(
	    out, "\n  no result: the build refuses it, see above: a patch of ours that does\n");
}

static void one_commit(void **state)
{
	(void)state;
	turns("clean\ncases\nhit\nhit\n");
	want(run("check-commit --tree linux"), 0);
	assert_contains(out, " (\"mmu: begin\")\n");
	assert_contains(out, "\n  stats-before-external: found by stats after 0.4 s\n");
	assert_contains(out, "\nclean\n");
	assert_contains(out, "1 of 1 run, 0 not as the contract says");
	turns("hit\ncases\nhit\nhit\n");
	want(run("check-commit --tree linux HEAD"), 1);
	assert_contains(out, "\n1 NEW\n");
	turns("hit\ncases\nhit\nhit\n");
	want(run("check-commit --tree linux HEAD"), 1);
	assert_contains(out, "signature   stats: k: it is wrong\n");
	assert_lacks(out, "build/linux");
}

/* Silence of a tool that is deaf is no verdict. */
static void deaf_tool(void **state)
{
	(void)state;
	turns("clean\ncases\nhit\nclean\n");
	want(run("check-commit --tree linux"), 3);
	assert_contains(out, "\n  no-restore-on-failure: NOT FOUND\n");
	assert_contains(out, "clean, which means nothing: seeded bugs were not found\n");
	/* One that cannot be put in proves nothing; at least one has to. */
	commit("mmu: another", "other", "");
	turns("clean\ncases\n");
	want(run("check-commit --tree linux"), 3);
	assert_contains(out, "cannot be put into this kernel");
}

static void not_committed(void **state)
{
	(void)state;
	write_text(KVM, "map differently\n");
	turns("clean\ncases\nhit\nhit\n");
	want(run("check-commit --tree linux"), 0);
	assert_contains(out, "\nwhat is not committed was not tested\n");
}

static void wrong_words(void **state)
{
	static const struct {
		const char *args, *says;
	} wrong[] = {
	    {"series", "say which commits: BASE..TIP"},
	    {"series --tree linux HEAD", "'HEAD' is no range; say BASE..TIP"},
	    {"series --tree linux HEAD...HEAD", "is no range"},
	    {"series --tree linux HEAD..HEAD", "there are no commits in HEAD..HEAD of"},
	    {"series --tree linux nosuch..HEAD", "has no commit 'nosuch'"},
	    {"series --tree linux -- -x..HEAD", "has no commit '-x'"},
	    {"series --tree linux HEAD..nosuch", "has no commit 'nosuch'"},
	    {"series --tree / HEAD~1..HEAD", "/ is in no git tree; --tree says"},
	    {"series --tree nosuch HEAD~1..HEAD", "nosuch is in no git tree"},
	    {"check-commit --tree linux a b", "'b' is one too many"},
	    {"check-commit --tree linux --plan nosuch.ini", "nosuch.ini"},
	    {"check-commit --tree linux empty", "is no kernel that can be tested"},
	};

	(void)state;
	assert_int_equal(system(GIT "tag first && " GIT "checkout -q --orphan e && " GIT
				    "rm -rqf . && " GIT "commit -q --allow-empty -m none && " GIT
				    "tag empty && " GIT "checkout -q first"),
			 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		want(run(wrong[i].args), 2);
		assert_contains(err, wrong[i].says);
	}
}

static void one_at_a_time(void **state)
{
	char *command = xasprintf("mkdir -p tree/build && flock tree/build/linux.lock " TOOL
				  " check-commit --tree linux >out 2>err");
	int status = system(command);

	(void)state;
	assert_int_equal(WEXITSTATUS(status), 3);
	free(err);
	err = read_text("err");
	assert_contains(err, "another septorture has tree/build/linux; wait for its end");
	free(command);
}

static void ends_when_told(void **state)
{
	json_t *o;
	pid_t pid;

	(void)state;
	commit("mmu: go on", NULL, NULL);
	hang();
	turns("clean\n");
	pid = spawn_args("series --tree linux HEAD~1..HEAD");
	await_hang();
	kill(pid, SIGTERM);
	assert_int_equal(wait_for(pid), 3);
	assert_gone(hung_pid());
	o = record();
	assert_contains(json_string_value(json_object_get(o, "stopped")), "by signal 15");
	json_decref(o);
	assert_verdicts("none none");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, reset)
	const struct CMUnitTest tests[] = {
	    T(what_is_new),
	    T(old_is_not_new),
	    T(no_result),
	    T(one_commit),
	    T(deaf_tool),
	    T(not_committed),
	    T(wrong_words),
	    T(one_at_a_time),
	    T(ends_when_told),
	    T(broken_base),
	    T(enough_is_no_verdict),
	    T(killed),
	    T(trees),
	};

	return cmocka_run_group_tests(tests, cli_set_up, cli_tear_down);
}
