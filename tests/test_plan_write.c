// SPDX-License-Identifier: GPL-2.0-or-later
/* plan_write(): plan_read() takes what it writes for the same, whatever the plan. */
#include "helper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "plan.h"
#include "xmem.h"

#define ROUNDS 400

/* ---- random plans, such as plan_read() gives ---- */

static unsigned int seed;

static uint64_t draw(uint64_t min, uint64_t max)
{
	uint64_t r = (uint64_t)rand_r(&seed) << 60 ^ (uint64_t)rand_r(&seed) << 30 ^ rand_r(&seed);

	return max - min == UINT64_MAX ? r : min + r % (max - min + 1);
}

static bool toss(void)
{
	return draw(0, 1);
}

/* Small ones are common in plans, and the ends of a range are where it breaks. */
static uint64_t draw_wide(uint64_t min, uint64_t max)
{
	switch (draw(0, 3)) {
	case 0:
		return min;
	case 1:
		return max;
	case 2:
		return draw(min, max - min > 10 ? min + 10 : max);
	default:
		return draw(min, max);
	}
}

static uint64_t draw_size(uint64_t min, uint64_t max, uint64_t step)
{
	return draw_wide(min / step, max / step) * step;
}

static bool has_value(const struct plan_fault *f, const struct status *st)
{
	for (size_t i = 0; i < f->nvalues; i++)
		if (f->values[i].status == st)
			return true;
	return false;
}

static size_t count_statuses(const struct context *c)
{
	size_t n = 0;

	while (c->statuses[n].name)
		n++;
	return n;
}

static void draw_values(struct plan_fault *f)
{
	const struct context *c = f->context;
	const struct status *first = &c->statuses[draw(0, count_statuses(c) - 1)];
	size_t n = draw_wide(1, PLAN_MAX_VALUES);

	f->sequence = toss();
	f->values[f->nvalues++] = (struct plan_value){first, 1};
	for (size_t i = 1; i < n; i++) {
		const struct status *st = &c->statuses[draw(0, count_statuses(c) - 1)];

		if (st->contract != first->contract || !draw(0, 3))
			st = NULL;
		if (f->sequence || !has_value(f, st))
			f->values[f->nvalues++] = (struct plan_value){st, 1};
	}
	for (size_t i = 0; !f->sequence && i < f->nvalues; i++)
		f->values[i].weight = draw_wide(1, 1000);
}

static void draw_calls(struct plan_fault *f)
{
	size_t n = draw_wide(1, PLAN_MAX_CALLS);

	for (size_t i = 0; i < n; i++)
		f->calls[f->ncalls++] = (struct plan_call){
		    .tag = toss() ? PLAN_ANY_TAG : (int)draw_wide(0, 255),
		    .call = 1 + i * 15625000 + draw(0, 15624999), /* none comes twice */
		};
}

static const struct context *draw_context(const struct site *site, enum platform platform)
{
	const struct context *fit[16];
	size_t n = 0;

	for (const struct context *c = site->contexts; c->name; c++)
		if (!(platform & ~context_platform(c)))
			fit[n++] = c;
	return n ? fit[draw(0, n - 1)] : NULL;
}

static void draw_fault(struct plan *p, const struct site *site)
{
	struct plan_fault *f = &p->faults[p->nfaults];

	f->context = draw_context(site, p->platform);
	if (!f->context)
		return;
	p->nfaults++;
	f->site = site;
	draw_values(f);
	f->probability = draw_wide(0, 100);
	f->times = draw_wide(0, 1000000000);
	f->every = f->burst = 1;
	if (toss())
		draw_calls(f);
	else
		f->every = draw_wide(1, 1000000);
	if (!f->sequence)
		f->burst = draw_wide(1, 1000);
	f->start_us = draw_wide(0, PLAN_MAX_DURATION_US - 1);
	f->stop_us = toss() ? 0 : draw_wide(f->start_us + 1, PLAN_MAX_DURATION_US);
	f->delay_before_us = draw_wide(0, 10000);
	f->delay_after_us = draw_wide(0, 10000);
}

static void draw_stressor(struct plan_stressor *ps, const struct stressor *st)
{
	static const struct plan two_cpus = {.cpus = 2};
	size_t n = 0;

	ps->stressor = st;
	while (st->options && st->options[n].key)
		n++;
	ps->opts = xcalloc(n, sizeof(uint64_t));
	do {
		for (size_t i = 0; i < n; i++) {
			const struct stress_option *o = &st->options[i];

			if (o->unit == UNIT_CHOICE)
				ps->opts[i] = draw(0, 1);
			else if (o->unit == UNIT_SIZE)
				ps->opts[i] = draw_size(o->min, o->max, 1024);
			else
				ps->opts[i] = draw_wide(o->min, o->max);
		}
		if (st->vcpus)
			ps->opts[0] = draw(0, 1);
	} while (st->check && st->check(&two_cpus, ps->opts));
}

static struct plan *draw_plan(void)
{
	struct plan *p = xcalloc(1, sizeof(*p));

	p->name = xstrdup("q");
	p->kernel = xstrdup(toss() ? "race" : "base-2_x");
	p->platform = (enum platform)draw(PLATFORM_MIRROR, PLATFORM_BOTH);
	p->td_anonymous = p->platform == PLATFORM_DIRECT && toss();
	p->seed = draw_wide(0, UINT64_MAX);
	p->duration_us = draw_wide(PLAN_MIN_DURATION_US, PLAN_MAX_DURATION_US);
	/* The stressors need two. */
	p->cpus = draw_wide(2, 16);
	p->memory = draw_size(256ull << 20, 64ull << 30, 1024);
	p->td_vcpus = draw_wide(2, p->cpus);
	p->td_memory = draw_size(4ull << 20, p->memory / 2, 2ull << 20);
	p->td_slots = p->td_memory % (6ull << 20) ? 1 : 3;
	p->td_hot = draw(0, 2);
	p->td_aim = draw(0, 100);
	p->td_lifetime_us = draw_wide(100000, PLAN_MAX_DURATION_US);
	p->td_quiesce_us = draw_wide(50000, 3600000000ull);
	p->td_migrate_us = draw_wide(0, 1000000);
	for_each_oracle (o)
		if (toss())
			p->oracles[p->noracles++] = o;
	for (const struct site *site = sites; site->name; site++)
		if (toss() && p->nfaults < PLAN_MAX_FAULTS)
			draw_fault(p, site);
	for_each_stressor (st)
		if (toss() || !p->nstressors)
			draw_stressor(&p->stressors[p->nstressors++], st);
	return p;
}

/* ---- the same? ---- */

static bool same_stressor(const struct plan_stressor *a, const struct plan_stressor *b)
{
	if (a->stressor != b->stressor)
		return false;
	for (size_t i = 0; a->stressor->options && a->stressor->options[i].key; i++)
		if (a->opts[i] != b->opts[i])
			return false;
	return true;
}

static bool same_fault(const struct plan_fault *a, const struct plan_fault *b)
{
	bool same = a->site == b->site && a->context == b->context && a->nvalues == b->nvalues &&
		    a->sequence == b->sequence && a->probability == b->probability &&
		    a->times == b->times && a->every == b->every && a->burst == b->burst &&
		    a->ncalls == b->ncalls && a->start_us == b->start_us &&
		    a->stop_us == b->stop_us && a->delay_before_us == b->delay_before_us &&
		    a->delay_after_us == b->delay_after_us;

	for (size_t i = 0; same && i < a->nvalues; i++)
		same = a->values[i].status == b->values[i].status &&
		       a->values[i].weight == b->values[i].weight;
	for (size_t i = 0; same && i < a->ncalls; i++)
		same = a->calls[i].tag == b->calls[i].tag && a->calls[i].call == b->calls[i].call;
	return same;
}

static bool same_plan(const struct plan *a, const struct plan *b)
{
	bool same = !strcmp(a->name, b->name) && !strcmp(a->kernel, b->kernel) &&
		    a->platform == b->platform && a->td_anonymous == b->td_anonymous &&
		    a->seed == b->seed && a->duration_us == b->duration_us && a->cpus == b->cpus &&
		    a->memory == b->memory && a->noracles == b->noracles &&
		    a->td_vcpus == b->td_vcpus && a->td_memory == b->td_memory &&
		    a->td_slots == b->td_slots && a->td_hot == b->td_hot &&
		    a->td_aim == b->td_aim && a->td_lifetime_us == b->td_lifetime_us &&
		    a->td_quiesce_us == b->td_quiesce_us && a->td_migrate_us == b->td_migrate_us &&
		    a->nfaults == b->nfaults && a->nstressors == b->nstressors;

	for (size_t i = 0; same && i < a->noracles; i++)
		same = a->oracles[i] == b->oracles[i];
	for (size_t i = 0; same && i < a->nfaults; i++)
		same = same_fault(&a->faults[i], &b->faults[i]);
	for (size_t i = 0; same && i < a->nstressors; i++)
		same = same_stressor(&a->stressors[i], &b->stressors[i]);
	return same;
}

static void write_plan(const struct plan *p, const char *path)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(plan_write(p, f), 0);
	fclose(f);
}

/* Reads what was written, and says of which seed it is if that is not the same. */
static void assert_round_trip(const struct plan *p, unsigned int from)
{
	char *error, *text;
	struct plan *back;

	write_plan(p, "q.ini");
	back = plan_read("q.ini", &error);
	text = read_text("q.ini");
	if (!back)
		fail_msg("SEED=%u: %s\n%s", from, error, text);
	if (!same_plan(p, back))
		fail_msg("SEED=%u: another plan comes back from\n%s", from, text);
	free(text);
	plan_free(back);
}

/* ---- tests ---- */

static void random_plans(void **state)
{
	const char *given = getenv("SEED");
	unsigned int first;

	(void)state;
	assert_int_equal(getrandom(&first, sizeof(first), 0), sizeof(first));
	if (given)
		first = (unsigned int)strtoul(given, NULL, 10);
	print_message("# SEED=%u and the next %d\n", first, ROUNDS - 1);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct plan *p;

		seed = first + i;
		p = draw_plan();
		assert_round_trip(p, first + i);
		plan_free(p);
	}
}

/* What people read has no line that says nothing. */
static void plain_plan(void **state)
{
	struct plan *p;
	char *error, *text;

	(void)state;
	write_text("q.ini", "[fault tdh_mem_page_aug]\nprobability = 10 %\ntimes = 3\n"
			    "[stressor tide]\ncolour = red\n[stressor calm]\n");
	p = plan_read("q.ini", &error);
	assert_null(error);
	write_plan(p, "r.ini");
	text = read_text("r.ini");
	assert_string_equal(text,
			    "[plan]\nkernel = race\nseed = 0\nduration = 20 s\ncpus = 2\n"
			    "memory = 1 GiB\n\n"
			    "[td]\nvcpus = 2\nmemory = 256 MiB\nlifetime = 5 s\nquiesce = 1 s\n\n"
			    "[fault tdh_mem_page_aug]\nstatus = TDX_OPERAND_BUSY\ncontext = map\n"
			    "probability = 10 %\ntimes = 3\n\n"
			    "[stressor tide]\nworkers = 1\npause = 1 ms\nchunk = 4 KiB\nshare = "
			    "50 %\ncolour = red\n\n"
			    "[stressor calm]\n");
	free(text);
	plan_free(p);
}

/* The plans that there are. */
static void own_plans(void **state)
{
	static const char *const texts[] = {
	    "[plan]\noracles = mole\n[fault tdh_mem_page_aug]\nsequence = TDX_OPERAND_BUSY, ok\n"
	    "nth = 3, 2:15\ntimes = 9\ndelay_before = 3 us\n[stressor calm]\n",
	    "[fault tdh_mem_page_aug]\nstatus = ok 3\ndelay_after = 3 us\nprobability = 0 %\n"
	    "start = 90 s\nstop = 2 min\n[stressor calm]\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct plan *p;
		char *error;

		write_text("q.ini", texts[i]);
		p = plan_read("q.ini", &error);
		assert_null(error);
		assert_round_trip(p, 0);
		plan_free(p);
	}
}

/* Every key of a section that is the same in all plans is in docs/plans.md. */
static void documented(void **state)
{
	static const char text[] =
	    "[plan]\noracles = mole\n[td]\nmigrate = 1 us\n"
	    "[fault tdh_mem_page_aug]\nprobability = 1 %\ntimes = 9\nevery = 3\nburst = 2\n"
	    "start = 1 s\nstop = 2 s\ndelay_before = 3 us\ndelay_after = 3 us\n"
	    "[fault tdh_mem_page_add]\nnth = 3\nsequence = TDX_OPERAND_BUSY\n[stressor calm]\n";
	char *docs = read_text(SRCDIR "/docs/plans.md"), *written, *rest, *line, *error;
	struct plan *p;

	(void)state;
	write_text("q.ini", text);
	p = plan_read("q.ini", &error);
	assert_null(error);
	write_plan(p, "r.ini");
	plan_free(p);
	rest = written = read_text("r.ini");
	while ((line = strsep(&rest, "\n"))) {
		char *end = strstr(line, " = "), *key;

		if (!end)
			continue;
		key = xasprintf("`%.*s`", (int)(end - line), line);
		assert_contains(docs, key);
		free(key);
	}
	free(written);
	free(docs);
}

static void no_room(void **state)
{
	struct plan *p = draw_plan();
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	errno = 0;
	assert_int_equal(plan_write(p, full), -1);
	assert_int_equal(errno, ENOSPC);
	fclose(full);
	plan_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_plans), cmocka_unit_test(plain_plan),
	    cmocka_unit_test(own_plans),    cmocka_unit_test(documented),
	    cmocka_unit_test(no_room),
	};

	return cmocka_run_group_tests_name("plan_write", tests, enter_scratch, leave_scratch);
}
