/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The summary of a run, on one screen. */
#ifndef SEPTORTURE_TEXT_H
#define SEPTORTURE_TEXT_H

#include "format.h"

extern const struct report_format text_format;

#endif
