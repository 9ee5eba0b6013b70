/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mutants.json (docs/mutants.md). */
#ifndef SEPTORTURE_CAMPAIGN_JSON_H
#define SEPTORTURE_CAMPAIGN_JSON_H

#include <stdio.h>

#include "campaign.h"

void campaign_json(const struct campaign *c, FILE *out);

#endif
