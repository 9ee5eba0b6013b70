// SPDX-License-Identifier: GPL-2.0-or-later
/* report.html in a browser. */
#include "browser.h"
#include "cli.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xmem.h"

#define HOSTILE "</script><script>document.title='taken over'</script>&lt;b>"
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

/* What the browser makes of the page of a run (free() it), after a CHANGE of it. */
static char *browse(const char *change)
{
	set_qemu(events, "");
	want(run("run --accel tcg p.ini"), 1);
	assert_int_equal(system(change), 0);
	return browser_check("tree/build/runs/latest/report.html");
}

static void page_works(void **state)
{
	char *dom;

	(void)state;
	if (!browser_is_there())
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
	if (!browser_is_there())
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
