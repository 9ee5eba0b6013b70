/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.json (docs/report.md). */
#ifndef SEPTORTURE_JSON_H
#define SEPTORTURE_JSON_H

#include "format.h"

extern const struct report_format json_format;

#endif
