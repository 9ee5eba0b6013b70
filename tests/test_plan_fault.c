// SPDX-License-Identifier: GPL-2.0-or-later
/* [fault SITE]: lists, schedules, windows, delays, contracts. */
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "xmem.h"

#define CALM "[stressor calm]\n"
#define AUG  "[fault tdh_mem_page_aug]\n"

static struct plan *good(const char *keys)
{
	char *text = xasprintf(AUG "%s" CALM, keys), *error;
	struct plan *plan;

	write_text("p.ini", text);
	free(text);
	plan = plan_read("p.ini", &error);
	if (!plan)
		fail_msg("%s", error);
	return plan;
}

/* WANT without "p.ini:". */
static void bad(const char *keys, const char *want)
{
	char *text = xasprintf(AUG "%s" CALM, keys), *error;

	write_text("p.ini", text);
	assert_null(plan_read("p.ini", &error));
	assert_string_equal(error + strlen("p.ini:"), want);
	free(text);
	free(error);
}

static void defaults(void **state)
{
	struct plan *p = good("probability = 5 %\n");
	const struct plan_fault *f = &p->faults[0];

	(void)state;
	assert_int_equal(f->nvalues, 1);
	assert_string_equal(f->values[0].status->name, "TDX_OPERAND_BUSY");
	assert_int_equal(f->values[0].weight, 1);
	assert_false(f->sequence);
	assert_int_equal(f->every, 1);
	assert_int_equal(f->burst, 1);
	assert_int_equal(f->ncalls, 0);
	assert_int_equal(f->times, 0);
	assert_true(!f->start_us && !f->stop_us);
	assert_true(!f->delay_before_us && !f->delay_after_us);
	plan_free(p);
}

static void statuses(void **state)
{
	struct plan *p = good("probability = 5 %\n"
			      "status = TDX_OPERAND_BUSY 3 ,TDX_OPERAND_BUSY_SEPT\t1000, ok\n");
	const struct plan_fault *f = &p->faults[0];

	(void)state;
	assert_int_equal(f->nvalues, 3);
	assert_string_equal(f->values[0].status->name, "TDX_OPERAND_BUSY");
	assert_int_equal(f->values[0].weight, 3);
	assert_string_equal(f->values[1].status->name, "TDX_OPERAND_BUSY_SEPT");
	assert_int_equal(f->values[1].weight, 1000);
	assert_null(f->values[2].status);
	assert_int_equal(f->values[2].weight, 1);
	assert_int_equal(plan_fault_contract(f), CONTRACT_RETRY);
	plan_free(p);

#define P "probability = 1 %\n"
	bad(P "status = TDX_OPERAND_BUSY 0\n",
	    "3: status: '0' is out of range; it must be 1 .. 1000");
	bad(P "status = TDX_OPERAND_BUSY 1001\n",
	    "3: status: '1001' is out of range; it must be 1 .. 1000");
	bad(P "status = TDX_OPERAND_BUSY x\n",
	    "3: status: 'x' is not a whole number; write it as in '8'");
	bad(P "status = TDX_OPERAND_BUSY 1 2\n",
	    "3: status: '1 2' is not a plain whole number; write it as in '8'");
	bad(P "status =\n",
	    "3: status: a name is missing; write it as in 'status = TDX_OPERAND_BUSY, ok'");
	bad(P "status = ok,,TDX_OPERAND_BUSY\n",
	    "3: status: a name is missing; write it as in 'status = TDX_OPERAND_BUSY, ok'");
	bad(P "status = TDX_OPERAND_BUSY, TDX_OPERAND_BUSY 2\n",
	    "3: status: 'TDX_OPERAND_BUSY' is given twice; give it a weight, as in "
	    "'TDX_OPERAND_BUSY 2'");
	bad(P "status = TDX_OPERAND_BUSY, TDX_OPERAND_BUZY 2\n",
	    "3: status: unknown status 'TDX_OPERAND_BUZY'; did you mean 'TDX_OPERAND_BUSY'?");
	bad(P "status = TDX_OPERAND_BUSY\nstatus = ok\n",
	    "4: status: given twice, first in line 3; remove one");
}

static void sequences(void **state)
{
	struct plan *p = good("sequence = TDX_OPERAND_BUSY, TDX_OPERAND_BUSY, ok\n");
	const struct plan_fault *f = &p->faults[0];
	char *many = xstrdup("sequence = ok");

	(void)state;
	assert_true(f->sequence);
	assert_int_equal(f->nvalues, 3);
	assert_ptr_equal(f->values[0].status, f->values[1].status);
	assert_null(f->values[2].status);
	assert_int_equal(f->values[1].weight, 1);
	assert_int_equal(f->probability, 100);
	assert_int_equal(f->every, 1);
	plan_free(p);
	p = good("sequence = TDX_OPERAND_BUSY\nprobability = 3 %\nevery = 9\n");
	assert_int_equal(p->faults[0].probability, 3);
	assert_int_equal(p->faults[0].every, 9);
	plan_free(p);

	bad("sequence = TDX_OPERAND_BUSY\nstatus = TDX_OPERAND_BUSY\n",
	    "2: sequence: excludes 'status', which is given in line 3; remove one");
	bad("burst = 2\nsequence = TDX_OPERAND_BUSY\n",
	    "3: sequence: excludes 'burst', which is given in line 2; remove one");
	bad("sequence = TDX_OPERAND_BUSY 2\n",
	    "2: sequence: 'TDX_OPERAND_BUSY 2' has a weight, which a sequence does not know; write "
	    "'TDX_OPERAND_BUSY' as often as it is to come");
	bad("sequence = ok, no\n",
	    "2: sequence: unknown status 'no'; 'septorture list statuses' shows those of each "
	    "site");
	bad("sequence = ,\n", "2: sequence: a name is missing; write it as in 'sequence = "
			      "TDX_OPERAND_BUSY, ok'");
	bad("sequence = ok, ok\n", "2: sequence: nothing fails and nothing is delayed; add a "
				   "status, or delay_before or delay_after");
	for (int i = 1; i <= PLAN_MAX_VALUES; i++) {
		char *longer = xasprintf("%s, TDX_OPERAND_BUSY", many);

		free(many);
		many = longer;
	}
	{
		char *line = xasprintf("%s\n", many);

		free(many);
		many = line;
	}
	bad(many, "2: sequence: more than 16 names; remove some");
	free(many);
}

static void calls(void **state)
{
	struct plan *p = good("nth = 3 , 2:15,0:1\n");
	const struct plan_fault *f = &p->faults[0];

	(void)state;
	assert_int_equal(f->ncalls, 3);
	assert_int_equal(f->calls[0].tag, PLAN_ANY_TAG);
	assert_true(f->calls[0].call == 3);
	assert_int_equal(f->calls[1].tag, 2);
	assert_true(f->calls[1].call == 15);
	assert_int_equal(f->calls[2].tag, 0);
	assert_int_equal(f->probability, 100);
	plan_free(p);

#define MISSING "2: nth: a number is missing; write it as in 'nth = 3, 2:15' (CALL or TAG:CALL)"
	bad("nth =\n", MISSING);
	bad("nth = 3,\n", MISSING);
	bad("nth = :3\n", MISSING);
	bad("nth = 3:\n", MISSING);
	bad("nth = 0\n", "2: nth: '0' is out of range; it must be 1 .. 1000000000");
	bad("nth = 1:0\n", "2: nth: '0' is out of range; it must be 1 .. 1000000000");
	bad("nth = 256:1\n", "2: nth: '256' is out of range; it must be 0 .. 255");
	bad("nth = -1:1\n", "2: nth: '-1' is not a whole number; write it as in '8'");
	bad("nth = 1:2:3\n", "2: nth: '2:3' is not a plain whole number; write it as in '8'");
	bad("nth = 3 4\n", "2: nth: '3 4' is not a plain whole number; write it as in '8'");
	bad("nth = 3, 2:3, 3\n", "2: nth: a call is given twice; remove one");
	bad("nth = 3\nevery = 2\n",
	    "2: nth: excludes 'every', which is given in line 3; remove one");
}

/* As many as there may be, and one more. */
static void many_calls(void **state)
{
	char *text = xstrdup("nth = 255:1000000000");
	struct plan *p;

	(void)state;
	for (int i = 2; i <= PLAN_MAX_CALLS + 1; i++) {
		char *line = xasprintf("%s\n", text), *longer;

		if (i == PLAN_MAX_CALLS + 1) {
			p = good(line);
			assert_int_equal(p->faults[0].ncalls, PLAN_MAX_CALLS);
			plan_free(p);
		}
		longer = xasprintf("%s, 255:%d", text, 999999999 - i);
		free(line);
		free(text);
		text = longer;
	}
	{
		char *line = xasprintf("%s\n", text);

		bad(line, "2: nth: more than 64 calls; remove some");
		free(line);
	}
	free(text);
}

static void numbers(void **state)
{
	struct plan *p = good(P "every = 1000000\nburst = 1000\nstart = 2 s\nstop = 3 s\n"
				"delay_before = 10 ms\ndelay_after = 20 us\ntimes = 7\n");
	const struct plan_fault *f = &p->faults[0];

	(void)state;
	assert_int_equal(f->every, 1000000);
	assert_int_equal(f->burst, 1000);
	assert_true(f->start_us == 2000000 && f->stop_us == 3000000);
	assert_int_equal(f->delay_before_us, 10000);
	assert_int_equal(f->delay_after_us, 20);
	assert_int_equal(f->times, 7);
	plan_free(p);
	p = good("nth = 3\nburst = 2\n");
	assert_int_equal(p->faults[0].burst, 2);
	plan_free(p);
	p = good(P "start = 2 s\nstop = 0 us\n");
	assert_true(p->faults[0].stop_us == 0);
	plan_free(p);

	bad(P "every = 0\n", "3: every: '0' is out of range; it must be 1 .. 1000000");
	bad(P "every = 1000001\n", "3: every: '1000001' is out of range; it must be 1 .. 1000000");
	bad(P "every = 2 %\n", "3: every: '2 %' is not a plain whole number; write it as in '8'");
	bad(P "burst = 0\n", "3: burst: '0' is out of range; it must be 1 .. 1000");
	bad(P "burst = 1001\n", "3: burst: '1001' is out of range; it must be 1 .. 1000");
	bad(P "delay_before = 11 ms\n",
	    "3: delay_before: '11 ms' is out of range; it must be 0 us .. 10 ms");
	bad(P "delay_after = 5\n",
	    "3: delay_after: '5' has no unit; write it as in '20 s' (us, ms, s, min or h)");
	bad(P "start = 1441 min\n",
	    "3: start: '1441 min' is out of range; it must be 0 us .. 24 h");
	bad(P "stop = soon\n", "3: stop: 'soon' is not a whole number; write it as in '20 s'");
	bad(P "stop = 2 s\nstart = 2 s\n", "3: stop: is not after start; raise it, or remove it to "
					   "go on to the load's end");
	bad(P "delay = 5 us\n",
	    "3: unknown key 'delay'; docs/plans.md shows those of this section");
}

static void only_delays(void **state)
{
	struct plan *p = good(P "status = ok\ndelay_after = 1 ms\n");

	(void)state;
	assert_int_equal(p->faults[0].nvalues, 1);
	assert_null(p->faults[0].values[0].status);
	assert_int_equal(plan_fault_contract(&p->faults[0]), CONTRACT_IGNORED);
	plan_free(p);
	bad(P "status = ok 3\n", "3: status: nothing fails and nothing is delayed; add a status, "
				 "or delay_before or delay_after");
}

/* What is said in one section is forgotten in the next. */
static void sections(void **state)
{
	struct plan *p =
	    good("nth = 3\nsequence = TDX_OPERAND_BUSY, ok\ndelay_after = 1 ms\nstop = 1 s\n"
		 "[fault tdh_mem_page_add]\nprobability = 5 %\nevery = 3\nstatus = "
		 "TDX_OPERAND_BUSY\nburst = 2\n");
	const struct plan_fault *f = &p->faults[1];

	(void)state;
	assert_false(f->sequence);
	assert_int_equal(f->ncalls, 0);
	assert_int_equal(f->delay_after_us, 0);
	assert_true(!f->stop_us);
	plan_free(p);
	bad("nth = 3\n[fault tdh_mem_page_add]\n",
	    "3: probability: missing in [fault tdh_mem_page_add]; add a line such as 'probability "
	    "= 10 %'");
}

/* ---- contracts ---- */

static const struct status busy = {.name = "BUSY", .contract = CONTRACT_ONCE};
static const struct status busy_too = {.name = "BUSY_TOO", .contract = CONTRACT_ONCE};
static const struct status retried = {.name = "RETRIED", .contract = CONTRACT_RETRY};

#define B                                                                                          \
	{                                                                                          \
		&busy, 1                                                                           \
	}
#define O                                                                                          \
	{                                                                                          \
		NULL, 1                                                                            \
	}
#define IN_ORDER   .sequence = true, .burst = 1
#define FATAL(...) want_contract((struct plan_fault){__VA_ARGS__}, CONTRACT_VM_FATAL)
#define ONCE(...)  want_contract((struct plan_fault){__VA_ARGS__}, CONTRACT_ONCE)

static void want_contract(struct plan_fault f, enum contract want)
{
	f.every = f.every ? f.every : 1;
	f.burst = f.burst ? f.burst : 1;
	assert_string_equal(contract_name(plan_fault_contract(&f)), contract_name(want));
}

static void once_in_blocks(void **state)
{
	(void)state;
	ONCE(.nvalues = 1, .values = {B}, .every = 2);
	FATAL(.nvalues = 1, .values = {B}, .every = 1);
	FATAL(.nvalues = 1, .values = {B}, .every = 5, .burst = 2);
	FATAL(.nvalues = 2, .values = {B, O}, .every = 1);
	FATAL(.nvalues = 2, .values = {O, {&busy_too, 3}}, .every = 3, .burst = 3);
	/* One is never two. */
	ONCE(.nvalues = 1, .values = {B}, .every = 1, .times = 1);
	ONCE(.nvalues = 1, .values = {B}, .burst = 2, .times = 1);
	FATAL(.nvalues = 1, .values = {B}, .every = 1, .times = 2);
	want_contract((struct plan_fault){.nvalues = 1, .values = {{&retried, 1}}, .burst = 9},
		      CONTRACT_RETRY);
}

static void once_in_sequences(void **state)
{
	(void)state;
	ONCE(IN_ORDER, .nvalues = 2, .values = {B, O}, .every = 2);
	ONCE(IN_ORDER, .nvalues = 2, .values = {O, B}, .every = 1);
	ONCE(IN_ORDER, .nvalues = 4, .values = {B, O, B, O});
	FATAL(IN_ORDER, .nvalues = 3, .values = {B, B, O}, .every = 9);
	FATAL(IN_ORDER, .nvalues = 3, .values = {O, B, {&busy_too, 1}}, .every = 9);
	/* The end of one and the begin of the next. */
	FATAL(IN_ORDER, .nvalues = 3, .values = {B, O, B}, .every = 2);
	ONCE(IN_ORDER, .nvalues = 3, .values = {B, O, B}, .every = 4);
	FATAL(IN_ORDER, .nvalues = 1, .values = {B}, .every = 1);
	ONCE(IN_ORDER, .nvalues = 1, .values = {B}, .every = 2);
}

static void once_in_calls(void **state)
{
	(void)state;
	ONCE(.nvalues = 1, .values = {B}, .ncalls = 2, .calls = {{1, 3}, {1, 5}});
	FATAL(.nvalues = 1, .values = {B}, .ncalls = 2, .calls = {{1, 3}, {1, 4}});
	FATAL(.nvalues = 1, .values = {B}, .ncalls = 2, .calls = {{1, 4}, {1, 3}});
	ONCE(.nvalues = 1, .values = {B}, .ncalls = 2, .calls = {{1, 3}, {2, 4}});
	FATAL(.nvalues = 1, .values = {B}, .ncalls = 2, .calls = {{PLAN_ANY_TAG, 3}, {2, 4}});
	FATAL(.nvalues = 1, .values = {B}, .ncalls = 1, .calls = {{1, 3}}, .burst = 2);
	ONCE(.nvalues = 1, .values = {B}, .ncalls = 1, .calls = {{PLAN_ANY_TAG, 3}});
	ONCE(IN_ORDER, .nvalues = 3, .values = {B, O, B}, .ncalls = 1, .calls = {{1, 3}});
	FATAL(IN_ORDER, .nvalues = 3, .values = {B, O, B}, .ncalls = 2, .calls = {{1, 3}, {1, 6}});
	ONCE(IN_ORDER, .nvalues = 3, .values = {B, O, B}, .ncalls = 2, .calls = {{1, 3}, {1, 7}});
	/* Between the failures of the other. */
	FATAL(IN_ORDER, .nvalues = 3, .values = {B, O, B}, .ncalls = 2, .calls = {{1, 3}, {1, 4}});
}

/* ---- with what the table of sites has ---- */

/* The first two of a context whose classes are, or are not, the same as A and B. */
static bool find_pair(enum contract a, bool same, const struct site **site,
		      const struct context **context, const struct status **one,
		      const struct status **two)
{
	for (*site = sites; (*site)->name; ++*site)
		for (*context = (*site)->contexts; (*context)->name; ++*context)
			for (*one = (*context)->statuses; (*one)->name; ++*one)
				for (*two = *one + 1; (*two)->name; ++*two)
					if ((*one)->contract == a &&
					    ((*two)->contract == a) == same)
						return true;
	return false;
}

static char *section(const struct site *site, const struct context *context, const char *keys)
{
	return xasprintf("[fault %s]\ncontext = %s\n%s" CALM "[plan]\nplatform = %s\n", site->name,
			 context->name, keys, platform_name(context_platform(context)));
}

static void mixed_classes(void **state)
{
	const struct site *site = NULL;
	const struct context *context = NULL;
	const struct status *a = NULL, *b = NULL;
	char *keys, *text, *want, *error;
	bool found = false;

	(void)state;
	for (int c = 0; !found && c <= CONTRACT_NEVER; c++)
		found = find_pair((enum contract)c, false, &site, &context, &a, &b);
	if (!found)
		skip();
	keys = xasprintf("sequence = ok, %s, %s\n", a->name, b->name);
	text = section(site, context, keys);
	write_text("p.ini", text);
	want = xasprintf("p.ini:3: sequence: '%s' (%s) and '%s' (%s) have different contracts in "
			 "the context %s; leave out one of them",
			 a->name, contract_name(a->contract), b->name, contract_name(b->contract),
			 context->name);
	assert_null(plan_read("p.ini", &error));
	assert_string_equal(error, want);
	free(keys);
	free(text);
	free(want);
	free(error);
}

/* Reads "status = NAME" and KEYS at the first place where it has the class C. */
static struct plan *of_class(enum contract c, const char *keys)
{
	for (const struct site *site = sites; site->name; site++)
		for (const struct context *x = site->contexts; x->name; x++)
			for (const struct status *st = x->statuses; st->name; st++) {
				char *all, *text, *error;
				struct plan *plan;

				if (st->contract != c)
					continue;
				all = xasprintf("status = %s\n%s", st->name, keys);
				text = section(site, x, all);
				write_text("p.ini", text);
				free(all);
				free(text);
				plan = plan_read("p.ini", &error);
				if (!plan)
					fail_msg("%s", error);
				return plan;
			}
	return NULL;
}

static void once_is_every_other(void **state)
{
	struct plan *p = of_class(CONTRACT_ONCE, P);

	(void)state;
	if (!p)
		skip();
	assert_int_equal(p->faults[0].every, 2);
	assert_int_equal(plan_fault_contract(&p->faults[0]), CONTRACT_ONCE);
	plan_free(p);
	p = of_class(CONTRACT_ONCE, P "every = 1\n");
	assert_int_equal(p->faults[0].every, 1);
	assert_int_equal(plan_fault_contract(&p->faults[0]), CONTRACT_VM_FATAL);
	plan_free(p);
	p = of_class(CONTRACT_ONCE, "nth = 4\n");
	assert_int_equal(p->faults[0].every, 1);
	assert_int_equal(plan_fault_contract(&p->faults[0]), CONTRACT_ONCE);
	plan_free(p);
}

/* No default of any site and context is one that KVM declares impossible. */
static void never_by_default(void **state)
{
	(void)state;
	for (const struct site *site = sites; site->name; site++)
		for (const struct context *x = site->contexts; x->name; x++) {
			char *text = section(site, x, P), *error;
			struct plan *plan;

			write_text("p.ini", text);
			plan = plan_read("p.ini", &error);
			if (plan)
				assert_int_not_equal(plan->faults[0].values[0].status->contract,
						     CONTRACT_NEVER);
			else
				assert_contains(error, "p.ini:1: status: missing in [fault ");
			plan_free(plan);
			free(error);
			free(text);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults),
	    cmocka_unit_test(statuses),
	    cmocka_unit_test(sequences),
	    cmocka_unit_test(calls),
	    cmocka_unit_test(many_calls),
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(only_delays),
	    cmocka_unit_test(sections),
	    cmocka_unit_test(once_in_blocks),
	    cmocka_unit_test(once_in_sequences),
	    cmocka_unit_test(once_in_calls),
	    cmocka_unit_test(mixed_classes),
	    cmocka_unit_test(once_is_every_other),
	    cmocka_unit_test(never_by_default),
	};

	return cmocka_run_group_tests_name("plan_fault", tests, enter_scratch, leave_scratch);
}
