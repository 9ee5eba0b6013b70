// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who meets whom at a frozen mirror SPTE: per operation and level that freezes one, the
 * operations that arrived there before it was unfrozen, in debugfs/septorture/windows.
 *
 * An operation arrives if, while another task holds the SPTE frozen, it
 *  - aborted: reads it on a walk that maps, which then gives up and retries,
 *  - saw:     reads it on any other walk,
 *  - lost:    finds it in place of the value that its cmpxchg expected,
 *  - waited:  waits for mmu_lock, and reads that SPTE on its first walk of a root afterwards.
 * Each task counts once per window and way. debugfs/septorture/frozen has the GFNs of
 * those that are frozen right now, for who wants to come by.
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/kvm_host.h>
#include <linux/percpu.h>
#include <linux/sched/task_stack.h>
#include <linux/seq_file.h>
#include <trace/events/lock.h>
#include <asm/syscall.h>

#include "mmu/mmu_internal.h"
#include "mmu/spte_watch.h"
#include "septorture.h"
#include "spte_watch.h"
#include "vmx/tdx.h"

const char *const spte_op_names[NR_OPS] = {
	"fault", "accept", "prefault", "image", "punch", "convert", "slot", "notifier", "dirty",
	"recovery", "lockless", "other",
};

enum way { ABORTED, SAW, LOST, WAITED, NR_WAYS };

static const char *const way_names[NR_WAYS] = { "aborted", "saw", "lost", "waited" };

const char *const spte_place_names[NR_PLACES] = { "leaf", "table" };

static atomic64_t opened[NR_OPS][NR_PLACES];
static atomic64_t met[NR_OPS][NR_PLACES][NR_OPS][NR_WAYS];

/* The window that this CPU's task holds open; it has mmu_lock, so it stays on the CPU. */
struct window {
	u64 *sptep;	/* NULL: none */
	struct kvm *kvm;	/* all that map do so for a vCPU */
	u64 gfn;
	u64 number;
	u8 op, place;
};

static DEFINE_PER_CPU(struct window, window);

/* The windows that were open when this CPU's task began to wait for mmu_lock. */
struct wait {
	struct task_struct *task;
	unsigned long switches;	/* of the task; none as long as it waits for the lock or has it */
	u64 *root;		/* of the walk that it is on; NULL: of none yet */
	bool descended;		/* that walk is below the root */
	unsigned int n;
	struct window windows[8];
};

static DEFINE_PER_CPU(struct wait, waits);
DEFINE_PER_CPU(unsigned int, spte_window_waits);

/* The last window that this CPU's task arrived at. */
struct arrival {
	struct task_struct *task;
	u64 number;
	u8 ways;
};

static DEFINE_PER_CPU(struct arrival, last_arrival);
static atomic64_t numbers;

/* An EPT violation of TDG.MEM.PAGE.ACCEPT says so in its extended exit qualification. */
#define EEQ_TYPE_ACCEPT	1

static bool accepts(struct kvm_vcpu *vcpu)
{
	u64 eeq;

	if (vcpu->kvm->arch.vm_type != KVM_X86_TDX_VM)
		return false;
	eeq = container_of(vcpu, struct vcpu_tdx, vcpu)->ext_exit_qualification;
	return (eeq & TDX_EXT_EXIT_QUAL_TYPE_MASK) == EEQ_TYPE_ACCEPT;
}

static enum spte_op ioctl_op(unsigned int nr)
{
	struct kvm_vcpu *vcpu;

	switch (nr) {
	case _IOC_NR(KVM_RUN):
		vcpu = kvm_get_running_vcpu();
		return vcpu && accepts(vcpu) ? ACCEPT : FAULT;
	case _IOC_NR(KVM_PRE_FAULT_MEMORY):
		return PREFAULT;
	case _IOC_NR(KVM_MEMORY_ENCRYPT_OP):
		return IMAGE;
	case _IOC_NR(KVM_SET_MEMORY_ATTRIBUTES):
		return CONVERT;
	case _IOC_NR(KVM_SET_USER_MEMORY_REGION2):
		return SLOT;
	case _IOC_NR(KVM_GET_DIRTY_LOG):
	case _IOC_NR(KVM_CLEAR_DIRTY_LOG):
		return DIRTY;
	default:
		return OTHER;
	}
}

enum spte_op spte_current_op(void)
{
	struct pt_regs *regs = task_pt_regs(current);

	/* KVM's only one of these recovers huge pages. */
	if (current->flags & PF_USER_WORKER)
		return RECOVERY;
	if (current->flags & (PF_KTHREAD | PF_EXITING))
		return OTHER;
	switch (syscall_get_nr(current, regs)) {
	case __NR_ioctl:
		return ioctl_op(_IOC_NR(regs->si));
	case __NR_fallocate:
		return PUNCH;
	case __NR_madvise:
	case __NR_mprotect:
	case __NR_mremap:
	case __NR_munmap:
		return NOTIFIER;
	default:
		return OTHER;
	}
}

void spte_window_open(u64 *sptep, u64 gfn, int level)
{
	struct window *w = this_cpu_ptr(&window);
	struct kvm_vcpu *vcpu = kvm_get_running_vcpu();

	w->number = atomic64_inc_return(&numbers);
	w->kvm = vcpu ? vcpu->kvm : NULL;
	w->gfn = gfn;
	w->op = spte_current_op();
	w->place = level > PG_LEVEL_4K ? TABLE : LEAF;
	atomic64_inc(&opened[w->op][w->place]);
	WRITE_ONCE(w->sptep, sptep);
}

void spte_window_close(void)
{
	this_cpu_write(window.sptep, NULL);
}

static void count(const struct window *w, enum spte_op who, enum way way)
{
	struct arrival *last = this_cpu_ptr(&last_arrival);

	if (last->task != current || last->number != w->number)
		*last = (struct arrival){ .task = current, .number = w->number };
	if (last->ways & BIT(way))
		return;
	last->ways |= BIT(way);
	atomic64_inc(&met[w->op][w->place][who][way]);
}

/* Looks for who holds @sptep frozen. The window may close, and another open, meanwhile. */
static bool find_window(u64 *sptep, struct window *found)
{
	int cpu;

	for_each_online_cpu(cpu) {
		*found = *per_cpu_ptr(&window, cpu);
		if (found->sptep == sptep)
			return true;
	}
	return false;
}

/* Called with preemption disabled. */
static void arrive(u64 *sptep, enum spte_op who, enum way way)
{
	struct window w;

	if (find_window(sptep, &w))
		count(&w, who, way);
}

static bool maps(enum spte_op op)
{
	return op == FAULT || op == ACCEPT || op == PREFAULT || op == IMAGE;
}

/* Called with preemption disabled; @locked says whether mmu_lock is held. */
void spte_window_read(u64 *sptep, bool locked)
{
	enum spte_op op = locked ? spte_current_op() : LOCKLESS;

	arrive(sptep, op, maps(op) ? ABORTED : SAW);
}

void spte_window_lost(u64 *sptep)
{
	arrive(sptep, spte_current_op(), LOST);
}

static unsigned long switches(void)
{
	return current->nvcsw + current->nivcsw;
}

/* The task has not reached mmu_lock yet, but doesn't leave the CPU any more. */
static void on_contention(void *data, void *lock, unsigned int flags)
{
	struct wait *wait;
	int cpu;

	if (flags != (LCB_F_SPIN | LCB_F_READ) && flags != (LCB_F_SPIN | LCB_F_WRITE))
		return;
	if (in_interrupt())
		return;
	wait = this_cpu_ptr(&waits);
	wait->n = 0;
	for_each_online_cpu(cpu) {
		struct window w = *per_cpu_ptr(&window, cpu);

		if (w.sptep && w.kvm && lock == &w.kvm->mmu_lock.raw_lock &&
		    wait->n < ARRAY_SIZE(wait->windows))
			wait->windows[wait->n++] = w;
	}
	wait->task = current;
	wait->switches = switches();
	wait->root = NULL;
	wait->descended = false;
	this_cpu_write(spte_window_waits, wait->n);
}

static void forget_waits(struct wait *wait)
{
	wait->n = 0;
	this_cpu_write(spte_window_waits, 0);
}

/* An SPTE is read, and this CPU's task may have waited for mmu_lock. */
void spte_window_touched(u64 *sptep)
{
	struct kvm_mmu_page *sp = sptep_to_sp(sptep);
	struct wait *wait;

	preempt_disable();
	wait = this_cpu_ptr(&waits);
	/* Back at that root, or switched: the lock may have been released since then. */
	if (wait->task != current || wait->switches != switches() ||
	    (wait->descended && wait->root == sp->spt)) {
		forget_waits(wait);
		goto out;
	}
	/* Private and shared memory have roots of their own; what zaps both goes from one to the next. */
	if (!sp->ptep) {
		wait->root = sp->spt;
		wait->descended = false;
	} else {
		wait->descended = true;
	}
	for (unsigned int i = 0; i < wait->n; i++) {
		if (wait->windows[i].sptep != sptep)
			continue;
		count(&wait->windows[i], spte_current_op(), WAITED);
		wait->windows[i] = wait->windows[--wait->n];
		this_cpu_write(spte_window_waits, wait->n);
		break;
	}
out:
	preempt_enable();
}

static int windows_show(struct seq_file *m, void *v)
{
	for (int o = 0; o < NR_OPS; o++)
		for (int p = 0; p < NR_PLACES; p++) {
			s64 n = atomic64_read(&opened[o][p]);

			if (!n)
				continue;
			seq_printf(m, "%s %s opened %lld\n", spte_op_names[o], spte_place_names[p], n);
			for (int a = 0; a < NR_OPS; a++)
				for (int w = 0; w < NR_WAYS; w++) {
					n = atomic64_read(&met[o][p][a][w]);
					if (n)
						seq_printf(m, "%s %s %s %s %lld\n", spte_op_names[o],
							   spte_place_names[p], spte_op_names[a],
							   way_names[w], n);
				}
		}
	return 0;
}

/* Whatever is written: all begins anew. */
static ssize_t windows_write(struct file *file, const char __user *buf, size_t len, loff_t *ppos)
{
	for (int o = 0; o < NR_OPS; o++)
		for (int p = 0; p < NR_PLACES; p++) {
			atomic64_set(&opened[o][p], 0);
			for (int a = 0; a < NR_OPS; a++)
				for (int w = 0; w < NR_WAYS; w++)
					atomic64_set(&met[o][p][a][w], 0);
		}
	return len;
}
DEFINE_SHOW_STORE_ATTRIBUTE(windows);

static int frozen_show(struct seq_file *m, void *v)
{
	int cpu;

	for_each_online_cpu(cpu) {
		struct window w = *per_cpu_ptr(&window, cpu);

		if (w.sptep)
			seq_printf(m, "%#llx %s\n", w.gfn, spte_place_names[w.place]);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(frozen);

static int __init spte_windows_init(void)
{
	int err;

	if (!static_branch_likely(&spte_watch_key))
		return 0;
	err = register_trace_contention_begin(on_contention, NULL);
	if (err)
		return err;
	debugfs_create_file("windows", 0600, septorture_dir, NULL, &windows_fops);
	debugfs_create_file("frozen", 0400, septorture_dir, NULL, &frozen_fops);
	return 0;
}
late_initcall(spte_windows_init);
