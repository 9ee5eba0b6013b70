// SPDX-License-Identifier: GPL-2.0-or-later
/* What entries look like, and the rules of locks. */
#include "conf.h"

static struct seam_call nobody;

/* State bits e[6:0] of an entry, which are PS IPAT TDP TDB TDBW TDEX D. */
static u64 spread(u64 e)
{
	static const u8 bit[] = {9, 53, 54, 55, 56, 6, 7};
	u64 raw = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bit); i++)
		if (e >> i & 1)
			raw |= BIT_ULL(bit[i]);
	return raw;
}

static void entries(void)
{
	static const struct {
		enum sept_state state;
		u8 e, public;
		u8 rwx;
	} want[] = {
	    {SEPT_FREE, 0x0e, 0, 0},	     {SEPT_BLOCKED, 0x68, 1, 0},
	    {SEPT_PENDING, 0x70, 2, 0},	     {SEPT_PENDING_BLOCKED, 0x78, 3, 0},
	    {SEPT_MAPPED, 0x60, 4, 7},	     {SEPT_NL_BLOCKED, 0x08, 0x81, 0},
	    {SEPT_NL_MAPPED, 0x00, 0x84, 7},
	};
	const u64 all = spread(0x7f);

	expect(0);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		u64 raw = sept_make(want[i].state, ARENA_BASE);

		same(raw & all, spread(want[i].e));
		same(raw & 7, want[i].rwx);
		same(raw >> 63, 1);
		/* Lock and host priority are no part of the state. */
		same(sept_state(raw | BIT_ULL(11) | BIT_ULL(52)), want[i].state);
		same(sept_public_state(want[i].state), want[i].public);
	}
	same(sept_make(SEPT_FREE, 0), 0x80e0000000000000);
	same(sept_make(SEPT_MAPPED, ARENA_BASE) & 0xff, 0xf7);
	same(sept_make(SEPT_PENDING, ARENA_BASE) & 0xff, 0xf0);
	same(sept_make(SEPT_BLOCKED, ARENA_BASE) & 0xff, 0xf0);
	same(SEPT_LOCK, BIT_ULL(11));
	same(SEPT_HP, BIT_ULL(52));
}

static void pamt_entry(void)
{
	expect(0);
	same(sizeof(struct pamt), 16);
	same(sizeof(struct seam_lock), 2);
	same(offsetof(struct pamt, type), 2);
	same(offsetof(struct pamt, owner_hi), 3);
	same(offsetof(struct pamt, owner_lo), 4);
	same(offsetof(struct pamt, bepoch), 8);
}

static void owner(void)
{
	struct pamt p = {.owner_hi = 0x3, .owner_lo = 0x12345678};

	expect(0);
	same(pamt_owner(&p), 0x312345678ULL << 12);
}

static bool take(struct seam_lock *lock, enum seam_mode mode, enum seam_latent_kind kind)
{
	return seam_trylock(&nobody, lock, mode, kind);
}

static bool with_priority(enum seam_latent_kind kind)
{
	return kind == LATENT_TDR || kind == LATENT_TDVPR || kind == LATENT_PAGE ||
	       kind == LATENT_OP_STATE;
}

static const enum seam_latent_kind locks[] = {
    LATENT_TDR, LATENT_TDVPR, LATENT_PAGE, LATENT_OP_STATE, LATENT_SEPT_TREE, LATENT_EPOCH,
    LATENT_KOT, LATENT_WBT,   LATENT_KET,  LATENT_TDMR,	    LATENT_SYS,
};

static void sharex(void)
{
	expect(0);
	for (size_t i = 0; i < ARRAY_SIZE(locks); i++) {
		struct seam_lock lock = {0};

		must(take(&lock, SEAM_SHARED, locks[i]));
		must(take(&lock, SEAM_SHARED, locks[i]));
		must(!take(&lock, SEAM_EXCLUSIVE, locks[i]));
		seam_unlock(&lock, SEAM_SHARED);
		must(!take(&lock, SEAM_EXCLUSIVE, locks[i]));
		seam_unlock(&lock, SEAM_SHARED);
		must(take(&lock, SEAM_EXCLUSIVE, locks[i]));
		must(!take(&lock, SEAM_EXCLUSIVE, locks[i]));
		must(!take(&lock, SEAM_SHARED, locks[i]));
		seam_unlock(&lock, SEAM_EXCLUSIVE);
		must(take(&lock, SEAM_SHARED, locks[i]));
		seam_unlock(&lock, SEAM_SHARED);
		same(lock.v, 0);
	}
}

static void priority(void)
{
	expect(0);
	for (size_t i = 0; i < ARRAY_SIZE(locks); i++) {
		struct seam_lock lock = {0};
		u16 hp = with_priority(locks[i]) ? SEAM_LOCK_HP : 0;

		must(take(&lock, SEAM_SHARED, locks[i]));
		must(!take(&lock, SEAM_EXCLUSIVE, locks[i]));
		same(lock.v, 1 | hp);
		/* Any host that succeeds ends it. */
		must(take(&lock, SEAM_SHARED, locks[i]));
		same(lock.v, 2);
		must(!take(&lock, SEAM_EXCLUSIVE, locks[i]));
		seam_unlock(&lock, SEAM_SHARED);
		seam_unlock(&lock, SEAM_SHARED);
		same(lock.v, hp);
		must(take(&lock, SEAM_EXCLUSIVE, locks[i]));
		same(lock.v, SEAM_LOCK_EXCLUSIVE);
		seam_unlock(&lock, SEAM_EXCLUSIVE);
	}
}

// clang-format off
static const struct conf_row rows[] = {
	ROW("formats", S_SUCCESS, "2.1", "S-EPT entries of each state", entries),
	ROW("formats", S_SUCCESS, "1.4", "PAMT entry: 16 bytes", pamt_entry),
	ROW("formats", S_SUCCESS, "1.4", "PAMT entry: 40-bit owner", owner),
	ROW("locks", S_SUCCESS, "0.2", "shared with shared only, exclusive with none; each kind", sharex),
	ROW("locks", S_SUCCESS, "0.2", "host priority: kinds that have it, and its end", priority),
	EXCEPTION("locks", S_SUCCESS, "0.2", "1G and 2M PAMT entries are locked shared", "no modelled leaf takes one exclusively, for want of 2M pages: nobody can tell"),
	EXCEPTION("OP_STATE", S_OP_STATE_INCORRECT, "1.6", "OP_STATEs 3 to 10", "those of migration: no leaf that Linux calls leads there"),
};
// clang-format on

CONF_TABLE(conf_format, rows);
