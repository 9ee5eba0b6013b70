// SPDX-License-Identifier: GPL-2.0-or-later
/* The errors that KVM logs without a splat: which are seen, and which count. */
#include "helper.h"

#include <stdlib.h>
#include <string.h>

#include "expected.h"
#include "klog.h"
#include "kvm_lines.h"
#include "run.h"
#include "xmem.h"

#define TRACK "kvm_intel: SEAMCALL TDH_MEM_TRACK failed: 0x8000020000000000"

static char *all; /* what the last log gave: "kind: ...; ..." */

static void see(void *arg, const struct klog_splat *s)
{
	char *longer = xasprintf("%s%s%s", all, *all ? "; " : "", s->signature);

	(void)arg;
	assert_string_equal(s->text + strlen(s->text) - 1, "\n");
	free(all);
	all = longer;
}

/* LOG, lines of the level PRI, gives the splats WANT. */
static void gives(const char *log, int pri, const char *want)
{
	struct klog *k = klog_new(see, NULL);

	free(all);
	all = xstrdup("");
	while (*log) {
		size_t len = strcspn(log, "\n");
		char *line = xasprintf("%.*s", (int)len, log);

		klog_line(k, 1, pri, "T1", line);
		free(line);
		log += len + (log[len] == '\n');
	}
	klog_end(k);
	assert_string_equal(all, want);
}

static void errors_are_seen(void **state)
{
	(void)state;
	gives(TRACK "\n", 3, "kvm-error: tdh_mem_track failed");
	gives(TRACK "\n", -1, "kvm-error: tdh_mem_track failed");
	gives("<3>[    1.000000][    T1] " TRACK "\r\n", -1, "kvm-error: tdh_mem_track failed");
	gives("kvm_intel: TDH_VP_WR[VMCS.0x2016] = 0x1 failed: 0x8000070100000000\n", 3,
	      "kvm-error: tdh_vp_wr failed");
	gives("kvm_intel: tdh_mng_vpflushdone() failed. HKID 34 is leaked.\n", -1,
	      "kvm-error: tdh_mng_vpflushdone failed");
	gives("virt/tdx: SEAMCALL (0x0000000000000021) failed: 0xc000060000000000\n"
	      "virt/tdx: RCX 0x0000000000000001 RDX 0x0000000000000000 R08 0x0000000000000000\n"
	      "virt/tdx: R09 0x0000000000000001 R10 0x0000000000000000 R11 0x0000000000000000\n",
	      3, "kvm-error: virt/tdx: SEAMCALL (X) failed: X");
	gives("kvm: Invalid SPTE change: cannot replace a present leaf\\x0aSPTE with another\n", 3,
	      "kvm-error: kvm: Invalid SPTE change: cannot replace a present leaf");
	gives("kvm [77]: vcpu10, guest rIP: 0xfff0 unexpected exit reason 0x7\n", 3,
	      "kvm-error: kvm [N]: vcpuN, guest rIP: X unexpected exit reason X");
}

static void others_are_not(void **state)
{
	(void)state;
	gives(TRACK "\n", 4, "");
	gives("virt/tdx: TDX-Module initialized\n", 6, "");
	gives("virt/tdx: TDH.SYS.DISABLE failed: 0xc000010000000000\n", -1, "");
	gives("kvm_intel: VMX not supported by CPU 0\n", -1, "");
	gives("kvmx: SEAMCALL TDH_MEM_TRACK failed\nkvm [x]: y\nkvm [1\nkvm\nkvm_intel\n", 3, "");
	gives("kvm_intel: TDH failed\nkvm_intel: tdh_mem_track\n", -1, "");
}

/* A dump is one error, but none is lost in it. */
static void dumps_are_one(void **state)
{
	(void)state;
	gives("kvm_intel: VMCS 1, last attempted VM-entry on CPU 0\n"
	      "kvm_intel: *** Guest State ***\nkvm_intel: CR0: actual=0x1\n" TRACK "\n"
	      "kvm_intel: CR3 = 0x1\nsomething else\nkvm_intel: EPT is required for TDX\n",
	      3,
	      "kvm-error: kvm_intel: VMCS N, last attempted VM-entry on CPU N; "
	      "kvm-error: tdh_mem_track failed; kvm-error: kvm_intel: EPT is required for TDX");
}

/* Neither is a part of a splat, nor the end of one. */
static void splats_go_on(void **state)
{
	(void)state;
	gives("WARNING: a/b.c:5 at foo+0x1/0x2, CPU#0: x/1\n" TRACK "\n"
	      "---[ end trace 0 ]---\n",
	      3, "kvm-error: tdh_mem_track failed; warn: a/b.c in foo");
}

/* ---- which of them count ---- */

/* Whether LINE counts in a run that made SITE fail so (NULL: none did). */
static bool counts(const char *line, const char *site, const char *context, const char *status,
		   enum scope_class *scope)
{
	struct run_report *run = run_new();
	struct finding *f = run_finding(run, "klog", "kvm-error", line, "kvm-error: x", 1);
	bool counts;

	if (site)
		expected_add(run, site, context, status, "");
	expected_mark(run);
	counts = run_counts(f);
	*scope = f->scope;
	if (f->known)
		assert_contains(f->known, site);
	run_free(run);
	return counts;
}

static void injected_faults_explain(void **state)
{
	static const char fatal[] = "TDX_EPT_ENTRY_STATE_INCORRECT_RCX";
	static const char add[] = "kvm_intel: SEAMCALL TDH_MEM_PAGE_ADD failed: 0x1";
	static const char done[] = "kvm_intel: SEAMCALL TDH_MNG_VPFLUSHDONE failed: 0x1";
	static const char wbinvd[] = "kvm_intel: SEAMCALL TDH_PHYMEM_PAGE_WBINVD failed: 0x1";
	enum scope_class scope;

	(void)state;
	assert_true(counts(add, NULL, NULL, NULL, &scope));
	/* By contract the operation is retried, and nobody hears of it. */
	assert_true(counts(add, "tdh_mem_page_add", "map", "TDX_OPERAND_BUSY", &scope));
	assert_false(counts(add, "tdh_mem_page_add", "map", fatal, &scope));
	/* Another call of the same kind; what follows from one; what has nothing to do with it. */
	assert_true(counts(done, "tdh_mem_page_aug", "map", fatal, &scope));
	assert_false(counts(done, "tdh_vp_flush", "teardown", "TDX_OPERAND_BUSY", &scope));
	assert_true(counts(TRACK, "tdh_mr_finalize", "finalize", "TDX_NO_VCPUS", &scope));
	/* One name in the line, two functions. */
	assert_false(
	    counts(wbinvd, "tdh_phymem_page_wbinvd_tdr", "teardown", "TDX_OPERAND_BUSY", &scope));
	assert_int_equal(scope, SCOPE_TEST);
}

static void broken_tables_count(void **state)
{
	static const char line[] = "kvm: Unexpected SPTE change! Nonpresent SPTEs";
	enum scope_class scope;

	(void)state;
	assert_true(counts(line, NULL, NULL, NULL, &scope));
	assert_true(counts(line, "tdh_mr_finalize", "finalize", "TDX_NO_VCPUS", &scope));
	assert_false(counts(line, "tdp_mmu_set_external_spte", "remove", "-EBUSY", &scope));
	assert_true(counts("kvm: get_mmio_spte: reserved bits set on MMU-present spte, addr 0x1",
			   "tdp_mmu_set_external_spte", "remove", "-EBUSY", &scope));
	assert_true(
	    counts("kvm: SPTE 8 (@ 0) for gfn 1 shadow-present at free", NULL, NULL, NULL, &scope));
}

static void unknown_lines_are_listed(void **state)
{
	enum scope_class scope;

	(void)state;
	assert_false(counts("kvm_intel: APICv is required for TDX", NULL, NULL, NULL, &scope));
	assert_int_equal(scope, SCOPE_ELSEWHERE);
}

static int forget(void **state)
{
	(void)state;
	free(all);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(errors_are_seen),
	    cmocka_unit_test(others_are_not),
	    cmocka_unit_test(dumps_are_one),
	    cmocka_unit_test(splats_go_on),
	    cmocka_unit_test(injected_faults_explain),
	    cmocka_unit_test(broken_tables_count),
	    cmocka_unit_test(unknown_lines_are_listed),
	};

	return cmocka_run_group_tests_name("kvm lines", tests, NULL, forget);
}
