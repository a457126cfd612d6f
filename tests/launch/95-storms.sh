#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Many starts, in a row and at once, and many of them killed at random moments (storm.py): nothing is left after the next start.
. "${0%/*}/lib.sh"

left() {
    left_behind
    pgrep -lx sbx-run
    pgrep -lx sbx-keeper
    find "$PLACE/tmp" -newer "$output/before" ! -path "$output*" ! -path "$PLACE/tmp" 2>/dev/null
    diff <(cat "$output/work") <(ls -A)
    diff <(echo "$mounts") /proc/self/mounts
}
# clean NAME: after one more start nothing is there, once the kernel has taken the dead away.
clean() {
    local rest
    sbx-run $options -- true
    for _ in $(seq 250); do
        rest=$(left)
        [ -n "$rest" ] || break
        sleep 0.02
    done
    if [ -z "$rest" ]; then pass "$1"; else fail "$1" "$rest"; fi
}
touch "$output/before"
ls -A >"$output/work"

for options in '' '--limits=off'; do
    name=${options:-default}
    # shellcheck disable=SC2086 # a list of words
    {
        [ -n "$options" ] || t '1,000 starts in a row' out='^1000$' within=250 -- sh -c 'for i in $(seq 1000); do sbx-run -- echo x || exit; done | grep -c x'
        [ -n "$options" ] || clean '1,000 starts in a row leave nothing'
        run 250 '' python3 "$PLACE/launch/storm.py" sbx-run $options -- sh -c 'bomb daemons 2; sleep 1'
        storm="200 starts at once, 100 of them killed: the others run ($name)"
        if [[ $said =~ ^(9[5-9]|100)\ killed,\ 100\ ended\ with\ 0$ ]]; then pass "$storm"; else fail "$storm" "$(detail)"; fi
        clean "and nothing is left of them after the next start ($name)"
    }
done
finish
