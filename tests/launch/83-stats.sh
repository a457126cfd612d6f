#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is told of a run's use of its limits.
. "${0%/*}/lib.sh"

json() { # json EXPRESSION COMMAND...: the command's last line of errors is JSON, and the expression holds for it as s
    local expression=$1
    shift
    "$@" 2>&1 >/dev/null | python3 -c "import json, sys; s = json.loads(sys.stdin.read().splitlines()[-1]); print(s); sys.exit(not ($expression))"
}

t '--stats prints a table on standard error' out=^hi$ err='memory, peak.*processes, peak' -- sbx-run --stats -- echo hi
t 'nothing of it without'                    out=^hi$ not='memory, peak' -- sbx-run -- echo hi
t 'the status stays the program'"'"'s'       status=7 err='CPU time' -- sbx-run --stats -- sh -c 'exit 7'
t 'no such form'                             status=125 err='^sbx-run: cannot set --stats=xml: .*\(' -- sbx-run --stats=xml -- true
t 'in place nobody stays to tell'            status=125 err='--stats in place' -- sbx-run --in-place --limits=off --stats -- true
t '--stats=json is JSON'                     -- sh -c 'sbx-run --stats=json -- true 2>&1 | python3 -m json.tool >/dev/null'

export -f json
t 'time is time'         -- bash -c 'json "150 <= s[\"elapsed_ms\"] < 20000" sbx-run --stats=json -- sleep 0.2'
t 'CPU time is of all processes, orphans too' -- bash -c 'json "s[\"cpu_us\"] > 100000" sbx-run --stats=json -- sh -c "(timeout 0.3 sh -c \"while :; do :; done\" &) ; sleep 0.6"'
t 'the largest process'  -- bash -c 'json "s[\"largest_process_rss\"] > 50 << 20" sbx-run --stats=json -- bomb memory 50'
t 'the limits are those asked for' -- bash -c 'json "s[\"processes_limit\"] == 33 and s[\"memory_limit\"] == 64 << 20" sbx-run --stats=json --pids=33 --memory=64M -- true'

if as_root && [ -n "$GROUPS_OWN" ]; then
    t 'the peak of memory'   -- bash -c 'json "50 << 20 < s[\"memory_peak\"] <= 64 << 20" sbx-run --stats=json --memory=64M -- bomb memory 50'
    t 'starts over the limit are counted and told' err='limit of 5 processes was reached: [1-9][0-9]* could not be started \(--pids raises it\)' -- sbx-run --pids=5 -- sh -c 'bomb fork 9; :'
    t 'what is killed for memory is told' status=137 err='memory limit of 64.0M was reached: 1 process was killed \(--memory raises it\)' -- sbx-run --memory=64M -- python3 -c 'x = bytearray(100 << 20)'
    t 'not with --quiet'     status=137 not='limit' -- sbx-run --quiet --memory=64M -- python3 -c 'x = bytearray(100 << 20)'
fi
finish
