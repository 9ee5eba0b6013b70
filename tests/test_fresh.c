// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A machine that lacks something: the kernel's source, packages, a compiler, a
 * network that answers. kernel/fetch.sh and fi-scripts/install.sh with the real
 * apt, on a Debian archive of our own, which tests/httpd.c serves badly.
 */
#include "helper.h"
#include "httpd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "xmem.h"

#define FETCH	"XDG_CACHE_HOME=$PWD/cache " SRCDIR "/kernel/fetch.sh --deb"
#define INSTALL "PACKAGES=$PWD/packages PATH=$PWD/fake:$PATH " SRCDIR "/fi-scripts/install.sh"
#define DEB	"linux-source-7.3_7.3.9-1_all.deb"
#define CACHE	"cache/septorture/"
#define PARTIAL CACHE "partial/"
#define LENGTH	(400 << 10) /* at least, of DEB */

static pid_t server;
static char *said; /* by the last command, on both ways */

/* Runs a piece of shell; its exit status. */
static int sh(const char *command)
{
	char *line = xasprintf("{ %s\n} >said 2>&1 </dev/null", command);
	int status = system(line);

	free(line);
	free(said);
	said = read_text("said");
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void want(int status, int expected)
{
	if (status != expected)
		fail_msg("exit status %d, not %d; it printed:\n%s", status, expected, said);
}

static void must(const char *command)
{
	want(sh(command), 0);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static long size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? -1 : (long)st.st_size;
}

/* Of the configuration of this machine, apt is to see nothing. */
static void write_apt_conf(unsigned int port)
{
	char *cwd = getcwd(NULL, 0);
	char *conf = xasprintf(
	    "Dir::Etc::main \"/dev/null\"; Dir::Etc::parts \"/dev/null\";\n"
	    "Dir::Etc::sourcelist \"%s/sources.list\"; Dir::Etc::sourceparts \"/dev/null\";\n"
	    "Dir::State \"%s/apt\"; Dir::State::status \"/dev/null\"; Dir::Cache \"%s/apt\";\n"
	    "Dir::Log \"/dev/null\"; Debug::NoLocking \"1\"; APT::Sandbox::User \"root\";\n"
	    "Acquire::http::Timeout \"1\"; Acquire::http::Proxy::127.0.0.1 \"DIRECT\";\n"
	    "Acquire::AllowInsecureRepositories \"1\"; APT::Get::AllowUnauthenticated \"1\";\n"
	    "APT::Get::Download-Only \"1\";\n",
	    cwd, cwd, cwd);
	char *sources = xasprintf("deb http://127.0.0.1:%u/debian stable main\n", port);
	char *path = xasprintf("%s/apt.conf", cwd);

	write_text("apt.conf", conf);
	write_text("sources.list", sources);
	setenv("APT_CONFIG", path, 1);
	free(path);
	free(sources);
	free(conf);
	free(cwd);
}

static int set_up(void **state)
{
	if (enter_scratch(state))
		return -1;
	must("mkdir -p debian apt/lists/partial apt/archives/partial fake");
	must(SRCDIR "/tests/fake-archive debian trixie-backports linux-source-7.3 7.3.9-1 400");
	must(SRCDIR "/tests/fake-archive debian stable septorture-small 1 1");
	must(SRCDIR "/tests/fake-archive debian stable septorture-big 1 64");
	write_text("packages", "septorture-small # for one thing\nseptorture-big # for another\n");
	/* Not root, sudo still has nothing to do. */
	write_text("sudo", "#!/bin/sh\necho \"$*\" >>sudo.log\nexec \"$@\"\n");
	write_text("id", "#!/bin/sh\necho 1000\n");
	write_text("no-sudo", "#!/bin/sh\necho plain is not in the sudoers file. >&2\nexit 1\n");
	must("chmod +x sudo no-sudo id && cp sudo fake");
	write_apt_conf(httpd_start(&server));
	return 0;
}

static int tear_down(void **state)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	free(said);
	return leave_scratch(state);
}

/* Each test begins with an empty cache and a server that behaves. */
static int reset(void **state)
{
	(void)state;
	return system("rm -rf cache silent cut requests sudo.log fake/id; cp sudo fake");
}
#define TEST(f) cmocka_unit_test_setup(f, reset)

/* ---- the kernel's source ---- */

static void silent_mirror(void **state)
{
	double start = now();

	(void)state;
	write_text("silent", "");
	want(sh(FETCH), 1);
	assert_true(now() - start < 20);
	assert_contains(said, "fetch: no kernel source: the Debian archive http://127.0.0.1:");
	assert_contains(said, "/debian does not answer, and the cache ");
	assert_contains(said,
			"/cache/septorture has none; see that the network and apt's proxy work, or "
			"set KSRC=/path/to/linux");
	/* It is not asked for the other suites. */
	assert_lacks(said, "sid");
	must("test -z \"$(find cache -name 'tmp.*' -o -name '*.deb')\"");
}

static void assert_fetched(void)
{
	char *last;

	want(sh("cmp " CACHE DEB " debian/" DEB), 0);
	assert_int_equal(size_of(PARTIAL DEB), -1);
	/* From now on without a network. */
	write_text("silent", "");
	want(sh(FETCH), 0);
	last = strrchr(said, '/');
	assert_non_null(last);
	assert_string_equal(last, "/" DEB "\n");
}

/* The line of `requests` that shows where the last download began. */
static void assert_asked_from(long byte)
{
	char *requests = read_text("requests");
	char *line = xasprintf("debian/" DEB " %ld\n", byte);

	assert_true(strlen(requests) > strlen(line));
	assert_string_equal(requests + strlen(requests) - strlen(line), line);
	free(requests);
	free(line);
}

static void cut_download_goes_on(void **state)
{
	long had;

	(void)state;
	write_text("cut", "100000");
	want(sh(FETCH), 1);
	assert_contains(said, "fetch: the next run goes on with what came of it\n");
	assert_contains(said, "fetch: no kernel source: linux-source-7.3 could not be downloaded");
	/* apt itself tried twice. */
	had = size_of(PARTIAL DEB);
	assert_int_equal(had, 200000);
	assert_asked_from(100000);
	unlink("cut");
	want(sh(FETCH), 0);
	assert_contains(said, "are here already)");
	assert_asked_from(had);
	assert_fetched();
}

/* All there, but killed before it was moved. */
static void whole_part(void **state)
{
	(void)state;
	must("mkdir -p " PARTIAL " && cp -p debian/" DEB " " PARTIAL);
	want(sh(FETCH), 0);
	assert_fetched();
}

static void damaged_part(void **state)
{
	(void)state;
	must("mkdir -p " PARTIAL " && head -c 5000 /dev/zero >" PARTIAL DEB
	     " && touch -r debian/" DEB " " PARTIAL DEB);
	want(sh(FETCH), 0);
	assert_contains(said, "fetch: what an earlier download left is damaged; dropping it and "
			      "starting over\n");
	assert_null(strstr(strstr(said, "downloading") + 1, "downloading"));
	assert_asked_from(0);
	assert_fetched();
	/* More than there is to be had. */
	must("rm -rf cache silent && mkdir -p " PARTIAL " && cat debian/" DEB " debian/" DEB
	     " >" PARTIAL DEB);
	must("touch -r debian/" DEB " " PARTIAL DEB);
	want(sh(FETCH), 0);
	assert_fetched();
}

/* A package that is not the one that the list promises: no second try would help. */
static void wrong_package(void **state)
{
	(void)state;
	must("cp -p debian/" DEB " kept && head -c 410k /dev/zero >debian/" DEB);
	want(sh(FETCH), 1);
	assert_lacks(said, "starting over");
	must("test -z \"$(find cache -type f ! -name lock)\"");
	must("mv kept debian/" DEB);
}

static void other_version(void **state)
{
	(void)state;
	must("mkdir -p " PARTIAL " && cd " PARTIAL
	     " && touch linux-source-7.3_7.3.8-1_all.deb linux-source-7.2_7.2.1-1_all.deb");
	want(sh(FETCH), 0);
	assert_int_equal(size_of(PARTIAL "linux-source-7.3_7.3.8-1_all.deb"), -1);
	assert_int_equal(size_of(PARTIAL "linux-source-7.2_7.2.1-1_all.deb"), 0);
}

/* ---- packages ---- */

static void silent_archive(void **state)
{
	double start = now();

	(void)state;
	write_text("silent", "");
	/* Nothing is known about the packages: the list can't be had. */
	want(sh(INSTALL), 1);
	assert_contains(said, "install: apt-get update failed, trying anyway\n");
	assert_contains(
	    said,
	    "install: apt-get could not install septorture-small "
	    "septorture-big (its last words are above); see that the network and apt's sources");
	unlink("silent");
	/* Only downloaded: our apt.conf says so. */
	want(sh(INSTALL), 0);
	assert_true(size_of("apt/archives/septorture-small_1_all.deb") > 0);
	must("rm apt/archives/*.deb");
	/* One time-out, not one per package. */
	write_text("silent", "");
	want(sh(INSTALL), 1);
	assert_contains(said, "install: apt can't download http://127.0.0.1:");
	assert_contains(said, "/septorture-small_1_all.deb (its last words are above)");
	assert_contains(said, "apt-get install -y --no-install-recommends septorture-small "
			      "septorture-big\n");
	assert_true(now() - start < 20);
}

/* The user may not do that. */
static void refused_by_sudo(void **state)
{
	(void)state;
	must("cp id fake && cp no-sudo fake/sudo");
	want(sh(INSTALL), 1);
	assert_contains(said, "plain is not in the sudoers file.\n");
	assert_contains(said,
			"apt's sources and sudo work; as root the command is\n  apt-get install -y "
			"--no-install-recommends septorture-small septorture-big\n");
}

static void with_sudo(void **state)
{
	char *log;

	(void)state;
	must("cp id fake && rm -f apt/archives/*.deb apt/lists/*Packages*");
	want(sh(INSTALL), 0);
	assert_contains(said, "install: missing packages:\n  septorture-small for one thing\n"
			      "  septorture-big   for another\n");
	assert_contains(said, "install: sudo apt-get install -y --no-install-recommends "
			      "septorture-small septorture-big\n");
	log = read_text("sudo.log");
	assert_contains(
	    log, "apt-get -qq -o Acquire::Retries=0 -o APT::Update::Error-Mode=any update\nenv "
		 "DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "
		 "--no-install-recommends septorture-small septorture-big\n");
	free(log);
	assert_true(size_of("apt/archives/septorture-big_1_all.deb") > 0);
}

static void only_told(void **state)
{
	(void)state;
	must("cp id fake");
	want(sh("NO_INSTALL=1 " INSTALL), 1);
	assert_contains(said, "install: NO_INSTALL=1, so nothing is installed; the command would "
			      "be\n  sudo apt-get install -y --no-install-recommends "
			      "septorture-small septorture-big\n");
	assert_int_equal(size_of("sudo.log"), -1);
}

/* ---- programs ---- */

/* Whatever is in PATH, in the folder bin. */
static void copy_path(void)
{
	must("rm -rf bin && mkdir bin && IFS=: && for d in $PATH; do "
	     "ln -s \"$d\"/* bin 2>/dev/null; done; :");
}

static void without_sudo(void **state)
{
	(void)state;
	copy_path();
	must("rm -f bin/sudo bin/id && cp id bin");
	want(sh("PACKAGES=$PWD/packages PATH=$PWD/bin " SRCDIR "/fi-scripts/install.sh"), 1);
	assert_contains(said, "install: not root, and there is no sudo; as root:\n  apt-get "
			      "install -y --no-install-recommends septorture-small "
			      "septorture-big\n");
}

/* With the packages, but not in PATH: from a list without any, that alone is looked at. */
static void no_programs(void **state)
{
	static const char all_but[] = "env -i PATH=\"$PWD/bin\" HOME=\"$HOME\" NO_INSTALL=1 "
				      "PACKAGES=/dev/null ";
	char *install = xasprintf("%s" SRCDIR "/fi-scripts/install.sh", all_but);
	char *run = xasprintf("%s make -C " SRCDIR " run", all_but);
	char *check = xasprintf("%s make -C " SRCDIR " check", all_but);

	(void)state;
	copy_path();
	/* Never through a link. */
	must("cd bin && rm -f gcc qemu-system-x86_64 && cp ../sudo gcc && cp ../sudo "
	     "qemu-system-x86_64");
	want(sh(install), 0);
	assert_string_equal(said, "");
	must("rm bin/gcc");
	want(sh(run), 2);
	assert_contains(said, "install: there is no gcc in PATH, though its package is installed; "
			      "add its directory to PATH, or say with CC= and QEMU= what to use");
	want(sh(check), 2);
	assert_contains(said, "install: there is no gcc in PATH");
	must("cp sudo bin/gcc && rm bin/qemu-system-x86_64");
	want(sh(run), 2);
	assert_contains(said, "install: there is no qemu-system-x86_64 in PATH");
	free(install);
	free(run);
	free(check);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(silent_mirror),   TEST(cut_download_goes_on),
	    TEST(whole_part),	   TEST(damaged_part),
	    TEST(wrong_package),   TEST(other_version),
	    TEST(silent_archive),  TEST(with_sudo),
	    TEST(refused_by_sudo), TEST(only_told),
	    TEST(without_sudo),	   TEST(no_programs),
	};

	return cmocka_run_group_tests_name("fresh", tests, set_up, tear_down);
}
