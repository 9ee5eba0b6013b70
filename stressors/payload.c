// SPDX-License-Identifier: GPL-2.0-or-later
#include "payload.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "agent.h"
#include "payload/payload.h"

#include <linux/kvm.h>

/* In memory that child processes share: some run VMs, too (child.h). */
static struct {
	atomic_uint_least64_t mismatches;
	struct payload_report last; /* of which a part may be of another one */
} * heard;

int payload_prepare(void)
{
	heard =
	    mmap(NULL, sizeof(*heard), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (heard != MAP_FAILED)
		return 0;
	event_fail("no memory for what guests report: %s", strerror(errno));
	return -1;
}

bool payload_speaks(const struct td *td, unsigned int i)
{
	return td->plan->platform == PLATFORM_DIRECT && td->vcpus[i].run->io.port == PAYLOAD_PORT;
}

static json_t *hex(uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%#" PRIx64, n);
	return json_string(text);
}

json_t *payload_hear(const struct td *td, unsigned int i)
{
	const struct kvm_run *run = td->vcpus[i].run;
	uint64_t at = PAYLOAD_VCPU_GPA - TD_PROG_GPA + i * TD_PAGE;
	struct payload_report report;
	uint32_t kind;

	memcpy(&kind, (const char *)run + run->io.data_offset, sizeof(kind));
	memcpy(&report, (const char *)td->prog_shared + at, sizeof(report));
	if (kind == PAYLOAD_FAULTED)
		return json_pack("{s:o, s:o, s:I, s:o}", "cr2", hex(report.gpa), "rip",
				 hex(report.have), "vector", (json_int_t)(report.want >> 32),
				 "code", hex(report.want & 0xffffffff));
	if (kind != PAYLOAD_MISMATCH)
		return json_pack("{s:I, s:o, s:o}", "op", (json_int_t)report.gpa, "word0",
				 hex(report.have), "word1", hex(report.want));
	heard->last = report;
	atomic_fetch_add(&heard->mismatches, 1);
	return NULL;
}

uint64_t payload_mismatches(json_t **what)
{
	uint64_t n = atomic_load(&heard->mismatches);

	*what = n ? json_pack("{s:o, s:o, s:o}", "gpa", hex(heard->last.gpa), "have",
			      hex(heard->last.have), "want", hex(heard->last.want))
		  : NULL;
	return n;
}
