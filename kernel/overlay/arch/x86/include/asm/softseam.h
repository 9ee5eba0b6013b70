/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * softseam: the TDX module in software, behind the kernel's three SEAMCALL
 * entry points. Active only together with softvmx, i.e. never on a machine
 * that could have a real module.
 */
#ifndef _ASM_X86_SOFTSEAM_H
#define _ASM_X86_SOFTSEAM_H

#include <linux/types.h>

struct tdx_module_args;

#ifdef CONFIG_KVM_SOFTSEAM

extern bool __softseam_enabled;

static __always_inline bool softseam_enabled(void)
{
	return __softseam_enabled;
}

/*
 * Executes leaf @fn (RAX as the kernel would pass it) and returns RAX. Output
 * registers are written to @args, which not every assembly entry point does:
 * callers of the others don't look, except that they retry with the same
 * @args if there was no entropy, which therefore leaves @args alone. Callers
 * have preemption disabled; safe in noinstr code with interrupts disabled.
 */
u64 softseam_call(u64 fn, struct tdx_module_args *args);

/* This CPU executed INVEPT, of whatever type. Callers have preemption disabled. */
void softseam_invept(void);

#else

static __always_inline bool softseam_enabled(void)
{
	return false;
}

static __always_inline u64 softseam_call(u64 fn, struct tdx_module_args *args)
{
	return 0;
}

static inline void softseam_invept(void)
{
}

#endif /* CONFIG_KVM_SOFTSEAM */
#endif /* _ASM_X86_SOFTSEAM_H */
