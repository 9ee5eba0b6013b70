/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * softvmx: enough of VMX, answered in software, for KVM to load kvm-intel and
 * create TDs on a CPU without VMX. Chosen at boot ("softvmx"), and only where
 * CPUID shows no VMX: on real or nested VMX it stays off. Only TDs can be
 * created; nothing else of VMX is emulated.
 */
#ifndef _ASM_X86_SOFTVMX_H
#define _ASM_X86_SOFTVMX_H

#include <linux/types.h>
#include <asm/softseam.h>

#ifdef CONFIG_KVM_SOFTVMX

extern bool __softvmx_enabled;

/* May be used anywhere, noinstr code included: constant after early boot. */
static __always_inline bool softvmx_enabled(void)
{
	return __softvmx_enabled;
}

/* INVEPT: what the module's guests have in their TLBs goes; true if that is all there is. */
static __always_inline bool softvmx_invept(void)
{
	if (!softvmx_enabled())
		return false;
	softseam_invept();
	return true;
}

/*
 * Reads @msr into @val if it is one that softvmx answers, i.e. one of the VMX
 * capability MSRs (SDM vol. 3D appendix A), IA32_FEATURE_CONTROL, or the MKTME
 * KeyID partitioning. Returns whether it did.
 */
bool softvmx_rdmsr(u32 msr, u64 *val);

#else

static __always_inline bool softvmx_enabled(void)
{
	return false;
}

static __always_inline bool softvmx_invept(void)
{
	return false;
}

static inline bool softvmx_rdmsr(u32 msr, u64 *val)
{
	return false;
}

#endif /* CONFIG_KVM_SOFTVMX */
#endif /* _ASM_X86_SOFTVMX_H */
