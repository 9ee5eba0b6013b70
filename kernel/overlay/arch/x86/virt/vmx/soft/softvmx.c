// SPDX-License-Identifier: GPL-2.0-only
/*
 * softvmx: what KVM and the TDX host code want to know of a CPU with VMX and
 * TDX. See asm/softvmx.h.
 */
#define pr_fmt(fmt) "softvmx: " fmt

#include <linux/bits.h>
#include <linux/cache.h>
#include <linux/init.h>
#include <linux/printk.h>
#include <asm/cpufeature.h>
#include <asm/cpuid/api.h>
#include <asm/msr-index.h>
#include <asm/softvmx.h>
#include <asm/vmx.h>

bool __softvmx_enabled __ro_after_init;

/* Sapphire Rapids' split: KeyIDs 1-31 for MKTME, 32-63 for TDX. */
#define SOFTVMX_MKTME_KEYIDS	31ULL
#define SOFTVMX_TDX_KEYIDS	32ULL

/* A control MSR: low half must be 1, high half may be 1. */
#define CTLS(must, may)		((u64)(must) | ((u64)((must) | (may)) << 32))

/* The default1 bits of the non-TRUE control MSRs (SDM vol. 3D A.3 to A.5). */
#define PIN_DEFAULT1		0x00000016
#define PROC_DEFAULT1		0x0401e172
#define EXIT_DEFAULT1		0x00036dff
#define ENTRY_DEFAULT1		0x000011ff

#define PROC_CTLS										\
	(CPU_BASED_INTR_WINDOW_EXITING | CPU_BASED_USE_TSC_OFFSETTING | CPU_BASED_HLT_EXITING | \
	 CPU_BASED_INVLPG_EXITING | CPU_BASED_MWAIT_EXITING | CPU_BASED_RDPMC_EXITING |		\
	 CPU_BASED_CR3_LOAD_EXITING | CPU_BASED_CR3_STORE_EXITING |				\
	 CPU_BASED_CR8_LOAD_EXITING | CPU_BASED_CR8_STORE_EXITING | CPU_BASED_TPR_SHADOW |	\
	 CPU_BASED_NMI_WINDOW_EXITING | CPU_BASED_MOV_DR_EXITING |				\
	 CPU_BASED_UNCOND_IO_EXITING | CPU_BASED_USE_IO_BITMAPS | CPU_BASED_USE_MSR_BITMAPS |	\
	 CPU_BASED_MONITOR_EXITING | CPU_BASED_PAUSE_EXITING |					\
	 CPU_BASED_ACTIVATE_SECONDARY_CONTROLS)

#define PROC2_CTLS										\
	(SECONDARY_EXEC_VIRTUALIZE_APIC_ACCESSES | SECONDARY_EXEC_ENABLE_EPT |			\
	 SECONDARY_EXEC_ENABLE_RDTSCP | SECONDARY_EXEC_VIRTUALIZE_X2APIC_MODE |			\
	 SECONDARY_EXEC_ENABLE_VPID | SECONDARY_EXEC_UNRESTRICTED_GUEST |			\
	 SECONDARY_EXEC_APIC_REGISTER_VIRT | SECONDARY_EXEC_VIRTUAL_INTR_DELIVERY |		\
	 SECONDARY_EXEC_ENABLE_INVPCID | SECONDARY_EXEC_ENABLE_XSAVES |				\
	 SECONDARY_EXEC_TSC_SCALING)

#define PIN_CTLS										\
	(PIN_BASED_EXT_INTR_MASK | PIN_BASED_NMI_EXITING | PIN_BASED_VIRTUAL_NMIS |		\
	 PIN_BASED_POSTED_INTR)

#define EXIT_CTLS										\
	(VM_EXIT_SAVE_DEBUG_CONTROLS | VM_EXIT_HOST_ADDR_SPACE_SIZE | VM_EXIT_ACK_INTR_ON_EXIT |\
	 VM_EXIT_SAVE_IA32_PAT | VM_EXIT_LOAD_IA32_PAT | VM_EXIT_SAVE_IA32_EFER |		\
	 VM_EXIT_LOAD_IA32_EFER)

#define ENTRY_CTLS										\
	(VM_ENTRY_LOAD_DEBUG_CONTROLS | VM_ENTRY_IA32E_MODE | VM_ENTRY_LOAD_IA32_PAT |		\
	 VM_ENTRY_LOAD_IA32_EFER)

#define EPT_CAPS										\
	(VMX_EPT_EXECUTE_ONLY_BIT | VMX_EPT_PAGE_WALK_4_BIT | VMX_EPT_PAGE_WALK_5_BIT |		\
	 VMX_EPTP_WB_BIT | VMX_EPT_2MB_PAGE_BIT | VMX_EPT_1GB_PAGE_BIT | VMX_EPT_INVEPT_BIT |	\
	 VMX_EPT_AD_BIT | VMX_EPT_EXTENT_CONTEXT_BIT | VMX_EPT_EXTENT_GLOBAL_BIT)

#define VPID_CAPS										\
	(VMX_VPID_INVVPID_BIT | VMX_VPID_EXTENT_INDIVIDUAL_ADDR_BIT |				\
	 VMX_VPID_EXTENT_SINGLE_CONTEXT_BIT | VMX_VPID_EXTENT_GLOBAL_CONTEXT_BIT)

/* Revision 1, a VMCS of one page in write-back memory, VMCS kept over SEAMRET. */
#define VMX_BASIC	(1ULL | BIT_ULL(44) | (6ULL << 50) | BIT_ULL(60))

bool softvmx_rdmsr(u32 msr, u64 *val)
{
	if (!softvmx_enabled())
		return false;

	switch (msr) {
	case MSR_IA32_FEAT_CTL:
		*val = FEAT_CTL_LOCKED | FEAT_CTL_VMX_ENABLED_OUTSIDE_SMX;
		return true;
	case MSR_IA32_MKTME_KEYID_PARTITIONING:
		*val = SOFTVMX_MKTME_KEYIDS | (SOFTVMX_TDX_KEYIDS << 32);
		return true;
	case MSR_IA32_VMX_BASIC:
		*val = VMX_BASIC;
		return true;
	case MSR_IA32_VMX_PINBASED_CTLS:
		*val = CTLS(PIN_DEFAULT1, PIN_CTLS);
		return true;
	case MSR_IA32_VMX_PROCBASED_CTLS:
		*val = CTLS(PROC_DEFAULT1, PROC_CTLS);
		return true;
	case MSR_IA32_VMX_PROCBASED_CTLS2:
		*val = CTLS(0, PROC2_CTLS);
		return true;
	case MSR_IA32_VMX_EXIT_CTLS:
		*val = CTLS(EXIT_DEFAULT1, EXIT_CTLS);
		return true;
	case MSR_IA32_VMX_ENTRY_CTLS:
		*val = CTLS(ENTRY_DEFAULT1, ENTRY_CTLS);
		return true;
	case MSR_IA32_VMX_EPT_VPID_CAP:
		*val = EPT_CAPS | ((u64)VPID_CAPS << 32);
		return true;
	case MSR_IA32_VMX_PROCBASED_CTLS3:
	case MSR_IA32_VMX_MISC:
	case MSR_IA32_VMX_VMFUNC:
		*val = 0;
		return true;
	default:
		return false;
	}
}

/*
 * Runs before any capability is looked at. Forced capabilities survive the
 * re-detection on each CPU; MOVDIR64B and self-snoop are asked for by
 * tdx_enable() but used only on CPUs with the partial-write erratum.
 */
static int __init softvmx_setup(char *arg)
{
	if (cpuid_ecx(1) & BIT(X86_FEATURE_VMX & 31)) {
		pr_info("the CPU has VMX, staying off\n");
		return 0;
	}
	if (boot_cpu_data.x86_vendor != X86_VENDOR_INTEL) {
		pr_info("the CPU is not an Intel CPU, staying off\n");
		return 0;
	}

	__softvmx_enabled = true;
	setup_force_cpu_cap(X86_FEATURE_VMX);
	setup_force_cpu_cap(X86_FEATURE_MOVDIR64B);
	setup_force_cpu_cap(X86_FEATURE_SELFSNOOP);
	pr_info("VMX and TDX are answered in software, only TDs can be created\n");
	return 0;
}
early_param("softvmx", softvmx_setup);
