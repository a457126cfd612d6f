#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What stays while a program runs, and what many starts at once cost each. It prints and judges nothing.
# STARTS=N (default 1000): so many of each in the comparison of crowds.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${BUILD:-build}" && pwd)
starts=${STARTS:-1000}

# Resident memory while it waits: the whole, and what is its own and not the page cache's.
resident() {
    awk -v name="$1" '/^VmRSS:/ { all = $2 } /^RssAnon:/ { own = $2 } END { printf "%-34s %5d KiB resident, %d KiB of it its own\n", name, all, own }' "/proc/$2/status"
}
for options in '' --limits=off; do
    # shellcheck disable=SC2086 # a list of words
    "$build/sbx-run" $options -- sleep 60 &
    pid=$!
    for _ in $(seq 500); do
        pgrep -P "$pid" -x sleep >/dev/null && break
        sleep 0.02
    done
    resident "supervisor${options:+ $options}" "$pid"
    keeper=$(pgrep -P "$pid" -x sbx-keeper) && resident "keeper${options:+ $options}" "$keeper"
    kill "$pid"
    wait "$pid" 2>/dev/null
done

# crowd SIZE COMMAND...: microseconds of wall time a start, with SIZE of them under way at a time, all started at once, again and again.
crowd() {
    local size=$1 from to
    shift
    from=$(date +%s%N)
    for ((done = 0; done < starts; done += size)); do
        for ((i = 0; i < size; i++)); do "$@" & done
        wait
    done
    to=$(date +%s%N)
    echo $(((to - from) / starts / 1000))
}
echo "microseconds of wall time a start, $starts of each, $(nproc) processors: 20 at once, 200 at once, the quotient"
for way in 'bare|/bin/true' "sbx-run|$build/sbx-run -- /bin/true" "sbx-run --limits=off|$build/sbx-run --limits=off -- /bin/true"; do
    few=() many=()
    for _ in 1 2 3; do
        # shellcheck disable=SC2086 # a list of words
        few+=("$(crowd 20 ${way#*|})") many+=("$(crowd 200 ${way#*|})")
    done
    few=$(printf '%s\n' "${few[@]}" | sort -n | head -n 1) many=$(printf '%s\n' "${many[@]}" | sort -n | head -n 1)
    printf '%-34s %6d %6d %5d.%02d\n' "${way%%|*}" "$few" "$many" $((many / few)) $((many * 100 / few % 100))
done
