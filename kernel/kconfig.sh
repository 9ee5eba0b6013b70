# Kernel configuration from fragments. Sourced by build.sh and by tests.
# shellcheck shell=bash

# config_lines FRAGMENT...: one line per symbol, the last setting wins.
config_lines() {
	awk '
		/^CONFIG_[A-Za-z0-9_]+=/ { s = $0; sub(/=.*/, "", s) }
		/^# CONFIG_[A-Za-z0-9_]+ is not set/ { s = $2 }
		/^(# )?CONFIG_[A-Za-z0-9_]+[= ]/ {
			line = $0; sub(/[ \t]+$/, "", line)
			if (line == s "=n") line = "# " s " is not set"
			if (!(s in last)) order[++n] = s
			last[s] = line
		}
		END { for (i = 1; i <= n; i++) print last[order[i]] }' "$@"
}

# config_merge DOTCONFIG FRAGMENT...: prints DOTCONFIG with the fragments laid
# over it. They come last, and their symbols nowhere else: of a choice, Kconfig
# takes the member set last.
config_merge() {
	local base=$1
	shift
	awk 'NR == FNR { if ($1 == "#") s = $2; else { s = $0; sub(/=.*/, "", s) } set[s]; next }
	     { s = $1 == "#" ? $2 : $0; sub(/=.*/, "", s) } !(s in set)' <(config_lines "$@") "$base"
	config_lines "$@"
}

# config_check TREE DOTCONFIG FRAGMENT...: every line of the fragments must have
# survived in DOTCONFIG. Names each that has not, and what it depends on; 1.
config_check() {
	local tree=$1 dot=$2 line symbol has bad=0
	shift 2
	while read -r line; do
		symbol=${line#'# '}
		symbol=${symbol%%[= ]*}
		has=$(grep -m1 -E "^(# )?${symbol}[= ]" "$dot") || has=''
		[ "$has" != "$line" ] || continue
		# a symbol that can't be seen is not set
		case $line in '#'*) [ -n "$has" ] || continue ;; esac
		bad=1
		echo "config: '$line' did not survive; .config has ${has:-no $symbol}" >&2
		config_depends "$tree" "${symbol#CONFIG_}" >&2
	done < <(config_lines "$@")
	return $bad
}

# What the Kconfig files of the tree $1 say the symbol $2 depends on.
config_depends() {
	local files dirs
	mapfile -t dirs < <(find "$1" "$1/arch" -mindepth 1 -maxdepth 1 \
		! -name arch ! -name 'out.*' \( ! -path "$1/arch/*" -o -name x86 -o -name Kconfig \))
	mapfile -t files < <(grep -rlE --include='Kconfig*' \
		"^[[:space:]]*(menu)?config[[:space:]]+$2\$" "${dirs[@]}" 2>/dev/null | head -n4)
	if [ ${#files[@]} -eq 0 ]; then
		echo "config:   this tree has no symbol $2"
		return 0
	fi
	awk -v want="$2" -v tree="$1/" '
		/^[ \t]*(menu)?config[ \t]/ || /^(menu|choice|endmenu|endchoice|if|endif|source|comment)([ \t"]|$)/ {
			on = ($1 ~ /config$/ && $2 == want)
			if (on) { f = FILENAME; sub(tree, "", f); print "config:   " want " is in " f }
		}
		on && /^[ \t]+depends on/ { sub(/^[ \t]+/, ""); print "config:     " $0 }' "${files[@]}"
}
