/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines that one CPU or task wrote to the kernel's log, and the splats in
 * them. klog.c feeds one stream for each.
 */
#ifndef SEPTORTURE_SPLAT_H
#define SEPTORTURE_SPLAT_H

#include "klog.h"

/* What the streams of one log share. */
struct splat_sink {
	klog_fn fn;
	void *arg;
	uint64_t begun; /* splats so far */
	bool seen; /* there was a splat, unprovoked: a panic may be its consequence */
	char *leaks; /* the line by which kmemleak said that there are some; NULL */
	uint64_t leaks_us;
	bool leaks_listed; /* each of them is a splat of its own */
};

/* SINK must outlive the stream. */
struct splat_stream *splat_stream_new(struct splat_sink *sink);

/* LINE has no prefix, no newline, and printable characters only; PRI as klog.h has it. */
void splat_line(struct splat_stream *s, uint64_t us, int pri, const char *line);

/* Whether nothing is lost if the stream ends here. */
bool splat_is_idle(const struct splat_stream *s);

/* Whether it has a splat open of which other CPUs write a part: a stall, a lockup. */
bool splat_shows_others(const struct splat_stream *s);

/* Adds LINE to the text of the open splat, and to nothing else. */
void splat_add_text(struct splat_stream *s, const char *line);

/* Reports a splat that is still open, and frees S. */
void splat_stream_end(struct splat_stream *s);

/* After the last stream: reports what nobody told in more detail. */
void splat_sink_end(struct splat_sink *sink);

#endif
