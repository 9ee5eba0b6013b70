#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs that take as many failure branches as we know how, and the same plans
# without faults, on the kernel with gcov; then says which branches were taken.
#
# usage: fi-scripts/coverage.sh [DURATION]    of each run, default 15 s
#
# exit: as `septorture coverage`; 3 if a run is no result
set -u
cd "$(dirname "$0")/.." || exit 3
duration=${1:-15s}

for plan in coverage-setup coverage-alloc coverage-fatal mutants mutants-mix convert-storm lifecycle; do
	# Twice as long without: what is chance has to be in there.
	for faults in '' --no-faults --no-faults; do
		# shellcheck disable=SC2086
		build/septorture run --kernel cover --duration "$duration" $faults \
			"configs/plans/$plan.ini" >/dev/null
		[ $? -le 1 ] || exit 3
	done
done
# One call at a time, which tells who took what; what leaves something behind costs a boot each.
enumerate() {
	build/septorture enumerate --calls 1 "$@" configs/plans/coverage-calls.ini >/dev/null
	[ $? -le 1 ] || exit 3
}
enumerate --contracts retry,once,user-error
enumerate --contracts VM-fatal --sites 'tdh_mem_page_add,tdh_mr_finalize,tdh_vp_init'
enumerate --contracts leak
enumerate --contracts VM-fatal \
	--sites 'tdh_mem_range_block,tdh_mem_track,tdh_mem_page_remove,tdh_phymem_page_wbinvd_hkid'
build/septorture coverage --html build/coverage.html
status=$?
echo "with the source: build/coverage.html"
exit "$status"
