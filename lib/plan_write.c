// SPDX-License-Identifier: GPL-2.0-or-later
/* The way back: a plan as a file. What is written does not depend on today's defaults. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "plan_parse.h"
#include "units.h"

static void write_number(FILE *out, const char *key, enum stress_unit unit, uint64_t value)
{
	char *text = unit_format(unit, value);

	fprintf(out, "%s = %s\n", key, text);
	free(text);
}

/* Only what a reader has to know. */
static void write_if(FILE *out, const char *key, enum stress_unit unit, uint64_t value,
		     uint64_t usual)
{
	if (value != usual)
		write_number(out, key, unit, value);
}

static void write_plan_section(const struct plan *plan, FILE *out)
{
	fprintf(out, "[plan]\nkernel = %s\n", plan->kernel);
	if (plan->platform != PLATFORM_MIRROR)
		fprintf(out, "platform = %s\n", platform_name(plan->platform));
	write_number(out, "seed", UNIT_COUNT, plan->seed);
	write_number(out, "duration", UNIT_TIME, plan->duration_us);
	write_number(out, "cpus", UNIT_COUNT, plan->cpus);
	write_number(out, "memory", UNIT_SIZE, plan->memory);
	for (size_t i = 0; i < plan->noracles; i++)
		fprintf(out, "%s%s", i ? ", " : "oracles = ", plan->oracles[i]->name);
	if (plan->noracles)
		fputc('\n', out);
}

static void write_td_section(const struct plan *plan, FILE *out)
{
	fputs("\n[td]\n", out);
	write_number(out, "vcpus", UNIT_COUNT, plan->td_vcpus);
	write_number(out, "memory", UNIT_SIZE, plan->td_memory);
	if (plan->td_anonymous)
		fputs("backing = " PLAN_ANONYMOUS "\n", out);
	write_if(out, "slots", UNIT_COUNT, plan->td_slots, 1);
	write_if(out, "hot", UNIT_COUNT, plan->td_hot, 0);
	write_if(out, "aim", UNIT_PERCENT, plan->td_aim, 0);
	write_number(out, "lifetime", UNIT_TIME, plan->td_lifetime_us);
	write_number(out, "quiesce", UNIT_TIME, plan->td_quiesce_us);
	write_if(out, "migrate", UNIT_TIME, plan->td_migrate_us, 0);
}

static void write_values(const struct plan_fault *f, FILE *out)
{
	fputs(f->sequence ? "sequence = " : "status = ", out);
	for (size_t i = 0; i < f->nvalues; i++) {
		const struct plan_value *v = &f->values[i];

		fprintf(out, "%s%s", i ? ", " : "", v->status ? v->status->name : PLAN_OK);
		if (v->weight != 1)
			fprintf(out, " %u", v->weight);
	}
	fputc('\n', out);
}

static void write_calls(const struct plan_fault *f, FILE *out)
{
	for (size_t i = 0; i < f->ncalls; i++) {
		fputs(i ? ", " : "nth = ", out);
		if (f->calls[i].tag != PLAN_ANY_TAG)
			fprintf(out, "%d:", f->calls[i].tag);
		fprintf(out, "%" PRIu64, f->calls[i].call);
	}
	if (f->ncalls)
		fputc('\n', out);
}

static void write_fault(const struct plan_fault *f, FILE *out)
{
	fprintf(out, "\n[fault %s]\n", f->site->name);
	write_values(f, out);
	fprintf(out, "context = %s\n", f->context->name);
	write_number(out, "probability", UNIT_PERCENT, f->probability);
	write_if(out, "times", UNIT_COUNT, f->times, 0);
	write_calls(f, out);
	write_if(out, "every", UNIT_COUNT, f->every, fault_default_every(f));
	write_if(out, "burst", UNIT_COUNT, f->burst, 1);
	write_if(out, "start", UNIT_TIME, f->start_us, 0);
	write_if(out, "stop", UNIT_TIME, f->stop_us, 0);
	write_if(out, "delay_before", UNIT_TIME, f->delay_before_us, 0);
	write_if(out, "delay_after", UNIT_TIME, f->delay_after_us, 0);
}

static void write_stressor(const struct plan_stressor *ps, FILE *out)
{
	fprintf(out, "\n[stressor %s]\n", ps->stressor->name);
	for (size_t i = 0; i < count_options(ps->stressor); i++) {
		const struct stress_option *o = &ps->stressor->options[i];

		if (o->unit == UNIT_CHOICE)
			fprintf(out, "%s = %s\n", o->key, o->choices[ps->opts[i]]);
		else
			write_number(out, o->key, o->unit, ps->opts[i]);
	}
}

int plan_write(const struct plan *plan, FILE *out)
{
	write_plan_section(plan, out);
	write_td_section(plan, out);
	for (size_t i = 0; i < plan->nfaults; i++)
		write_fault(&plan->faults[i], out);
	for (size_t i = 0; i < plan->nstressors; i++)
		write_stressor(&plan->stressors[i], out);
	if (!fflush(out) && !ferror(out))
		return 0;
	if (!errno)
		errno = EIO;
	return -1;
}
