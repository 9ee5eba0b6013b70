#!/bin/bash
# Gets the kernel source that everything here is built from.
#
# usage: kernel/fetch.sh          prints the path of the unpacked, pristine tree
#        kernel/fetch.sh --deb    prints the path of the verified package only
#
# Debian's linux-source-7.3 (any 7.3.x; else 7.2.x; else the newest later one),
# without root and without touching the system's apt configuration. Packages are
# kept in ${XDG_CACHE_HOME:-~/.cache}/septorture; a good one there means that no
# network is used, and a download that was cut short goes on. An archive that does
# not answer is given up after a minute, or by Acquire::http::Timeout (15 s here)
# and Acquire::Retries (1) of apt's configuration. The tree lands in
# build/kernel/pristine/<version>/ and is shared by hard links: never write to it.
#
#   KERNEL_VERSION=7.2   that series and no other
#   KSRC=/path           a tree of your own instead; it is never modified
#
# exit: 0 ok, 1 no source to be had, 2 KSRC or the arguments are unusable
set -euo pipefail
unset MAKEFLAGS MFLAGS MAKELEVEL
export LC_ALL=C

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pristine=$repo/build/kernel/pristine
cache=${XDG_CACHE_HOME:-$HOME/.cache}/septorture
suites=(trixie-backports sid forky)
marker=.septorture-pristine
work=''	# scratch inside the cache, gone when we leave
unpack=''	# half-unpacked tree, gone when we leave

say() { printf 'fetch: %s\n' "$*" >&2; }
die() { say "$2"; exit "$1"; }

cleanup() {
	[ -z "$work" ] || rm -rf "$work"
	[ -z "$unpack" ] || rm -rf "$unpack"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- what a usable tree has -------------------------------------------------

# Says what is missing in the tree $1; quiet and 0 when it can be tested.
tree_lacks() {
	local f
	for f in Makefile arch/x86/kvm/mmu/tdp_mmu.c arch/x86/kvm/vmx/tdx.c; do
		[ -f "$1/$f" ] || { echo "it has no $f"; return 1; }
	done
	grep -q 'set_external_spte' "$1/arch/x86/kvm/mmu/tdp_mmu.c" || {
		echo "arch/x86/kvm/mmu/tdp_mmu.c has no set_external_spte (needs Linux 7.2 or later)"
		return 1
	}
}

use_ksrc() {
	local why path
	path=$(cd "$KSRC" 2>/dev/null && pwd -P) || die 2 "KSRC=$KSRC is not a directory"
	why=$(tree_lacks "$path") || die 2 "KSRC=$KSRC can't be used: $why"
	printf '%s\n' "$path"
	exit 0
}

# --- the cache --------------------------------------------------------------

# A package is good if the size and SHA256 that apt's signed metadata gave when
# it was downloaded still hold. Says what is wrong.
deb_lacks() {
	local size sum have
	[ -f "$1.sha256" ] || { echo "nothing is recorded about it"; return 1; }
	read -r sum size <"$1.sha256" || true
	have=$(stat -c %s "$1")
	[ "$have" = "${size:-?}" ] || { echo "it has $have bytes, not ${size:-?}"; return 1; }
	have=$(sha256sum <"$1")
	[ "${have%% *}" = "$sum" ] || { echo "its SHA256 differs"; return 1; }
}

# Prints the newest good cached package of the series $1, removes damaged ones.
cached_deb() {
	local deb why
	while read -r deb; do
		if why=$(deb_lacks "$deb"); then
			printf '%s\n' "$deb"
			return 0
		fi
		say "the cached $(basename "$deb") is damaged ($why); dropping it, will download it again"
		rm -f "$deb" "$deb.sha256"
	done < <(find "$cache" -maxdepth 1 -name "linux-source-${1}_*.deb" | sort -rV)
	return 1
}

# Series with a package in the cache, best first: 7.3, 7.2, then the newest.
cached_series() {
	find "$cache" -maxdepth 1 -name 'linux-source-*_*.deb' -printf '%f\n' |
		sed 's/^linux-source-\([0-9.]*\)_.*/\1/' | preference
}

# Sorts series on stdin by preference; older ones than 7.2 are of no use.
preference() {
	sort -urV | awk -F. '
		$0 == "7.3" { a = $0; next }
		$0 == "7.2" { b = $0; next }
		$1 > 7 || ($1 == 7 && $2 > 3) { rest = rest $0 "\n" }
		END { if (a) print a; if (b) print b; printf "%s", rest }'
}

# --- the archive ------------------------------------------------------------

# Keyring named by the sources entry $1 (FILE:LINE as apt gives it), if any.
entry_keyring() {
	local file=${1%:*} line=${1##*:}
	[ -r "$file" ] || return 0
	case $file in
	*.sources)
		# apt numbers either the stanza or its first line: look from both.
		awk -v n="$line" -v RS= -F'\n' '
			{ for (i = 1; i <= NF; i++)
				if ($i ~ /^[Ss]igned-[Bb]y:[ \t]*\//) {
					sub(/^[^:]*:[ \t]*/, "", $i); key[NR] = $i
				} }
			END { if (n in key) print key[n]; else print key[1] }' "$file" ;;
	*)
		sed -n "${line}s/.*signed-by=\([^] ]*\).*/\1/p" "$file" ;;
	esac
}

# Prints "URI KEYRING-or-dash" of the Debian archive, from the machine's own apt
# configuration: the entry with Origin and Label Debian, or, where apt has never
# been updated and knows no origins, the first whose URI ends in /debian.
apt_archive() {
	local uri='' entry='' key=''
	# apt-get expands the $(FIELD)s itself
	# shellcheck disable=SC2016
	IFS='|' read -r uri entry < <(apt-get indextargets \
		--format '$(REPO_URI)|$(SOURCESENTRY)' 'Created-By: Packages' \
		'Origin: Debian' 'Label: Debian' 2>/dev/null) || true
	if [ -z "$uri" ]; then
		uri=$(apt-get update --print-uris 2>/dev/null |
			sed -n "s|^'\(.*/debian/*\)/dists/.*InRelease'.*|\1|p" | head -n1) || true
	fi
	[ -n "$uri" ] || return 1
	[ -z "$entry" ] || key=$(entry_keyring "$entry")
	for key in "$key" /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
		[ -n "$key" ] && [ -r "$key" ] && break
		key=''	# then apt's own trusted keys decide
	done
	printf '%s %s\n' "$uri" "${key:--}"
}

# An apt of its own for the suite $1: only its sources, lists, state and cache
# are private; proxies, time-outs and keys stay the machine's.
apt_suite() {
	local d=$work/$1 tool=$2
	shift 2
	"$tool" -c="$work/apt.conf" -o Dir::Etc::sourcelist="$d/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferences=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null -o Dir::State="$d/state" \
		-o Dir::State::lists="$d/lists" -o Dir::State::status="$work/status" \
		-o Dir::Cache="$d/cache" -o Dir::Cache::archives="$d/cache/archives" "$@"
}

# apt's option $1 as a line of configuration, unless the machine has one set.
apt_default() {
	local value=''
	eval "$(apt-config shell value "$1")"
	[ -n "$value" ] || echo "$1 \"$2\";"
}

apt_setup() {
	# Hooks of the system's apt.conf.d (docker-clean and the like) are for the
	# system's cache and need root; #clear works in a file given with -c only.
	# The sandbox user could not write to a private directory anyway.
	cat >"$work/apt.conf" <<-'CONF'
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		APT::Sandbox::User "root";
		APT::Get::List-Cleanup "false";
		Acquire::Languages "none";
		Dir::Log "/dev/null";
	CONF
	: >"$work/status"
	# A mirror that takes connections but says nothing costs four time-outs.
	{
		apt_default Acquire::http::Timeout 15	# https takes it from http
		apt_default Acquire::Retries 1
	} >>"$work/apt.conf"
}

# No further attempts in this run, and why.
give_up() { echo "$1" >"$work/gave_up"; }

# Lists of the suite $1, fetched once per run. 1: the archive has no such suite.
suite_ready() {
	local d=$work/$1 opt='' uri=$2 key=$3
	[ ! -e "$d/absent" ] && [ ! -e "$work/gave_up" ] || return 1
	[ ! -e "$d/ready" ] || return 0
	mkdir -p "$d/state" "$d/lists/partial" "$d/cache/archives/partial"
	[ "$key" = - ] || opt="[signed-by=$key] "
	echo "deb $opt$uri $1 main" >"$d/sources.list"
	say "reading the package list of $1"
	if ! apt_suite "$1" apt-get -qq -o APT::Update::Error-Mode=any update >"$d/log" 2>&1; then
		sed -n 's/^[EW]: /fetch:   /p' "$d/log" | head -n3 >&2
		# "Connection failed", "Could not connect", "Temporary failure resolving":
		# then the other suites can't be had, either.
		! grep -qE 'onnect|imed out|resolv' "$d/log" ||
			give_up "the Debian archive $uri does not answer"
		touch "$d/absent"
		return 1
	fi
	touch "$d/ready"
}

# Prints "VERSION SIZE SHA256" of the newest linux-source-$2 in the suite $1.
suite_has() {
	apt_suite "$1" apt-cache --no-all-versions show "linux-source-$2" 2>/dev/null |
		awk '$1 == "Version:" { v = $2 } $1 == "Size:" { s = $2 } $1 == "SHA256:" { h = $2 }
		     END { if (v == "" || s == "" || h == "") exit 1; print v, s, h }'
}

# get SUITE URI FILE SHA256: goes on with a FILE that is there in part, which
# apt-get download never does. The checksum is that of the signed package list.
get() {
	local quiet=-qq
	[ ! -t 2 ] || quiet=-q=0
	apt_suite "$1" /usr/lib/apt/apt-helper $quiet download-file "$2" "$3" "SHA256:$4" >&2
}

# Downloads linux-source-$2 from the suite $1 into the cache and prints its path.
# If that fails, what came of it stays in the cache's partial folder.
download() {
	local suite=$1 series=$2 version=$3 size=$4 sum=$5 d=$cache/partial uri name deb had there=''
	read -r uri name _ < <(apt_suite "$suite" apt-get download --print-uris \
		"linux-source-$series=$version") || return 1
	uri=${uri#\'}
	uri=${uri%\'}
	deb=$d/$name
	mkdir -p "$d"
	find "$d" -type f -name "linux-source-${series}_*" ! -name "$name" -delete
	had=$(stat -c %s "$deb" 2>/dev/null) || had=0
	[ "$had" -eq 0 ] || there=", of which $((had >> 20)) MiB are here already"
	say "downloading linux-source-$series $version from $suite ($((size >> 20)) MiB$there)"
	until get "$suite" "$uri" "$deb" "$sum"; do
		rm -f "$deb.FAILED"	# apt's name for a file with another checksum
		if [ "$had" -eq 0 ] || [ -f "$deb" ]; then
			give_up "linux-source-$series could not be downloaded"
			[ ! -f "$deb" ] || say "the next run goes on with what came of it"
			return 1
		fi
		say "what an earlier download left is damaged; dropping it and starting over"
		had=0
	done
	# That is what apt makes of a file: archive.
	[ ! -L "$deb" ] || cp --remove-destination "$(realpath "$deb")" "$deb"
	# The record goes first: a package without one counts as damaged.
	echo "$sum $size" >"$cache/$name.sha256"
	mv -f "$deb" "$cache/"
	printf '%s\n' "$cache/$name"
}

# Looks for the series $1 in all suites, downloads the first.
download_series() {
	local series=$1 uri=$2 key=$3 suite found
	for suite in "${suites[@]}"; do
		suite_ready "$suite" "$uri" "$key" || continue
		found=$(suite_has "$suite" "$series") || continue
		# shellcheck disable=SC2086
		download "$suite" "$series" $found && return 0
	done
	return 1
}

# Newer series than the known ones that any suite has.
later_series() {
	local suite
	for suite in "${suites[@]}"; do
		[ -e "$work/$suite/ready" ] || continue
		apt_suite "$suite" apt-cache search --names-only '^linux-source-[0-9.]+$'
	done | sed -n 's/^linux-source-\([0-9.]*\) .*/\1/p' | preference
}

from_archive() {
	local archive uri key series
	command -v apt-get >/dev/null || { give_up "there is no apt-get here"; return 1; }
	archive=$(apt_archive) || { give_up "apt's configuration names no Debian archive"; return 1; }
	read -r uri key <<<"$archive"
	apt_setup
	if [ -n "${KERNEL_VERSION:-}" ]; then
		download_series "$KERNEL_VERSION" "$uri" "$key"
		return
	fi
	for series in 7.3 7.2; do
		! download_series "$series" "$uri" "$key" || return 0
	done
	for series in $(later_series); do
		! download_series "$series" "$uri" "$key" || return 0
	done
	return 1
}

# --- choosing ---------------------------------------------------------------

# Why there is nothing to be had of the series $1.
why_none() { cat "$work/gave_up" 2>/dev/null || echo "the Debian archive has no linux-source-$1"; }

# The package to use. Without KERNEL_VERSION a remembered fall-back (the archive
# had no 7.3) is kept, so that no run asks the network again.
find_deb() {
	local want=${KERNEL_VERSION:-7.3} deb series
	[ -n "${KERNEL_VERSION:-}" ] || want=$(cat "$cache/series" 2>/dev/null || echo 7.3)
	if cached_deb "$want"; then return 0; fi
	if deb=$(from_archive); then
		remember "$deb"
		printf '%s\n' "$deb"
		return 0
	fi
	[ -z "${KERNEL_VERSION:-}" ] || return 1
	for series in $(cached_series); do
		deb=$(cached_deb "$series") || continue
		say "$(why_none "$want"); using the cached $(basename "$deb")"
		printf '%s\n' "$deb"
		return 0
	done
	return 1
}

remember() {
	local name
	[ -z "${KERNEL_VERSION:-}" ] || return 0
	name=$(basename "$1")
	name=${name#linux-source-}
	echo "${name%%_*}" >"$work/series"
	mv -f "$work/series" "$cache/series"
}

# An unpacked tree that serves this call without looking at any package.
unpacked() {
	local want=${KERNEL_VERSION:-} d
	[ -n "$want" ] || want=$(cat "$cache/series" 2>/dev/null || echo 7.3)
	while read -r d; do
		grep -q "^linux-source-$want " "$d/$marker" 2>/dev/null || continue
		printf '%s\n' "$d"
		return 0
	done < <(find "$pristine" -mindepth 1 -maxdepth 1 -type d ! -name 'tmp.*' 2>/dev/null | sort -rV)
	return 1
}

# Unpacks the package $1 once, and prints the tree.
unpack_deb() {
	local name version series dir why
	name=$(basename "$1" _all.deb)
	series=${name%%_*}
	version=${name#*_}
	dir=$pristine/${version//%3a/:}
	dir=${dir//:/_}	# make can't live with a colon in a path
	[ ! -f "$dir/$marker" ] || { printf '%s\n' "$dir"; return 0; }
	mkdir -p "$pristine"
	rm -rf "$pristine"/tmp.*	# left by a killed run; we hold the lock
	unpack=$(mktemp -d "$pristine/tmp.XXXXXX")
	say "unpacking $series $version"
	mkdir "$unpack/tree"
	if ! dpkg-deb -x "$1" "$unpack" ||
		! tar -xf "$unpack/usr/src/$series.tar.xz" -C "$unpack/tree" --strip-components=1; then
		die 1 "can't unpack $1"
	fi
	why=$(tree_lacks "$unpack/tree") || die 1 "$series $version can't be used: $why"
	echo "$series $version $(cut -d' ' -f1 "$1.sha256")" >"$unpack/tree/$marker"
	rm -rf "$dir"
	mv "$unpack/tree" "$dir"
	printf '%s\n' "$dir"
}

main() {
	local deb
	case "${1:-}" in
	'' | --deb) ;;
	*) die 2 "usage: kernel/fetch.sh [--deb]" ;;
	esac
	if [ -z "${1:-}" ]; then
		[ -z "${KSRC:-}" ] || use_ksrc
		! unpacked || return 0
	fi
	mkdir -p "$cache"
	exec 9>"$cache/lock"
	flock -n 9 || { say "waiting for another fetch"; flock 9; }
	rm -rf "$cache"/tmp.*	# left by a killed run; we hold the lock
	work=$(mktemp -d "$cache/tmp.XXXXXX")
	deb=$(find_deb) || die 1 "no kernel source: $(why_none "${KERNEL_VERSION:-7.3} or later"), and the cache \
$cache has none; see that the network and apt's proxy work, or set KSRC=/path/to/linux to use a tree \
of your own"
	if [ -n "${1:-}" ]; then
		printf '%s\n' "$deb"
	else
		unpack_deb "$deb"
	fi
}

main "$@"
