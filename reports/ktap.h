/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.ktap: as the kernel's own tests have it (its Documentation/dev-tools/ktap.rst). */
#ifndef SEPTORTURE_KTAP_H
#define SEPTORTURE_KTAP_H

#include "format.h"

extern const struct report_format ktap_format;

#endif
