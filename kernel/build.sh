#!/bin/bash
# Builds one test kernel and prints the path of its bzImage, nothing else.
#
# usage: kernel/build.sh CONFIG [MUTANT]
#
# CONFIG is a name from configs/kernel/ (base, race, ...), laid over base.config
# and tinyconfig. MUTANT is a name from kernel/mutants/, or the path of a mutant
# file (with a /): a seeded bug, put in before the patches. Takes a fraction of a
# second when nothing has changed.
#
# Trees are build/kernel/clean and build/kernel/mutant-NAME, each configuration
# is built in out.CONFIG inside: the kernel then uses relative paths only, so a
# mutant starts from a copy of the clean objects and compiles just what differs.
# out.CONFIG/functions.txt says which object each function comes from.
#
#   KSRC, KERNEL_VERSION   see kernel/fetch.sh
#   KERNEL_CC              compiler, default gcc (through ccache if there is one)
#   KERNEL_JOBS            make jobs, default one per CPU
#
# exit: 0 ok, 1 no source or no room, 2 wrong argument, or a patch, mutant or
# configuration line that does not apply, 3 the kernel does not compile
set -euo pipefail
# A make that calls us must not lend the kernel its flags and variables.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES ARCH CROSS_COMPILE O V C W \
	KBUILD_OUTPUT KBUILD_EXTMOD KCONFIG_CONFIG KCONFIG_ALLCONFIG
export LC_ALL=C
# Nothing about the machine or the hour goes into the image.
export KBUILD_BUILD_USER=septorture KBUILD_BUILD_HOST=septorture
export KBUILD_BUILD_VERSION=1 KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970'

kernel_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=${kernel_dir%/*}
trees=$repo/build/kernel
mutate=$repo/build/mutate
compiler=${KERNEL_CC:-gcc}
cc=$compiler
! command -v ccache >/dev/null || cc="ccache $compiler"
tmp=''	# scratch below build/kernel, gone when we leave
child=''	# running make

# shellcheck source=tree.sh
. "$kernel_dir/tree.sh"
# shellcheck source=kconfig.sh
. "$kernel_dir/kconfig.sh"
# shellcheck source=functions.sh
. "$kernel_dir/functions.sh"

say() { printf '%s\n' "$*" >&2; }
die() { local status=$1; shift; say "build: $*"; exit "$status"; }

cleanup() {
	[ -z "$child" ] || kill "$child" 2>/dev/null || true
	[ -z "$tmp" ] || rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

hash_of() { sha256sum | cut -c1-64; }

# --- arguments --------------------------------------------------------------

# The lines of stdin nearest to $1, up to three.
nearest() {
	awk -v a="$1" '
		function min(x, y) { return x < y ? x : y }
		function distance(a, b,   i, j, d, la, lb) {
			la = length(a); lb = length(b)
			for (i = 0; i <= la; i++) d[i, 0] = i
			for (j = 0; j <= lb; j++) d[0, j] = j
			for (i = 1; i <= la; i++) for (j = 1; j <= lb; j++)
				d[i, j] = min(min(d[i-1, j], d[i, j-1]) + 1,
					d[i-1, j-1] + (substr(a, i, 1) != substr(b, j, 1)))
			return d[la, lb]
		}
		{ d = distance(a, $0)
		  if (index($0, a)) d = 0
		  if (d <= (length(a) + length($0)) / 4) print d, $0 }' | sort -n | head -n3 | cut -d' ' -f2-
}

# unknown KIND NAME: the valid names are on stdin. Does not return.
unknown() {
	local names near
	names=$(cat)
	near=$(nearest "$2" <<<"$names" | paste -sd' ' | sed 's/ / or /g')
	say "build: there is no $1 '$2'${near:+; did you mean $near?}"
	say "valid: $(paste -sd' ' <<<"$names")"
	exit 2
}

names_in() {
	find "$1" -maxdepth 1 -name "*.$2" -printf '%f\n' 2>/dev/null | sed "s/\.$2\$//" | sort
}

# Sets mutant_file, and makes mutant a name.
find_mutant() {
	case $mutant in
	*/*)
		mutant_file=$(realpath -e -- "$mutant") || die 2 "there is no mutant file $mutant"
		mutant=$(basename "$mutant_file" .mutant)
		[[ $mutant =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] ||
			die 2 "the name of the mutant file $mutant_file has to be of letters, digits, . _ and -"
		;;
	*)
		mutant_file=$kernel_dir/mutants/$mutant.mutant
		names_in "$kernel_dir/mutants" mutant | grep -qxF -e "$mutant" ||
			names_in "$kernel_dir/mutants" mutant | unknown mutant "$mutant"
		;;
	esac
}

check_names() {
	names_in "$repo/configs/kernel" config | grep -qxF -e "$config" ||
		names_in "$repo/configs/kernel" config | unknown configuration "$config"
	[ -z "$mutant" ] || find_mutant
	fragments=("$repo/configs/kernel/base.config")
	[ "$config" = base ] || fragments+=("$repo/configs/kernel/$config.config")
}

build_mutate() {
	[ ! "$mutate" -nt "$kernel_dir/mutate.c" ] || return 0
	mkdir -p "$repo/build"
	cc -O2 -Wall -Wextra -o "$tmp/mutate" "$kernel_dir/mutate.c" >&2 ||
		die 1 "can't compile kernel/mutate.c"
	mv -f "$tmp/mutate" "$mutate"
}

# --- the source -------------------------------------------------------------

# Files of a tree of the user's own, NUL-terminated: no objects, no .git.
ksrc_files() {
	if git -C "$pristine" rev-parse --git-dir >/dev/null 2>&1 &&
		[ -n "$(git -C "$pristine" ls-files Makefile 2>/dev/null)" ]; then
		git -C "$pristine" ls-files -z --cached --others --exclude-standard
		return
	fi
	(cd "$pristine" && find . \( -name .git -o -path ./include/config \
		-o -path './include/generated' -o -path './arch/*/include/generated' \) -prune \
		-o \( -type f -o -type l \) ! -name '*.o' ! -name '*.a' ! -name '*.ko' ! -name '*.cmd' \
		! -name .config ! -path ./vmlinux -printf '%P\0')
}

# Finds the pristine tree; sets pristine, source_id (changes with any of its
# files) and source_base (changes when the tree has to be copied anew).
find_source() {
	pristine=$("$kernel_dir/fetch.sh") || exit
	manifest=''
	if [ -z "${KSRC:-}" ]; then
		source_base=$(cat "$pristine/.septorture-pristine")
		source_id=$source_base
		return 0
	fi
	manifest=$tmp/manifest
	source_base="ksrc $pristine"
	ksrc_files | (cd "$pristine" && xargs -0 stat --printf='%n\t%s\t%.Y\n' 2>/dev/null) |
		sort >"$manifest" || true
	source_id="$source_base $(hash_of <"$manifest")"
}

# Changes with everything that the clean tree is made of.
clean_stamp() {
	local list
	mapfile -t list < <(all_patches; overlay_files | sed "s,^,$kernel_dir/overlay/,")
	{
		echo "$source_id"
		[ ${#list[@]} -eq 0 ] || sha256sum "${list[@]}"
	} | sed "s,$repo/,," | hash_of
}

# --- trees ------------------------------------------------------------------

# A copy of the tree $1 at $2 by hard links; not its objects.
link_tree() {
	mkdir "$2"
	find "$1" -mindepth 1 -maxdepth 1 ! -name 'out.*' ! -name '.septorture*' \
		-exec cp -al -t "$2" {} +
}

# A real copy: the user's files may be edited in place.
copy_ksrc() {
	mkdir "$1"
	cut -f1 "$manifest" | tar -C "$pristine" -cf - --no-recursion --verbatim-files-from -T - |
		tar -C "$1" -xf -
}

# put SOURCE TREE FILE: by rename, so that a hard link is not written through;
# the mtime is now, so that make sees it. Nothing if the content is there.
put() {
	! cmp -s "$1" "$2/$3" || return 1
	mkdir -p "$2/$(dirname "$3")"
	cp --preserve=mode "$1" "$2/$3.septorture"
	mv -f "$2/$3.septorture" "$2/$3"
}

stage_files() { (cd "$tmp/stage" && find . -type f -printf '%P\n'); }

stage() {
	rm -rf "$tmp/stage"
	mkdir "$tmp/stage"
	stage_tree "$pristine" "$tmp/stage" "$@" || exit 2
}

# A mutant that does not apply should not cost a kernel build first.
mutant_applies() {
	[ "$(cat "$1/.septorture/stamp" 2>/dev/null)" != "$2" ] || return 0
	(stage "$mutant_file") ||
		die 2 "mutant $mutant and the patches do not go together on this source"
}

fresh_clean() {
	[ ! -e "$1" ] || say "the kernel source is another one now, building from the start"
	rm -rf "$1" "$tmp/tree"
	if [ -n "$manifest" ]; then
		copy_ksrc "$tmp/tree"
	else
		link_tree "$pristine" "$tmp/tree"
	fi
	mkdir "$tmp/tree/.septorture"
	echo "$source_base" >"$tmp/tree/.septorture/base"
	[ -z "$manifest" ] || cp "$manifest" "$tmp/tree/.septorture/manifest"
	: >"$tmp/tree/.septorture/touched"
	mv "$tmp/tree" "$1"
}

# Files in which the user's tree changed since the copy was made.
ksrc_changes() {
	[ -z "$manifest" ] ||
		comm -3 "$1/.septorture/manifest" "$manifest" | sed 's/^\t//' | cut -f1
}

# Brings the clean tree up to date in place: a file whose content stays keeps
# its mtime. `touched` lists every file that may differ from the pristine one,
# also over an interruption.
clean_tree() {
	local tree=$1 stamp=$2 f meta=$1/.septorture
	[ "$(cat "$meta/stamp" 2>/dev/null)" != "$stamp" ] || return 0
	[ "$(cat "$meta/base" 2>/dev/null)" = "$source_base" ] || fresh_clean "$tree"
	stage
	rm -f "$meta/stamp"
	{ cat "$meta/touched"; stage_files; ksrc_changes "$tree"; } | sort -u >"$tmp/touched"
	cp "$tmp/touched" "$meta/touched.new"
	mv -f "$meta/touched.new" "$meta/touched"
	while read -r f; do
		if [ -f "$tmp/stage/$f" ]; then
			put "$tmp/stage/$f" "$tree" "$f" || true
		elif [ -f "$pristine/$f" ]; then
			put "$pristine/$f" "$tree" "$f" || true
		else
			rm -f "${tree:?}/$f"
		fi
	done <"$tmp/touched"
	stage_files >"$meta/touched"
	[ -z "$manifest" ] || cp "$manifest" "$meta/manifest"
	echo "$stamp" >"$meta/stamp"
}

# A mutant's tree is made anew whenever anything changes: links to the clean
# tree's files (same mtimes) but for those the mutant makes differ.
mutant_tree() {
	local tree=$1 stamp=$2 clean=$3 f
	[ "$(cat "$tree/.septorture/stamp" 2>/dev/null)" != "$stamp" ] || return 0
	stage "$mutant_file"
	rm -rf "$tree" "$tmp/tree"
	link_tree "$clean" "$tmp/tree"
	mkdir "$tmp/tree/.septorture"
	stage_files >"$tmp/touched"
	while read -r f; do
		! put "$tmp/stage/$f" "$tmp/tree" "$f" || echo "$f"
	done <"$tmp/touched" >"$tmp/tree/.septorture/mutated"
	echo "$stamp" >"$tmp/tree/.septorture/stamp"
	mv "$tmp/tree" "$tree"
}

# --- configuration and build ------------------------------------------------

# Changes with all that the configuration is made of.
config_stamp() {
	{
		echo "$source_base" "$cc" "$("$compiler" --version | head -n1)"
		cat "${fragments[@]}"
		[ -z "$manifest" ] || grep Kconfig "$manifest" || true
		(cd "$1" && grep Kconfig "$clean/.septorture/touched" | xargs -r cat) || true
	} | hash_of
}

kmake() {
	local -a variables
	read -ra variables <<<"$(sed -n 's/^# make: //p' "${fragments[@]}" | tr '\n' ' ')"
	${exec_make:-} make -C "$1" O="out.$config" CC="$cc" -j"${KERNEL_JOBS:-$(nproc)}" \
		"${variables[@]}" "${@:2}"
}

configure() {
	local tree=$1 stamp=$2 out=$1/out.$config log=$1/out.$config.log
	[ "$(cat "$out/.septorture-config" 2>/dev/null)" != "$stamp" ] || return 0
	mkdir -p "$out"
	rm -f "$out/.septorture-config"
	kmake "$tree" tinyconfig >"$log" 2>&1 || build_failed "$log"
	config_merge "$out/.config" "${fragments[@]}" >"$out/.config.new"
	mv -f "$out/.config.new" "$out/.config"
	kmake "$tree" olddefconfig >>"$log" 2>&1 || build_failed "$log"
	config_check "$tree" "$out/.config" "${fragments[@]}" ||
		die 2 "the configuration $config can't be had from this source"
	echo "$stamp" >"$out/.septorture-config"
}

build_failed() {
	local log=$1
	if [ -n "${2:-}" ]; then
		say "build: mutant $2 does not compile (the clean kernel does):"
	else
		say "build: the kernel does not build:"
	fi
	{ grep -v '^make' "$log" | grep -E -A3 \
		'error:|undefined reference|multiple definition|[Nn]o space left|command not found' ||
		grep -F '***' "$log" || tail -n15 "$log"; } | head -n20 | sed 's/^/  /' >&2
	say "log: $log"
	exit 3
}

# On a terminal: objects done so far, until the process $2 ends.
show_progress() {
	local n
	[ -t 2 ] || return 0
	while kill -0 "$2" 2>/dev/null; do
		n=$(grep -cE '^  (CC|AS|LD|AR) ' "$1" || true)
		printf '\r  %s objects ' "$n" >&2
		sleep 0.5
	done
	printf '\r\033[K' >&2
}

# ftrace takes bit 0 of a handler's address for a flag: an odd one crashes at
# the second arming.
check_alignment() {
	local bad
	bad=$(nm "$1/vmlinux" | awk '
		($3 == "kprobe_ftrace_handler" || $3 == "arch_ftrace_ops_list_func") &&
		$1 !~ /0$/ { print $3 " at " $1 }')
	[ -z "$bad" ] || die 3 "ftrace handlers are not 16-byte aligned ($bad): arming a fault twice \
would crash; see docs/kernel-findings.md"
}

# A mutant's objects start as a copy of the clean ones. The files that differ
# must then be newer than every object.
seed() {
	local out=$1/out.$config from=$2/out.$config f
	rm -rf "$out" "$tmp/out"
	cp -a --reflink=auto "$from" "$tmp/out"
	rm -f "$tmp/out/.septorture-built"
	# objtool's own build records absolute paths, and would start from zero
	{ grep -rlF --include='.*.cmd' "$2/" "$tmp/out/tools" || true; } |
		xargs -r sed -i "s,$2/,$1/,g"
	while read -r f; do
		touch "$1/$f"
	done <"$1/.septorture/mutated"
	mv "$tmp/out" "$out"
}

list_functions() {
	functions_write "$1" || die 1 "can't list the functions of $1/vmlinux.a; is the disk full?"
}

# compile TREE TREE_STAMP [MUTANT CLEAN_TREE]
compile() {
	local tree=$1 out=$1/out.$config log=$1/out.$config.log what=${3:-clean} config_id built
	config_id=$(config_stamp "$tree")
	built="$2 $config_id"
	image=$out/arch/x86/boot/bzImage
	if [ "$(cat "$out/.septorture-built" 2>/dev/null)" = "$built" ] && [ -f "$image" ]; then
		list_functions "$out"	# may have been lost
		return
	fi
	say "building kernel $config ($what)..."
	if [ -n "${3:-}" ] && [ "$(cat "$out/.septorture-config" 2>/dev/null)" != "$config_id" ]; then
		seed "$tree" "$4"
	fi
	configure "$tree" "$config_id"
	[ -f "$out/.septorture-built" ] || drop_empty "$out"
	rm -f "$out/.septorture-built"
	# exec: a signal for the child has to reach make itself
	(exec_make="exec"; kmake "$tree" bzImage) >"$log" 2>&1 &
	child=$!
	show_progress "$log" "$child"
	wait "$child" || { child=''; build_failed "$log" "${3:-}"; }
	child=''
	check_alignment "$out"
	list_functions "$out"
	echo "$built" >"$out/.septorture-built"
}

main() {
	local stamp mutant_stamp
	case $# in 1 | 2) ;; *) die 2 "usage: kernel/build.sh CONFIG [MUTANT]" ;; esac
	config=$1 mutant=${2:-} mutant_file=''
	check_names
	mkdir -p "$trees"
	exec 9>"$trees/lock"
	flock -n 9 || { say "waiting for another kernel build"; flock 9; }
	rm -rf "$trees"/tmp.*	# left by a killed run; we hold the lock
	tmp=$(mktemp -d "$trees/tmp.XXXXXX")
	build_mutate
	find_source
	stamp=$(clean_stamp)
	clean=$trees/clean
	if [ -n "$mutant" ]; then
		mutant_stamp=$({ echo "$stamp"; cat "$mutant_file"; } | hash_of)
		mutant_applies "$trees/mutant-$mutant" "$mutant_stamp"
	fi
	clean_tree "$clean" "$stamp"
	compile "$clean" "$stamp"
	if [ -n "$mutant" ]; then
		mutant_tree "$trees/mutant-$mutant" "$mutant_stamp" "$clean"
		compile "$trees/mutant-$mutant" "$mutant_stamp" "$mutant" "$clean"
	fi
	printf '%s\n' "$image"
}

main "$@"
