#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The filter over system calls: build, load and call, beside libseccomp's of the same policy. It prints and judges nothing.
set -eu
filter=${BUILD:-build}/bench/filter

"$filter" "${1:-201}"

# The first filter of a fresh process, as a start of sbx-run makes it: cold caches and page faults are in it.
percentiles() {
    sort -n | awk '{ v[NR] = $1 }
        END { printf "median %.0f us, 95 %% %.0f us, most %.0f us\n", v[int((NR + 1) / 2)], v[int(NR * 0.95)], v[NR] }'
}
printf '\nbuilt at the start of a process: '
for _ in $(seq 100); do "$filter" --once; done | percentiles
printf 'built for 200 random option sets: '
for seed in $(seq 200); do "$filter" --once "$seed"; done | grep -v -- -1 | percentiles
