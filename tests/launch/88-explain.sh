#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --explain: each refused call in a line that says what would allow it, and that works when it is typed; and what a program can
# do to the supervisor that listens.
. "${0%/*}/lib.sh"

# --- each line of explain.tbl
grep -v '^#' "$PLACE/launch/explain.tbl" >"$output/rows"
sed 's/ => .*//' "$output/rows" >"$output/calls"
sed 's/.* => //' "$output/rows" >"$output/lines"
as_root || sed -i 's/allow with --keep-cap/without the capability the kernel refuses it too, as root: --keep-cap/' "$output/lines"

mkdir -p explained && cd explained || exit 1
sbx-run --explain=off -- try-call <"$output/calls" >"$output/answers-off" 2>"$output/errors-off"
sbx-run --explain=end -- try-call <"$output/calls" >"$output/answers-end" 2>"$output/errors-end"
if [ ! -s "$output/errors-off" ] && diff "$output/answers-off" "$output/answers-end" >"$output/diff"; then
    pass 'the program sees the same errnos, and nothing is told without --explain'
else
    fail 'the program sees the same errnos, and nothing is told without --explain' "$(cat "$output/diff" "$output/errors-off")"
fi
while IFS=$'\t' read -r call line answer; do
    if [ "${answer##* = }" = none ]; then
        skip "explain: $call" 'this architecture has no such call'
    elif grep -qxF "sbx-run: refused $line" "$output/errors-end"; then
        pass "explain: $line"
    else
        fail "explain: $call" "not told: $line"$'\n'"but: $(grep -F "${line%%(*}(" "$output/errors-end")"
    fi
done < <(paste "$output/calls" "$output/lines" "$output/answers-end")

# Typed, the calls are not refused any more. What mounts cannot be had inside Landlock path rules: then that is said.
for option in $(sed -n 's/.* allow with //p' "$output/lines" | sort -u); do
    paste "$output/calls" "$output/lines" | grep -e "allow with $option\$" | cut -f1 >"$output/some"
    run 60 "$(cat "$output/some")"$'\n' sbx-run --explain=end "$option" -- try-call
    if [ "$option" = --allow=mount ] && [ "$status" = 125 ]; then
        pass "typed: $option cannot be had here, and that is said"
    elif [ "$status" = 0 ] && [ "$(wc -l <<<"$said")" = "$(wc -l <"$output/some")" ] && [[ ! $complained =~ refused ]]; then
        pass "typed: $option"
    else
        fail "typed: $option" "$(detail "sbx-run --explain=end $option -- try-call")"
    fi
done
cd .. && rm -rf explained

# --- programs
told() {
    local name=$1 option=$2 works=$3
    shift 3
    t "$name: told" status='*' err="sbx-run: refused .* allow with ${option//./\\.}"$'(\n|$)' within=120 -- sbx-run --explain=end -- "$@"
    # shellcheck disable=SC2086 # may be two options
    t "$name: with $option" out="$works" not="allow with ${option//./\\.}"$'(\n|$)' within=120 -- sbx-run --explain=end $option -- "$@"
}
needs node 'node' && told node --allow=memory.exec '^42$' node -e 'console.log(6 * 7)'
needs ip 'ip addr' && told 'ip addr' --allow=net.netlink 'lo' ip addr
needs strace 'strace ls' && told 'strace ls' --allow=ptrace '^strace-log$' strace -o strace-log ls strace-log
if needs git 'git grep -P'; then
    git init -q grep && echo 'x1' >grep/file && (cd grep && git add file)
    # Where git has no PCRE with a compiler, nothing is refused.
    run 60 '' sbx-run --explain=end -- git -C grep grep -P 'x\d'
    if [ "$status" = 0 ] && [[ ! $complained =~ refused ]]; then skip 'git grep -P' 'this git compiles no expressions'
    else told 'git grep -P' --allow=memory.exec '^file:x1$' git -C grep grep -P 'x\d'; fi
fi
if needs ping 'ping' && python3 -c 'import os, shutil; os.getxattr(shutil.which("ping"), "security.capability")' 2>/dev/null; then
    t 'a file with capabilities: their names and the option' status=126 err='ping: its file asks for the capabilities net_raw, .*--keep-cap=net_raw' -- sbx-run --explain=end -- ping -c 1 127.0.0.1
fi
if as_root && needs ping 'ping with its capability'; then
    t 'ping with its capability: what else it needs is told' status='*' err='refused socket\(AF_INET, SOCK_RAW, IPPROTO_ICMP\) = EPERM \[net\]; allow with --allow=net.raw' -- sbx-run --explain=end --keep-cap=net_raw -- ping -c 1 -W 2 127.0.0.1
    t 'ping with both' out='1 received' not=refused -- sbx-run --explain=end --keep-cap=net_raw --allow=net.raw -- ping -c 1 -W 5 127.0.0.1
fi

# On a terminal they are told without being asked for.
newcomer() {
    local option=$1
    command -v "${2%% *}" >/dev/null || { skip "on a terminal: $2" 'not installed' && return; }
    t "on a terminal: sbx-run $2" status='*' out="sbx-run: refused .* allow with ${option//./\\.}"$'\r?(\n|$)' within=120 -- script -qec "sbx-run -- $2" /dev/null
}
newcomer --allow=memory.exec 'node -e 6*7'
newcomer --allow=net.netlink 'ip addr'
newcomer --allow=ptrace 'strace ls'
[ ! -e grep/file ] || newcomer --allow=memory.exec 'git -C grep grep -P x.*'

# --- where and when it is told
one='echo socket AF_NETLINK SOCK_RAW 0 | try-call >/dev/null'
again='yes socket AF_NETLINK SOCK_RAW 0 | head -n 3 | try-call >/dev/null'
line='refused socket\(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE\) = EAFNOSUPPORT'
t 'how often'                                err="$line, 3 times \[net\]; allow with --allow=net.netlink"$'$' -- sbx-run --explain=end -- sh -c "$again"
t 'not in the standard output'               out='^out$' err=refused -- sbx-run --explain=end -- sh -c "$one; echo out"
t 'end: after all that the program writes'   err=$'^last\nsbx-run: refused' -- sbx-run --explain=end -- sh -c "$one; echo last >&2"
t 'live: at once'                            err=$'^sbx-run: refused .*\nlast$' -- sbx-run --explain=live -- sh -c "$one; echo last >&2"
t 'live: how often is told at the end'       err=$'EAFNOSUPPORT \\[net\\].*\nlast\nsbx-run: refused .*, 3 times' -- sbx-run --explain=live -- sh -c "$again; echo last >&2"
t 'off'                                      not=refused -- sbx-run --explain=off -- sh -c "$one"
t 'auto: not without a terminal'             not=refused -- sbx-run -- sh -c "$one"
t 'auto: on a terminal'                      out="sbx-run: $line" -- script -qec "sbx-run -- sh -c '$one'" /dev/null
t 'auto: not on a terminal with --quiet'     out='over' not=refused -- script -qec "sbx-run -q -- sh -c '$one; echo over'" /dev/null
t 'off on a terminal'                        out='over' not=refused -- script -qec "sbx-run --explain=off -- sh -c '$one; echo over'" /dev/null
t 'the plan tells it'                        out='refused calls +explained at the end' -- sbx-run --explain=end --dry-run -- true
t 'a wrong word'                             status=125 err='--explain=ende.*did you mean end' -- sbx-run --explain=ende -- true
t 'the most often refused first'             err=$'socket.*, 3 times.*\n.*unshare' -- sbx-run --explain=end -- sh -c "echo unshare 0 | try-call; $again"
t 'the status is the program'\''s'           status=7 err=refused -- sbx-run --explain=end -- sh -c "$one; exit 7"
t 'killed by a call: told by the signal'     status=159 -- sbx-run --explain=end --kill=socket -- python3 -c "import socket; socket.socket()"
t 'strings are made safe'                    err='chmod\("\\x1b\[31m\\x0a' not=$'\x1b' -- sbx-run --explain=end -- python3 -c 'import os
try: os.chmod("\x1b[31m\n", 0o4755)
except OSError: pass'
for option in --explain=end --explain=live --learn=learned; do
    t "in place: $option is refused with a remedy" status=125 err='cannot explain, report or learn in place: .*\(.*--in-place.*--log' -- sbx-run --in-place "$option" -- true
done
t 'in place: auto is no error'               out='NoNewPrivs=1' -- sbx-run --in-place --limits=off -- show

# --- an outer listener
t 'nested: explain turns off, in one line'   out='^out$' err='^sbx-run: refused calls are not explained: an outer sandbox listens to them already' within=90 -- sbx-run --explain=end --allow=file.ioctl -- sbx-run --explain=end -- sh -c "$one; echo out"
t 'nested: all else is in force'             out='= EAFNOSUPPORT.*= EPERM' -- sbx-run --explain=end --allow=file.ioctl -- sbx-run --explain=end --deny=getppid -- sh -c '(echo socket AF_NETLINK SOCK_RAW 0; echo getppid) | try-call | tr "\n" " "'
t 'nested: the outer one explains what it refuses' err='refused .*AF_NETLINK' -- sbx-run --explain=end -- sbx-run --explain=off --profile=none --limits=off -- sh -c "$one"
t 'nested: a filter that refuses to listen: told, all else in force' out='getppid = EPERM' err='^sbx-run: refused calls are not explained: a filter of an outer sandbox refuses to listen' -- sbx-run --explain=off -- sbx-run --explain=end --deny=getppid -- sh -c 'echo getppid | try-call'
t 'nested: learning under it is an error'    status=125 err='cannot listen to refused calls: a filter of an outer sandbox refuses it \(' -- sbx-run --explain=off -- sbx-run --learn=inner -- true
t 'nested: an inner one tells what it alone refuses' err='refused getppid\(\) = EPERM.* \[process\]; allow with --allow=getppid' -- sbx-run --explain=off --allow=file.ioctl -- sbx-run --explain=end --deny=getppid -- sh -c 'echo getppid | try-call'
t 'nested: learning is an error'             status=125 err='cannot listen to refused calls: an outer sandbox listens already' -- sbx-run --explain=end --allow=file.ioctl -- sbx-run --learn=inner -- true

# --- no start hangs, whatever is refused: the listener and the errors go without a call
for option in --deny={net,sendmsg,execve,execve\,execveat,file,process,memory,signal,time,system,ipc,exit_group,exit\,exit_group,stat,write,close,mmap,futex,rt_sigreturn,seccomp,prctl,all} \
    --calls=deny --errno=execve=EIO --errno=exit_group=0 --kill={exit_group,execve,sendmsg,all} --kill-thread=exit_group --trap={exit_group,execve} --trace=exit_group --log=process; do
    bad=''
    for program in true /nowhere/none /etc/passwd ping; do
        wanted='*'
        [ "$program" != /nowhere/none ] || wanted=127
        [ "$program" != /etc/passwd ] || wanted=126
        [ "$program" != ping ] || command -v ping >/dev/null || continue
        run 30 '' sbx-run --explain=end "$option" -- "$program"
        # shellcheck disable=SC2053 # a pattern
        if [ "$status" = 124 ] || [ "$status" = 137 ] || { [[ $status != $wanted ]]; }; then bad+="$program: $status $complained"; fi
    done
    rest=$(left_behind)
    if [ -z "$bad$rest" ]; then pass "no hang: $option"; else fail "no hang: $option" "$bad $rest"; fi
done

# --- storms, and processes that end while a call waits
t 'a storm: every call is answered and counted' out='^[0-9]+$' err='EAFNOSUPPORT, 200000 times' within=120 -- sbx-run --explain=end -- notify refused 200000 4
t 'more kinds than are told apart'           out=kinds err='refused 88 more calls, of other kinds' -- sbx-run --explain=end -- notify kinds 600
t 'interrupted by signals'                   out=signals err=refused -- sbx-run --explain=end -- notify signals 3000
t 'killed while threads call'                out=killed err=refused within=120 -- sbx-run --explain=end -- notify killed 30
t 'stopped and continued while threads call' out=stopped err=refused within=120 -- sbx-run --explain=end -- notify stopped 10
printf '#!/bin/sh\necho ok\n' >say-ok && chmod +x say-ok
for round in 1 2 3; do
    t "executes while threads call ($round)" out='^ok$' err=refused -- sbx-run --explain=end -- notify exec "$PWD/say-ok"
done
t 'the program is killed while its children call' status=137 err=refused -- sbx-run --explain=end -- sh -c 'notify refused 100000000 4 & sleep 0.2; kill -9 $$'
t 'the program ends while its children call' err=refused -- sbx-run --explain=end -- sh -c 'notify refused 100000000 4 & sleep 0.2'
t 'the time limit holds in a storm'          status=124 err=refused within=30 -- sbx-run --explain=end --timeout=1 --kill-after=1 -- notify refused 100000000 4

# --- hostile memory
for mode in end live; do
    t "hostile memory ($mode)"               out=memory err='mknodat\(AT_FDCWD, "aaa"\.\.\., .*' within=60 -- sbx-run --explain=$mode -- notify memory
done
t 'a full pipe keeps the supervisor from nothing' out='^dead [3-9]$' within=60 -- python3 -c '
import fcntl, os, subprocess, time
r, w = os.pipe(); fcntl.fcntl(w, 1031, 4096)
start = time.monotonic()
p = subprocess.Popen(["sbx-run", "--explain=live", "--timeout=2", "--kill-after=1", "--", "sh", "-c", "echo $$; notify kinds 100; exec sleep 300"],
                     stdout=subprocess.PIPE, stderr=w, text=True)
os.close(w)
pid = int(p.stdout.readline())
while os.path.exists("/proc/%d" % pid) and time.monotonic() - start < 20: time.sleep(0.1)
print("dead", int(time.monotonic() - start) + 1)
os.fdopen(r).read(); p.wait()'
if as_root; then
    uffd='--keep-cap=sys_ptrace --allow=userfaultfd,file.ioctl:UFFDIO_API,file.ioctl:UFFDIO_REGISTER'
    # shellcheck disable=SC2086
    t 'memory of a userfaultfd'              out='^stuck.[0-9]{1,4} ms' within=60 -- sbx-run --explain=end $uffd -- notify stuck - 1
    mkdir -p mute
    if [ -c /dev/fuse ] && exec {hold}> >(exec mute-fs mute >mute-log 2>&1) && for _ in $(seq 50); do [ -s mute-log ] || sleep 0.1; done && grep -q mounted mute-log; then
        # Killed readers stay as long as the file system does not answer, so what is left is looked at when it has gone.
        stuck() {
            local name=$1 want=$2 out=$3
            shift 3
            run 30 '' sbx-run "$@"
            if [ "$status" = "$want" ] && [[ $said =~ $out ]] && [[ $complained =~ mknodat\(AT_FDCWD,\ 0x ]]; then pass "$name"; else fail "$name" "$(detail sbx-run "$@")"; fi
        }
        stuck 'memory of a file that is never answered: given up' 0 '^stuck.[1-6][0-9]{3} ms' --explain=end -- notify stuck mute/mute 3
        stuck 'and at last not read any more' 0 '^stuck.[3-9][0-9]{3} ms' --explain=end -- notify stuck mute/mute 30
        stuck 'and the time limit holds' 124 '^stuck' --explain=live --timeout=2 --kill-after=1 -- sh -c 'notify stuck mute/mute 3; sleep 100'
        eval "exec $hold>&-"
        for _ in $(seq 50); do grep -q mute-fs /proc/self/mounts || break; sleep 0.1; done
        t 'its readers have ended with it' -- true
    else
        skip 'memory of a file that is never answered' 'no FUSE here'
    fi
else
    skip 'memory of a userfaultfd and of a file that is never answered' 'asks for root'
fi

# --- the listener
t 'the program has no descriptor of it'      out='^fds=0,1,2$' -- sh -c 'sbx-run --explain=end -- show | grep ^fds='
t 'nor takes it from the supervisor'         out='^got 0$' -- sbx-run --explain=end --allow=pidfd_getfd -- python3 -c '
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
parent = libc.syscall(434, os.getppid(), 0)
print("got", sum(libc.syscall(438, parent, n, 0) >= 0 for n in range(64)) if parent >= 0 else 0)'
# The keeper is held, so that there is time between the death of the supervisor and that of the sandbox.
for option in --explain=end --learn=listened.profile; do
    answer=EAFNOSUPPORT
    [ "$option" = --explain=end ] || answer=MADE # as long as somebody listens
    name="a killed supervisor ($option): no listener, no call let through"
    run 60 '' bash -c '
        rm -f listened listened.profile
        sbx-run -q "$0" -- sh -c "notify listener listened; exec sleep 300" & supervisor=$!
        for _ in $(seq 100); do [ "$(wc -l <listened 2>/dev/null || echo 0)" -gt 20 ] && break; sleep 0.1; done
        keeper=$(pgrep -P $supervisor sbx-keeper) || { kill -9 $supervisor; echo no keeper; exit; }
        kill -STOP $keeper; kill -9 $supervisor
        for _ in $(seq 50); do [ "$(grep -c gone listened)" -gt 50 ] && break; sleep 0.1; done
        kill -CONT $keeper
        for _ in $(seq 100); do kill -0 $keeper 2>/dev/null || break; sleep 0.1; done
        grep -c "^parent gone listener EBUSY socket ENOSYS$" listened
        grep -v -x -e "parent gone listener EBUSY socket ENOSYS" -e "parent there listener EBUSY socket $1" -e "parent there listener EBUSY socket ENOSYS" listened | head -n 5' "$option" $answer 2>/dev/null
    rest=$(left_behind)
    if [ "$said" = 'no keeper' ]; then
        skip "$name" 'this kernel ends the sandbox in another way'
    elif [[ $said =~ ^[0-9]+$ ]] && [ "$said" -gt 50 ] && [ -z "$rest" ]; then
        pass "$name ($said tries)"
    else
        fail "$name" "$said $rest $complained"
    fi
done
finish
