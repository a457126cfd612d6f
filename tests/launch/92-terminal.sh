#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A terminal and its job control, in a pty: with sbx-run as without (terminal.py).
. "${0%/*}/lib.sh"
SBX_TEST=$mark timeout -k 5 300 python3 "$PLACE/launch/terminal.py" >"$output/tap" 2>"$output/errors" </dev/null
status=$?
cat "$output/tap"
number=$(grep -c -e '^ok ' -e '^not ok ' "$output/tap")
if [ "$status" = 0 ]; then pass 'all of it was tried'; else fail 'all of it was tried' "status $status"$'\n'"$(cat "$output/errors")"; fi
rest=$(left_behind)
if [ -z "$rest" ]; then pass 'nothing is left'; else fail 'nothing is left' "$rest"; fi
finish
