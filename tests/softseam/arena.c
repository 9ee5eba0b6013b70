// SPDX-License-Identifier: GPL-2.0-or-later
#include "arena.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "seam_latent.h"
#include "seam_provoke.h"

#define PAGE	  4096ULL
#define PAMT_BASE (16ULL << 20)
#define HKID	  SEAM_FIRST_HKID /* the global key */

static char *memory;
static u32 nr_lps, nr_packages;
static u64 next_page, now, relax_ns;
static unsigned char host_free[ARENA_END / PAGE / 8];

__thread struct tdx_module_args arena_out;

static void must(u64 status, const char *what)
{
	if (!status)
		return;
	fprintf(stderr, "arena: %s failed with %#llx\n", what, status);
	abort();
}

void *seam_va(u64 pa)
{
	if (pa >= ARENA_END) {
		fprintf(stderr, "arena: the model touches %#llx, which is no memory\n", pa);
		abort();
	}
	return memory + pa;
}

u32 seam_nr_lps(void)
{
	return nr_lps;
}

u32 seam_nr_packages(void)
{
	return nr_packages;
}

u32 seam_package(u32 lp)
{
	return lp % nr_packages;
}

u64 seam_now_ns(void)
{
	return seam_load(&now);
}

void seam_relax(void)
{
	seam_add(&now, seam_load(&relax_ns));
}

u64 seam_host_page_id(u64 pa)
{
	return !(seam_load(&host_free[pa / PAGE / 8]) & 1 << pa / PAGE % 8);
}

bool seam_host_readable(u64 pa)
{
	return pa < ARENA_END;
}

void seam_page_left(u64 pa, enum pamt_type type)
{
	(void)pa;
	(void)type;
}

bool seam_is_ram(u64 pa, u64 size)
{
	return pa < ARENA_END && size <= ARENA_END - pa;
}

void arena_tick(u64 ns)
{
	seam_add(&now, ns);
}

void arena_relax_ns(u64 ns)
{
	seam_store(&relax_ns, ns);
}

void arena_host_free(u64 pa, bool is_free)
{
	unsigned char *byte = &host_free[pa / PAGE / 8], bit = (unsigned char)(1 << pa / PAGE % 8);

	if (is_free)
		__atomic_fetch_or(byte, bit, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(byte, (unsigned char)~bit, __ATOMIC_RELAXED);
}

u64 arena_page(void)
{
	u64 pa = ARENA_BASE + PAGE * __atomic_fetch_add(&next_page, 1, __ATOMIC_RELAXED);

	/* Not the one that the TDMR excludes. */
	if (pa == ARENA_RESERVED)
		return arena_page();
	if (pa >= ARENA_BASE + ARENA_PAGES * PAGE) {
		fprintf(stderr, "arena: all %u pages are in use\n", ARENA_PAGES);
		abort();
	}
	return pa;
}

void arena_reset(u32 lps, u32 packages)
{
	if (!memory) {
		memory = mmap(NULL, ARENA_END, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (memory == MAP_FAILED) {
			perror("arena: mmap()");
			abort();
		}
	} else if (madvise(memory, ARENA_END, MADV_DONTNEED)) {
		perror("arena: madvise()");
		abort();
	}
	nr_lps = lps;
	nr_packages = packages;
	next_page = now = relax_ns = 0;
	memset(host_free, 0, sizeof(host_free));
	memset(&seam_sys, 0, sizeof(seam_sys));
	memset(seam_counts, 0, sizeof(seam_counts));
	memset(&seam_findings, 0, sizeof(seam_findings));
	memset(&seam_latent, 0, sizeof(seam_latent));
	seam_provoke_enter = (struct seam_provoke){.every = 1, .times = -1};
}

u64 arena_call_on(u32 lp, u64 rax, struct tdx_module_args *a)
{
	return seam_call_leaf(rax, a, lp);
}

/* TDMR_INFO (docs/softseam.md): base, size, then base and size of the three PAMTs, then areas. */
static void fill_tdmr_info(u64 pa)
{
	u64 *info = seam_va(pa), pamt = PAMT_BASE;
	static const u64 entries[] = {1, 512, 512 * 512};

	info[0] = ARENA_BASE;
	info[1] = ARENA_END - ARENA_BASE;
	for (int i = 0; i < 3; i++) {
		u64 size = (entries[i] * sizeof(struct pamt) + PAGE - 1) & ~(PAGE - 1);

		info[2 + 2 * i] = pamt;
		info[3 + 2 * i] = size;
		pamt += size;
	}
	info[8] = ARENA_RESERVED - ARENA_BASE;
	info[9] = PAGE;
}

void arena_bring_up(u32 lps, u32 packages)
{
	u64 info = ARENA_NO_TDMR, array = info + PAGE;

	arena_reset(lps, packages);
	must(call(SYS_INIT), "SYS.INIT");
	for (u32 lp = 0; lp < lps; lp++)
		must(call_on(lp, SYS_LP_INIT), "SYS.LP.INIT");
	fill_tdmr_info(info);
	*(u64 *)seam_va(array) = info;
	must(call(SYS_CONFIG, .rcx = array, .rdx = 1, .r8 = HKID), "SYS.CONFIG");
	for (u32 lp = 0; lp < packages; lp++)
		must(call_on(lp, SYS_KEY_CONFIG), "SYS.KEY.CONFIG");
	for (u64 done = 0; done < ARENA_PAGES * PAGE; done += 4ULL << 20)
		must(call(SYS_TDMR_INIT, .rcx = ARENA_BASE), "SYS.TDMR.INIT");
}

u64 arena_td_params(void)
{
	u64 pa = arena_page();
	char *p = seam_va(pa);

	*(u64 *)(p + 8) = 3; /* XFAM: x87 and SSE */
	*(u16 *)(p + 16) = 8; /* vCPUs */
	*(u64 *)(p + 24) = 6 | 3 << 3; /* EPTP controls: write-back, 4 levels */
	*(u16 *)(p + 40) = 40; /* TSC: 1 GHz in units of 25 MHz */
	return pa;
}

void arena_td_new(struct arena_td *td, u64 hkid, enum arena_td_state until)
{
	*td = (struct arena_td){
	    .tdr = arena_page(), .hkid = hkid, .levels = 4, .shared_bit = BIT_ULL(47)};
	must(call(MNG_CREATE, .rcx = td->tdr, .rdx = hkid), "MNG.CREATE");
	if (until == TD_STATE_CREATED)
		return;
	for (u32 lp = 0; lp < nr_packages; lp++)
		must(call_on(lp, MNG_KEY_CONFIG, .rcx = td->tdr), "MNG.KEY.CONFIG");
	if (until == TD_STATE_KEYED)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(td->tdcx); i++) {
		td->tdcx[i] = arena_page();
		must(call(MNG_ADDCX, .rcx = td->tdcx[i], .rdx = td->tdr), "MNG.ADDCX");
	}
	if (until == TD_STATE_COMPLETE)
		return;
	must(call(MNG_INIT, .rcx = td->tdr, .rdx = arena_td_params()), "MNG.INIT");
}

u64 arena_vp_new(struct arena_td *td, u32 lp, u32 apic_id, u64 prog)
{
	u64 vp = arena_page();

	must(call_on(lp, VP_CREATE, .rcx = vp, .rdx = td->tdr), "VP.CREATE");
	for (int i = 0; i < SEAM_TDVPS_TDCX; i++)
		must(call_on(lp, VP_ADDCX, .rcx = arena_page(), .rdx = vp), "VP.ADDCX");
	must(call_on(lp, VP_INIT | V1, .rcx = vp, .rdx = prog, .r8 = apic_id), "VP.INIT");
	return vp;
}

void arena_tables(struct arena_td *td, u64 gpa)
{
	for (u64 level = td->levels - 1; level > 0; level--) {
		u64 pinfo = (gpa & ~((PAGE << 9 * level) - 1)) | level;

		must(call(MEM_SEPT_ADD, .rcx = pinfo, .rdx = td->tdr | 1, .r8 = arena_page()),
		     "MEM.SEPT.ADD");
	}
}

u64 arena_add(struct arena_td *td, u64 gpa, const void *data)
{
	u64 page = arena_page(), source = arena_page();

	if (data)
		memcpy(seam_va(source), data, PAGE);
	arena_tables(td, gpa);
	must(call(MEM_PAGE_ADD, .rcx = gpa, .rdx = td->tdr, .r8 = page, .r9 = source),
	     "MEM.PAGE.ADD");
	return page;
}

u64 arena_aug(struct arena_td *td, u64 gpa)
{
	u64 page = arena_page();

	arena_tables(td, gpa);
	must(call(MEM_PAGE_AUG, .rcx = gpa, .rdx = td->tdr, .r8 = page), "MEM.PAGE.AUG");
	return page;
}

void arena_finalize(struct arena_td *td)
{
	must(call(MR_FINALIZE, .rcx = td->tdr), "MR.FINALIZE");
}

void arena_td_stop(struct arena_td *td, const u64 *vps, u32 nvps, u32 lp)
{
	for (u32 i = 0; i < nvps; i++)
		must(call_on(lp, VP_FLUSH, .rcx = vps[i]), "VP.FLUSH");
	must(call(MNG_VPFLUSHDONE, .rcx = td->tdr), "MNG.VPFLUSHDONE");
	for (u32 p = 0; p < nr_packages; p++)
		must(call_on(p, PHYMEM_CACHE_WB), "PHYMEM.CACHE.WB");
	must(call(MNG_KEY_FREEID, .rcx = td->tdr), "MNG.KEY.FREEID");
}
