#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Parents that start sbx-run in a way that nobody thinks of: the program is confined as the plan says, or not started (125).
. "${0%/*}/lib.sh"

key='^(uid|gid|groups|Cap...|NoNewPrivs|Seccomp|Seccomp_filters|SigBlk|SigIgn|fds|securebits|mdwe|rlimit-(nproc|data))='
essence() { grep -E "$key" <<<"$1"; }

# odd NAME [but=REGEX] COMMAND...: it starts `sbx-run ... -- show`; confined as in good surroundings (but for lines that match), or 125.
odd() {
    local name=$1 but='^$' rest
    shift
    case $1 in but=*) but=${1#but=} && shift ;; esac
    run 120 '' "$@"
    rest=$(left_behind)
    if [ -n "$rest" ]; then
        fail "$name" "left behind: $rest"
    elif [ "$status" = 0 ] && [ "$(essence "$said" | grep -vE "$but")" = "$(grep -vE "$but" <<<"$normal")" ]; then
        pass "$name: confined"
    elif [ "$status" = 125 ] && ! grep -q ^uid= <<<"$said" && [[ $complained =~ sbx-run:\ cannot\ .+ ]]; then
        pass "$name: 125"
    else
        fail "$name" "$(diff <(echo "$normal") <(essence "$said"))"$'\n'"$(detail "$@")"
    fi
}
run 60 '' sbx-run -- show
normal=$(essence "$said")
[ "$(wc -l <<<"$normal")" -ge 14 ] || fail 'a start in good surroundings' "$said"

# --- descriptors
for closed in '<&-' '>&-' '2>&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
    case $closed in
    *'>&- '* | '>&-') continue ;; # nobody could see it: below by a file
    esac
    odd "closed: $closed" sh -c "exec sbx-run -- show $closed"
done
t 'all three closed: it starts, and what it opens is none of sbx-run'\''s' out='^fds=0,1,2$' -- sh -c '
    sbx-run -- sh -c "show >shown" <&- >&- 2>&-; grep ^fds shown'
for n in 16 4; do
    odd "RLIMIT_NOFILE of $n" sh -c "ulimit -n $n; exec sbx-run -- show"
    odd "RLIMIT_NOFILE of $n, soft alone" sh -c "ulimit -Sn $n; exec sbx-run -- show"
done
odd 'a thousand descriptors open' bash -c 'ulimit -n 4096; for i in $(seq 10 1010); do eval "exec $i</dev/null"; done; exec sbx-run -- show'
odd 'the descriptors that it would take are taken' bash -c 'exec 3</dev/null 4</dev/null 5</dev/null 6</dev/null 7</dev/null 250</dev/null; exec sbx-run -- show'

# --- signals
odd 'SIGCHLD ignored' 'but=^SigIgn' sh -c 'trap "" CHLD; exec sbx-run -- show'
odd 'every signal ignored' 'but=^SigIgn' python3 -c '
import os, signal
for number in signal.valid_signals():
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_IGN)
os.execvp("sbx-run", ["sbx-run", "--", "show"])'
odd 'every signal blocked' 'but=^Sig(Blk|Ign)' python3 -c '
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
os.execvp("sbx-run", ["sbx-run", "--", "show"])'
odd 'signals pending' 'but=^Sig(Blk|Ign)' python3 -c '
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGCHLD, signal.SIGALRM])
for number in (signal.SIGCHLD, signal.SIGALRM):
    os.kill(os.getpid(), number)
os.execvp("sbx-run", ["sbx-run", "--", "show"])'
odd 'an alarm that is set' 'but=^SigIgn' python3 -c '
import os, signal
signal.alarm(100)
os.execvp("sbx-run", ["sbx-run", "--", "show"])'

# --- processes
# The shell's own processes are as many as are allowed: what is made outside a user namespace fails, and is told.
mine() { ps -L --no-headers -u "$(id -u)" | wc -l; }
as_root || odd 'RLIMIT_NPROC reached' 'but=^rlimit-nproc' bash -c "ulimit -u $(mine); exec sbx-run -- show"
as_root || odd 'RLIMIT_NPROC reached, without limits' 'but=^(rlimit-|CapBnd|securebits)' bash -c "ulimit -u $(mine); exec sbx-run --limits=off -- show"
odd 'children from before the exec, running and dead' bash -c 'sleep 0.3 & true & exec sbx-run -- sh -c "sleep 0.6; show"'
t 'children from before are not ended, nor taken for the program' within=60 out='^3 alive$' -- bash -c '
    python3 -c "
import os, subprocess, sys, time
child = subprocess.Popen([\"sleep\", \"300\"])
open(\"child\", \"w\").write(str(child.pid))
dead = subprocess.Popen([\"true\"]); time.sleep(0.1)
os.execvp(\"sbx-run\", [\"sbx-run\", \"--\", \"sh\", \"-c\", \"exit 3\"])"
    s=$?; kill -0 $(cat child) && echo $s alive; kill -9 $(cat child); while grep -qs "^State:.[^Z]" /proc/$(cat child)/status; do sleep 0.02; done'
t 'a subreaper above gets what is its own alone' within=60 out='^0 none$' -- python3 -c '
import ctypes, os, subprocess
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
status = subprocess.run(["sbx-run", "--", "bomb", "daemons", "5"], stdout=subprocess.DEVNULL).returncode
try:
    while True:
        print("got", os.wait())
except ChildProcessError:
    print(status, "none")'
odd 'as a session leader without a terminal' setsid -w sbx-run -- show
odd 'nice and batch' nice -n 10 chrt -b 0 sbx-run -- show
odd 'two threads run at the exec' 'but=^SigIgn' python3 -c '
import os, threading, time
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
os.execvp("sbx-run", ["sbx-run", "--", "show"])'

# --- arguments and environment
t 'an environment of 1 MB arrives' out='^1000000$' -- python3 -c '
import os
env = dict(os.environ, **{"BIG%d" % i: "x" * 100000 for i in range(10)})
os.execvpe("sbx-run", ["sbx-run", "--", "python3", "-c", "import os; print(sum(len(v) for k, v in os.environ.items() if k.startswith(\"BIG\")))"], env)'
t '5,000 arguments arrive' out='^5000 12500$' -- sh -c 'sbx-run -- sh -c "echo \$# \$(( \$# * 5 / 2 ))" sh $(seq 5000)'
t 'argc of 1: 125, said'   status=125 err='sbx-run: cannot' -- argc 1 "$(command -v sbx-run)"
t 'argc of 0: 125, said'   status=125 err='sbx-run: cannot' -- argc 0 "$(command -v sbx-run)"

# --- tracers, and itself
if needs strace 'under strace -f'; then
    odd 'under strace -f' strace -f -qq -o /dev/null sbx-run -- show
    t 'killed under strace it leaves nothing' within=60 status=137 -- sh -c 'strace -f -qq -o /dev/null sbx-run -- sh -c "bomb daemons 3; kill -9 \$\$"'
fi
nest() { for _ in $(seq "$1"); do printf 'sbx-run --limits=off -- '; done; }
t '8 deep: confined at each' within=60 out="^NoNewPrivs=1"$'\n'"Seccomp=2"$'\n'"Seccomp_filters=8" -- sh -c "$(nest 8) show | grep -e ^NoNew -e ^Sec"
t '8 deep with limits'       within=60 out='^NoNewPrivs=1' -- sh -c "$(nest 8 | sed 's/ --limits=off//g') show | grep ^NoNewPrivs"
t 'deeper than the kernel has layers: 125, said' status=125 within=60 err='sbx-run: cannot enter a Landlock domain: 16 layers' not=uid= -- sh -c "$(nest 9) show"
t 'and nothing of the outer ones is killed by that' within=60 out='^125 here$' -- sh -c "$(nest 7) sh -c 'sleep 50 & $(nest 3) true 2>/dev/null; s=\$?; kill \$! && echo \$s here'"
finish
