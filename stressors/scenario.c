// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outcome.h"

/* Four pages below each of two page tables; the first two are the image, one of them measured. */
#define NPAGES	   8
#define IMAGE_SIZE (2 * TD_PAGE)
#define PORT	   0x64 /* any that nobody emulates: the guest says there that it is through */

static uint64_t page_gpa(unsigned int i)
{
	return TD_MEM_GPA + i / (NPAGES / 2) * TD_TABLE + i % (NPAGES / 2) * TD_PAGE;
}

/* Touches the pages in turn, says so, and begins anew. */
static int set_program(struct td *td)
{
	char touches[NPAGES * 64], *end = touches;

	for (unsigned int i = 0; i < NPAGES; i++)
		end += sprintf(end,
			       "set r1, 0x%" PRIx64 "\n"
			       "accept r1\n"
			       "write [r1], r1\n",
			       page_gpa(i));
	return td_set_program(td, 0,
			      "again:\n"
			      "%s"
			      "out 0x%x, r0\n"
			      "jmp again\n",
			      touches, PORT);
}

static int set_image(struct td *td)
{
	static char image[IMAGE_SIZE] __attribute__((aligned(4096)));

	if (td_add_pages(td, page_gpa(0), image, 1, true))
		return -1;
	return td_add_pages(td, page_gpa(1), image + TD_PAGE, 1, false);
}

/* Until the guest has touched all pages once more; false if it can't. */
static bool touch_all(struct td *td)
{
	return td_run_until_out(td, 0, PORT);
}

static void punch(struct td *td, unsigned int page, unsigned int n)
{
	if (fallocate(td->mem_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      (off_t)(page_gpa(page) - TD_MEM_GPA), (off_t)(n * TD_PAGE)))
		event_finding("ioctl", "ioctl", td->number, "PUNCH_HOLE failed", NULL);
}

static void use(struct td *td)
{
	if (set_program(td) || set_image(td) || td_finalize(td))
		return;
	if (!touch_all(td))
		return;
	punch(td, 0, 2);
	punch(td, NPAGES - 1, 1);
	if (!touch_all(td))
		return;
	oracles_quiesce(td);
}

void scenario_run(const struct plan *plan, unsigned int number)
{
	struct td *td = td_create(plan, number, number);

	if (!td)
		return;
	use(td);
	outcome_check(td);
	td_destroy(td);
}
