// SPDX-License-Identifier: GPL-2.0-or-later
#include "html.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "injected.h"
#include "markup.h"
#include "page.h"
#include "summary.h"
#include "timeline.h"
#include "windows_text.h"
#include "xmem.h"

static void put_head(const struct run_report *run, FILE *out)
{
	struct table t = {.ncols = 2};
	char *verdict = run_verdict_text(run);

	page_element("h1", run_verdict_word(run), verdict, out);
	summary_head(run, &t);
	fputs("\n<table>\n", out);
	for (size_t i = 0; i + 1 < t.ncells; i += 2) {
		fputs("<tr>", out);
		page_element("th", "", t.cells[i], out);
		page_element("td", "", t.cells[i + 1], out);
		fputs("</tr>\n", out);
	}
	fputs("</table>\n", out);
	table_empty(&t);
	free(verdict);
}

static void put_findings_table(const struct finding *const *sorted, size_t n, FILE *out)
{
	if (!n)
		return;
	fputs("<h2>Findings</h2>\n<table><thead><tr><th>FINDING</th><th>TIMES</th>"
	      "<th>FIRST AT</th><th>TITLE</th></tr></thead><tbody>\n",
	      out);
	for (size_t i = 0; i < n; i++) {
		const struct finding *f = sorted[i];
		char *name = xasprintf("%s/%s%s", f->oracle, f->kind, summary_mark(f));

		fputs("<tr>", out);
		page_element("td", "", name, out);
		fprintf(out,
			"<td class=\"n\">%" PRIu64 "</td><td class=\"n\">%.1f s</td>"
			"<td><a href=\"#finding-%zu\">",
			f->count, f->first_us / 1e6, i + 1);
		markup_put(f->title, out);
		fputs("</a></td></tr>\n", out);
		free(name);
	}
	fputs("</tbody></table>\n", out);
}

static void put_finding(const struct run_report *run, const struct finding *f, size_t number,
			FILE *out)
{
	fprintf(out, "<h3 id=\"finding-%zu\">", number);
	markup_put(f->title, out);
	fputs("</h3>\n<p>", out);
	markup_put(f->signature, out);
	if (f->known) {
		fputs("<br>known: ", out);
		markup_put(f->known, out);
	}
	fputs("</p>\n", out);
	if (f->injected.n) {
		char *text = NULL;
		size_t size;
		FILE *lines = open_memstream(&text, &size);

		fputs("<p>Injected shortly before, the oldest first:</p>\n", out);
		if (lines) {
			injected_print(&f->injected, "", lines);
			fclose(lines);
			page_element("pre", "", text, out);
		}
		free(text);
	}
	if (f->text)
		page_element("pre", "", f->text, out);
	for (size_t i = 0; i < f->nframes; i++)
		fprintf(out, "%s%s %s:%u%s%s", i ? "" : "<p>Source lines:</p>\n<pre>",
			f->frames[i].function, f->frames[i].file, f->frames[i].line,
			f->frames[i].inlined ? " [inline]" : "",
			i + 1 == f->nframes ? "</pre>" : "\n");
	if (run->reproduce) {
		fputs("<p>To reproduce it:</p>\n", out);
		page_element("pre", "", run->reproduce, out);
	}
	fputc('\n', out);
}

static void html_write(const struct run_report *run, FILE *out)
{
	const struct finding **sorted = summary_findings(run);
	struct table t = {0};
	char *pairs;
	unsigned int hit, all;

	page_begin(summary_word(run->id), out);
	put_head(run, out);
	put_findings_table(sorted, run->nfindings, out);
	timeline_write(run, sorted, out);
	summary_sites(run, &t);
	page_table("Injected faults", &t, 0, out);
	summary_stressors(run, &t);
	page_table("Stressors", &t, 0, out);
	window_pairs(run, &hit, &all);
	pairs = xasprintf("Window pairs: %u of %u hit", hit, all);
	windows_table(run, &t);
	page_table(pairs, &t, 2, out);
	summary_races(run, &t);
	page_table("Races for direct SPTEs", &t, 0, out);
	summary_checks(run, &t);
	page_table("Oracles", &t, 0, out);
	for (size_t i = 0; i < run->nfindings; i++)
		put_finding(run, sorted[i], i + 1, out);
	page_end(out);
	free(pairs);
	free(sorted);
}

const struct report_format html_format = {"html", "As HTML, one file", "report.html", html_write};
