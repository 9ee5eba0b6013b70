// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "branches.h"
#include "markup.h"
#include "page.h"
#include "proof.h"
#include "table.h"
#include "xmem.h"

static const char style[] =
    "<style>.src{border:0;padding:0}.src span{display:block;padding-left:1em;tab-size:8}"
    ".src i{display:inline-block;width:5em;opacity:.5;font-style:normal}"
    ".taken{background:#27ae6040}.never{background:#e74c3c50}.waived{background:#8884}"
    "</style>\n";

static const char *class_of(const struct branch *one)
{
	return one->times ? "taken" : one->waived ? "waived" : "never";
}

static void put_functions(const struct branches *b, FILE *out)
{
	fputs("<h2>Functions</h2>\n<table><thead><tr><th>FUNCTION</th><th>TAKEN</th><th>NEVER</th>"
	      "<th>WAIVED</th><th>FILE</th></tr></thead><tbody>\n",
	      out);
	for (size_t i = 0, next; i < b->n; i = next) {
		struct branches_sum sum;

		next = branches_function(b, i, &sum);
		fprintf(out, "<tr><td><a href=\"#f%zu\">", i);
		markup_put(b->list[i].function, out);
		fprintf(out,
			"</a></td><td class=\"n\">%u</td><td class=\"n\">%u</td>"
			"<td class=\"n\">%u</td>",
			sum.taken, sum.never, sum.waived);
		page_element("td", "", b->list[i].file, out);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table>\n", out);
}

static void put_branches(const struct branches *b, FILE *out)
{
	fputs("<h2>Branches</h2>\n<table><thead><tr><th>TIMES</th><th>FUNCTION</th><th>LINE</th>"
	      "<th>SOURCE</th><th>BY</th></tr></thead><tbody>\n",
	      out);
	for (size_t i = 0; i < b->n; i++) {
		const struct branch *one = &b->list[i];

		if (one->times)
			fprintf(out, "<tr><td class=\"n taken\">%" PRId64 "</td>", one->times);
		else
			fprintf(out, "<tr><td class=\"%s\">%s</td>", class_of(one), class_of(one));
		page_element("td", "", one->function, out);
		fprintf(out, "<td class=\"n\"><a href=\"#b%zu\">%" PRId64 "</a></td><td><code>", i,
			one->line);
		markup_put(one->text, out);
		fputs("</code></td>", out);
		page_element("td", "", one->by, out);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table>\n", out);
}

/* A line of the source; branches of it are those of the list from FIRST to END. */
static void put_line(const struct branches *b, size_t first, size_t end, int64_t line,
		     const char *text, FILE *out)
{
	const struct branch *worst = NULL;

	for (size_t i = first; i < end; i++) {
		const struct branch *one = &b->list[i];

		if (one->line != line)
			continue;
		if (!worst || (!one->times && (worst->times || worst->waived)))
			worst = one;
	}
	fputs("<span", out);
	if (worst) {
		fprintf(out, " class=\"%s\" title=\"", class_of(worst));
		markup_put(worst->by, out);
		fputc('"', out);
	}
	fputc('>', out);
	for (size_t i = first; i < end; i++)
		if (b->list[i].line == line)
			fprintf(out, "<a id=\"b%zu\"></a>", i);
	fprintf(out, "<i>%" PRId64 "</i>", line);
	markup_put(text, out);
	fputs("</span>", out);
}

/* The source of the function whose branches are those of the list from FIRST to END. */
static int put_source(const struct branches *b, size_t first, size_t end, FILE *out, char **error)
{
	const struct branch *one = &b->list[first];
	struct store_rows *rows = store_query(
	    b->store,
	    "SELECT line.line, text FROM line WHERE line.file = ?1 AND kernel_id ="
	    " (SELECT kernel_id FROM run JOIN temp.chosen ON chosen.run = id LIMIT 1) AND line.line"
	    " BETWEEN (SELECT min(function.line) FROM function JOIN temp.chosen USING (run)"
	    "          WHERE function.file = ?1 AND name = ?2)"
	    " AND (SELECT max(last) FROM function JOIN temp.chosen USING (run)"
	    "      WHERE function.file = ?1 AND name = ?2) ORDER BY line.line",
	    "ss", one->file, one->function);

	fprintf(out, "<h3 id=\"f%zu\">", first);
	markup_put(one->function, out);
	fputs("</h3>\n", out);
	page_element("p", "", one->file, out);
	fputs("<pre class=\"src\">", out);
	while (store_next(rows))
		put_line(b, first, end, store_number(rows, 0), store_string(rows, 1), out);
	fputs("</pre>\n", out);
	return store_end(rows, error);
}

int branches_html(const struct branches *b, FILE *out, char **error)
{
	char *words = branches_words(b);
	struct table t = {0};
	int bad = proof_table(b->store, &t, error);

	page_begin("septorture: failure branches", out);
	fputs(style, out);
	page_element("h1", "", words, out);
	fputs("<p>", out);
	markup_put(b->kernel, out);
	fprintf(out, ": runs with faults %" PRId64 ", without %" PRId64 "</p>\n", b->faulted,
		b->baseline);
	page_table("What these runs proved", &t, 0, out);
	put_functions(b, out);
	put_branches(b, out);
	fputs("<h2>Source</h2>\n<p><span class=\"taken\">taken by failures alone</span>, "
	      "<span class=\"never\">never taken</span>, "
	      "<span class=\"waived\">waived</span>; by what, shows a pointer that rests there."
	      "</p>\n",
	      out);
	for (size_t i = 0, next; !bad && i < b->n; i = next) {
		struct branches_sum sum;

		next = branches_function(b, i, &sum);
		bad = put_source(b, i, next, out, error);
	}
	page_end(out);
	free(words);
	return bad;
}
