// SPDX-License-Identifier: GPL-2.0-or-later
/* The fixture of the conformance tests. */
#include "conf.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE 4096

struct conf conf;

static void give_up(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

void (*conf_failed)(const char *file, int line, const char *what) = give_up;

void conf_same(u64 have, u64 want, const char *what, const char *file, int line)
{
	char text[512];

	if (have == want)
		return;
	snprintf(text, sizeof(text), "%s is %#llx, not %#llx", what, have, want);
	conf_failed(file, line, text);
}

void conf_begin(const struct conf_row *row, u32 packages)
{
	arena_bring_up(2, packages);
	memset(&seam_guest_counts, 0, sizeof(seam_guest_counts));
	conf = (struct conf){.row = row};
}

/* Host priority may be left on a lock that nobody tried since. */
static void not_held(const struct seam_lock *lock, const char *what)
{
	char text[64];

	if (!(lock->v & ~SEAM_LOCK_HP))
		return;
	snprintf(text, sizeof(text), "%s is still locked (%#x)", what, lock->v);
	conf_failed(__FILE__, __LINE__, text);
}

static void no_entry_held(const u64 *table)
{
	for (int i = 0; i < SEPT_ENTRIES; i++)
		must(!(table[i] & SEPT_LOCK));
}

static void no_lock_of_td(struct seam_td *td)
{
	not_held(&td->op_lock, "OP_STATE");
	not_held(&td->sept_lock, "S-EPT tree");
	not_held(&td->epoch_lock, "TD epoch");
	if (td->ntdcx > SEAM_ROOT_TDCX)
		no_entry_held(seam_va(td->tdcx[SEAM_ROOT_TDCX]));
}

void conf_end(void)
{
	static const struct seam_findings none;

	conf_trap(0, NULL);
	for (u64 pa = ARENA_BASE; pa < ARENA_BASE + (u64)ARENA_PAGES * PAGE; pa += PAGE) {
		const struct pamt *p = pamt_find(pa);
		struct seam_td *td = seam_va(pa);

		if (!p)
			break;
		not_held(&p->lock, "a PAMT entry");
		if (p->type == PT_EPT)
			no_entry_held(seam_va(pa));
		else if (p->type == PT_TDR && td->magic == SEAM_MAGIC_TD)
			no_lock_of_td(td);
	}
	not_held(&seam_sys.kot, "KOT");
	not_held(&seam_sys.global, "the module");
	for (u32 i = 0; i < SEAM_MAX_PACKAGES; i++) {
		not_held(&seam_sys.package[i].ket, "KET");
		not_held(&seam_sys.package[i].wbt, "WBT");
	}
	for (u32 i = 0; i < SEAM_MAX_TDMRS; i++)
		not_held(&seam_sys.tdmr[i].lock, "a TDMR");
	if (!conf.finding)
		must(!memcmp(&seam_findings, &none, sizeof(none)));
}

void conf_up(enum arena_td_state state)
{
	arena_td_new(&conf.td, CONF_HKID, state);
}

void conf_up_with(u64 params)
{
	const char *p = seam_va(params);

	conf_up(TD_STATE_COMPLETE);
	succeed(call(MNG_INIT, .rcx = conf.td.tdr, .rdx = params));
	conf.td.levels = conf_tdr()->levels;
	conf.td.shared_bit = p[32] & 1 ? BIT_ULL(51) : BIT_ULL(47);
}

u64 conf_params_52(void)
{
	u64 pa = arena_td_params();
	char *p = seam_va(pa);

	*(u64 *)(p + 24) = 6 | 4 << 3;
	*(u64 *)(p + 32) = 1;
	return pa;
}

void conf_vcpu(void)
{
	conf.vp = arena_vp_new(&conf.td, 0, 0, CONF_PROG);
}

void conf_guest_attr(u64 attributes, const struct gp_op *ops, size_t n)
{
	static struct gp_op page[GP_MAX_OPS];
	u64 params = arena_td_params();

	memset(page, 0, sizeof(page));
	memcpy(page, ops, n * sizeof(*ops));
	*(u64 *)seam_va(params) = attributes;
	conf_up_with(params);
	conf_vcpu();
	arena_add(&conf.td, CONF_PROG, page);
	arena_tables(&conf.td, CONF_GPA);
	arena_finalize(&conf.td);
}

void conf_runnable(void)
{
	conf_guest({.op = GP_END});
}

void conf_track_ok(void)
{
	succeed(call(MEM_TRACK, .rcx = conf.td.tdr));
}

void conf_block(u64 gpa)
{
	succeed(call(MEM_RANGE_BLOCK, .rcx = gpa, .rdx = conf.td.tdr));
	conf_track_ok();
}

u64 *conf_shared_entry(u64 gpa)
{
	u64 table = conf_tdvpr()->shared_eptp, *entry;

	if (!table) {
		table = arena_page();
		succeed(call(VP_WR, .rcx = conf.vp, .rdx = 0x203c, .r8 = table, .r9 = ~0ULL));
	}
	for (int level = conf.td.levels - 1;; level--) {
		entry = (u64 *)seam_va(table) + (gpa >> (12 + 9 * level) & (SEPT_ENTRIES - 1));
		if (!level)
			return entry;
		if (!*entry)
			*entry = arena_page() | 7;
		table = *entry & SEPT_HPA;
	}
}

struct seam_td *conf_tdr(void)
{
	return seam_va(conf.td.tdr);
}

struct seam_vp *conf_tdvpr(void)
{
	return seam_va(conf.vp);
}

struct seam_lock *conf_lock_of(u64 page)
{
	return &pamt_find(page)->lock;
}

u64 *conf_entry_at(u64 gpa, u8 level)
{
	struct sept_pos pos;

	must(sept_walk(conf_tdr(), gpa, level, &pos));
	return pos.entry;
}

void conf_hold(struct seam_lock *lock, enum seam_mode mode)
{
	must(seam_trylock(&(struct seam_call){}, lock, mode, LATENT_SYS));
}

void conf_let_go(struct seam_lock *lock, enum seam_mode mode)
{
	seam_unlock(lock, mode);
}

void conf_latent(enum seam_latent_kind kind, u32 per_million)
{
	seam_latent.knob[kind].per_million = per_million;
}

u64 conf_provoked(u32 leaf, u64 status)
{
	for (u32 i = 0; i < seam_counts[leaf].used; i++)
		if (seam_counts[leaf].s[i].status == status)
			return seam_counts[leaf].s[i].n[SEAM_PROVOKED];
	return 0;
}

u64 conf_rcx_of(enum sept_state state, u64 hpa)
{
	switch (state) {
	case SEPT_FREE:
		return BIT_ULL(63);
	case SEPT_NL_MAPPED:
		return 7;
	case SEPT_NL_BLOCKED:
		return 0;
	case SEPT_MAPPED:
		return BIT_ULL(63) | hpa | 0xf7;
	default:
		return BIT_ULL(63) | hpa | 0xf0;
	}
}

u64 conf_rdx_of(enum sept_state state)
{
	static const u64 public[] = {
	    [SEPT_FREE] = 0,	     [SEPT_BLOCKED] = 1,
	    [SEPT_PENDING] = 2,	     [SEPT_PENDING_BLOCKED] = 3,
	    [SEPT_MAPPED] = 4,	     [SEPT_NL_BLOCKED] = 0x81,
	    [SEPT_NL_MAPPED] = 0x84,
	};

	return public[state] << 8;
}

static u64 trap_pa;
static void (*trap_hook)(void);
static volatile sig_atomic_t trapped;

static void protect(u64 pa, int prot)
{
	if (mprotect(seam_va(pa), PAGE, prot))
		conf_failed(__FILE__, __LINE__, "mprotect()");
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	u64 pa = trap_pa;

	(void)context;
	if (!pa || (u64)info->si_addr - (u64)seam_va(pa) >= PAGE) {
		signal(sig, SIG_DFL); /* no trap's: crash */
		return;
	}
	trap_pa = 0;
	protect(pa, PROT_READ | PROT_WRITE);
	trapped = 1;
	trap_hook();
}

void conf_trap(u64 pa, void (*hook)(void))
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};

	if (trap_pa)
		protect(trap_pa, PROT_READ | PROT_WRITE);
	trap_pa = pa;
	trap_hook = hook;
	if (!pa)
		return;
	trapped = 0;
	sigaction(SIGSEGV, &action, NULL);
	protect(pa, PROT_NONE);
}

bool conf_trapped(void)
{
	return trapped;
}
