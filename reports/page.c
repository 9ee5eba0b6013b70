// SPDX-License-Identifier: GPL-2.0-or-later
#include "page.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "markup.h"

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

void page_element(const char *tag, const char *class, const char *text, FILE *out)
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
		page_element("td", "n", text, out);
	else if (!n)
		page_element("td", "n zero", text, out);
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

void page_table(const char *title, struct table *t, size_t heat, FILE *out)
{
	uint64_t most = largest(t, heat);

	if (!t->ncells)
		return;
	page_element("h2", "", title, out);
	fputs("\n<table><thead><tr>", out);
	for (size_t i = 0; i < t->ncols; i++)
		page_element("th", "", t->cells[i], out);
	fputs("</tr></thead><tbody>\n", out);
	for (size_t i = t->ncols; i < t->ncells; i++) {
		size_t col = i % t->ncols;

		if (!col)
			fputs("<tr>", out);
		if (heat && col >= heat)
			heat_cell(t->cells[i], most, out);
		else
			page_element("td", is_number(t->cells[i]) ? "n" : "", t->cells[i], out);
		if (col == t->ncols - 1)
			fputs("</tr>\n", out);
	}
	fputs("</tbody></table>\n", out);
	table_empty(t);
}

void page_begin(const char *title, FILE *out)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width\">\n",
	      out);
	page_element("title", "", title, out);
	fprintf(out, "\n<style>%s</style></head><body>\n", style);
}

void page_end(FILE *out)
{
	fprintf(out, "<script>%s</script>\n</body></html>\n", script);
}
