#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in a test guest, as root or as a user, in whatever surrounding it was put: prints TAP. POSIX sh, since a guest
# without systemd has busybox alone.
#   guest.sh SURROUNDING LIMITS
# LIMITS: a pattern of what --check must say they are held by, or "none": they cannot be had.
# SURROUNDING: plain, no-landlock, no-userns, or one that systemd makes (see run.sh). What does not hang on the surrounding is
# tried in plain and systemd alone.
# shellcheck disable=SC2016 # what other shells expand stands in single quotes
set -u
surrounding=$1 held=$2
PATH=/opt/sbx:/opt/sbx/helpers:$PATH
number=0
output=/tmp/out.$$
uid=$(id -u)
refused='nonexistent|Read-only|denied|not permitted|[Nn]o such file'

ok() { echo "ok $((number += 1)) - $1"; }
not_ok() {
    echo "not ok $((number += 1)) - $1"
    printf '%s\n' "$2" | sed 's/^/# /' | head -n 40
}

# t NAME STATUS PATTERN COMMAND...: the status (a pattern), and what it writes matches the regular expression.
t() {
    name=$1 want=$2 pattern=$3
    shift 3
    timeout 60 "$@" >"$output" 2>&1 </dev/null
    status=$?
    # shellcheck disable=SC2254 # a pattern
    case $status in
    $want) good=1 ;;
    *) good=0 ;;
    esac
    if [ $good = 1 ] && { [ -z "$pattern" ] || grep -Eq -e "$pattern" "$output"; }; then
        ok "$name"
    else
        not_ok "$name" "$* = $status, not $want and /$pattern/:
$(cat "$output")"
    fi
}

# both NAME OUTSIDE INSIDE OPTIONS COMMAND...: what is refused inside works outside.
both() {
    name=$1 outside=$2 inside=$3 options=$4
    shift 4
    timeout 60 "$@" >"$output.o" 2>&1 </dev/null
    # shellcheck disable=SC2086 # a list of words
    timeout 60 sbx-run -q $options -- "$@" >"$output" 2>&1 </dev/null
    status=$?
    if ! grep -Eq -e "$outside" "$output.o"; then
        not_ok "$name" "it does not work outside: $(cat "$output.o")"
    elif ! grep -Eq -e "$inside" "$output" &&
        ! { [ "${inside##*|}" = killed ] && { [ $status = 137 ] || [ $status = 143 ]; }; }; then
        # 143: systemd stops a scope in which something was killed for memory.
        not_ok "$name" "inside it must say $inside: status $status
$(cat "$output")"
    else
        ok "$name"
    fi
}

# empty NAME TEXT: nothing may be in the text.
empty() {
    if [ -z "$2" ]; then ok "$1"; else not_ok "$1" "$2"; fi
}

# The command line of each process whose own matches the pattern.
running() {
    for file in /proc/[0-9]*/cmdline; do
        tr '\0' ' ' <"$file" 2>/dev/null | grep -E -e "$1"
    done
}

# systemd removes a scope a moment after its last process.
groups_left() {
    sleep 0.3
    find /sys/fs/cgroup -type d -name 'sbx-*-*' 2>/dev/null
}

# --- no limits, or no Landlock: nothing is started ---------------------------------------------------------------

if [ "$held" = none ]; then
    t "$surrounding: --check says that it cannot be held" 1 . sbx-run --check -- echo started
    t "$surrounding: 125 with the remedy" 125 '^sbx-run: cannot .*\(.+\)' sbx-run -- echo started
    empty "$surrounding: nothing was started" "$(grep started "$output")"
    case $surrounding in
    no-landlock)
        t "$surrounding: the remedy names it" 125 'Landlock' sbx-run -- true
        t "$surrounding: --try=landlock goes without" 0 '^started$' sbx-run --try=landlock,scopes,mdwe -- echo started
        [ "$uid" != 0 ] || both "$surrounding: nothing below /sys can be written all the same" '^left$' "$refused" \
            '--try=landlock,scopes,mdwe' sh -c 'echo 0 >/sys/fs/cgroup/cgroup.procs && echo left'
        ;;
    no-userns)
        t "$surrounding: the remedy names the switch" 125 'max_user_namespaces' sbx-run -- true
        t "$surrounding: --limits=off runs" 0 '^started$' sbx-run --limits=off -- echo started
        t "$surrounding: --try=limits says what it goes without" 0 '^sbx-run: .*limit' sbx-run --try=limits -- echo started
        ;;
    esac
    echo "1..$number"
    exit 0
fi

# --- --check tells the truth -------------------------------------------------------------------------------------

t "--check: held by $held" 0 "^limits: .*$held" sbx-run --check -- true
t 'a start' 0 '^started$' sbx-run -- echo started
own_group='own=/sys/fs/cgroup$(sed -n "s/^0:://p" /proc/self/cgroup)'
case $held in
*'cgroup v2, a group'* | *'scope of'* | *'delegated group'*)
    t 'the program is in a group of its own' 0 '/sbx-.*-[0-9]+-' sbx-run -q -- cat /proc/self/cgroup
    t 'its limits are the asked ones' 0 '^20 33554432 0 1$' sbx-run -q --pids=20 --memory=32M -- sh -c "$own_group"'
        echo $(cat $own/pids.max $own/memory.max $own/memory.swap.max $own/memory.oom.group)'
    t 'it can make no group in it' 1 "$refused" sbx-run -q -- sh -c "$own_group"'
        mkdir $own/sub'
    ;;
esac
raise="$own_group"'; echo max >$own/pids.max && echo raised'
case $held in
*'cgroup v2, a group'* | *'scope of systemd'*)
    both 'it cannot leave the group' '^left$' "$refused" '' sh -c "$own_group"'
        echo 0 >/sys/fs/cgroup/cgroup.procs && echo left; echo 0 >$own/cgroup.procs 2>/dev/null; :'
    t 'it cannot raise its limits' '[12]' "$refused" sbx-run -q --pids=20 -- sh -c "$raise"
    ;;
*'delegated group'*)
    # Beside the sandbox's is the leaf, where whoever runs in the unit may go: shown from another group in it.
    base='base=/sys/fs/cgroup$(sed -n "s/^0:://p" /proc/self/cgroup); base=${base%/sbx-*}'
    leave="$base"'; echo 0 >$base/sbx-leaf/cgroup.procs && echo left'
    t 'outside a process can go into the leaf' 0 '^left$' sh -c "$base"'; mkdir -p $base/other && echo 0 >$base/other/cgroup.procs
        echo 0 >$base/sbx-leaf/cgroup.procs && rmdir $base/other && echo left'
    t 'inside not' '[12]' "$refused" sbx-run -q -- sh -c "$leave"
    t 'it cannot raise its limits' '[12]' "$refused" sbx-run -q --pids=20 -- sh -c "$raise"
    ;;
*"scope of the user's"*)
    # All of that is the user's own, and another group of the user's is beside it.
    leave="$own_group"'; echo 0 >${own%/app.slice/*}/init.scope/cgroup.procs && echo left'
    t 'outside a user can raise the limits of a scope' 0 '^raised$' systemd-run -q --user --scope -p TasksMax=20 sh -c "$raise"
    t 'inside not' '[12]' "$refused" sbx-run -q --pids=20 -- sh -c "$raise"
    t 'outside a user can leave a scope' 0 '^left$' systemd-run -q --user --scope sh -c "$leave"
    t 'inside not' '[12]' "$refused" sbx-run -q -- sh -c "$leave"
    t 'the scope is shown by systemd' 0 'sandbox named' sbx-run -q --name=named --profile=none --pids=50 -- systemctl \
        --user --no-pager list-units --type=scope
    ;;
*'user namespace'*)
    t 'the program sees itself as the same user' 0 "^$uid\$" sbx-run -q -- id -u
    t 'and has no capability' 0 '^CapEff:.0+$' sbx-run -q -- grep CapEff /proc/self/status
    ;;
*'already limited'*)
    t 'no group is made' 0 '^no$' sbx-run -q -- sh -c 'grep -q sbx- /proc/self/cgroup || echo no'
    ;;
esac

# --- what is held ------------------------------------------------------------------------------------------------

case $held in
*'already limited'*)
    t 'a fork bomb is held by the unit' 0 'got ([0-9]|[1-3][0-9]) of 60: EAGAIN' sh -c 'sbx-run -q --pids=40 -- bomb fork 60; :'
    ;;
*)
    both 'a fork bomb' 'got 60 of 60' 'got 1?[0-9] of 60: EAGAIN' --pids=20 bomb fork 60
    both 'a memory bomb' 'got 100 of 100' 'got ([0-9]|[12][0-9]|3[0-2]) of 100: ENOMEM|^137$|killed' --memory=32M \
        sh -c 'bomb memory 100; s=$?; [ $s = 0 ] || echo $s'
    ;;
esac
case $surrounding in plain | systemd) everything=1 ;; *) everything=0 ;; esac
if [ $everything = 1 ] && [ "$uid" = 0 ]; then
    both 'mount is refused' '^mounted$' "$refused" '' \
        sh -c 'mkdir -p /tmp/m; mount -t tmpfs none /tmp/m && umount /tmp/m && echo mounted'
fi
if [ $everything = 1 ]; then
    t 'its status' 7 '' sbx-run -- sh -c 'exit 7'
    both 'another process of the user is out of reach' '^open$' "$refused" '' \
        sh -c '(exec 3<"/proc/$PPID/environ") && echo open'
    t 'a call that no program needs' 0 'add_key .* = EPERM' sh -c 'echo "add_key 0 0 0 0 0" | sbx-run -q -- try-call'
    both 'daemons' 'got 60 of 60' 'got 1?[0-9] of 60: EAGAIN' --pids=20 \
        sh -c 'bomb daemons 60; kill -9 $(pidof bomb) 2>/dev/null; :'
fi
t 'sbx-run inside sbx-run' 0 '^deep$' sbx-run -q -- sbx-run -q -- echo deep
t 'the inner one says that limits hold already' 0 'already limited' sbx-run -q -- sbx-run --check -- true

# --- the end -----------------------------------------------------------------------------------------------------

sbx-run -q -- sh -c 'sleep 1234 & (setsid sleep 1234 &); sleep 0.2' >/dev/null 2>&1
sbx-run -q -- sh -c 'sleep 1235 & exec sleep 1235' >/dev/null 2>&1 &
pid=$!
sleep 0.6
kill -9 $pid
wait $pid 2>/dev/null
sleep 0.3
empty 'what the program left behind is ended, also when sbx-run was killed' "$(running '^sleep 123[45]')"
sbx-run -q -- true
empty 'no group is left' "$(groups_left)"
rm -f "$output" "$output.o"
echo "1..$number"
