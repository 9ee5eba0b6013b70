// SPDX-License-Identifier: GPL-2.0-or-later
/* The search for the smallest plan, against made-up conditions instead of runs. */
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "shrink.h"
#include "xmem.h"

#define AUG	 "tdh_mem_page_aug"
#define ADD	 "tdh_mem_page_add"
#define SEPT	 "tdh_mem_sept_add"
#define EXTERNAL "tdp_mmu_set_external_spte"

/* Every section and stressor that tests know of. */
static const char full[] = "[plan]\ncpus = 8\n[td]\nvcpus = 6\nmigrate = 5 us\n"
			   "[fault " AUG "]\nprobability = 10 %\ndelay_before = 5 us\n"
			   "[fault " ADD "]\nprobability = 10 %\ndelay_after = 9 us\n"
			   "[fault " SEPT "]\nprobability = 10 %\ntimes = 500\n"
			   "[fault " EXTERNAL "]\nprobability = 10 %\n"
			   "[stressor calm]\n[stressor tide]\n";

/* Whether a plan shows it. */
typedef bool (*shows)(const struct plan *plan);

struct result {
	struct plan *plan;
	unsigned int steps;
	char *log; /* what was tried, a line each */
};

static struct plan *plan_of(const char *text)
{
	struct plan *plan;
	char *error;

	write_text("p.ini", text);
	plan = plan_read("p.ini", &error);
	if (!plan)
		fail_msg("%s", error);
	return plan;
}

static void note(struct result *r, const char *what, bool yes)
{
	char *longer = xasprintf("%s%s%s\n", r->log, what, yes ? ": yes" : "");

	free(r->log);
	r->log = longer;
	r->steps++;
}

/* Each section injects its times, and without a limit INJECTED. */
static struct result shrink(const char *text, shows it, uint64_t injected)
{
	struct result r = {.log = xstrdup("")};
	uint64_t counts[PLAN_MAX_FAULTS];
	struct plan *plan = plan_of(text);
	struct shrink s;

	for (size_t i = 0; i < PLAN_MAX_FAULTS; i++)
		counts[i] = injected;
	assert_true(it(plan));
	shrink_begin(&s, plan, counts);
	while (shrink_next(&s)) {
		bool yes = it(s.candidate);

		/* What is proposed is a plan. */
		assert_true(s.candidate->nstressors >= 1);
		assert_true(s.candidate->cpus >= s.candidate->td_vcpus);
		assert_true(s.candidate->td_vcpus >= 1);
		note(&r, s.what, yes);
		assert_in_range(r.steps, 1, 300);
		shrink_answer(&s, yes, yes ? counts : NULL);
	}
	r.plan = plan_copy(s.best);
	assert_true(it(r.plan));
	shrink_end(&s);
	plan_free(plan);
	return r;
}

static void done(struct result *r)
{
	plan_free(r->plan);
	free(r->log);
}

static const struct plan_fault *fault(const struct plan *plan, const char *site)
{
	for (size_t i = 0; i < plan->nfaults; i++)
		if (!strcmp(plan->faults[i].site->name, site))
			return &plan->faults[i];
	return NULL;
}

static bool has_stressor(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->nstressors; i++)
		if (!strcmp(plan->stressors[i].stressor->name, name))
			return true;
	return false;
}

/* ---- conditions ---- */

static bool always(const struct plan *plan)
{
	(void)plan;
	return true;
}

/* Nothing can go. */
static bool only_the_whole(const struct plan *plan)
{
	bool same = plan->nfaults == 4 && plan->nstressors == 2 && plan->cpus == 8 &&
		    plan->td_vcpus == 6 && plan->td_migrate_us == 5;

	for (size_t i = 0; same && i < plan->nfaults; i++)
		same = plan->faults[i].times == (i == 2 ? 500 : 0) &&
		       plan->faults[i].delay_before_us == (i == 0 ? 5 : 0) &&
		       plan->faults[i].delay_after_us == (i == 1 ? 9 : 0);
	return same;
}

static bool needs_two(const struct plan *plan)
{
	return fault(plan, AUG) && fault(plan, EXTERNAL) && has_stressor(plan, "tide");
}

static bool needs_three_cpus(const struct plan *plan)
{
	return plan->td_vcpus >= 3 && plan->cpus >= 5;
}

static bool needs_times(const struct plan *plan)
{
	const struct plan_fault *f = fault(plan, SEPT), *g = fault(plan, AUG);

	return f && g && (!f->times || f->times >= 37) && g->delay_before_us;
}

/* ---- tests ---- */

static void everything_goes(void **state)
{
	struct result r = shrink(full, always, 1000);

	(void)state;
	assert_int_equal(r.plan->nfaults, 0);
	assert_int_equal(r.plan->nstressors, 1);
	assert_int_equal(r.plan->td_vcpus, 1);
	assert_int_equal(r.plan->cpus, 1);
	assert_true(r.plan->td_migrate_us == 0);
	assert_string_equal(r.log, "without 4 of 4 fault sections, from [fault " AUG "] on: yes\n"
				   "without [stressor calm]: yes\nvcpus = 1: yes\ncpus = 1: yes\n"
				   "without migration: yes\n");
	done(&r);
}

static void nothing_goes(void **state)
{
	struct result r = shrink(full, only_the_whole, 1000);

	(void)state;
	assert_true(only_the_whole(r.plan));
	/* Each section once, and nothing twice. */
	assert_contains(r.log, "\nwithout [fault " AUG "]\nwithout [fault " ADD "]\n"
			       "without [fault " SEPT "]\nwithout [fault " EXTERNAL "]\n"
			       "without [stressor calm]\nwithout [stressor tide]\nvcpus = 1\n");
	assert_lacks(r.log, "yes");
	done(&r);
}

static void two_sections(void **state)
{
	struct result r = shrink(full, needs_two, 1000);

	(void)state;
	assert_int_equal(r.plan->nfaults, 2);
	assert_int_equal(r.plan->nstressors, 1);
	assert_int_equal(r.plan->faults[0].times, 1);
	assert_int_equal(r.plan->faults[1].times, 1);
	assert_int_equal(r.plan->faults[0].delay_before_us, 0);
	/* The rest of its section is as it was. */
	assert_int_equal(r.plan->faults[0].probability, 10);
	assert_string_equal(r.log, "without 4 of 4 fault sections, from [fault " AUG "] on\n"
				   "without 2 of 4 fault sections, from [fault " AUG "] on\n"
				   "without 2 of 4 fault sections, from [fault " SEPT "] on\n"
				   "without [fault " AUG "]\n"
				   "without [fault " ADD "]: yes\n"
				   "without [fault " SEPT "]: yes\n"
				   "without [fault " EXTERNAL "]\n"
				   "without [fault " AUG "]\n"
				   "without [stressor calm]: yes\n"
				   "vcpus = 1: yes\ncpus = 1: yes\n"
				   "[fault " AUG "] without delay_before: yes\n"
				   "without migration: yes\n"
				   "[fault " AUG "] times = 1: yes\n"
				   "[fault " EXTERNAL "] times = 1: yes\n");
	done(&r);
}

static void bisected_cpus(void **state)
{
	struct result r = shrink(full, needs_three_cpus, 1000);

	(void)state;
	assert_int_equal(r.plan->td_vcpus, 3);
	assert_int_equal(r.plan->cpus, 5);
	assert_contains(r.log, "\nvcpus = 1\nvcpus = 3: yes\nvcpus = 2\ncpus = 3\ncpus = 5: yes\n"
			       "cpus = 4\n");
	done(&r);
}

static void bisected_times(void **state)
{
	struct result r = shrink(full, needs_times, 1000);
	const struct plan_fault *f = fault(r.plan, SEPT);

	(void)state;
	assert_int_equal(r.plan->nfaults, 2);
	assert_in_range(f->times, 37, 42);
	assert_int_equal(fault(r.plan, AUG)->times, 1);
	assert_int_equal(fault(r.plan, AUG)->delay_before_us, 5);
	assert_contains(r.log, "\n[fault " SEPT "] times = 1\n[fault " SEPT "] times = 250: yes\n");
	done(&r);
	/* Fewer were injected than are allowed. */
	r = shrink(full, needs_times, 100);
	assert_contains(r.log, "\n[fault " SEPT "] times = 1\n[fault " SEPT "] times = 51: yes\n");
	done(&r);
	/* Nobody knows how many: but for one, nothing is tried. */
	r = shrink("[fault " AUG "]\nprobability = 1 %\n[stressor calm]\n", always, 0);
	assert_int_equal(r.plan->nfaults, 0);
	done(&r);
}

/* A section that only delays is dropped or kept: without its delay it would be wrong. */
static bool needs_aug(const struct plan *plan)
{
	return fault(plan, AUG);
}

static void only_delays(void **state)
{
	struct result r = shrink("[fault " AUG "]\nstatus = ok\nprobability = 1 %\n"
				 "delay_before = 1 ms\n[stressor calm]\n",
				 needs_aug, 3);

	(void)state;
	assert_int_equal(r.plan->faults[0].delay_before_us, 1000);
	assert_lacks(r.log, "delay");
	done(&r);
	r = shrink("[fault " AUG "]\nstatus = ok\nprobability = 1 %\n"
		   "delay_before = 1 ms\ndelay_after = 1 ms\n[stressor calm]\n",
		   needs_aug, 0);
	assert_int_equal(r.plan->faults[0].delay_before_us, 0);
	assert_int_equal(r.plan->faults[0].delay_after_us, 1000);
	assert_string_equal(r.log, "without [fault " AUG "]\nvcpus = 1: yes\ncpus = 1: yes\n"
				   "[fault " AUG "] without delay_before: yes\n"
				   "[fault " AUG "] times = 1: yes\n");
	done(&r);
}

static void nothing_to_do(void **state)
{
	struct result r = shrink("[plan]\ncpus = 1\n[td]\nvcpus = 1\n[stressor calm]\n", always, 0);

	(void)state;
	assert_int_equal(r.steps, 0);
	done(&r);
}

/* The candidate is the caller's to change, until it is answered. */
static void changed_load(void **state)
{
	struct plan *plan = plan_of(full);
	struct shrink s;

	(void)state;
	shrink_begin(&s, plan, NULL);
	plan_free(plan);
	assert_true(shrink_next(&s));
	s.candidate->duration_us = 3000000;
	shrink_answer(&s, true, NULL);
	assert_true(s.best->duration_us == 3000000);
	assert_true(shrink_next(&s));
	assert_true(s.candidate->duration_us == 3000000);
	s.candidate->duration_us = 9000000;
	shrink_answer(&s, false, NULL);
	assert_true(s.best->duration_us == 3000000);
	/* Ended while one is not answered. */
	assert_true(shrink_next(&s));
	shrink_end(&s);
}

/* ---- random conditions: what is left is needed, and nothing that is needed went ---- */

static unsigned int seed;
static unsigned int needed_faults, needed_stressors, needed_cpus, needed_vcpus;

static bool random_needs(const struct plan *plan)
{
	for (size_t i = 0, bit = 0; sites[i].name; i++, bit++)
		if (needed_faults & 1u << bit && !fault(plan, sites[i].name))
			return false;
	if (needed_stressors & 1 && !has_stressor(plan, "calm"))
		return false;
	if (needed_stressors & 2 && !has_stressor(plan, "tide"))
		return false;
	return plan->cpus >= needed_cpus && plan->td_vcpus >= needed_vcpus;
}

static void random_conditions(void **state)
{
	const char *given = getenv("SEED");
	unsigned int first, in_plan = 0;
	size_t n = 0;

	(void)state;
	assert_int_equal(getrandom(&first, sizeof(first), 0), sizeof(first));
	if (given)
		first = (unsigned int)strtoul(given, NULL, 10);
	print_message("# SEED=%u\n", first);
	for (size_t i = 0; sites[i].name && i < 32; i++)
		if (strstr(full, sites[i].name))
			in_plan |= 1u << i;
	for (unsigned int round = 0; round < 200; round++) {
		struct result r;

		seed = first + round;
		needed_faults = (unsigned int)rand_r(&seed) & in_plan;
		needed_stressors = (unsigned int)rand_r(&seed) % 4;
		needed_vcpus = (unsigned int)rand_r(&seed) % 6 + 1;
		needed_cpus = (unsigned int)rand_r(&seed) % 8 + 1;
		r = shrink(full, random_needs, 100);
		n = (size_t)__builtin_popcount(needed_faults);
		assert_int_equal(r.plan->nfaults, n);
		assert_int_equal(r.plan->nstressors, needed_stressors == 3 ? 2 : 1);
		assert_int_equal(r.plan->td_vcpus, needed_vcpus);
		assert_int_equal(r.plan->cpus,
				 needed_cpus > needed_vcpus ? needed_cpus : needed_vcpus);
		done(&r);
	}
}

/* Races answer now so, now so: it ends all the same, with a plan that can be read. */
static void flaky(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 200; round++) {
		struct plan *plan = plan_of(full), *back;
		struct shrink s;
		unsigned int steps = 0;
		char *error;
		FILE *f;

		seed = round;
		shrink_begin(&s, plan, NULL);
		while (shrink_next(&s)) {
			assert_in_range(++steps, 1, 200);
			shrink_answer(&s, rand_r(&seed) % 2, NULL);
		}
		f = fopen("q.ini", "w");
		assert_non_null(f);
		assert_int_equal(plan_write(s.best, f), 0);
		fclose(f);
		back = plan_read("q.ini", &error);
		if (!back)
			fail_msg("round %u: %s", round, error);
		plan_free(back);
		plan_free(plan);
		shrink_end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(everything_goes),	 cmocka_unit_test(nothing_goes),
	    cmocka_unit_test(two_sections),	 cmocka_unit_test(bisected_cpus),
	    cmocka_unit_test(bisected_times),	 cmocka_unit_test(only_delays),
	    cmocka_unit_test(nothing_to_do),	 cmocka_unit_test(changed_load),
	    cmocka_unit_test(random_conditions), cmocka_unit_test(flaky),
	};

	return cmocka_run_group_tests_name("shrink", tests, enter_scratch, leave_scratch);
}
