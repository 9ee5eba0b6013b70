/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.xml: JUnit's XML, for what shows the results of CI. */
#ifndef SEPTORTURE_JUNIT_H
#define SEPTORTURE_JUNIT_H

#include "format.h"

extern const struct report_format junit_format;

#endif
