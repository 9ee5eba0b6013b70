/* SPDX-License-Identifier: GPL-2.0-or-later */
/* docs/contracts.md: the table of sites, contexts and contracts as a page. */
#ifndef SEPTORTURE_CONTRACTS_PAGE_H
#define SEPTORTURE_CONTRACTS_PAGE_H

#include <stdio.h>

#include "site.h"

void contracts_page(FILE *out);

/* "fail_function", "softseam", ... */
const char *engine_name(enum site_engine engine);

/* "EBUSY"; "" for 0. */
const char *errno_name(int err);

/* What LEAKS, of enum leak, says: "HKID", "pages"; "" for nothing. */
const char *leaks_name(unsigned int leaks);

#endif
