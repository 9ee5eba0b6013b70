// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report.html in a browser: Debian's chromium, without a network. A script that is put into a copy
 * of the page clicks on everything and leaves behind what it saw.
 */
#include "cli.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xmem.h"

#define HOSTILE "</script><script>document.title='taken over'</script>&lt;b>"
#define CHROMIUM                                                                                   \
	"HOME=$PWD timeout 60 chromium --headless --no-sandbox --disable-gpu "                     \
	"--disable-dev-shm-usage "                                                                 \
	"--user-data-dir=$PWD/profile --virtual-time-budget=5000 --dump-dom "                      \
	"file://$PWD/page.html "                                                                   \
	">dom 2>chromium.log"

static const char events[] =
    HELLO "{\"e\":\"phase\",\"us\":1000000,\"name\":\"load\",\"td\":1}\n"
	  "{\"e\":\"progress\",\"us\":2000000,\"faults\":10,\"injected\":1}\n"
	  "{\"e\":\"progress\",\"us\":3000000,\"faults\":3010,\"injected\":101}\n"
	  "{\"e\":\"progress\",\"us\":4000000,\"faults\":4010,\"injected\":111}\n"
	  "{\"e\":\"finding\",\"us\":2500000,\"oracle\":\"stats\",\"kind\":\"drift\","
	  "\"title\":\"" HOSTILE "\",\"facts\":{\"x\":\"<i>\"}}\n"
	  "{\"e\":\"finding\",\"us\":3500000,\"oracle\":\"tlb\",\"kind\":\"stale\","
	  "\"title\":\"second\",\"facts\":{}}\n"
	  "{\"e\":\"site\",\"us\":8,\"site\":\"aug\",\"status\":\"B\",\"context\":\"map\","
	  "\"calls\":9100,\"matched\":9000,\"injected\":70}\n"
	  "{\"e\":\"site\",\"us\":8,\"site\":\"block\",\"status\":\"A\",\"context\":\"map\","
	  "\"calls\":910,\"matched\":90,\"injected\":7}\n"
	  "{\"e\":\"site\",\"us\":8,\"site\":\"add\",\"status\":\"C\",\"context\":\"map\","
	  "\"calls\":10000,\"matched\":1,\"injected\":100}\n"
	  "{\"e\":\"window\",\"us\":9,\"op\":\"accept\",\"level\":\"leaf\",\"opened\":5,"
	  "\"met\":[{\"op\":\"fault\",\"how\":\"saw\",\"times\":3}]}\n"
	  "{\"e\":\"klog\",\"us\":5,\"pri\":4,\"text\":\"WARNING: a/b.c:5 at " HOSTILE "\"}\n"
	  "{\"e\":\"end\",\"us\":9,\"status\":\"done\",\"events\":14}\n";

/* In front of all else in the page. */
static const char before[] = "<script>const seen=[];"
			     "window.onerror=(what)=>seen.push('error: '+what);"
			     "console.error=(...what)=>seen.push('console: '+what);</script>";

static const char after[] =
    "<script>window.addEventListener('load',()=>{\n"
    "const order=(a,b)=>a.localeCompare(b,undefined,{numeric:true});\n"
    "let sorts=0,links=0;\n"
    "for(const h of document.querySelectorAll('thead th'))for(const turn of [1,-1]){\n"
    " h.click();\n"
    " const t=[...h.closest('table').tBodies[0].rows].map(r=>r.cells[h.cellIndex].textContent);\n"
    " t.forEach((x,i)=>{if(i&&turn*order(t[i-1],x)>0)seen.push('not sorted: '+h.textContent)});\n"
    " sorts+=t.length>1;\n"
    "}\n"
    "for(const a of document.querySelectorAll('a')){\n"
    " const href=a.getAttribute('href');links++;\n"
    " if(href[0]!='#'||!document.getElementById(href.slice(1)))seen.push('dead link: '+href);\n"
    "}\n"
    "for(const e of document.querySelectorAll('[src],link,iframe,object,image'))"
    "seen.push('loads: '+e.outerHTML);\n"
    "const drawn=[...document.querySelectorAll('svg')].filter(s=>"
    "s.getBoundingClientRect().width>100&&s.querySelector('polyline').getTotalLength()>100);\n"
    "document.body.textContent='CHECKED '+JSON.stringify({seen,sorts:sorts>4,links:links>2,"
    "drawn:drawn.length,scripts:document.scripts.length,title:document.title});\n"
    "})</script>";

static bool there_is_chromium(void)
{
	return !system("command -v chromium >/dev/null 2>&1");
}

/* The page with BEFORE and AFTER; what the browser makes of it (free() it). */
static char *browse(const char *change)
{
	char *page, *text;

	set_qemu(events, "");
	want(run("run --accel tcg p.ini"), 1);
	assert_int_equal(system(change), 0);
	page = read_text("tree/build/runs/latest/report.html");
	text = xasprintf("<!DOCTYPE html>%s%s%s", before, page, after);
	write_text("page.html", text);
	free(text);
	free(page);
	if (system(CHROMIUM)) {
		char *log = read_text("chromium.log");

		fail_msg("chromium failed:\n%s", log);
	}
	return read_text("dom");
}

static void page_works(void **state)
{
	char *dom;

	(void)state;
	if (!there_is_chromium())
		skip();
	dom = browse("true");
	assert_contains(dom, "CHECKED {\"seen\":[],\"sorts\":true,\"links\":true,\"drawn\":2,"
			     "\"scripts\":3,\"title\":\"");
	assert_lacks(dom, "taken over");
	free(dom);
}

/* What the check is for, is seen. */
static void page_is_checked(void **state)
{
	static const char *const broken[][2] = {
	    {"sed -i 's/id=.finding-2./id=other/' tree/build/runs/latest/report.html",
	     "dead link: #finding-2"},
	    {"sed -i 's/h.cellIndex/0/' tree/build/runs/latest/report.html", "not sorted: "},
	    {"sed -i 's/localeCompare(/nothing(/' tree/build/runs/latest/report.html", "error: "},
	    {"sed -i 's,</h1>,<img src=x.png></h1>,' tree/build/runs/latest/report.html",
	     "loads: "},
	};

	(void)state;
	if (!there_is_chromium())
		skip();
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		char *dom = browse(broken[i][0]);

		assert_contains(dom, broken[i][1]);
		free(dom);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(page_works),
	    TEST(page_is_checked),
	};

	return cmocka_run_group_tests(tests, cli_set_up, cli_tear_down);
}
