// SPDX-License-Identifier: GPL-2.0-or-later
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "xmem.h"

#define CALM "[stressor calm]\n"

static struct plan *good(const char *text)
{
	char *error;
	struct plan *plan;

	write_text("p.ini", text);
	plan = plan_read("p.ini", &error);
	if (!plan)
		fail_msg("%s", error);
	return plan;
}

static void bad(const char *text, const char *want)
{
	char *error;

	write_text("p.ini", text);
	assert_null(plan_read("p.ini", &error));
	assert_string_equal(error, want);
	free(error);
}

static void defaults(void **state)
{
	struct plan *p = good(CALM);

	(void)state;
	assert_string_equal(p->name, "p");
	assert_string_equal(p->kernel, "race");
	assert_true(p->seed == 0);
	assert_true(p->duration_us == 20000000);
	assert_int_equal(p->cpus, 2);
	assert_true(p->memory == 1ull << 30);
	assert_int_equal(p->td_vcpus, 2);
	assert_true(p->td_memory == 256ull << 20);
	assert_true(p->td_lifetime_us == 5000000);
	assert_true(p->td_quiesce_us == 1000000);
	assert_int_equal(p->nfaults, 0);
	assert_int_equal(p->nstressors, 1);
	plan_free(p);
}

static void everything(void **state)
{
	struct plan *p = good("# all keys\n"
			      "[plan]\n kernel = base ; why\n\tseed=7\nduration = 2 min\n"
			      "cpus = 4\nmemory = 2 GiB\n\n"
			      "[ td ]\nvcpus = 3\nmemory = 512 MiB # half\nlifetime = 2 s\n"
			      "quiesce = 100 ms\n"
			      "[fault   tdh_mem_page_aug]\ntimes = 9\ncontext = map\n"
			      "status = TDX_OPERAND_BUSY_SEPT\nprobability = 25 %\n"
			      "[fault tdp_mmu_set_external_spte]\nprobability = 1%\n"
			      "[stressor tide]\nshare = 5 %\ncolour = red\nchunk = 8 KiB\n");

	(void)state;
	assert_string_equal(p->kernel, "base");
	assert_true(p->seed == 7);
	assert_true(p->duration_us == 120000000);
	assert_int_equal(p->cpus, 4);
	assert_true(p->memory == 2ull << 30);
	assert_int_equal(p->td_vcpus, 3);
	assert_true(p->td_memory == 512ull << 20);
	assert_true(p->td_lifetime_us == 2000000);
	assert_true(p->td_quiesce_us == 100000);
	assert_int_equal(p->nfaults, 2);
	assert_string_equal(p->faults[0].site->name, "tdh_mem_page_aug");
	assert_string_equal(p->faults[0].values[0].status->name, "TDX_OPERAND_BUSY_SEPT");
	assert_string_equal(p->faults[0].context->name, "map");
	assert_int_equal(p->faults[0].probability, 25);
	assert_int_equal(p->faults[0].times, 9);
	assert_string_equal(p->faults[1].values[0].status->name, "-EBUSY");
	assert_int_equal(p->faults[1].times, 0);
	assert_int_equal(p->nstressors, 1);
	assert_true(p->stressors[0].opts[0] == 1); /* workers: the default */
	assert_true(p->stressors[0].opts[2] == 8192);
	assert_true(p->stressors[0].opts[3] == 5);
	assert_true(p->stressors[0].opts[4] == 0);
	plan_free(p);
}

static void sections(void **state)
{
	(void)state;
	bad("[plan]\n[td]\n[plan]\n" CALM,
	    "p.ini:3: section [plan] is given twice, first in line 1; merge them");
	bad("[td]\n\n[td]\n" CALM,
	    "p.ini:3: section [td] is given twice, first in line 1; merge them");
	bad(CALM CALM, "p.ini:2: section [stressor calm] is given twice; merge them");
	bad("[fault tdh_mem_page_aug]\nprobability=1%\n[fault tdh_mem_page_aug]\n",
	    "p.ini:3: section [fault tdh_mem_page_aug] is given twice, first in line 1; a function "
	    "can be armed once, so merge them");
	bad("[plans]\n", "p.ini:1: unknown section [plans]; there are [plan], [td], [fault SITE] "
			 "and [stressor NAME]");
	bad("[plan x]\n", "p.ini:1: unknown section [plan x]; there are [plan], [td], [fault SITE] "
			  "and [stressor NAME]");
	bad("[fault]\n", "p.ini:1: unknown section [fault]; there are [plan], [td], [fault SITE] "
			 "and [stressor NAME]");
	bad("[plan\n", "p.ini:1: '[plan' is not a section; write it as in '[plan]'");
	bad("[plan] cpus\n", "p.ini:1: '[plan] cpus' is not a section; write it as in '[plan]'");
	bad("cpus = 2\n", "p.ini:1: cpus: stands before any section; begin with '[plan]'");
	bad("\n[plan]\ncpus 2\n", "p.ini:3: 'cpus 2' is neither a section nor 'key = value'");
	bad("[plan]\n", "p.ini:1: the plan has no stressor; add a section [stressor NAME] "
			"('septorture list stressors' shows them)");
	bad("", "p.ini:1: the plan has no stressor; add a section [stressor NAME] "
		"('septorture list stressors' shows them)");
}

static void keys(void **state)
{
	(void)state;
	bad("[plan]\ncpu = 2\n", "p.ini:2: unknown key 'cpu'; did you mean 'cpus'?");
	bad("[plan]\nlifetime = 2 s\n",
	    "p.ini:2: unknown key 'lifetime'; docs/plans.md shows those of this section");
	bad("[plan]\n= 2\n", "p.ini:2: unknown key ''; docs/plans.md shows those of this section");
	bad("[plan]\ncpus = 2\ncpus = 2\n",
	    "p.ini:3: cpus: given twice, first in line 2; remove one");
	bad("[plan]\nkernel = ../etc\n",
	    "p.ini:2: kernel: '../etc' is not a name; use one of configs/kernel, without "
	    "'.config'");
	bad("[plan]\nplatform = amd\n",
	    "p.ini:2: platform: 'amd' is none; there are mirror, direct and both");
	bad("[td]\nbacking = tape\n",
	    "p.ini:2: backing: 'tape' is none; there are guest_memfd and anonymous");
	bad("[td]\nbacking = anonymous\n" CALM,
	    "p.ini:2: backing: a TD's memory is a guest_memfd; anonymous is there for platform "
	    "direct alone");
	bad("[plan]\nplatform = both\n[fault tdh_mem_page_aug]\nprobability = 1 %\n" CALM,
	    "p.ini:3: the context 'map of tdh_mem_page_aug' is there for platform mirror alone, "
	    "and the plan is for both; leave it out, or set platform in [plan]");
	bad("[plan]\nkernel =\n", "p.ini:2: kernel: '' is not a name; use one of configs/kernel, "
				  "without '.config'");
	bad("[plan]\nduration = 20\n", "p.ini:2: duration: '20' has no unit; write it as in "
				       "'20 s' (us, ms, s, min or h)");
	bad("[plan]\nduration = 999 ms\n",
	    "p.ini:2: duration: '999 ms' is out of range; it must be 1 s .. 24 h");
	bad("[plan]\ncpus = 17\n", "p.ini:2: cpus: '17' is out of range; it must be 1 .. 16");
	bad("[plan]\ncpus = 0\n", "p.ini:2: cpus: '0' is out of range; it must be 1 .. 16");
	bad("[plan]\nseed = 18446744073709551616\n",
	    "p.ini:2: seed: '18446744073709551616' is too large");
	bad("[plan]\nmemory = 255 MiB\n",
	    "p.ini:2: memory: '255 MiB' is out of range; it must be 256 MiB .. 64 GiB");
	bad("[td]\nmemory = 2 MiB\n",
	    "p.ini:2: memory: '2 MiB' is out of range; it must be 4 MiB .. 64 GiB");
	bad("[td]\nlifetime = 99 ms\n",
	    "p.ini:2: lifetime: '99 ms' is out of range; it must be 100 ms .. 24 h");
	bad("[td]\nquiesce = 61 min\n",
	    "p.ini:2: quiesce: '61 min' is out of range; it must be 50 ms .. 1 h");
}

static void faults(void **state)
{
	(void)state;
	bad("[fault tdh_mem_page_agu]\n",
	    "p.ini:1: unknown site 'tdh_mem_page_agu'; did you mean 'tdh_mem_page_aug'?");
	bad("[fault tdh_page_aug]\n",
	    "p.ini:1: unknown site 'tdh_page_aug'; did you mean 'tdh_mem_page_aug'?");
	bad("[fault x]\n", "p.ini:1: unknown site 'x'; 'septorture list sites' shows them");
	bad("[fault tdh_mem_page_aug]\nprobability = 1 %\nstatus = TDX_OPERAND_BUZY\n" CALM,
	    "p.ini:3: status: unknown status 'TDX_OPERAND_BUZY'; did you mean "
	    "'TDX_OPERAND_BUSY'?");
	bad("[fault tdh_mem_page_aug]\ncontext = mop\nprobability = 1 %\n" CALM,
	    "p.ini:2: context: unknown context 'mop'; did you mean 'map'?");
	bad("[fault tdp_mmu_set_external_spte]\nprobability = 1 %\nstatus = "
	    "TDX_OPERAND_BUSY\n" CALM,
	    "p.ini:3: status: unknown status 'TDX_OPERAND_BUSY'; 'septorture list statuses' shows "
	    "those of each site");
}

static void fault_keys(void **state)
{
	(void)state;
	bad("[plan]\n[fault tdh_mem_page_aug]\ntimes = 1\n" CALM,
	    "p.ini:2: probability: missing in [fault tdh_mem_page_aug]; add a line such as "
	    "'probability = 10 %'");
	bad("[fault tdh_mem_page_aug]\nprobability = 101 %\n",
	    "p.ini:2: probability: '101 %' is out of range; it must be 0 % .. 100 %");
	bad("[fault tdh_mem_page_aug]\nprobability = 5\n",
	    "p.ini:2: probability: '5' has no unit; write it as in '10 %' (%)");
	bad("[fault tdh_mem_page_aug]\nprobability = 1 %\ntimes = 1000000001\n",
	    "p.ini:3: times: '1000000001' is out of range; it must be 0 .. 1000000000");
	bad("[fault tdh_mem_page_aug]\nprobability = 1 %\nprobability = 1 %\n",
	    "p.ini:3: probability: given twice, first in line 2; remove one");
	bad("[fault tdh_mem_page_aug]\nprobably = 1 %\n",
	    "p.ini:2: unknown key 'probably'; did you mean 'probability'?");
}

static void stressors(void **state)
{
	(void)state;
	bad("[stressor tied]\n", "p.ini:1: unknown stressor 'tied'; did you mean 'tide'?");
	bad("[stressor xyzzy]\n",
	    "p.ini:1: unknown stressor 'xyzzy'; 'septorture list stressors' shows them");
	bad("[stressor calm]\n\n[stressor big-band]\n#\n",
	    "p.ini:3: [stressor big-band]: nobody plays; write 'players = 1'");
	plan_free(good("[stressor big-band]\nplayers = 1\n"));
	bad("[stressor tide]\nworker = 1\n",
	    "p.ini:2: unknown option 'worker'; did you mean 'workers'?");
	bad("[stressor calm]\nworkers = 1\n",
	    "p.ini:2: unknown option 'workers'; 'septorture list stressors' shows those of each "
	    "stressor");
	bad("[stressor tide]\nworkers = 9\n",
	    "p.ini:2: workers: '9' is out of range; it must be 1 .. 8");
	bad("[stressor tide]\npause = 5\n",
	    "p.ini:2: pause: '5' has no unit; write it as in '20 s' (us, ms, s, min or h)");
	bad("[stressor tide]\ncolour = gren\n",
	    "p.ini:2: colour: unknown choice 'gren'; did you mean 'green'?");
	bad("[stressor tide]\nworkers = 2\nworkers = 2\n",
	    "p.ini:3: workers: given twice in this section; remove one");
}

static void cross_checks(void **state)
{
	struct plan *p = good("[plan]\ncpus = 1\n[td]\nvcpus = 1\n" CALM);

	(void)state;
	plan_free(p);
	bad("[plan]\ncpus = 1\n" CALM, "p.ini:2: vcpus: the TD's 2 vCPUs are more than the VM's 1 "
				       "CPUs; raise cpus in [plan] or lower vcpus in [td]");
	bad("[td]\nvcpus = 3\n" CALM, "p.ini:2: vcpus: the TD's 3 vCPUs are more than the VM's 2 "
				      "CPUs; raise cpus in [plan] or lower vcpus in [td]");
	plan_free(good("[td]\nmemory = 512 MiB\n" CALM));
	bad("[td]\nmemory = 514 MiB\n" CALM,
	    "p.ini:2: memory: the TD's 514 MiB are more than half of the VM's 1 GiB; raise memory "
	    "in [plan] or lower it in [td]");
	bad("[plan]\nmemory = 256 MiB\n" CALM,
	    "p.ini:2: memory: the TD's 256 MiB are more than half of the VM's 256 MiB; raise "
	    "memory in [plan] or lower it in [td]");
	bad("[td]\nmemory = 5 MiB\n" CALM,
	    "p.ini:2: memory: the TD's memory must be a multiple of 2 MiB");
	bad("[td]\nslots = 3\n" CALM,
	    "p.ini:2: slots: the TD's memory can't be divided into 3 slots of whole pages");
	bad("[td]\nhot = 5\nmemory = 8 MiB\n" CALM,
	    "p.ini:2: hot: the TD's memory has a hot page in every 2 MiB, so at most 4");
	bad("[plan]\ncpus = 1\n[td]\nvcpus = 1\n" CALM "[stressor rider]\nuphill = 1\n",
	    "p.ini:6: [stressor rider]: cannot go uphill on one CPU; raise cpus in [plan]");
}

/* The vCPUs that the stressors of TEXT get: FIRST+NUMBER each. */
static void assert_dealt(unsigned int vcpus, const char *text, const char *want)
{
	char *all = xasprintf("[plan]\ncpus = 16\n[td]\nvcpus = %u\n%s", vcpus, text);
	char got[64] = "", *end = got;
	struct plan *p = good(all);

	for (size_t i = 0; i < p->nstressors; i++)
		end += sprintf(end, "%s%u+%u", i ? " " : "", p->stressors[i].first_vcpu,
			       p->stressors[i].nvcpus);
	assert_string_equal(got, want);
	plan_free(p);
	free(all);
}

static void vcpus_are_dealt(void **state)
{
	(void)state;
	assert_dealt(4, "[stressor rider]\n", "0+4");
	assert_dealt(4, "[stressor rider]\nvcpus = 1\n[stressor walker]\n", "0+1 1+3");
	assert_dealt(4, "[stressor rider]\n[stressor walker]\nvcpus = 1\n", "0+3 3+1");
	assert_dealt(5, "[stressor rider]\n[stressor calm]\n[stressor walker]\n", "0+3 3+0 3+2");
	assert_dealt(6, "[stressor walker]\nvcpus = 2\n[stressor rider]\nvcpus = 3\n", "0+2 2+3");
	bad("[td]\nvcpus = 1\n[stressor rider]\n[stressor walker]\n",
	    "p.ini:2: vcpus: the TD has 1 vCPUs, but the stressors want at least 2; raise it in "
	    "[td]");
	bad("[stressor rider]\nvcpus = 2\n[stressor walker]\n",
	    "p.ini:3: vcpus: the TD has 2 vCPUs, but the stressors want at least 3; raise it in "
	    "[td]");
	bad("[stressor rider]\nvcpus = 17\n",
	    "p.ini:2: vcpus: '17' is out of range; it must be 0 .. 16");
}

static void first_error_wins(void **state)
{
	(void)state;
	bad("[td]\nvcpus = 3\nmemory = 514 MiB\n", "p.ini:2: vcpus: the TD's 3 vCPUs are more than "
						   "the VM's 2 CPUs; raise cpus in [plan] or "
						   "lower vcpus in [td]");
	bad("[plan]\ncpus = x\nnonsense\n[bogus]\n",
	    "p.ini:2: cpus: 'x' is not a whole number; write it as in '8'");
	bad("[fault tdh_mem_page_aug]\n[bogus]\n",
	    "p.ini:1: probability: missing in [fault tdh_mem_page_aug]; add a line such as "
	    "'probability = 10 %'");
}

static void oracles(void **state)
{
	struct plan *p = good("[plan]\noracles = sharp-eye , owl\n" CALM);

	(void)state;
	assert_int_equal(p->noracles, 2);
	assert_string_equal(p->oracles[0]->name, "sharp-eye");
	assert_string_equal(p->oracles[1]->name, "owl");
	for_each_oracle (o)
		assert_int_equal(plan_wants_oracle(p, o), strcmp(o->name, "mole") != 0);
	plan_free(p);
	p = good(CALM);
	assert_int_equal(p->noracles, 0);
	for_each_oracle (o)
		assert_true(plan_wants_oracle(p, o));
	plan_free(p);
	bad("[plan]\noracles = owl, mola\n" CALM,
	    "p.ini:2: oracles: unknown oracle 'mola'; did you mean 'mole'?");
	bad("[plan]\noracles = all\n" CALM,
	    "p.ini:2: oracles: unknown oracle 'all'; 'septorture list oracles' shows them");
	bad("[plan]\noracles =\n" CALM,
	    "p.ini:2: oracles: unknown oracle ''; 'septorture list oracles' shows them");
	bad("[plan]\noracles = owl,\n" CALM,
	    "p.ini:2: oracles: unknown oracle ''; 'septorture list oracles' shows them");
	bad("[plan]\noracles = owl mole\n" CALM,
	    "p.ini:2: oracles: unknown oracle 'owl mole'; did you mean 'mole'?");
	bad("[plan]\noracles = owl, owl\n" CALM,
	    "p.ini:2: oracles: 'owl' is given twice; remove one");
}

static void encodings(void **state)
{
	struct plan *p = good("\xef\xbb\xbf[plan]\r\ncpus = 3\r\n\r\n# \xc3\xa9\xff\r\n" CALM);

	(void)state;
	assert_int_equal(p->cpus, 3);
	plan_free(p);
	p = good("[plan]\ncpus = 3\n[stressor calm]");
	assert_int_equal(p->cpus, 3);
	plan_free(p);
	bad("[plan]\ncpus = 2\xc2\xa0\n",
	    "p.ini:2: byte 0xc2 at column 9 is not plain text; remove it");
	bad("[plan]\nkernel = a\x1b[31m\n",
	    "p.ini:2: byte 0x1b at column 11 is not plain text; remove it");
	bad("[plan]\ncpus\xef\xbb\xbf = 2\n",
	    "p.ini:2: byte 0xef at column 5 is not plain text; remove it");
}

static void bad_bytes(const void *data, size_t len, const char *want)
{
	char *error;

	write_bytes("p.ini", data, len);
	assert_null(plan_read("p.ini", &error));
	assert_string_equal(error, want);
	free(error);
}

static void nul_bytes(void **state)
{
	static const char nul[] = "[plan]\ncpus = 2\0\n" CALM;
	static const char wide[] = "\xff\xfe[\0p\0";

	(void)state;
	bad_bytes(nul, sizeof(nul) - 1, "p.ini:2: holds a NUL byte; a plan is a plain text file");
	bad_bytes(wide, sizeof(wide) - 1, "p.ini:1: holds a NUL byte; a plan is a plain text file");
}

static void long_lines(void **state)
{
	char text[4096], want[4096];

	(void)state;
	snprintf(text, sizeof(text), "[plan]\n#%01999d\n" CALM, 0);
	plan_free(good(text));
	snprintf(text, sizeof(text), "[plan]\n#%02000d\n" CALM, 0);
	bad(text, "p.ini:2: the line has 2001 characters; at most 2000 are allowed");
	snprintf(text, sizeof(text), "[plan]\n%01000d = 1\n" CALM, 0);
	snprintf(want, sizeof(want), "p.ini:2: unknown key '%01000d'", 0);
	bad(text, want);
	/* A list that is longer than what inih takes. */
	snprintf(text, sizeof(text), "[fault tdh_mem_page_aug]\nnth =%*s 7%*s, 2:8\n" CALM, 300, "",
		 300, "");
	plan_free(good(text));
}

static void junk(void **state)
{
	enum { SIZE = 1 << 20 };
	unsigned char *data = malloc(SIZE + 1);
	unsigned int seed = 1;
	char *error;

	(void)state;
	assert_non_null(data);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < SIZE; i++)
			data[i] = round % 2 ? rand_r(&seed) >> 7
					    : "[]=; #\nplantdfu1s%"[rand_r(&seed) % 18];
		write_bytes("p.ini", data, SIZE);
		assert_null(plan_read("p.ini", &error));
		assert_true(!strncmp(error, "p.ini:", 6));
		free(error);
	}
	memset(data, '\n', SIZE + 1);
	memcpy(data, CALM, strlen(CALM));
	write_bytes("p.ini", data, SIZE);
	plan_free(plan_read("p.ini", &error));
	assert_null(error);
	bad_bytes(data, SIZE + 1, "p.ini: is larger than 1 MiB; that is no plan");
	free(data);
}

static void files(void **state)
{
	char *error;

	(void)state;
	assert_null(plan_read("none.ini", &error));
	assert_string_equal(error, "none.ini: cannot be opened: No such file or directory; give "
				   "the path of a plan, or a name ('septorture list plans')");
	free(error);
	assert_null(plan_read("/", &error));
	assert_string_equal(error, "/: cannot be read: Is a directory");
	free(error);
	assert_null(plan_read("/dev/zero", &error));
	assert_string_equal(error, "/dev/zero: is larger than 1 MiB; that is no plan");
	free(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults),
	    cmocka_unit_test(everything),
	    cmocka_unit_test(sections),
	    cmocka_unit_test(keys),
	    cmocka_unit_test(faults),
	    cmocka_unit_test(fault_keys),
	    cmocka_unit_test(stressors),
	    cmocka_unit_test(cross_checks),
	    cmocka_unit_test(vcpus_are_dealt),
	    cmocka_unit_test(first_error_wins),
	    cmocka_unit_test(oracles),
	    cmocka_unit_test(encodings),
	    cmocka_unit_test(nul_bytes),
	    cmocka_unit_test(long_lines),
	    cmocka_unit_test(junk),
	    cmocka_unit_test(files),
	};

	return cmocka_run_group_tests_name("plan", tests, enter_scratch, leave_scratch);
}
