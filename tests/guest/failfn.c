// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs as init of a VM instead of the agent: does fail_function, as patched,
 * accept what it should, refuse the rest, and survive arming in turns?
 */
#include "agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIR "/sys/kernel/debug/fail_function/"

static void check(bool ok, const char *what)
{
	event_check("failfn", 0, ok, json_pack("{s:s}", "what", what));
	if (!ok)
		event_finding("failfn", "failfn", 0, what, NULL);
}

static bool reads(const char *file, const char *want)
{
	char *text = file_read(file);
	bool ok = text && !strcmp(text, want);

	free(text);
	return ok;
}

static bool lists(const char *line)
{
	char *text = file_read("/sys/kernel/debug/error_injection/list");
	bool ok = text && strstr(text, line);

	free(text);
	return ok;
}

static void check_list(void)
{
	check(lists("tdp_mmu_set_external_spte\tERRNO\n"), "the wrapper is injectable");
	check(lists("tdh_mem_page_add\tSTATUS\n") && lists("tdh_mem_page_aug\tSTATUS\n") &&
		  lists("tdh_mem_sept_add\tSTATUS\n") && lists("tdh_mem_range_block\tSTATUS\n") &&
		  lists("tdh_mem_track\tSTATUS\n") && lists("tdh_mem_page_remove\tSTATUS\n"),
	      "every TDH.MEM.* SEAMCALL is injectable");
}

#define AUG DIR "tdh_mem_page_aug/"

static void check_status(void)
{
	check(!file_write(DIR "inject", "tdh_mem_page_aug"), "a SEAMCALL can be armed");
	check(reads(AUG "retval", "8000020000000000\n"), "its default is TDX_OPERAND_BUSY");
	check(file_write(AUG "retval", "0") == -EINVAL, "success is refused");
	check(file_write(AUG "retval", "1") == -EINVAL, "success with a detail is refused");
	check(file_write(AUG "retval", "0x0000123400000000") == -EINVAL,
	      "an unlisted status without the error bit is refused");
	check(reads(AUG "retval", "8000020000000000\n"), "a refused value changes nothing");
	check(!file_write(AUG "retval", "0xc000010000000008"), "an error status is accepted");
	check(!file_write(AUG "retval", "0x00000b0700000001"),
	      "GPA_RANGE_ALREADY_BLOCKED is accepted");
	check(reads(AUG "stats", "calls 0\nmatched 0\ninjected 0\n"), "nothing was counted yet");
	check(reads(AUG "own", "N\n"), "the common attributes apply at first");
	check(!file_write(DIR "inject", "!tdh_mem_page_aug"), "a SEAMCALL can be disarmed");
	check(file_write(AUG "retval", "0") == -ENOENT, "its files are gone then");
}

#define SPTE DIR "tdp_mmu_set_external_spte/"

static void check_errno_and_arg(void)
{
	static const char *const bad[] = {"9 1 1", "2 1 2", "2 1", "x", "2 1 1 1", "-1 1 1"};

	check(!file_write(DIR "inject", "tdp_mmu_set_external_spte"), "the wrapper can be armed");
	check(file_write(SPTE "retval", "0") == -EINVAL, "errno 0 is refused");
	check(!file_write(SPTE "retval", "0xfffffffffffffff0"), "-EBUSY is accepted");
	check(reads(SPTE "arg", ""), "there is no argument filter at first");
	check(!file_write(SPTE "arg", "2 0x800 0x0"), "an argument filter is accepted");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check(file_write(SPTE "arg", bad[i]) == -EINVAL, "a bad filter is refused");
	check(reads(SPTE "arg", "2 0x800 0x0\n"), "a refused filter changes nothing");
	check(!file_write(SPTE "arg", "\n") && reads(SPTE "arg", ""), "a filter can be removed");
	check(!file_write(DIR "inject", "!tdp_mmu_set_external_spte"), "the wrapper is disarmed");
}

/* At odd function addresses the second arming breaks the ftrace trampoline. */
static void check_rearm(void)
{
	for (int i = 0; i < 3; i++) {
		check(!file_write(DIR "inject", "tdh_mem_track"), "arming in turns");
		check(!file_write(DIR "inject", "!tdh_mem_track"), "disarming in turns");
	}
}

int main(void)
{
	const char *port;

	init_mount();
	port = init_events_port();
	if (port && !event_open(port)) {
		event_emit("hello", "{s:i, s:s, s:s, s:s}", "v", 1, "agent", "failfn", "kernel",
			   "test", "platform", "soft");
		kmsg_start();
		file_write(KCSAN, "on");
		selftest();
		check_list();
		check_status();
		check_errno_and_arg();
		check_rearm();
		kmsg_stop();
		event_end();
	}
	init_go_down();
}
