// SPDX-License-Identifier: GPL-2.0-or-later
/* stress-ng beside the load: it takes memory and CPUs from KVM, and sends it signals and IPIs. */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>
#include <unistd.h>

#include "plan.h"
#include "program.h"
#include "xmem.h"

#ifndef STRESS_NG
#define STRESS_NG "/usr/bin/stress-ng"
#endif
#ifndef YAML
#define YAML "/tmp/stress-ng.yaml" /* where it writes its counts down */
#endif

#define COUNT(name, text)                                                                          \
	{                                                                                          \
		name, "instances: " text, UNIT_COUNT, NULL, 0, 0, 64                               \
	}
#define BYTES(name)                                                                                \
	{                                                                                          \
		name "-bytes", "memory of all instances of " name, UNIT_SIZE, NULL, 64 << 20,      \
		    1 << 20, 1ull << 36                                                            \
	}

/*
 * A count or a number of bytes goes to stress-ng as it is: --vm 2 --vm-bytes 67108864.
 * Left out are those that make themselves real-time tasks (hrtimers, cyclic): on 2 CPUs
 * nothing else would run.
 */
static const struct stress_option options[] = {
    COUNT("affinity", "change CPUs"),
    COUNT("bigheap", "grow the heap until the OOM killer comes"),
    COUNT("clone", "create and end tasks that share all and nothing"),
    COUNT("cpu", "compute"),
    COUNT("fork", "fork, exit and wait: copy on write"),
    COUNT("futex", "wait for and wake each other"),
    COUNT("madvise", "give all sorts of advice about memory"),
    COUNT("membarrier", "interrupt other CPUs through membarrier()"),
    COUNT("memfd", "map and punch memory files"),
    COUNT("memthrash", "thrash memory and caches in many ways"),
    COUNT("mlock", "lock and unlock pages"),
    COUNT("mmap", "map, protect, advise and unmap"),
    COUNT("mprotect", "change protections"),
    COUNT("mremap", "grow, shrink and move mappings"),
    COUNT("msync", "write mapped files back"),
    COUNT("pagemove", "move single pages by mremap()"),
    COUNT("shm-sysv", "create, fill and destroy shared memory"),
    COUNT("sigq", "send and take queued signals"),
    COUNT("switch", "switch between two tasks"),
    COUNT("timer", "take signals of a fast timer"),
    COUNT("tlb-shootdown", "make other CPUs flush their TLBs"),
    COUNT("userfaultfd", "serve page faults in user space"),
    COUNT("vm", "fill, check and free memory"),
    COUNT("yield", "give the CPU away"),
    BYTES("memfd"),
    BYTES("mmap"),
    BYTES("mremap"),
    BYTES("msync"),
    BYTES("vm"),
    {"nice", "how much less CPU time than the TD's threads it gets, as nice takes it", UNIT_COUNT,
     NULL, 0, 0, 19},
    {"swap", "size of a swap device in compressed memory; 0 KiB: none", UNIT_SIZE, NULL, 0, 0,
     1ull << 36},
    {0},
};

#define NR_OPTIONS (sizeof(options) / sizeof(options[0]) - 1)

/* Those before these two are stress-ng's own. */
enum { NR_OWN = NR_OPTIONS - 2, OPT_NICE = NR_OWN, OPT_SWAP };

#define MAX_FAILURES 8 /* lines that are kept */

static struct program *program;
static const uint64_t *counts; /* the plan's options */
static json_t *failures; /* lines, the program's thread adds them */
static bool has_swap;

static const char *check(const struct plan *plan, const uint64_t *opts)
{
	(void)plan;
	for (size_t i = 0; i < NR_OWN; i++)
		if (options[i].unit == UNIT_COUNT && opts[i])
			return NULL;
	return "it has nothing to run; give one of its stressors a number of instances, such as "
	       "'vm = 1'";
}

/* ---- swap ---- */

#define ZRAM	 "/dev/zram0"
#define ZRAM_SYS "/sys/block/zram0/"

/* What mkswap writes: the first page describes the rest (include/linux/swap.h). */
static int write_swap_header(int fd, uint64_t size)
{
	uint32_t page[TD_PAGE / 4] = {0};

	page[1024 / 4] = 1; /* version */
	page[1024 / 4 + 1] = (uint32_t)(size / TD_PAGE - 1); /* last page */
	memcpy((char *)page + sizeof(page) - 10, "SWAPSPACE2", 10);
	return pwrite(fd, page, sizeof(page), 0) == sizeof(page) ? 0 : -1;
}

static int swap_on(uint64_t size)
{
	char text[24];
	int fd, err;

	snprintf(text, sizeof(text), "%" PRIu64, size);
	err = -file_write(ZRAM_SYS "disksize", text);
	if (!err) {
		fd = open(ZRAM, O_RDWR | O_CLOEXEC);
		if (fd < 0 || write_swap_header(fd, size) || swapon(ZRAM, 0))
			err = errno;
		if (fd >= 0)
			close(fd);
	}
	has_swap = !err;
	if (err)
		event_fail("there can be no swap on " ZRAM ": %s; leave swap out of [stressor "
			   "stress-ng]",
			   strerror(err));
	return err ? -1 : 0;
}

/* Slow, as what is swapped out has to come back: a VM that is over does without. */
static void swap_off(void)
{
	if (!has_swap || getpid() == 1)
		return;
	if (swapoff(ZRAM) || file_write(ZRAM_SYS "reset", "1"))
		event_fail("the swap on " ZRAM " cannot be taken away again: %s", strerror(errno));
	has_swap = false;
}

/* ---- what the kernel did about memory ---- */

/* Counters of /proc/vmstat, in pages but for the last two. */
static const struct pressure {
	const char *name, *prefix;
} pressure[] = {
    {"swapped_out", "pswpout "},
    {"kswapd_reclaimed", "pgsteal_kswapd "},
    {"direct_reclaimed", "pgsteal_direct "},
    {"migrated", "pgmigrate_success "},
    {"compactions", "compact_stall "},
    {"oom_kills", "oom_kill "},
};

#define NR_PRESSURE (sizeof(pressure) / sizeof(pressure[0]))

static uint64_t before[NR_PRESSURE];

static void read_pressure(uint64_t now[NR_PRESSURE])
{
	char *text = file_read("/proc/vmstat"), *rest = text, *line;
	uint64_t n;

	memset(now, 0, NR_PRESSURE * sizeof(*now));
	while ((line = strsep(&rest, "\n")))
		for (size_t i = 0; i < NR_PRESSURE; i++)
			if (!strncmp(line, pressure[i].prefix, strlen(pressure[i].prefix)) &&
			    sscanf(line, "%*s %" SCNu64, &n) == 1)
				now[i] = n;
	free(text);
}

static json_t *pressure_since(void)
{
	uint64_t now[NR_PRESSURE];
	json_t *o = json_object();

	read_pressure(now);
	for (size_t i = 0; i < NR_PRESSURE; i++)
		json_object_set_new(o, pressure[i].name,
				    json_integer((json_int_t)(now[i] - before[i])));
	return o;
}

/* ---- the program ---- */

/* "stress-ng: fail:  [12] vm: ..."; its counts come last, and say nothing about its end. */
static bool on_line(const char *line)
{
	if (!strncmp(line, "stress-ng: fail:", 16) && json_array_size(failures) < MAX_FAILURES)
		json_array_append_new(failures, json_string(line + 11));
	return strncmp(line, "stress-ng: metrc:", 17) && !strstr(line, " run completed in ");
}

static char **make_args(const struct plan *plan, const uint64_t *opts)
{
	/* Under TCG, vm fills 100 MiB within seconds only this way: large pages, simple stores. */
	static const char *const fixed[] = {
	    STRESS_NG, "--timeout",   "0",	 "--verify",	 "--metrics-brief", "--yaml",
	    YAML,      "--vm-method", "write64", "--vm-madvise", "hugepage",	    "--seed",
	};
	size_t nfixed = sizeof(fixed) / sizeof(fixed[0]), n;
	char **args = xcalloc(nfixed + 2 + 2 * NR_OWN, sizeof(*args));

	for (n = 0; n < nfixed; n++)
		args[n] = xstrdup(fixed[n]);
	args[n++] = xasprintf("%" PRIu64, plan->seed);
	for (size_t i = 0; i < NR_OWN; i++) {
		if (!opts[i])
			continue;
		args[n++] = xasprintf("--%s", options[i].key);
		args[n++] = xasprintf("%" PRIu64, opts[i]);
	}
	return args;
}

static int begin(const struct plan *plan, const uint64_t *opts)
{
	char **args;

	if (opts[OPT_SWAP] && swap_on(opts[OPT_SWAP]))
		return -1;
	read_pressure(before);
	args = make_args(plan, opts);
	counts = opts;
	failures = json_array();
	unlink(YAML);
	program = program_start(args, (int)opts[OPT_NICE], on_line);
	for (size_t i = 0; args[i]; i++)
		free(args[i]);
	free(args);
	if (program)
		return 0;
	json_decref(failures);
	swap_off();
	return -1;
}

/* ---- what it did ---- */

/* How many bogo operations the stressor NAME made, from what is in the file YAML. */
static uint64_t bogo_ops(const char *yaml, const char *name)
{
	const char *line = yaml;
	char found[32] = "";
	uint64_t n;

	while (line) {
		sscanf(line, " - stressor: %31s", found);
		if (!strcmp(found, name) && sscanf(line, " bogo-ops: %" SCNu64, &n) == 1)
			return n;
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	return 0;
}

static json_t *metrics(void)
{
	json_t *list = json_array();
	char *yaml = file_read(YAML);

	for (size_t i = 0; i < NR_OWN; i++)
		if (options[i].unit == UNIT_COUNT && counts[i])
			json_array_append_new(
			    list,
			    json_pack("{s:s, s:I, s:I}", "name", options[i].key, "instances",
				      (json_int_t)counts[i], "bogo_ops",
				      (json_int_t)(yaml ? bogo_ops(yaml, options[i].key) : 0)));
	free(yaml);
	return list;
}

static void end(void)
{
	int status = program_stop(program);

	/* Its thread may still use what it found. */
	if (status < 0)
		return;
	event_emit("stress_ng", "{s:i, s:o, s:o, s:o}", "status", status, "stressors", metrics(),
		   "failures", failures, "pressure", pressure_since());
	swap_off();
}

STRESSOR_NAMED(ng, "stress-ng", .help = "stress-ng runs beside the load, from its begin to its end",
	       .paths = "whatever waits for memory, is preempted or interrupted",
	       .options = options, .program = "stress-ng", .program_variable = "STRESS_NG",
	       .check = check, .begin = begin, .end = end);
