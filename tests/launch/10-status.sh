#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Exit statuses, signals, standard streams, and what is left when a program has ended.
. "${0%/*}/lib.sh"

t 'a program runs'                         out='^hello$' not=sbx-run        -- sbx-run -- echo hello
t 'without --, options end at the program' out='^-n x$'                     -- sbx-run printf '%s' '-n x'
t 'its status is the end status'           status=7                         -- sbx-run -- sh -c 'exit 7'
t 'a status above 125 is the program'\''s' status=200                       -- sbx-run -- sh -c 'exit 200'
t 'ended by SIGTERM: 128+15'               status=143                       -- sbx-run -- sh -c 'kill -TERM $$'
t 'ended by SIGKILL: 128+9'                status=137                       -- sbx-run -- sh -c 'kill -KILL $$'
t 'ended by SIGSEGV: 128+11'               status=139                       -- sbx-run -- sh -c 'kill -SEGV $$'
t 'not found in PATH: 127'                 status=127 err='sbx-run: cannot .*no-such-program-here.*' -- sbx-run -- no-such-program-here
t 'not found by its path: 127'             status=127 err='sbx-run: cannot' -- sbx-run -- ./no/such
t 'a directory: 126'                       status=126 err='sbx-run: cannot' -- sbx-run -- /etc
echo 'echo not executable' >plain && chmod 644 plain
t 'no execute permission: 126'             status=126 err='sbx-run: cannot' -- sbx-run -- ./plain
printf '\177ELF broken' >broken && chmod 755 broken
t 'no format that can be executed: 126'    status=126 err='sbx-run: cannot' -- sbx-run -- ./broken
printf '#!/no/such/interpreter\n' >lost && chmod 755 lost
t 'an interpreter that is not there'       status=12[67] err='sbx-run: cannot' -- sbx-run -- ./lost
printf '#!/bin/sh\necho "$0" "$@"\n' >script && chmod 755 script
t 'a script with its arguments'            out='^./script a b  c$'          -- sbx-run -- ./script a 'b  c'
t 'standard input is passed on'            out='^some text$' in='some text' -- sbx-run -- cat
t 'standard error is passed on'            err='^to error$'                 -- sbx-run -- sh -c 'echo to error >&2'
t 'a pipeline'                             out='^3$'                        -- sh -c 'sbx-run -- printf "a\nb\nc\n" | sbx-run -- wc -l'
t 'empty and odd arguments arrive'         out='^<><a b><\*><--><-x>$'      -- sbx-run -- sh -c 'printf "<%s>" "$@"' sh '' 'a b' '*' -- -x
t 'in PATH a directory of that name and a file without permission are passed over' out=^right$ -- sh -c '
    mkdir -p p1/prog p2 p3; touch p2/prog; printf "#!/bin/sh\necho right\n" >p3/prog; chmod 755 p3/prog
    PATH="$PWD/p1:$PWD/p2:$PWD/p3:$PATH" exec sbx-run -- prog'
t 'only a file without permission in PATH: 126' status=126                  -- sh -c 'PATH="$PWD/p2:$PATH" exec sbx-run -- prog'

# Signals: sent to sbx-run alone they reach the program, once.
t 'SIGTERM is passed on' status=3 out='^got TERM$' within=20 -- sh -c '
    sbx-run -- sh -c "trap \"echo got TERM; exit 3\" TERM; echo ready >ready; while :; do sleep 0.05; done" & pid=$!
    for i in $(seq 100); do [ -s ready ] && break; sleep 0.05; done; rm -f ready
    kill -TERM $pid; wait $pid'
t 'SIGUSR1 arrives once' out='^count 1$' within=20 -- sh -c '
    sbx-run -- sh -c "n=0; trap \"n=\\\$((n+1))\" USR1; echo ready >ready; for i in 1 2 3 4 5 6 7 8; do sleep 0.1; done; echo count \$n" & pid=$!
    for i in $(seq 100); do [ -s ready ] && break; sleep 0.05; done; rm -f ready
    kill -USR1 $pid; wait $pid'
t 'a program that dies of the signal passed on' status=143 within=20 -- sh -c '
    sbx-run -- sh -c "echo ready >ready; exec sleep 30" & pid=$!
    for i in $(seq 100); do [ -s ready ] && break; sleep 0.05; done; rm -f ready
    kill -TERM $pid; wait $pid'

# The end: t looks for what is left after each of these (see left_behind).
t 'background children are ended'           within=20 -- sbx-run -- sh -c 'sleep 50 & sleep 50 & exit 0'
t 'daemons in sessions of their own too'    within=20 out='got 20 of 20' -- sbx-run -- bomb daemons 20
t 'the same without limits'                 within=20 out='got 20 of 20' -- sbx-run --limits=off -- bomb daemons 20
t 'one that ignores every signal it can'    within=20 -- sbx-run -- sh -c 'trap "" HUP INT TERM QUIT; (trap "" HUP TERM; sleep 50) & exit 0'
t 'one that stopped itself'                 within=20 -- sbx-run -- sh -c 'sh -c "kill -STOP \$\$; sleep 50" & sleep 0.2; exit 0'
t 'a child that it made its sibling'        within=20 out='got 1 of 1' -- sbx-run -- bomb sibling 1
# What has ended and is not reaped yet counts too, so the storm itself may meet its limit.
t 'a program that keeps forking'            within=20 status=[01] out='got [1-9]' -- sbx-run -- bomb storm 20
t 'the same without limits'                 within=20 out='got 20 of 20' -- sbx-run --limits=off -- bomb storm 20
t 'a child whose parent has ended'          within=20 -- sbx-run -- sh -c '(setsid sh -c "sleep 50 & sleep 50" &) ; sleep 0.1'

# Killed with -9, sbx-run takes the program with it.
t 'sbx-run killed with -9: the program dies at once' within=30 out='^dead$' -- sh -c '
    sbx-run -- sh -c "echo \$\$ >program; exec sleep 50" & pid=$!
    for i in $(seq 100); do [ -s program ] && break; sleep 0.05; done
    p=$(cat program); [ -d /proc/$p ] || echo "not started"
    kill -9 $pid; wait $pid 2>/dev/null
    for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; [ -d /proc/$p ] && ! grep -q "^State:.Z" /proc/$p/status || { echo dead; break; }; done
    sbx-run -- true'
# shellcheck disable=SC2016
left='
    rm -f ready; sbx-run $0 -- sh -c "bomb daemons 5; bomb sibling 1; sh -c \"sleep 50 & sleep 50\" & echo ready >ready; sleep 50" >/dev/null & pid=$!
    for i in $(seq 100); do [ -s ready ] && break; sleep 0.05; done
    kill -9 $pid; wait $pid 2>/dev/null; sbx-run $0 -- true; sleep 0.3; echo over'
t 'and all its descendants with it, at the latest with the next start' within=30 out=over -- sh -c "$left" --pids=100
t 'without limits too' within=30 out=over -- sh -c "$left" --limits=off
# A process group that sbx-run shares: what kills the whole group kills the sandbox alone.
t 'kill(0) from inside reaches nothing outside' out='^137$' -- sh -c 'sbx-run -- sh -c "kill -9 0"; echo $?'
finish
