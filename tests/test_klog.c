// SPDX-License-Identifier: GPL-2.0-or-later
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "klog.h"
#include "xmem.h"

#define MAX_SPLATS 16

/* What the last log gave. */
static struct seen {
	char *kind, *title, *signature, *text;
	uint64_t us;
	bool cut, whole;
	char *function, *provoked; /* "" for NULL */
	char *frames; /* "a b! c": ! marks the accessing one */
} seen[MAX_SPLATS];
static size_t nseen;

static void forget(void)
{
	for (size_t i = 0; i < nseen; i++) {
		free(seen[i].kind);
		free(seen[i].title);
		free(seen[i].signature);
		free(seen[i].text);
		free(seen[i].function);
		free(seen[i].provoked);
		free(seen[i].frames);
	}
	nseen = 0;
}

static char *frames_text(const struct klog_splat *s)
{
	char *all = xstrdup("");

	for (size_t i = 0; i < s->nframes; i++) {
		char *longer = xasprintf("%s%s%s%s", all, i ? " " : "", s->frames[i].function,
					 s->frames[i].top ? "!" : "");

		free(all);
		all = longer;
	}
	return all;
}

static void see(void *arg, const struct klog_splat *s)
{
	(void)arg;
	assert_true(nseen < MAX_SPLATS);
	seen[nseen++] = (struct seen){xstrdup(s->kind),
				      xstrdup(s->title),
				      xstrdup(s->signature),
				      xstrdup(s->text),
				      s->us,
				      s->cut,
				      s->whole,
				      xstrdup(s->function ? s->function : ""),
				      xstrdup(s->provoked ? s->provoked : ""),
				      frames_text(s)};
}

/* Feeds LOG, each line with PREFIX before it and ENDING behind it. */
static void feed_as(const char *log, const char *prefix, const char *ending)
{
	struct klog *k = klog_new(see, NULL);

	forget();
	while (*log) {
		size_t len = strcspn(log, "\n");
		char *line = xasprintf("%s%.*s%s", prefix, (int)len, log, ending);

		klog_line(k, 77, -1, "", line);
		free(line);
		log += len + (log[len] == '\n');
	}
	klog_end(k);
}

static void feed(const char *log)
{
	feed_as(log, "", "");
}

/* The log holds one splat, in every form a line can come in. */
static void one(const char *log, const char *kind, const char *title, const char *signature)
{
	static const char *const prefixes[] = {
	    "",
	    "[   12.345678] ",
	    "[   12.345678][  T123] ",
	    "<4>[   12.345678] [ C1] ",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		feed_as(log, prefixes[i], i % 2 ? "\r\n" : "\n");
		if (nseen != 1)
			fail_msg("%zu splats with '%s', second: %s", nseen, prefixes[i],
				 nseen > 1 ? seen[1].title : "none");
		assert_string_equal(seen[0].kind, kind);
		assert_string_equal(seen[0].title, title);
		assert_string_equal(seen[0].signature, signature);
		assert_int_equal(seen[0].us, i ? 12345678 : 77);
	}
}

#define REGISTERS                                                                                  \
	"CPU: 1 UID: 0 PID: 77 Comm: agent Not tainted 7.3.4-septorture #1 PREEMPT\n"              \
	"Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2-debian-1.16.2-1\n"

#define WARN_LOG                                                                                   \
	"------------[ cut here ]------------\n"                                                   \
	"WARNING: arch/x86/kvm/mmu/tdp_mmu.c:555 at "                                              \
	"tdp_mmu_set_spte_atomic.isra.0+0x1f/0x130, CPU#1: agent/77\n" REGISTERS                   \
	"RIP: 0010:tdp_mmu_set_spte_atomic.isra.0+0x1f/0x130\n"                                    \
	"Call Trace:\n <TASK>\n kvm_tdp_mmu_map+0x2b1/0x5c0\n </TASK>\n"                           \
	"---[ end trace 0000000000000000 ]---\n"

static void warnings(void **state)
{
	(void)state;
	one("an innocent line\n" WARN_LOG "another\n", "warn",
	    "WARNING: arch/x86/kvm/mmu/tdp_mmu.c:555 at "
	    "tdp_mmu_set_spte_atomic.isra.0+0x1f/0x130, CPU#1: agent/77",
	    "warn: arch/x86/kvm/mmu/tdp_mmu.c in tdp_mmu_set_spte_atomic");
	assert_contains(seen[0].text, "------------[ cut here ]------------\nWARNING: ");
	assert_contains(seen[0].text, " kvm_tdp_mmu_map+0x2b1/0x5c0\n");
	assert_contains(seen[0].text, "---[ end trace");
	assert_lacks(seen[0].text, "another");
	assert_lacks(seen[0].text, "innocent");
	assert_false(seen[0].cut);

	/* As kernels before 6.19 wrote it, with the message ahead. */
	one("------------[ cut here ]------------\nrefcount is odd\n"
	    "WARNING: CPU: 0 PID: 1 at arch/x86/kvm/mmu/tdp_mmu.c:44 "
	    "kvm_mmu_uninit_tdp_mmu+0x5e/0x60 [kvm]\n",
	    "warn",
	    "WARNING: CPU: 0 PID: 1 at arch/x86/kvm/mmu/tdp_mmu.c:44 "
	    "kvm_mmu_uninit_tdp_mmu+0x5e/0x60 [kvm]",
	    "warn: arch/x86/kvm/mmu/tdp_mmu.c in kvm_mmu_uninit_tdp_mmu");
	assert_contains(seen[0].text, "refcount is odd\n");

	one("WARNING: [pfn < 0] virt/kvm/kvm_main.c:433 at kvm_mmu_memory_cache_alloc+0x4a/0x60, "
	    "CPU#0: agent/80\n",
	    "warn",
	    "WARNING: [pfn < 0] virt/kvm/kvm_main.c:433 at kvm_mmu_memory_cache_alloc+0x4a/0x60, "
	    "CPU#0: agent/80",
	    "warn: virt/kvm/kvm_main.c in kvm_mmu_memory_cache_alloc");
	/* Lists are broken by those who use them. */
	one("WARNING: lib/list_debug.c:56 at __list_del_entry_valid_or_report+0xc5/0x150, CPU#0: "
	    "agent/80\nRIP: 0010:__list_del_entry_valid_or_report+0xcb/0x150\n"
	    "Call Trace:\n <TASK>\n tdx_td_init+0x1/0x2\n </TASK>\n",
	    "warn",
	    "WARNING: lib/list_debug.c:56 at __list_del_entry_valid_or_report+0xc5/0x150, CPU#0: "
	    "agent/80 in tdx_td_init",
	    "warn: lib/list_debug.c in tdx_td_init");
	one("WARNING: at foo+0x1/0x2, CPU#0: agent/80\n", "warn",
	    "WARNING: at foo+0x1/0x2, CPU#0: agent/80", "warn: foo");
	one("WARNING: something 0xdeadbeef ffff888012345678 at 17 of pages_4k\n", "warn",
	    "WARNING: something 0xdeadbeef ffff888012345678 at 17 of pages_4k",
	    "warn: something X X at N of pages_4k");
}

static void oopses(void **state)
{
	(void)state;
	one("BUG: kernel NULL pointer dereference, address: 0000000000000010\n"
	    "#PF: supervisor read access in kernel mode\n"
	    "Oops: Oops: 0000 [#1] SMP\n" REGISTERS
	    "RIP: 0010:tdx_sept_set_private_spte+0x1f/0x30\n"
	    "Call Trace:\n <TASK>\n kvm_tdp_mmu_map+0x2b1/0x5c0\n </TASK>\n"
	    "---[ end trace 0000000000000000 ]---\n"
	    "RIP: 0010:tdx_sept_set_private_spte+0x1f/0x30\n"
	    "Kernel panic - not syncing: Fatal exception\n"
	    "---[ end Kernel panic - not syncing: Fatal exception ]---\n",
	    "oops",
	    "BUG: kernel NULL pointer dereference, address: 0000000000000010 in "
	    "tdx_sept_set_private_spte",
	    "oops: kernel NULL pointer dereference in tdx_sept_set_private_spte");
	one("BUG: unable to handle page fault for address: ffff888012345678\n"
	    "Oops: 0002 [#1] PREEMPT SMP\nRIP: 0010:0x0\nCall Trace:\n"
	    " ? __die+0x1/0x2\n handle_changed_spte+0x1/0x2\n",
	    "oops",
	    "BUG: unable to handle page fault for address: ffff888012345678 in "
	    "handle_changed_spte",
	    "oops: unable to handle page fault for address in handle_changed_spte");
	one("Oops: general protection fault, probably for non-canonical address "
	    "0xdead000000000100: 0000 [#1] SMP\nRIP: 0010:list_del+0x1/0x2\n"
	    "---[ end trace 0000000000000000 ]---\n",
	    "oops",
	    "Oops: general protection fault, probably for non-canonical address "
	    "0xdead000000000100: 0000 [#1] SMP in list_del",
	    "oops: general protection fault in list_del");
	one("general protection fault: 0000 [#1] SMP\nRIP: 0010:list_del+0x1/0x2\n", "oops",
	    "general protection fault: 0000 [#1] SMP in list_del",
	    "oops: general protection fault in list_del");
	one("Oops: divide error: 0000 [#1] SMP\nRIP: 0010:foo+0x1/0x2\n", "oops",
	    "Oops: divide error: 0000 [#1] SMP in foo", "oops: divide error in foo");
}

static void bugs(void **state)
{
	(void)state;
	one("------------[ cut here ]------------\n"
	    "kernel BUG at arch/x86/kvm/mmu/mmu.c:1234!\n"
	    "Oops: invalid opcode: 0000 [#1] SMP\n" REGISTERS "RIP: 0010:mmu_free_root+0x1/0x2\n"
	    "---[ end trace 0000000000000000 ]---\n",
	    "bug", "kernel BUG at arch/x86/kvm/mmu/mmu.c:1234! in mmu_free_root",
	    "bug: arch/x86/kvm/mmu/mmu.c in mmu_free_root");
	one("BUG: Bad page state in process agent  pfn:12345\n"
	    "Call Trace:\n <TASK>\n dump_stack_lvl+0x1/0x2\n free_unref_folio+0x1/0x2\n",
	    "bug", "BUG: Bad page state in process agent  pfn:12345 in free_unref_folio",
	    "bug: Bad page state in process agent  pfn:N in free_unref_folio");
	/* A second oops is another problem. */
	feed("BUG: kernel NULL pointer dereference, address: 0000000000000010\n"
	     "Oops: Oops: 0000 [#1] SMP\nRIP: 0010:first+0x1/0x2\n"
	     "Oops: general protection fault: 0000 [#2] SMP\nRIP: 0010:second+0x1/0x2\n");
	assert_int_equal(nseen, 2);
	assert_string_equal(seen[1].signature, "oops: general protection fault in second");
}

#define RULE "==================================================================\n"

static void kcsan(void **state)
{
	static const char log[] =
	    RULE "BUG: KCSAN: data-race in kvm_mmu_faultin_pfn / kvm_mmu_invalidate_end\n\n"
		 "write to 0xffff888003a1c2d8 of 8 bytes by task 92 on cpu 1:\n"
		 " kvm_mmu_invalidate_end+0x5c/0x90\n\n"
		 "read to 0xffff888003a1c2d8 of 8 bytes by task 91 on cpu 0:\n"
		 " kvm_mmu_faultin_pfn+0x1f0/0x4d0\n\n"
		 "value changed: 0x0000000000000001 -> 0x0000000000000000\n\n"
		 "Reported by Kernel Concurrency Sanitizer on:\n" REGISTERS RULE "the next line\n";

	(void)state;
	one(log, "kcsan", "BUG: KCSAN: data-race in kvm_mmu_faultin_pfn / kvm_mmu_invalidate_end",
	    "kcsan: kvm_mmu_faultin_pfn / kvm_mmu_invalidate_end");
	assert_contains(seen[0].text, "value changed");
	assert_lacks(seen[0].text, "the next line");
	one(RULE "BUG: KCSAN: data-race in zebra.isra.0 / apple+0x1f/0x30\n" RULE, "kcsan",
	    "BUG: KCSAN: data-race in zebra.isra.0 / apple+0x1f/0x30", "kcsan: apple / zebra");
	one(RULE "BUG: KCSAN: assert: race in tdp_mmu_iter+0x1f/0x30\n" RULE, "kcsan",
	    "BUG: KCSAN: assert: race in tdp_mmu_iter+0x1f/0x30", "kcsan: tdp_mmu_iter");
}

static void lockdep(void **state)
{
	(void)state;
	one(RULE "WARNING: possible circular locking dependency detected\n"
		 "7.3.4-septorture #1 Not tainted\n"
		 "------------------------------------------------------\n"
		 "agent/77 is trying to acquire lock:\n"
		 "ffff888003a1c2d8 (&kvm->slots_lock#2){+.+.}-{4:4}, at: "
		 "kvm_set_memory_region+0x1f/0x30\n\n"
		 "but task is already holding lock:\n"
		 "ffff888003a1c2d8 (&tdx->lock){+.+.}-{4:4}, at: tdx_vcpu_ioctl+0x1/0x2\n"
		 "stack backtrace:\n" REGISTERS
		 "Call Trace:\n <TASK>\n dump_stack_lvl+0x1/0x2\n </TASK>\nthe next line\n",
	    "lockdep", "WARNING: possible circular locking dependency detected",
	    "lockdep: possible circular locking dependency detected in (&kvm->slots_lock#N) at "
	    "kvm_set_memory_region");
	assert_contains(seen[0].text, "already holding");
	assert_lacks(seen[0].text, "the next line");
	one(RULE "WARNING: suspicious RCU usage\n7.3.4 Not tainted\n-----------------------------\n"
		 "arch/x86/kvm/mmu/tdp_iter.c:12 suspicious rcu_dereference_check() usage!\n"
		 "Call Trace:\n <TASK>\n lockdep_rcu_suspicious+0x1/0x2\n tdp_iter+0x1/0x2\n",
	    "lockdep", "WARNING: suspicious RCU usage",
	    "lockdep: suspicious RCU usage in arch/x86/kvm/mmu/tdp_iter.c at tdp_iter");
	one(RULE "[ BUG: Invalid wait context ]\n7.3.4 Not tainted\n"
		 "agent/1 is trying to lock:\n"
		 "ffffffff82a (cgroup_mutex){....}-{3:3}, at: foo+0x1/0x2\n",
	    "lockdep", "[ BUG: Invalid wait context ]",
	    "lockdep: Invalid wait context in (cgroup_mutex) at foo");
}

static void lockdep_kinds(void **state)
{
	static const char *const headers[] = {
	    "WARNING: possible recursive locking detected",
	    "WARNING: inconsistent lock state",
	    "WARNING: bad unlock balance detected!",
	    "WARNING: held lock freed!",
	    "WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected",
	    "WARNING: possible irq lock inversion dependency detected",
	    "WARNING: Nested lock was not taken",
	    "WARNING: lock held when returning to user space!",
	    "WARNING: agent/77 still has locks held!",
	    "BUG: MAX_LOCKDEP_CHAINS too low!",
	    "INFO: trying to register non-static key.",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		feed(headers[i]);
		assert_int_equal(nseen, 1);
		assert_string_equal(seen[0].kind, "lockdep");
		assert_string_equal(seen[0].title, headers[i]);
		assert_true(seen[0].cut);
	}
	feed("WARNING: agent/77 still has locks held!");
	assert_string_equal(seen[0].signature, "lockdep: still has locks held");
	one("WARNING: agent/77 still has locks held!\n7.3.4 #1 Not tainted\n"
	    "locks held by agent/77: 1, last CPU#1:\n"
	    " #0: ffffffff81c44340 (&kvm->slots_lock){+.+.}-{4:4}, at: forgetful+0x20/0x30\n",
	    "lockdep", "WARNING: agent/77 still has locks held!",
	    "lockdep: still has locks held in (&kvm->slots_lock) at forgetful");
	/* What else the task holds is chance. */
	one("WARNING: bad unlock balance detected!\nagent/77 is trying to release lock (a) at:\n"
	    "[<ffffffff811c4e20>] foo+0x20/0x30\nother info that might help us debug this:\n"
	    " #0: ffffffff81c44340 (&kvm->slots_lock){+.+.}-{4:4}, at: other+0x20/0x30\n"
	    "Call Trace:\n <TASK>\n dump_stack_lvl+0x1/0x2\n foo+0x20/0x30\n </TASK>\n",
	    "lockdep", "WARNING: bad unlock balance detected!",
	    "lockdep: bad unlock balance detected! in foo");
}

static void stalls(void **state)
{
	(void)state;
	one("INFO: task vcpu1:123 blocked for more than 60 seconds.\n"
	    "      Not tainted 7.3.4-septorture #1\n"
	    "task:vcpu1           state:D stack:0     pid:123   tgid:77    ppid:1\n"
	    "Call Trace:\n <TASK>\n __schedule+0x1/0x2\n kvm_vcpu_ioctl+0x1/0x2\n </TASK>\n"
	    "INFO: task vcpu1:123 is blocked on a mutex likely owned by task init:1.\n",
	    "hung-task", "INFO: task vcpu1:123 blocked for more than 60 seconds.",
	    "hung-task: vcpu");
	one("INFO: task kworker/0:1:9 blocked in I/O wait for more than 60 seconds.\n", "hung-task",
	    "INFO: task kworker/0:1:9 blocked in I/O wait for more than 60 seconds.",
	    "hung-task: kworker/N:");
	one("watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [agent:77]\n" REGISTERS
	    "RIP: 0010:tdp_mmu_zap_leafs+0x1/0x2\n",
	    "soft-lockup",
	    "BUG: soft lockup - CPU#1 stuck for 22s! [agent:77] in tdp_mmu_zap_leafs",
	    "soft-lockup: soft lockup in tdp_mmu_zap_leafs");
	one("watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [agent:77]\n" REGISTERS
	    "RIP: 0010:delay_tsc+0x34/0xa0\nCall Trace:\n <TASK>\n __udelay+0x1/0x2\n"
	    " kvm_spin+0x2b/0x50\n </TASK>\n",
	    "soft-lockup", "BUG: soft lockup - CPU#1 stuck for 22s! [agent:77] in kvm_spin",
	    "soft-lockup: soft lockup in kvm_spin");
	one("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n"
	    "rcu: \t1-...!: (0 ticks this GP) idle=5d14/1/0x4000000000000000\n"
	    "RIP: 0010:anywhere+0x1/0x2\n",
	    "rcu-stall",
	    "INFO: rcu_preempt detected stalls on CPUs/tasks:", "rcu-stall: rcu_preempt");
	one("rcu: INFO: rcu_preempt self-detected stall on CPU\n", "rcu-stall",
	    "INFO: rcu_preempt self-detected stall on CPU", "rcu-stall: rcu_preempt");
	one("BUG: sleeping function called from invalid context at kernel/locking/mutex.c:283\n"
	    "in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 77, name: agent\n"
	    "Call Trace:\n <TASK>\n dump_stack_lvl+0x1/0x2\n __might_resched+0x1/0x2\n"
	    " tdp_mmu_split+0x1/0x2\n </TASK>\n",
	    "atomic-sleep",
	    "BUG: sleeping function called from invalid context at kernel/locking/mutex.c:283 in "
	    "tdp_mmu_split",
	    "atomic-sleep: sleeping function called from invalid context at "
	    "kernel/locking/mutex.c in tdp_mmu_split");
	one("BUG: scheduling while atomic: agent/77/0x00000002\n", "atomic-sleep",
	    "BUG: scheduling while atomic: agent/77/0x00000002",
	    "atomic-sleep: scheduling while atomic");
}

static void panics(void **state)
{
	(void)state;
	one("Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b\n" REGISTERS
	    "---[ end Kernel panic - not syncing: Attempted to kill init! ]---\n",
	    "panic", "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b",
	    "panic: Attempted to kill init! exitcode=X");
	/* Alone, nothing else explains it. */
	one("Kernel panic - not syncing: Fatal exception\n", "panic",
	    "Kernel panic - not syncing: Fatal exception", "panic: Fatal exception");
	/* Another reason than the splat before it. */
	feed(WARN_LOG "Kernel panic - not syncing: System is deadlocked on memory\n");
	assert_int_equal(nseen, 2);
}

/* ---- memory ---- */

#define KASAN_LOG                                                                                  \
	RULE "BUG: KASAN: slab-use-after-free in tdp_mmu_zap.isra.0+0x1f/0x130\n"                  \
	     "Read of size 8 at addr ffff888012345678 by task agent/77\n\n" REGISTERS              \
	     "Call Trace:\n <TASK>\n dump_stack_lvl+0x1/0x2\n kasan_report+0x1/0x2\n"              \
	     " tdp_mmu_zap.isra.0+0x1f/0x130\n kvm_tdp_mmu_zap+0x1/0x2\n </TASK>\n\n"              \
	     "Allocated by task 77:\n kasan_save_stack+0x1/0x2\n tdp_mmu_alloc_sp+0x1/0x2\n\n"     \
	     "Freed by task 78:\n kasan_save_stack+0x1/0x2\n tdp_mmu_free_sp+0x1/0x2\n\n"          \
	     "The buggy address belongs to the object at ffff888012345600\n"                       \
	     " which belongs to the cache kvm_mmu_page_header of size 184\n\n" RULE

static void kasan(void **state)
{
	(void)state;
	one(KASAN_LOG "the next line\n", "kasan",
	    "BUG: KASAN: slab-use-after-free in tdp_mmu_zap.isra.0+0x1f/0x130",
	    "kasan: slab-use-after-free in tdp_mmu_zap");
	assert_string_equal(seen[0].function, "tdp_mmu_zap");
	assert_contains(seen[0].text, " tdp_mmu_free_sp+0x1/0x2\n");
	assert_contains(seen[0].text, "which belongs to the cache");
	assert_lacks(seen[0].text, "the next line");
	assert_false(seen[0].cut);
	/* Not who was asked to free, but who asked. */
	one(RULE
	    "BUG: KASAN: double-free in kfree+0x5c/0x90\n"
	    "Free of addr ffff888012345678 by task agent/77\n"
	    "Call Trace:\n <TASK>\n dump_stack_lvl+0x1/0x2\n print_report+0x1/0x2\n"
	    " kasan_report_invalid_free+0x1/0x2\n kfree+0x5c/0x90\n tdx_td_init+0x1/0x2\n" RULE,
	    "kasan", "BUG: KASAN: double-free in kfree+0x5c/0x90 in tdx_td_init",
	    "kasan: double-free in tdx_td_init");
	feed(RULE "BUG: KASAN: stack-out-of-bounds in a+0x1/0x2\nRead of size 8\n");
	assert_true(seen[0].cut);
	/* SLUB's own checks. */
	one(RULE "BUG kmalloc-64 (Tainted: G    B   W          ): Poison overwritten\n"
		 "-----------------------------------------------------------------------\n\n"
		 "0xffff888012345678-0xffff888012345680 @offset=1656. First byte 0x0\n",
	    "bug", "BUG kmalloc-64 (Tainted: G    B   W          ): Poison overwritten",
	    "bug: Poison overwritten");
}

#define LEAK(functions)                                                                            \
	"unreferenced object 0xffff888012345678 (size 64):\n"                                      \
	"  comm \"agent\", pid 77, jiffies 4294892\n"                                              \
	"  hex dump (first 32 bytes):\n"                                                           \
	"    01 00 00 00 00 00 00 00 78 56 34 12 80 88 ff ff  ........xV4.....\n"                  \
	"  backtrace (crc 7a2b):\n" functions

static void kmemleak(void **state)
{
	static const char a[] = LEAK("    kmemleak_alloc+0x1/0x2\n    __kmalloc_noprof+0x1/0x2\n"
				     "    tdx_td_init+0x1f/0x30\n    tdx_vm_ioctl+0x1/0x2\n"
				     "    kvm_vm_ioctl+0x1/0x2\n    __x64_sys_ioctl+0x1/0x2\n");
	char *both = xasprintf("%s%s%s\n", a, a,
			       LEAK("    kmem_cache_alloc_noprof+0x1/0x2\n    other+0x1/0x2\n"));

	(void)state;
	feed(both);
	free(both);
	assert_int_equal(nseen, 3);
	assert_string_equal(seen[0].kind, "kmemleak");
	assert_string_equal(seen[0].signature,
			    "kmemleak: tdx_td_init < tdx_vm_ioctl < kvm_vm_ioctl");
	assert_string_equal(seen[0].title,
			    "unreferenced object 0xffff888012345678 (size 64): in tdx_td_init");
	assert_string_equal(seen[0].function, "tdx_td_init");
	assert_string_equal(seen[1].signature, seen[0].signature);
	assert_string_equal(seen[2].signature, "kmemleak: other");
	for (int i = 0; i < 3; i++)
		assert_false(seen[i].cut);
	feed(a);
	assert_true(seen[0].cut);
	/* As `kmemleak.verbose` logs it; percpu memory has a word more. */
	feed("kmemleak: unreferenced object (percpu) 0x607f80c1 (size 4):\n"
	     "kmemleak:   backtrace (crc 0):\nkmemleak:     pcpu_alloc_noprof+0x1/0x2\n"
	     "kmemleak:     foo+0x1/0x2\n"
	     "kmemleak: 1 new suspected memory leaks (see /sys/kernel/debug/kmemleak)\n");
	assert_int_equal(nseen, 1);
	assert_string_equal(seen[0].signature, "kmemleak: foo");
	/* Alone, all that is known is that there are some. */
	one("an innocent line\n"
	    "kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)\n",
	    "kmemleak", "3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
	    "kmemleak: new suspected memory leaks");
	feed("kmemleak: Kernel memory leak detector initialized (mempool available: 15789)\n"
	     "kmemleak: Automatic memory scanning thread started\n");
	assert_int_equal(nseen, 0);
}

/* ---- functions and frames ---- */

static void function_is(const char *log, const char *function, const char *frames)
{
	feed(log);
	assert_int_equal(nseen, 1);
	assert_string_equal(seen[0].function, function);
	assert_string_equal(seen[0].frames, frames);
	assert_string_equal(seen[0].provoked, "");
}

static void functions(void **state)
{
	(void)state;
	function_is(WARN_LOG, "tdp_mmu_set_spte_atomic", "kvm_tdp_mmu_map");
	function_is("BUG: unable to handle page fault for address: ffff888012345678\n"
		    "RIP: 0010:first.part.0+0x1/0x2\nCall Trace:\n ? __die+0x1/0x2\n"
		    " second.cold+0x1/0x2\n third+0x1/0x2 [kvm]\n",
		    "first", "second third");
	function_is("BUG: Bad page state in process agent  pfn:12345\n"
		    " dump_stack_lvl+0x1/0x2\n free_unref_folio+0x1/0x2\n",
		    "free_unref_folio", "dump_stack_lvl free_unref_folio");
	function_is("WARNING: possible circular locking dependency detected\n"
		    "ffff888003a1c2d8 (&kvm->slots_lock#2){+.+.}-{4:4}, at: wanted+0x1f/0x30\n"
		    "ffff888003a1c2d8 (&tdx->lock){+.+.}-{4:4}, at: held+0x1/0x2\n"
		    " dump_stack_lvl+0x1/0x2\n",
		    "wanted", "dump_stack_lvl");
	function_is("WARNING: suspicious RCU usage\n"
		    "arch/x86/kvm/mmu/tdp_iter.c:12 suspicious rcu_dereference_check() usage!\n"
		    " lockdep_rcu_suspicious+0x1/0x2\n tdp_iter+0x1/0x2\n",
		    "tdp_iter", "lockdep_rcu_suspicious tdp_iter");
	function_is("INFO: task vcpu1:123 blocked for more than 60 seconds.\n"
		    " __schedule+0x1/0x2\n kvm_vcpu_ioctl+0x1/0x2\n",
		    "", "__schedule kvm_vcpu_ioctl");
	function_is("Kernel panic - not syncing: x\n foo+0x1/0x2\n", "", "foo");
}

#define ACCESS(who) who " to 0xff11000004249df8 of 8 bytes by task 46 on cpu 1:\n"
#define REPORTED    "Reported by Kernel Concurrency Sanitizer on:\n"

static void race_frames(void **state)
{
	(void)state;
	function_is(
	    RULE "BUG: KCSAN: data-race in a / c\n\n" ACCESS(
		"read (marked)") " a.isra.0+0x1/0x2\n ? leftover+0x1/0x2\n b+0x1/0x2\n\n"
				 "locks held by init/46: 2, on CPU#1:\n"
				 " #0: ff110000005ec0a8 (&vcpu->mutex){+.+.}-{4:4}, at: "
				 "holder+0x1/0x2\n"
				 "hardirqs last  enabled at (7): [<ffffffff81088cc0>] "
				 "there+0x1/0x2\n\n" ACCESS(
				     "write") "an interloper\n c+0x1/0x2\n d+0x1/0x2\n  |\n"
					      "  +-> reordered to: e+0x1/0x2\n\n" REPORTED RULE,
	    "", "a! b c! d");
	assert_true(seen[0].whole);
	function_is(
	    "BUG: KCSAN: data-race in a\n\n"
	    "race at unknown origin, with " ACCESS("read") " a+0x1/0x2\n b+0x1/0x2\n" REPORTED RULE,
	    "", "a! b");
	assert_true(seen[0].whole);
	/* Both end before the second stack: the rule belongs to another splat. */
	function_is("BUG: KCSAN: data-race in a / b\n" ACCESS("read") " a+0x1/0x2\n" RULE, "",
		    "a!");
	assert_false(seen[0].whole);
	assert_false(seen[0].cut);
	function_is("BUG: KCSAN: data-race in a / b\n" ACCESS("read") " a+0x1/0x2\n", "", "a!");
	assert_false(seen[0].whole);
	/* A WARN of another CPU ends among its lines. */
	function_is(
	    "BUG: KCSAN: data-race in a / b\n" ACCESS("read") " a+0x1/0x2\n\n" ACCESS(
		"write") " b+0x1/0x2\n\n---[ end trace 0000000000000000 ]---\n" REPORTED RULE,
	    "", "a! b!");
	assert_true(seen[0].whole);
	/* One splat's frames are not the next one's. */
	feed(RULE "BUG: KCSAN: data-race in a / b\n" ACCESS(
	    "read") " a+0x1/0x2\n" REPORTED RULE
		    "BUG: KCSAN: data-race in a / c\n c+0x1/0x2\n" RULE);
	assert_int_equal(nseen, 2);
	assert_string_equal(seen[1].frames, "c");
	assert_false(seen[1].whole);
}

/* What an interrupt interrupted has no part in its race; what a task did has. */
static void interrupt_frames(void **state)
{
	(void)state;
	function_is(
	    "BUG: KCSAN: data-race in a / d\n"
	    "read to 0xff1100000085885c of 2 bytes by interrupt on cpu 1:\n"
	    " a+0x1/0x2\n handle_irq+0x1/0x2\n asm_common_interrupt+0x26/0x40\n "
	    "kvm+0x1/0x2\n\n" ACCESS(
		"write") " d+0x1/0x2\n asm_sysvec_reschedule_ipi+0x1/0x2\n e+0x1/0x2\n" REPORTED
		RULE,
	    "", "a! handle_irq asm_common_interrupt d! asm_sysvec_reschedule_ipi e");
	function_is(
	    "BUG: KCSAN: data-race in a / a\n"
	    "write to 0xff1100000085885c of 2 bytes by interrupt on cpu 1:\n"
	    " a+0x1/0x2\n asm_sysvec_apic_timer_interrupt+0x1/0x2\n asm_exc_page_fault+0x1/0x2\n"
	    "write to 0xff1100000085885c of 2 bytes by interrupt on cpu 0:\n"
	    " a+0x1/0x2\n asm_exc_page_fault+0x1/0x2\n kvm+0x1/0x2\n" REPORTED RULE,
	    "", "a! asm_sysvec_apic_timer_interrupt a! asm_exc_page_fault kvm");
}

static void provoked_is(const char *log, const char *what)
{
	feed(log);
	assert_int_equal(nseen, 1);
	assert_string_equal(seen[0].provoked, what);
}

static void provoked(void **state)
{
	(void)state;
	provoked_is("WARNING: a/p.c:5 at " KLOG_PROVOKED_WARN "+0x1/0x2, CPU#0: init/1\n", "warn");
	provoked_is("WARNING: provoked on purpose\nRIP: 0010:" KLOG_PROVOKED_WARN ".cold+0x1/0x2\n",
		    "warn");
	provoked_is("BUG: KCSAN: data-race in " KLOG_PROVOKED_RACE " / " KLOG_PROVOKED_RACE "\n",
		    "kcsan");
	provoked_is("BUG: KCSAN: data-race in x / y\n" ACCESS("read") " " KLOG_PROVOKED_RACE
								      "+0x1/0x2\n",
		    "kcsan");
	/* Real ones, although we called. */
	provoked_is("WARNING: a/b.c:5 at foo+0x1/0x2\n " KLOG_PROVOKED_WARN "+0x1/0x2\n", "");
	provoked_is("BUG: KCSAN: data-race in x / y\n" ACCESS(
			"read") " x+0x1/0x2\n " KLOG_PROVOKED_RACE "+0x1/0x2\n",
		    "");
	provoked_is("BUG: unable to handle x\nRIP: 0010:" KLOG_PROVOKED_WARN "+0x1/0x2\n", "");
	/* What comes after one is not its consequence, but a real one's is. */
	feed("WARNING: at " KLOG_PROVOKED_WARN "+0x1/0x2\n"
	     "Kernel panic - not syncing: Fatal exception\n");
	assert_int_equal(nseen, 2);
	feed("WARNING: at " KLOG_PROVOKED_WARN "+0x1/0x2\n---[ end trace 0 ]---\n"
	     "Kernel panic - not syncing: Fatal exception\n");
	assert_int_equal(nseen, 2);
	feed("WARNING: at foo+0x1/0x2\nKernel panic - not syncing: Fatal exception\n");
	assert_int_equal(nseen, 1);
	feed("WARNING: at " KLOG_PROVOKED_WARN "+0x1/0x2\n" WARN_LOG
	     "Kernel panic - not syncing: Fatal exception\n");
	assert_int_equal(nseen, 2);
}

static void innocent_lines(void **state)
{
	(void)state;
	feed("INFO: lockdep is turned off.\n"
	     "Spectre V2 : WARNING: Unprivileged eBPF is enabled\n"
	     "traps: init[1] general protection fault ip:401000 sp:7ffd error:0\n"
	     "kcsan: enabled early\nwatchdog: enabled\nNo BUG here, nor a panic\n"
	     "rcu: INFO: Stall ended before state dump start\n" RULE
	     "------------[ cut here ]------------\n[<ffffffff81000000>] foo+0x1/0x2\n[\n[ \n"
	     "[    1.0] \n<\n<4\n[   T\n\n");
	assert_int_equal(nseen, 0);
}

static void neighbours(void **state)
{
	(void)state;
	/* Each begins where the other has no end of its own. */
	feed("WARNING: possible recursive locking detected\n body\n" WARN_LOG RULE
	     "BUG: KCSAN: data-race in a / b\n" WARN_LOG "Kernel panic - not syncing: x\n");
	assert_int_equal(nseen, 5);
	assert_string_equal(seen[0].kind, "lockdep");
	assert_string_equal(seen[1].kind, "warn");
	assert_string_equal(seen[2].kind, "kcsan");
	assert_string_equal(seen[3].kind, "warn");
	assert_string_equal(seen[3].signature, seen[1].signature);
	assert_string_equal(seen[4].kind, "panic");
	assert_lacks(seen[0].text, "cut here");
}

/* Two CPUs write at the same time; who wrote what is in the prefix, or told beside. */
static void interleaved(void **state)
{
	struct klog *k;

	(void)state;
	feed("[    1.000001][    T1] ------------[ cut here ]------------\n"
	     "[    1.000002][   T43] " RULE
	     "[    1.000003][   T43] BUG: KCSAN: data-race in a / b\n"
	     "[    1.000004][    T1] WARNING: arch/x86/kvm/x.c:33 at f+0x15/0x20, CPU#1: init/1\n"
	     "[    1.000005][   T43] read to 0xffffffff825bf250 of 8 bytes by task 44 on cpu 1:\n"
	     "[    1.000006][   T43]  a+0x5d/0x90\n"
	     "[    1.000007][    T1] RIP: 0010:f+0x15/0x20\n"
	     "[    1.000008][    C0] BUG: soft lockup - CPU#0 stuck for 26s! [x:1]\n"
	     "[    1.000008][   T43] write to 0xffffffff825bf250 of 8 bytes by task 43 on cpu 0:\n"
	     "[    1.000009][   T43]  b+0x74/0x90\n"
	     "[    1.000010][    T1] Call Trace:\n[    1.000010][    T1]  <TASK>\n"
	     "[    1.000011][   T43] Reported by Kernel Concurrency Sanitizer on:\n"
	     "[    1.000011][    C1] NMI backtrace for cpu 1\n"
	     "[    1.000012][   T43] " RULE "[    1.000013][    T1]  g+0x1/0x2\n"
	     "[    1.000014][    T1] ---[ end trace 0000000000000000 ]---\n"
	     "[    1.000015][    C0]  h+0x1/0x2\n[    1.000016][    C0]  </TASK>\n");
	assert_int_equal(nseen, 3);
	assert_string_equal(seen[0].signature, "kcsan: a / b");
	assert_string_equal(seen[0].frames, "a! b!");
	assert_true(seen[0].whole);
	assert_lacks(seen[0].text, "f+0x15");
	assert_string_equal(seen[1].signature, "warn: arch/x86/kvm/x.c in f");
	assert_string_equal(seen[1].frames, "g");
	assert_contains(seen[1].text, "cut here");
	assert_lacks(seen[1].text, "KCSAN");
	assert_string_equal(seen[2].signature, "soft-lockup: soft lockup in h");
	/* What the other CPU was asked for is shown with it. */
	assert_contains(seen[2].text, "NMI backtrace for cpu 1\n");
	for (int i = 0; i < 3; i++)
		assert_false(seen[i].cut);

	k = klog_new(see, NULL);
	forget();
	klog_line(k, 1, -1, "T1", "BUG: KCSAN: data-race in a / b");
	klog_line(k, 2, -1, "T2", "WARNING: x.c:1 at f+0x1/0x2, CPU#1: init/1");
	klog_line(k, 3, -1, "T1", "Reported by Kernel Concurrency Sanitizer on:");
	klog_line(k, 4, -1, "T1", "=====");
	klog_line(k, 5, -1, "T2", "---[ end trace 0000000000000000 ]---");
	klog_end(k);
	assert_int_equal(nseen, 2);
	assert_true(seen[0].whole);
	assert_false(seen[1].cut);
}

static void bounds(void **state)
{
	struct klog *k = klog_new(see, NULL);
	char wide[5000];
	size_t lines = 0;

	(void)state;
	forget();
	memset(wide, 'x', sizeof(wide));
	wide[sizeof(wide) - 1] = '\0';
	klog_line(k, 1, -1, "", "WARNING: \x1b[31mred\x7f\xff");
	for (int i = 0; i < 10000; i++)
		klog_line(k, 2, -1, "", wide);
	klog_end(k);
	assert_int_equal(nseen, 1);
	assert_string_equal(seen[0].title, "WARNING: ?[31mred??");
	for (const char *s = seen[0].text; *s; s++)
		lines += *s == '\n';
	assert_int_equal(lines, KLOG_MAX_LINES);
	assert_true(strlen(seen[0].text) <= KLOG_MAX_LINES * 513);
}

static int tear_down(void **state)
{
	(void)state;
	forget();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(warnings),
	    cmocka_unit_test(oopses),
	    cmocka_unit_test(bugs),
	    cmocka_unit_test(kcsan),
	    cmocka_unit_test(lockdep),
	    cmocka_unit_test(lockdep_kinds),
	    cmocka_unit_test(stalls),
	    cmocka_unit_test(panics),
	    cmocka_unit_test(kasan),
	    cmocka_unit_test(kmemleak),
	    cmocka_unit_test(functions),
	    cmocka_unit_test(race_frames),
	    cmocka_unit_test(interrupt_frames),
	    cmocka_unit_test(provoked),
	    cmocka_unit_test(innocent_lines),
	    cmocka_unit_test(neighbours),
	    cmocka_unit_test(interleaved),
	    cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests_name("klog", tests, NULL, tear_down);
}
