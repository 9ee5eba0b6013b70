/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.html: one file that needs no network, light or dark as the browser is. */
#ifndef SEPTORTURE_HTML_H
#define SEPTORTURE_HTML_H

#include "format.h"

extern const struct report_format html_format;

#endif
