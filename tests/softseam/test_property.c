// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random SEAMCALLs from several LPs at once, on few objects so that they meet:
 * whatever comes of them, the model stays consistent. PROPERTY_CALLS, PROPERTY_SEED.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "arena.h"
#include "guest_prog.h"
#include "invariants.h"

#define LPS	 4
#define TDS	 4
#define MORTAL	 (TDS - 1) /* is torn down, and made anew */
#define LIVES	 60 /* as many as there are pages for */
#define VPS	 2 /* per TD */
#define POOL	 512 /* free pages */
#define CONTROL	 32 /* the first of them, for what is never given back */
#define GPAS	 16 /* below two page tables */
#define PROG_GPA 0x200000ULL
#define MEM_GPA	 0x40000000ULL
#define ROUND	 4000 /* calls of each LP between two looks */
#define PAGE	 4096ULL

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define CALLS 400000
#else
#define CALLS 10000000
#endif

static struct arena_td tds[TDS];
static u64 vps[TDS][VPS], pool[POOL], eptp;
static u64 seed, calls;
/* Pages of the mortal TD, all there were from one call of arena_page() to another. */
static u64 mortal_first, mortal_end;
static int lives;
static const char *why;
static pthread_barrier_t barrier;
static void (*sabotage)(void); /* between two rounds */

static u64 draw(u64 *rng, u64 below)
{
	u64 z = *rng += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (z ^ z >> 31) % below;
}

static u64 gpa_of(u64 *rng)
{
	u64 n = draw(rng, GPAS);

	return MEM_GPA + n / (GPAS / 2) * (2ULL << 20) + n % (GPAS / 2) * PAGE;
}

/* Touches private and shared memory for ever, at random. */
static void write_program(struct gp_op *p, u64 shared)
{
	struct gp_op ops[] = {
	    {.op = GP_RAND, .rd = 1},
	    {.op = GP_MOD, .rd = 1, .imm = GPAS / 2},
	    {.op = GP_MUL, .rd = 1, .imm = PAGE},
	    {.op = GP_SET, .rd = 2, .imm = MEM_GPA},
	    {.op = GP_ADDR, .rd = 2, .rs = 1},
	    {.op = GP_ACCEPT, .rs = 2},
	    {.op = GP_WRITE, .rd = 2, .rs = 2},
	    {.op = GP_VERIFY, .rd = 2, .rs = 2, .flags = GP_OR_ZERO},
	    {.op = GP_READ, .rd = 3, .rs = 2},
	    {.op = GP_SET, .rd = 2, .imm = MEM_GPA | shared},
	    {.op = GP_ADDR, .rd = 2, .rs = 1},
	    {.op = GP_READ, .rd = 3, .rs = 2},
	    {.op = GP_VMCALL, .imm = 10, .flags = GP_RESULT, .rd = 3, .rs = 4},
	    {.op = GP_SET, .rd = 2, .imm = MEM_GPA + (2ULL << 20)},
	    {.op = GP_JNZ, .rs = 0, .imm = 18},
	    {.op = GP_SET, .rd = 3, .imm = 3},
	    {.op = GP_FILL, .rd = 2, .rs = 3, .imm = PAGE},
	    {.op = GP_JMP, .imm = 0},
	    /* 18: one vCPU accepts what the other waits for once it is not entered any more. */
	    {.op = GP_ADDR, .rd = 2, .rs = 1},
	    {.op = GP_ACCEPT, .rs = 2},
	    {.op = GP_JMP, .imm = 0},
	};

	memcpy(p, ops, sizeof(ops));
}

/* KVM's EPT: one path down to a table whose entries are all one page. */
static void make_ept(void)
{
	u64 table = arena_page(), leaf = arena_page();

	eptp = table;
	for (int level = 3; level >= 0; level--) {
		u64 next = level ? arena_page() : leaf;

		for (int i = 0; i < 512; i++)
			((u64 *)seam_va(table))[i] = next | SEPT_RWX | SEPT_SVE;
		table = next;
	}
}

static void make_td(int n)
{
	static struct gp_op page[GP_MAX_OPS];
	struct arena_td *td = &tds[n];

	arena_td_new(td, (u64)SEAM_FIRST_HKID + 1 + (u64)n, TD_STATE_INITIALIZED);
	write_program(page, td->shared_bit);
	for (u32 v = 0; v < VPS; v++) {
		vps[n][v] = arena_vp_new(td, (u32)n, v, PROG_GPA);
		assert_int_equal(call_on((u32)n, VP_WR, .rcx = vps[n][v], .rdx = 0x203c, .r8 = eptp,
					 .r9 = ~0ULL),
				 0);
	}
	arena_add(td, PROG_GPA, page);
	arena_tables(td, MEM_GPA);
	arena_tables(td, MEM_GPA + (2ULL << 20));
	/* One stays as it is before it is finalized. */
	if (n)
		arena_finalize(td);
}

static void make_mortal(void)
{
	mortal_first = arena_page();
	make_td(MORTAL);
	mortal_end = arena_page();
	lives++;
}

/* All locks, so often in a million tries. */
static void busy(u32 per_million)
{
	for (int i = 0; i < LATENT_NR; i++)
		seam_latent.knob[i].per_million = per_million;
}

/* Another one, once nothing is left of it. */
static void bring_back(void)
{
	if (lives < LIVES && pamt_find(tds[MORTAL].tdr)->type == PT_NDA &&
	    seam_sys.hkid[tds[MORTAL].hkid - SEAM_FIRST_HKID].state == HKID_FREE) {
		u32 before = seam_latent.knob[0].per_million;

		busy(0);
		make_mortal();
		busy(before);
	}
}

static void set_up(void)
{
	arena_bring_up(LPS, 2);
	for (int i = 0; i < POOL; i++)
		pool[i] = arena_page();
	make_ept();
	for (int n = 0; n < MORTAL; n++)
		make_td(n);
	lives = 0;
	make_mortal();
	why = NULL;
}

/* Operands with which the leaf could work. */
static struct tdx_module_args operands(u32 lp, u64 *rng, u64 leaf)
{
	u64 n = draw(rng, TDS);
	u64 page = pool[CONTROL + draw(rng, POOL - CONTROL)], gpa = gpa_of(rng), tdr = tds[n].tdr;
	struct tdx_module_args a = {.rcx = gpa, .rdx = tdr, .r8 = page, .r9 = pool[0]};

	switch (leaf) {
	case VP_ENTER:
		/* Mostly on the LP that it is associated with. */
		if (draw(rng, 8))
			n = lp % TDS;
		a.rcx = vps[n][draw(rng, VPS)];
		break;
	case VP_FLUSH:
		a.rcx = vps[n][draw(rng, VPS)];
		break;
	case VP_RD:
		a = (struct tdx_module_args){.rcx = vps[n][draw(rng, VPS)],
					     .rdx = 0x9100000000000100ULL};
		break;
	case VP_WR:
		a = (struct tdx_module_args){
		    .rcx = vps[n][draw(rng, VPS)], .rdx = 0x203c, .r8 = eptp, .r9 = ~0ULL};
		break;
	case MEM_TRACK:
	case MNG_KEY_CONFIG:
		a.rcx = tdr;
		break;
	case MNG_VPFLUSHDONE:
	case MNG_KEY_FREEID:
		a.rcx = tds[MORTAL].tdr;
		break;
	case MNG_RD:
		a = (struct tdx_module_args){.rcx = tdr, .rdx = 0x110000000000000aULL};
		break;
	case MEM_SEPT_ADD:
		a.rcx = (gpa & ~((2ULL << 20) - 1)) + draw(rng, 4) * (2ULL << 20) + 1;
		break;
	case PHYMEM_PAGE_RDMD:
	case PHYMEM_PAGE_WBINVD:
	case MNG_CREATE:
	case MNG_ADDCX:
	case VP_CREATE:
		a.rcx = pool[draw(rng, CONTROL)];
		if (leaf == MNG_CREATE)
			a.rdx = SEAM_FIRST_HKID + draw(rng, 4);
		break;
	case PHYMEM_PAGE_RECLAIM:
		/* Of what the mortal one was made with, or was given since. */
		a.rcx = draw(rng, 2)
			    ? mortal_first + draw(rng, (mortal_end - mortal_first) / PAGE) * PAGE
			    : pool[draw(rng, POOL)];
		break;
	case VP_ADDCX:
		a = (struct tdx_module_args){.rcx = pool[draw(rng, CONTROL)],
					     .rdx = vps[n][draw(rng, VPS)]};
		break;
	case PHYMEM_CACHE_WB:
		a.rcx = draw(rng, 2);
		break;
	case MR_FINALIZE:
		/* Not the one that is to stay. */
		a.rcx = tds[1].tdr;
		break;
	}
	return a;
}

/* Mostly something that could work, now and then anything. */
static void random_call(u32 lp, u64 *rng)
{
	static const u8 leaves[] = {
	    VP_ENTER,
	    VP_ENTER,
	    VP_ENTER,
	    VP_ENTER,
	    VP_ENTER,
	    MEM_PAGE_AUG,
	    MEM_PAGE_AUG,
	    MEM_PAGE_AUG,
	    MEM_PAGE_AUG,
	    MEM_RANGE_BLOCK,
	    MEM_RANGE_BLOCK,
	    MEM_RANGE_BLOCK,
	    MEM_TRACK,
	    MEM_TRACK,
	    MEM_PAGE_REMOVE,
	    MEM_PAGE_REMOVE,
	    MEM_PAGE_REMOVE,
	    MEM_PAGE_ADD,
	    MEM_SEPT_ADD,
	    MNG_RD,
	    MR_EXTEND,
	    VP_FLUSH,
	    VP_RD,
	    VP_WR,
	    PHYMEM_PAGE_RDMD,
	    PHYMEM_PAGE_WBINVD,
	    MNG_CREATE,
	    MNG_ADDCX,
	    VP_CREATE,
	    VP_ADDCX,
	    PHYMEM_PAGE_RECLAIM,
	    PHYMEM_PAGE_RECLAIM,
	    PHYMEM_PAGE_RECLAIM,
	    PHYMEM_CACHE_WB,
	    MNG_VPFLUSHDONE,
	    MNG_KEY_FREEID,
	    MNG_KEY_CONFIG,
	    MR_FINALIZE,
	    MNG_INIT,
	};
	u64 leaf = leaves[draw(rng, sizeof(leaves))];
	struct tdx_module_args a = operands(lp, rng, leaf);

	if (!draw(rng, 64))
		*(&a.rcx + draw(rng, 4)) = draw(rng, ~0ULL) >> draw(rng, 64);
	/* Garbage may be a page that the rest relies on as KVM's EPT, but never writes to it. */
	if (leaf == VP_WR)
		a.r8 = eptp;
	if (!draw(rng, 100))
		seam_invept(lp);
	arena_call_on(lp, leaf | (draw(rng, 50) ? 0 : draw(rng, 4) << 16), &a);
}

static void *run_lp(void *arg)
{
	u32 lp = (u32)(size_t)arg;
	u64 rng = seed * LPS + lp;

	for (u64 n = 0; n < calls / LPS && !why; n += ROUND) {
		for (int i = 0; i < ROUND; i++)
			random_call(lp, &rng);
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
			if (sabotage)
				sabotage();
			why = invariants_broken();
			bring_back();
		}
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void begin(void)
{
	const char *of_env = getenv("PROPERTY_SEED");

	seed = of_env ? strtoull(of_env, NULL, 0) : 1;
	set_up();
}

static void storm(u64 number)
{
	pthread_t threads[LPS];

	calls = number;
	pthread_barrier_init(&barrier, NULL, LPS);
	for (size_t i = 0; i < LPS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_lp, (void *)i), 0);
	for (size_t i = 0; i < LPS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&barrier);
}

static u64 counted(u32 leaf, u64 status)
{
	const struct seam_count *c = &seam_counts[leaf];
	u64 n = 0;

	for (u64 i = 0; i < c->used && i < SEAM_STATUSES; i++)
		if (c->s[i].status == status)
			for (int cause = 0; cause < SEAM_NR_CAUSES; cause++)
				n += c->s[i].n[cause];
	return n;
}

/* What must have come about, or the calls were no test. */
static const struct {
	u32 leaf;
	u64 status;
} interesting[] = {
    {MEM_PAGE_AUG, 0},
    {MEM_RANGE_BLOCK, 0},
    {MEM_TRACK, 0},
    {MEM_PAGE_REMOVE, 0},
    {MEM_PAGE_ADD, 0},
    {MEM_SEPT_ADD, 0},
    {VP_ENTER, EXIT_EPT_VIOLATION},
    {VP_ENTER, EXIT_TDCALL},
    {VP_ENTER, EXIT_OTHER_SMI},
    {VP_ENTER, S_VCPU_ASSOCIATED},
    {MEM_PAGE_AUG, S_EPT_ENTRY_STATE_INCORRECT | ID_RCX},
    {MEM_PAGE_AUG, S_PAGE_METADATA_INCORRECT | ID_R8},
    {MEM_RANGE_BLOCK, S_GPA_RANGE_ALREADY_BLOCKED | ID_RCX},
    {MNG_VPFLUSHDONE, 0},
    {MNG_KEY_FREEID, 0},
    {PHYMEM_PAGE_RECLAIM, 0},
    {PHYMEM_PAGE_RECLAIM, S_LIFECYCLE_STATE_INCORRECT},
    {PHYMEM_PAGE_RECLAIM, S_TD_ASSOCIATED_PAGES_EXIST},
    {MEM_PAGE_REMOVE, S_TLB_TRACKING_NOT_DONE | ID_RCX},
    {MEM_PAGE_REMOVE, S_GPA_RANGE_NOT_BLOCKED | ID_RCX},
};

static void all_holds(void **state)
{
	const char *n = getenv("PROPERTY_CALLS");

	(void)state;
	begin();
	storm(n ? strtoull(n, NULL, 0) : CALLS);
	if (why)
		fail_msg("seed %llu: %s", seed, why);
	for (size_t i = 0; i < ARRAY_SIZE(interesting); i++)
		if (!counted(interesting[i].leaf, interesting[i].status))
			fail_msg("%s never came to %#llx", seam_leaves[interesting[i].leaf].name,
				 interesting[i].status);
	assert_true(lives > 1);
}

/* The same with locks that are busy now and then. */
static void all_holds_when_busy(void **state)
{
	(void)state;
	begin();
	busy(20000);
	storm(CALLS / 10);
	if (why)
		fail_msg("seed %llu: %s", seed, why);
	assert_true(counted(MEM_PAGE_AUG, S_OPERAND_BUSY | ID_SEPT_TREE) > 0);
	assert_true(counted(MEM_PAGE_AUG, S_OPERAND_BUSY | ID_RCX) > 0);
	assert_true(counted(MEM_TRACK, S_OPERAND_BUSY | ID_TD_EPOCH) > 0);
	assert_true(counted(VP_ENTER, S_OPERAND_BUSY | ID_OP_STATE) > 0);
	assert_true(counted(VP_ENTER, S_OPERAND_BUSY | ID_TDR) > 0);
}

static struct seam_td *td_1(void)
{
	return seam_va(tds[1].tdr);
}

static void keep_lock(void)
{
	pamt_find(pool[1])->lock.v = 1;
}

static void keep_entry_lock(void)
{
	((u64 *)seam_va(td_1()->tdcx[SEAM_ROOT_TDCX]))[511] |= SEPT_LOCK;
}

static void keep_tree_lock(void)
{
	td_1()->sept_lock.v = 1;
}

static void keep_kot(void)
{
	seam_sys.kot.v = SEAM_LOCK_EXCLUSIVE;
}

static void lose_child(void)
{
	td_1()->chldcnt--;
}

static void lose_reference(void)
{
	td_1()->refcount[0]++;
}

static void lose_entry(void)
{
	((u64 *)seam_va(td_1()->tdcx[SEAM_ROOT_TDCX]))[0] = SEPT_FREE_RAW;
}

static void change_owner(void)
{
	pamt_find(td_1()->tdcx[0])->owner_lo = (u32)(pool[0] >> 12);
}

static void change_type(void)
{
	pamt_find(td_1()->tdcx[0])->type = PT_REG;
}

static void epoch_back(void)
{
	for (u64 pa = ARENA_BASE; pa < ARENA_BASE + ARENA_PAGES * PAGE; pa += PAGE)
		if (pamt_find(pa) && pamt_find(pa)->type == PT_EPT)
			pamt_find(pa)->bepoch = 1ULL << 40;
}

static void lose_vcpu(void)
{
	td_1()->nassoc += 5;
}

static void lose_hkid(void)
{
	seam_sys.hkid[2].tdr = pool[2];
}

static void find(void)
{
	seam_findings.stale_access++;
}

/* Each of the invariants can fail. */
static void sabotage_is_seen(void **state)
{
	static const struct {
		void (*fn)(void);
		const char *says;
	} acts[] = {
	    {keep_lock, "still locked"},
	    {keep_entry_lock, "still locked"},
	    {keep_tree_lock, "still held"},
	    {keep_kot, "KOT"},
	    {lose_child, "CHLDCNT"},
	    {lose_reference, "in epochs"},
	    {lose_entry, "point to"},
	    {change_owner, "is no TDR"},
	    {change_type, "CHLDCNT"},
	    {epoch_back, "was blocked in epoch"},
	    {lose_vcpu, "associated"},
	    {lose_hkid, "HKID"},
	    {find, "findings"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
		sabotage = acts[i].fn;
		begin();
		storm(LPS * ROUND);
		sabotage = NULL;
		assert_non_null(why);
		if (!strstr(why, acts[i].says))
			fail_msg("sabotage %zu: '%s' does not say '%s'", i, why, acts[i].says);
	}
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* A leaf that is patient waits for a lock, but not for ever; and it is one leaf alone. */
static void patient_leaf(void **state)
{
	struct seam_lock *lock;
	u64 start;

	(void)state;
	set_up();
	arena_relax_ns(SEAM_PATIENCE_NS / 10);
	lock = &((struct seam_td *)seam_va(tds[0].tdr))->epoch_lock;
	lock->v = 1;
	start = seam_now_ns();
	seam_latent.patient[MEM_RANGE_BLOCK] = true;
	assert_int_equal(call(MEM_TRACK, .rcx = tds[0].tdr), S_OPERAND_BUSY | ID_TD_EPOCH);
	assert_int_equal(seam_now_ns(), start);
	seam_latent.patient[MEM_TRACK] = true;
	assert_int_equal(call(MEM_TRACK, .rcx = tds[0].tdr), S_OPERAND_BUSY | ID_TD_EPOCH);
	assert_int_equal(seam_now_ns(), start + SEAM_PATIENCE_NS);
	/* KVM's second try after an injected failure is not waited for. */
	seam_sys.lp[0].injected = MEM_TRACK + 1;
	assert_int_equal(call(MEM_TRACK, .rcx = tds[0].tdr), S_OPERAND_BUSY | ID_TD_EPOCH);
	assert_int_equal(seam_now_ns(), start + SEAM_PATIENCE_NS);
	assert_int_equal(call(MEM_TRACK, .rcx = tds[0].tdr), S_OPERAND_BUSY | ID_TD_EPOCH);
	assert_int_equal(seam_now_ns(), start + 2 * SEAM_PATIENCE_NS);
	/* What a plan wants to be busy now and then is waited for, too. */
	lock->v = 0;
	arena_relax_ns(1);
	seam_latent.knob[LATENT_EPOCH].per_million = 900000;
	for (int i = 0; i < 20; i++)
		assert_int_equal(call(MEM_TRACK, .rcx = tds[0].tdr), S_SUCCESS);
	assert_true(seam_latent.knob[LATENT_EPOCH].hits > 0);
	seam_latent.knob[LATENT_EPOCH].per_million = 0;
	arena_relax_ns(0);
}

/* make bench: what a PAGE.AUG costs, and the way back. */
static void time_aug(void)
{
	enum { ROUNDS = 100000, PAGES = 16 };
	double aug = 0, remove = 0, start;
	u64 done = 0;

	set_up();
	for (int round = 0; round < ROUNDS; round++) {
		start = now_ns();
		for (u64 i = 0; i < PAGES; i++)
			done += !call(MEM_PAGE_AUG, .rcx = MEM_GPA + i * SEAM_PAGE_SIZE,
				      .rdx = tds[0].tdr, .r8 = pool[i]);
		aug += now_ns() - start;
		start = now_ns();
		for (u64 i = 0; i < PAGES; i++)
			call(MEM_PAGE_REMOVE, .rcx = MEM_GPA + i * SEAM_PAGE_SIZE,
			     .rdx = tds[0].tdr);
		remove += now_ns() - start;
	}
	printf("PAGE.AUG %.0f ns, PAGE.REMOVE %.0f ns, %llu of %d\n", aug / ROUNDS / PAGES,
	       remove / ROUNDS / PAGES, done, ROUNDS * PAGES);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_holds),
	    cmocka_unit_test(all_holds_when_busy),
	    cmocka_unit_test(sabotage_is_seen),
	    cmocka_unit_test(patient_leaf),
	};

	if (argc > 1 && !strcmp(argv[1], "--bench")) {
		time_aug();
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
