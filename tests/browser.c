// SPDX-License-Identifier: GPL-2.0-or-later
#include "browser.h"

#include <stdlib.h>

#include "helper.h"
#include "xmem.h"

#define CHROMIUM                                                                                   \
	"HOME=$PWD timeout 60 chromium --headless --no-sandbox --disable-gpu "                     \
	"--disable-dev-shm-usage "                                                                 \
	"--user-data-dir=$PWD/profile --virtual-time-budget=5000 --dump-dom "                      \
	"file://$PWD/page.html "                                                                   \
	">dom 2>chromium.log"

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
    "for(const a of document.querySelectorAll('a[href]')){\n"
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

bool browser_is_there(void)
{
	return !system("command -v chromium >/dev/null 2>&1");
}

char *browser_check(const char *path)
{
	char *page = read_text(path);
	char *text = xasprintf("<!DOCTYPE html>%s%s%s", before, page, after);

	write_text("page.html", text);
	free(text);
	free(page);
	if (system(CHROMIUM)) {
		char *log = read_text("chromium.log");

		fail_msg("chromium failed:\n%s", log);
	}
	return read_text("dom");
}
