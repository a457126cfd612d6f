#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Starts in surroundings that go wrong: confined as in a good one, or 125 with its line and nothing started; never something between.
. "${0%/*}/lib.sh"

essence() { grep -E '^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs|Seccomp|mdwe|fds|uid)=' <<<"$1"; }
run 30 '' sbx-run -- show
normal=$(essence "$said")

# odd NAME COMMAND...: the command starts `sbx-run -- show` in an odd way.
odd() {
    local name=$1 rest
    shift
    run 60 '' "$@"
    rest=$(left_behind)
    if [ -n "$rest" ]; then
        fail "$name" "left behind: $rest"
    elif [ "$status" = 0 ] && [ "$(essence "$said")" = "$normal" ]; then
        pass "$name: confined"
    elif [ "$status" = 125 ] && [ -z "$said" ] && [[ $complained =~ sbx-run:\ cannot\ .+:\ .+ ]]; then
        pass "$name: 125"
    elif [ "$status" -gt 125 ] && [ -z "$said" ]; then
        pass "$name: it cannot even be loaded ($status)"
    else
        fail "$name" "neither confined as usual nor 125 with its line nor dead"$'\n'"$(detail "$@")"
    fi
}

for n in 3 4 5 6 7 8 9 10 12 14 16; do odd "RLIMIT_NOFILE of $n" sh -c "ulimit -n $n; exec sbx-run -- show"; done
for k in 100 500 1000 2000 3000 4000 6000; do odd "RLIMIT_AS of $k KiB" sh -c "ulimit -v $k; exec sbx-run -- show"; done
odd 'RLIMIT_STACK of 64 KiB' sh -c 'ulimit -s 64; exec sbx-run -- show'
odd 'RLIMIT_FSIZE of 0' sh -c '(ulimit -f 0; exec sbx-run -- show) | cat'
as_root || for n in 0 1 2 5; do odd "RLIMIT_NPROC of $n" bash -c "ulimit -u $n; exec sbx-run -- show"; done
as_root || for n in 0 1 2 5; do odd "RLIMIT_NPROC of $n, without limits" bash -c "ulimit -u $n; exec sbx-run --limits=off -- show"; done
odd 'SIGCHLD ignored' sh -c 'trap "" CHLD; exec sbx-run -- show'
odd 'every signal ignored' sh -c 'trap "" HUP INT QUIT PIPE ALRM TERM USR1 USR2 CHLD CONT TSTP TTIN TTOU; exec sbx-run -- show'
odd 'every signal blocked' python3 -c 'import os, signal; signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()); os.execvp("sbx-run", ["sbx-run", "--", "show"])'
odd 'standard input closed' sh -c 'exec sbx-run -- show <&-'
odd 'an environment of 1 MB' sh -c 'BIG=$(printf %0100000d 0); export BIG; for i in 1 2 3 4 5 6 7 8 9; do export B$i=$BIG; done; exec sbx-run -- show'
odd 'no environment' env -i "$(command -v sbx-run)" -- "$(command -v show)"
odd 'a hostile environment' env LD_PRELOAD=./no-such.so LD_LIBRARY_PATH=. LD_AUDIT=./x GCONV_PATH=. LOCPATH=. MALLOC_CHECK_=3 GLIBC_TUNABLES=glibc.malloc.check=3 TMPDIR=/nowhere HOME=relative sbx-run -- show
t '5,000 arguments' out='^5000$' -- sh -c 'exec sbx-run -- sh -c "echo \$#" sh $(seq 5000)'
odd 'a working directory that was removed' sh -c 'mkdir -p gone && cd gone && rmdir ../gone && exec sbx-run -- show'
odd 'under a subreaper, reparented' sh -c '(sbx-run -- show >shown 2>&1; echo $? >ended) & wait; cat shown; exit "$(cat ended)"'
odd 'as a session leader' setsid -w sbx-run -- show
needs strace 'under strace' && t 'under strace' out='^ok$' within=120 -- strace -f -qq -o /dev/null sbx-run -- echo ok
as_root && odd 'without CAP_SETPCAP and CAP_SYS_ADMIN' setpriv --bounding-set=-setpcap,-sys_admin --inh-caps=-setpcap,-sys_admin sbx-run -- show
as_root && odd 'without any capability' setpriv --bounding-set=-all --inh-caps=-all sbx-run -- show
as_root && odd 'without /proc' unshare --mount sh -c 'umount -l /proc; exec sbx-run -- show'
as_root && odd 'without /sys' unshare --mount sh -c 'umount -l /sys; exec sbx-run -- show'
as_root && odd 'with cgroups that cannot be written' unshare --mount sh -c 'for m in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o bind "$m" "$m" && mount -o remount,bind,ro "$m"; done 2>/dev/null; exec sbx-run -- show'
odd 'no_new_privs already' setpriv --no-new-privs sbx-run -- show
# A filter of somebody else's that refuses one call which the start needs.
for call in seccomp prctl capset landlock_restrict_self close_range clone execve; do
    t "under a filter that refuses $call: started as told, or 125" status='0' out='^(0 [1-9]|12[0-9])' -- sh -c '
        out=$(sbx-run --deny=$0 -- sbx-run --limits=off -- show 2>err); s=$?
        if [ $s = 0 ]; then echo "0 $(echo "$out" | sed -n "s/^Seccomp_filters=//p")"; else grep -q "^sbx-run: cannot" err && echo $s; fi' "$call"
done
# The end of a start that failed is no kill(-1) outside of its domain. In a pid namespace, should it be one after all.
apart='unshare --pid --fork --mount-proc --kill-child'
as_root || apart="unshare --user --map-current-user --pid --fork --mount-proc --kill-child"
for fault in landlock_create_ruleset:error=EMFILE:when=2 landlock_restrict_self:error=E2BIG:when=1 landlock_restrict_self:error=E2BIG:when=2 clone:error=EAGAIN:when=1 clone:error=EAGAIN:when=2; do
    if ! command -v strace >/dev/null || ! $apart true 2>/dev/null; then
        skip "a start that fails by $fault kills nobody else" 'strace or a pid namespace is missing'
        continue
    fi
    # shellcheck disable=SC2086,SC2016
    t "a start that fails by $fault kills nobody else" out='^(0|125) alive$' -- $apart sh -c '
        sleep 60 & bystander=$!
        strace -f -qq -o /dev/null -e "trace=${0%%:*}" -e "inject=$0" sbx-run --limits=off -- true 2>err; s=$?
        kill -0 $bystander && ! grep -q "^State:.Z" /proc/$bystander/status && echo $s alive || echo $s killed; kill -9 $bystander; wait' "$fault"
done
# Nested, to the depth that Landlock has.
nest() { for _ in $(seq "$1"); do printf 'sbx-run --limits=off -- '; done; }
t '8 deep' out='^NoNewPrivs=1' within=60 -- sh -c "$(nest 8) show | grep ^NoNewPrivs"
t '20 deep: 125, said' status=125 err='sbx-run: cannot' within=60 -- sh -c "$(nest 20) show"
finish
