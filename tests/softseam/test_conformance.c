// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs the conformance table, or prints it: --markdown. With an argument that
 * is no option: the tests whose names contain it.
 */
#include "conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct conf_table *const tables[] = {
    &conf_call,	 &conf_format,	  &conf_sys,  &conf_sys_rd, &conf_td,	  &conf_mr,    &conf_key,
    &conf_vp,	 &conf_vp_fields, &conf_sept, &conf_mem,    &conf_remove, &conf_track, &conf_phymem,
    &conf_enter, &conf_zero_step, &conf_exit, &conf_guest,  &conf_accept,
};

static const struct {
	u64 code;
	const char *name;
} names[] = {
#define N(name)                                                                                    \
	{                                                                                          \
		S_##name, #name                                                                    \
	}
    N(INTERRUPTED_RESUMABLE),
    N(OPERAND_INVALID),
    N(OPERAND_ADDR_RANGE_ERROR),
    N(OPERAND_BUSY),
    N(PREVIOUS_TLB_EPOCH_BUSY),
    N(SYS_BUSY),
    N(RND_NO_ENTROPY),
    N(HOST_PRIORITY_BUSY_TIMEOUT),
    N(PAGE_METADATA_INCORRECT),
    N(TD_ASSOCIATED_PAGES_EXIST),
    N(SYS_INIT_NOT_PENDING),
    N(SYS_LP_INIT_NOT_DONE),
    N(SYS_LP_INIT_DONE),
    N(SYS_NOT_READY),
    N(SYS_KEY_CONFIG_NOT_PENDING),
    N(SYS_LP_INIT_NOT_PENDING),
    N(SYS_CONFIG_NOT_PENDING),
    N(TD_FATAL),
    N(TDCS_NOT_ALLOCATED),
    N(LIFECYCLE_STATE_INCORRECT),
    N(OP_STATE_INCORRECT),
    N(NO_VCPUS),
    N(TDCX_NUM_INCORRECT),
    N(X2APIC_ID_NOT_UNIQUE),
    N(VCPU_STATE_INCORRECT),
    N(VCPU_ASSOCIATED),
    N(VCPU_NOT_ASSOCIATED),
    N(MAX_VCPUS_EXCEEDED),
    N(TD_VMCS_FIELD_NOT_INITIALIZED),
    N(TD_KEYS_NOT_CONFIGURED),
    N(KEY_GENERATION_FAILED),
    N(KEY_CONFIGURED),
    N(WBCACHE_NOT_COMPLETE),
    N(HKID_NOT_FREE),
    N(NO_HKID_READY_TO_WBCACHE),
    N(WBCACHE_RESUME_ERROR),
    N(FLUSHVP_NOT_DONE),
    N(INVALID_TDMR),
    N(NON_ORDERED_TDMR),
    N(TDMR_OUTSIDE_CMRS),
    N(TDMR_ALREADY_INITIALIZED),
    N(INVALID_PAMT),
    N(PAMT_OUTSIDE_CMRS),
    N(PAMT_OVERLAP),
    N(INVALID_RESERVED_IN_TDMR),
    N(NON_ORDERED_RESERVED_IN_TDMR),
    N(EPT_WALK_FAILED),
    N(EPT_ENTRY_NOT_PRESENT),
    N(GPA_RANGE_NOT_BLOCKED),
    N(GPA_RANGE_ALREADY_BLOCKED),
    N(TLB_TRACKING_NOT_DONE),
    N(PAGE_ALREADY_ACCEPTED),
    N(PAGE_SIZE_MISMATCH),
    N(EPT_ENTRY_STATE_INCORRECT),
    N(METADATA_FIELD_ID_INCORRECT),
    N(METADATA_FIELD_NOT_WRITABLE),
    N(METADATA_FIELD_NOT_READABLE),
    N(METADATA_FIELD_VALUE_INVALID),
    N(NON_RECOVERABLE_VCPU),
    N(NON_RECOVERABLE_TD),
    N(NON_ACCESSIBLE),
    {CONF_SYS_SHUTDOWN, "SYS_SHUTDOWN"},
    {CONF_LIMIT_CPUID_MAXVAL_SET, "LIMIT_CPUID_MAXVAL_SET"},
    {CONF_INCONSISTENT_MSR, "INCONSISTENT_MSR"},
    {CONF_INCORRECT_MSR_VALUE, "INCORRECT_MSR_VALUE"},
    {CONF_TSC_ROLLBACK, "TSC_ROLLBACK"},
    {CONF_WRONG_APIC_MODE, "NON_RECOVERABLE_TD_WRONG_APIC_MODE"},
    {CONF_CORRUPTED_MD, "NON_RECOVERABLE_TD_CORRUPTED_MD"},
    {CONF_CROSS_TD_FAULT, "CROSS_TD_FAULT"},
    {CONF_CROSS_TD_TRAP, "CROSS_TD_TRAP"},
};

static const char *operand_name(u64 id)
{
	static const char *const known[] = {
	    [ID_RCX] = "RCX",
	    [ID_RDX] = "RDX",
	    [ID_R8] = "R8",
	    [ID_R9] = "R9",
	    [ID_ATTRIBUTES] = "ATTRIBUTES",
	    [ID_XFAM] = "XFAM",
	    [ID_EXEC_CTLS] = "EXEC_CONTROLS",
	    [ID_EPTP_CTLS] = "EPTP_CONTROLS",
	    [ID_MAX_VCPUS] = "MAX_VCPUS",
	    [ID_CPUID_CONFIG] = "CPUID_CONFIG",
	    [ID_TSC_FREQ] = "TSC_FREQ",
	    [ID_NUM_L2_VMS] = "NUM_L2_VMS",
	    [ID_TDR] = "TDR",
	    [ID_SEPT_TREE] = "SEPT_TREE",
	    [ID_TD_EPOCH] = "TD_EPOCH",
	    [ID_OP_STATE] = "OP_STATE",
	    [ID_KOT] = "KOT",
	    [ID_KET] = "KET",
	    [ID_WBCACHE] = "WBCACHE",
	};

	return id < sizeof(known) / sizeof(known[0]) ? known[id] : NULL;
}

static const char *exit_name(u64 reason)
{
	switch (reason) {
	case 0:
		return "SUCCESS";
	case 1:
		return "exit: interrupt";
	case 3:
		return "exit: INIT and others";
	case EXIT_OTHER_SMI:
		return "exit: other SMI";
	case EXIT_EPT_VIOLATION:
		return "exit: EPT violation";
	case EXIT_EPT_MISCONFIG:
		return "exit: EPT misconfiguration";
	case EXIT_TDCALL:
		return "exit: TDCALL";
	default:
		return "exit";
	}
}

/* Codes whose low half is no operand's id. */
static bool has_operand(u64 code)
{
	return code == S_OPERAND_INVALID || code == S_OPERAND_BUSY ||
	       code == S_OPERAND_ADDR_RANGE_ERROR || code == S_PAGE_METADATA_INCORRECT ||
	       ((code >> 40 & 0xff) == 0xb && code != S_PAGE_SIZE_MISMATCH);
}

static const char *status_name(u64 status)
{
	static char text[128];
	const char *name = NULL, *operand;
	u64 code = S_CODE(status), low = status - S_CODE(status);

	if (!code)
		return exit_name(low);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].code == code)
			name = names[i].name;
	if (!name)
		name = "(?)";
	operand = operand_name(low);
	if (code == S_OPERAND_INVALID && !low)
		operand = "RAX";
	if (operand && has_operand(code))
		snprintf(text, sizeof(text), "%s(%s)", name, operand);
	else if (low)
		snprintf(text, sizeof(text), "%s(%#llx)", name, low);
	else
		snprintf(text, sizeof(text), "%s", name);
	return text;
}

static const struct conf_row *row_at(size_t i)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		if (i < tables[t]->n)
			return &tables[t]->rows[i];
		i -= tables[t]->n;
	}
	return NULL;
}

static size_t nr_rows(void)
{
	size_t n = 0;

	while (row_at(n))
		n++;
	return n;
}

/* --- As a document --- */

static void print_row(const struct conf_row *row)
{
	printf("| %s | `%016llx` | %s | %s | %s |\n", status_name(row->status), row->status,
	       row->section, row->name, row->fn ? "tested" : row->exception);
}

static bool first_of_leaf(size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (!strcmp(row_at(j)->leaf, row_at(i)->leaf))
			return false;
	return true;
}

static void print_leaf(size_t first, size_t n)
{
	printf("\n## %s\n\n| Status | RAX | Section | Situation | |\n|---|---|---|---|---|\n",
	       row_at(first)->leaf);
	for (size_t i = first; i < n; i++)
		if (!strcmp(row_at(i)->leaf, row_at(first)->leaf))
			print_row(row_at(i));
}

static void print_markdown(size_t n)
{
	size_t tested = 0;

	printf("# softseam's conformance\n\nWhat softseam must answer, and whether a test says "
	       "that it does: written by\n`softseam-conformance --markdown`. Sections are those "
	       "of the fact sheet that\n[softseam.md](softseam.md) sums up. Each test also "
	       "asserts that no lock is left\nheld.\n");
	for (size_t i = 0; i < n; i++) {
		tested += !!row_at(i)->fn;
		if (first_of_leaf(i))
			print_leaf(i, n);
	}
	printf("\n%zu of %zu implemented and tested; exceptions: %zu.\n\n", tested, n, n - tested);
	for (size_t i = 0; i < n; i++)
		if (!row_at(i)->fn)
			printf("* %s, %s, %s: %s\n", row_at(i)->leaf,
			       status_name(row_at(i)->status), row_at(i)->name,
			       row_at(i)->exception);
}

/* --- As tests --- */

static void failed(const char *file, int line, const char *what)
{
	print_error("%s\n", what);
	_fail(file, line);
}

static void test_row(void **state)
{
	const struct conf_row *row = *state;

	conf_begin(row, 1);
	row->fn();
	conf_end();
}

static char *test_name(const struct conf_row *row)
{
	char *name;

	if (asprintf(&name, "%s %s: %s", row->leaf, status_name(row->status), row->name) < 0)
		abort();
	return name;
}

static int run_rows(size_t n, const char *filter)
{
	struct CMUnitTest *tests = calloc(n, sizeof(*tests));
	size_t used = 0;
	int failures;

	if (!tests)
		abort();
	for (size_t i = 0; i < n; i++) {
		const struct conf_row *row = row_at(i);
		char *name;

		if (!row->fn)
			continue;
		name = test_name(row);
		if (filter && !strstr(name, filter)) {
			free(name);
			continue;
		}
		tests[used++] = (struct CMUnitTest){
		    .name = name, .test_func = test_row, .initial_state = (void *)row};
	}
	conf_failed = failed;
	failures = _cmocka_run_group_tests("conformance", tests, used, NULL, NULL);
	for (size_t i = 0; i < used; i++)
		free((char *)tests[i].name);
	free(tests);
	return failures;
}

int main(int argc, char **argv)
{
	size_t n = nr_rows();

	if (argc > 1 && !strcmp(argv[1], "--markdown")) {
		print_markdown(n);
		return 0;
	}
	return !!run_rows(n, argc > 1 ? argv[1] : NULL);
}
