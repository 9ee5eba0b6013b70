// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "emulator.h"
#include "signals.h"
#include "watch.h"
#include "xmem.h"

#define MAX_ARGS 64

/*
 * SVM is hidden because the kernel refuses a CPU that shows it beside (software)
 * VMX; xlevel is what hiding it would take away. With TCG's 40 physical address
 * bits KVM never zaps the shared half of a TD and warns of leaked tables; with
 * 52 bits it warns of L1TF unless the model is one that does not have it.
 */
#define CPU_MODEL                                                                                  \
	"max,vendor=GenuineIntel,svm=off,xlevel=0x80000008,phys-bits=52,family=6,model=122,"       \
	"stepping=1"

/* SVM with nested paging, which TCG emulates; without softvmx KVM finds that alone. */
#define CPU_MODEL_NPT "max,vendor=AuthenticAMD"

/* Which of KVM's vendors, of those that are built in, is there. */
#define MIRROR_PARAMETERS "initcall_blacklist=svm_init softvmx kvm_intel.tdx=1 kvm_intel.nested=0"
#define DIRECT_PARAMETERS                                                                          \
	"initcall_blacklist=vt_init,tdx_enable kvm_amd.nested=0 septorture_platform=direct"

struct args {
	char *v[MAX_ARGS]; /* owned; ends with NULL */
	size_t n;
};

static void push(struct args *a, const char *arg)
{
	if (a->n < MAX_ARGS - 1)
		a->v[a->n++] = xstrdup(arg);
}

static void push_owned(struct args *a, const char *option, char *value)
{
	push(a, option);
	push(a, value);
	free(value);
}

static void free_args(struct args *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i]);
}

/*
 * Under KVM the CPU may have VMX: hidden, softvmx answers as it does under TCG.
 * IA32_ARCH_CAPABILITIES can't be set on a host that is not Intel's: QEMU aborts.
 */
static void accel_args(struct args *a, enum accel accel, enum platform platform)
{
	push(a, "-accel");
	push(a, accel == ACCEL_KVM ? "kvm" : "tcg,thread=multi");
	push(a, "-cpu");
	if (platform == PLATFORM_DIRECT)
		push(a, CPU_MODEL_NPT);
	else
		push(a,
		     accel == ACCEL_KVM ? CPU_MODEL ",vmx=off,arch-capabilities=off" : CPU_MODEL);
}

static void fixed_args(struct args *a, bool restored)
{
	const char *const fixed[] = {
	    "-machine",
	    "microvm,acpi=off,pic=on,pit=on,rtc=on,isa-serial=on",
	    "-display",
	    "none",
	    "-no-reboot",
	    "-nodefaults",
	    "-serial",
	    "file:console.log",
	    "-device",
	    "virtio-serial-device",
	    "-chardev",
	    restored ? "file,id=ev,path=events.jsonl,append=on" : "file,id=ev,path=events.jsonl",
	    "-device",
	    "virtserialport,chardev=ev,name=septorture.events",
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		push(a, fixed[i]);
}

/* By what the host says when the rounds may begin, and saves the VM before. */
static void rounds_args(struct args *a, const struct vm_rounds *rounds)
{
	push(a, "-chardev");
	push(a, "pipe,id=go,path=" VM_GO);
	push(a, "-device");
	push(a, "virtserialport,chardev=go,name=septorture.go");
	if (rounds->save) {
		push(a, "-monitor");
		push(a, "stdio");
	}
	if (rounds->restore)
		push_owned(a, "-incoming", xasprintf("exec:cat '%s'", rounds->restore));
}

/*
 * TCG's TSC is the host's, and microvm has no timer to measure it against but
 * the PIT, which fails on a busy host. So it is measured here and told.
 */
static unsigned int tsc_khz(void)
{
	struct timespec a, b, wait = {.tv_nsec = 20000000};
	unsigned long long start, end;
	long long ns;

	clock_gettime(CLOCK_MONOTONIC, &a);
	start = __builtin_ia32_rdtsc();
	nanosleep(&wait, NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	end = __builtin_ia32_rdtsc();
	ns = (b.tv_sec - a.tv_sec) * 1000000000ll + b.tv_nsec - a.tv_nsec;
	return (unsigned int)((end - start) * 1000000 / (unsigned long long)ns);
}

/*
 * KCSAN is off until the agent is up (it switches it on), and its watchers are
 * not interruptible: a vCPU thread that is preempted while it watches its own
 * state would race with itself in KVM's preemption notifiers. The kernel does not
 * test at boot whether its timer works: it panics if the host is busy elsewhere meanwhile. It has
 * 4-level paging, as 5 levels make KASAN cry wolf then (docs/kernel-findings.md, K16), and KASAN
 * cries once.
 */
static char *kernel_parameters(const struct vm_config *c)
{
	const char *more = getenv("SEPTORTURE_APPEND"); /* tests of runs */
	char *tsc = c->accel == ACCEL_TCG ? xasprintf("tsc_early_khz=%u ", tsc_khz()) : NULL;
	char *rounds = c->rounds ? xasprintf("septorture_rounds=%" PRIu64 " ", c->rounds->n) : NULL;
	char *text;

	if (c->probe_ms)
		more = "septorture_probe=1";
	/* Of rounds, the first one's seed comes later: the VM may be saved before. */
	text = xasprintf(
	    "console=ttyS0 loglevel=5 panic=-1 oops=panic reboot=t tsc=reliable "
	    "no_timer_check no5lvl %skcsan.early_enable=0 "
	    "kcsan.interrupt_watcher=0 %s septorture_seed=%" PRIu64
	    " septorture_duration_us=%" PRIu64 " %s%s%s%s%s",
	    tsc ? tsc : "", c->platform == PLATFORM_DIRECT ? DIRECT_PARAMETERS : MIRROR_PARAMETERS,
	    c->rounds ? 0 : c->seed, c->duration_us, rounds ? rounds : "",
	    c->no_faults ? "septorture_no_faults=1 " : "", c->parameters ? c->parameters : "",
	    c->parameters ? " " : "", more ? more : "");
	free(tsc);
	free(rounds);
	return text;
}

static void make_args(struct args *a, const struct vm_config *c)
{
	char *qemu = emulator_path();

	push(a, qemu);
	free(qemu);
	accel_args(a, c->accel, c->platform);
	fixed_args(a, c->rounds && c->rounds->restore);
	if (c->rounds)
		rounds_args(a, c->rounds);
	push_owned(a, "-smp", xasprintf("%u", c->cpus));
	push_owned(a, "-m", xasprintf("%" PRIu64 "M", c->memory >> 20));
	push_owned(a, "-kernel", xstrdup(c->kernel));
	push_owned(a, "-initrd", xstrdup(c->initrd));
	push_owned(a, "-append", kernel_parameters(c));
}

/* So that a VM can be booted again by hand. */
static void log_args(const struct args *a)
{
	for (size_t i = 0; i < a->n; i++)
		dprintf(STDOUT_FILENO, strpbrk(a->v[i], " ,;") ? "'%s' " : "%s ", a->v[i]);
	dprintf(STDOUT_FILENO, "\n");
}

/* In the child: becomes QEMU, whose input is IN, or sends errno through FAILED. */
static void become_qemu(const struct vm_config *c, struct args *a, pid_t parent, int in, int failed,
			const sigset_t *mask)
{
	int out = -1, err;

	/* Its own group: ^C is ours to handle, and a wrapper dies with what it started. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	if (!chdir(c->dir))
		out = open("qemu.log", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (in >= 0 && out >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(out, 2) == 2) {
		log_args(a);
		failing_writes_kill(true);
		sigprocmask(SIG_SETMASK, mask, NULL);
		execvp(a->v[0], a->v);
	}
	err = errno;
	if (write(failed, &err, sizeof(err)) < 0)
		_exit(2);
	_exit(1);
}

/* Returns QEMU's pid once it runs, with IN as its input, or -1 with errno set. */
static pid_t start(const struct vm_config *c, struct args *a, int in, const sigset_t *mask)
{
	pid_t parent = getpid(), pid;
	int failed[2], err = 0;

	if (pipe2(failed, O_CLOEXEC))
		return -1;
	pid = fork();
	if (pid == 0)
		become_qemu(c, a, parent, in, failed[1], mask);
	close(failed[1]);
	/* The exec closes the pipe; anything in it is why there was none. */
	if (pid > 0 && read(failed[0], &err, sizeof(err)) == sizeof(err)) {
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(failed[0]);
	if (err)
		errno = err;
	return pid;
}

/* What another VM wrote there is not to be taken for this one's. */
static void clear_dir(const struct vm_config *c)
{
	static const char *const files[] = {"events.jsonl", "console.log"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *path = xasprintf("%s/%s", c->dir, files[i]);

		unlink(path);
		free(path);
	}
}

/* What the agent waits for before its rounds; it stays there until QEMU reads it. */
static int open_go(const struct vm_config *c)
{
	char *path = xasprintf("%s/" VM_GO, c->dir);
	int fd = -1;

	if (!mkfifo(path, 0600) || errno == EEXIST)
		fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && !c->rounds->save)
		dprintf(fd, "%" PRIu64 " %" PRIu64 "\n", c->seed, c->rounds->first);
	free(path);
	return fd;
}

/* What QEMU reads and, to be told later, the other end of that; both are -1 if there is none. */
static int open_input(const struct vm_config *c, int *tell)
{
	int fds[2] = {-1, -1};

	*tell = -1;
	if (!c->rounds || !c->rounds->save)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (!pipe2(fds, O_CLOEXEC))
		*tell = fds[1];
	return fds[0];
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

int vm_run(const struct vm_config *config, struct vm_result *result, char **error)
{
	struct args args = {0};
	sigset_t watched, old;
	int tell, in = open_input(config, &tell), go = config->rounds ? open_go(config) : -1;
	pid_t pid = -1;

	*result = (struct vm_result){0};
	if (!config->rounds || !config->rounds->restore)
		clear_dir(config);
	make_args(&args, config);
	signals_ending(&watched);
	sigaddset(&watched, SIGCHLD);
	sigprocmask(SIG_BLOCK, &watched, &old);
	if (in >= 0 && (!config->rounds || go >= 0))
		pid = start(config, &args, in, &old);
	if (pid > 0)
		watch_vm(pid, config, tell, &watched, result);
	else
		*error = xasprintf("cannot start %s: %s", args.v[0], strerror(errno));
	sigprocmask(SIG_SETMASK, &old, NULL);
	close_if_open(in);
	close_if_open(tell);
	close_if_open(go);
	free_args(&args);
	return pid > 0 ? 0 : -1;
}
