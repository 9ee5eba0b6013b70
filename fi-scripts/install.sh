#!/bin/sh
# Installs the Debian packages of fi-scripts/packages.txt that are missing.
#
# usage: fi-scripts/install.sh
#
# Silent when nothing is missing. Uses sudo where not root. NO_INSTALL=1 prints
# the command instead, and fails if something is missing.
#
# exit: 0 all there, 1 something is missing and could not be (or was not to be)
# installed
set -eu
export LC_ALL=C

list=${PACKAGES:-$(dirname "$0")/packages.txt}

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

if ! command -v dpkg-query >/dev/null; then
	echo "install: this is no Debian system; see that these are there:" >&2
	cat "$list" >&2
	exit 1
fi

missing=''
for p in $(wanted); do
	installed "$p" || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

echo "install: missing packages:" >&2
for p in $missing; do
	printf '  %-16s %s\n' "$p" "$(why "$p")" >&2
done

sudo=''
[ "$(id -u)" = 0 ] || sudo=sudo
command="$sudo apt-get install -y --no-install-recommends$missing"
if [ "${NO_INSTALL:-}" = 1 ]; then
	echo "install: NO_INSTALL=1, so nothing is installed; the command would be" >&2
	echo "  ${command# }"
	exit 1
fi
if [ -n "$sudo" ] && ! command -v sudo >/dev/null; then
	echo "install: not root, and there is no sudo; as root:" >&2
	echo "  apt-get install -y --no-install-recommends$missing" >&2
	exit 1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
! need_update || $sudo apt-get -qq update >>"$log" 2>&1 || echo "install: apt-get update failed, trying anyway" >&2
echo "install: $command" >&2
# shellcheck disable=SC2086
if ! $sudo env DEBIAN_FRONTEND=noninteractive \
	apt-get -qq install -y --no-install-recommends $missing >>"$log" 2>&1 </dev/null; then
	tail -n 20 "$log" >&2
	echo "install: apt-get could not install$missing (its last words are above)" >&2
	exit 1
fi
