// SPDX-License-Identifier: GPL-2.0-or-later
#include "html.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "injected.h"
#include "markup.h"
#include "summary.h"
#include "timeline.h"
#include "windows_text.h"
#include "xmem.h"

static const char style[] =
    ":root{color-scheme:light dark}"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:75em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;margin:.5em 0}"
    "th,td{text-align:left;padding:.15em .8em .15em 0;vertical-align:top}"
    "thead th{border-bottom:1px solid;cursor:pointer}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}"
    "td.hot{background:color-mix(in srgb,#e67e22 calc(var(--heat)*1%),transparent)}"
    "td.zero{outline:1px dashed #c0392b;outline-offset:-2px}"
    "pre{overflow-x:auto;border-left:3px solid #8884;padding-left:1em}"
    "figure{margin:0}svg{width:100%;font-size:11px;fill:currentColor}svg text{text-anchor:end}"
    "svg .time{text-anchor:start}.axis,polyline{fill:none;stroke:currentColor}"
    ".axis{opacity:.4}.faults{stroke:#2980b9}.injections{stroke:#e67e22}"
    ".mark{stroke:#c0392b;fill:#c0392b}"
    ".clean{color:#1e8449}.findings,.invalid{color:#c0392b}";

/* A click on a column's head sorts by it, numbers as numbers; another one turns it round. */
static const char script[] =
    "document.querySelectorAll('thead th').forEach(h=>h.addEventListener('click',()=>{"
    "const b=h.closest('table').tBodies[0],i=h.cellIndex,d=h.dataset.d=-(h.dataset.d||-1);"
    "[...b.rows].sort((x,y)=>d*x.cells[i].textContent.localeCompare(y.cells[i].textContent,"
    "undefined,{numeric:true})).forEach(r=>b.append(r))}))";

static void element(const char *tag, const char *class, const char *text, FILE *out)
{
	fprintf(out, "<%s%s%s%s>", tag, *class ? " class=\"" : "", class, *class ? "\"" : "");
	markup_put(text, out);
	fprintf(out, "</%s>", tag);
}

static bool is_number(const char *s)
{
	return *s && !s[strspn(s, "0123456789")];
}

/* Of matrices: how much of the largest number in it a cell is, from 1 to 60 %. */
static void heat_cell(const char *text, uint64_t most, FILE *out)
{
	uint64_t n = strtoull(text, NULL, 10);

	if (!is_number(text))
		element("td", "n", text, out);
	else if (!n)
		element("td", "n zero", text, out);
	else
		fprintf(out, "<td class=\"n hot\" style=\"--heat:%" PRIu64 "\">%s</td>",
			1 + 59 * n / most, text);
}

static uint64_t largest(const struct table *t, size_t first_col)
{
	uint64_t most = 1;

	for (size_t i = t->ncols; i < t->ncells; i++) {
		uint64_t n = is_number(t->cells[i]) ? strtoull(t->cells[i], NULL, 10) : 0;

		if (i % t->ncols >= first_col && n > most)
			most = n;
	}
	return most;
}

/* HEAT: the first column of the matrix in it; 0: none. Empties the table. */
static void put_table(const char *title, struct table *t, size_t heat, FILE *out)
{
	uint64_t most = largest(t, heat);

	if (!t->ncells)
		return;
	element("h2", "", title, out);
	fputs("\n<table><thead><tr>", out);
	for (size_t i = 0; i < t->ncols; i++)
		element("th", "", t->cells[i], out);
	fputs("</tr></thead><tbody>\n", out);
	for (size_t i = t->ncols; i < t->ncells; i++) {
		size_t col = i % t->ncols;

		if (!col)
			fputs("<tr>", out);
		if (heat && col >= heat)
			heat_cell(t->cells[i], most, out);
		else
			element("td", is_number(t->cells[i]) ? "n" : "", t->cells[i], out);
		if (col == t->ncols - 1)
			fputs("</tr>\n", out);
	}
	fputs("</tbody></table>\n", out);
	table_empty(t);
}

static void put_head(const struct run_report *run, FILE *out)
{
	struct table t = {.ncols = 2};
	char *verdict = run_verdict_text(run);

	element("h1", run_verdict_word(run), verdict, out);
	summary_head(run, &t);
	fputs("\n<table>\n", out);
	for (size_t i = 0; i + 1 < t.ncells; i += 2) {
		fputs("<tr>", out);
		element("th", "", t.cells[i], out);
		element("td", "", t.cells[i + 1], out);
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
		element("td", "", name, out);
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
			element("pre", "", text, out);
		}
		free(text);
	}
	if (f->text)
		element("pre", "", f->text, out);
	for (size_t i = 0; i < f->nframes; i++)
		fprintf(out, "%s%s %s:%u%s%s", i ? "" : "<p>Source lines:</p>\n<pre>",
			f->frames[i].function, f->frames[i].file, f->frames[i].line,
			f->frames[i].inlined ? " [inline]" : "",
			i + 1 == f->nframes ? "</pre>" : "\n");
	if (run->reproduce) {
		fputs("<p>To reproduce it:</p>\n", out);
		element("pre", "", run->reproduce, out);
	}
	fputc('\n', out);
}

static void html_write(const struct run_report *run, FILE *out)
{
	const struct finding **sorted = summary_findings(run);
	struct table t = {0};
	char *pairs;
	unsigned int hit, all;

	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width\">\n",
	      out);
	element("title", "", summary_word(run->id), out);
	fprintf(out, "\n<style>%s</style></head><body>\n", style);
	put_head(run, out);
	put_findings_table(sorted, run->nfindings, out);
	timeline_write(run, sorted, out);
	summary_sites(run, &t);
	put_table("Injected faults", &t, 0, out);
	summary_stressors(run, &t);
	put_table("Stressors", &t, 0, out);
	window_pairs(run, &hit, &all);
	pairs = xasprintf("Window pairs: %u of %u hit", hit, all);
	windows_table(run, &t);
	put_table(pairs, &t, 2, out);
	summary_checks(run, &t);
	put_table("Oracles", &t, 0, out);
	for (size_t i = 0; i < run->nfindings; i++)
		put_finding(run, sorted[i], i + 1, out);
	fprintf(out, "<script>%s</script>\n</body></html>\n", script);
	free(pairs);
	free(sorted);
}

const struct report_format html_format = {"html", "As HTML, one file", "report.html", html_write};
