/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Included last by the files that read VMX capability MSRs, so that their
 * reads ask softvmx first and the files need no other change.
 */
#ifndef _ASM_X86_SOFTVMX_MSR_H
#define _ASM_X86_SOFTVMX_MSR_H

#include <asm/msr.h>
#include <asm/softvmx.h>

static inline u64 softvmx_or_rdmsrq(u32 msr)
{
	u64 val;

	if (!softvmx_rdmsr(msr, &val))
		rdmsrq(msr, val);
	return val;
}

static inline int softvmx_or_rdmsrq_safe(u32 msr, u64 *val)
{
	return softvmx_rdmsr(msr, val) ? 0 : rdmsrq_safe(msr, val);
}

#undef rdmsrq
#define rdmsrq(msr, val)	((val) = softvmx_or_rdmsrq(msr))
#define rdmsrq_safe(msr, val)	softvmx_or_rdmsrq_safe(msr, val)

#endif /* _ASM_X86_SOFTVMX_MSR_H */
