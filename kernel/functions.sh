# Which object each function of a kernel comes from. Sourced by build.sh and by tests.
# shellcheck shell=bash

# functions_of OUT: "function object-path" for every text symbol of every object
# of vmlinux, paths from the kernel's root. What the compiler made of a function
# (f.isra.0, f.cold) counts as the function.
functions_of() {
	(cd "$1" && nm -A --defined-only vmlinux.a) |
		awk '$2 ~ /^[tTwWi]$/ && $3 !~ /^__pfx_/ {
			sub(/\..*/, "", $3)
			split($1, at, ":")
			if ($3 != "") print $3, at[2]
		}' | sort -u
}

# functions_write OUT: OUT/functions.txt, anew if vmlinux is newer.
functions_write() {
	[ ! -f "$1/functions.txt" ] || [ "$1/functions.txt" -ot "$1/vmlinux" ] || return 0
	functions_of "$1" >"$1/functions.txt.new" && [ -s "$1/functions.txt.new" ] &&
		mv -f "$1/functions.txt.new" "$1/functions.txt"
}
