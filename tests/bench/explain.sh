#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What explaining costs: nothing for calls that are allowed; for a storm of refused ones the time of a call, and the supervisor's
# memory at its beginning and its end. It prints and judges nothing. CALLS=N (default 1000000), LONG=N (default 10000000).
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${BUILD:-build}" && pwd)
calls=${CALLS:-1000000} long=${LONG:-10000000}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/sbx-bench.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

middle() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }

# under MODE WORD...: notify's figure, the middle one of five, interleaved by the caller where it compares.
once() {
    local mode=$1 options=(--explain="$1")
    shift
    [ "$mode" != learn ] || options=(--quiet --learn="$scratch/learned.$RANDOM")
    "$build/sbx-run" --limits=off "${options[@]}" -- "$build/helpers/notify" "$@" 2>/dev/null
}

for _ in 1 2 3 4 5; do
    for mode in off end; do once $mode allowed "$calls" >>"$scratch/allowed.$mode"; done
done
printf 'an allowed call                          %6s ns, %6s ns with --explain\n' "$(middle <"$scratch/allowed.off")" "$(middle <"$scratch/allowed.end")"
for threads in 1 4; do
    for mode in off end learn; do
        for _ in 1 2 3; do once $mode refused "$calls" $threads >>"$scratch/refused.$mode.$threads"; done
    done
    off=$(middle <"$scratch/refused.off.$threads") end=$(middle <"$scratch/refused.end.$threads") learn=$(grep -E '^[0-9]+$' "$scratch/refused.learn.$threads" | middle)
    printf '%s refused calls, %d thread%s      %6s ns, %6s ns with --explain (%s times as long), %6s ns with --learn\n' "$calls" $threads "$([ $threads = 1 ] && echo ' ' || echo s)" \
        "$off" "$end" "$((end / (off > 0 ? off : 1)))" "$learn"
done

resident() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status" 2>/dev/null; }
start=$(date +%s%N)
"$build/sbx-run" --limits=off --explain=end -- "$build/helpers/notify" refused "$long" 4 >"$scratch/long" 2>"$scratch/told" &
supervisor=$!
sleep 0.3
first=$(resident $supervisor) last=$first most=$first
while now=$(resident $supervisor) && [ -n "$now" ]; do
    last=$now
    [ "$now" -le "$most" ] || most=$now
    sleep 0.2
done
wait $supervisor || exit 1
printf '%s refused calls, 4 threads: %s ms; the supervisor holds %s KiB at first, %s KiB at most, %s KiB at the end\n' "$long" "$((($(date +%s%N) - start) / 1000000))" "$first" "$most" "$last"
grep -q "$long times" "$scratch/told" || { echo 'they were not all counted:' && cat "$scratch/told" && exit 1; }
