#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --learn: the profile that a run writes lets that run pass, allows no more, and leaves dangerous things to whoever reads it.
. "${0%/*}/lib.sh"

settings() { grep -v -e '^#' -e '^$' "$1" | tr '\n' ';'; }

# program NAME SETTINGS OUTPUT COMMAND...: is refused something under the default profile (or SETTINGS is empty), learns these
# settings (a pattern), passes with them without a refusal, and learns nothing in a second run.
program() {
    local name=$1 wanted=$2 works=$3 file=$1.learned why='' first
    shift 3
    rm -f "$file"
    run 120 '' sbx-run --explain=end -- "$@"
    if [ -n "$wanted" ] && [[ ! $complained =~ refused ]]; then
        skip "$name" 'nothing is refused to it here'
        return
    fi
    run 120 '' sbx-run --learn="$file" -- "$@"
    [[ $said =~ $works ]] || why+="learning: $(detail sbx-run --learn="$file" -- "$@")"$'\n'
    first=$(cat "$file" 2>/dev/null)
    [[ $(settings "$file") =~ ^include\ =\ default\;$wanted$ ]] || why+="it learned: $first"$'\n'
    run 120 '' sbx-run --explain=end --profile="./$file" -- "$@"
    [ "$status" = 0 ] && [[ $said =~ $works ]] && [[ ! $complained =~ sbx-run:\ refused ]] || why+="under its profile: $(detail "$@")"$'\n'
    run 120 '' sbx-run --learn="$file" -- "$@"
    [ "$first" = "$(cat "$file")" ] || why+="a second run changed it: $(cat "$file")"$'\n'
    rest=$(left_behind)
    [ -z "$rest" ] || why+="left behind: $rest"
    if [ -z "$why" ]; then pass "learned: $name"; else fail "learned: $name" "$why"; fi
}

needs node node && program node 'allow = memory.exec;' '^42$' node -e 'console.log(6 * 7)'
needs luajit 'luajit' && program luajit 'allow = memory.exec;' '^500000500000$' luajit -e 'local s = 0; for i = 1, 1e6 do s = s + i end; print(string.format("%d", s))'
needs ip 'ip addr' && program ip-addr 'allow = net.netlink;' lo ip addr
program unshare 'allow = unshare;' '^inside$' unshare --user echo inside
needs strace strace && program strace 'allow = (ptrace|process_vm_readv);allow = (ptrace|process_vm_readv);' '^strace.log$' strace -o strace.log ls strace.log
needs gdb gdb && program gdb '(allow = (ptrace|process.personality:ADDR_NO_RANDOMIZE|process_vm_readv);)+' 'exited normally' gdb -nx -batch -ex run true
if needs git 'git grep -P'; then
    git init -q grep && echo x1 >grep/file && (cd grep && git add file)
    program git-grep 'allow = memory.exec;' '^file:x1$' git -C grep grep -P 'x\d'
fi
printf '#include <stdio.h>\nint main(void) { puts("built"); return 0; }\n' >built.c
if needs ccache 'a build with ccache' && needs cc 'a build with ccache'; then
    export CCACHE_DIR=$PWD/ccache-store
    program ccache '' 'built.*Hits: ' sh -c 'rm -f built.o built && ccache cc -c built.c && rm built.o && ccache cc -c built.c && cc -o built built.o && ./built && ccache -s | grep -i hit'
fi
needs tmux 'a daemon (tmux)' && program tmux '' 'inside the server' sh -c '
    tmux -f /dev/null -S $PWD/socket new -d "echo inside the server >tmux-said; sleep 60"
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -s tmux-said ] && break; sleep 0.1; done
    cat tmux-said; tmux -S $PWD/socket kill-server; rm -f tmux-said'
program callbacks '(allow = memory.exec;)?' '^\[1, 2, 3\]$' python3 -c '
import ctypes
compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))(lambda a, b: a[0] - b[0])
numbers = (ctypes.c_int * 3)(3, 1, 2); ctypes.CDLL(None).qsort(numbers, 3, 4, compare); print(list(numbers))'

# --- what stands in FILE
try='try-call >/dev/null'
learn() {
    local name=$1 want=$2 calls=$3
    shift 3
    rm -f file
    run 60 "$(printf '%b' "$calls")"$'\n' sbx-run --learn=file "$@" -- sh -c "$try"
    if [ "$status" = 0 ] && [[ $(cat file) =~ $want ]]; then pass "$name"; else fail "$name" "$(detail "$name")"$'\n'"$(cat file)"; fi
}
learn 'how often, the call, the program'    $'\n# 3 x socket\\(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE\\), first from try-call\nallow = net.netlink\n*$' 'socket AF_NETLINK SOCK_RAW 0\nsocket AF_NETLINK SOCK_RAW 0\nsocket AF_NETLINK SOCK_RAW 0'
learn 'one setting once'                    $'include = default\n\n# 1 x socket[^\n]*\nallow = net.netlink\n*$' 'socket AF_NETLINK SOCK_RAW 0\nsocket AF_NETLINK SOCK_DGRAM 9'
for call in 'bpf 0 bad 0' 'kexec_load 0 0 bad 0' 'init_module bad 0 bad' 'finit_module -1 bad 0' 'io_uring_setup 0 bad' 'keyctl 99 0 0' 'perf_event_open bad 0 -1 -1 0' 'open_by_handle_at -1 bad 0' 'mount bad bad bad 0 0' 'chmod "." 04755' 'ioctl -1 TIOCSTI bad'; do
    learn "left out, with the reason: $call" $'# left out, think before you open it: [^\n]+\n# allow = [a-z._:A-Z]+\n*$' "$call"
done
learn 'a capability: not needed'            $'# not needed: without the capability the kernel refuses it too[^\n]*\n# keep-cap = sys_chroot\n*$' 'chroot "/none"'
learn 'what has another way stays refused'  $'include = default\n*$' 'clone3 bad 0\n9999'
echo 'deny = getppid' >base
rm -f file
t 'the profile that it started from is included' err='learned 1 setting into file' -- sbx-run --profile=./base --learn=file -- sh -c 'echo getppid | try-call'
t 'and is in force with what was learned'   out='getppid = ok' -- sbx-run --profile=./file -- sh -c 'echo getppid | try-call'
t 'a second run adds what is new'           err='learned 1 setting into file' -- sbx-run --learn=file -- sh -c '(echo getppid; echo unshare 0) | try-call'
t 'to what was there'                       out=$'\ninclude = ./base\n.*allow = getppid.*allow = unshare' -- cat file
t 'what was left out is written once'       out='^1$' -- sh -c 'rm -f file; for i in 1 2 3; do echo bpf 0 bad 0 | sbx-run -q --learn=file -- try-call >/dev/null; done; grep -c "allow = bpf" file'
t 'what FILE has of its own stays'          out=$'^# mine\npids = 77\n.*allow = unshare' -- sh -c 'printf "# mine\npids = 77\n" >own; echo unshare 0 | sbx-run -q --learn=own -- try-call >/dev/null; cat own'
t 'and is in force'                         out='^RLIMIT|77' -- sh -c 'sbx-run --learn=own --dry-run -- true | grep -E "processes +77"'
t 'FILE has a program'\''s words in one line' out='^0$' -- sh -c 'rm -f file; python3 - >/dev/null 2>&1 <<"EOT"
import subprocess
subprocess.run(["sbx-run", "--learn=file", "--", "python3", "-c", """
import os
open("/proc/self/comm", "w").write("x\\nallow=all")
try: os.chmod("a\\nallow = all", 0o4755)
except OSError: pass"""])
EOT
grep -c "^ *allow *= *all" file; true'

# --- the run
t 'it allows what would be refused'         out='= ok' -- sh -c 'rm -f file; echo unshare 0 | sbx-run -q --learn=file -- try-call'
t 'and says so at the start'                err=$'^sbx-run: learning: what the filter would refuse is allowed, and written into file\n' -- sh -c 'rm -f file; sbx-run --learn=file -- true'
t 'and tells it, when asked'                err='would refuse unshare\(0\) = EPERM \[process\]; allow with --allow=unshare' -- sh -c 'rm -f file; echo unshare 0 | sbx-run --explain=end --learn=file -- try-call'
t 'ENOSYS rows, unknown numbers stay'       out='^ENOSYS ENOSYS $' -- sh -c 'rm -f file; printf "clone3 bad 0\n9999\n" | sbx-run -q --learn=file -- try-call | sed "s/.* = //" | tr "\n" " "'
t 'the rest of the sandbox is in force'     out='NoNewPrivs=1.*Seccomp=2' -- sh -c 'rm -f file; sbx-run -q --learn=file -- show'
t 'no listener of the program'\''s'         out='^EBUSY$' -- sh -c 'rm -f file; echo "seccomp 1 8 bad" | sbx-run -q --learn=file -- try-call | sed "s/.* = //"'
t 'the status is the program'\''s'          status=7 err=learned -- sh -c 'rm -f file; sbx-run --learn=file -- sh -c "exit 7"'
t 'more than can be told apart: said'       err='would refuse 88 more calls, of other kinds than the first 512: learn once more' -- sh -c 'rm -f file; sbx-run --learn=file -- notify kinds 600 >/dev/null; true'
t 'and learned the next time'               status=1 out=EBADF err='learned 88 settings' -- sbx-run --learn=file -- notify kinds 600
t 'a storm is learned'                      out='^# 100000 x socket.*first from notify' within=120 -- sh -c 'rm -f file; sbx-run -q --learn=file -- notify refused 100000 >/dev/null; grep "x socket" file'
t 'the time limit: what was met is written' status=124 err='learned 1 setting' -- sh -c 'rm -f file; sbx-run --timeout=1 --learn=file -- sh -c "echo unshare 0 | try-call; sleep 100"'

# --- 125: no run that learns nothing
t 'a directory that is not there'           status=125 not=started err='cannot write none/file: No such file.*\(.*\)' -- sbx-run --learn=none/file -- echo started
t 'a directory'                             status=125 not=started err='sbx-run: cannot .*\(.*\)' -- sbx-run --learn=grep -- echo started
as_root || t 'a directory of somebody else' status=125 not=started err='cannot write /etc/learned: Permission denied \(' -- sbx-run --learn=/etc/learned -- echo started
t 'a FIFO'                                  status=125 not=started err='sbx-run: cannot .*not a regular file' -- sh -c 'rm -f pipe; mkfifo pipe; exec sbx-run --learn=pipe -- echo started'
t 'a FILE that is no profile'               status=125 not=started err='cannot .*no such option' -- sh -c 'echo "nonsense = 1" >wrong; exec sbx-run --learn=wrong -- echo started'
t 'an empty name'                           status=125 not=started err='it is empty' -- sbx-run --learn= -- echo started
t 'given twice'                             status=125 not=started err='given twice' -- sbx-run --learn=a --learn=b -- echo started
t 'in a profile'                            status=125 not=started err='option of the command line alone' -- sh -c 'echo "learn = x" >wrong; exec sbx-run --profile=./wrong -- echo started'
t 'no program: no FILE'                     status=127 out='^$' -- sh -c 'rm -f file; sbx-run --learn=file -- /nowhere/none; s=$?; ls file 2>/dev/null; exit $s'
t 'no temporary file is left'               out='^$' -- sh -c 'ls file.?????? own.?????? 2>/dev/null; true'

finish
