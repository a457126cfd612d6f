#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the program can do to the rest of the machine: processes of the same user outside, /sys, its own sandbox.
. "${0%/*}/lib.sh"

name=sbx-test-socket-$$
victim 300 "$name" >"$output/victim" &
for _ in $(seq 50); do [ ! -s "$output/victim" ] || break; sleep 0.05; done
victim=$(cat "$output/victim")
[ -n "$victim" ] || { fail 'a process outside to be attacked' 'it did not start' && finish && exit 1; }

# Every way that reach.c knows: done outside, refused inside. EPERM from Landlock, EACCES from /proc, the filter's own errnos.
reach "$victim" "$name" >"$output/outside"
sbx-run -- reach "$victim" "$name" >"$output/inside" 2>"$output/errors" || fail 'reach runs inside' "$(cat "$output/errors")"
while IFS='|' read -r outside inside; do
    way=${outside% = *}
    if [ "${outside##* = }" != ok ]; then
        skip "of a process outside: $way" "outside it answers ${outside##* = }"
    elif [ "${way}" = "${inside% = *}" ] && [[ ${inside##* = } =~ ^(EPERM|EACCES|ESRCH|ECONNREFUSED)$ ]]; then
        pass "of a process outside: $way is refused (${inside##* = })"
    else
        fail "of a process outside: $way" "inside: ${inside:-nothing}"
    fi
done < <(paste -d'|' "$output/outside" "$output/inside")

t 'the same by a child of the program'    not='(mem|environ|kill|ptrace)[^=]* = ok' -- sbx-run -- sh -c "sh -c 'reach $victim $name; :'"
t 'and without limits'                    not='(mem|environ|kill|ptrace)[^=]* = ok' -- sbx-run --limits=off -- reach "$victim" "$name"
t 'and with all calls allowed'            not='(mem|environ|kill|ptrace|abstract)[^=]* = ok' -- sbx-run --allow=all --deny=file.mount -- reach "$victim" "$name"
t 'of sbx-run itself too'                 not='(mem|environ|kill|ptrace)[^=]* = ok' -- sbx-run -- sh -c 'reach $PPID; :'

# A signal that the kernel sends in the program's name. The sacrifice is one process each.
sacrifice() {
    sleep 60 &
    local pid=$!
    "$@" reach "$pid" --by-io-signal >/dev/null 2>&1
    if kill -0 "$pid" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$pid/status"; then echo alive; else echo dead; fi
    kill -9 "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
}
outside=$(sacrifice) inside=$(sacrifice sbx-run --)
if [ "$outside/$inside" = dead/alive ]; then pass 'a signal through F_SETOWN does not leave the sandbox'; else fail 'a signal through F_SETOWN does not leave the sandbox' "outside $outside, inside $inside"; fi
as_root || t 'kill(-1) kills the sandbox alone' out='^after$' -- sh -c 'sbx-run -- sh -c "kill -9 -1; sleep 0.2" ; echo after'

# Inside, processes of the sandbox reach each other as they are used to.
t 'signals inside work'                   out='^ended by 15$' -- sbx-run -- sh -c 'sleep 20 & kill $!; wait $!; echo ended by $(($? - 128))'
t 'abstract sockets inside work'          out='^hello$' -- sbx-run -- python3 -c '
import socket
a = socket.socket(socket.AF_UNIX); a.bind("\0sbx-inside"); a.listen()
b = socket.socket(socket.AF_UNIX); b.connect("\0sbx-inside"); b.send(b"hello")
print(a.accept()[0].recv(5).decode())'

# /sys and the group.
if as_root; then
    for group in $GROUPS_OWN; do
        sibling=${group}-sibling
        mkdir "$sibling" || continue
        both "leaving the group for another: ${group#/sys/fs/cgroup/}" outside=moved inside='denied|not permitted|Read-only' -- \
            sh -c 'echo $$ >"$0/cgroup.procs" && echo moved; exit 0' "$sibling"
        rmdir "$sibling" 2>/dev/null || { sleep 0.2 && rmdir "$sibling"; }
    done
    [ -n "$GROUPS_OWN" ] || skip 'leaving the group for another' 'no cgroup v1 group of our own here'
    # The program looks up its own group and tries to raise the limit that it is under; nothing but our own groups is touched.
    # shellcheck disable=SC2016
    own='groups=${0:-/sys/fs/cgroup$(sed -n "s/^0:://p" /proc/self/cgroup)}'
    t 'the limits cannot be raised' out='^tried$' not='^raised' -- sbx-run --pids=50 --memory=64M -- sh -c "$own"'
        for file in $(find $groups -name pids.max -o -name memory.max -o -name memory.limit_in_bytes -o -name cgroup.procs -o -name tasks); do
            tried=tried; for word in max -1 $$; do { echo $word >$file; } 2>/dev/null && echo raised $file; done
        done; echo $tried' "$GROUPS_OWN"
    t 'nor a new group made' out='^tried$' not='^made' -- sbx-run -- sh -c "$own"'
        for d in $(find $groups -type d); do tried=tried; mkdir $d/sbx-escape-$$ 2>/dev/null && echo made $d && rmdir $d/sbx-escape-$$; done; echo $tried' "$GROUPS_OWN"
else
    t 'the limits cannot be raised' out='^nproc 50$' -- sbx-run --pids=50 -- bash -c 'ulimit -u 100 2>/dev/null; echo nproc $(ulimit -Hu)'
fi
t 'nothing below /sys can be written' not='^written' -- sbx-run -- sh -c 'find /sys -maxdepth 5 -type f -perm -200 2>/dev/null | head -n 3000 | while read -r f; do ( : >>"$f" ) 2>/dev/null && echo "written $f"; done; exit 0'
mkdir -p mnt
if as_root; then
    both 'mount(8): Operation not permitted' outside=mounted inside='[Oo]peration not permitted|permission denied' -- sh -c 'mount -t tmpfs none mnt && echo mounted && umount mnt; exit 0'
else
    both 'mount(8) in a namespace of its own' outside=mounted inside='[Oo]peration not permitted' -- sh -c 'unshare -rm sh -c "mount -t tmpfs none mnt && echo mounted"; exit 0'
fi
t 'cat /etc/passwd works'                 out='root:' -- sbx-run -- cat /etc/passwd

# Terminal input is not injected: in a pseudo-terminal of its own.
# shellcheck disable=SC2016
inject='import fcntl, sys
try:
    for c in b"x\n": fcntl.ioctl(0, 0x5412, bytes([c]))
    print("injected")
except OSError as e: print("refused", e.errno)'
if command -v script >/dev/null; then
    both 'TIOCSTI on a terminal' outside=injected inside='refused 1' -- script -qec "python3 -c '$inject'" /dev/null
    run 20 '' script -qec "sbx-run -- python3 -c '$inject'" /dev/null
    if [[ $said =~ 'refused 1' ]]; then pass 'TIOCSTI on a terminal outside of which sbx-run stands'; else fail 'TIOCSTI on a terminal outside of which sbx-run stands' "$said"; fi
fi
kill "$victim"
finish
