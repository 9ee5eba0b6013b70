# Puts the source tree of one kernel together: pristine files, the mutant, both
# patch series, the overlay. Sourced by build.sh and by tests/kernel-tree, after
# setting:
#   kernel_dir   the repository's kernel/ folder
#   mutate       the built mutate tool
# shellcheck shell=bash
: "${kernel_dir:?}" "${mutate:?}"

# Patches in the order they apply.
series() {
	local s
	for s in upstream test; do
		find "$kernel_dir/patches/$s" -maxdepth 1 -name '*.patch' 2>/dev/null | sort
	done
}

# What may stand in for the patch $1 on other trees, in the order it is tried (docs/series.md).
variants() {
	[ ! -d "$kernel_dir/patches/variants" ] || find "$kernel_dir/patches/variants/$(basename "$1" .patch)" -name '*.patch' 2>/dev/null | sort
}

# The series with all variants.
all_patches() {
	series
	find "$kernel_dir/patches/variants" -name '*.patch' 2>/dev/null | sort
}

# Files of the overlay, as paths inside the tree.
overlay_files() {
	[ ! -d "$kernel_dir/overlay" ] || (cd "$kernel_dir/overlay" && find . -type f -printf '%P\n' | sort)
}

# Files that the patches in "$@" touch; new ones too.
patched_files() {
	[ $# -gt 0 ] || return 0
	sed -n 's,^\(---\|+++\) [ab]/\([^\t]*\).*,\2,p' "$@" | sort -u
}

# Files that the mutant $1 touches.
mutant_files() {
	sed -n 's,^FILE ,,p' "$1" | sort -u
}

# Where a rejected hunk (read from the .rej file $1) wanted to go, and what the
# file $2 has there: the file is shown around the hunk line found nearest.
show_reject() {
	awk -v name="$3" '
		function flush(   i, j, best, at, d, from) {
			if (!n) return
			at = start; best = -1
			for (i = 1; i <= n; i++) {
				if (length(want[i]) < 12) continue
				for (j = 1; j <= lines; j++)
					if (text[j] == want[i]) {
						d = j - (start + i - 1); if (d < 0) d = -d
						if (best < 0 || d < best) { best = d; at = j - i + 1 }
					}
			}
			print "  hunk of " name ": " head
			for (i = 1; i <= all; i++) print "    " hunk[i]
			from = at > 2 ? at - 2 : 1
			print "  the tree has, from line " from ":"
			for (j = from; j <= at + n + 2 && j <= lines; j++) printf "    %5d %s\n", j, text[j]
			n = all = 0
		}
		NR == FNR { text[++lines] = $0; next }
		/^@@ / { flush(); head = $0; split($2, a, /[-,]/); start = a[2]; next }
		/^[-+ ]/ && head != "" {
			hunk[++all] = $0
			if ($0 !~ /^\+/) want[++n] = substr($0, 2)
		}
		END { flush() }' "$2" "$1"
}

# Applies the patch $2 to the staged files in $1; more arguments are patch's.
run_patch() {
	# -f: no questions, and nothing taken for already applied
	patch -d "$1" -p1 -f -s --no-backup-if-mismatch -i "$2" "${@:3}" 2>&1 </dev/null
}

# Applies one patch, or the first variant of it that fits, to the staged files in $1.
apply_patch() {
	local stage=$1 patch=$2 name out rej variant others
	name=${patch#"$kernel_dir"/}
	mapfile -t others < <(variants "$patch")
	# A patch that fails half-way leaves half of it: nothing is tried in earnest that does not fit.
	if [ ${#others[@]} -gt 0 ] && ! run_patch "$stage" "$patch" --dry-run >/dev/null; then
		for variant in "${others[@]}"; do
			run_patch "$stage" "$variant" --dry-run >/dev/null || continue
			echo "$name: ${variant#"$kernel_dir"/} fits this tree" >&2
			patch=$variant
			break
		done
	fi
	! out=$(run_patch "$stage" "$patch") || return 0
	echo "$name does not apply to this tree:" >&2
	# patch's own words go only where there is no reject that says it better
	printf '%s\n' "$out" | grep -v -e 'saving rejects to' | sed 's/^/  /' >&2
	while read -r rej; do
		show_reject "$stage/$rej" "$stage/${rej%.rej}" "${rej%.rej}" >&2
		rm -f "${stage:?}/$rej"
	done < <(find "$stage" -name '*.rej' -printf '%P\n' | sort)
	return 2
}

# Copies the overlay into the stage. It only ever adds files.
stage_overlay() {
	local pristine=$1 stage=$2 f
	while read -r f; do
		if [ -e "$pristine/$f" ] || [ -e "$stage/$f" ]; then
			echo "overlay/$f: the kernel tree has this file already; the overlay only adds" >&2
			return 2
		fi
		mkdir -p "$stage/$(dirname "$f")" &&
			cp --remove-destination "$kernel_dir/overlay/$f" "$stage/$f" || return
	done < <(overlay_files)
}

# stage_tree PRISTINE STAGE [MUTANT_FILE]: leaves in STAGE every file in which
# the result differs from PRISTINE (and some that don't). Works on copies of the
# few files concerned, so nothing is ever written through a hard link.
stage_tree() {
	local pristine=$1 stage=$2 mutant=${3:-} f p patches=() all=()
	mapfile -t patches < <(series)
	mapfile -t all < <(all_patches)
	while read -r f; do
		[ -f "$pristine/$f" ] || continue
		mkdir -p "$stage/$(dirname "$f")" && cp -p "$pristine/$f" "$stage/$f" || return
	done < <(patched_files "${all[@]}")
	if [ -n "$mutant" ]; then
		"$mutate" "$mutant" "$pristine" "$stage" || return
	fi
	for p in "${patches[@]}"; do
		apply_patch "$stage" "$p" || return
	done
	stage_overlay "$pristine" "$stage"
}

# A machine that went down while it built leaves files without content in $1, newer than what
# they are made from.
drop_empty() {
	find "$1" -type f -empty \( -name '*.[ao]' -o -name '*vmlinux*' -o -name bzImage \) -delete
}
