#!/bin/sh
# Installs the Debian packages of fi-scripts/packages.txt that are missing.
#
# usage: fi-scripts/install.sh
#
# Silent when nothing is missing. Uses sudo where not root. NO_INSTALL=1 prints
# the command instead, and fails if something is missing.
#
#   CC, QEMU   compiler and emulator that have to be there in the end, default
#              gcc and qemu-system-x86_64
#
# exit: 0 all there, 1 something is missing and could not be (or was not to be)
# installed
set -eu
export LC_ALL=C

list=${PACKAGES:-$(dirname "$0")/packages.txt}
sudo=''
[ "$(id -u)" = 0 ] || sudo=sudo

say() { echo "install: $*" >&2; }

wanted() { sed 's/#.*//; s/[[:space:]]//g; /^$/d' "$list"; }

installed() {
	# dpkg-query expands the ${FIELD} itself
	# shellcheck disable=SC2016
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

why() { sed -n "s/^$1[[:space:]]*#[[:space:]]*//p" "$list"; }

# apt-get update costs time and network: only if apt knows no candidate.
need_update() {
	for p in $missing; do
		apt-cache policy "$p" 2>/dev/null | grep -q 'Candidate: [^(]' || return 0
	done
	return 1
}

# apt's options for a first look at the archive: no patience with one that does
# not answer, unless the machine has some configured.
brief() {
	value=''
	eval "$(apt-config shell value Acquire::http::Timeout)"
	[ -n "$value" ] || echo "-o Acquire::http::Timeout=15"
	echo "-o Acquire::Retries=0"
}

# An archive that takes connections but says nothing would cost apt a time-out
# per package: see first whether the smallest one comes. Prints its address if not.
unreachable() {
	# shellcheck disable=SC2086
	uri=$(apt-get install --print-uris -qq -y --no-install-recommends $missing 2>/dev/null |
		sort -k3n | sed -n "1s/^'\([^']*\)'.*/\1/p")
	# shellcheck disable=SC2046
	if [ -n "$uri" ] && ! /usr/lib/apt/apt-helper -qq $(brief) download-file "$uri" "$tmp/probe" \
		>>"$tmp/log" 2>&1; then
		echo "$uri"
		return 0
	fi
	return 1
}

fail() {
	tail -n 20 "$tmp/log" >&2
	say "$1 (its last words are above); see that the network and apt's" \
		"sources${sudo:+ and sudo} work; as root the command is"
	echo "  ${command#sudo }" >&2
	exit 1
}

install_missing() {
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	chmod 755 "$tmp"	# apt may look into it as another user
	# shellcheck disable=SC2046
	! need_update || $sudo apt-get -qq $(brief) -o APT::Update::Error-Mode=any update >>"$tmp/log" 2>&1 ||
		say "apt-get update failed, trying anyway"
	! uri=$(unreachable) || fail "apt can't download $uri"
	say "$command"
	# shellcheck disable=SC2086
	$sudo env DEBIAN_FRONTEND=noninteractive \
		apt-get -qq install -y --no-install-recommends $missing >>"$tmp/log" 2>&1 </dev/null ||
		fail "apt-get could not install$missing"
}

if ! command -v dpkg-query >/dev/null; then
	say "this is no Debian system; see that these are there:"
	cat "$list" >&2
	exit 1
fi

missing=''
for p in $(wanted); do
	installed "$p" || missing="$missing $p"
done
if [ -n "$missing" ]; then
	say "missing packages:"
	for p in $missing; do
		printf '  %-16s %s\n' "$p" "$(why "$p")" >&2
	done
	command="${sudo:+sudo }apt-get install -y --no-install-recommends$missing"
	if [ "${NO_INSTALL:-}" = 1 ]; then
		say "NO_INSTALL=1, so nothing is installed; the command would be"
		echo "  $command"
		exit 1
	fi
	if [ -n "$sudo" ] && ! command -v sudo >/dev/null; then
		say "not root, and there is no sudo; as root:"
		echo "  ${command#sudo }" >&2
		exit 1
	fi
	install_missing
fi

# Packages are one thing, what PATH says another.
cc=${CC:-gcc}
for tool in "${cc%% *}" "${QEMU:-qemu-system-x86_64}"; do
	command -v "$tool" >/dev/null && continue
	say "there is no $tool in PATH, though its package is installed; add its directory to PATH," \
		"or say with CC= and QEMU= what to use instead"
	exit 1
done
