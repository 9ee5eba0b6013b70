#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual page septorture(1), from what the program says of itself.
#
# usage: fi-scripts/man.sh PROGRAM >septorture.1
set -eu
program=$1

# Text that troff is to leave as it is.
verbatim() {
	echo .nf
	sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^[.']/\\\\\\&&/"
	echo .fi
}

version=$("$program" --version)
echo ".TH SEPTORTURE 1 \"\" \"$version\" \"User Commands\""
cat <<'END'
.SH NAME
septorture \- fault injection and stress for KVM's lockless SPTE updates
.SH SYNOPSIS
.B septorture
.I COMMAND
.RI [ ARGUMENT ...]
.SH DESCRIPTION
END
"$program" help | verbatim
echo .SH COMMANDS
"$program" help | sed -n 's/^  \([a-z-]*\)  *[a-z].*/\1/p' | while read -r command; do
	echo ".SS $command" | sed 's/-/\\-/g'
	"$program" "$command" --help </dev/null | verbatim
done
cat <<'END'
.SH FILES
.TP
.I ~/.local/share/septorture
where an installed septorture builds kernels and keeps runs: build/runs/latest is the last one. In
$XDG_DATA_HOME instead, if that is set.
.TP
.I ~/.cache/septorture
downloads
.SH ENVIRONMENT
.TP
.B KSRC
a kernel tree to test, instead of the one that is downloaded
.TP
.B QEMU
the emulator
.TP
.B SEPTORTURE_SRC
the source tree to work in
END
