// SPDX-License-Identifier: GPL-2.0-only
/* TD_PARAMS, the input of TDH.MNG.INIT, and the CPUID leaves in it. */
#include "seam.h"

#define ATTRIBUTES_FIXED0	0x8000000070000001ULL
#define XFAM_FIXED0		0x6dbe7ULL
#define XFAM_FIXED1		3ULL
#define CONFIG_FLAGS_MAX_GPAW	BIT_ULL(0)
#define CONFIG_FLAGS_ALLOWED	(CONFIG_FLAGS_MAX_GPAW | BIT_ULL(1) | BIT_ULL(2))
#define EPTP_WB			6
#define EPTP_LEVELS(eptp)	((((eptp) >> 3) & 7) + 1)
#define MAX_L2_VMS		3
#define TSC_MIN			4	/* in units of 25 MHz */
#define TSC_MAX			400
#define NR_CPUID_ARGS		48

struct td_params_arg {
	u64 attributes, xfam;
	u16 max_vcpus;
	u8 num_l2_vms, msr_config_ctls;
	u8 reserved0[4];
	u64 eptp_controls, config_flags;
	u16 tsc_frequency;
	u8 reserved1[38];
	u64 measurements[18], arch_capabilities, reserved2[3];
	struct seam_cpuid cpuid[NR_CPUID_ARGS];
};

static_assert(sizeof(struct td_params_arg) == 1024);

const u64 seam_cpuid_leaves[SEAM_NR_CPUID] = {
	0xffffffff00000001, 0x0000000000000004, 0x0000000100000004, 0x0000000200000004,
	0x0000000300000004, 0x0000000000000007, 0x0000000100000007, 0x0000000200000007,
	0xffffffff0000000a, 0xffffffff0000001c, 0x000000000000001f, 0x000000010000001f,
	0x000000020000001f, 0x000000030000001f, 0x000000040000001f, 0x000000050000001f,
	0xffffffff00000023, 0xffffffff80000008,
};

#define ALL	{ ~0ULL, ~0ULL }

/* A TD may choose all bits but those of the last leaf that tell the width of its GPAs. */
const struct seam_cpuid seam_cpuid_mask[SEAM_NR_CPUID] = {
	ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL,
	{ ~0xff0000ULL, ~0ULL },
};

static bool is_zero(const void *p, size_t size)
{
	const u8 *byte = p;

	while (size && !*byte) {
		byte++;
		size--;
	}
	return !size;
}

static u64 check_cpuid(struct seam_call *c, const struct td_params_arg *p)
{
	for (int i = 0; i < SEAM_NR_CPUID; i++) {
		if (p->cpuid[i].ebx_eax & ~seam_cpuid_mask[i].ebx_eax ||
		    p->cpuid[i].edx_ecx & ~seam_cpuid_mask[i].edx_ecx) {
			c->a->rcx = seam_cpuid_leaves[i];
			return S_OPERAND_INVALID | ID_CPUID_CONFIG;
		}
	}
	if (!is_zero(p->cpuid + SEAM_NR_CPUID, sizeof(p->cpuid) - SEAM_NR_CPUID * sizeof(*p->cpuid)))
		return S_OPERAND_INVALID | ID_RDX;
	return S_SUCCESS;
}

static u64 check(struct seam_call *c, const struct td_params_arg *p)
{
	u32 levels = EPTP_LEVELS(p->eptp_controls);
	u64 status;

	if (p->attributes & ~ATTRIBUTES_FIXED0)
		return S_OPERAND_INVALID | ID_ATTRIBUTES;
	if (p->xfam & ~XFAM_FIXED0 || (p->xfam & XFAM_FIXED1) != XFAM_FIXED1)
		return S_OPERAND_INVALID | ID_XFAM;
	if (!p->max_vcpus || p->max_vcpus > SEAM_MAX_VCPUS)
		return S_OPERAND_INVALID | ID_MAX_VCPUS;
	if (p->num_l2_vms > MAX_L2_VMS)
		return S_OPERAND_INVALID | ID_NUM_L2_VMS;
	if (p->config_flags & ~CONFIG_FLAGS_ALLOWED)
		return S_OPERAND_INVALID | ID_EXEC_CTLS;
	if ((p->eptp_controls & 7) != EPTP_WB || p->eptp_controls >> 6 ||
	    (levels != 4 && levels != 5) ||
	    (p->config_flags & CONFIG_FLAGS_MAX_GPAW && levels != 5))
		return S_OPERAND_INVALID | ID_EPTP_CTLS;
	if (p->tsc_frequency < TSC_MIN || p->tsc_frequency > TSC_MAX)
		return S_OPERAND_INVALID | ID_TSC_FREQ;
	status = check_cpuid(c, p);
	if (status)
		return status;
	if (!is_zero(p->reserved0, sizeof(p->reserved0)) ||
	    !is_zero(p->reserved1, sizeof(p->reserved1)) ||
	    !is_zero(p->reserved2, sizeof(p->reserved2)))
		return S_OPERAND_INVALID | ID_RDX;
	return S_SUCCESS;
}

u64 seam_take_params(struct seam_call *c, struct seam_td *td, u64 pa)
{
	struct td_params_arg p;
	u64 status;

	if (pa & (sizeof(p) - 1) || pa & ~seam_pa_mask() || !seam_host_readable(pa))
		return S_OPERAND_INVALID | ID_RDX;
	/* The host could change them meanwhile. */
	memcpy(&p, seam_va(pa), sizeof(p));
	status = check(c, &p);
	if (status)
		return status;

	td->attributes = p.attributes;
	td->xfam = p.xfam;
	td->max_vcpus = p.max_vcpus;
	td->eptp_controls = p.eptp_controls;
	td->config_flags = p.config_flags;
	td->levels = EPTP_LEVELS(p.eptp_controls);
	td->gpaw_shared = p.config_flags & CONFIG_FLAGS_MAX_GPAW ? BIT_ULL(51) : BIT_ULL(47);
	memcpy(td->cpuid, p.cpuid, sizeof(td->cpuid));
	return S_SUCCESS;
}
