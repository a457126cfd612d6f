#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Limits: processes and memory, and nothing left of them afterwards.
. "${0%/*}/lib.sh"

# --- processes
both 'a fork bomb stops at --pids'         outside='got 200 of 200' inside='got ([0-9]|[1-4][0-9]) of 200: EAGAIN' options=--pids=50 -- bomb fork 200
both 'threads count too'                   outside='got 200 of 200' inside='got ([0-9]|[1-4][0-9]) of 200: EAGAIN' options=--pids=50 -- bomb threads 200
both 'daemons that leave their session count too' outside='got 60 of 60' inside='got ([0-9]|[1-3][0-9]) of 60: EAGAIN' options=--pids=40 -- sh -c 'bomb daemons 60; for p in /proc/[0-9]*; do [ "$(readlink $p/exe 2>/dev/null)" = "$(command -v bomb)" ] && kill -9 ${p#/proc/} 2>/dev/null; done; exit 0'
t 'the default is 512'                     out='got (4[0-9][0-9]|50[0-9]|51[01]) of 700: EAGAIN' -- sh -c 'sbx-run -- bomb fork 700; :'
t '--pids=1: the program alone'            out='got 0 of 5: EAGAIN'  -- sh -c 'sbx-run --pids=1 -- bomb fork 5; :'
t '--limits=off: no limit'                 out='got 600 of 600: all' -- sbx-run --limits=off -- bomb fork 600
t 'processes outside do not count'         out='got ([5-9]|1[0-9]) of 30: EAGAIN' -- sh -c 'for i in $(seq 25); do sleep 20 & p="$p $!"; done; sbx-run --pids=20 -- bomb fork 30; kill $p; wait'
t 'each sandbox has its own'               out='got 1[0-9] of 30.*got 1[0-9] of 30' -- sh -c '(sbx-run --pids=20 -- sh -c "bomb fork 30; :") & (sbx-run --pids=20 -- sh -c "bomb fork 30; :") ; wait; :' 

# --- memory
both 'a memory bomb stops at --memory'     outside='got 200 of 200' inside='(got ([0-9]|[1-5][0-9]|6[0-4]) of 200: ENOMEM|Killed|status (137|9))' options='--memory=64M' -- sh -c 'bomb memory 200; s=$?; [ $s -lt 128 ] || echo status $s; exit 0'
as_root && both 'shared memory counts'     outside='got 200 of 200' inside='(got ([0-9]|[1-5][0-9]|6[0-4]) of 200|Killed|status (135|137|9))' options='--memory=64M' -- sh -c 'bomb shared 200; s=$?; [ $s -lt 128 ] || echo status $s; exit 0'
as_root && both 'many processes that share it out'    outside='got 320 of 320' inside='(got ([0-9]|[1-9][0-9]|1[01][0-9]|12[0-8]) of 320|Killed|status|^$)' options='--memory=128M' -- sh -c 'bomb children 320; s=$?; [ $s -lt 128 ] || echo status $s; exit 0'
as_root || t 'the sum over processes is not held: the plan says so' out='their sum' -- sbx-run --dry-run --memory=64M -- true
t 'below the limit it runs'                out='got 30 of 30: all' -- sbx-run --memory=64M -- bomb memory 30
t 'a reservation is not use'               out=^ok$ -- sbx-run --memory=64M -- python3 -c '
import mmap
m = mmap.mmap(-1, 1 << 40, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=0)
print("ok")'
t '--limits=off'                           out='got 200 of 200: all' -- sbx-run --limits=off -- bomb memory 200
as_root && t 'no swap by default: told'    out='swap' -- sbx-run --dry-run -- true
t 'too small to start: it is said, and it is no success' status=1[2-9]* -- sbx-run --memory=4K -- true

# --- where from
as_root && t '--limits=cgroup'             out='got ([0-9]|1[0-9]) of 40: EAGAIN' -- sh -c 'sbx-run --limits=cgroup --pids=20 -- bomb fork 40; :'
as_root || t '--limits=userns'             out='got ([0-9]|1[0-9]) of 40: EAGAIN' -- sh -c 'sbx-run --limits=userns --pids=20 -- bomb fork 40; :'
as_root || t 'in the user namespace the ids are the same' out="^uid=$(id -u),$(id -u),$(id -u)" -- sbx-run --limits=userns -- show
as_root || t 'and no capability is gained'  out='^CapEff=0000000000000000' -- sh -c 'sbx-run --limits=userns -- show | grep ^CapEff'
if as_root && [ -n "$GROUPS_OWN" ]; then
    # A group of the same name in both hierarchies, as a manager hands one over.
    handed=handed-$$
    mkdir "/sys/fs/cgroup/pids/$handed" "/sys/fs/cgroup/memory/$handed"
    run 30 '' sbx-run "--cgroup=/$handed" --pids=20 -- sh -c 'cat /proc/self/cgroup; bomb fork 40; :'
    if [[ $said =~ pids:/$handed/ ]] && [[ $said =~ memory:/$handed/ ]] && [[ $said =~ got\ ([0-9]|1[0-9])\ of\ 40:\ EAGAIN ]]; then
        pass '--cgroup=PATH: a group below it'
    else
        fail '--cgroup=PATH: a group below it' "$(detail sbx-run "--cgroup=/$handed")"
    fi
    if rmdir "/sys/fs/cgroup/pids/$handed" "/sys/fs/cgroup/memory/$handed"; then
        pass 'the handed group stays, ours in it is gone'
    else
        fail 'the handed group stays, ours in it is gone' "$(find "/sys/fs/cgroup/pids/$handed" "/sys/fs/cgroup/memory/$handed" -type d)"
    fi
    t 'the group carries the supervisor'\''s pid' out='^yes' -- sh -c 'sbx-run -- cat /proc/self/cgroup >cg & pid=$!; wait $pid; grep -q "pids:.*sbx.*$pid" cg && echo yes || cat cg'
    # A supervisor that was killed leaves a group: the next start ends what is in it and removes it, and no other's.
    t 'the next start removes what a killed one left' out='^0$' within=30 -- sh -c '
        sbx-run -- sh -c "echo \$\$ >program; exec sleep 40" & pid=$!
        for i in $(seq 100); do [ -s program ] && break; sleep 0.05; done
        kill -9 $pid; wait $pid 2>/dev/null
        sbx-run -- true
        find '"$GROUPS_OWN"' -mindepth 1 -type d | wc -l'
    t 'and leaves a living one alone' out='^alive$' within=30 -- sh -c '
        rm -f program; sbx-run -- sh -c "echo \$\$ >program; sleep 2; echo alive" & pid=$!
        for i in $(seq 100); do [ -s program ] && break; sleep 0.05; done
        for i in 1 2 3 4 5; do sbx-run -- true; done; wait $pid'
fi

# --- sandboxes inside, and many
t 'sbx-run inside sbx-run'                 out=^deep$ -- sbx-run -- sbx-run -- echo deep
t 'tighter limits in there: held, or 125'  out='^(got ([0-9]|1[0-9]) of 40: EAGAIN|said)$' -- sh -c '
    sbx-run --pids=60 -- sh -c "sbx-run --pids=20 -- bomb fork 40 2>err; [ \$? != 125 ] || ! grep -q \"^sbx-run: cannot\" err || echo said"'
t '50 in a row'                            out='^50$' within=120 -- sh -c 'for i in $(seq 50); do sbx-run -- echo x; done | wc -l'
t '30 at once'                             out='^30$' within=120 -- sh -c '(for i in $(seq 30); do sbx-run -- echo x & done; wait) | wc -l'
t 'the user can have no cgroup, no namespace: 125 with the remedy, nothing started' status=125 err='sbx-run: cannot .*\(.*(--limits=off|TasksMax|--cgroup).*\)' -- sh -c '
    if [ "$SUBJECT" = root ]; then exec sbx-run --limits=userns -- echo started; else
    exec unshare -r sh -c "echo 0 >/proc/sys/user/max_user_namespaces; exec sbx-run -- echo started"; fi'
finish
