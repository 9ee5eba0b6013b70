// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm_lines.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "xmem.h"

#define LEVEL_ERROR 3 /* <linux/kern_levels.h>; what is worse is less */

static bool starts(const char *line, const char *prefix)
{
	return !strncmp(line, prefix, strlen(prefix));
}

/* Behind "kvm: ", "kvm [123]: ", "kvm_intel: ", ...; NULL: somebody else says it. */
static const char *skip_speaker(const char *line)
{
	static const char *const speakers[] = {"kvm: ", "kvm_intel: ", "kvm_amd: ", "virt/tdx: "};
	size_t digits;

	for (size_t i = 0; i < sizeof(speakers) / sizeof(speakers[0]); i++)
		if (starts(line, speakers[i]))
			return line + strlen(speakers[i]);
	if (!starts(line, "kvm ["))
		return NULL;
	digits = strspn(line + 5, "0123456789");
	return digits && starts(line + 5 + digits, "]: ") ? line + 5 + digits + 3 : NULL;
}

static size_t name_length(const char *s)
{
	size_t len = 0;

	while (isalnum((unsigned char)s[len]) || s[len] == '_')
		len++;
	return len;
}

char *kvm_line_seamcall(const char *line)
{
	const char *s = skip_speaker(line);
	char *name;
	size_t len;

	if (!s || !strstr(s, "failed"))
		return NULL;
	/* "SEAMCALL TDH_MEM_TRACK failed: ...", "TDH_VP_WR[...", "tdh_mng_vpflushdone() ..." */
	if (starts(s, "SEAMCALL "))
		s += strlen("SEAMCALL ");
	len = name_length(s);
	if (len < 5 || strncasecmp(s, "tdh_", 4))
		return NULL;
	name = xasprintf("%.*s", (int)len, s);
	for (size_t i = 0; i < len; i++)
		name[i] = (char)tolower((unsigned char)name[i]);
	return name;
}

const char *kvm_line_function(const char *line)
{
	static const struct {
		const char *text, *function;
	} lines[] = {
	    {"Invalid SPTE change", "handle_changed_spte"},
	    {"Unexpected SPTE change", "handle_changed_spte"},
	    {"SPTE ", "kvm_mmu_check_sptes_at_free"}, /* ... "shadow-present at free" */
	};
	const char *s = skip_speaker(line);

	for (size_t i = 0; s && i < sizeof(lines) / sizeof(lines[0]); i++)
		if (starts(s, lines[i].text))
			return lines[i].function;
	if (s && strstr(s, "reserved bits set on MMU-present spte"))
		return "get_mmio_spte";
	return NULL;
}

bool kvm_line_is_judged(const char *line)
{
	char *seamcall = kvm_line_seamcall(line);

	free(seamcall);
	return seamcall || kvm_line_function(line);
}

/* The registers that follow "SEAMCALL (0x...) failed". */
static bool is_register_dump(const char *s)
{
	return starts(s, "RCX 0x") || starts(s, "R09 0x");
}

bool kvm_line_is_error(const char *line, int pri)
{
	const char *s = skip_speaker(line);

	if (!s || pri > LEVEL_ERROR || is_register_dump(s))
		return false;
	return pri >= 0 || kvm_line_is_judged(line);
}
