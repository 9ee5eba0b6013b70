// SPDX-License-Identifier: GPL-2.0-or-later
#include "site.h"

#include <errno.h>
#include <string.h>

/* Status words of the TDX module (TDX module ABI, completion status codes). */
#define TDX_OPERAND_BUSY 0x8000020000000000ull

/* Software-available bit 11 marks a present SPTE (arch/x86/kvm/mmu/spte.h, SPTE_MMU_PRESENT_MASK).
 */
#define SPTE_MMU_PRESENT (1ull << 11)

/* tdx_mem_page_aug(), tdx_mem_page_add(), tdx_sept_map_nonleaf_spte(): any BUSY becomes -EBUSY. */
static const struct status seamcall_retry[] = {
    {"TDX_OPERAND_BUSY", TDX_OPERAND_BUSY, CONTRACT_RETRY, 0, 0, NULL, NULL, NULL},
    {"TDX_OPERAND_BUSY_RCX", TDX_OPERAND_BUSY | 0x01, CONTRACT_RETRY, 0, 0, NULL, NULL, NULL},
    {"TDX_OPERAND_BUSY_SEPT", TDX_OPERAND_BUSY | 0x92, CONTRACT_RETRY, 0, 0, NULL, NULL, NULL},
    {0},
};

/* tdp_mmu_set_spte_atomic(): the errno is dropped, every failure is RET_PF_RETRY. */
static const struct status external_retry[] = {
    {"-EBUSY", (uint64_t)-EBUSY, CONTRACT_RETRY, 0, 0, NULL, NULL, NULL},
    {"-EIO", (uint64_t)-EIO, CONTRACT_RETRY, 0, 0, NULL, NULL, NULL},
    {0},
};

static const struct context map_only[] = {
    {.name = "map", .statuses = seamcall_retry},
    {0},
};

/* handle_changed_spte(): under the write side of mmu_lock a failure bugs the VM. */
static const struct status external_fatal[] = {
    {"-EBUSY", (uint64_t)-EBUSY, CONTRACT_VM_FATAL, 0, 0, NULL, NULL, NULL},
    {"-EIO", (uint64_t)-EIO, CONTRACT_VM_FATAL, 0, 0, NULL, NULL, NULL},
    {0},
};

/*
 * Argument 2 of tdp_mmu_set_external_spte(kvm, gfn, old_spte, new_spte, level)
 * tells a map from a removal.
 */
static const struct context external[] = {
    {"map", {{2, SITE_EQ, SPTE_MMU_PRESENT, 0}}, NULL, external_retry},
    {"remove", {{2, SITE_EQ, SPTE_MMU_PRESENT, SPTE_MMU_PRESENT}}, NULL, external_fatal},
    {0},
};

const struct site sites[] = {
    {"tdp_mmu_set_external_spte", "the mirror SPTE's change is propagated to the external table",
     ENGINE_FAIL_FUNCTION, external},
    {"tdh_mem_page_add", "TDH.MEM.PAGE.ADD: a page of the initial image", ENGINE_FAIL_FUNCTION,
     map_only},
    {"tdh_mem_page_aug", "TDH.MEM.PAGE.AUG: a page on demand", ENGINE_FAIL_FUNCTION, map_only},
    {"tdh_mem_sept_add", "TDH.MEM.SEPT.ADD: a table of the S-EPT", ENGINE_FAIL_FUNCTION, map_only},
    {0},
};

const struct site *site_find(const char *name)
{
	for (const struct site *s = sites; s->name; s++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

const struct context *site_context(const struct site *site, const char *name)
{
	for (const struct context *c = site->contexts; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

const struct status *context_status(const struct context *ctx, const char *name)
{
	for (const struct status *s = ctx->statuses; s->name; s++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

/* A status means the same wherever it comes from. */
const char *status_name(uint64_t value)
{
	for (const struct site *site = sites; site->name; site++)
		for (const struct context *c = site->contexts; c->name; c++)
			for (const struct status *s = c->statuses; s->name; s++)
				if (s->value == value)
					return s->name;
	return NULL;
}

const char *contract_name(enum contract c)
{
	static const char *const names[] = {
	    [CONTRACT_RETRY] = "retry",
	    [CONTRACT_ABSORBED] = "absorbed",
	    [CONTRACT_ONCE] = "once",
	    [CONTRACT_IGNORED] = "ignored",
	    [CONTRACT_USER_ERROR] = "user-error",
	    [CONTRACT_LEAK] = "leak",
	    [CONTRACT_VM_FATAL] = "VM-fatal",
	    [CONTRACT_NEVER] = "never",
	};

	return names[c];
}
