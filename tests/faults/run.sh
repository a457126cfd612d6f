#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Launches with one system call made to fail, each call of supervisor, keeper and program in turn (tests/faults/faults.py), as
# root and as an ordinary user. Prints TAP; the last line but one of all is "N faults tried, N weaker". A name runs that way alone.
set -u
cd "$(dirname "$0")/../.." || exit 1
# In a pid namespace of its own: should a fault make kill(-1) go astray, it meets these tests alone.
if [ -z "${FAULTS_APART:-}" ]; then
    apart=(unshare --pid --fork --mount-proc)
    [ "$(id -u)" -eq 0 ] || apart+=(--user --map-current-user)
    "${apart[@]}" true || { echo 'not ok 1 - faults are tried in a pid namespace, which cannot be made here' && echo 1..1 && exit 1; }
    FAULTS_APART=1 exec "${apart[@]}" --kill-child bash "$0" "$@"
fi
# shellcheck source=tests/launch/place.sh
. tests/launch/place.sh
only=${1:-}
seconds=${FAULTS_SECONDS:-420}
sums=$(mktemp)
trap 'rm -f "$sums"; place_end' EXIT
trap 'exit 130' INT TERM

subjects=user
[ "$(id -u)" -ne 0 ] || subjects='root user'
planned=0 tried=0 weaker=0 bad=0 start=$SECONDS
for subject in $subjects; do
    place_make "$subject" || exit 1
    mkdir "$place/faults" && cp tests/faults/*.py src/policy/calls.tbl "$place/faults/" && chmod -R go+rX "$place/faults"
    : >"$place/tmp/sum" && chmod 666 "$place/tmp/sum"
    left=$((seconds - (SECONDS - start)))
    # Root's part gets half of the time.
    [ "$subject" = user ] || left=$((left / 2))
    place_run python3 faults/faults.py "$place/tmp/sum" "$left" ${only:+"$only"} || bad=1
    cat "$place/tmp/sum" >>"$sums"
    place_end
done
while read -r tests faults weak; do
    planned=$((planned + tests)) tried=$((tried + faults)) weaker=$((weaker + weak))
done <"$sums"
echo "1..$planned"
echo "$tried faults tried, $weaker weaker"
exit "$bad"
